//! The habits of providers, each played to the real binary.
//!
//! Those that stand elsewhere, since they are nobody's alone:
//!
//! | habit | test |
//! |---|---|
//! | a maildrop that was migrated (Zimbra, Exchange, Dovecot) | `memory::moved` |
//! | listings that shrink and come back (WildDuck, Exchange) | `memory::sameness`, the ninety days |
//! | deletion at a hang-up (the popper of Berkeley) | `deletion::a_server_that_deletes_at_a_hang_up_loses_nobody_mail` and here |
//! | a line that is cut over one message, always | `retrieval::losses` |
//! | manners of replies and listings | `servers`, a conversation each |

mod gmail;
mod login_delay;
mod microsoft;
mod others;
mod portions;

use std::time::Duration;

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// Lets messages arrive with the UIDs u1, u2 and so on; gives their bytes.
fn fill(server: &PopServer, count: usize) -> Vec<Vec<u8>> {
    let messages = mail::many(count, 7);
    for (index, bytes) in messages.iter().enumerate() {
        server.maildrop().add(&format!("u{}", index + 1), bytes);
    }
    messages
}

/// Makes the last login of an account so much older.
fn later(scene: &Scene, by: Duration) {
    let path = scene.path(".local/state/popget/work.seen");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut aged = 0;
    let older = |line: &str| match line.split(' ').collect::<Vec<_>>()[..] {
        ["login", at, delay] => {
            aged += 1;
            let at: u64 = at.parse().unwrap();
            format!("login {} {delay}\n", at - by.as_secs())
        }
        _ => format!("{line}\n"),
    };
    let text: String = text.lines().map(older).collect();
    assert!(aged > 0, "no login is noted:\n{text}");
    std::fs::write(path, text).unwrap();
}

/// The commands of this kind in each session.
fn per_session(server: &PopServer, keyword: &str) -> Vec<usize> {
    let count = |commands: &Vec<String>| {
        let fitting = commands
            .iter()
            .filter(|command| command.split(' ').next() == Some(keyword));
        fitting.count()
    };
    server.sessions().iter().map(count).collect()
}

/// Whether the account said at its end, in JSON, that there is more.
fn more(json: &str) -> bool {
    account(json)["more"].as_bool().unwrap()
}

/// What an account came to, out of the events of a run.
fn account(json: &str) -> serde_json::Value {
    let mut events = json.lines().map(|line| serde_json::from_str(line).unwrap());
    let account = events.find(|event: &serde_json::Value| event["event"] == "account");
    account.unwrap_or_else(|| panic!("no account in {json}"))
}
