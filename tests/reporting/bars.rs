//! Progress bars as they are seen: in tmux, while a slow server feeds them, and nothing of them
//! where there is no terminal for them.

use std::time::Duration;

use crate::accounts::crowd;
use crate::support::gate::Gate;
use crate::support::scene::Scene;
use crate::support::server::{Exchange, Moment, PopServer, PASSWORD};
use crate::support::terminal::Terminal;
use crate::support::tmux::Tmux;

/// A server with two messages, of which the first is large enough for a bar to move when half of it is
/// sent.
fn one_large() -> (PopServer, Scene) {
    let server = PopServer::start();
    let large = format!("Subject: large\n\n{}", "0123456789abcdef\n".repeat(20_000));
    let maildrop = server.maildrop();
    maildrop.add("large", large.as_bytes());
    maildrop.add_named("a", "alpha.eml");
    let scene = Scene::with_server(&server).key("timeout", "60s");
    let scene = scene.env("TERM", "screen");
    (server, scene)
}

/// Numbers that differ from run to run as one letter each.
fn without_numbers(line: &str) -> String {
    let mut shape = String::new();
    for letter in line.chars() {
        let number = letter.is_ascii_digit() || letter == '.' && shape.ends_with('9');
        match number {
            true if shape.ends_with('9') => {}
            true => shape.push('9'),
            false => shape.push(letter),
        }
    }
    shape.split_whitespace().collect::<Vec<_>>().join(" ")
}

const REST: [&str; 1] = ["work: 2 new messages (332.13 KiB)"];

#[test]
fn a_bar_shows_messages_bytes_rate_and_time_left() {
    for (columns, shape) in [
        (80, "work [##########..................] 9/9 9K/9K 9K/s 9s"),
        (40, "work [##.....] 9/9 9K 9K/s 9s"),
    ] {
        let (server, scene) = one_large();
        let gate = Gate::at(&server, Moment::Halfway, "RETR");
        let tmux = Tmux::start(scene, &[], (columns, 24));
        gate.wait();
        // Only a drawing that has stood for a while knows how fast it goes.
        let screen = tmux.wait("half a message", |screen| {
            screen.len() == 1 && screen[0].contains("0/2  128K")
        });
        assert!(
            screen[0].chars().count() < usize::from(columns),
            "{screen:?}"
        );
        let letters = |text: &str| text.replace(['M', 'K', 'B', '9', 's', ' ', 'h', 'm', 'd'], "");
        assert_eq!(letters(&without_numbers(&screen[0])), letters(shape));
        drop(gate);
        assert_eq!(
            tmux.rest(),
            (REST.map(str::to_owned).to_vec(), "0".to_owned())
        );
    }
}

#[test]
fn stages_are_named_until_there_is_something_to_count() {
    for (moment, command, stage) in [
        (Moment::Received, "CAPA", "connecting"),
        (Moment::Received, "PASS", "signing in"),
        (Moment::Received, "STAT", "listing"),
        (Moment::Received, "QUIT", "finishing"),
    ] {
        let (server, scene) = one_large();
        let gate = Gate::at(&server, moment, command);
        let tmux = Tmux::start(scene, &[], (80, 24));
        gate.wait();
        let shown = tmux.wait(stage, |screen| {
            screen.len() == 1 && screen[0].starts_with(&format!("work {stage}"))
        });
        let rest = shown[0]
            .strip_prefix("work ")
            .unwrap()
            .strip_prefix(stage)
            .unwrap();
        assert!(["", " 9s"].contains(&without_numbers(rest).as_str()) || rest.ends_with('s'));
        drop(gate);
        assert_eq!(tmux.rest().0, REST);
    }
}

#[test]
fn a_terminal_that_changes_its_size_keeps_nothing_of_a_bar() {
    let (server, scene) = one_large();
    let gate = Gate::at(&server, Moment::Halfway, "RETR");
    let tmux = Tmux::start(scene, &[], (100, 24));
    gate.wait();
    for (columns, rows, part) in [
        (40, 24, "[##.....] 0/2"),
        (120, 10, "] 0/2  128K/352K"),
        (20, 5, "work 0/2"),
        (80, 24, "] 0/2  128K/352K"),
    ] {
        tmux.resize(columns, rows);
        let fits = |line: &str| line.chars().count() < usize::from(columns);
        let what = format!("one line that fits {columns} columns");
        tmux.wait(&what, |screen| {
            let [line] = screen else { return false };
            fits(line) && line.starts_with("work ") && line.contains(part)
        });
    }
    drop(gate);
    assert_eq!(tmux.rest().0, REST);
}

#[test]
fn who_calls_it_off_sees_no_trace_of_it_either() {
    let (server, scene) = one_large();
    let gate = Gate::at(&server, Moment::Halfway, "RETR");
    let tmux = Tmux::start(scene, &[], (80, 24));
    gate.wait();
    tmux.wait("a bar", |screen| {
        screen.len() == 1 && screen[0].contains("128K")
    });
    tmux.keys("C-c");
    std::thread::sleep(Duration::from_millis(300));
    drop(gate);
    let (rest, status) = tmux.rest();
    assert_eq!(status, "130");
    assert!(
        rest.iter()
            .all(|line| line.starts_with("popget: work") || line.starts_with("work: ")),
        "{rest:?}"
    );
}

/// Fifty users with a message each.
fn fifty() -> (PopServer, Scene) {
    let names: Vec<String> = (10..60).map(|number| format!("account-{number}")).collect();
    let (server, text) = crowd(&names);
    for name in &names {
        server.maildrop_of(name).add_named("a", "alpha.eml");
    }
    let scene = Scene::with_server(&server).config(&text);
    (server, scene.env("TERM", "screen"))
}

#[test]
fn fifty_accounts_leave_a_line_each_and_a_total() {
    for (columns, rows, jobs, bars, counted) in [
        (80, 24, "8", 8, "and 42 more waiting"),
        (40, 24, "50", 22, "and 28 more under way"),
        (40, 10, "20", 8, "and 12 more under way, 30 waiting"),
    ] {
        let (server, scene) = fifty();
        let gate = Gate::at(&server, Moment::Received, "STAT");
        let tmux = Tmux::start(scene, &["--jobs", jobs], (columns, rows));
        gate.wait();
        let screen = tmux.wait("a bar for each", |screen| {
            let listing = screen.iter().filter(|line| line.contains(" listing"));
            listing.count() == bars && screen.last().is_some_and(|line| line == counted)
        });
        assert_eq!(screen.len(), bars + 1);
        assert!(screen.len() < usize::from(rows));
        assert!(screen.is_sorted_by_key(|line| !line.starts_with("account-")));
        drop(gate);
        let (mut rest, status) = tmux.rest();
        assert_eq!(status, "0");
        let total = rest.pop().unwrap();
        rest.sort();
        let told = (10..60).map(|number| format!("account-{number}: 1 new message (86 B)"));
        assert_eq!(rest, told.collect::<Vec<_>>());
        assert_eq!(total, "50 accounts: 50 new messages (4.20 KiB)");
    }
}

#[test]
fn a_program_that_asks_has_the_terminal_for_itself() {
    let (server, scene) = one_large();
    let asks = "printf 'Passphrase? ' > /dev/tty; read word < /dev/tty; echo \"$word\"";
    let scene = scene.without_key("password_file").key(
        "password_command",
        &format!("\"{}\"", asks.replace('"', "\\\"")),
    );
    let tmux = Tmux::start(scene, &[], (80, 24));
    tmux.wait("the question", |screen| screen == ["Passphrase?"]);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(tmux.screen(), ["Passphrase?"]);
    let gate = Gate::at(&server, Moment::Received, "STAT");
    tmux.types(PASSWORD);
    gate.wait();
    // The terminal shows what is typed, since this program does not forbid it.
    let typed = format!("Passphrase? {PASSWORD}");
    tmux.wait("the bar below it", |screen| {
        screen.len() == 2 && screen[0] == typed && screen[1].starts_with("work listing")
    });
    drop(gate);
    assert_eq!(tmux.rest().0, [&typed, REST[0]]);
}

#[test]
fn what_is_said_meanwhile_stands_above_the_bars() {
    let (server, scene) = one_large();
    let scene = scene.deliver("mda: cat > /dev/null; echo careful >&2");
    let gate = Gate::at(&server, Moment::Received, "QUIT");
    let tmux = Tmux::start(scene, &["-v"], (80, 24));
    gate.wait();
    tmux.wait("the bar below all lines", |screen| {
        let said = screen
            .iter()
            .filter(|line| line.contains("the MDA says: \"careful\""));
        let bars = screen
            .iter()
            .filter(|line| line.starts_with("work finishing"));
        let last = screen
            .last()
            .is_some_and(|line| line.starts_with("work finishing"));
        said.count() == 2 && last && bars.count() == 1
    });
    drop(gate);
    let (rest, _) = tmux.rest();
    assert!(
        !rest.iter().any(|line| line.starts_with("work finishing")),
        "{rest:?}"
    );
    assert_eq!(rest.last().unwrap(), REST[0]);
}

#[test]
fn a_dumb_terminal_gets_lines_and_nothing_else() {
    let within = "exec script -q -e -c \"exec '$0' $*\" typescript > /dev/null";
    for arguments in [
        &[][..],
        &["-v"],
        &["-vv"],
        &["--progress", "auto"],
        &["--json"],
    ] {
        let (_server, scene) = one_large();
        let mut scene = scene.env("TERM", "dumb").under(&["sh", "-c", within]);
        scene.run_with(arguments).silent().brings_mail().exits(0);
        let text = std::fs::read_to_string(scene.path("typescript")).unwrap();
        assert!(text.contains("work"), "{text}");
        let plain = text.replace("\r\n", "\n");
        let odd = plain
            .chars()
            .find(|letter| letter.is_control() && *letter != '\n');
        assert_eq!(odd, None, "{arguments:?}: {text:?}");
    }
}

#[test]
fn bars_are_drawn_where_they_are_wanted() {
    let wait = |exchange: &Exchange| {
        if exchange.moment == Moment::Halfway {
            std::thread::sleep(Duration::from_millis(400));
        }
    };
    for (term, arguments, drawn) in [
        ("xterm", &[][..], true),
        ("xterm", &["-v"], true),
        ("xterm", &["--progress", "never"], false),
        ("xterm", &["--progress=never", "-v"], false),
        ("xterm", &["-q", "--progress", "always"], false),
        ("dumb", &["--progress", "always"], true),
        ("", &[], false),
    ] {
        let (server, scene) = one_large();
        server.hook(wait);
        let (terminal, _scene) = Terminal::start(scene.env("TERM", term), arguments);
        let shown = terminal.finish();
        assert_eq!(shown.text.contains("work ["), drawn, "{term} {arguments:?}");
        assert_eq!(shown.text.contains('\u{1b}'), drawn, "{term} {arguments:?}");
    }
    // Off a terminal, and where another program may write to the same one.
    let (server, mut scene) = one_large();
    server.hook(wait);
    scene.run().silent().brings_mail().exits(0);
    let mut outcome = scene.run_with(&["--all", "--progress", "always"]);
    let said = outcome.take_stderr();
    assert!(
        said.contains("work [") && said.ends_with("\u{1b}[2K\u{1b}[B\u{1b}[1A\u{1b}[?7h"),
        "{said:?}"
    );
    outcome.brings_mail().exits(0);
    let scene = scene.under(&[
        "setsid",
        "--ctty",
        "--wait",
        "sh",
        "-c",
        "\"$0\" \"$@\" | cat",
    ]);
    let terminal = Terminal::of(scene.program(&["--all", "--json"]));
    let shown = terminal.finish();
    let text = shown.text;
    assert!(
        text.contains("\"summary\"") && !text.contains('\u{1b}'),
        "{text:?}"
    );
}
