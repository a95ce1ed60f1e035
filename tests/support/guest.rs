//! What a session may see and tell of its server: the link between session.rs and server.rs.

use std::sync::Arc;

use super::server::{Answer, Exchange, Moment, Shared};
use super::speech::Manner;

/// A session's place at the server: counted as open until dropped, however the session ends.
pub(super) struct Guest {
    pub server: Arc<Shared>,
    index: usize,
}

impl Guest {
    /// Opens a session's place.
    pub fn welcome(server: &Arc<Shared>) -> Guest {
        let mut state = server.state();
        state.open += 1;
        state.sessions.push(Vec::new());
        Guest {
            index: state.sessions.len() - 1,
            server: Arc::clone(server),
        }
    }

    /// Its number, unique at this server; it makes APOP timestamps differ.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Writes down a line of the dialogue.
    pub fn note(&self, line: String) {
        self.server.state().sessions[self.index].push(line);
    }

    /// Writes down what no client may do.
    pub fn complain(&self, what: String) {
        self.note(format!("!! {what}"));
        self.server.state().complaints.push(what);
    }

    /// Counts a login that succeeded.
    pub fn count_login(&self) {
        self.server.state().logins += 1;
    }

    /// What the test wants this command to be answered with.
    pub fn answer_to(&self, command: &str) -> Option<Answer> {
        let state = self.server.state();
        let fitting = state
            .answers
            .iter()
            .find(|(prefix, _)| command.starts_with(prefix.as_str()));
        fitting.map(|(_, answer)| answer.clone())
    }

    /// How to speak what ends behind so many octets of this session.
    pub fn manner(&self, end: usize) -> Manner {
        let manner = &mut self.server.state().manner;
        match *manner {
            Manner::BreaksOff(at, _) if end > at => std::mem::take(manner),
            Manner::BreaksOff(..) => Manner::Plain,
            manner => manner,
        }
    }

    /// Writes down where lines end in what is said behind so many octets of this session.
    pub fn note_line_ends(&self, before: usize, bytes: &[u8]) {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let ends = ends.map(|(at, _)| before + at + 1);
        self.server.state().line_ends.extend(ends);
    }

    /// Calls the hook, if there is one.
    pub fn at(&self, moment: Moment, command: &str) {
        let (hook, number) = {
            let mut state = self.server.state();
            state.exchanges += 1;
            (state.hook.clone(), state.exchanges)
        };
        // Outside the lock: a hook may take its time, and may ask the server things.
        if let Some(hook) = hook {
            hook(&Exchange {
                number,
                moment,
                command,
            });
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.server.state().open -= 1;
        self.server.changed.notify_all();
    }
}
