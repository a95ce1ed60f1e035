//! The folder a server sees as the whole machine.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{chown, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::server::{PASSWORD, USER};
use crate::support::tls::Certificate;

/// Who reads the mail.
pub const ALICE: (u32, u32) = (30_001, 30_001);
/// Whom Cyrus and Courier want to be; the group of both is that of mail.
pub const CYRUS: (u32, u32) = (30_002, 8);
pub const COURIER: (u32, u32) = (30_003, 8);

/// A root of a server's own, gone with it.
pub struct Root {
    folder: TempDir,
}

/// Whether there is what a root is made from.
pub fn is_prepared() -> bool {
    prepared().join("stamp").exists()
}

/// Where tests/prepare-servers leaves its work.
fn prepared() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("../servers")
}

impl Root {
    /// A copy of what was unpacked, with users, passwords, certificates, and no mail.
    pub fn new() -> Root {
        let folder = TempDir::with_prefix_in("popget-root-", prepared()).unwrap();
        let copied = Command::new("cp")
            .args(["-a", "-l"])
            .arg(prepared().join("root"))
            .arg(folder.path())
            .status();
        assert!(copied.unwrap().success(), "no copy of the root");
        let root = Root { folder };
        root.people();
        root.certificate();
        for place in ["tmp", "run", "var/empty"] {
            fs::create_dir_all(root.path(place)).unwrap();
        }
        let everybody = fs::Permissions::from_mode(0o1777);
        fs::set_permissions(root.path("tmp"), everybody).unwrap();
        // No device: an empty file reads alike.
        root.write("dev/null", "");
        root.folder("srv/alice", ALICE);
        root
    }

    /// A path below the root.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join("root").join(below)
    }

    /// Makes a folder, if there is none, and gives it away.
    pub fn folder(&self, below: &str, (user, group): (u32, u32)) {
        fs::create_dir_all(self.path(below)).unwrap();
        chown(self.path(below), Some(user), Some(group)).unwrap();
    }

    /// Writes a file that everybody may read.
    pub fn write(&self, below: &str, text: impl AsRef<[u8]>) {
        self.write_for(below, text, (0, 0), 0o644);
    }

    /// Writes a file for one owner. It never writes into one that is there: others have that too.
    pub fn write_for(&self, below: &str, text: impl AsRef<[u8]>, owner: (u32, u32), mode: u32) {
        let path = self.path(below);
        let _ = fs::remove_file(&path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        chown(&path, Some(owner.0), Some(owner.1)).unwrap();
    }

    /// The text of a file below it.
    pub fn text(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap()
    }

    /// A command that runs here, without input, output or surroundings.
    pub fn command(&self, words: &[&str]) -> Command {
        Root::command_at(&self.path(""), words)
    }

    /// As `command`, in the root at this path: for who runs more than one.
    pub fn command_at(place: &Path, words: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new("/usr/sbin/chroot");
        command
            .arg(place)
            .args(words)
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Runs a command here to its end with this input; gives what it prints.
    pub fn run(&self, words: &[&str], input: &[u8]) -> String {
        let mut command = self.command(words);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        // What it does not read is told by its status.
        let _ = child.stdin.take().unwrap().write_all(input);
        let ran = child.wait_with_output().unwrap();
        assert!(ran.status.success(), "{words:?}: {ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    }

    /// Users and groups, and what decides by PAM who they are.
    fn people(&self) {
        let hash = Command::new("openssl")
            .args(["passwd", "-6", PASSWORD])
            .output();
        let hash = String::from_utf8(hash.unwrap().stdout).unwrap();
        let user = |name: &str, (user, group): (u32, u32), home: &str| {
            format!("{name}:x:{user}:{group}::{home}:/bin/sh\n")
        };
        let users = [
            user("root", (0, 0), "/root"),
            user("nobody", (65_534, 65_534), "/"),
            user(USER, ALICE, "/srv/alice"),
            user("cyrus", CYRUS, "/var/spool/cyrus"),
            user("courier", COURIER, "/"),
            user("popa3d", (30_004, 30_004), "/"),
            user("spop3d", (30_005, 8), "/var/lib/solid-pop3d"),
        ];
        self.write("etc/passwd", users.concat());
        let groups = "root:x:0:\nmail:x:8:\nshadow:x:42:\nsasl:x:45:\nnogroup:x:65534:\n\
                      alice:x:30001:\npopa3d:x:30004:\n";
        self.write("etc/group", groups);
        let shadow = format!("{USER}:{}:19000:0:99999:7:::\n", hash.trim());
        self.write_for("etc/shadow", shadow, (0, 42), 0o640);
        self.write(
            "etc/nsswitch.conf",
            "passwd: files\ngroup: files\nshadow: files\nhosts: files\n",
        );
        self.write("etc/hosts", "127.0.0.1 localhost\n");
        fs::remove_dir_all(self.path("etc/pam.d")).unwrap();
        let rules = "auth required pam_unix.so nodelay\naccount required pam_unix.so\n\
                     session required pam_permit.so\n";
        self.write("etc/pam.d/other", rules);
    }

    /// A certificate of the tests' authority, in the forms that they like.
    fn certificate(&self) {
        let pem = Certificate::Good.pem();
        let both = [&pem.certificate[..], &pem.key].concat();
        self.write("etc/server.crt", &pem.certificate);
        self.write_for("etc/server.key", &pem.key, (0, 0), 0o600);
        self.write_for("etc/courier/server.pem", both, COURIER, 0o600);
        self.write_for("var/lib/cyrus/server.key", &pem.key, CYRUS, 0o600);
    }
}
