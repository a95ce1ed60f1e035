//! Who may touch what: sockets, files, processes, the terminal, threads, the clock.

use super::form::holds;
use super::source::{self, Source};

/// One thing of the world outside, how code shows that it touches it, and who may.
struct Rule {
    what: &'static str,
    signs: &'static [&'static str],
    /// Modules, each with those below it.
    allowed: &'static [&'static str],
}

const RULES: [Rule; 9] = [
    Rule {
        what: "sockets",
        signs: &[
            "std::net",
            "TcpStream",
            "TcpListener",
            "UdpSocket",
            "UnixStream",
            "rustix::net",
        ],
        allowed: &["net", "oauth", "discover"],
    },
    Rule {
        what: "files",
        signs: &[
            "fs::File",
            "std::fs",
            "File::",
            "fs::",
            "OpenOptions",
            "DirBuilder",
        ],
        // net::tls reads the certificates that a server is checked against, net::dns the names of
        // name servers.
        allowed: &[
            "delivery",
            "seen",
            "config",
            "secret",
            "oauth",
            "folder",
            "spool",
            "net::tls",
            "net::dns",
            // owner looks at what files are, inherited at what the system says of us.
            "owner",
            "inherited",
            // What another program left is found by its habits.
            "command::import::files",
        ],
    },
    Rule {
        what: "processes",
        signs: &["process::Command", "Command::new", ".spawn()", ".output()"],
        allowed: &["delivery::mda", "net::tunnel", "secret", "hooks"],
    },
    Rule {
        what: "standard input",
        signs: &["stdin()"],
        // config reads the file named `-`, command::state what is to be taken over.
        allowed: &["secret", "config", "command::state"],
    },
    Rule {
        what: "standard output",
        signs: &["stdout()"],
        // delivery::mbox delivers to the mbox named `-`.
        allowed: &["report", "delivery::mbox"],
    },
    Rule {
        what: "standard error and the terminal",
        signs: &["stderr()", "termios", "IsTerminal"],
        allowed: &["report", "secret"],
    },
    Rule {
        what: "threads",
        signs: &["thread::spawn", "thread::scope", "thread::Builder"],
        // net::names waits for the resolver, which knows no time-out; delivery::maildir::aside for the
        // disk, while more mail comes.
        allowed: &["pool", "net::names", "delivery::maildir::aside"],
    },
    Rule {
        what: "the time of day",
        signs: &["SystemTime::now", "Local::now", "Utc::now"],
        // delivery::maildir names files by it, delivery::mbox dates From_ lines, report::json events.
        allowed: &[
            "session",
            "delivery::maildir",
            "delivery::mbox",
            "report::json",
        ],
    },
    Rule {
        what: "waiting",
        signs: &["thread::sleep", "sleep(", "Instant::now"],
        allowed: &[
            "session",
            "net",
            // oauth waits for a person who signs in.
            "oauth",
            "delivery::mda",
            "delivery::mbox",
            "secret",
            // Drawings follow each other by the clock.
            "report::bars",
        ],
    },
];

impl Rule {
    fn allows(&self, source: &Source) -> bool {
        let module = source.module.join("::");
        let covers = |allowed: &&str| {
            let rest = module.strip_prefix(*allowed);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
        };
        self.allowed.iter().any(covers)
    }
}

#[test]
fn the_world_outside_is_touched_by_few() {
    let mut found = Vec::new();
    for source in source::sources() {
        let rules: Vec<&Rule> = RULES.iter().filter(|rule| !rule.allows(&source)).collect();
        for (at, line) in source.code.iter().enumerate() {
            for rule in &rules {
                if let Some(sign) = rule.signs.iter().find(|sign| holds(line, sign)) {
                    found.push(format!(
                        "{}:{}: {sign}: only {} may touch {}",
                        source.path,
                        at + 1,
                        rule.allowed.join(", "),
                        rule.what
                    ));
                }
            }
        }
    }
    super::none(&found);
}

#[test]
fn only_main_and_the_commands_know_of_exit_codes() {
    // Everything else speaks of statuses by name.
    let mut found = Vec::new();
    for source in source::sources() {
        if source.module == ["main"] || source.module == ["lib"] || source.module[0] == "error" {
            continue;
        }
        for (at, line) in source.code.iter().enumerate() {
            if holds(line, "ExitCode") || holds(line, "process::exit") {
                found.push(format!("{}:{}: main ends the process", source.path, at + 1));
            }
        }
    }
    super::none(&found);
}
