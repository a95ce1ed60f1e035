//! Where it all happens: a Dovecot with mail made for the purpose, a folder in memory, one on the
//! disk, and the programs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use super::floor::{self, Access, Duty};
use super::letters::Press;
use super::works::{Mail, To};
use crate::support::dovecot::{make_maildir, Dovecot};
use crate::support::mail::with_crlf;
use crate::support::server::PASSWORD;
use crate::support::tls;
use crate::support::unprivileged::give_away;

/// What the server of the tests is told besides: to be quick, and to know every user.
const SETTINGS: &str = "
mail_max_userip_connections = 1000
service pop3 {
  service_count = 0
  process_limit = 200
}
service pop3-login {
  client_limit = 1000
  process_min_avail = 1
}
userdb {
  driver = static
  args = home=/nonexistent
}
passdb {
  driver = static
  mechanisms = plain login
  args = password=";

/// The digest of a message.
pub type Digest = [u8; 32];

/// A maildrop of the server.
pub struct Maildrop {
    /// Whose it is.
    pub user: String,
    /// What it holds, in order.
    pub digests: Vec<Digest>,
    /// Its UIDs, in order.
    pub uids: Vec<String>,
}

/// The place of the comparison.
pub struct Lab {
    dovecot: Dovecot,
    maildrops: RefCell<HashMap<String, Rc<Maildrop>>>,
    memory: TempDir,
    disk: TempDir,
}

impl Lab {
    /// Starts the server, and makes the folders below these.
    pub fn open(memory: &Path, disk: &Path) -> Result<Self> {
        let dovecot =
            Dovecot::with(&format!("{SETTINGS}{PASSWORD}\n}}\n")).context("no dovecot")?;
        let folder = |above: &Path| -> Result<TempDir> {
            let folder = TempDir::with_prefix_in("popget-bench-", above)?;
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
            Ok(folder)
        };
        let lab = Self {
            dovecot,
            maildrops: RefCell::default(),
            memory: folder(memory)?,
            disk: folder(disk)?,
        };
        tls::write_ca(lab.disk.path());
        fs::create_dir(lab.programs())?;
        Ok(lab)
    }

    /// Where the programs of our own are, for everybody to run.
    pub fn programs(&self) -> PathBuf {
        self.disk.path().join("bin")
    }

    /// Puts a program there.
    pub fn install(&self, name: &str, program: &Path) -> Result<()> {
        let copied = fs::copy(program, self.programs().join(name));
        copied
            .with_context(|| program.display().to_string())
            .map(drop)
    }

    /// Who vouches for the server.
    pub fn ca(&self) -> PathBuf {
        self.disk.path().join("ca.pem")
    }

    /// The server's port.
    pub fn port(&self, tls: bool) -> u16 {
        match tls {
            false => self.dovecot.port(),
            true => self.dovecot.port_tls(),
        }
    }

    /// A fresh folder for a run.
    pub fn folder(&self, to: To) -> Result<TempDir> {
        let above = match to {
            To::Memory | To::Program => &self.memory,
            To::Disk => &self.disk,
        };
        let folder = TempDir::with_prefix_in("run-", above)?;
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        Ok(folder)
    }

    /// The maildrops with this mail, which is made when it is first asked for.
    pub fn maildrops(&self, mail: Mail) -> Result<Vec<Rc<Maildrop>>> {
        (1..=mail.users)
            .map(|number| self.maildrop(mail, number))
            .collect()
    }

    fn maildrop(&self, mail: Mail, number: usize) -> Result<Rc<Maildrop>> {
        let user = format!("n{}s{}u{number}", mail.count, mail.size);
        if let Some(maildrop) = self.maildrops.borrow().get(&user) {
            return Ok(Rc::clone(maildrop));
        }
        let digests = self.fill(&user, mail, number)?;
        let access = Access {
            host: "127.0.0.1".into(),
            port: self.port(false),
            ca: None,
            user: user.clone(),
            password: PASSWORD.into(),
        };
        // The server reads it once and knows from then on how large each is.
        let uids = floor::run(Duty::Read, &access, Path::new(""))?;
        let maildrop = Rc::new(Maildrop {
            user: user.clone(),
            digests,
            uids,
        });
        self.maildrops
            .borrow_mut()
            .insert(user, Rc::clone(&maildrop));
        Ok(maildrop)
    }

    /// Writes the mail with the line ends of the wire and its sizes in the names, so that the
    /// server has as little to do as can be.
    fn fill(&self, user: &str, mail: Mail, number: usize) -> Result<Vec<Digest>> {
        let maildir = self.dovecot.maildir(user);
        make_maildir(&maildir);
        let mut press = Press::new(number as u64);
        let mut digests = Vec::with_capacity(mail.count);
        for index in 1..=mail.count {
            let letter = press.letter(index, mail.size);
            let octets = with_crlf(&letter);
            let (time, size) = (1_700_000_000 + index, octets.len());
            let path = maildir.join(format!("cur/{time}.M{index}.bench,S={size},W={size}:2,"));
            fs::write(&path, octets)?;
            give_away(&path);
            digests.push(Sha256::digest(&letter).into());
        }
        Ok(digests)
    }
}

/// Hands a folder with all that is in it to whom the programs run as.
pub fn hand_over(path: &Path) -> Result<()> {
    give_away(path);
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path())?;
        }
    }
    Ok(())
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let there = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &there)?,
            false => drop(fs::copy(entry.path(), there)?),
        }
    }
    Ok(())
}
