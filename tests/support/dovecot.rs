//! A real Dovecot, because it is what most maildrops are behind. Debian's dovecot-pop3d 2.3.
//!
//! It listens on free ports of 127.0.0.1, owns nothing outside a temporary folder and ends with
//! the test. As root it reads mail as `nobody`, since it will not read mail as root; otherwise
//! everything runs as whoever runs the tests.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::prelude::{Engine, BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use openssl::hash::MessageDigest;
use rustix::process::{getgid, getuid, kill_process, Pid, Signal};
use tempfile::TempDir;

use super::proof::hmac;
use super::server::PASSWORD;
use super::tls::{self, Certificate};
use super::unprivileged::{give_away, nobody};

/// The users there are; each has a maildrop of its own and the password of the other servers.
pub const USERS: [&str; 8] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi",
];

/// Whose maildrop it is that anybody may see.
pub const ANYBODY: &str = "heidi";

/// What access tokens are signed with.
const TOKEN_KEY: &[u8] = b"a key for tests, of more octets than 32";

/// A running Dovecot.
pub struct Dovecot {
    folder: TempDir,
    child: Child,
    port: u16,
    port_tls: u16,
    arrivals: u32,
}

impl Dovecot {
    /// Starts one. Where there is none, that is a failure in continuous integration; elsewhere
    /// it is said aloud, and there is nothing to test.
    pub fn start() -> Option<Dovecot> {
        Dovecot::with("")
    }

    /// Starts one with these settings besides, which win over the usual ones.
    pub fn with(settings: &str) -> Option<Dovecot> {
        let program = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"].map(Path::new);
        let Some(program) = program.into_iter().find(|program| program.exists()) else {
            let loss = "no dovecot here: the tests against a real server are skipped\n";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{loss}");
            // Past the test harness, which would swallow what a passing test prints.
            let _ = io::stderr().write_all(loss.as_bytes());
            return None;
        };
        // Someone else may take a port that was free a moment ago.
        let mut attempts = (0..5).map(|_| Dovecot::attempt(program, settings));
        let started = attempts.find_map(Result::ok);
        Some(started.unwrap_or_else(|| {
            Dovecot::attempt(program, settings).unwrap_or_else(|e| panic!("{e}"))
        }))
    }

    /// The port without TLS, where STLS is offered and not demanded.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port with TLS from the first octet.
    pub fn port_tls(&self) -> u16 {
        self.port_tls
    }

    /// The socket on which it takes mail by LMTP.
    pub fn lmtp(&self) -> PathBuf {
        self.folder.path().join("run/lmtp")
    }

    /// The socket on which other servers ask it about logins.
    pub fn answers_about_logins(&self) -> PathBuf {
        self.folder.path().join("run/auth-client")
    }

    /// Puts messages (with LF line ends) into a user's maildrop, in this order.
    pub fn put(&mut self, user: &str, messages: &[Vec<u8>]) {
        let new = self.maildir(user).join("new");
        for message in messages {
            self.arrivals += 1;
            // Dovecot numbers what is new in the order of the names.
            let path = new.join(format!(
                "{}.M{}.test",
                1_700_000_000 + self.arrivals,
                self.arrivals
            ));
            fs::write(&path, message).unwrap();
            give_away(&path);
        }
    }

    /// Lets in these users besides, before any has logged in.
    pub fn add_users(&self, names: &[String]) {
        let mut users = File::options()
            .append(true)
            .open(self.folder.path().join("users"))
            .unwrap();
        for name in names {
            make_maildir(&self.maildir(name));
            users.write_all(line_of(name).as_bytes()).unwrap();
        }
    }

    /// An access token of a user's, a signed JWT, which is good until this time.
    pub fn token(&self, user: &str, until: SystemTime) -> String {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let url = |octets: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(octets);
        let head = url(br#"{"alg":"HS256","typ":"JWT"}"#);
        let claims = format!(
            r#"{{"email":"{user}","sub":"{user}","iat":{},"exp":{}}}"#,
            seconds(SystemTime::now()) - 60,
            seconds(until)
        );
        let signed = format!("{head}.{}", url(claims.as_bytes()));
        let signature = hmac(MessageDigest::sha256(), TOKEN_KEY, signed.as_bytes());
        format!("{signed}.{}", url(&signature))
    }

    /// How many messages are left in a user's maildrop.
    pub fn left(&self, user: &str) -> usize {
        let count = |place| {
            fs::read_dir(self.maildir(user).join(place))
                .unwrap()
                .count()
        };
        count("new") + count("cur")
    }

    /// What a user's maildrop holds that is new.
    pub fn mail_in(&self, user: &str) -> Vec<Vec<u8>> {
        let new = fs::read_dir(self.maildir(user).join("new")).unwrap();
        new.map(|entry| fs::read(entry.unwrap().path()).unwrap())
            .collect()
    }

    /// Makes a user's maildrop as empty and unknown as at the start.
    pub fn clear(&self, user: &str) {
        fs::remove_dir_all(self.maildir(user)).unwrap();
        let _ = fs::remove_dir_all(self.folder.path().join("index").join(user));
        make_maildir(&self.maildir(user));
    }

    /// What it wrote into its log, for the report of a failure.
    pub fn log(&self) -> String {
        log_in(self.folder.path())
    }

    /// Where a user's mail is.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.folder.path().join("mail").join(user)
    }

    fn attempt(program: &Path, settings: &str) -> Result<Dovecot, String> {
        let folder = TempDir::with_prefix("popget-dovecot-").unwrap();
        let ports = [free_port(), free_port()];
        furnish(folder.path(), ports);
        let mut config = File::options()
            .append(true)
            .open(folder.path().join("dovecot.conf"));
        config
            .as_mut()
            .unwrap()
            .write_all(settings.as_bytes())
            .unwrap();
        let mut child = Command::new(program)
            .arg("-F")
            .arg("-c")
            .arg(folder.path().join("dovecot.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| error.to_string())?;
        let begun = Instant::now();
        while !ports
            .iter()
            .all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok())
        {
            let ended = child.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > Duration::from_secs(20) {
                end(&mut child);
                return Err(format!(
                    "dovecot did not come up:\n{}",
                    log_in(folder.path())
                ));
            }
            thread::sleep(Duration::from_millis(20));
        }
        Ok(Dovecot {
            folder,
            child,
            port: ports[0],
            port_tls: ports[1],
            arrivals: 0,
        })
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// Ends it and, with it, all that it started; by force if it takes too long.
fn end(child: &mut Child) {
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    for _ in 0..500 {
        if !matches!(child.try_wait(), Ok(None)) {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

fn log_in(folder: &Path) -> String {
    fs::read_to_string(folder.join("log")).unwrap_or_default()
}

/// Writes all that a Dovecot needs into `folder`.
fn furnish(folder: &Path, ports: [u16; 2]) {
    // Processes of other users pass through here.
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["run", "state", "mail", "index"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    give_away(&folder.join("index"));
    give_away(&folder.join("mail"));
    for user in USERS {
        make_maildir(&folder.join("mail").join(user));
    }
    let users = USERS.map(line_of);
    fs::write(folder.join("users"), users.concat()).unwrap();
    let shown = Certificate::Good.pem();
    fs::write(folder.join("server.pem"), shown.certificate).unwrap();
    fs::write(folder.join("server.key"), shown.key).unwrap();
    tls::write_ca(folder);
    let keys = folder.join("keys/default/HS256");
    fs::create_dir_all(&keys).unwrap();
    fs::write(keys.join("default"), BASE64_STANDARD.encode(TOKEN_KEY)).unwrap();
    let tokens = format!(
        "introspection_mode = local\nusername_attribute = email\n\
         local_validation_key_dict = fs:posix:prefix={}/\n",
        folder.join("keys").display()
    );
    fs::write(folder.join("oauth2.conf"), tokens).unwrap();
    fs::write(folder.join("dovecot.conf"), config(folder, ports)).unwrap();
}

/// The line of a user in the file of passwords.
fn line_of(user: &str) -> String {
    format!("{user}:{{PLAIN}}{PASSWORD}::::::\n")
}

/// Makes a Maildir that Dovecot can use.
pub fn make_maildir(path: &Path) {
    fs::create_dir(path).unwrap();
    give_away(path);
    for place in ["tmp", "new", "cur"] {
        fs::create_dir(path.join(place)).unwrap();
        give_away(&path.join(place));
    }
}

fn config(folder: &Path, [port, port_tls]: [u16; 2]) -> String {
    let folder = folder.display();
    let (identity, jail) = identity();
    format!(
        "protocols = pop3 lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
{identity}first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u:INDEX={folder}/index/%u
mail_fsync = never
mail_max_userip_connections = 100
# A run leaves the maildrop as it is, but for what it deletes.
pop3_no_flag_updates = yes
pop3_uidl_format = %08Xv%08Xu
ssl = yes
ssl_cert = <{folder}/server.pem
ssl_key = <{folder}/server.key
ssl_min_protocol = TLSv1.2
ssl_dh =
# Whoever shows a certificate is the one it is for; nobody must.
ssl_ca = <{folder}/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
# Both ways to log in are tested here, in the clear too.
disable_plaintext_auth = no
auth_mechanisms = plain login apop cram-md5 digest-md5 scram-sha-1 scram-sha-256 anonymous \
  external oauthbearer xoauth2
auth_anonymous_username = {ANYBODY}
auth_failure_delay = 0
default_vsz_limit = 0
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = static
  mechanisms = external
  args = nopassword=yes
}}
passdb {{
  driver = passwd-file
  mechanisms = plain login apop cram-md5 digest-md5 scram-sha-1 scram-sha-256
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {folder}/users
  default_fields = home={folder}/mail/%u
}}
service anvil {{
  {jail}
  # Whoever was refused is not made to wait.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  {jail}
}}
service auth {{
  unix_listener auth-client {{
    mode = 0666
  }}
}}
service pop3-login {{
  {jail}
  service_count = 0
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {port_tls}
    ssl = yes
  }}
}}
"
    )
}

/// Who Dovecot's processes are, and the setting of those that cannot lock themselves up unless
/// they begin as root.
fn identity() -> (String, &'static str) {
    if getuid().is_root() {
        let (user, group) = nobody();
        (format!("mail_uid = {user}\nmail_gid = {group}\n"), "")
    } else {
        let (user, group) = (getuid().as_raw(), getgid().as_raw());
        let name = name_of("passwd", user);
        let internal = format!("default_internal_user = {name}\ndefault_login_user = {name}\n");
        let group_name = name_of("group", group);
        let group_line = format!("default_internal_group = {group_name}\n");
        (
            format!("{internal}{group_line}mail_uid = {user}\nmail_gid = {group}\n"),
            "chroot =",
        )
    }
}

/// The name that a number has in /etc/passwd or /etc/group.
fn name_of(table: &str, number: u32) -> String {
    let text = fs::read_to_string(format!("/etc/{table}")).unwrap_or_default();
    let number = number.to_string();
    let fits = |line: &&str| line.split(':').nth(2) == Some(number.as_str());
    let line = text
        .lines()
        .find(fits)
        .and_then(|line| line.split(':').next());
    line.expect("whoever runs the tests has a name in /etc/passwd")
        .to_owned()
}
