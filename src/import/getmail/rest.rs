//! What of an rc file has no place in an account.

use super::super::draft::Draft;
use super::super::ini::Section;
use super::super::place::Weight;
use super::super::said::Said;
use super::sections::{Kind, Sections};
use std::collections::HashSet;

/// Keys of the retriever that become keys here.
const RETRIEVER: [&str; 14] = [
    "type",
    "server",
    "port",
    "username",
    "password",
    "password_command",
    "use_xoauth2",
    "use_apop",
    "timeout",
    "ca_certs",
    "ssl_fingerprints",
    "ssl_cert_hostname",
    "certfile",
    "keyfile",
];

/// Options that do.
const OPTIONS: [&str; 8] = [
    "delete",
    "delivered_to",
    "delete_after",
    "read_all",
    "max_message_size",
    "max_messages_per_session",
    "received",
    "use_netrc",
];

/// Keys of destinations that do, by the type.
const DESTINATIONS: [(&str, &[&str]); 6] = [
    ("Maildir", &["type", "path"]),
    ("Mboxrd", &["type", "path", "locktype"]),
    ("MDA_external", &["type", "path", "arguments"]),
    ("MDA_lmtp", &["type", "host", "port", "override"]),
    ("MultiDestination", &["type", "destinations"]),
    ("MultiSorter", &["type", "default", "locals"]),
];

/// Tells of every section and key that is not carried over.
pub fn tell(draft: &mut Draft, sections: &Sections, kind: &Kind) {
    let used = used(sections);
    for section in sections.all {
        let name = section.name.as_str();
        let carried: &[&str] = match name {
            "retriever" => &RETRIEVER,
            "options" => &OPTIONS,
            name if name.starts_with("filter") => {
                let why = "popget has no such filters; see header_filter, or an MDA";
                draft.lost(&section.spot, name, why);
                continue;
            }
            name if name != "destination" && !used.contains(name) => {
                draft.told(&section.spot, name, "no destination names this section");
                continue;
            }
            _ => match of_type(section) {
                Some(keys) => keys,
                None => continue, // the destination is told as a whole
            },
        };
        for (key, said) in &section.keys {
            let key = key.as_str();
            let envelope = key == "envelope_recipient" && name == "retriever" && kind.multidrop;
            if !carried.contains(&key) && !envelope {
                let (weight, why) = astray(name, key).unwrap_or_else(|| without(key));
                draft.remark(&said.spot, key, why, weight);
            }
        }
    }
}

/// The names in brackets that stand in values.
fn used(sections: &Sections) -> HashSet<String> {
    let values = sections.all.iter().flat_map(|section| &section.keys);
    let texts = values.map(|(_, said)| said.shown());
    let names = texts.flat_map(|text| {
        let parts = text.split('[').skip(1);
        let names = parts.filter_map(|part| Some(part.split_once(']')?.0.to_owned()));
        names.collect::<Vec<_>>()
    });
    names.collect()
}

fn of_type(section: &Section) -> Option<&'static [&'static str]> {
    let kind = section.of("type").and_then(Said::text)?;
    let known = DESTINATIONS.iter().find(|(known, _)| *known == kind);
    known.map(|(_, keys)| *keys)
}

/// What is said of a key that popget has, in a section in which getmail does not look for it.
fn astray(section: &str, key: &str) -> Option<(Weight, &'static str)> {
    let why = match section {
        "retriever" if OPTIONS.contains(&key) => "counts in [options] only, for getmail, too",
        "options" if RETRIEVER.contains(&key) => "counts in [retriever] only, for getmail, too",
        _ => return None,
    };
    Some((Weight::Told, why))
}

/// Why a key is not carried over, and how much that matters.
fn without(key: &str) -> (Weight, &'static str) {
    use Weight::{Lost, Told};
    match key {
        "delete_bigger_than" => (
            Lost,
            "popget deletes nothing that it has not delivered: see max_size",
        ),
        "delete_dup_msgids" => (
            Lost,
            "popget tells messages apart by their UIDs, never by Message-ID",
        ),
        "max_bytes_per_session" => (Lost, "popget has limit, a number of messages"),
        "ssl_version" => (Lost, "use tls_min_version"),
        "ssl_ciphers" => (Lost, "the settings of the system's TLS library say it"),
        "use_kerberos" | "use_gssapi" => (Lost, "use auth: [gssapi]"),
        "use_peek"
        | "move_on_delete"
        | "record_mailbox"
        | "mailboxes"
        | "imap_search"
        | "imap_on_delete"
        | "skip_imap_fetch_size" => (Told, "is of IMAP"),
        "envelope_recipient" => (Told, "matters to a multidrop retriever only"),
        "netrc_file" => (Told, "popget reads ~/.netrc, or the file in $NETRC"),
        "verbose" | "logfile" | "message_log" | "message_log_syslog" | "message_log_verbose" => (
            Told,
            "popget has -v, and standard error may go to a file or the journal",
        ),
        "to_oldmail_on_each_mail" | "only_oldmail_file" | "fingerprint" => (
            Told,
            "is not needed: popget remembers each message as it comes",
        ),
        "user" => (Lost, "popget delivers as the user who runs it"),
        "group" | "allow_root_commands" => (Told, "popget delivers as the user who runs it"),
        "filemode" => (Told, "the umask of who runs popget says it"),
        "unixfrom" => (
            Told,
            "popget puts no From_ line before a message; its sender is in $SENDER",
        ),
        "ignore_stderr" | "pipe_stdout" => {
            (Told, "is not needed: the exit status of an mda counts")
        }
        "fallback" => (Told, "use multidrop's unmatched"),
        _ => (Lost, "popget has nothing like it"),
    }
}

#[cfg(test)]
mod tests {
    use crate::import::tests::{
        becomes,
        Fate::{Carried, Told},
    };
    use crate::import::Tool;

    /// The sections of an rc file in which nothing is to be said of.
    const RETRIEVER: &str =
        "type = SimplePOP3SSLRetriever\nserver = h\nusername = u\nca_certs = /ca\n";
    const OPTIONS: &str = "read_all = false\ndelivered_to = false\n";
    const DESTINATION: &str = "type = Maildir\npath = /m/\n";

    fn rc(retriever: &str, destination: &str, options: &str) -> (String, String) {
        let text =
            format!("[retriever]\n{retriever}[destination]\n{destination}[options]\n{options}");
        becomes(Tool::Getmail, "rc", text.as_bytes())
    }

    #[test]
    fn each_key_of_a_retriever_alone_is_carried_over_or_told() {
        let plain = rc(RETRIEVER, DESTINATION, OPTIONS);
        assert_eq!(plain.1, "");
        for (line, fate) in [
            ("port = 996", Carried("port: 996\n")),
            ("password = x", Carried("password: x\n")),
            (
                "password_command = ('x',)",
                Carried("password_command:\n    - x\n"),
            ),
            ("mailboxes = ('INBOX',)", Told("mailboxes")),
            ("use_peek = true", Told("use_peek")),
            ("move_on_delete = x", Told("move_on_delete")),
            ("record_mailbox = true", Told("record_mailbox")),
            ("imap_search = x", Told("imap_search")),
            ("imap_on_delete = x", Told("imap_on_delete")),
            ("use_kerberos = true", Told("use_kerberos")),
            ("use_xoauth2 = true", Carried("auth:\n    - xoauth2\n")),
            ("use_apop = true", Carried("auth:\n    - apop\n")),
            ("keyfile = /k", Told("keyfile")),
            ("certfile = /c", Carried("tls_client_cert: /c\n")),
            ("ssl_ciphers = x", Told("ssl_ciphers")),
            ("ssl_version = x", Told("ssl_version")),
            ("ssl_fingerprints = ('x',)", Told("ssl_fingerprints")),
            ("ssl_cert_hostname = x", Carried("tls_server_name: x\n")),
            ("timeout = 5", Carried("timeout: 5s\n")),
            ("delete_dup_msgids = true", Told("delete_dup_msgids")),
            ("envelope_recipient = X-To", Told("envelope_recipient")),
            ("of_a_newer_getmail = x", Told("of_a_newer_getmail")),
        ] {
            let retriever = format!("{RETRIEVER}{line}\n");
            fate.is_met(line, &plain, &rc(&retriever, DESTINATION, OPTIONS));
        }
        let both = format!("{RETRIEVER}password = x\npassword_command = ('y',)\n");
        let both = rc(&both, DESTINATION, OPTIONS);
        assert!(
            both.0.contains("password: x\n") && !both.0.contains("- y"),
            "{}",
            both.0
        );
        assert!(both.1.contains(": password_command: "), "{}", both.1);
    }

    #[test]
    fn each_option_alone_is_carried_over_or_told() {
        let plain = rc(RETRIEVER, DESTINATION, OPTIONS);
        for (line, fate) in [
            ("verbose = 2", Told("verbose")),
            ("use_netrc = true", Carried("netrc: true\n")),
            ("netrc_file = /n", Told("netrc_file")),
            ("delete = true", Carried("keep: false\n")),
            ("delete_after = 5", Carried("keep: 5d\n")),
            (
                "to_oldmail_on_each_mail = true",
                Told("to_oldmail_on_each_mail"),
            ),
            ("only_oldmail_file = true", Told("only_oldmail_file")),
            ("skip_imap_fetch_size = true", Told("skip_imap_fetch_size")),
            ("delete_bigger_than = 5", Told("delete_bigger_than")),
            ("max_bytes_per_session = 5", Told("max_bytes_per_session")),
            ("max_message_size = 5", Carried("max_size: 5\n")),
            ("max_messages_per_session = 5", Carried("limit: 5\n")),
            ("message_log = /l", Told("message_log")),
            ("message_log_syslog = true", Told("message_log_syslog")),
            ("message_log_verbose = true", Told("message_log_verbose")),
            ("logfile = /l", Told("logfile")),
            ("fingerprint = true", Told("fingerprint")),
            ("of_a_newer_getmail = x", Told("of_a_newer_getmail")),
        ] {
            let options = format!("{OPTIONS}{line}\n");
            fate.is_met(line, &plain, &rc(RETRIEVER, DESTINATION, &options));
        }
        let bare = rc(
            RETRIEVER,
            DESTINATION,
            &format!("{OPTIONS}received = false\n"),
        );
        assert_eq!(bare.0, plain.0.replace("    received: true\n", ""));
        let all = rc(RETRIEVER, DESTINATION, "");
        assert!(all.1.contains(": read_all: "), "{}", all.1);
        assert!(all.1.contains("told rc:1: delivered_to: "), "{}", all.1);
        let told = rc(
            RETRIEVER,
            DESTINATION,
            "read_all = false\ndelivered_to = yes\n",
        );
        assert!(told.1.contains("told rc:11: delivered_to: "), "{}", told.1);
    }

    #[test]
    fn a_key_in_a_section_that_is_not_its_own_is_told_as_such() {
        let retriever = format!("{RETRIEVER}use_netrc = true\n");
        let (yaml, told) = rc(&retriever, DESTINATION, &format!("{OPTIONS}timeout = 5\n"));
        assert!(
            yaml.contains("timeout: 180s") && !yaml.contains("netrc:"),
            "{yaml}"
        );
        let meant = "told rc:6: use_netrc: counts in [options] only, for getmail, too\n\
                     told rc:13: timeout: counts in [retriever] only, for getmail, too\n";
        assert_eq!(told, meant);
    }

    #[test]
    fn each_key_of_a_destination_alone_is_carried_over_or_told() {
        for (destination, lines) in [
            (
                DESTINATION,
                &[
                    ("user = true", Told("user")),
                    ("filemode = true", Told("filemode")),
                    ("x = true", Told("x")),
                ][..],
            ),
            (
                "type = Mboxrd\npath = /b\n",
                &[
                    ("user = true", Told("user")),
                    ("locktype = flock", Told("locktype")),
                    ("x = true", Told("x")),
                ],
            ),
            (
                "type = MDA_external\npath = /bin/x\n",
                &[
                    ("arguments = ('x',)", Carried("- /bin/x\n      - x\n")),
                    ("unixfrom = true", Told("unixfrom")),
                    ("user = true", Told("user")),
                    ("group = true", Told("group")),
                    ("allow_root_commands = true", Told("allow_root_commands")),
                    ("ignore_stderr = true", Told("ignore_stderr")),
                    ("pipe_stdout = true", Told("pipe_stdout")),
                    ("x = true", Told("x")),
                ],
            ),
            (
                "type = MDA_lmtp\nhost = h\n",
                &[
                    ("port = 26", Carried("h:26")),
                    ("fallback = true", Told("fallback")),
                    ("override = x@y", Carried("x@y")),
                    ("x = true", Told("x")),
                ],
            ),
            (
                "type = MultiDestination\ndestinations = ('/m/', '/n/')\n",
                &[("user = true", Told("user")), ("x = true", Told("x"))],
            ),
        ] {
            let plain = rc(RETRIEVER, destination, OPTIONS);
            assert_eq!(plain.1, "", "{destination}");
            for (line, fate) in lines {
                let with = rc(RETRIEVER, &format!("{destination}{line}\n"), OPTIONS);
                fate.is_met(line, &plain, &with);
            }
        }
    }

    #[test]
    fn what_is_no_destination_or_is_named_by_none_is_told() {
        for kind in ["MultiGuesser", "MDA_qmaillocal", "MultiSorter", "x"] {
            let with = rc(
                RETRIEVER,
                &format!("type = {kind}\ndefault = /m/\n"),
                OPTIONS,
            );
            assert!(with.1.contains("lost"), "{kind}: {}", with.1);
        }
        for odd in [
            "type = MDA_lmtp\n",
            "type = MultiDestination\n",
            "type = MultiDestination\ndestinations = ('x',)\n",
        ] {
            let with = rc(RETRIEVER, odd, OPTIONS);
            assert!(
                with.1.contains("lost rc:6: [destination]"),
                "{odd}: {}",
                with.1
            );
        }
        let boxes = "[b]\ntype = Mboxrd\npath = /b\n";
        let unused = rc(RETRIEVER, DESTINATION, &format!("{OPTIONS}{boxes}"));
        assert!(unused.1.contains("told rc:12: b: "), "{}", unused.1);
        let filter = rc(
            RETRIEVER,
            DESTINATION,
            &format!("{OPTIONS}[filter-1]\ntype = x\n"),
        );
        assert!(filter.1.contains(": filter-1: "), "{}", filter.1);
    }
}
