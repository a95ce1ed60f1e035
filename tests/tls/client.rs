//! Our own certificate, shown to a server that wants one.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::PKey;
use openssl::rsa::Rsa;
use openssl::ssl::{SslAcceptor, SslMethod, SslStream, SslVerifyMode, SslVersion};
use openssl::symm::Cipher;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::X509;

use crate::support::scene::Scene;
use crate::support::tls::{self, Certificate};

/// The port of a server that lets nobody in without a certificate of the tests' authority.
fn strict(most: SslVersion) -> u16 {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
    let pem = Certificate::Good.pem();
    let own = X509::from_pem(&pem.certificate).unwrap();
    let key = PKey::private_key_from_pem(&pem.key).unwrap();
    builder.set_certificate(&own).unwrap();
    builder.set_private_key(&key).unwrap();
    let mut store = X509StoreBuilder::new().unwrap();
    store
        .add_cert(X509::from_pem(&tls::ca_pem()).unwrap())
        .unwrap();
    builder.set_verify_cert_store(store.build()).unwrap();
    builder.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    builder.set_max_proto_version(Some(most)).unwrap();
    let acceptor = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for socket in listener.incoming() {
            if let Ok(stream) = acceptor.accept(socket.unwrap()) {
                let _ = serve(stream); // however the client leaves, it leaves
            }
        }
    });
    port
}

/// An empty maildrop.
fn serve(stream: SslStream<TcpStream>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    stream.get_mut().write_all(b"+OK ready\r\n")?;
    let mut line = String::new();
    while stream.read_line(&mut line)? > 0 {
        let answer = match line.split_whitespace().next() {
            Some("CAPA") => "+OK\r\nTOP\r\nUSER\r\n.\r\n",
            Some("STAT") => "+OK 0 0\r\n",
            _ => "+OK\r\n",
        };
        stream.get_mut().write_all(answer.as_bytes())?;
        line.clear();
    }
    Ok(())
}

fn scene(most: SslVersion) -> Scene {
    Scene::at_port(strict(most)).tls("implicit")
}

const VERSIONS: [SslVersion; 2] = [SslVersion::TLS1_2, SslVersion::TLS1_3];

/// The kinds of keys that there are, each with its certificate.
fn shown() -> (tls::Pem, Vec<Vec<u8>>) {
    let pem = tls::for_clients(&["alice"]);
    let key = PKey::private_key_from_pem(&pem.key).unwrap();
    let traditional = key.ec_key().unwrap().private_key_to_pem().unwrap();
    let bag = [&b"Bag Attributes\n    friendlyName: alice\n"[..], &pem.key].concat();
    let kinds = vec![pem.key.clone(), traditional, bag];
    (pem, kinds)
}

#[test]
fn a_client_certificate_opens_the_door() {
    let (pem, keys) = shown();
    for most in VERSIONS {
        for key in &keys {
            let apart = scene(most)
                .file("me.pem", &pem.certificate)
                .file("me.key", key)
                .key("tls_client_cert", "~/me.pem")
                .key("tls_client_key", "~/me.key");
            let together = scene(most)
                .file("both.pem", &[&pem.certificate[..], key].concat())
                .key("tls_client_cert", "~/both.pem");
            for mut scene in [apart, together] {
                scene.run().silent().exits(0);
            }
        }
    }
}

#[test]
fn without_one_the_door_stays_shut_and_why_is_told() {
    for most in VERSIONS {
        let mut outcome = scene(most).run().says_lines(1);
        if most == SslVersion::TLS1_3 {
            outcome = outcome
                .says("the server wants a client certificate")
                .says("set tls_client_cert");
        }
        outcome.says("no TLS connection").exits(69);
    }
}

#[test]
fn a_key_that_cannot_be_used_is_told_with_what_to_do() {
    let (pem, _) = shown();
    let key = PKey::private_key_from_pem(&pem.key).unwrap();
    let locked = key
        .private_key_to_pem_pkcs8_passphrase(Cipher::aes_256_cbc(), b"secret word")
        .unwrap();
    let rsa = Rsa::generate(2048).unwrap();
    let locked_rsa = rsa
        .private_key_to_pem_passphrase(Cipher::aes_256_cbc(), b"secret word")
        .unwrap();
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    let other = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
    let other = other.private_key_to_pem_pkcs8().unwrap();
    for (key, said) in [
        (
            locked,
            "it is encrypted; convert it with: openssl pkcs8 -topk8 -nodes -in",
        ),
        (
            locked_rsa,
            "it is encrypted; convert it with: openssl pkcs8 -topk8 -nodes -in",
        ),
        (b"no key\n".to_vec(), "it holds no PEM private key"),
        (other, "it does not belong to the key"),
    ] {
        let mut scene = scene(SslVersion::TLS1_3)
            .file("me.pem", &pem.certificate)
            .file("me.key", &key)
            .key("tls_client_cert", "~/me.pem")
            .key("tls_client_key", "~/me.key");
        scene.run().says(said).says("me.").says_lines(1).exits(78);
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let (pem, _) = shown();
    let mut scene = scene(SslVersion::TLS1_3)
        .file("me.pem", &pem.certificate)
        .file("me.key", &pem.key)
        .key("tls_client_cert", "~/me.pem")
        .key("tls_client_key", "~/me.key");
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(scene.path("me.key"), open).unwrap();
    scene
        .run()
        .says("tls_client_key")
        .says("can be read by everyone; run chmod 600")
        .says_lines(1)
        .exits(78);
}
