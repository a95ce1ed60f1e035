//! A connection to a socket of this machine, by its path.

use super::tcp::{blocking, socket};
use super::wire::SLICE;
use super::{Patience, Transport};
use crate::error::{Error, Result};
use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;
use std::time::Duration;

impl Transport for UnixStream {
    fn set_timeout(&mut self, timeout: Duration) -> io::Result<()> {
        self.set_read_timeout(Some(timeout))?;
        self.set_write_timeout(Some(timeout))
    }
}

/// Connects to whoever listens there. Where so many wait already that there is no room for us, that
/// is waited for.
pub fn connect(path: &Path, patience: &Patience) -> Result<UnixStream> {
    let failed = |why: Errno| Error::Unreachable {
        address: path.display().to_string(),
        why: why.into(),
    };
    let address = SocketAddrUnix::new(path).map_err(failed)?;
    let socket = socket(AddressFamily::UNIX).map_err(failed)?;
    let waiting = patience.start("the connection");
    loop {
        match net::connect(&socket, &address) {
            Ok(()) => return blocking(UnixStream::from(socket)),
            Err(Errno::AGAIN) => thread::sleep(SLICE),
            Err(Errno::INTR) => {}
            Err(why) => return Err(failed(why)),
        }
        waiting.check_or_stop()?;
    }
}
