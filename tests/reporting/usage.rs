//! Help, version, completions, and what is said to those who use the command line wrongly.

use std::path::Path;
use std::{env, fs};

use crate::support::scene::Scene;

#[test]
fn help_and_version_need_no_configuration() {
    for config in ["accounts:\n", "\t"] {
        let mut scene = Scene::new().config(config);
        let mut outcome = scene.run_with(&["--help"]);
        let help = outcome.take_stdout();
        for part in [
            "Usage: popget",
            "--account",
            "--config",
            "--dry-run",
            "completions",
            "popget.yaml(5)",
        ] {
            assert!(help.contains(part), "{part} is missing in\n{help}");
        }
        assert!(
            help.lines().all(|line| line.chars().count() <= 100),
            "{help}"
        );
        outcome.exits(0);
        let version = format!("popget {}\n", env!("CARGO_PKG_VERSION"));
        for option in ["--version", "-V"] {
            let mut outcome = scene.run_with(&[option]);
            let told = outcome.take_stdout();
            assert!(told.starts_with(&version), "{told}");
            outcome.exits(0);
        }
        for (words, usage) in [
            (&["completions", "--help"][..], "Usage: popget completions"),
            (&["help", "completions"], "Usage: popget completions"),
            (&["help", "state", "mark"], "Usage: popget state mark"),
        ] {
            let mut outcome = scene.run_with(words);
            assert!(outcome.take_stdout().contains(usage), "{words:?}");
            outcome.exits(0);
        }
        let mut outcome = scene.run_with(&["help"]);
        assert_eq!(outcome.take_stdout(), help);
        outcome.exits(0);
    }
}

#[test]
fn each_command_shows_the_options_that_mean_something_to_it() {
    let shared = [
        "--account ",
        "--config ",
        "--state-dir ",
        "--jobs ",
        "--shard ",
        "--accept-new-uids",
        "--json",
        "--progress ",
        "--quiet",
        "--verbose",
        "--color ",
    ];
    let looking =
        "--account --config --state-dir --jobs --shard --accept-new-uids --json --progress \
                   --quiet --verbose --color";
    for (command, shown) in [
        ("", looking),
        ("check", looking),
        ("list", looking),
        (
            "probe",
            "--account --config --state-dir --jobs --shard --json --progress --quiet --verbose --color",
        ),
        (
            "login",
            "--config --state-dir --json --quiet --verbose --color",
        ),
        ("setup", "--config --state-dir --quiet --verbose --color"),
        (
            "state",
            "--account --config --state-dir --json --quiet --verbose --color",
        ),
        (
            "state mark",
            "--account --config --state-dir --accept-new-uids --json --progress --quiet --verbose --color",
        ),
        ("config", "--account --config --json --quiet --verbose --color"),
        ("import", "--config --state-dir --quiet --verbose --color"),
        ("completions", "--color"),
    ] {
        let words: Vec<&str> = command.split_whitespace().collect();
        let mut scene = Scene::new();
        let mut outcome = scene.run_with(&[&words[..], &["--help"]].concat());
        let help = outcome.take_stdout();
        outcome.exits(0);
        let there = shared.iter().filter(|option| help.contains(**option));
        let there: Vec<&str> = there.map(|option| option.trim_end()).collect();
        assert_eq!(there.join(" "), shown, "{command}\n{help}");
        // What is not shown is not taken either, on whichever side of the command it stands.
        for option in ["--jobs=2", "--shard=1/2", "--json"] {
            let name = option.split('=').next().unwrap();
            if command.is_empty() || shown.contains(name) {
                continue;
            }
            for words in [
                [&[option][..], &words[..]].concat(),
                [&words[..], &[option]].concat(),
            ] {
                let words = match command {
                    "login" | "setup" => [&words[..], &["x@example.org"]].concat(),
                    "completions" => [&words[..], &["bash"]].concat(),
                    "state mark" => [&words[..], &["uid"]].concat(),
                    _ => words,
                };
                let said = format!("popget: {name} means nothing to {command}; see popget --help\n");
                let mut outcome = scene.run_with(&words);
                drop(outcome.take_stdout());
                outcome.says_exactly(&said).exits(64);
            }
        }
    }
}

#[test]
fn what_setup_is_given_stands_among_its_arguments() {
    let mut outcome = Scene::new().run_with(&["setup", "--help"]).exits(0);
    let help = outcome.take_stdout();
    let arguments = help.find("\nArguments:\n").unwrap();
    let address = help.find("  <ADDRESS>").unwrap();
    assert!(
        address > arguments && address < help.find("--name").unwrap(),
        "{help}"
    );
}

#[test]
fn completions_are_printed_for_every_shell() {
    for (shell, part) in [
        ("bash", "complete -F _popget"),
        ("zsh", "#compdef popget"),
        ("fish", "complete -c popget"),
        ("elvish", "edit:completion:arg-completer[popget]"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let mut scene = Scene::new().config("\t");
        scene
            .run_with(&["completions", shell])
            .prints(part)
            .prints("dry-run")
            .exits(0);
    }
}

/// Runs each command line of the golden file, and gives what it should hold: the command, the exit
/// status, and all that is said.
fn tried(golden: &str) -> String {
    let mut tried = String::new();
    let remarks = golden.lines().take_while(|line| line.starts_with('#'));
    remarks.for_each(|line| tried += &format!("{line}\n"));
    for command in golden
        .lines()
        .filter_map(|line| line.strip_prefix("$ popget"))
    {
        let arguments: Vec<&str> = command.split_whitespace().collect();
        let mut scene = Scene::new();
        let mut outcome = scene.run_with(&arguments);
        let status = outcome.take_status().unwrap();
        let said = outcome.take_stderr();
        assert_eq!(outcome.take_stdout(), "", "popget{command}");
        outcome.whatever();
        let home = scene.path("").to_string_lossy().into_owned();
        let said = said.replace(home.trim_end_matches('/'), "~");
        tried += &format!("\n$ popget{command}\n{status} {said}");
    }
    tried
}

/// After a change of words that is meant, `POPGET_GOLDEN=new cargo nextest run --all-features -E
/// 'test(wrong_usage)'` writes the file anew.
#[test]
fn wrong_usage_is_said_as_the_golden_file_has_it() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/usage.golden");
    let kept = fs::read_to_string(&golden).unwrap();
    let tried = tried(&kept);
    if env::var_os("POPGET_GOLDEN").is_some_and(|asked| asked == "new") {
        fs::write(&golden, &tried).unwrap();
        return;
    }
    assert!(kept.matches("\n$ popget").count() > 20, "{kept}");
    assert_eq!(tried, kept);
}

#[test]
fn wrong_usage_can_do_no_harm() {
    let said = "popget: there is no account \\x1b[31mx\\x0a in \
                {home}/.config/popget/popget.yaml; it has work\n";
    Scene::new()
        .run_with(&["--account", "\u{1b}[31mx\n"])
        .says_exactly(said)
        .exits(64);
}
