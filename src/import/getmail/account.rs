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
    let server = retriever.of("server").filter(|said| !said.bytes.is_empty());
    let Some(server) = server else {
        draft.lost(
            &retriever.spot,
            "server",
            "is missing; this file is passed by",
        );
        return None;
    };
    draft.text("server", server);
    let own_port = sections.number("retriever", "port");
    let port = own_port.unwrap_or(if kind.tls { 995 } else { 110 });
    if let Some(port) = own_port {
        draft.set("port", port);
    }
    draft.set("tls", if kind.tls { "implicit" } else { "none" });
    sections.odd(&mut draft);
    login(&mut draft, &sections, around);
    if !kind.tls {
        draft.in_the_clear(&retriever.spot, vec!["user-pass"]);
    }
    trust(&mut draft, retriever, kind.tls);
    draft.seconds(
        "timeout",
        sections.number("retriever", "timeout").unwrap_or(TIMEOUT),
    );
    policy(&mut draft, &sections, &kind);
    place(&mut draft, &sections, &kind);
    rest::tell(&mut draft, &sections, &kind);
    let user = retriever.of("username").map_or(String::new(), Said::shown);
    let path = record_name(&server.shown(), port, &user);
    draft.account.record = Some(RecordAt {
        paths: vec![server.with(path)],
        server: server.bytes.clone(),
        user: user.into_bytes(),
    });
    Some(draft.account)
}

/// A tuple of words, as a list.
fn words(said: &Said) -> Option<Vec<String>> {
    Literal::read(said.text()?)?
        .texts()
        .filter(|words| !words.is_empty())
}

fn login(draft: &mut Draft, sections: &Sections, around: &Around) {
    let of = |key| sections.of("retriever", key);
    match of("username") {
        Some(user) => draft.text("user", user),
        None => draft.lost(
            &draft.account.spot.clone(),
            "username",
            "is missing; write it yourself",
        ),
    }
    let token = sections.flag("retriever", "use_xoauth2", false);
    if token {
        draft.set("auth", vec!["xoauth2"]);
    } else if sections.flag("retriever", "use_apop", false) {
        draft.set("auth", vec!["apop"]);
    }
    if let Some(command) = of("password_command") {
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
    } else if let Some(password) = of("password") {
        draft.account.password = Some(password.clone());
    } else if sections.flag("options", "use_netrc", false)
        || (around.in_netrc)(&of("server").map_or(String::new(), Said::shown))
    {
        draft.set("netrc", true);
    } else {
        draft.note("getmail asked the key ring or you for the password: see password_command");
    }
}

fn trust(draft: &mut Draft, retriever: &Section, tls: bool) {
    match retriever.of("ca_certs") {
        Some(file) => draft.text("tls_ca_file", file),
        None if tls => {
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
        match list.or_else(|| prints.text().map(|text| vec![text.to_string()])) {
            Some(list) => draft.set("tls_fingerprint", list),
            None => draft.lost(&prints.spot, "ssl_fingerprints", "is not understood"),
        }
    }
    let keys = [
        ("ssl_cert_hostname", "tls_server_name"),
        ("certfile", "tls_client_cert"),
        ("keyfile", "tls_client_key"),
    ];
    for (word, key) in keys {
        if let Some(said) = retriever.of(word) {
            draft.text(key, said);
        }
    }
}

fn policy(draft: &mut Draft, sections: &Sections, kind: &Kind) {
    let delete = sections.flag("options", "delete", false);
    let days = sections.number("options", "delete_after");
    let keep: Value = match (delete, days) {
        (true, _) => false.into(),
        (false, Some(days)) => format!("{days}d").into(),
        (false, None) => true.into(),
    };
    draft.set("keep", keep);
    let spot = sections
        .of("options", "read_all")
        .map_or(draft.account.spot.clone(), |said| said.spot.clone());
    if !delete && sections.flag("options", "read_all", true) {
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
    if sections.flag("options", "received", true) {
        draft.set("received", true);
    }
}

fn place(draft: &mut Draft, sections: &Sections, kind: &Kind) {
    match sections.named("destination") {
        Some(section) if kind.multidrop => sorter::write(draft, sections, section, kind),
        Some(section) => destination::write(draft, sections, section),
        None => {
            let spot = draft.account.spot.clone();
            let why = "is missing; say where mail goes with deliver";
            draft.lost(&spot, "[destination]", why);
            fit::nowhere(draft);
        }
    }
}
