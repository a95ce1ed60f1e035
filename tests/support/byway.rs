//! A SOCKS5 proxy that leads to servers of the test, whatever they are called: names and ports of the
//! great world, without a name service and without leave to listen there.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A running proxy. It ends with the test, or a little later.
pub struct Byway {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Byway {
    /// Starts one that leads from each of these, `host:port`, to a port of 127.0.0.1, and nowhere
    /// else.
    pub fn start(ways: &[(&str, u16)]) -> Byway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let byway = Byway {
            port: listener.local_addr().unwrap().port(),
            asked: Arc::default(),
        };
        let asked = byway.asked.clone();
        let ways: Vec<(String, u16)> = ways
            .iter()
            .map(|(from, to)| ((*from).into(), *to))
            .collect();
        let ways = Arc::new(ways);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (asked, ways) = (asked.clone(), ways.clone());
                thread::spawn(move || lead(stream.unwrap(), &asked, &ways));
            }
        });
        byway
    }

    /// The proxy as an option has it.
    pub fn url(&self) -> String {
        format!("socks5://127.0.0.1:{}", self.port)
    }

    /// Where it was asked to lead.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn lead(mut from: TcpStream, asked: &Mutex<Vec<String>>, ways: &[(String, u16)]) -> io::Result<()> {
    let mut greeting = [0; 2];
    from.read_exact(&mut greeting)?;
    from.read_exact(&mut vec![0; usize::from(greeting[1])])?;
    from.write_all(&[5, 0])?;
    let mut request = [0; 5];
    from.read_exact(&mut request)?;
    assert_eq!(
        request[..4],
        [5, 1, 0, 3],
        "a connection to a name is asked for"
    );
    let mut rest = vec![0; usize::from(request[4]) + 2];
    from.read_exact(&mut rest)?;
    let (host, port) = rest.split_at(rest.len() - 2);
    let port = u16::from_be_bytes([port[0], port[1]]);
    let place = format!("{}:{port}", String::from_utf8_lossy(host));
    asked.lock().unwrap().push(place.clone());
    let to = ways.iter().find(|(from, _)| *from == place);
    let Some(mut to) = to.and_then(|(_, port)| TcpStream::connect(("127.0.0.1", *port)).ok())
    else {
        return from.write_all(&[5, 4, 0, 1, 0, 0, 0, 0, 0, 0]);
    };
    from.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let (mut back, mut answers) = (from.try_clone()?, to.try_clone()?);
    thread::spawn(move || {
        let _ = io::copy(&mut answers, &mut back);
        let _ = back.shutdown(std::net::Shutdown::Write);
    });
    io::copy(&mut from, &mut to)?;
    to.shutdown(std::net::Shutdown::Write)
}
