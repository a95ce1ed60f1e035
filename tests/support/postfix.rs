//! A real Postfix, because mail is handed on to it on many machines. Debian's postfix.
//!
//! It listens on a free port of 127.0.0.1, owns nothing outside a temporary folder and ends with the
//! test. It works for root alone; to anybody else it is as if it were not there.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{getuid, kill_process, Pid, Signal};
use tempfile::TempDir;

use super::dovecot::{make_maildir, Dovecot};
use super::tls::Certificate;
use super::unprivileged::{give_away, nobody};

/// A running Postfix, which has mail for bob@example.net, none yet for later@example.net, and no
/// other users.
pub struct Postfix {
    folder: TempDir,
    child: Child,
    port: u16,
}

impl Postfix {
    /// Starts one. Where there is none, that is a failure in continuous integration.
    pub fn start() -> Option<Postfix> {
        Postfix::with("")
    }

    /// Starts one that wants a login over TLS and asks this Dovecot about it.
    pub fn that_asks(dovecot: &Dovecot) -> Option<Postfix> {
        Postfix::with(&format!(
            "smtpd_sasl_auth_enable = yes\nsmtpd_sasl_type = dovecot\n\
             smtpd_sasl_path = {}\nsmtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes\n\
             smtpd_client_restrictions = permit_sasl_authenticated, reject\n",
            dovecot.answers_about_logins().display()
        ))
    }

    fn with(settings: &str) -> Option<Postfix> {
        let lost = "the tests against a real MTA are skipped";
        if !getuid().is_root() || !super::there("postfix", lost) {
            return None;
        }
        // Someone else may take a port that was free a moment ago.
        (0..5).find_map(|_| Postfix::attempt(settings).ok())
    }

    fn attempt(settings: &str) -> Result<Postfix, ()> {
        let folder = TempDir::with_prefix("popget-postfix-").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        furnish(folder.path(), port, settings);
        let child = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(folder.path().join("etc"))
            .arg("start-fg")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut postfix = Postfix {
            folder,
            child,
            port,
        };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = postfix.child.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > Duration::from_secs(60) {
                return Err(());
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(postfix)
    }

    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What bob got, once he has got so many messages; it takes a moment.
    #[track_caller]
    pub fn mail(&self, count: usize) -> Vec<Vec<u8>> {
        let new = self.folder.path().join("mail/bob/new");
        let begun = Instant::now();
        loop {
            let there = fs::read_dir(&new).unwrap();
            let there: Vec<PathBuf> = there.map(|entry| entry.unwrap().path()).collect();
            if there.len() >= count {
                return there.iter().map(|path| fs::read(path).unwrap()).collect();
            }
            let late = begun.elapsed() > Duration::from_secs(60);
            assert!(!late, "{} of {count} messages\n{}", there.len(), self.log());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What it wrote into its log, for the report of a failure.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    /// Ends its master, and with that all that it started.
    fn drop(&mut self) {
        let pid = fs::read_to_string(self.folder.path().join("queue/pid/master.pid"));
        let pid = pid.ok().and_then(|text| text.trim().parse().ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
        }
        for _ in 0..500 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes all that a Postfix needs into `folder`.
fn furnish(folder: &Path, port: u16, settings: &str) {
    // Processes of other users pass through here.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["etc", "queue", "data", "mail"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    give_away(&folder.join("mail"));
    make_maildir(&folder.join("mail/bob"));
    let owner = Command::new("chown")
        .arg("postfix")
        .arg(folder.join("data"))
        .status();
    assert!(owner.is_ok_and(|status| status.success()), "chown postfix");
    let shown = Certificate::Good.pem();
    fs::write(folder.join("etc/server.pem"), shown.certificate).unwrap();
    fs::write(folder.join("etc/server.key"), shown.key).unwrap();
    let (user, group) = nobody();
    let top = folder.display();
    let main = format!(
        "compatibility_level = 3.6
queue_directory = {top}/queue
data_directory = {top}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {top}/log
maillog_file_prefixes = {top}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example.net
mydestination =
alias_maps =
virtual_mailbox_domains = example.net
virtual_mailbox_base = {top}/mail
virtual_mailbox_maps = inline:{{ {{bob@example.net=bob/}} }}
virtual_minimum_uid = 1
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{group}
smtpd_tls_cert_file = {top}/etc/server.pem
smtpd_tls_key_file = {top}/etc/server.key
smtpd_recipient_restrictions =
  check_recipient_access inline:{{ {{later@example.net=450 later}} }}, reject_unauth_destination
message_size_limit = 1000000
{settings}"
    );
    fs::write(folder.join("etc/main.cf"), main).unwrap();
    let services = [
        ("inet", "smtpd", ""),
        ("unix", "cleanup", ""),
        ("unix", "qmgr", "1"),
        ("unix", "rewrite trivial-rewrite", ""),
        ("unix", "bounce", ""),
        ("unix", "defer bounce", ""),
        ("unix", "trace bounce", ""),
        ("unix", "proxymap", ""),
        ("unix", "virtual", ""),
        ("unix", "error", ""),
        ("unix", "retry error", ""),
        ("unix", "tlsmgr", "1"),
        ("unix", "anvil", "1"),
        ("unix-dgram", "postlog postlogd", "1"),
    ];
    let line = |(kind, names, most): (&str, &str, &str)| {
        let (name, program) = names.split_once(' ').unwrap_or((names, names));
        let name = match kind {
            "inet" => format!("127.0.0.1:{port}"),
            _ => name.to_owned(),
        };
        let (private, wakes) = match program {
            "smtpd" | "cleanup" | "postlogd" => ("n", "-"),
            "qmgr" => ("n", "300"),
            "tlsmgr" => ("-", "1000?"),
            _ => ("-", "-"),
        };
        let as_root = if program == "virtual" { "n" } else { "-" };
        let most = if most.is_empty() { "0" } else { most };
        format!("{name} {kind} {private} {as_root} n {wakes} {most} {program}\n")
    };
    let master: String = services.into_iter().map(line).collect();
    fs::write(folder.join("etc/master.cf"), master).unwrap();
}
