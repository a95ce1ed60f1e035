//! A terminal that others wrote: popget within tmux, and what is to be seen there.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use super::scene::Scene;

/// How long a test waits for something to appear.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the shell within says when popget has ended, and the status behind it.
const ENDED: &str = "popget has ended with";

/// A terminal in which popget was started; it goes with everything in it.
pub struct Tmux {
    socket: PathBuf,
    scene: Scene,
}

impl Tmux {
    /// Runs popget in a terminal of so many columns and lines.
    pub fn start(scene: Scene, arguments: &[&str], (columns, rows): (u16, u16)) -> Tmux {
        let socket = scene.path("tmux");
        // What runs there outlives popget, and so does the screen.
        let script = format!("trap : INT; \"$@\"; echo \"{ENDED} $?\"; exec sleep 1000");
        let name = socket.to_string_lossy().into_owned();
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let scene = scene.file("tmux.conf", b"set -g status off\n").under(&[
            "tmux",
            "-u",
            "-S",
            &name,
            "-f",
            "tmux.conf",
            "new-session",
            "-d",
            "-x",
            &columns,
            "-y",
            &rows,
            "sh",
            "-c",
            &script,
            "sh",
        ]);
        let status = scene.program(arguments).status().expect("tmux");
        assert!(status.success(), "tmux: {status}");
        Tmux { socket, scene }
    }

    /// The scene within it.
    pub fn scene(&self) -> &Scene {
        &self.scene
    }

    /// Makes the terminal so large.
    pub fn resize(&self, columns: u16, rows: u16) {
        let (columns, rows) = (columns.to_string(), rows.to_string());
        self.tmux(&["resize-window", "-x", &columns, "-y", &rows]);
    }

    /// Types this and the Enter key.
    pub fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.keys("Enter");
    }

    /// Presses a key, as tmux names it.
    pub fn keys(&self, name: &str) {
        self.tmux(&["send-keys", name]);
    }

    /// The lines that are to be seen, from the top to the last that is not empty.
    pub fn screen(&self) -> Vec<String> {
        lines(&self.tmux(&["capture-pane", "-p"]))
    }

    /// Those, and all that have left the screen at its top.
    pub fn paper(&self) -> Vec<String> {
        lines(&self.tmux(&["capture-pane", "-p", "-J", "-S", "-"]))
    }

    /// Waits until the screen is as it should be, and shows it.
    #[track_caller]
    pub fn wait(&self, what: &str, fits: impl Fn(&[String]) -> bool) -> Vec<String> {
        let began = Instant::now();
        loop {
            let screen = self.screen();
            if fits(&screen) {
                return screen;
            }
            let shown = screen.join("\n");
            assert!(began.elapsed() < PATIENCE, "{what} is never seen:\n{shown}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Waits for the end, and shows what is left: all lines before it, and the exit status.
    #[track_caller]
    pub fn rest(&self) -> (Vec<String>, String) {
        self.wait("the end", |screen| {
            screen.iter().any(|line| line.starts_with(ENDED))
        });
        let mut paper = self.paper();
        let status = paper.pop().unwrap();
        let status = status.strip_prefix(ENDED).unwrap().trim().to_owned();
        (paper, status)
    }

    fn tmux(&self, words: &[&str]) -> String {
        let mut command = Command::new("tmux");
        let output = command
            .arg("-S")
            .arg(&self.socket)
            .args(words)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

fn lines(text: &str) -> Vec<String> {
    text.trim_end()
        .lines()
        .map(|line| line.trim_end().to_owned())
        .collect()
}
