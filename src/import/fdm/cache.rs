//! The caches of fdm's accounts, where several accounts have the same one.

use super::super::draft::{name_apart, Account};
use super::super::place::{Remark, Weight};
use super::super::said::Said;
use super::super::{Around, Taken};
use super::delivery::port;
use super::{tags, Settings, Written};
use serde_yaml::Value;
use std::collections::hash_map::{Entry, HashMap};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// Accounts with one cache lose each other's records, unless they are of the same maildrop: what is left
/// belongs to one of them, and the others would delete by it what was never fetched.
pub fn shared(settings: &Settings, around: &Around, (taken, before): (&mut Taken, usize)) {
    let put = |said: &Said| tags::replaced(&said.bytes, around);
    let mut caches: HashMap<PathBuf, (Maildrop, Held)> = HashMap::new();
    for written in &settings.accounts {
        let Some(cache) = &written.cache else {
            continue;
        };
        let maildrop = maildrop(written, &put);
        match caches.entry(placed(&put(cache), around)) {
            Entry::Vacant(free) => drop(free.insert((maildrop, Held::Once))),
            Entry::Occupied(mut known) => {
                let (first, held) = known.get_mut();
                *held = match *first == maildrop && *held != Held::ByOthers {
                    true => Held::Twice,
                    false => Held::ByOthers,
                };
            }
        }
    }
    if caches.values().all(|(_, held)| *held == Held::Once) {
        return;
    }
    // What is told calls an account by the name that it gets.
    name_apart(&mut taken.accounts);
    for account in taken.accounts.iter_mut().skip(before) {
        let paths = account.record.iter().flat_map(|at| &at.paths);
        let Some(cache) = paths.last().cloned() else {
            continue;
        };
        let held = caches.get(&placed(&cache.bytes, around));
        let (why, weight) = match held.map(|(_, held)| held) {
            Some(Held::ByOthers) => (alone(account), Weight::Lost),
            Some(Held::Twice) => (COMMON.to_string(), Weight::Told),
            _ => continue,
        };
        let remark = Remark::new(&cache.spot, "cache", &why, weight);
        taken.remarks.push(remark);
    }
}

/// Who has a cache.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    /// One account.
    Once,
    /// Several of one maildrop.
    Twice,
    /// Those of several maildrops.
    ByOthers,
}

/// What is told of accounts with one cache that are of one maildrop.
const COMMON: &str =
    "another account of the same maildrop has it, too; what is new comes to each of \
                      them in popget";

/// Makes good that an account has no record; says what to do about it.
fn alone(account: &mut Account) -> String {
    account.record = None;
    let name = &account.name;
    let what = match account.keys.get("keep").and_then(Value::as_bool) {
        Some(false) => {
            account.keys.insert("enabled".into(), false.into());
            format!(
                "{name} is off: let fdm fetch everything a last time, or set keep: true, and take \
                 enabled: false out"
            )
        }
        _ => format!(
            "let fdm fetch everything a last time, and run popget state mark --account {name} --all"
        ),
    };
    format!(
        "another maildrop has the same cache, so that fdm forgot what belongs to one of them; it is \
         not taken over: {what}"
    )
}

/// Whose a maildrop is: its server, its port and its user, as far as they are named.
type Maildrop = (Vec<u8>, Option<u64>, Vec<u8>);

fn maildrop(written: &Written, put: &dyn Fn(&Said) -> Vec<u8>) -> Maildrop {
    let server = written.server.as_ref().or(written.pipe.as_ref());
    let usual = if written.kind == "pop3s" { 995 } else { 110 };
    let port = match &written.port {
        Some(said) => port(&said.with(put(said))),
        None => Some(usual),
    };
    let user = written.user.as_ref().map_or_else(Vec::new, put);
    let server = server.map_or_else(Vec::new, put).to_ascii_lowercase();
    (server, port, user)
}

/// A path in the home folder, written out to be compared.
fn placed(path: &[u8], around: &Around) -> PathBuf {
    match path {
        [b'~', b'/', rest @ ..] => Path::new(&around.home).join(OsStr::from_bytes(rest)),
        path => OsStr::from_bytes(path).into(),
    }
}

#[cfg(test)]
mod tests {
    use crate::import::tests::around;
    use crate::import::{Taken, Tool};

    /// What becomes of these accounts, each with what stands behind `account`.
    fn taken(accounts: &[&str]) -> Taken {
        let accounts = accounts.iter().map(|one| format!("account {one}\n"));
        let text = format!(
            "set verify-certificates\naction \"in\" maildir \"~/m\"\n{}match all action \"in\"\n",
            accounts.collect::<String>()
        );
        let files = [("conf".to_string(), text.as_bytes())];
        Tool::Fdm.settings(&files, &around()).unwrap()
    }

    #[test]
    fn of_a_cache_that_maildrops_share_nobody_takes_the_record() {
        let taken = taken(&[
            "\"my other box\" pop3s server \"a\" user \"u\" pass \"p\" new-only cache \"~/c\" keep",
            "\"b\" pop3s server \"b\" user \"u\" pass \"p\" new-only cache \"%h//c\"",
            "\"c\" pop3s server \"b\" user \"u\" pass \"p\" new-only cache \"~/d\"",
        ]);
        let recorded = taken.accounts.iter().map(|one| one.record.is_some());
        assert_eq!(recorded.collect::<Vec<_>>(), [false, false, true]);
        let off = |one: &crate::import::Account| one.keys.contains_key("enabled");
        assert_eq!(
            taken.accounts.iter().map(off).collect::<Vec<_>>(),
            [false, true, false]
        );
        let told: Vec<String> = taken.remarks.iter().map(|it| it.to_string()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(taken.remarks.iter().all(|remark| remark.is_loss()));
        assert!(told[0].starts_with("conf:3: cache: "), "{told:?}");
        assert!(
            told[0].ends_with("run popget state mark --account my-other-box --all"),
            "{told:?}"
        );
        assert!(
            told[1].contains("b is off: ") && told[1].contains("keep: true"),
            "{told:?}"
        );
    }

    #[test]
    fn of_several_files_the_account_that_is_told_has_its_own_name() {
        let login = "user \"u\" pass \"p\" new-only cache \"~/c\" keep\n";
        let one = format!("account \"a\" pop3s server \"h\" {login}");
        let two = format!("{one}account \"b\" pop3s server \"i\" {login}");
        let files = [
            ("one".to_string(), one.as_bytes()),
            ("two".to_string(), two.as_bytes()),
        ];
        let taken = Tool::Fdm.settings(&files, &around()).unwrap();
        let names: Vec<&str> = taken.accounts.iter().map(|one| &*one.name).collect();
        assert_eq!(names, ["a", "a-2", "b"]);
        let told: Vec<String> = taken.remarks.iter().map(|it| it.to_string()).collect();
        let marked = |name: &str| {
            let advice = format!("popget state mark --account {name} --all");
            told.iter().filter(|told| told.ends_with(&advice)).count()
        };
        assert_eq!(["a", "a-2", "b"].map(marked), [0, 1, 1], "{told:?}");
    }

    #[test]
    fn accounts_of_one_maildrop_may_share_a_cache() {
        let both = "pop3s server \"a\" user \"u\" pass \"p\" new-only cache \"~/c\"";
        let taken = taken(&[
            &format!("\"a\" {both}"),
            &format!("\"b\" {}", both.replace("pass", "port 995 pass")),
        ]);
        assert!(taken.accounts.iter().all(|one| one.record.is_some()));
        let told: Vec<String> = taken.remarks.iter().map(|it| it.to_string()).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(
            !taken.remarks.iter().any(|remark| remark.is_loss()),
            "{told:?}"
        );
    }
}
