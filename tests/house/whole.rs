//! The manual tells of every option of every command, every variable, file, stage, event, fact and
//! way to log in, and of none that is not there; and its command lines do what they should.

use super::manual::{popget, section};
use super::source;
use crate::support::scene::Scene;
use crate::support::server::PopServer;
use std::env;
use std::process::Command;

/// The words behind this macro in these lines, wherever it stands, up to the next macro.
fn marked<'p>(lines: impl Iterator<Item = &'p str>, mark: &str) -> Vec<String> {
    let mut found = Vec::new();
    for line in lines.filter_map(|line| line.strip_prefix('.')) {
        let mut within = false;
        for word in line.split_whitespace() {
            if word.len() == 2 && word.starts_with(char::is_uppercase) {
                within = word == mark;
                continue;
            }
            let plain = word.trim_matches(|c: char| ",.();".contains(c));
            if within && !plain.is_empty() {
                found.push(plain.to_owned());
            }
        }
    }
    unique(found)
}

fn unique(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words.dedup();
    words
}

/// All manual pages.
fn pages() -> String {
    let pages = source::files("man");
    pages.iter().map(|page| source::text(page)).collect()
}

/// The sources below a folder, without their tests, each run of blanks as one.
fn code(below: &str) -> String {
    let sources = source::sources().into_iter();
    let ours = sources.filter(|source| source.path.starts_with(below));
    let text: Vec<String> = ours.map(|source| source.written.join(" ")).collect();
    let words: Vec<&str> = text
        .iter()
        .flat_map(|text| text.split_whitespace())
        .collect();
    words.join(" ").replace("( \"", "(\"")
}

/// The texts behind one of these, which end in a quote, in the code.
fn quoted(code: &str, behind: &[&str]) -> Vec<String> {
    let parts = behind.iter().flat_map(|mark| code.split(mark).skip(1));
    let texts = parts.filter_map(|part| part.split_once('"'));
    unique(texts.map(|(text, _)| text.to_owned()).collect())
}

/// Fails with what is in the first and not in the second.
#[track_caller]
fn all_in(what: &str, ours: &[String], told: &[String]) {
    let missing = ours.iter().filter(|word| !told.contains(word));
    let missing: Vec<String> = missing.map(|word| format!("{what}: {word}")).collect();
    super::none(&missing);
}

#[test]
fn every_option_of_a_command_is_in_the_manual_and_the_reverse() {
    let help = popget(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    let commands = listed.filter_map(|line| line.split_whitespace().next());
    let mut helps: Vec<String> = commands.map(|name| popget(&[name, "--help"])).collect();
    let below = ["show", "forget", "mark", "export", "import"];
    helps.extend(below.map(|name| popget(&["state", name, "--help"])));
    let mut offered = Vec::new();
    for line in helps.iter().chain([&help]).flat_map(|help| help.lines()) {
        let words = line.trim_start().split([' ', ',', '=']);
        let flags = words.take_while(|word| word.is_empty() || word.starts_with(['-', '<', '[']));
        let long = flags.filter_map(|word| word.trim_end_matches("...").strip_prefix("--"));
        offered.extend(long.map(|flag| format!("-{flag}")));
    }
    let everywhere = marked(pages().lines(), "Fl");
    all_in(
        "no page has this option",
        &unique(offered.clone()),
        &everywhere,
    );
    let mut told = marked(source::text("man/popget.1").lines(), "Fl");
    told.retain(|flag| flag.starts_with('-'));
    all_in("no command has this option of popget.1", &told, &offered);
}

/// Variables that a library reads, or a program that popget starts.
const OTHERS: [&str; 5] = [
    "KRB5CCNAME",
    "KRB5_CONFIG",
    "PASSWORD_STORE_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
];

#[test]
fn every_variable_is_in_the_manual_and_the_reverse() {
    let code = code("src/");
    let reading = [
        "var(\"",
        "var_os(\"",
        "variable(\"",
        "named_by(\"",
        ".env(\"",
    ];
    let mut ours = quoted(&code, &reading);
    // Those in tables.
    for begin in ["POPGET_", "GNUPG", "GPG_", "DBUS_"] {
        let rest = quoted(&code, &[&format!("(\"{begin}")]);
        ours.extend(rest.iter().map(|rest| format!("{begin}{rest}")));
    }
    let everywhere = marked(pages().lines(), "Ev");
    all_in(
        "no page has this variable",
        &unique(ours.clone()),
        &everywhere,
    );
    ours.extend(OTHERS.map(str::to_owned));
    let own = source::text("man/popget.1") + &source::text("man/popget.yaml.5");
    let told = marked(own.lines(), "Ev");
    all_in("no source has this variable of the manual", &told, &ours);
}

#[test]
fn every_file_of_the_state_is_in_the_manual() {
    let places = ["src/seen/", "src/session/", "src/oauth/"]
        .map(code)
        .join(" ");
    let ours = quoted(&places, &[".file(\"", "with_extension(\"", "}."]);
    let named = |ending: &String| ending.chars().all(|c| c.is_ascii_lowercase() || c == '.');
    let ours: Vec<String> = ours
        .into_iter()
        .filter(named)
        .filter(|ending| ending.len() > 3)
        .collect();
    assert!(ours.len() >= 4, "{ours:?}");
    let told = marked(pages().lines(), "Pa");
    let ending = |path: &String| {
        path.split_once('.')
            .map_or(path.clone(), |(_, end)| end.into())
    };
    let told: Vec<String> = told.iter().map(ending).collect();
    all_in("the manual does not have this file", &ours, &told);
}

#[test]
fn every_stage_is_in_the_manual() {
    let code = code("src/event/visit.rs");
    let (_, stages) = code.split_once("impl Stage {").unwrap();
    let (stages, _) = stages.split_once(" } } }").unwrap();
    let names = quoted(stages, &["=> \""]);
    assert!(names.len() >= 9, "{names:?}");
    let page = source::text("man/popget.1");
    let told = marked(section(&page, "OUTPUT"), "Cm");
    all_in("OUTPUT in popget.1 does not have this stage", &names, &told);
}

#[test]
fn every_event_and_fact_is_in_the_manual_and_the_reverse() {
    let named = |word: &String| {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        word.len() > 1 && word.chars().all(fits)
    };
    let mut facts = quoted(&code("src/report/json"), &["(\""]);
    facts.extend(quoted(&code("src/command/state"), &["(\""]));
    let mut facts: Vec<String> = facts.into_iter().filter(named).collect();
    assert!(facts.len() > 40, "{facts:?}");
    let page = source::text("man/popget.1");
    let told = marked(section(&page, "JSON"), "Cm");
    all_in("JSON in popget.1 does not have this", &facts, &told);
    // What facts may be.
    facts.extend(quoted(&code("src/event/"), &["=> \""]));
    let always = ["time", "event", "null", "implicit", "starttls"];
    facts.extend(always.map(str::to_owned));
    all_in("no source has this of JSON in popget.1", &told, &facts);
}

#[test]
fn every_way_to_log_in_is_in_the_manual_and_the_reverse() {
    let mut scene = Scene::new().key("auth", "nonsense");
    let mut outcome = scene.run();
    let said = outcome.take_stderr();
    outcome.exits(78);
    let (_, names) = said.split_once(" is not auto, ").unwrap();
    let (names, _) = names.split_once(", or a list").unwrap();
    let known = names.split(", ").map(str::to_owned);
    let page = source::text("man/popget.yaml.5");
    let (_, keys) = page.split_once("\n.It Ic auth : Ar ways\n").unwrap();
    let (ways, _) = keys.split_once("\n.El\n").unwrap();
    let items = ways.lines().filter_map(|line| line.strip_prefix(".It Cm "));
    let told = items.flat_map(|item| item.split(" , ").map(str::to_owned));
    super::same(("auth", known.collect()), ("popget.yaml.5", told.collect()));
}

#[test]
fn the_command_lines_of_the_manual_do_what_they_should() {
    let page = source::text("man/popget.1");
    let examples = section(&page, "EXAMPLES").filter_map(|line| line.strip_prefix(".Dl "));
    // What setup does is shown in tests/setup: it would ask the name service here.
    let ours = |line: &&str| line.starts_with("popget") && !line.starts_with("popget setup");
    let lines: Vec<&str> = examples.filter(ours).collect();
    assert!(lines.len() >= 8, "{lines:?}");
    let server = PopServer::start();
    server.maildrop().add_named("a", "alpha.eml");
    let here = format!("127.0.0.1:{}", server.port());
    let jq = Command::new("jq").arg("--version").output().is_ok();
    assert!(jq || env::var("CI").as_deref() != Ok("true"), "no jq here");
    for line in lines.into_iter().filter(|line| jq || !line.contains("jq")) {
        let plain = line.replace("\\(dq", "\"").replace("\\e", "\\");
        let line = plain
            .replace("pop.example.org", &here)
            .replace("notify-send", ":");
        let script = format!("popget() {{ \"$0\" \"$@\"; }}; {line}");
        let mut scene = Scene::with_server(&server).under(&["sh", "-ec", &script]);
        let mut outcome = scene.run().exits(0);
        let printed = outcome.take_stdout();
        assert!(!line.contains("jq") || !printed.is_empty(), "{line}");
        outcome.whatever();
    }
}
