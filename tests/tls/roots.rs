//! The roots of the system: all in one file, or each by the hash of its name in a folder.

use std::path::PathBuf;

use openssl::x509::X509;

use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::tls::{ca_pem, Certificate};

/// More certificates than any system's file of roots holds.
const MANY: u32 = 1000;

fn met() -> (PopServer, Scene) {
    let security = Security::Implicit(Certificate::Good);
    let builder = PopServer::builder().security(security);
    let server = builder.mechanisms("SCRAM-SHA-256-PLUS PLAIN").start();
    server.maildrop().add_named("a", "alpha.eml");
    let scene = Scene::with_server(&server).without_key("tls_ca_file");
    (server, scene)
}

/// A folder of roots, in which there is this certificate, if any.
fn folder(scene: &Scene, root: Option<&[u8]>) -> PathBuf {
    let folder = scene.path("roots");
    std::fs::create_dir(&folder).unwrap();
    for other in 0..MANY {
        std::fs::write(folder.join(format!("{other:08x}.0")), b"").unwrap();
    }
    if let Some(pem) = root {
        let hash = X509::from_pem(pem).unwrap().subject_name_hash();
        std::fs::write(folder.join(format!("{hash:08x}.0")), pem).unwrap();
    }
    folder
}

#[test]
fn a_root_is_found_by_its_hash() {
    let (_server, scene) = met();
    let folder = folder(&scene, Some(&ca_pem()));
    let mut scene = scene.env("SSL_CERT_DIR", folder.to_str().unwrap());
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
}

#[test]
fn who_is_in_neither_is_not_believed() {
    let (server, scene) = met();
    let folder = folder(&scene, None);
    let mut scene = scene.env("SSL_CERT_DIR", folder.to_str().unwrap());
    let outcome = scene.run().says("did not prove").says_lines(1);
    outcome.delivers_nothing().exits(77);
    assert_eq!(server.logins(), 0);
}

#[test]
fn a_folder_that_is_not_there_does_not_bring_back_another() {
    let (server, scene) = met();
    let mut scene = scene.env("SSL_CERT_DIR", "/nowhere:/neither");
    scene.run().delivers_nothing().says_lines(1).exits(77);
    assert_eq!(server.logins(), 0);
}

#[test]
fn what_a_login_is_tied_to_takes_another_connection_where_all_roots_are_read() {
    for (from, connections) in [("SSL_CERT_FILE", 2), ("SSL_CERT_DIR", 1)] {
        let (server, scene) = met();
        let roots = match from {
            "SSL_CERT_DIR" => folder(&scene, Some(&ca_pem())),
            _ => scene.path("ca.pem"),
        };
        let mut scene = scene
            .env(from, roots.to_str().unwrap())
            .key("auth", "[scram-sha-256-plus]");
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
        assert_eq!(server.commands("QUIT").len(), connections, "{from}");
    }
}
