//! An rc file of getmail as an account.

use super::super::draft::{Account, Draft};
use super::super::fit;
use super::super::ini::Section;
use super::super::place::Remark;
use super::super::record::RecordAt;
use super::super::said::Said;
use super::super::Around;
use super::destination;
use super::literal::Literal;
use super::sections::{Kind, Sections};
use super::{record_name, rest, sorter};
use crate::net::Fingerprint;
use serde_yaml::{Mapping, Value};
use std::rc::Rc;

/// getmail waits so many seconds unless it is told otherwise.
const TIMEOUT: u64 = 180;

/// Writes the account; none if there is nothing of POP3 in it.
pub fn convert(
    file: &Rc<str>,
    all: &[Section],
    around: &Around,
    remarks: &mut Vec<Remark>,
) -> Option<Account> {
    let sections = Sections::new(all);
    let retriever = sections.named("retriever")?;
    let name = file.rsplit('/').next().unwrap_or(file).to_string();
    let mut draft = Draft::new(name, &retriever.spot, remarks);
    let kind = retriever.of("type").and_then(Said::text);
    let Some(kind) = kind.and_then(Kind::read) else {
        let spot = retriever
            .of("type")
            .map_or(&retriever.spot, |said| &said.spot);
        draft.lost(
            spot,
            "type",
            "is no retriever of POP3; this file is passed by",
        );
        return None;
    };
    let server = retriever.of("server");
    let name = server.and_then(|said| said.text().and_then(fit::host));
    let Some((server, name)) = server.zip(name) else {
        let spot = server.map_or(&retriever.spot, |said| &said.spot);
        let why = "is missing, or is no name of a host; this file is passed by";
        draft.lost(spot, "server", why);
        return None;
    };
    draft.set("server", name);
    let own_port = port(&mut draft, &sections);
    let port = own_port.unwrap_or(if kind.tls { 995 } else { 110 });
    if let Some(port) = own_port {
        draft.set("port", port);
    }
    draft.set("tls", if kind.tls { "implicit" } else { "none" });
    sections.odd(&mut draft);
    if !login(&mut draft, &sections, around) {
        return None;
    }
    if !kind.tls {
        draft.in_the_clear(&retriever.spot, vec!["user-pass"]);
    }
    trust(&mut draft, retriever, &kind);
    draft.seconds(
        "timeout",
        sections
            .number("retriever", "timeout")
            .map_or(TIMEOUT, |seconds| seconds.min(fit::LONGEST)),
    );
    policy(&mut draft, &sections, &kind);
    place(&mut draft, (&sections, &around.home), &kind);
    rest::tell(&mut draft, &sections, &kind);
    let user = retriever.of("username").map_or(String::new(), Said::shown);
    draft.account.record = Some(record(server, port, user));
    Some(draft.account)
}

/// Where the record of a maildrop is.
fn record(server: &Said, port: u64, user: String) -> RecordAt {
    let path = record_name(&server.shown(), port, &user);
    RecordAt {
        paths: vec![server.with(path)],
        server: server.bytes.clone(),
        user: user.into_bytes(),
    }
}

/// The port that is named; one that can be none is told.
fn port(draft: &mut Draft, sections: &Sections) -> Option<u64> {
    let number = sections.number("retriever", "port")?;
    let port = fit::port(Some(number));
    if let (None, Some(said)) = (port, sections.of("retriever", "port")) {
        draft.lost(&said.spot, "port", "is no port; it is the usual one now");
    }
    port
}

/// A tuple of words that is a command, as a list.
fn words(said: &Said) -> Option<Vec<String>> {
    let words = Literal::read(said.text()?)?.texts()?;
    let named = words.first().is_some_and(|word| !word.is_empty());
    let whole = words.iter().all(|word| !word.contains('\0'));
    (named && whole).then_some(words)
}

/// Writes who logs in and how. False if nobody can.
fn login(draft: &mut Draft, sections: &Sections, around: &Around) -> bool {
    let of = |key| sections.of("retriever", key);
    match of("username").map(|user| (user, fit::unfit_user(user))) {
        Some((user, None)) => draft.text("user", user),
        Some((user, Some(why))) => {
            draft.lost(&user.spot, "username", why);
            return false;
        }
        None => {
            let spot = draft.account.spot.clone();
            draft.lost(&spot, "username", "is missing; this file is passed by");
            return false;
        }
    }
    if sections.flag("retriever", "use_xoauth2") {
        draft.set("auth", vec!["xoauth2"]);
    } else if sections.flag("retriever", "use_apop") {
        draft.set("auth", vec!["apop"]);
    }
    password(draft, sections, around);
    true
}

/// Writes where the password is, or the token.
fn password(draft: &mut Draft, sections: &Sections, around: &Around) {
    let token = sections.flag("retriever", "use_xoauth2");
    let of = |key| sections.of("retriever", key);
    let in_netrc = (around.in_netrc)(&of("server").map_or(String::new(), Said::shown));
    let wants_netrc = sections.flag("options", "use_netrc");
    let (password, command) = (of("password"), of("password_command"));
    if let (true, true, false, Some(said)) = (in_netrc, wants_netrc, token, password.or(command)) {
        let why = "getmail takes user and password from ~/.netrc, which names the host, instead; \
                   popget takes the password of this user from there";
        let word = if password.is_some() {
            "password"
        } else {
            "password_command"
        };
        draft.told(&said.spot, word, why);
        draft.set("netrc", true);
    } else if let (Some(password), false) = (password, token) {
        draft.account.password = Some(password.clone());
        if let Some(command) = command {
            let why = "getmail runs it only where password is not there";
            draft.told(&command.spot, "password_command", why);
        }
    } else if let Some(command) = command {
        match words(command) {
            Some(words) if token => {
                draft.set(
                    "oauth",
                    Mapping::from_iter([("token_command".into(), words.into())]),
                );
            }
            Some(words) => draft.set("password_command", words),
            None => {
                let why = "is no tuple of words; write it as a list";
                draft.lost(&command.spot, "password_command", why);
            }
        }
    } else if let Some(password) = password {
        draft.account.password = Some(password.clone());
    } else if wants_netrc || in_netrc {
        draft.set("netrc", true);
    } else {
        draft.note("getmail asked the key ring or you for the password: see password_command");
    }
}

fn trust(draft: &mut Draft, retriever: &Section, kind: &Kind) {
    match retriever.of("ca_certs") {
        Some(file) => open_path(draft, "tls_ca_file", ("ca_certs", file)),
        None if kind.tls => {
            let why = "getmail did not check the server's certificate, popget does";
            draft.told(&retriever.spot, "ca_certs", why);
        }
        None => {}
    }
    if let Some(prints) = retriever.of("ssl_fingerprints") {
        let list = prints.text().and_then(Literal::read);
        let list = match list {
            Some(Literal::Text(one)) => Some(vec![one]),
            other => other.and_then(Literal::texts),
        };
        let list = list.or_else(|| prints.text().map(|text| vec![text.to_string()]));
        let good = |list: &Vec<String>| list.iter().all(|it| Fingerprint::parse(it).is_some());
        match list.filter(|list| good(list) && !list.is_empty()) {
            Some(list) => draft.set("tls_fingerprint", list),
            None => {
                let why = "is not of SHA-256; popget probe tells the one that is";
                draft.lost(&prints.spot, "ssl_fingerprints", why);
            }
        }
    }
    if let Some(name) = retriever.of("ssl_cert_hostname") {
        draft.text("tls_server_name", name);
    }
    match (retriever.of("certfile"), retriever.of("keyfile")) {
        (Some(cert), key) => {
            open_path(draft, "tls_client_cert", ("certfile", cert));
            if let Some(key) = key.filter(|_| draft.account.keys.contains_key("tls_client_cert")) {
                open_path(draft, "tls_client_key", ("keyfile", key));
            }
        }
        (None, Some(key)) => draft.told(&key.spot, "keyfile", "means nothing without certfile"),
        (None, None) => {}
    }
}

/// Sets a key to a path, if popget takes it.
fn open_path(draft: &mut Draft, key: &str, (word, said): (&str, &Said)) {
    if let Some(path) = fit::open_path(draft, word, said) {
        draft.set(key, path);
    }
}

fn policy(draft: &mut Draft, sections: &Sections, kind: &Kind) {
    let delete = sections.flag("options", "delete");
    let days = sections.number("options", "delete_after");
    let keep: Value = match (delete, days) {
        (true, _) => false.into(),
        (false, Some(days)) => format!("{}d", days.min(fit::LONGEST / 86_400)).into(),
        (false, None) => true.into(),
    };
    draft.set("keep", keep);
    let spot = sections
        .of("options", "read_all")
        .map_or(draft.account.spot.clone(), |said| said.spot.clone());
    if !delete && sections.flag("options", "read_all") {
        draft.told(
            &spot,
            "read_all",
            "popget fetches only what is new; --all takes the rest once",
        );
    }
    if kind.broken && !delete {
        let why = "getmail kept no record of this maildrop: see popget state mark";
        draft.lost(&spot, "BrokenUIDL", why);
    }
    for (word, key) in [
        ("max_message_size", "max_size"),
        ("max_messages_per_session", "limit"),
    ] {
        if let Some(number) = sections.number("options", word) {
            draft.set(key, number);
        }
    }
    if sections.flag("options", "received") {
        draft.set("received", true);
    }
    if sections.flag("options", "delivered_to") {
        let said = sections.of("options", "delivered_to");
        let spot = said.map_or(draft.account.spot.clone(), |said| said.spot.clone());
        let why = match kind.multidrop {
            true => {
                "getmail put the recipient into a Delivered-To of its own; popget puts in none, \
                     but received names the recipient"
            }
            false => {
                "getmail put in a Delivered-To: unknown; popget puts one in where \
                      delivered_to names an address"
            }
        };
        draft.told(&spot, "delivered_to", why);
    }
}

fn place(draft: &mut Draft, of: (&Sections, &str), kind: &Kind) {
    let (sections, home) = of;
    match sections.named("destination") {
        Some(section) if kind.multidrop => sorter::write(draft, of, section, kind),
        Some(section) => destination::write(draft, sections, section, home),
        None => {
            let spot = draft.account.spot.clone();
            let why = "is missing; say where mail goes with deliver";
            draft.lost(&spot, "[destination]", why);
            fit::nowhere(draft);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::import::tests::becomes;
    use crate::import::Tool;

    fn rc(server: &str, destination: &str) -> (String, String) {
        let text = format!(
            "[retriever]\ntype = SimplePOP3SSLRetriever\nusername = u\n{server}\n\
             [destination]\n{destination}\n"
        );
        becomes(Tool::Getmail, "rc", text.as_bytes())
    }

    #[test]
    fn a_destination_that_popget_would_refuse_turns_the_account_off() {
        for destination in [
            "type = Maildir\npath = Mail/",
            "type = Maildir\npath = ~bob/Mail/",
            "type = Maildir\npath = /m$/",
            "type = Mboxrd\npath =",
            "type = MultiDestination\ndestinations = ('./in', '/m/')",
            "type = MDA_external\npath = maildrop",
            "type = MDA_external\npath =",
            "type = MDA_external\npath = /x\narguments = ('~bob/x',)",
            "type = MDA_external\npath = /x\narguments = ('a\\0b',)",
            "type = MDA_external\npath = /x\narguments = ('%(mailbox)',)",
            "type = MDA_lmtp\nhost = a b",
            "type = MDA_lmtp\nhost = h\nport = 70000",
            "type = MDA_lmtp\nhost = h\noverride = a@",
        ] {
            let (yaml, told) = rc("server = h", destination);
            let off = "    enabled: false\n    deliver:\n      mda: 'exit 75 ";
            assert!(yaml.contains(off), "{destination}: {yaml}");
            assert!(told.contains("lost rc:"), "{destination}: {told}");
        }
    }

    #[test]
    fn what_getmail_expands_leads_to_the_same_place() {
        for (destination, deliver) in [
            ("type = Maildir\npath = ~/Mail/", "maildir: ~/Mail/"),
            ("type = Mboxrd\npath = /m/${USER}", "mbox: /m/${USER}"),
            (
                "type = MDA_external\npath = ~/bin/x",
                "mda:\n      - /users/ann/bin/x\n",
            ),
            (
                "type = MDA_external\npath = $HOME/x\narguments = ('~/in', '$1')",
                "mda:\n      - /users/ann/x\n      - /users/ann/in\n      - $1\n",
            ),
            (
                "type = MDA_external\npath = /x\narguments = ('-d', '$USER')",
                "mda: exec \"/x\" \"-d\" \"${USER}\"\n",
            ),
            ("type = MDA_lmtp\nhost = ::1", "address: '[::1]:2003'\n"),
            (
                "type = MDA_lmtp\nhost = /run/lmtp\nport = 5",
                "address: /run/lmtp\n",
            ),
        ] {
            let (yaml, told) = rc("server = h", destination);
            assert!(yaml.contains(deliver), "{destination}: {yaml}");
            assert!(!yaml.contains("enabled"), "{destination}: {told}");
        }
    }

    #[test]
    fn what_netrc_says_counts_where_getmail_is_told_so() {
        const PLACE: &str = "type = Maildir\npath = /m/\n[options]\nuse_netrc = ";
        let text =
            |server: &str, wanted| rc(&format!("server = {server}"), &format!("{PLACE}{wanted}"));
        for (secret, word) in [
            ("password = x", "password"),
            ("password_command = ('x',)", "password_command"),
        ] {
            let known = format!("netrc.example.org\n{secret}");
            let (yaml, told) = text(&known, "true");
            assert!(
                yaml.contains("    netrc: true\n") && !yaml.contains(word),
                "{yaml}"
            );
            assert!(
                told.contains(&format!(
                    "told rc:5: {word}: getmail takes user and password"
                )),
                "{told}"
            );
            for (server, wanted) in [(known.clone(), "false"), (format!("h\n{secret}"), "true")] {
                let (yaml, told) = text(&server, wanted);
                assert!(
                    !yaml.contains("netrc:") && yaml.contains(&format!("    {word}:")),
                    "{yaml}"
                );
                assert!(!told.contains("netrc"), "{told}");
            }
        }
    }

    #[test]
    fn an_account_that_nobody_can_fetch_is_passed_by() {
        const PLACE: &str = "type = Maildir\npath = /m/";
        for server in [
            "",
            "server =",
            "server = a b",
            "server = h:5",
            "server = h\nusername =",
        ] {
            let text = match server.contains("username") {
                true => server.to_owned(),
                false => format!("{server}\nusername = u"),
            };
            let text = format!(
                "[retriever]\ntype = SimplePOP3SSLRetriever\n{text}\n[destination]\n{PLACE}\n"
            );
            let (yaml, told) = becomes(Tool::Getmail, "rc", text.as_bytes());
            assert!(!yaml.contains("server:"), "{server}: {yaml}");
            assert!(told.contains("passed by"), "{server}: {told}");
        }
        for (server, key) in [
            ("server = 2001:db8::1", "server: '[2001:db8::1]'"),
            ("server = h\nport = 995", "port: 995"),
        ] {
            let (yaml, _) = rc(server, PLACE);
            assert!(yaml.contains(key), "{yaml}");
        }
        for (server, key) in [
            ("server = h\nport = 70000", "port"),
            (
                "server = h\nssl_fingerprints = ('aa:bb',)",
                "tls_fingerprint",
            ),
            ("server = h\nca_certs = ca.pem", "tls_ca_file"),
            ("server = h\nkeyfile = /k", "tls_client_key"),
            ("server = h\npassword_command = ('',)", "password_command"),
        ] {
            let (yaml, told) = rc(server, PLACE);
            assert!(!yaml.contains(&format!("    {key}:")), "{yaml}");
            assert!(told.contains("rc:5: "), "{told}");
        }
    }
}
