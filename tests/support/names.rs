//! A name server, by UDP and TCP, that says what it is told to say.

use std::io::{Read, Write};
use std::net::{TcpListener, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::scene::Scene;

/// A record: the name it is of, its kind, and what it says.
type Told = (&'static str, u16, Vec<u8>);

/// What is sent for an honest answer, by UDP.
type Manner = dyn Fn(Vec<u8>) -> Vec<Vec<u8>> + Send + Sync;

/// A running name server, which ends with the test.
pub struct NameServer {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
}

impl NameServer {
    /// Starts one that knows these records.
    pub fn start(told: Vec<Told>) -> NameServer {
        NameServer::odd(told, |answer| vec![answer])
    }

    /// Starts one that makes this of its answers by UDP; by TCP it is honest.
    pub fn odd(
        told: Vec<Told>,
        manner: impl Fn(Vec<u8>) -> Vec<Vec<u8>> + Send + Sync + 'static,
    ) -> NameServer {
        // Both kinds of port with the same number, which somebody else may have.
        let (datagrams, streams) = (0..100)
            .find_map(|_| {
                let datagrams = UdpSocket::bind("127.0.0.1:0").unwrap();
                let streams = TcpListener::bind(datagrams.local_addr().unwrap()).ok()?;
                Some((datagrams, streams))
            })
            .unwrap();
        let server = NameServer {
            port: datagrams.local_addr().unwrap().port(),
            asked: Arc::default(),
            over: Arc::default(),
        };
        let zone = Arc::new((told, server.asked.clone()));
        let (over, for_streams) = (server.over.clone(), zone.clone());
        let manner: Box<Manner> = Box::new(manner);
        thread::spawn(move || by_datagram(&datagrams, &zone, &manner, &over));
        let over = server.over.clone();
        thread::spawn(move || by_stream(&streams, &for_streams, &over));
        server
    }

    /// Makes a scene ask it.
    pub fn serves(&self, scene: Scene) -> Scene {
        let line = format!("nameserver 127.0.0.1:{}\n", self.port);
        let scene = scene.file("resolv.conf", line.as_bytes());
        let path = scene.path("resolv.conf");
        scene.env("POPGET_RESOLV_CONF", path.to_str().unwrap())
    }

    /// The names that it was asked for.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// What a record says of a service.
pub fn srv(priority: u16, port: u16, target: &str) -> Vec<u8> {
    let numbers = [priority, 0, port].map(u16::to_be_bytes).concat();
    [numbers, name(target)].concat()
}

/// What a record says of who takes mail.
pub fn mx(target: &str) -> Vec<u8> {
    [vec![0, 10], name(target)].concat()
}

/// A name as it is sent; empty is the root.
pub fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let label = |label: &str| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat();
    let mut octets: Vec<u8> = labels.flat_map(label).collect();
    octets.push(0);
    octets
}

type Zone = (Vec<Told>, Arc<Mutex<Vec<String>>>);

fn by_datagram(socket: &UdpSocket, zone: &Zone, manner: &Manner, over: &AtomicBool) {
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let mut question = [0; 512];
    while !over.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut question) {
            for datagram in manner(answer(&question[..length], zone)) {
                let _ = socket.send_to(&datagram, from);
            }
        }
    }
}

fn by_stream(listener: &TcpListener, zone: &Zone, over: &AtomicBool) {
    listener.set_nonblocking(true).unwrap();
    while !over.load(Ordering::Relaxed) {
        let Ok((mut stream, _)) = listener.accept() else {
            thread::sleep(Duration::from_millis(20));
            continue;
        };
        stream.set_nonblocking(false).unwrap();
        let mut length = [0; 2];
        stream.read_exact(&mut length).unwrap();
        let mut question = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut question).unwrap();
        let answer = answer(&question, zone);
        let length = u16::try_from(answer.len()).unwrap().to_be_bytes();
        // Byte by byte, as a line may have it.
        for octet in [&length[..], &answer].concat() {
            stream.write_all(&[octet]).unwrap();
        }
    }
}

/// The honest answer to a question.
fn answer(question: &[u8], (told, asked): &Zone) -> Vec<u8> {
    let (text, end) = read_name(question);
    let kind = u16::from_be_bytes([question[end], question[end + 1]]);
    asked.lock().unwrap().push(text.clone());
    let fitting = told
        .iter()
        .filter(|(of, is, _)| *of == text && *is == kind)
        .collect::<Vec<_>>();
    let mut answer = question[..end + 4].to_vec();
    answer[2..4].copy_from_slice(&[0x81, if fitting.is_empty() { 0x83 } else { 0x80 }]);
    answer[6..8].copy_from_slice(&u16::try_from(fitting.len()).unwrap().to_be_bytes());
    for (_, kind, says) in fitting {
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 60]);
        answer.extend(u16::try_from(says.len()).unwrap().to_be_bytes());
        answer.extend(says);
    }
    answer
}

/// The name that is asked for, and where it ends.
fn read_name(question: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), 12);
    while question[at] != 0 {
        let end = at + 1 + usize::from(question[at]);
        labels.push(String::from_utf8(question[at + 1..end].to_vec()).unwrap());
        at = end;
    }
    (labels.join("."), at + 1)
}
