//! What is asked for before earlier replies have come (RFC 2449, section 6.6): how much of it, and
//! whose reply is next. Pure.
//!
//! Two bounds hold. The commands without a reply fit into our own end of the line, so that writing
//! them never waits for a server which itself waits until we read. And what they bring is little
//! enough to be read, or dropped with the connection, when it is wanted no more: as much as comes in
//! two seconds, which fills any line on which an answer takes half as long.

use super::{Part, Wanted};
use crate::message::MessageNumber;
use crate::net::Spoken;
use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How many octets of messages may be under way, as far as their sizes are known: so many in any
/// case, and never more than so many.
const PROMISED: RangeInclusive<u64> = 16 << 20..=256 << 20;
/// In how many seconds they should come.
const SECONDS: f64 = 2.0;
/// How long their pace is measured: what lay in the buffers of the system comes faster.
const MEASURE: Duration = Duration::from_millis(500);
/// What a message of unknown size counts for.
const UNKNOWN: u64 = 64 * 1024;
/// What a head counts for.
const HEAD: u64 = 8 * 1024;

/// How many commands may be without a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pipeline {
    /// As many as are good, where the server offers it.
    Auto,
    /// One.
    Off,
    /// At most so many, where the server offers it.
    Window(u32),
    /// One, since the server offers it and loses what is sent ahead.
    Lost,
}

impl Pipeline {
    /// So many, at a server that offers it or does not.
    pub fn most(self, offered: bool) -> usize {
        match self {
            Self::Auto if offered => usize::MAX,
            Self::Window(most) if offered => most as usize,
            Self::Auto | Self::Window(_) | Self::Off | Self::Lost => 1,
        }
    }
}

/// What is said to an open maildrop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    Capabilities,
    Stat,
    Uidl,
    List,
    Envelope(MessageNumber),
    Top(MessageNumber),
    Retrieve(MessageNumber),
    Delete(MessageNumber),
    Noop,
    Reset,
    Quit,
}

impl Command {
    /// The command for a part of a message.
    pub fn about(part: Part, number: MessageNumber) -> Self {
        match part {
            Part::Envelope => Self::Envelope(number),
            Part::Head => Self::Top(number),
            Part::Whole => Self::Retrieve(number),
        }
    }

    /// Its keyword.
    pub fn keyword(self) -> &'static str {
        match self {
            Self::Capabilities => "CAPA",
            Self::Stat => "STAT",
            Self::Uidl => "UIDL",
            Self::List => "LIST",
            Self::Envelope(_) => "*ENV",
            Self::Top(_) => "TOP",
            Self::Retrieve(_) => "RETR",
            Self::Delete(_) => "DELE",
            Self::Noop => "NOOP",
            Self::Reset => "RSET",
            Self::Quit => "QUIT",
        }
    }

    /// How it is said.
    pub fn spoken(self) -> Spoken {
        let keyword = self.keyword();
        match self {
            Self::Top(number) => Spoken::open(format!("{keyword} {} 0", number.0)),
            Self::Envelope(number) | Self::Retrieve(number) | Self::Delete(number) => {
                Spoken::open(format!("{keyword} {}", number.0))
            }
            _ => Spoken::open(keyword),
        }
    }

    /// How long it is, with its line end.
    fn octets(self) -> usize {
        let digits = |number: MessageNumber| number.0.max(1).ilog10() as usize + 1;
        let arguments = match self {
            Self::Top(number) => " ".len() + digits(number) + " 0".len(),
            Self::Envelope(number) | Self::Retrieve(number) | Self::Delete(number) => {
                " ".len() + digits(number)
            }
            _ => 0,
        };
        self.keyword().len() + arguments + "\r\n".len()
    }

    /// Whether more lines follow a reply that is no refusal.
    pub fn has_body(self) -> bool {
        match self {
            Self::Capabilities
            | Self::Uidl
            | Self::List
            | Self::Envelope(_)
            | Self::Top(_)
            | Self::Retrieve(_) => true,
            Self::Stat | Self::Delete(_) | Self::Noop | Self::Reset | Self::Quit => false,
        }
    }
}

/// A command that was sent and has no reply yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The command.
    pub command: Command,
    /// The listed size of the message.
    pub size: Option<u64>,
    /// It was sent before the reply to another one had come.
    pub ahead: bool,
}

impl Asked {
    fn octets(&self) -> usize {
        self.command.octets()
    }

    fn promises(&self) -> u64 {
        match self.command {
            Command::Retrieve(_) => self.size.unwrap_or(UNKNOWN),
            Command::Envelope(_) | Command::Top(_) => HEAD,
            _ => 0,
        }
    }
}

/// Whether replies can be relied on to be in step.
#[derive(Clone, Copy, Debug)]
enum Trust {
    /// As long as each message is as long as it was listed.
    Untried,
    /// One of this length was not, and is asked for again with no other one under way; so many were
    /// before.
    Doubted { length: u64, most: usize },
    /// It came again as it was.
    Earned,
    /// It came otherwise.
    Lost,
}

/// What is still to be asked for, and what is under way.
pub struct Ahead {
    most: usize,
    trust: Trust,
    wanted: VecDeque<(Command, Option<u64>)>,
    asked: VecDeque<Asked>,
    /// How many octets of commands may have no reply yet, and have none.
    room: usize,
    octets: usize,
    /// How many octets of messages may be under way, and are.
    wide: u64,
    promised: u64,
    /// How many came since when.
    came: u64,
    since: Duration,
}

impl Ahead {
    /// With so many commands at a time; one means that each waits for the reply before it. They have
    /// this much room.
    pub fn new(most: usize, room: usize) -> Self {
        Self {
            most: most.max(1),
            trust: Trust::Untried,
            wanted: VecDeque::new(),
            asked: VecDeque::new(),
            room,
            octets: 0,
            wide: *PROMISED.start(),
            promised: 0,
            came: 0,
            since: Duration::ZERO,
        }
    }

    /// How many commands may be under way.
    pub fn most(&self) -> usize {
        self.most
    }

    /// From now on no more commands may be under way than this.
    pub fn allow(&mut self, most: usize) {
        self.most = most.max(1);
    }

    /// Whether a message came that was not the one that was asked for.
    pub fn loses(&self) -> bool {
        matches!(self.trust, Trust::Lost)
    }

    /// How many octets of messages are under way.
    pub fn promised(&self) -> u64 {
        self.promised
    }

    /// Whether a message is being asked for again since it may have been another one.
    pub fn doubts(&self) -> bool {
        matches!(self.trust, Trust::Doubted { .. })
    }

    /// Judges a message that came to its end, and so whether the replies are in step: it is, or is
    /// not, as long as listed, and this long. Tells whether it is to be believed.
    pub fn judge(&mut self, as_listed: bool, length: u64) -> bool {
        match self.trust {
            Trust::Untried if self.most > 1 && !as_listed => {
                let most = std::mem::replace(&mut self.most, 1);
                self.trust = Trust::Doubted { length, most };
                let again = self.asked.iter().rev();
                again.for_each(|asked| self.wanted.push_front((asked.command, asked.size)));
                return false;
            }
            // All replies came, and this one was the right one: it is the size that is not true.
            Trust::Doubted {
                length: before,
                most,
            } if length == before => {
                self.most = most;
                self.trust = Trust::Earned;
            }
            Trust::Doubted { .. } => self.trust = Trust::Lost,
            Trust::Untried | Trust::Earned | Trust::Lost => {}
        }
        true
    }

    /// Says of which messages these parts will be wanted, in this order.
    pub fn announce(&mut self, parts: &[Part], wanted: &[Wanted]) {
        let commands = |wanted: &Wanted| {
            let (number, size) = *wanted;
            parts
                .iter()
                .map(move |part| (Command::about(*part, number), size))
        };
        self.wanted = wanted.iter().flat_map(commands).collect();
    }

    /// Whose reply comes next.
    pub fn next(&self) -> Option<Command> {
        self.asked.front().map(|asked| asked.command)
    }

    /// Whether the reply to this command is to come.
    pub fn holds(&self, command: Command) -> bool {
        self.asked.iter().any(|asked| asked.command == command)
    }

    /// The reply that comes next is about to be read.
    pub fn take(&mut self) -> Option<Asked> {
        let asked = self.asked.pop_front()?;
        self.octets -= asked.octets();
        self.promised -= asked.promises();
        self.came += asked.promises();
        Some(asked)
    }

    /// Notes that a command is sent; gives how it is said.
    pub fn ask(&mut self, command: Command) -> Spoken {
        self.send(command, None)
    }

    /// Whether the server can be sent this much more without danger.
    pub fn has_room(&self, command: Command) -> bool {
        self.octets + command.octets() <= self.room
    }

    /// The commands to send before the reply to this one is awaited: itself, if it was not sent, and
    /// those announced that keep the line full. None, while enough are under way. `now` is the time
    /// since any moment.
    pub fn request(&mut self, command: Command, now: Duration) -> Vec<Spoken> {
        let mut requests = Vec::new();
        if self.promised <= self.wide / 2 {
            self.widen(now);
        }
        if !self.holds(command) {
            let at = self.wanted.iter().position(|wanted| wanted.0 == command);
            // Those before it are not wanted any more.
            let wanted = at.and_then(|at| self.wanted.drain(..=at).next_back());
            let size = wanted.and_then(|(_, size)| size);
            requests.push(self.send(command, size));
        }
        let low = self.asked.len() <= self.most / 2
            && self.octets <= self.room - self.room / 8
            && self.promised <= self.wide / 2;
        while low && self.asked.len() < self.most {
            let Some((next, size)) = self.wanted.front().copied() else {
                break;
            };
            let promised = self.promised + size.unwrap_or(UNKNOWN);
            if !self.has_room(next) || promised > self.wide {
                break;
            }
            self.wanted.pop_front();
            requests.push(self.send(next, size));
        }
        requests
    }

    /// Lets as much be under way as comes in two seconds, at the pace at which it came.
    fn widen(&mut self, now: Duration) {
        let took = now.saturating_sub(self.since);
        if self.came == 0 {
            self.since = now;
        }
        if self.came == 0 || took < MEASURE {
            return;
        }
        let wide = self.came as f64 / took.as_secs_f64() * SECONDS;
        self.wide = (wide as u64).clamp(*PROMISED.start(), *PROMISED.end());
        (self.came, self.since) = (0, now);
    }

    fn send(&mut self, command: Command, size: Option<u64>) -> Spoken {
        let asked = Asked {
            command,
            size,
            ahead: !self.asked.is_empty(),
        };
        self.octets += asked.octets();
        self.promised += asked.promises();
        self.asked.push_back(asked);
        command.spoken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(count: u32, size: u64) -> Vec<Wanted> {
        (1..=count)
            .map(|n| (MessageNumber(n), Some(size)))
            .collect()
    }

    fn retrieve(n: u32) -> Command {
        Command::Retrieve(MessageNumber(n))
    }

    fn taken(ahead: &mut Ahead) -> Option<Command> {
        ahead.take().map(|asked| asked.command)
    }

    /// What fits into the room of the tests.
    const ROOM: usize = 8 * 1024;

    /// How many commands each request for the next message sends, until all were taken, a second
    /// each.
    fn requests(most: usize, count: u32, size: u64) -> Vec<usize> {
        let mut ahead = Ahead::new(most, ROOM);
        ahead.announce(&[Part::Whole], &wanted(count, size));
        let mut sent = Vec::new();
        for n in 1..=count {
            let now = Duration::from_secs(n.into());
            sent.push(ahead.request(retrieve(n), now).len());
            assert!(ahead.octets <= ROOM);
            assert!(ahead.promised <= (*PROMISED.start()).max(size * 2));
            assert!(ahead.asked.len() <= most);
            assert_eq!(taken(&mut ahead), Some(retrieve(n)));
        }
        assert_eq!(sent.iter().sum::<usize>(), count as usize);
        assert_eq!((ahead.octets, ahead.promised), (0, 0));
        sent
    }

    #[test]
    fn in_lock_step_each_command_waits() {
        assert_eq!(requests(1, 5, 100), [1; 5]);
    }

    #[test]
    fn a_window_is_filled_again_when_half_of_it_is_used_up() {
        assert_eq!(requests(4, 8, 100), [4, 0, 2, 0, 2, 0, 0, 0]);
        let all = requests(usize::MAX, 3000, 1000);
        assert!(all.iter().filter(|sent| **sent > 0).count() < 50, "{all:?}");
    }

    #[test]
    fn large_messages_are_asked_for_a_few_at_a_time() {
        assert_eq!(requests(usize::MAX, 3, 10 << 20)[0], 1);
        assert_eq!(requests(usize::MAX, 3, 1 << 40)[0], 1);
        assert_eq!(requests(usize::MAX, 20, 1 << 20)[..3], [16, 0, 0]);
    }

    /// How many octets come in a microsecond and how many are under way at the most, where an answer
    /// takes so many microseconds and the line brings so many octets in one. The first half is left
    /// out.
    fn brings(trip: u64, pace: u64, size: u64) -> (f64, u64) {
        let mut ahead = Ahead::new(usize::MAX, 64 * 1024);
        let count = u32::try_from((PROMISED.end() * 8 / size).min(60_000)).unwrap();
        ahead.announce(&[Part::Whole], &wanted(count, size));
        let (mut due, mut now, mut half, mut most) = (VecDeque::new(), 0, 0, 0);
        for n in 1..=count {
            let sent = ahead.request(retrieve(n), Duration::from_micros(now));
            due.extend(sent.iter().map(|_| now + trip));
            most = most.max(ahead.promised);
            now = due.pop_front().unwrap().max(now) + size / pace;
            if n == count / 2 {
                half = now;
            }
            taken(&mut ahead);
        }
        let octets = (count - count / 2) as u64 * size;
        (octets as f64 / (now - half) as f64, most)
    }

    #[test]
    fn what_is_under_way_fills_the_line() {
        // 1 Gbit/s at 200 ms. Of small messages, the commands take the room.
        for (size, least) in [
            (4096, 90.0),
            (8192, 120.0),
            (1 << 20, 120.0),
            (40 << 20, 120.0),
        ] {
            let (brings, _) = brings(200_000, 125, size);
            assert!(brings > least, "{size}: {brings}");
        }
        // What a weak line brings in two seconds is less than what is asked for in any case.
        assert_eq!(brings(200_000, 1, 1 << 20).1, *PROMISED.start());
        assert!(brings(1000, 10_000, 1 << 20).1 <= *PROMISED.end());
    }

    #[test]
    fn the_length_of_a_command_is_what_is_said() {
        let all = [1, 9, 10, 99, 100, u32::MAX].map(MessageNumber);
        for command in all.into_iter().flat_map(|number| {
            [
                Command::Capabilities,
                Command::Envelope(number),
                Command::Retrieve(number),
                Command::Delete(number),
                Command::Top(number),
            ]
        }) {
            assert_eq!(command.octets(), command.spoken().len(), "{command:?}");
        }
    }

    #[test]
    fn what_is_passed_over_is_not_asked_for() {
        let mut ahead = Ahead::new(2, ROOM);
        ahead.announce(&[Part::Whole], &wanted(9, 1));
        ahead.request(retrieve(1), Duration::ZERO);
        assert_eq!(taken(&mut ahead), Some(retrieve(1)));
        // 2 is under way; nobody wants 3 to 6.
        ahead.request(retrieve(7), Duration::ZERO);
        let left: Vec<_> = std::iter::from_fn(|| taken(&mut ahead)).collect();
        assert_eq!(left, [retrieve(2), retrieve(7)]);
    }

    #[test]
    fn what_was_sent_before_a_reply_is_known() {
        let mut ahead = Ahead::new(8, ROOM);
        ahead.ask(Command::Stat);
        ahead.ask(Command::Uidl);
        let known: Vec<_> = std::iter::from_fn(|| ahead.take()).collect();
        assert_eq!(
            known.iter().map(|asked| asked.ahead).collect::<Vec<_>>(),
            [false, true]
        );
    }
}
