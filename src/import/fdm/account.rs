//! An account of fdm in popget's words.

use super::super::draft::{Account, Draft};
use super::super::fit;
use super::super::place::{Remark, Weight};
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::{Around, Taken};
use super::delivery::{deliver, port};
use super::ways::{self, Left, Ways};
use super::{cache, tags, Secret, Settings, Written};

/// fdm waits so many seconds, and takes messages up to this size, unless it is told otherwise.
const TIMEOUT: u64 = 900;
const LARGEST: u64 = 32 << 20;

/// Settings that change nothing for popget.
const NEEDLESS: [&str; 8] = [
    "parallel-accounts",
    "queue-high",
    "queue-low",
    "purge-after",
    "allow-multiple",
    "lookup-order",
    "no-create",
    "ignore-errors",
];

/// Writes all accounts of POP3, with what is said for all of them.
pub fn convert_all(settings: &Settings, around: &Around, taken: &mut Taken) {
    for (name, _, spot) in &settings.set {
        let why = match name.as_str() {
            "maximum-size"
            | "timeout"
            | "proxy"
            | "no-received"
            | "verify-certificates"
            | "unmatched-mail" => continue,
            name if NEEDLESS.contains(&name) => "is not needed",
            "lock-file" | "lock-timeout" | "lock-wait" => "each account has a lock of its own",
            "lock-types" => "popget locks an mbox by fcntl and a lock file: see lock",
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
    taken.remarks.extend(settings.remarks.iter().cloned());
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
    taken.remarks.extend(ways::unused(settings));
    let ways = Ways::new(settings);
    let before = taken.accounts.len();
    for account in &settings.accounts {
        let account = convert(account, (settings, &ways), around, &mut taken.remarks);
        taken.accounts.extend(account);
    }
    cache::shared(settings, around, (taken, before));
}

fn convert(
    written: &Written,
    (settings, ways): (&Settings, &Ways),
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
    if !server(&mut draft, written, &put) {
        return None;
    }
    tls(&mut draft, written, settings);
    if !login(&mut draft, written, around, &put) {
        return None;
    }
    let number = |draft: &mut Draft, name: &str, unit: fn(&str) -> Option<u64>| {
        let (said, spot) = settings.set(name)?;
        let number = said.and_then(|said| unit(said.text()?));
        let number = number.filter(|number| *number > 0);
        if number.is_none() {
            draft.lost(spot, &format!("set {name}"), "is not understood");
        }
        number
    };
    let timeout = number(&mut draft, "timeout", seconds);
    draft.seconds("timeout", timeout.unwrap_or(TIMEOUT).min(fit::LONGEST));
    if written.pipe.is_none() {
        proxy(&mut draft, settings);
    }
    if written.disabled {
        draft.set("enabled", false);
    }
    let largest = number(&mut draft, "maximum-size", octets);
    draft.set("max_size", largest.unwrap_or(LARGEST));
    if settings.set("no-received").is_none() {
        draft.set("received", true);
    }
    let left = deliver(&mut draft, written, ways, around);
    keep(&mut draft, written, left);
    let cache = written.cache.as_ref();
    let new_only = |cache: &&Said| !cache.bytes.is_empty() && !written.old_only;
    if let Some(cache) = cache.filter(new_only) {
        let bytes = |said: &Option<Said>| said.as_ref().map_or(Vec::new(), |said| put(said).bytes);
        draft.account.record = Some(RecordAt {
            paths: vec![put(cache)],
            server: bytes(&written.server),
            user: bytes(&written.user),
        });
    }
    Some(draft.account)
}

/// Writes where the server is and how it is reached. Fails if that is not known.
fn server(draft: &mut Draft, written: &Written, put: &dyn Fn(&Said) -> Said) -> bool {
    let spot = draft.account.spot.clone();
    match (&written.server, &written.pipe) {
        (Some(said), _) => {
            let Some(host) = put(said).text().and_then(fit::host) else {
                let why = "is no name of a host; the account is passed by";
                draft.lost(&said.spot, "server", why);
                return false;
            };
            draft.set("server", host);
        }
        (None, Some(said)) => {
            let said = put(said);
            let Some(command) = fit::command(draft, "pipe", &said) else {
                return false;
            };
            draft.set("server", "localhost");
            draft.set("tunnel", command);
        }
        (None, None) => {
            draft.lost(&spot, "server", "is missing; the account is passed by");
            return false;
        }
    }
    if let Some(said) = &written.port {
        match port(&put(said)) {
            Some(number) => draft.set("port", number),
            None => draft.lost(&said.spot, "port", "is no number; write it yourself"),
        }
    }
    true
}

/// The proxy that all connections go through.
fn proxy(draft: &mut Draft, settings: &Settings) {
    let Some((Some(proxy), spot)) = settings.set("proxy") else {
        return;
    };
    let Some(address) = proxy.text().and_then(|text| text.strip_prefix("socks://")) else {
        draft.lost(spot, "set proxy", "popget goes through SOCKS5 proxies only");
        return;
    };
    let (login, place) = match address.rsplit_once('@') {
        Some((login, place)) => (Some(login), place),
        None => (None, address),
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) => (host, fit::port(port.parse().ok())),
        None => (place, Some(1080)),
    };
    let (Some(host), Some(port)) = (fit::host(host), port) else {
        draft.lost(spot, "set proxy", "is no host with a port");
        return;
    };
    draft.set("proxy", format!("socks5://{host}:{port}"));
    match login.map(|login| login.split_once(':')) {
        None => {}
        Some(Some((user, password))) if !user.is_empty() && !password.is_empty() => {
            let (user, password) = (coded(user), coded(password));
            let whole = format!("socks5://{user}:{password}@{host}:{port}");
            draft.account.proxy = Some(proxy.with(whole));
        }
        Some(_) => {
            let why = "its user or its password is empty; both are left out";
            draft.lost(spot, "set proxy", why);
        }
    }
}

/// A word as it stands in a URL: all but the unreserved characters (RFC 3986, section 2.3) as %XX.
fn coded(word: &str) -> String {
    let code = |byte: u8| match byte {
        _ if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    word.bytes().map(code).collect()
}

fn tls(draft: &mut Draft, written: &Written, settings: &Settings) {
    let spot = draft.account.spot.clone();
    let tls = match written.kind.as_str() {
        "pop3s" => "implicit",
        _ if written.has("starttls") => "starttls",
        _ => "none",
    };
    draft.set("tls", tls);
    let verified = settings.set("verify-certificates").is_some();
    if written.has("no-verify") || tls != "none" && !verified {
        let why = "fdm did not check the server's certificate, popget does";
        let word = match written.has("no-verify") {
            true => "no-verify",
            false => "verify-certificates",
        };
        draft.told(&spot, word, why);
    }
    for (flag, why) in [
        ("no-uidl", "popget uses UIDs wherever a server has them"),
        (
            "insecure",
            "name the login in auth if it must go over the line in the clear",
        ),
        ("no-apop", "popget logs in by APOP only where auth names it"),
    ] {
        if written.has(flag) {
            draft.told(&spot, flag, why);
        }
    }
    if written.users.len() == 1 {
        let why = "popget delivers as the user who runs it";
        draft.told(&spot, "user", why);
    }
}

/// Writes who logs in, and how. Fails if nobody can.
fn login(
    draft: &mut Draft,
    written: &Written,
    around: &Around,
    put: &dyn Fn(&Said) -> Said,
) -> bool {
    let clear = written.kind == "pop3" && !written.has("starttls");
    let host = written.server.as_ref();
    let host = host.map_or(String::new(), |said| put(said).shown());
    let in_netrc = (around.in_netrc)(&host);
    match &written.user {
        Some(said) => {
            let said = put(said);
            if let Some(why) = fit::unfit_user(&said) {
                draft.lost(&said.spot, "user", why);
                return false;
            }
            draft.text("user", &said);
        }
        None if in_netrc => {}
        None => {
            let spot = draft.account.spot.clone();
            let why = "is missing, and ~/.netrc does not name the host; the account is passed by";
            draft.lost(&spot, "user", why);
            return false;
        }
    }
    match &written.password {
        Some(Secret::Text(said)) => draft.account.password = Some(put(said)),
        Some(Secret::Command(said)) => {
            if let Some(command) = fit::command(draft, "pass", said) {
                draft.set("password_command", command);
            }
        }
        None if in_netrc => draft.set("netrc", true),
        None => draft.note("fdm took the password from ~/.netrc, which does not name the host"),
    }
    if clear && written.pipe.is_none() {
        let spot = draft.account.spot.clone();
        draft.in_the_clear(
            &spot,
            match written.has("no-apop") {
                true => vec!["user-pass"],
                false => vec!["apop", "user-pass"],
            },
        );
    }
    true
}

/// What stays on the server: `keep` of the account, or what the rules keep.
fn keep(draft: &mut Draft, written: &Written, left: Left) {
    let spot = draft.account.spot.clone();
    let keep = left == Left::Stays || written.has("keep");
    draft.set("keep", keep);
    if written.old_only {
        let why =
            "popget knows no account for old mail alone: it is off; set all: true to fetch new \
                   and old, and take enabled: false out";
        draft.lost(&spot, "old-only", why);
        draft.set("enabled", false);
    } else if keep && written.cache.is_none() {
        let why = "fdm fetched everything on every run; popget fetches only what is new";
        draft.told(&spot, "keep", why);
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

#[cfg(test)]
mod tests {
    use crate::import::tests::{
        around, becomes,
        Fate::{self, Carried, Told},
    };
    use crate::import::{written, Passwords, Tool};

    /// What becomes of settings with something before, in the account, in the action or behind.
    fn conf(before: &str, account: &str, action: &str, behind: &str) -> (String, String) {
        let text = format!(
            "set verify-certificates\n{before}\naction \"in\" {action}\naccount \"a\" {account}\n\
             match all action \"in\"\n{behind}\n"
        );
        becomes(Tool::Fdm, "conf", text.as_bytes())
    }

    const ACCOUNT: &str = "pop3s server \"h\" user \"u\" pass \"p\"";
    const ACTION: &str = "maildir \"~/m\"";

    #[track_caller]
    fn meets(what: &str, fate: Fate, with: &(String, String)) {
        let plain = conf("", ACCOUNT, ACTION, "");
        assert_eq!(plain.1, "");
        fate.is_met(what, &plain, with);
    }

    #[test]
    fn each_setting_alone_is_carried_over_or_told() {
        for (setting, fate) in [
            ("maximum-size 5M", Carried("max_size: 5242880\n")),
            ("maximum-size x", Told("set maximum-size")),
            ("delete-oversized", Told("set delete-oversized")),
            ("queue-high 5", Told("set queue-high")),
            ("queue-low 5", Told("set queue-low")),
            ("ignore-errors", Told("set ignore-errors")),
            ("allow-multiple", Told("set allow-multiple")),
            ("lock-file \"/l\"", Told("set lock-file")),
            ("lock-timeout 5", Told("set lock-timeout")),
            ("lock-wait", Told("set lock-wait")),
            ("command-user \"x\"", Told("set command-user")),
            ("default-user \"x\"", Told("set default-user")),
            ("lookup-order courier passwd", Told("set lookup-order")),
            ("lock-types fcntl flock", Told("set lock-types")),
            ("proxy \"socks://h:1\"", Carried("proxy: socks5://h:1\n")),
            ("proxy \"socks://h\"", Carried("proxy: socks5://h:1080\n")),
            (
                "proxy \"socks://u:p@w@h\"",
                Carried("proxy: socks5://u:p%40w@h:1080\n"),
            ),
            ("proxy \"socks://u@h\"", Told("set proxy")),
            ("proxy \"socks://h:x\"", Told("set proxy")),
            ("proxy \"http://h:1\"", Told("set proxy")),
            ("purge-after 5", Told("set purge-after")),
            ("no-create", Told("set no-create")),
            ("file-umask 077", Told("set file-umask")),
            ("file-group user", Told("set file-group")),
            ("timeout 5", Carried("timeout: 5s\n")),
            ("timeout 2 minutes", Carried("timeout: 120s\n")),
            ("timeout 99999999999", Carried("timeout: 4294967295s\n")),
            ("timeout 0", Told("set timeout")),
            ("timeout x", Told("set timeout")),
            ("parallel-accounts 5", Told("set parallel-accounts")),
            ("of-a-newer-fdm 5", Told("set of-a-newer-fdm")),
        ] {
            let with = conf(&format!("set {setting}"), ACCOUNT, ACTION, "");
            meets(setting, fate, &with);
        }
        for (statement, word) in [
            ("cache \"/c\" expire 5", "cache"),
            ("import \"/c\"", "import"),
            ("include \"/none\"", "include /none"),
            ("$x = $(date)", "$x"),
        ] {
            meets(statement, Told(word), &conf(statement, ACCOUNT, ACTION, ""));
        }
        let plain = conf("", ACCOUNT, ACTION, "").0;
        let bare = conf("set no-received", ACCOUNT, ACTION, "").0;
        assert_eq!(bare, plain.replace("    received: true\n", ""));
        let unverified =
            b"action \"in\" drop\naccount \"a\" pop3s server \"h\" user \"u\" pass \"p\"\n";
        let (_, told) = becomes(Tool::Fdm, "conf", unverified);
        assert!(told.contains(": verify-certificates: "), "{told}");
    }

    /// Who reads the output puts the password of a proxy in, as any other, unless it is asked for.
    #[test]
    fn the_password_of_a_proxy_is_left_out_like_others() {
        let text = format!("set proxy \"socks://u:sEcRet@h\"\naccount \"a\" {ACCOUNT}\n");
        let files = [("conf".to_string(), text.as_bytes())];
        let taken = Tool::Fdm.settings(&files, &around()).unwrap();
        let text = written(&taken.accounts, Passwords::LeftOut);
        assert!(text.contains("    proxy: socks5://h:1080\n"), "{text}");
        assert!(
            text.contains("# the proxy's password stands in conf:1: "),
            "{text}"
        );
        assert!(!text.contains("sEcRet"), "{text}");
    }

    #[test]
    fn each_part_of_an_account_alone_is_carried_over_or_told() {
        const LOGIN: &str = "server \"h\" user \"u\" pass \"p\"";
        for (account, fate) in [
            (
                format!("disabled pop3s {LOGIN}"),
                Carried("enabled: false\n"),
            ),
            (format!("user \"x\" pop3s {LOGIN}"), Told("user")),
            (
                format!("users {{ \"x\" \"y\" }} pop3s {LOGIN}"),
                Told("user"),
            ),
            (format!("pop3s {LOGIN} port 996"), Carried("port: 996\n")),
            (
                format!("pop3s {LOGIN} port \"pop3s\""),
                Carried("port: 995\n"),
            ),
            (format!("pop3s {LOGIN} port \"x\""), Told("port")),
            (format!("pop3s {LOGIN} port 65536"), Told("port")),
            (
                "pop3 pipe \"x\" user \"u\" pass \"p\"".into(),
                Carried("tunnel: x\n"),
            ),
            (format!("{ACCOUNT} old-only cache \"/c\""), Told("old-only")),
            (format!("{ACCOUNT} no-apop"), Told("no-apop")),
            (format!("{ACCOUNT} no-verify"), Told("no-verify")),
            (format!("{ACCOUNT} no-uidl"), Told("no-uidl")),
            (format!("{ACCOUNT} insecure"), Told("insecure")),
            (format!("{ACCOUNT} keep"), Carried("keep: true\n")),
            (format!("pop3 {LOGIN} starttls"), Carried("tls: starttls\n")),
            (format!("pop3 {LOGIN}"), Carried("tls: none\n")),
            (format!("imap {LOGIN}"), Told("account \"a\" imap")),
            (
                "imaps server \"h\" folders { \"x\" }".into(),
                Told("account \"a\" imaps"),
            ),
            (
                "nntp server \"h\" group \"x\" cache \"/c\"".into(),
                Told("account \"a\" nntp"),
            ),
            ("maildirs { \"/m\" }".into(), Told("account \"a\" maildirs")),
            ("mbox \"/m\"".into(), Told("account \"a\" mbox")),
            ("stdin".into(), Told("account \"a\" stdin")),
        ] {
            meets(&account, fate, &conf("", &account, ACTION, ""));
        }
        // Where the record is shows in what is taken over, not in the text.
        let cache = conf("", &format!("{ACCOUNT} new-only cache \"/c\""), ACTION, "");
        assert_eq!(cache, conf("", ACCOUNT, ACTION, ""));
    }

    #[test]
    fn each_way_to_log_in_alone_is_carried_over_or_told() {
        for (account, fate) in [
            (
                "pop3s server \"netrc.example.org\"",
                Carried("netrc: true\n"),
            ),
            (
                "pop3s server \"h\" user \"u\"",
                Carried("# fdm took the password from ~/.netrc"),
            ),
            (
                "pop3s server \"i\" user \"u\" pass \"p\"",
                Carried("server: i\n"),
            ),
            (
                "pop3s server \"h\" user \"v\" pass \"p\"",
                Carried("user: v\n"),
            ),
            (
                "pop3s server \"h\" user \"u\" pass \"q\"",
                Carried("password: q\n"),
            ),
            (
                "pop3s server \"h\" user \"u\" pass $(q)",
                Carried("password_command: q\n"),
            ),
        ] {
            meets(account, fate, &conf("", account, ACTION, ""));
        }
    }

    #[test]
    fn each_action_alone_is_carried_over_or_told() {
        for (action, fate) in [
            ("drop", Told("drop")),
            ("{ maildir \"~/m\" keep }", Carried("keep: true\n")),
            ("maildir \"~/n\"", Carried("maildir: ~/n\n")),
            ("maildir \"~/m/%[hour]\"", Told("maildir")),
            ("mbox \"/b\"", Carried("mbox: /b\n")),
            ("mbox \"/b\" compress", Told("mbox")),
            ("pipe \"x\"", Carried("mda: x\n")),
            ("smtp server \"h\"", Told("smtp")),
            ("smtp server \"h\" from \"f@x\" to \"t@x\"", Told("from")),
            (
                "smtp server \"h\" port 26 to \"t@x\"",
                Carried("address: h:26\n"),
            ),
            ("smtp server \"h\" to \"t@x\"", Carried("recipient: t@x\n")),
            ("lmtp server \"h\" to \"t@x\"", Carried("lmtp:\n")),
            ("user \"x\" maildir \"~/m\"", Told("user")),
            ("tag \"x\" value \"y\"", Told("tag")),
            ("exec \"x\"", Told("exec")),
            ("write \"x\"", Told("write")),
            ("append \"x\"", Told("append")),
            ("rewrite \"x\"", Told("rewrite")),
            ("add-header \"x\" value \"y\"", Told("add-header")),
            ("remove-header \"x\"", Told("remove-header")),
            ("remove-headers { \"x\" }", Told("remove-headers")),
            ("stdout", Told("stdout")),
            ("add-to-cache \"/c\" key \"k\"", Told("add-to-cache")),
            (
                "remove-from-cache \"/c\" key \"k\"",
                Told("remove-from-cache"),
            ),
            ("action \"x\"", Told("action")),
        ] {
            meets(action, fate, &conf("", ACCOUNT, action, ""));
        }
        for rule in [
            "match matched action \"in\"",
            "match unmatched action \"in\"",
            "match case \"^From\" in headers action \"in\"",
            "match tagged \"x\" action \"in\"",
            "match size > 5 action \"in\"",
            "match age > 5 days action \"in\"",
            "match all tag \"x\" action \"in\"",
            "match accounts { \"a*\" } and matched action \"in\"",
        ] {
            let first = format!("match all action \"in\" continue\n{rule}");
            let text = format!("set verify-certificates\naction \"in\" {ACTION}\naccount \"a\" {ACCOUNT}\n{first}\n");
            let (_, told) = becomes(Tool::Fdm, "conf", text.as_bytes());
            assert!(told.contains("lost conf:5: match: "), "{rule}: {told}");
        }
    }

    #[test]
    fn a_rule_that_names_several_accounts_is_for_each_of_them() {
        let text = format!(
            "set verify-certificates\naction \"in\" {ACTION}\naction \"out\" maildir \"~/o\"\n\
             account \"a\" {ACCOUNT}\naccount \"b\" {ACCOUNT}\naccount \"c\" {ACCOUNT}\n\
             match accounts {{ \"a\" \"b\" }} action \"in\"\nmatch account \"*\" action \"out\"\n"
        );
        let (text, told) = becomes(Tool::Fdm, "conf", text.as_bytes());
        assert_eq!(told, "");
        assert_eq!(text.matches("maildir: ~/m\n").count(), 2, "{text}");
        assert_eq!(text.matches("maildir: ~/o\n").count(), 1, "{text}");
    }

    #[test]
    fn an_account_whose_destination_is_lost_is_off() {
        for action in [
            "maildir \"rel\"",
            "maildir \"~bob/m\"",
            "maildir \"/m$x\"",
            "maildir \"/m/%y\"",
            "mbox \"/b\" compress",
            "mbox \"\"",
            "pipe \"\"",
            "smtp server \"a b\" to \"t@x\"",
            "smtp server \"h\" port \"x\" to \"t@x\"",
            "smtp server \"h\" to \"t x\"",
            "smtp server \"h\"",
            "rewrite \"x\"",
            "drop",
            "{\n maildir \"~/m\"\n action \"in\" }",
        ] {
            let (text, told) = conf("", ACCOUNT, action, "");
            let line = 3 + action.lines().count() - action.lines().count().min(1);
            assert!(
                told.starts_with(&format!("lost conf:{line}: ")),
                "{action}: {told}"
            );
            assert!(
                text.contains("enabled: false\n") && text.contains("exit 75"),
                "{action}: {text}"
            );
        }
        let (text, _) = conf(
            "",
            ACCOUNT,
            "smtp server \"::1\" port \"smtp\" to \"t@x\"",
            "",
        );
        assert!(text.contains("address: '[::1]:25'\n"), "{text}");
    }

    #[test]
    fn an_account_for_what_is_old_is_off_and_takes_no_record() {
        for keep in ["", " keep"] {
            let text = format!("account \"a\" {ACCOUNT} old-only cache \"/c\"{keep}\n");
            let files = [("conf".to_string(), text.as_bytes())];
            let taken = Tool::Fdm.settings(&files, &around()).unwrap();
            assert_eq!(taken.accounts[0].record, None);
            let off = taken.accounts[0].keys.get("enabled");
            assert_eq!(off.and_then(serde_yaml::Value::as_bool), Some(false));
            let lost = |it: &crate::import::Remark| it.is_loss() && it.word == "old-only";
            assert!(taken.remarks.iter().any(lost));
        }
    }

    #[test]
    fn an_account_without_a_server_or_a_user_is_passed_by() {
        for account in [
            "pop3s server \"\" user \"u\" pass \"p\"",
            "pop3s server \"a b\" user \"u\" pass \"p\"",
            "pop3s server \"h\" user \"\" pass \"p\"",
            "pop3s server \"h\" user \"u\\nv\" pass \"p\"",
            "pop3s server \"h\"",
            "pop3s user \"u\" pass \"p\"",
            "pop3 pipe \" \" user \"u\" pass \"p\"",
        ] {
            let (text, told) = conf("", account, ACTION, "");
            assert_eq!(text, "accounts: {}\n", "{account}");
            assert!(told.starts_with("lost conf:4: "), "{account}: {told}");
        }
    }

    #[test]
    fn a_command_goes_through_no_proxy() {
        let proxy = "set proxy \"socks://h:1\"";
        let (text, _) = conf(proxy, "pop3 pipe \"x\" user \"u\" pass \"p\"", ACTION, "");
        assert!(
            text.contains("tunnel: x\n") && !text.contains("proxy"),
            "{text}"
        );
    }

    #[test]
    fn without_the_one_home_folder_of_who_imports_the_account_is_off() {
        let bob = "set default-user \"bob\"";
        let users = |users: &str| format!("{users} {ACCOUNT}");
        for (before, account, action, word) in [
            (bob, ACCOUNT, ACTION, "maildir"),
            (bob, ACCOUNT, "mbox \"%h/m\"", "mbox"),
            (bob, ACCOUNT, "pipe \"x %[home]\"", "pipe"),
            ("", &users("user \"bob\""), ACTION, "maildir"),
            ("", &users("user \"1000\""), ACTION, "maildir"),
            ("", ACCOUNT, "user \"bob\" maildir \"~/m\"", "maildir"),
            (
                "",
                &users("users { \"ann\" \"bob\" }"),
                "maildir \"/m\"",
                "user",
            ),
            (
                "",
                ACCOUNT,
                "users { \"ann\" \"bob\" } maildir \"/m\"",
                "user",
            ),
        ] {
            let (text, told) = conf(before, account, action, "");
            let off = text.contains("enabled: false\n") && text.contains("exit 75");
            assert!(off, "{before} {account} {action}: {text}");
            let lost =
                |line: &str| line.starts_with("lost ") && line.contains(&format!(": {word}: "));
            assert!(
                told.lines().any(lost),
                "{before} {account} {action}: {told}"
            );
        }
        for (before, account, action) in [
            (bob, ACCOUNT, "maildir \"/m\""),
            (bob, &users("user \"ann\""), ACTION),
            (
                "",
                &users("users { \"ann\" \"bob\" }"),
                "user \"ann\" maildir \"~/m\"",
            ),
        ] {
            let (text, told) = conf(before, account, action, "");
            assert!(
                !text.contains("enabled") && !told.contains("lost"),
                "{told}"
            );
        }
    }

    #[test]
    fn mail_is_delivered_as_the_user_who_is_named() {
        let joe = "set default-user \"joe\"\nset default-user \"bob\"";
        let other = "user \"kim\" pop3s server \"h\" user \"u\" pass \"p\"";
        let both = "users { \"kim\" \"joe\" } pop3s server \"h\" user \"u\" pass \"p\"";
        for (before, account, action, command) in [
            ("", ACCOUNT, "pipe \"x -d %u\"", "x -d ann"),
            (joe, ACCOUNT, "pipe \"x -d %u\"", "x -d joe"),
            (joe, other, "pipe \"x -d %[user]\"", "x -d kim"),
            (
                joe,
                other,
                "user \"tom\" pipe \"x -d %u -a %a\"",
                "x -d tom -a a",
            ),
            (joe, both, "pipe \"x -d %u\"", "exit 75"),
            (
                "set default-user 1000",
                ACCOUNT,
                "pipe \"x -d %u\"",
                "exit 75",
            ),
        ] {
            let (text, told) = conf(before, account, action, "");
            assert!(
                text.contains(command),
                "{before} {account} {action}: {text}{told}"
            );
        }
    }
}
