//! Questions to the name service that the system's resolver does not put: which servers a domain
//! names for its mail. The name servers are those of resolv.conf(5); of what else stands there
//! nothing is heeded, since the names that are asked for are whole.
//!
//! Nothing that comes from here is proven. Whoever uses it must not trust it with a secret.

mod packet;
#[cfg(any(test, fuzzing))]
pub mod properties;

pub use packet::{is_host, Kind, Record};

use super::wire::SLICE;
use super::{tcp, Patience, Transport};
use crate::error::{Error, Result};
use crate::steady::steady;
use packet::Answer;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

/// How many name servers are asked, and how often each.
const SERVERS: usize = 3;
const ROUNDS: usize = 2;
/// More than any file of that kind has.
const FILE: u64 = 64 * 1024;
/// What may come in a datagram, since we do not say that we take more.
const DATAGRAM: usize = 512;
/// What is waited for.
const WAITED_FOR: &str = "the name service";

/// The records of a kind that a name has, in the order in which they are to be tried. Each server
/// may take as long as the patience says.
pub fn look_up(name: &str, kind: Kind, patience: &Patience) -> Result<Vec<Record>> {
    let failed = |what: &str| super::names::not_found(name, io::Error::other(what.to_owned()));
    let mut last = failed("no name server is known");
    let servers = servers();
    for server in servers.iter().cycle().take(servers.len() * ROUNDS) {
        let question = packet::question(random()?, name, kind);
        let question = question.ok_or_else(|| failed("the name cannot be asked for"))?;
        last = match ask(*server, &question, patience) {
            Ok(Answer::Records(records)) => return Ok(records),
            Ok(Answer::Cut) => failed("the name server cuts its answer"),
            Ok(Answer::Refused(reason)) => failed(&refusal(reason)),
            Err(error @ (Error::Interrupted | Error::Deadline(_))) => return Err(error),
            Err(error) => error,
        };
    }
    Err(last)
}

/// Asks a server, by TCP as well if the answer is longer than a datagram.
fn ask(server: SocketAddr, question: &[u8], patience: &Patience) -> Result<Answer> {
    match by_datagram(server, question, patience)? {
        Answer::Cut => by_stream(server, question, patience),
        answer => Ok(answer),
    }
}

/// Asks by UDP. What comes and is no answer to our question may be from anybody, and is passed by.
fn by_datagram(server: SocketAddr, question: &[u8], patience: &Patience) -> Result<Answer> {
    let unreachable = |why| unreachable(server, why);
    let any: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    // The system chooses a port that others have to guess, as they have the number of the question.
    let socket = UdpSocket::bind((any, 0)).map_err(unreachable)?;
    socket.connect(server).map_err(unreachable)?;
    let slice = SLICE.min(patience.timeout);
    socket.set_read_timeout(Some(slice)).map_err(unreachable)?;
    socket.send(question).map_err(unreachable)?;
    let waiting = patience.start(WAITED_FOR);
    let mut datagram = [0; DATAGRAM];
    loop {
        waiting.check_or_stop()?;
        match steady(|| socket.recv(&mut datagram)) {
            Ok(length) => {
                let octets = datagram.get(..length).unwrap_or_default();
                if let Some(answer) = packet::answer(question, octets) {
                    return Ok(answer);
                }
            }
            Err(why) if is_slice(&why) => {}
            Err(why) => return Err(unreachable(why)),
        }
    }
}

/// Asks by TCP, where each message has its length before it (RFC 1035, section 4.2.2).
fn by_stream(server: SocketAddr, question: &[u8], patience: &Patience) -> Result<Answer> {
    let outset = tcp::Outset::default();
    let mut stream = tcp::connect(&server.ip().to_string(), server.port(), outset, patience)?;
    let unreachable = |why| unreachable(server, why);
    let slice = SLICE.min(patience.timeout);
    stream.set_timeout(slice).map_err(unreachable)?;
    let length = u16::try_from(question.len()).unwrap_or_default();
    let asked = [&length.to_be_bytes()[..], question].concat();
    stream.write_all(&asked).map_err(unreachable)?;
    let waiting = patience.start(WAITED_FOR);
    let mut fill = |octets: &mut [u8]| -> Result<()> {
        let mut filled = 0;
        while filled < octets.len() {
            waiting.check_or_stop()?;
            match steady(|| stream.read(&mut octets[filled..])) {
                Ok(0) => return Err(unreachable(ErrorKind::UnexpectedEof.into())),
                Ok(more) => filled += more,
                Err(why) if is_slice(&why) => {}
                Err(why) => return Err(unreachable(why)),
            }
        }
        Ok(())
    };
    let mut length = [0; 2];
    fill(&mut length)?;
    let mut octets = vec![0; usize::from(u16::from_be_bytes(length))];
    fill(&mut octets)?;
    let nonsense = || Error::Nonsense {
        expected: "an answer of a name server",
        got: octets
            .get(..DATAGRAM.min(octets.len()))
            .unwrap_or_default()
            .to_vec(),
    };
    packet::answer(question, &octets).ok_or_else(nonsense)
}

/// Whether nothing has come for a slice of time.
fn is_slice(why: &io::Error) -> bool {
    matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn unreachable(server: SocketAddr, why: io::Error) -> Error {
    let address = format!("the name server {server}");
    Error::Unreachable { address, why }
}

/// Why a server does not answer, in its own number.
fn refusal(reason: u8) -> String {
    let what = match reason {
        2 => "has trouble".into(),
        5 => "refuses to look".into(),
        other => format!("answers with error {other}"),
    };
    format!("the name server {what}")
}

/// A number that nobody can guess.
fn random() -> Result<u16> {
    let mut octets = [0; 2];
    getrandom::fill(&mut octets).map_err(|why| Error::System {
        doing: "draw random numbers",
        why: why.into(),
    })?;
    Ok(u16::from_be_bytes(octets))
}

/// The name servers of the system, or of the file that POPGET_RESOLV_CONF names.
fn servers() -> Vec<SocketAddr> {
    let named = std::env::var_os("POPGET_RESOLV_CONF").filter(|path| !path.is_empty());
    let path = named.unwrap_or_else(|| "/etc/resolv.conf".into());
    let mut text = Vec::new();
    if let Ok(file) = File::open(path) {
        let _ = file.take(FILE).read_to_end(&mut text); // what was read by then will do
    }
    let found = named_in(&String::from_utf8_lossy(&text));
    match found.is_empty() {
        true => vec![(Ipv4Addr::LOCALHOST, 53).into()], // as resolv.conf(5) has it
        false => found,
    }
}

/// The servers that a resolv.conf(5) names: an address each, and a port behind it where it is not
/// the usual one.
fn named_in(text: &str) -> Vec<SocketAddr> {
    let server = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let address = words.next().filter(|word| *word == "nameserver");
        let address = address.and_then(|_| words.next())?;
        let usual = |address: IpAddr| SocketAddr::new(address, 53);
        let plain = address.parse().map(usual);
        plain.or_else(|_| address.parse()).ok()
    };
    text.lines().filter_map(server).take(SERVERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_named_line_by_line() {
        let text =
            "# nameserver 1.1.1.1\nsearch a b\nnameserver 127.0.0.1:5353\n  nameserver\t::1 # x\n\
                    nameserver [::1]:99\nnameserver nonsense\nnameserver 9.9.9.9\n";
        let named: Vec<String> = named_in(text).iter().map(ToString::to_string).collect();
        assert_eq!(named, ["127.0.0.1:5353", "[::1]:53", "[::1]:99"]);
    }
}
