//! The picture in the README: what a person sees in a terminal, drawn from real runs. After a change
//! of what is shown that is meant,
//!
//!     POPGET_GOLDEN=new cargo nextest run --all-features -E 'test(/^picture/)'
//!
//! draws tests/picture.svg anew.

use std::fmt::Write;
use std::path::Path;
use std::{env, fs};

use crate::support::mail;
use crate::support::scene::Scene;
use crate::support::server::{Answer, PopServer, PASSWORD};
use crate::support::terminal::Terminal;

/// As wide as the terminal is.
const COLUMNS: usize = 100;
/// From one line to the next, and how wide a letter is.
const LINE: usize = 20;
const LETTER: f64 = 8.0;

const STYLE: &str = "text{font:13.3px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;\
fill:#1f2328;white-space:pre}.typed{font-weight:700}.wrong{fill:#b3261e}\
rect{fill:#f6f8fa;stroke:#d0d7de}\
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.wrong{fill:#ff8f85}\
rect{fill:#161b22;stroke:#30363d}}";

/// Three maildrops, of which one is empty and one refuses the password.
fn server() -> PopServer {
    let mut server = PopServer::builder();
    for user in ["alice@example.org", "alice", "bob"] {
        server = server.user(user, PASSWORD);
    }
    let server = server.start();
    for (at, (_, letter)) in mail::friendly().iter().enumerate() {
        // Subjects short enough for a line.
        let whose = match at {
            4 | 7 => "alice",
            _ => "alice@example.org",
        };
        server
            .maildrop_of(whose)
            .add(&format!("{:04}", 17 + at), letter);
    }
    server
}

fn scene(server: &PopServer) -> Scene {
    let account = |name: &str, user: &str| {
        format!("  {name}: {{user: \"{user}\", deliver: {{maildir: ~/Mail/{name}}}}}\n")
    };
    let config = format!(
        "jobs: 1\ndefaults: {{server: pop.example.org, tls: none, auth: user-pass, tunnel: \"exec socat - \
         TCP:127.0.0.1:{}\", password_file: ~/password}}\naccounts:\n{}{}  office: {{enabled: false, \
         user: bob, deliver: {{maildir: ~/Mail/office}}}}\n",
        server.port(),
        account("work", "alice@example.org"),
        account("home", "alice"),
    );
    let scene = Scene::with_server(server).config(&config);
    scene.env("TERM", "xterm").env("TZ", "UTC")
}

/// What is typed, and what is seen then, whether something went wrong or not.
fn session() -> Vec<(String, &'static str)> {
    let server = server();
    let mut scene = scene(&server);
    let mut lines = Vec::new();
    for typed in ["check", "", "", "list --account home", "--account office"] {
        if typed.ends_with("office") {
            let refusal = "-ERR [AUTH] Use an app password to log in";
            server.answer("PASS", Answer::Say(refusal.into()));
        }
        lines.push((format!("$ popget {typed}").trim_end().to_owned(), "typed"));
        let arguments: Vec<&str> = typed.split_whitespace().collect();
        let (terminal, same) = Terminal::start(scene, &arguments);
        scene = same;
        scene.wraps(&[]);
        for line in terminal.finish().screen() {
            let class = if line.starts_with("popget: ") {
                "wrong"
            } else {
                "seen"
            };
            let letters: Vec<char> = line.chars().collect();
            let pieces = letters.chunks(COLUMNS);
            lines.extend(pieces.map(|piece| (piece.iter().collect(), class)));
        }
    }
    lines
}

/// Draws these lines, each with how it is to look.
fn drawn(lines: &[(String, &str)]) -> String {
    let (width, height) = (
        COLUMNS as f64 * LETTER + 40.0,
        (lines.len() + 1) * LINE + 12,
    );
    let mut body = String::new();
    for (at, (line, class)) in lines.iter().enumerate() {
        let bottom = (at + 1) * LINE + 12;
        let line = line.replace('&', "&amp;").replace('<', "&lt;");
        let _ = writeln!(
            body,
            "<text class=\"{class}\" x=\"20\" y=\"{bottom}\">{line}</text>"
        );
    }
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xml:space=\"preserve\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"popget in a terminal\">\n<style>{STYLE}</style>\n\
         <rect x=\"0.5\" y=\"0.5\" width=\"{}\" height=\"{}\" rx=\"8\"/>\n{body}</svg>\n",
        width - 1.0,
        height - 1
    )
}

#[test]
fn the_picture_shows_what_is_seen_in_a_terminal() {
    let now = drawn(&session());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/picture.svg");
    if env::var_os("POPGET_GOLDEN").is_some_and(|asked| asked == "new") {
        fs::write(&kept, &now).unwrap();
    }
    let kept = fs::read_to_string(&kept).unwrap();
    assert!(now.matches("class=\"typed\"").count() == 5 && now.contains("class=\"wrong\""));
    assert_eq!(now, kept, "tests/picture.rs says how to draw it anew");
}
