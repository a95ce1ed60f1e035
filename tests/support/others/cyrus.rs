//! Cyrus: a store of its own that mail comes into by LMTP, users in a table of SASL's.

use std::fs;
use std::path::Path;

use super::root::{Root, CYRUS};
use super::{answers, free_port, Daemon, Manner, Ports, Setting};
use crate::support::server::{PASSWORD, USER};

/// What SASL is to offer.
const MECHANISMS: &str = "PLAIN LOGIN CRAM-MD5 DIGEST-MD5 SCRAM-SHA-1 SCRAM-SHA-256";

pub fn start(root: &Root, manner: Manner) -> Setting {
    for place in [
        "run/cyrus/proc",
        "run/cyrus/lock",
        "run/cyrus/socket",
        "var/lib/cyrus/db",
        "var/spool/cyrus/mail",
    ] {
        root.folder(place, CYRUS);
    }
    root.folder("var/lib/cyrus", CYRUS);
    root.folder("run/cyrus", CYRUS);
    root.run(&["saslpasswd2", "-p", "-c", USER], PASSWORD.as_bytes());
    let secrets = fs::read(root.path("etc/sasldb2")).unwrap();
    root.write_for("etc/sasldb2", secrets, CYRUS, 0o600);
    let ports = [free_port(), free_port()];
    root.write("etc/imapd.conf", settings(manner));
    root.write("etc/cyrus.conf", services(ports));
    let mut master = root.command(&[
        "/usr/lib/cyrus/bin/master",
        "-D",
        "-p",
        "/run/cyrus/master.pid",
        "-C",
        "/etc/imapd.conf",
        "-M",
        "/etc/cyrus.conf",
    ]);
    let daemon = Daemon::start(&mut master, || ports.into_iter().all(answers));
    Setting {
        ports: Ports {
            plain: ports[0],
            tls: Some(ports[1]),
        },
        doors: Vec::new(),
        daemon: Some(daemon),
    }
}

pub fn put(root: &Root, message: &[u8]) {
    let program = "/usr/lib/cyrus/bin/deliver";
    root.run(&[program, "-C", "/etc/imapd.conf", USER], message);
}

/// What it has not removed yet: it keeps what was deleted for a while.
pub fn stored(root: &Root) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    collect(&root.path("var/spool/cyrus/mail"), &mut found);
    found
}

/// Every file below a folder that is named as messages are: a number and a dot.
fn collect(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let number = name.strip_suffix('.').unwrap_or_default();
        if path.is_dir() {
            collect(&path, found);
        } else if number.parse::<u32>().is_ok() {
            let text = fs::read(&path).unwrap();
            let lines = text.split_inclusive(|&byte| byte == b'\n');
            let local = lines.map(|line| match line.strip_suffix(b"\r\n") {
                Some(line) => [line, b"\n"].concat(),
                None => line.to_vec(),
            });
            found.push(local.collect::<Vec<_>>().concat());
        }
    }
}

fn settings(manner: Manner) -> String {
    let minutes = if manner == Manner::LoginDelay { 1 } else { 0 };
    let in_the_clear = if manner == Manner::TlsOnly {
        "no"
    } else {
        "yes"
    };
    format!(
        "configdirectory: /var/lib/cyrus
proc_path: /run/cyrus/proc
mboxname_lockpath: /run/cyrus/lock
lmtpsocket: /run/cyrus/socket/lmtp
defaultpartition: default
partition-default: /var/spool/cyrus/mail
popminpoll: {minutes}
allowplaintext: {in_the_clear}
allowapop: yes
failedloginpause: 0
duplicatesuppression: no
sasl_pwcheck_method: auxprop
sasl_mech_list: {MECHANISMS}
tls_server_cert: /etc/server.crt
tls_server_key: /var/lib/cyrus/server.key
autocreate_quota: -1
autocreate_post: yes
"
    )
}

fn services([port, port_tls]: [u16; 2]) -> String {
    format!(
        "START {{
  recover cmd=\"/usr/lib/cyrus/bin/ctl_cyrusdb -r\"
}}
SERVICES {{
  pop3 cmd=\"pop3d\" listen=\"127.0.0.1:{port}\" prefork=0
  pop3s cmd=\"pop3d -s\" listen=\"127.0.0.1:{port_tls}\" prefork=0
  lmtpunix cmd=\"lmtpd\" listen=\"/run/cyrus/socket/lmtp\" prefork=0
}}
EVENTS {{
}}
"
    )
}
