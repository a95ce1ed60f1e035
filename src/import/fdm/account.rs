//! An account of fdm in popget's words.

use super::super::draft::{Account, Draft};
use super::super::place::{Remark, Weight};
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::{Around, Taken};
use super::delivery::deliver;
use super::{tags, Secret, Settings, Written};

/// fdm waits so many seconds, and takes messages up to this size, unless it is told otherwise.
const TIMEOUT: u64 = 900;
const LARGEST: u64 = 32 << 20;

/// Settings that change nothing for popget.
const NEEDLESS: [&str; 12] = [
    "parallel-accounts",
    "queue-high",
    "queue-low",
    "purge-after",
    "lock-types",
    "lock-file",
    "lock-timeout",
    "lock-wait",
    "allow-multiple",
    "lookup-order",
    "unmatched-mail",
    "no-create",
];

/// Writes all accounts of POP3, with what is said for all of them.
pub fn convert_all(settings: &Settings, around: &Around, taken: &mut Taken) {
    for (name, _, spot) in &settings.set {
        let why = match name.as_str() {
            "maximum-size" | "timeout" | "proxy" | "no-received" | "verify-certificates" => {
                continue
            }
            name if NEEDLESS.contains(&name) => continue,
            "delete-oversized" => "popget deletes nothing that it has not delivered: see max_size",
            "default-user" | "command-user" | "file-group" | "file-umask" => {
                "popget writes as the user who runs it, with that user's umask"
            }
            _ => "popget has nothing like it",
        };
        taken
            .remarks
            .push(Remark::new(spot, &format!("set {name}"), why, Weight::Told));
    }
    for (spot, word) in &settings.others {
        taken.remarks.push(Remark::new(
            spot,
            word,
            "popget has nothing like it",
            Weight::Told,
        ));
    }
    for (spot, file) in &settings.unread {
        let why = "cannot be read; what it says is missing";
        taken.remarks.push(Remark::new(
            spot,
            &format!("include {file}"),
            why,
            Weight::Lost,
        ));
    }
    let locks = settings.set.iter().filter(|(name, ..)| name == "lock-file");
    let locks = locks.filter_map(|(_, said, _)| said.as_ref());
    let put = |said: &Said| said.with(tags::replaced(&said.bytes, around));
    taken.locks.extend(locks.map(put));
    for account in &settings.accounts {
        let account = convert(account, settings, around, &mut taken.remarks);
        taken.accounts.extend(account);
    }
    shared_caches(taken);
}

/// Two accounts with one cache lose each other's records.
fn shared_caches(taken: &mut Taken) {
    let cache = |account: &Account| account.record.as_ref().map(|at| at.paths.clone());
    let all: Vec<_> = taken.accounts.iter().map(cache).collect();
    for (at, account) in taken.accounts.iter().enumerate() {
        let bytes = |paths: &Option<Vec<Said>>| paths.as_ref().map(|paths| paths[0].bytes.clone());
        let own = bytes(&all[at]);
        if own.is_some() && all[..at].iter().any(|other| bytes(other) == own) {
            let why = "another account has the same cache, and fdm forgot what belongs to one of \
                       them: run popget state mark once";
            taken
                .remarks
                .push(Remark::new(&account.spot, "cache", why, Weight::Lost));
        }
    }
}

fn convert(
    written: &Written,
    settings: &Settings,
    around: &Around,
    remarks: &mut Vec<Remark>,
) -> Option<Account> {
    let spot = written.spot.as_ref()?;
    let mut draft = Draft::new(written.name.clone(), spot, remarks);
    if !matches!(written.kind.as_str(), "pop3" | "pop3s") {
        let word = format!("account {:?} {}", written.name, written.kind);
        draft.lost(spot, &word, "is none of POP3; it is passed by");
        return None;
    }
    let put = |said: &Said| said.with(tags::replaced(&said.bytes, around));
    server(&mut draft, written, settings, &put);
    login(&mut draft, written, around, &put);
    let set = |name: &str| settings.set.iter().rev().find(|(known, ..)| known == name);
    let number = |name: &str, unit: fn(&str) -> Option<u64>| {
        set(name).and_then(|(_, said, _)| unit(said.as_ref()?.text()?))
    };
    draft.seconds("timeout", number("timeout", seconds).unwrap_or(TIMEOUT));
    if let Some((_, Some(proxy), spot)) = set("proxy") {
        match proxy.shown().strip_prefix("socks://") {
            Some(address) if address.contains('@') => {
                let why = "its user and password are left out; write them yourself";
                draft.lost(spot, "set proxy", why);
                let host = address.rsplit('@').next().unwrap_or_default();
                draft.set("proxy", format!("socks5://{host}"));
            }
            Some(address) => draft.set("proxy", format!("socks5://{address}")),
            None => draft.lost(spot, "set proxy", "popget goes through SOCKS5 proxies only"),
        }
    }
    if written.disabled {
        draft.set("enabled", false);
    }
    draft.set(
        "max_size",
        number("maximum-size", octets).unwrap_or(LARGEST),
    );
    if set("no-received").is_none() {
        draft.set("received", true);
    }
    let kept = deliver(&mut draft, written, settings, around);
    keep(&mut draft, written, kept);
    if let Some(cache) = &written.cache {
        let bytes = |said: &Option<Said>| said.as_ref().map_or(Vec::new(), |said| put(said).bytes);
        draft.account.record = Some(RecordAt {
            paths: vec![put(cache)],
            server: bytes(&written.server),
            user: bytes(&written.user),
        });
    }
    Some(draft.account)
}

fn server(draft: &mut Draft, written: &Written, settings: &Settings, put: &dyn Fn(&Said) -> Said) {
    let spot = draft.account.spot.clone();
    let has = |flag: &str| written.flags.iter().any(|known| known == flag);
    match (&written.server, &written.pipe) {
        (Some(server), _) => draft.text("server", &put(server)),
        (None, Some(command)) => {
            draft.set("server", "localhost");
            draft.text("tunnel", &put(command));
        }
        (None, None) => draft.lost(&spot, "server", "is missing; write it yourself"),
    }
    if let Some(port) = &written.port {
        let port = put(port);
        let number = match port.bytes.as_slice() {
            b"pop3" => Some(110),
            b"pop3s" => Some(995),
            _ => port.number(),
        };
        match number {
            Some(number) => draft.set("port", number),
            None => draft.lost(&port.spot, "port", "is no number; write it yourself"),
        }
    }
    let tls = match written.kind.as_str() {
        "pop3s" => "implicit",
        _ if has("starttls") => "starttls",
        _ => "none",
    };
    draft.set("tls", tls);
    let verified = settings
        .set
        .iter()
        .any(|(name, ..)| name == "verify-certificates");
    if tls != "none" && (has("no-verify") || !verified) {
        let why = "fdm did not check the server's certificate, popget does";
        draft.told(&spot, "verify-certificates", why);
    }
    for (flag, why) in [
        ("no-uidl", "popget uses UIDs wherever a server has them"),
        (
            "insecure",
            "name the login in auth if it must go over the line in the clear",
        ),
    ] {
        if has(flag) {
            draft.told(&spot, flag, why);
        }
    }
}

fn login(draft: &mut Draft, written: &Written, around: &Around, put: &dyn Fn(&Said) -> Said) {
    let has = |flag: &str| written.flags.iter().any(|known| known == flag);
    let clear = written.kind == "pop3" && !has("starttls");
    if let Some(user) = &written.user {
        draft.text("user", &put(user));
    }
    match &written.password {
        Some(Secret::Text(said)) => draft.account.password = Some(put(said)),
        Some(Secret::Command(said)) => draft.text("password_command", said),
        None => {
            let host = written
                .server
                .as_ref()
                .map_or(String::new(), |said| put(said).shown());
            match (around.in_netrc)(&host) {
                true => draft.set("netrc", true),
                false => {
                    draft.note("fdm took the password from ~/.netrc, which does not name the host")
                }
            }
        }
    }
    if clear && written.pipe.is_none() {
        let spot = draft.account.spot.clone();
        draft.in_the_clear(
            &spot,
            match has("no-apop") {
                true => vec!["user-pass"],
                false => vec!["apop", "user-pass"],
            },
        );
    }
}

/// What stays on the server: `keep` of the account, or that of the last action.
fn keep(draft: &mut Draft, written: &Written, kept: bool) {
    let spot = draft.account.spot.clone();
    let keep = kept || written.flags.iter().any(|flag| flag == "keep");
    draft.set("keep", keep);
    match (&written.cache, written.old_only) {
        (Some(_), true) => draft.lost(&spot, "old-only", "popget fetches what is new, only"),
        (None, _) if keep => {
            let why = "fdm fetched everything on every run; popget fetches only what is new";
            draft.told(&spot, "keep", why);
        }
        _ => {}
    }
}

/// `10`, `10s`, `10m`, `10 hours` as seconds.
fn seconds(text: &str) -> Option<u64> {
    unit(text, &[("s", 1), ("m", 60), ("h", 3600), ("d", 86400)])
}

/// `10`, `10K`, `10M`, `10G` as octets.
fn octets(text: &str) -> Option<u64> {
    unit(text, &[("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)])
}

fn unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let begins = |known: &&(&str, u64)| {
        let first = unit.trim().get(..1);
        first.is_some_and(|first| first.eq_ignore_ascii_case(known.0))
    };
    let factor = match unit.trim() {
        "" => 1,
        _ => units.iter().find(begins)?.1,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}
