//! A Kerberos realm of the test's own: a real KDC on a free port of 127.0.0.1, its database in a
//! temporary folder, stopped with the test. Debian's krb5-kdc, krb5-admin-server and krb5-user.

use std::fs::{self, Permissions};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::scene::Scene;

/// A realm with the users alice and bob and the service pop/localhost.
pub struct Kdc {
    folder: TempDir,
    child: Child,
}

const REALM: &str = "POPGET.TEST";

impl Kdc {
    /// Starts one. Where there is none, that is a failure in continuous integration.
    pub fn start() -> Option<Kdc> {
        // A popget without Kerberos has nothing to ask it.
        if !cfg!(feature = "gssapi") {
            return None;
        }
        if !super::there("kinit", "the tests of Kerberos are skipped")
            || !super::there("krb5kdc", "the tests of Kerberos are skipped")
        {
            return None;
        }
        let folder = TempDir::with_prefix("popget-kdc-").unwrap();
        // Dovecot reads its keys as somebody else.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let at = |name: &str| folder.path().join(name).display().to_string();
        let client = format!(
            "[libdefaults]\ndefault_realm = {REALM}\ndns_lookup_kdc = false\n\
             dns_lookup_realm = false\ndns_canonicalize_hostname = false\nrdns = false\n\
             udp_preference_limit = 1\n[realms]\n{REALM} = {{\nkdc = 127.0.0.1:{port}\n}}\n\
             [domain_realm]\nlocalhost = {REALM}\n"
        );
        fs::write(at("krb5.conf"), client).unwrap();
        let server = format!(
            "[kdcdefaults]\nkdc_listen = 127.0.0.1:{port}\nkdc_tcp_listen = 127.0.0.1:{port}\n\
             [realms]\n{REALM} = {{\ndatabase_name = {}\nkey_stash_file = {}\nacl_file = {}\n}}\n",
            at("principal"),
            at("stash"),
            at("acl"),
        );
        fs::write(at("kdc.conf"), server).unwrap();
        fs::write(at("acl"), "").unwrap();
        run(
            &folder,
            "kdb5_util",
            &["create", "-s", "-W", "-P", "master", "-r", REALM],
        );
        for wish in [
            "addprinc -pw alicepw alice".to_string(),
            "addprinc -pw bobpw bob".to_string(),
            "addprinc -randkey pop/localhost".to_string(),
            format!("ktadd -k {} pop/localhost", at("keytab")),
        ] {
            run(&folder, "kadmin.local", &["-q", &wish]);
        }
        fs::set_permissions(at("keytab"), Permissions::from_mode(0o644)).unwrap();
        let child = prepared(&folder, "krb5kdc")
            .args(["-n", "-r", REALM, "-P", &at("kdc.pid")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let kdc = Kdc { folder, child };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "krb5kdc does not come up"
            );
            thread::sleep(Duration::from_millis(20));
        }
        Some(kdc)
    }

    /// What a Dovecot needs to know of the realm.
    pub fn dovecot_settings(&self) -> String {
        let at = |name: &str| self.path(name).display().to_string();
        format!(
            "auth_krb5_keytab = {}\nauth_gssapi_hostname = localhost\n\
             import_environment = TZ KRB5_CONFIG={} KRB5RCACHENAME=none:\n\
             passdb {{\n  driver = static\n  mechanisms = gssapi\n  args = nopassword=y\n}}\n",
            at("keytab"),
            at("krb5.conf"),
        )
    }

    /// Gives a scene the realm, and tickets if some were got.
    pub fn surround(&self, scene: Scene) -> Scene {
        let at = |name: &str| self.path(name).display().to_string();
        scene
            .env("KRB5_CONFIG", &at("krb5.conf"))
            .env("KRB5CCNAME", &format!("FILE:{}", at("cache")))
    }

    /// A program that knows the realm, its tickets, and the keys of its service.
    pub fn command(&self, program: &str) -> Command {
        let mut command = prepared(&self.folder, program);
        let keytab = self.path("keytab").display().to_string();
        command.env("KRB5_KTNAME", format!("FILE:{keytab}"));
        command
    }

    /// Takes the keys away that the service has.
    pub fn take_keys(&self) {
        fs::remove_file(self.path("keytab")).unwrap();
    }

    /// Gives the service another key, of which it hears nothing.
    pub fn change_keys(&self) {
        let wish = "change_password -randkey pop/localhost";
        run(&self.folder, "kadmin.local", &["-q", wish]);
    }

    /// Gets a ticket for a user, which is good for an hour.
    pub fn ticket(&self, user: &str) {
        let mut kinit = prepared(&self.folder, "kinit")
            .args(["-l", "1h", user])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let password = format!("{user}pw\n");
        kinit
            .stdin
            .take()
            .unwrap()
            .write_all(password.as_bytes())
            .unwrap();
        assert!(kinit.wait().unwrap().success(), "no ticket for {user}");
    }

    /// Gives a scene the realm, but for the host, which it takes to be in another one.
    pub fn misplace(&self, scene: Scene) -> Scene {
        let text = fs::read_to_string(self.path("krb5.conf")).unwrap();
        let here = format!("localhost = {REALM}");
        assert!(text.contains(&here), "{text}");
        let text = text.replace(&here, "localhost = ELSEWHERE.TEST");
        let scene = self.surround(scene).file("krb5.conf", text.as_bytes());
        let config = scene.path("krb5.conf").display().to_string();
        scene.env("KRB5_CONFIG", &config)
    }

    /// Throws the tickets away.
    pub fn forget(&self) {
        let _ = fs::remove_file(self.path("cache"));
    }

    /// Stops the KDC; the tickets stay.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Drop for Kdc {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A program of Kerberos in the surroundings of this realm.
fn prepared(folder: &TempDir, program: &str) -> Command {
    let at = |name: &str| folder.path().join(name).display().to_string();
    let mut command = Command::new(program);
    // Its servers are for root, and not on everybody's PATH.
    let path = std::env::var("PATH").unwrap_or_default();
    command
        .env("PATH", format!("{path}:/usr/sbin"))
        .env("KRB5_CONFIG", at("krb5.conf"))
        .env("KRB5_KDC_PROFILE", at("kdc.conf"))
        .env("KRB5CCNAME", format!("FILE:{}", at("cache")))
        .env("KRB5RCACHENAME", "none:")
        .stdin(Stdio::null());
    command
}

fn run(folder: &TempDir, program: &str, arguments: &[&str]) {
    let output = prepared(folder, program).args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}
