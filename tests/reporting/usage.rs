//! Help, version, completions, and what is said to those who use the command line wrongly.

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
        scene
            .run_with(&["--version"])
            .prints_exactly(version.as_bytes())
            .exits(0);
        scene
            .run_with(&["-V"])
            .prints_exactly(version.as_bytes())
            .exits(0);
        let mut outcome = scene.run_with(&["completions", "--help"]);
        assert!(outcome.take_stdout().contains("Usage: popget completions"));
        outcome.exits(0);
    }
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

#[test]
fn wrong_usage_is_said_in_one_line() {
    for (arguments, said) in [
        (&["--unknown"][..], "unexpected argument '--unknown' found"),
        (&["--acount", "x"], "unexpected argument '--acount' found; a similar argument exists: '--account'"),
        (&["fetch"], "unrecognized subcommand 'fetch'"),
        (&["--account"], "a value is required for '--account <NAME>' but none was supplied"),
        (&["--jobs", "0"], "invalid value '0' for '--jobs <N>': 0 is not in 1..=1000"),
        (&["--jobs", "x"], "invalid value 'x' for '--jobs <N>': invalid digit found in string"),
        (&["--limit", "-1"], "unexpected argument '-1' found"),
        (&["--keep", "--delete"], "the argument '--keep' cannot be used with '--delete'"),
        (&["-q", "-v"], "the argument '--quiet...' cannot be used with '--verbose...'"),
        (&["--color", "maybe"], "invalid value 'maybe' for '--color <WHEN>' [possible values: auto, always, never]"),
        (&["--config", "a", "--config", "b"], "the argument '--config <FILE>' cannot be used multiple times"),
        (&["completions"], "the following required arguments were not provided: <SHELL>"),
        (&["completions", "csh"], "invalid value 'csh' for '<SHELL>' [possible values: bash, elvish, fish, powershell, zsh]; a similar value exists: 'zsh'"),
        (&["--account", "\u{1b}[31mx\n"], "there is no account \\x1b[31mx\\x0a in {home}/.config/popget/popget.yaml"),
    ] {
        let end = if said.starts_with("there is") { "" } else { "; see popget --help" };
        Scene::new()
            .run_with(arguments)
            .says_exactly(&format!("popget: {said}{end}\n"))
            .exits(64);
    }
}

#[test]
fn a_size_on_the_command_line_is_read_as_in_the_file() {
    let mut scene = Scene::new();
    scene
        .run_with(&["--max-size", "25TB"])
        .says_exactly("popget: --max-size 25TB: not a size such as 25MB\n")
        .exits(64);
}
