//! A run on a pseudo-terminal: what a person would see of it, and could type into it.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::pty::{grantpt, openpt, ptsname, unlockpt, OpenptFlags};
use rustix::termios::{self, LocalModes, Winsize};

use super::scene::Scene;

/// How long a test waits for something to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// How wide a terminal is, if nothing else is said.
const COLUMNS: u16 = 80;

/// A program whose three streams are a terminal.
pub struct Terminal {
    child: Child,
    typing: File,
    shown: Arc<(Mutex<Vec<u8>>, Condvar)>,
    reader: JoinHandle<()>,
}

/// What was shown in a terminal, all of it.
pub struct Shown {
    /// How the program ended.
    pub status: ExitStatus,
    /// Everything that was written to the terminal.
    pub text: String,
}

impl Terminal {
    /// Runs popget as the scene describes it.
    pub fn start(scene: Scene, arguments: &[&str]) -> (Terminal, Scene) {
        Terminal::start_within(COLUMNS, scene, arguments)
    }

    /// The same in so many columns.
    pub fn start_within(columns: u16, scene: Scene, arguments: &[&str]) -> (Terminal, Scene) {
        // With this terminal as its controlling one, which /dev/tty leads to.
        let scene = scene.under(&["setsid", "--ctty", "--wait"]);
        let terminal = Terminal::within(columns, scene.program(arguments));
        (terminal, scene)
    }

    /// Runs a command that makes the terminal its own.
    pub fn of(command: Command) -> Terminal {
        Terminal::within(COLUMNS, command)
    }

    fn within(columns: u16, mut command: Command) -> Terminal {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let slave = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        termios::tcsetwinsize(&slave, size).unwrap();
        let stream = || Stdio::from(slave.try_clone().unwrap());
        command.stdin(stream()).stdout(stream()).stderr(stream());
        let child = command.spawn().unwrap();
        drop(command); // and with it the last ends of the terminal that are ours
        drop(slave);
        let master = File::from(master);
        let typing = master.try_clone().unwrap();
        let shown = Arc::new((Mutex::default(), Condvar::new()));
        let seen = Arc::clone(&shown);
        let reader = thread::spawn(move || watch(master, &seen));
        Terminal {
            child,
            typing,
            shown,
            reader,
        }
    }

    /// Waits until this is shown.
    #[track_caller]
    pub fn wait_for(&self, part: &str) {
        let (shown, changed) = &*self.shown;
        let shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = |shown: &mut Vec<u8>| !String::from_utf8_lossy(shown).contains(part);
        let (shown, waited) = changed
            .wait_timeout_while(shown, PATIENCE, missing)
            .unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&shown).into_owned();
        assert!(!waited.timed_out(), "{part} is never shown:\n{text}");
    }

    /// What has been shown until now.
    pub fn so_far(&self) -> String {
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&shown).into_owned()
    }

    /// Types these keys.
    pub fn types(&mut self, keys: &str) {
        self.typing.write_all(keys.as_bytes()).unwrap();
    }

    /// Whether what is typed is shown.
    pub fn echoes(&self) -> bool {
        let modes = termios::tcgetattr(&self.typing).unwrap().local_modes;
        modes.contains(LocalModes::ECHO)
    }

    /// Waits for the end of the program.
    pub fn finish(mut self) -> Shown {
        let status = self.child.wait().unwrap();
        self.reader.join().unwrap();
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        let text = String::from_utf8_lossy(&shown).into_owned();
        Shown { status, text }
    }
}

/// Reads until nobody has the terminal any more, which is an error (EIO).
fn watch(mut master: File, seen: &(Mutex<Vec<u8>>, Condvar)) {
    let mut piece = [0; 4096];
    while let Ok(count @ 1..) = master.read(&mut piece) {
        let mut shown = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.extend_from_slice(&piece[..count]);
        seen.1.notify_all();
    }
}

impl Shown {
    /// The lines on the screen in the end, without colours and without spaces at their ends.
    pub fn screen(&self) -> Vec<String> {
        let mut screen = Screen {
            lines: vec![Vec::new()],
            row: 0,
            column: 0,
        };
        let mut rest = self.text.chars();
        while let Some(letter) = rest.next() {
            match letter {
                '\x1b' => {
                    assert_eq!(rest.next(), Some('['), "an unknown escape: {:?}", self.text);
                    let mut number = String::new();
                    let command = rest.find(|c| {
                        number.extend(c.is_ascii_digit().then_some(*c));
                        c.is_ascii_alphabetic()
                    });
                    screen.obey(command, number.parse().ok());
                }
                letter => screen.show(letter),
            }
        }
        let line = |line: &Vec<char>| line.iter().collect::<String>().trim_end().to_owned();
        let mut lines: Vec<String> = screen.lines.iter().map(line).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }
}

/// As much of a terminal as progress bars use.
struct Screen {
    lines: Vec<Vec<char>>,
    row: usize,
    column: usize,
}

impl Screen {
    fn show(&mut self, letter: char) {
        match letter {
            '\r' => self.column = 0,
            '\n' => {
                self.row += 1;
                if self.row == self.lines.len() {
                    self.lines.push(Vec::new());
                }
            }
            letter => {
                let line = &mut self.lines[self.row];
                line.resize(line.len().max(self.column + 1), ' ');
                line[self.column] = letter;
                self.column += 1;
            }
        }
    }

    fn obey(&mut self, command: Option<char>, number: Option<usize>) {
        match (command, number) {
            (Some('A'), up) => self.row = self.row.saturating_sub(up.unwrap_or(1)),
            (Some('B'), down) => {
                self.row = (self.row + down.unwrap_or(1)).min(self.lines.len() - 1)
            }
            (Some('K'), Some(2)) => self.lines[self.row].clear(),
            (Some('K'), _) => self.lines[self.row].truncate(self.column),
            (Some('J'), _) => {
                self.lines[self.row].truncate(self.column);
                self.lines.truncate(self.row + 1);
            }
            // Colours, and the cursor shown and hidden.
            (Some('m' | 'h' | 'l'), _) => {}
            (other, number) => panic!("an unknown escape: {number:?} {other:?}"),
        }
    }
}
