//! What must be sure to last at each moment of a run, whatever order a disk keeps.
//!
//! | when | what lasts |
//! |---|---|
//! | a claim is written | the memory's own name; in a Maildir the letter, and its name in `tmp` |
//! | a letter becomes public | its claim |
//! | a server that mail goes on to is told anything | its claim |
//! | `done` is written | the letter where it is public; an MDA has ended well; such a server has it all |
//! | `took` is written | the letter in that place; the MDA has ended well |
//! | `void` is written | that nothing is left in an mbox where it is not to stand |
//! | what came to nothing is swept | that it came to nothing |
//! | the server is told anything, or the run ends | every `done` and `void` of this run |
//! | QUIT or RCVD deletes | every `done` there is |
//! | a file takes the memory's place | what it holds |
//! | a file grows again that was cut short | that it was cut short |

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::claims::{self, number, Claim, Kind, Line, Settled};
use super::trace::Call;
use super::{Change, Deed, Disk, Inode};

/// A promise that a power cut now would break.
pub type Broken = String;

/// Follows runs and sees what they promise.
pub struct Judge {
    memory: PathBuf,
    /// Where standard output goes, if it is a file.
    printed: PathBuf,
    /// Bytes of the memory's last line, while it has no end.
    torn: Vec<u8>,
    claims: BTreeMap<u64, Claim>,
    settled: HashMap<u64, Settled>,
    deletes: bool,
    /// The program that was given the message of the open claim, and how it ended.
    mda: Option<(u32, Option<i64>)>,
    /// The message of the open claim was said to its end.
    handed: bool,
    broken: Vec<Broken>,
}

impl Judge {
    /// One that has seen nothing of the account with this memory, nor of what was printed there.
    pub fn new(memory: &Path, printed: &Path) -> Judge {
        Judge {
            memory: memory.to_owned(),
            printed: printed.to_owned(),
            torn: Vec::new(),
            claims: BTreeMap::new(),
            settled: HashMap::new(),
            deletes: false,
            mda: None,
            handed: false,
            broken: Vec::new(),
        }
    }

    /// Follows a run from its beginning to its end, or to its death; tells what it broke.
    pub fn follow<'c>(&mut self, disk: &mut Disk, calls: impl Iterator<Item = &'c Call>) {
        self.settled
            .values_mut()
            .for_each(|settled| settled.ours = false);
        (self.deletes, self.mda) = (false, None);
        let (mut main, mut died) = (None, true);
        for call in calls {
            let main = *main.get_or_insert(call.who);
            let deed = disk.apply(call);
            match deed {
                Deed::Changed(from) => {
                    (from..disk.made.len()).for_each(|at| self.changed(disk, at));
                }
                Deed::Synced(..) => self.synced(disk),
                Deed::Said(text) => self.said(&text),
                Deed::Began(who) if who != main => self.began(who),
                Deed::Ended(who, status) if who == main => died = status < 0,
                Deed::Ended(who, status) => self.ended(who, status),
                Deed::Began(_) | Deed::Nothing => {}
            }
        }
        if !died {
            self.all_settled_lasts("the run ended", true);
        }
    }

    /// What was broken so far.
    pub fn broken(self) -> Vec<Broken> {
        self.broken
    }

    fn must(&mut self, kept: bool, what: impl FnOnce() -> String) {
        if !kept {
            self.broken.push(what());
        }
    }

    fn changed(&mut self, disk: &Disk, at: usize) {
        match disk.made[at].change.clone() {
            Change::Data(inode, from, bytes) => {
                self.grows(disk, inode, at);
                self.fills(disk, inode, from, from + bytes.len() as u64);
                if Some(inode) == disk.inode(&self.printed) {
                    let open = self.open().is_some_and(|claim| claim.lasts);
                    self.must(open, || {
                        "a message was printed before its claim lasts".into()
                    });
                }
                if Some(inode) == disk.inode(&self.memory) {
                    let made = at;
                    self.written(disk, &bytes, Line { inode, made, from });
                }
            }
            Change::Size(inode, size) => {
                self.grows(disk, inode, at);
                self.fills(disk, inode, size, size);
                if Some(inode) == disk.inode(&self.memory) {
                    self.cut(Line {
                        inode,
                        made: at,
                        from: size,
                    });
                }
            }
            Change::Time(..) => {}
            Change::Link(name, _) => self.named(disk, &name.1),
            Change::Unlink(name) => self.swept(disk, &name.1),
            Change::Rename(_, to, inode) if Some(&to) == disk.name(&self.memory).as_ref() => {
                let whole = disk.unsure(inode).is_empty();
                self.must(whole, || "an unsynced file took the memory's place".into());
            }
            Change::Rename(_, to, _) => self.published(disk, &to.1),
        }
    }

    /// What was cut off must be so before anything stands there again: a power cut may keep the new
    /// and bring back the rest of the old.
    fn grows(&mut self, disk: &Disk, inode: Inode, at: usize) {
        let mut earlier = disk.unsure(inode).iter().filter(|earlier| **earlier < at);
        let mixes = !disk.made[at].cut && earlier.any(|earlier| disk.made[*earlier].cut);
        self.must(!mixes, || "a file grew before its cut was synced".into());
    }

    /// A file other than the memory is written to: an mbox, perhaps.
    fn fills(&mut self, disk: &Disk, inode: Inode, from: u64, until: u64) {
        let mut boxes = false;
        let mut covered = false;
        let mut sure = true;
        for (claim, kind) in self.kinds() {
            let Kind::Mbox {
                path,
                offset,
                length,
            } = kind
            else {
                continue;
            };
            if disk.inode(path) == Some(inode) {
                boxes = true;
                if *offset <= from && until <= offset + length {
                    (covered, sure) = (true, claim.lasts);
                }
            }
        }
        let end = disk.size(inode);
        if boxes && until >= end {
            let cuts = from == until && self.ends_a_claim(disk, inode, until);
            self.must(covered || cuts, || {
                "an mbox grew by what was not claimed".into()
            });
            self.must(sure || cuts, || {
                "an mbox grew before the claim lasts".into()
            });
        }
    }

    /// Whether a file that ends here ends where a letter was to begin.
    fn ends_a_claim(&self, disk: &Disk, inode: Inode, end: u64) -> bool {
        self.kinds().any(|(_, kind)| match kind {
            Kind::Mbox { path, offset, .. } => disk.inode(path) == Some(inode) && *offset == end,
            _ => false,
        })
    }

    /// The places of all claims, each with its claim.
    fn kinds(&self) -> impl Iterator<Item = (&Claim, &Kind)> {
        let claims = self.claims.values();
        claims.flat_map(|claim| claim.kinds.iter().map(move |kind| (claim, kind)))
    }

    /// The memory says no longer what stood behind this.
    fn cut(&mut self, end: Line) {
        self.torn.clear();
        let gone = |line: &Line| line.inode == end.inode && line.from >= end.from;
        self.settled.retain(|_, settled| !gone(&settled.line));
        for claim in self.claims.values_mut().filter(|claim| gone(&claim.line)) {
            claim.withdrawn.get_or_insert(end.made);
        }
    }

    /// The memory says something more.
    fn written(&mut self, disk: &Disk, bytes: &[u8], line: Line) {
        let text = [&std::mem::take(&mut self.torn), bytes].concat();
        for whole in text.split_inclusive(|b| *b == b'\n') {
            let Some(said) = whole.strip_suffix(b"\n") else {
                self.torn = whole.to_vec();
                continue;
            };
            let said = String::from_utf8_lossy(said).into_owned();
            match said.split(' ').collect::<Vec<_>>().as_slice() {
                ["claim", id, _, _, _, _, _, _, claim, ..] => {
                    let claim = Claim {
                        kinds: Kind::read(claim),
                        lasts: false,
                        line,
                        withdrawn: None,
                    };
                    self.claimed(disk, number(id), claim);
                }
                ["took", id, place] => self.took(disk, number(id), claims::place(place)),
                ["done", first, rest @ ..] => {
                    let last = rest.first().unwrap_or(first);
                    (number(first)..=number(last)).for_each(|id| self.done(disk, id, line));
                }
                ["void", id] => self.void(disk, number(id), line),
                _ => {}
            }
        }
    }

    fn claimed(&mut self, disk: &Disk, id: u64, claim: Claim) {
        let memory = disk.is_sure(&self.memory);
        self.must(memory, || {
            "a claim is written to a memory that may not last".into()
        });
        for kind in &claim.kinds {
            match kind {
                Kind::Maildir { hidden, .. } => self.letter(disk, hidden, "claimed"),
                Kind::Mbox { path, .. } => {
                    let sure = disk.is_sure(path);
                    self.must(sure, || "an mbox is claimed in that may not last".into());
                }
                Kind::Mda | Kind::Relay | Kind::Output => {}
            }
        }
        (self.mda, self.handed) = (None, false);
        self.claims.insert(id, claim);
    }

    /// A letter must last, whole and by this name.
    fn letter(&mut self, disk: &Disk, path: &Path, when: &str) {
        let whole = disk
            .inode(path)
            .is_some_and(|inode| disk.unsure(inode).is_empty());
        self.must(whole, || format!("a letter is {when} before it is synced"));
        let sure = disk.is_sure(path);
        self.must(sure, || format!("a letter is {when} before its name lasts"));
    }

    /// One of several places has a message.
    fn took(&mut self, disk: &Disk, id: u64, (word, path): (Vec<u8>, PathBuf)) {
        for kind in self.claims[&id].kinds.clone() {
            let meant = match &kind {
                Kind::Maildir { public, .. } => word == b"maildir" && public.starts_with(&path),
                Kind::Mbox { path: mbox, .. } => word == b"mbox" && *mbox == path,
                Kind::Mda => word == b"mda",
                Kind::Relay => word == b"lmtp" || word == b"smtp",
                Kind::Output => word == b"output",
            };
            if meant {
                self.there(disk, &kind, "noted");
            }
        }
    }

    fn done(&mut self, disk: &Disk, id: u64, line: Line) {
        for kind in self.claims[&id].kinds.clone() {
            self.there(disk, &kind, "done");
        }
        let (done, lasts, ours) = (true, false, true);
        self.settled.insert(
            id,
            Settled {
                line,
                done,
                lasts,
                ours,
            },
        );
    }

    /// What is to be in this place lasts there.
    fn there(&mut self, disk: &Disk, kind: &Kind, when: &str) {
        match kind {
            Kind::Maildir { public: path, .. } | Kind::Mbox { path, .. } => {
                self.letter(disk, path, when);
            }
            Kind::Mda => {
                let well = matches!(self.mda, Some((_, Some(0))));
                self.must(well, || {
                    format!("a message is {when} before its MDA ended well")
                });
            }
            Kind::Relay => {
                let handed = self.handed;
                self.must(handed, || {
                    format!("a message is {when} before it was handed on")
                });
            }
            Kind::Output => {
                let inode = disk.inode(&self.printed);
                let whole = inode.is_none_or(|inode| disk.unsure(inode).is_empty());
                self.must(whole, || {
                    format!("a message is {when} before what was printed lasts")
                });
            }
        }
    }

    fn void(&mut self, disk: &Disk, id: u64, line: Line) {
        for kind in self.claims[&id].kinds.clone() {
            let Kind::Mbox { path, .. } = kind else {
                continue;
            };
            let gone = disk
                .inode(&path)
                .is_none_or(|inode| disk.unsure(inode).is_empty());
            self.must(gone, || {
                "a claim came to nothing before what is left was gone".into()
            });
        }
        let (done, lasts, ours) = (false, false, true);
        self.settled.insert(
            id,
            Settled {
                line,
                done,
                lasts,
                ours,
            },
        );
    }

    /// A name is made: if it bears the mark, the memory must last by which it will be swept.
    fn named(&mut self, disk: &Disk, name: &[u8]) {
        let bears = |mark: &[u8]| memchr::memmem::find(name, mark).is_some();
        if bears(b"_popget-") || bears(b".lock.") {
            let name = disk.name(&self.memory);
            let known = name.is_some_and(|name| !disk.possible(&name).contains(&None));
            let found = known
                && self
                    .memory
                    .parent()
                    .is_some_and(|folder| disk.is_sure(folder));
            self.must(found, || "a file bears a mark that may be lost".into());
        }
    }

    /// A letter becomes public.
    fn published(&mut self, _: &Disk, name: &[u8]) {
        let claimed = self.of_name(name).map(|(id, claim)| (*id, claim.lasts));
        self.must(claimed.is_some_and(|(_, lasts)| lasts), || {
            "a letter became public before its claim lasts".into()
        });
    }

    /// A file is removed.
    fn swept(&mut self, disk: &Disk, name: &[u8]) {
        let Some((id, claim)) = self.of_name(name) else {
            return;
        };
        let settled = self.settled.get(id).is_some_and(|settled| settled.lasts);
        let withdrawn = claim.withdrawn.is_some_and(|at| disk.made[at].lasts);
        self.must(settled || withdrawn, || "a claimed letter was swept".into());
    }

    fn of_name(&self, name: &[u8]) -> Option<(&u64, &Claim)> {
        let mut claims = self.claims.iter();
        claims.find(|(_, claim)| {
            claim.kinds.iter().any(|kind| match kind {
                Kind::Maildir { public, .. } => public
                    .file_name()
                    .is_some_and(|own| own.as_encoded_bytes() == name),
                _ => false,
            })
        })
    }

    /// Something was synced: lines of the memory may last now.
    fn synced(&mut self, disk: &Disk) {
        let now = disk
            .inode(&self.memory)
            .filter(|_| disk.is_sure(&self.memory));
        let lasts = |line: &Line| Some(line.inode) == now && disk.made[line.made].lasts;
        for claim in self.claims.values_mut() {
            claim.lasts |= lasts(&claim.line);
        }
        for settled in self.settled.values_mut() {
            settled.lasts |= lasts(&settled.line);
        }
    }

    /// Something is said to the server.
    fn said(&mut self, text: &[u8]) {
        let said = String::from_utf8_lossy(text).trim_end().to_owned();
        self.all_settled_lasts(
            &format!("{} was said", said.split(' ').next().unwrap()),
            true,
        );
        if let Some(Claim { kinds, lasts, .. }) = self.open() {
            let relayed = |kind: &Kind| matches!(kind, Kind::Relay);
            let sure = *lasts || !kinds.iter().any(relayed);
            self.must(sure, || {
                "a message is handed on before its claim lasts".into()
            });
            self.handed |= text.ends_with(b".\r\n");
        }
        // RCVD deletes at once; the others are carried out by QUIT.
        let asks = ["DELE", "ACKD", "RCVD"];
        self.deletes |= asks.iter().any(|asks| said.starts_with(asks));
        if ["QUIT", "RCVD"].contains(&said.as_str()) && self.deletes {
            self.all_settled_lasts(&format!("{said} deleted"), false);
        }
    }

    fn all_settled_lasts(&mut self, when: &str, ours: bool) {
        let lost = |settled: &&Settled| !settled.lasts && (settled.ours || !ours && settled.done);
        let lost = self.settled.values().filter(lost).count();
        self.must(lost == 0, || {
            format!("{when} before what was settled lasts")
        });
    }

    /// A program was started: an MDA is given a message.
    fn began(&mut self, who: u32) {
        let Some(claim) = self.open() else {
            return;
        };
        let given = claim.kinds.iter().any(|kind| matches!(kind, Kind::Mda));
        if given && self.mda.is_none() {
            let lasts = claim.lasts;
            self.mda = Some((who, None));
            self.must(lasts, || "an MDA began before its claim lasts".into());
        }
    }

    /// The last claim that is not settled.
    fn open(&self) -> Option<&Claim> {
        let mut claims = self.claims.iter();
        let open =
            claims.rfind(|(id, claim)| claim.withdrawn.is_none() && !self.settled.contains_key(id));
        open.map(|(_, claim)| claim)
    }

    fn ended(&mut self, who: u32, status: i64) {
        if let Some((mda, ended)) = &mut self.mda {
            if *mda == who {
                *ended = Some(status);
            }
        }
    }
}
