//! What the tests stand on: a scene to play in, servers to talk to, mail to fetch.
//!
//! - `scene`, `outcome`: one account, one run of the real binary, what must come of it; below
//!   them `world` (the folder), `process` (the run) and `memory` (its file)
//! - `conversation`, `script`: a server that plays a script and insists on it; `phrases`: what
//!   most scripts have in common; `cases`: scripts in which something else is said; `endless`: a
//!   server that does not stop talking
//! - `server`, `maildrop`: a server that keeps mail, and to RFC 1939; below them `session`,
//!   `login`, `proof`, `speech` and `guest`; `pop1`, `pop2`: the same server in
//!   older protocols
//! - `terminal`: a run on a pseudo-terminal, and what its screen shows in the end
//! - `identity`: somebody to sign in with, by OAuth 2.0
//! - `gate`: holds a server up at one moment; `deaf`: where there is none
//! - `dovecot`: a server that others wrote; `kdc`: a Kerberos realm for it;
//!   `kpop`: a door that only its tickets open; `postfix`: an MTA
//! - `others`: five more of them
//! - `peers`: programs that do what popget does; `alteration`: what became of a message there
//! - `unprivileged`: being somebody else than root
//! - `names`, `pages`, `byway`: a name server, a web server, and a proxy that leads to them
//! - `lmtp`: a server that mail is handed on to; `onward`: one that plays a script
//! - `mail`, `tls`, `wire`: messages, certificates, and a connection's end for the servers; `made`
//!   and `long`: messages made by code, and those for which there is no room
//! - `story`: a run that is killed or failed in the middle; `strike`: where and how; `ending`:
//!   what must come of it
//! - `disk`: what a power cut may leave of what a run has written
//! - `client`: a bare client, to test the servers with

/// Whether a program is there. In continuous integration it must be; elsewhere its loss is said
/// aloud.
pub fn there(program: &str, loss: &str) -> bool {
    let path = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    let found = std::env::split_paths(&path).any(|folder| folder.join(program).exists());
    if !found {
        let loss = format!("no {program} here: {loss}\n");
        assert!(std::env::var("CI").as_deref() != Ok("true"), "{loss}");
        // Past the test harness, which would swallow what a passing test prints.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), loss.as_bytes());
    }
    found
}

pub mod alteration;
pub mod byway;
pub mod cases;
pub mod client;
pub mod conversation;
pub mod deaf;
pub mod disk;
pub mod dovecot;
pub mod ending;
pub mod endless;
pub mod gate;
pub mod guest;
pub mod identity;
pub mod kdc;
pub mod kpop;
pub mod lmtp;
pub mod login;
pub mod long;
pub mod made;
pub mod mail;
pub mod maildrop;
pub mod memory;
pub mod names;
pub mod onward;
pub mod others;
pub mod outcome;
pub mod pages;
pub mod peers;
pub mod phrases;
pub mod pop1;
pub mod pop2;
pub mod postfix;
pub mod process;
pub mod proof;
pub mod scene;
pub mod schema;
pub mod script;
pub mod server;
pub mod session;
pub mod speech;
pub mod story;
pub mod strike;
pub mod terminal;
pub mod tls;
pub mod tmux;
pub mod unprivileged;
pub mod wire;
pub mod world;
