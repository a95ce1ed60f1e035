//! mpop: its settings, a command a line, and its UIDLS files.

mod account;
mod amount;
mod command;
mod delivery;
mod record;
mod tls;
mod words;

pub use record::record;

use super::place::{Remark, Spot, Weight, Wrong};
use super::said::Said;
use super::{Around, Taken};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::rc::Rc;

/// A line is at most this long, with its end.
const LONGEST: usize = 500;

/// What has been said of an account, by the command.
type Commands = IndexMap<String, Said>;

/// An account as it stands there.
struct Written {
    name: String,
    spot: Spot,
    /// What it says itself or takes from the accounts that it names.
    own: Commands,
    /// What it starts from.
    defaults: Commands,
    /// Whether it is made of others, and says nothing itself.
    bare: bool,
}

impl Written {
    fn of(&self, command: &str) -> Option<&Said> {
        self.own.get(command).or_else(|| self.defaults.get(command))
    }

    /// Whether it is a name of one of these that counts where none is named, and nothing else: what
    /// stands under `defaults` may have changed since.
    fn is_other_name(&self, above: &[Self]) -> bool {
        let mut above = above.iter();
        self.bare
            && self.name == "default"
            && above.any(|other| other.counting() == self.counting())
    }

    /// Each command that counts, with its value.
    fn counting(&self) -> HashMap<&str, &[u8]> {
        let all = self.defaults.iter().chain(&self.own);
        all.map(|(command, said)| (command.as_str(), &*said.bytes))
            .collect()
    }

    /// What was said, unless it is nothing.
    fn given(&self, command: &str) -> Option<&Said> {
        self.of(command).filter(|said| !said.bytes.is_empty())
    }
}

/// Reads mpoprc.
pub fn settings(file: &Rc<str>, text: &[u8], around: &Around) -> Result<Taken, Wrong> {
    let mut taken = Taken::default();
    let accounts = read(file, text)?;
    for (index, account) in accounts.iter().enumerate() {
        if account.is_other_name(&accounts[..index]) {
            let (word, why) = (
                "account default",
                "is another name of an account that is there already",
            );
            taken
                .remarks
                .push(Remark::new(&account.spot, word, why, Weight::Told));
            continue;
        }
        taken
            .accounts
            .extend(account::convert(account, around, &mut taken.remarks));
    }
    Ok(taken)
}

/// The accounts, with what they share filled in.
fn read(file: &Rc<str>, text: &[u8]) -> Result<Vec<Written>, Wrong> {
    let mut defaults = Commands::new();
    let mut accounts = IndexMap::new();
    let mut in_defaults = false;
    for (number, bytes) in (1..).zip(text.split(|b| *b == b'\n')) {
        let Some(Line {
            command,
            spot,
            argument,
        }) = line(bytes, &Spot::new(file, number))?
        else {
            continue;
        };
        match command.as_str() {
            "defaults" => in_defaults = true,
            "account" => {
                in_defaults = false;
                let account = begun(&argument, &accounts, &defaults)?;
                accounts.insert(account.name.clone(), account);
            }
            _ => {
                words::check(&command, &spot, &argument)?;
                let what = "the first command must be account or defaults";
                let own = match in_defaults {
                    true => &mut defaults,
                    false => {
                        let account = accounts.values_mut().next_back();
                        let account = account.ok_or_else(|| Wrong::new(&spot, what))?;
                        account.bare = false;
                        &mut account.own
                    }
                };
                own.insert(command, argument);
            }
        }
    }
    Ok(accounts.into_values().collect())
}

/// A line that says something.
struct Line {
    command: String,
    /// Where the command stands.
    spot: Spot,
    argument: Said,
}

/// The command and the argument of a line that begins here, if it has any.
fn line(line: &[u8], begin: &Spot) -> Result<Option<Line>, Wrong> {
    let place = |at: usize| {
        let before = String::from_utf8_lossy(&line[..at]).chars().count();
        Spot::at(&begin.file, begin.line, 1 + before)
    };
    if line.len() >= LONGEST {
        let what = "a line longer than mpop allows (499 bytes)";
        return Err(Wrong::new(&place(LONGEST - 1), what));
    }
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let said = line.strip_suffix(b"\r").unwrap_or(line);
    let said = said.trim_ascii_start();
    if said.is_empty() || said[0] == b'#' {
        return Ok(None);
    }
    let begin = line.len() - line.trim_ascii_start().len();
    let end = said.iter().position(blank).unwrap_or(said.len());
    let (command, argument) = said.split_at(end);
    let blanks = argument.len() - argument.trim_ascii_start().len();
    let command = String::from_utf8(command.to_vec());
    let command = command.map_err(|_| Wrong::new(&place(begin), "a command that is not text"))?;
    Ok(Some(Line {
        command,
        spot: place(begin),
        argument: Said {
            bytes: bare(argument.trim_ascii()).to_vec(),
            spot: place(begin + end + blanks),
        },
    }))
}

/// A value without the quotes around it; there is no other use of quotes.
fn bare(value: &[u8]) -> &[u8] {
    match value {
        [b'"', quoted @ .., b'"'] => quoted,
        bare => bare,
    }
}

/// A new account: `NAME` or `NAME : OTHER,OTHER`.
fn begun(
    argument: &Said,
    known: &IndexMap<String, Written>,
    defaults: &Commands,
) -> Result<Written, Wrong> {
    let wrong = |what: String| Wrong::new(&argument.spot, what);
    let text = argument.text();
    let text = text.ok_or_else(|| wrong("a name that is not UTF-8".into()))?;
    let (name, others) = match text.split_once(':') {
        Some((name, others)) => (name.trim(), others),
        None => (text.trim(), ""),
    };
    if name.is_empty() || known.contains_key(name) {
        let what = "an account without a name, or with one that is taken";
        return Err(wrong(what.into()));
    }
    let mut own = Commands::new();
    for other in others.split(',').map(str::trim).filter(|o| !o.is_empty()) {
        let known = known.get(other);
        let known = known.ok_or_else(|| wrong(format!("there is no account {other:?} above")))?;
        own.extend(known.own.clone());
    }
    Ok(Written {
        name: name.to_string(),
        spot: argument.spot.clone(),
        bare: !others.is_empty(),
        own,
        defaults: defaults.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::tests::becomes;
    use crate::import::tests::Fate::{self, Carried, Told};
    use crate::import::Tool;

    fn rc(text: &str) -> (String, String) {
        becomes(Tool::Mpop, "rc", text.as_bytes())
    }

    /// An account of which nothing is to be said.
    const PLAIN: &str = "account a\nhost h\nuser u\ndelivery maildir /m\ntls on\n";

    #[test]
    fn each_command_alone_is_carried_over_or_told() {
        let plain = rc(PLAIN);
        assert_eq!(plain.1, "");
        let alone: [(&str, Fate); 34] = [
            ("auth plain", Carried("auth:\n    - plain\n")),
            ("delivery mbox /b", Carried("mbox: /b\n")),
            ("eval echo keep on", Told("eval")),
            ("filter x", Carried("header_filter: x\n")),
            ("host i", Carried("server: i\n")),
            ("keep", Carried("keep: true\n")),
            ("killsize 5", Told("killsize")),
            ("ntlmdomain x", Told("ntlmdomain")),
            ("only_new off", Carried("all: true\n")),
            ("password x", Carried("password: x\n")),
            ("passwordeval x", Carried("password_command: x\n")),
            ("pipelining off", Carried("pipeline: off\n")),
            ("port 1110", Carried("port: 1110\n")),
            ("proxy_host p", Carried("proxy: socks5://p:1080\n")),
            ("proxy_port 1081", Told("proxy_port")),
            ("received_header off", Carried("keep: false\n    deliver:")),
            ("skipsize 5", Carried("max_size: 4\n")),
            ("socket /s", Told("socket")),
            ("source_ip ::1", Carried("source_address: ::1\n")),
            ("timeout 5", Carried("timeout: 5s\n")),
            ("tls off", Carried("tls: none\n")),
            ("tls_cert_file /c", Carried("tls_client_cert: /c\n")),
            ("tls_certcheck off", Told("tls_certcheck off")),
            ("tls_crl_file /c", Told("tls_crl_file")),
            ("tls_fingerprint x", Told("tls_fingerprint")),
            ("tls_force_sslv3 on", Told("tls_force_sslv3")),
            ("tls_host_override x", Carried("tls_server_name: x\n")),
            ("tls_key_file /k", Told("tls_key_file")),
            ("tls_min_dh_prime_bits 9", Told("tls_min_dh_prime_bits")),
            ("tls_priorities x", Told("tls_priorities")),
            ("tls_starttls off", Carried("tls: implicit\n")),
            ("tls_trust_file /t", Carried("tls_ca_file: /t\n")),
            ("uidls_file /u", Carried("")),
            ("user v", Carried("user: v\n")),
        ];
        let known = words::COMMANDS.iter().map(|(name, _)| *name);
        let tested = alone
            .iter()
            .map(|(line, _)| line.split(' ').next().unwrap());
        assert_eq!(known.collect::<Vec<_>>(), tested.collect::<Vec<_>>());
        for (line, fate) in alone.iter().filter(|(line, _)| *line != "uidls_file /u") {
            fate.is_met(line, &plain, &rc(&format!("{PLAIN}{line}\n")));
        }
        let settings = format!("{PLAIN}uidls_file /u\n");
        let read = Tool::Mpop.settings(
            &[("rc".into(), settings.as_bytes())],
            &crate::import::tests::around(),
        );
        let record = read.unwrap().accounts.remove(0).record.unwrap();
        assert_eq!(record.paths[0].bytes, b"/u");
    }

    #[test]
    fn an_account_that_may_be_another_altogether_is_off() {
        for line in ["eval echo keep on", "socket /s"] {
            let (yaml, told) = rc(&format!("{PLAIN}{line}\n"));
            assert!(yaml.contains("enabled: false\n"), "{yaml}");
            assert!(told.starts_with("lost rc:6: "), "{told}");
            let (yaml, told) = rc(&format!("defaults\n{line}\n{PLAIN}{}\n", &line[..6]));
            let off = line.starts_with("eval");
            assert_eq!(yaml.contains("enabled: false\n"), off, "{yaml}{told}");
        }
    }

    #[test]
    fn a_default_account_that_differs_is_one_of_its_own() {
        let other = "account b\nhost i\nuser v\ndelivery maildir /n\ntls on\n";
        for (between, parents, own) in [
            ("", "a", false),
            ("", "a,a", false),
            ("", "b,a", false),
            ("defaults\ntls on\n", "a", false),
            ("defaults\ntls off\n", "a", false),
            ("defaults\nkeep on\n", "a", true),
            ("defaults\nport 1110\n", "b,a", true),
            ("account c : b\nport 1110\n", "a,c", false),
            ("account c\nkeep on\n", "a,c", true),
        ] {
            let (yaml, told) = rc(&format!(
                "{PLAIN}{other}{between}account default : {parents}\n"
            ));
            let case = format!("{between}{parents}: {yaml}{told}");
            assert_eq!(yaml.contains("  default:\n"), own, "{case}");
            assert_eq!(told.contains(": account default: "), !own, "{case}");
        }
    }

    #[test]
    fn a_password_in_the_clear_is_told() {
        for (auth, method) in [
            ("auth plain", "plain"),
            ("auth user", "user-pass"),
            ("auth login", "login"),
            ("auth xoauth2\npasswordeval x", "xoauth2"),
        ] {
            let (yaml, told) = rc(&format!("{PLAIN}tls off\n{auth}\n"));
            assert!(yaml.contains(&format!("auth:\n    - {method}\n")), "{yaml}");
            assert!(
                told.starts_with("told rc:7: the password: without TLS"),
                "{told}"
            );
            let (_, told) = rc(&format!("{PLAIN}{auth}\n"));
            assert_eq!(told, "", "{auth}");
        }
    }

    #[test]
    fn a_filter_deletes_nothing_that_is_to_be_kept() {
        for keep in ["keep on", "keep 5d"] {
            let (yaml, told) = rc(&format!("{PLAIN}{keep}\nfilter x # y\n"));
            let filter = "(x # y\n      )\n      s=$?\n      [ $s -eq 1 ] && s=2\n      exit $s\n";
            assert!(yaml.contains(filter), "{yaml}");
            assert!(told.starts_with("told rc:7: filter: "), "{told}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line_and_column() {
        let long = format!("account a\n#{}\n", "x".repeat(LONGEST));
        for (text, place) in [
            ("\n  host x\n", (2, 3)),
            ("account a\n\ttls_nonsense on\n", (2, 2)),
            ("account a\n tls \t yes\n", (2, 8)),
            ("account a\nport 0\r\n", (2, 6)),
            ("account a\nhost\n", (2, 5)),
            ("account a\naccount  a\n", (2, 10)),
            ("account \u{fc} : b\n", (1, 9)),
            (&long, (2, 500)),
        ] {
            let wrong = read(&"rc".into(), text.as_bytes()).err().unwrap();
            assert_eq!((wrong.spot.line, wrong.spot.column), place, "{text}");
        }
    }
}
