//! The shells themselves complete names of accounts, by the scripts that popget prints.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Accounts with every letter that a name can have, one of them disabled.
const CONFIG: &str =
    "accounts:\n  alice@example.org: {}\n  alice@example.net: {enabled: false}\n  \
                      bob+lists: {}\n  c.d_e-f: {}\n  home: {}\n";
const OTHER: &str = "accounts: {elsewhere: {}, else@where: {}}\n";

/// A home with a configuration, another one, and popget in a folder of its own.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        let place = Place(tempfile::tempdir().unwrap());
        for (file, text) in [
            (".config/popget/popget.yaml", CONFIG),
            ("other.yaml", OTHER),
            ("with blank.yaml", OTHER),
            ("broken.yaml", "accounts: ["),
        ] {
            let file = place.0.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        fs::create_dir(place.0.path().join("bin")).unwrap();
        let program = place.0.path().join("bin/popget");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_popget"), program).unwrap();
        place
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// A shell that knows popget and this home, and nothing else of who runs the tests.
    fn shell(&self, name: &str) -> Command {
        let mut path = self.path().join("bin").into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap());
        let mut shell = Command::new(name);
        shell
            .env_clear()
            .env("PATH", path)
            .env("HOME", self.path())
            .env("TERM", "dumb")
            .env(
                "SCRIPTS",
                concat!(env!("CARGO_MANIFEST_DIR"), "/completions"),
            )
            .current_dir(self.path())
            .stdin(Stdio::null());
        shell
    }
}

fn lines(mut shell: Command) -> Vec<String> {
    let output = shell.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "", "{shell:?}");
    let printed = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<String> = printed.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// What is offered behind these lines, in each shell the same.
const OFFERED: [(&str, &[&str]); 25] = [
    (
        "popget -a ",
        &[
            "alice@example.net",
            "alice@example.org",
            "bob+lists",
            "c.d_e-f",
            "home",
        ],
    ),
    (
        "popget --account ali",
        &["alice@example.net", "alice@example.org"],
    ),
    (
        "popget -a alice@",
        &["alice@example.net", "alice@example.org"],
    ),
    ("popget -a alice@example.o", &["alice@example.org"]),
    ("popget check -a bob", &["bob+lists"]),
    ("popget state show -a bob+", &["bob+lists"]),
    ("popget --account=c.d_", &["c.d_e-f"]),
    ("popget --account=alice@example.n", &["alice@example.net"]),
    ("popget -a home,c", &["home,c.d_e-f"]),
    (
        "popget -a alice@example.org,alice@",
        &["alice@example.org,alice@example.net"],
    ),
    (
        "popget --config other.yaml -a ",
        &["else@where", "elsewhere"],
    ),
    ("popget --config=other.yaml check -a else@", &["else@where"]),
    ("popget -c 'with blank.yaml' -a else@", &["else@where"]),
    ("popget -c ~/other.yaml -a elsew", &["elsewhere"]),
    (
        "popget login ali",
        &["alice@example.net", "alice@example.org"],
    ),
    ("popget login alice@example.o", &["alice@example.org"]),
    ("popget login --paste bob", &["bob+lists"]),
    ("popget -c other.yaml login else@", &["else@where"]),
    ("popget login --config other.yaml elsew", &["elsewhere"]),
    ("popget -c broken.yaml -a ", &[]),
    ("popget -c - -a ", &[]),
    ("popget --tls ", &["implicit", "none", "starttls"]),
    ("popget --keep --tls st", &["starttls"]),
    ("popget import --from m", &["mpop"]),
    ("popget completions fi", &["fish"]),
];

#[test]
fn bash_completes_the_names_of_accounts() {
    let place = Place::new();
    // What readline does: it divides the line, asks, and puts each offer in the place of the word's
    // last part.
    let script = r#"
        source "$SCRIPTS/popget.bash"
        COMP_LINE="$1" COMP_POINT=${#1}
        divide() {
            local rest="$1" word="" letter quote=""
            COMP_WORDS=()
            while [[ -n "$rest" ]]; do
                letter="${rest:0:1}" rest="${rest:1}"
                if [[ "$letter" == "'" ]]; then
                    [[ -n "$quote" ]] && quote="" || quote=1
                    word+="$letter"
                elif [[ -z "$quote" && "$letter" == " " ]]; then
                    [[ -n "$word" ]] && COMP_WORDS+=("$word")
                    word=""
                elif [[ -z "$quote" && "$COMP_WORDBREAKS" == *"$letter"* ]]; then
                    [[ -n "$word" ]] && COMP_WORDS+=("$word")
                    COMP_WORDS+=("$letter")
                    word=""
                else
                    word+="$letter"
                fi
            done
            [[ -n "$word" || "$1" == *" " ]] && COMP_WORDS+=("$word")
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        }
        divide "$1"
        compopt() { :; }
        word="${COMP_LINE##* }"
        kept="${word%"${word##*["$COMP_WORDBREAKS"]}"}"
        kept="${kept%@}"
        _popget popget "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        for offer in "${COMPREPLY[@]}"; do
            offer="$kept$offer"
            printf '%s\n' "${offer#--account=}"
        done
    "#;
    for (line, offered) in OFFERED {
        let mut shell = place.shell("bash");
        shell.args(["--norc", "-c", script, "bash", line]);
        assert_eq!(lines(shell), offered, "{line}");
    }
}

#[test]
fn bash_itself_completes_at_a_terminal() {
    let place = Place::new();
    fs::write(
        place.path().join("rc"),
        "PS1='> '\nsource \"$SCRIPTS/popget.bash\"\nbind 'set bell-style none'\n",
    )
    .unwrap();
    for (typed, line) in [
        ("popget -a bob", "popget -a bob+lists "),
        ("popget -a alice@example.o", "popget -a alice@example.org "),
        (
            "popget --account=alice@example.o",
            "popget --account=alice@example.org ",
        ),
        (
            "popget -a home,alice@example.n",
            "popget -a home,alice@example.net ",
        ),
        (
            "popget --config other.yaml -a elsew",
            "popget --config other.yaml -a elsewhere ",
        ),
        ("popget -c broken.yaml -a b", "popget -c broken.yaml -a b"),
        ("popget login bob", "popget login bob+lists "),
        (
            "popget login alice@example.o",
            "popget login alice@example.org ",
        ),
        ("popget --tls st", "popget --tls starttls "),
    ] {
        let seen = at_a_terminal(&place, "bash --noprofile --rcfile rc -i", typed);
        assert!(
            seen.contains(&format!("> {}", line.trim_end())),
            "{typed}: {seen}"
        );
        let more = format!("> {}", line.trim_end());
        let end = seen
            .lines()
            .find(|shown| shown.starts_with("> popget"))
            .unwrap();
        assert_eq!(end.trim_end(), more, "{seen}");
    }
}

#[test]
fn zsh_completes_at_a_terminal() {
    let place = Place::new();
    fs::write(
        place.path().join(".zshrc"),
        "PS1='> '\nfpath=($SCRIPTS $fpath)\nautoload -Uz compinit\ncompinit -u -D\nunsetopt beep\n",
    )
    .unwrap();
    for (typed, line) in [
        ("popget -a bob", "popget -a bob+lists"),
        ("popget -a alice@example.o", "popget -a alice@example.org"),
        (
            "popget check --account alice@example.n",
            "popget check --account alice@example.net",
        ),
        (
            "popget --account=alice@example.o",
            "popget --account=alice@example.org",
        ),
        ("popget -a home,c", "popget -a home,c.d_e-f"),
        ("popget state show -a ho", "popget state show -a home"),
        ("popget login bob", "popget login bob+lists"),
        (
            "popget login alice@example.o",
            "popget login alice@example.org",
        ),
        ("popget --tls st", "popget --tls starttls"),
        (
            "popget --config other.yaml check -a elsew",
            "popget --config other.yaml check -a elsewhere",
        ),
        (
            "popget -c 'with blank.yaml' -a elsew",
            "popget -c 'with blank.yaml' -a elsewhere",
        ),
        ("popget -c broken.yaml -a b", "popget -c broken.yaml -a b"),
        ("popget sta", "popget state"),
    ] {
        let seen = at_a_terminal(&place, "zsh -i", typed);
        let shown = seen.lines().find(|shown| shown.starts_with("> popget"));
        // A comma goes by itself if no other name follows.
        let shown = shown.unwrap_or_default().trim_end();
        assert_eq!(shown.trim_end_matches(','), format!("> {line}"), "{seen}");
    }
}

/// What a screen shows when this was typed to a shell, and then a tab.
fn at_a_terminal(place: &Place, shell: &str, typed: &str) -> String {
    // One of its own each time: a server takes a while to go.
    let socket = tempfile::tempdir_in(place.path()).unwrap();
    let socket = socket.path().join("tmux");
    let tmux = |words: &[&str]| {
        let mut tmux = place.shell("tmux");
        tmux.env("LC_ALL", "C.UTF-8")
            .arg("-S")
            .arg(&socket)
            .args(words);
        String::from_utf8(tmux.output().unwrap().stdout).unwrap()
    };
    tmux(&[
        "-f",
        "/dev/null",
        "new-session",
        "-d",
        "-x",
        "120",
        "-y",
        "20",
        shell,
    ]);
    let screen = || tmux(&["capture-pane", "-p"]);
    let until = |wanted: &dyn Fn(&str) -> bool| {
        for _ in 0..400 {
            if wanted(&screen()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(25));
        }
    };
    until(&|seen| seen.starts_with('>'));
    tmux(&["send-keys", "-l", typed]);
    until(&|seen| seen.contains(typed));
    tmux(&["send-keys", "Tab"]);
    // Where nothing is offered there is nothing to wait for but a while.
    let mut seen = screen();
    for _ in 0..16 {
        std::thread::sleep(Duration::from_millis(100));
        let now = screen();
        if now != seen && !now.trim_end().ends_with(typed) {
            seen = now;
            break;
        }
        seen = now;
    }
    tmux(&["kill-server"]);
    seen
}

#[test]
fn fish_completes_the_names_of_accounts() {
    let place = Place::new();
    for (line, offered) in OFFERED {
        let mut shell = place.shell("fish");
        let script = "source $SCRIPTS/popget.fish; complete -C $argv[1]";
        shell.args(["--no-config", "-c", script, line]);
        let offers = lines(shell).into_iter().map(|offer| {
            let offer = offer.split('\t').next().unwrap_or_default().to_owned();
            offer
                .strip_prefix("--account=")
                .unwrap_or(&offer)
                .to_owned()
        });
        assert_eq!(offers.collect::<Vec<_>>(), offered, "{line}");
    }
}
