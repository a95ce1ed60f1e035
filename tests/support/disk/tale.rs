//! A tale: runs of the real program, one after another and each perhaps struck, of which every call
//! that matters is known, and the disk they began on.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::promises::{Broken, Judge};
use super::states::{self, State};
use super::trace::{self, Call};
use super::{Deed, Disk};
use crate::support::scene::{Scene, ACCOUNT};
use crate::support::server::PopServer;

/// Runs under watch.
pub struct Tale {
    /// The server.
    pub server: PopServer,
    /// The scene.
    pub scene: Scene,
    /// In how many places each message arrives.
    pub places: usize,
    /// The disk before the first run.
    pub start: Disk,
    /// What each run did.
    pub runs: Vec<Vec<Call>>,
}

/// A sync: in which run, and the how many-th call of it.
pub type Place = (usize, usize);

impl Tale {
    /// Begins one with what is there now.
    pub fn begin(server: &PopServer, scene: Scene) -> Tale {
        // The scene writes the settings when it runs.
        drop(scene.program(&[]));
        Tale {
            server: server.clone(),
            start: Disk::of(&scene.path("")),
            places: 1,
            scene,
            runs: Vec::new(),
        }
    }

    /// Runs, and makes a call fail, in the words of strace; gives the exit status, if it came to one.
    pub fn run(&mut self, strike: Option<&str>) -> Option<i32> {
        self.run_under(&[], strike)
    }

    /// As `run`, under another command.
    pub fn run_under(&mut self, outer: &[&str], strike: Option<&str>) -> Option<i32> {
        let log = self.scene.path("../trace");
        let words = trace::wrapper(&log, strike);
        let words: Vec<&str> = words
            .iter()
            .map(String::as_str)
            .chain(outer.iter().copied())
            .collect();
        self.scene.wraps(&words);
        let mut outcome = self.scene.run();
        self.scene.wraps(&[]);
        let status = outcome.take_status();
        drop(outcome.whatever());
        self.runs.push(trace::read(&fs::read(&log).unwrap()));
        status
    }

    /// The memory of the account.
    pub fn memory(&self) -> PathBuf {
        let memory = format!(".local/state/popget/{ACCOUNT}.seen");
        self.scene.path(&memory)
    }

    /// What would break if the power failed at the worst moment, and if this sync had not been.
    pub fn broken(&self, without: Option<Place>) -> Vec<Broken> {
        let (mut disk, mut judge) = (
            self.start.clone(),
            Judge::new(&self.memory(), &self.scene.path("out")),
        );
        for (run, calls) in self.runs.iter().enumerate() {
            disk.begins(calls);
            let kept = calls.iter().enumerate();
            let kept = kept.filter(|(at, _)| without != Some((run, *at)));
            judge.follow(&mut disk, kept.map(|(_, call)| call));
        }
        judge.broken()
    }

    /// Every sync of something that was not sure to last, with what was synced.
    pub fn syncs(&self) -> Vec<(Place, PathBuf)> {
        let (mut disk, mut syncs) = (self.start.clone(), Vec::new());
        for (run, calls) in self.runs.iter().enumerate() {
            disk.begins(calls);
            for (at, call) in calls.iter().enumerate() {
                if let Deed::Synced(_, 1..) = disk.apply(call) {
                    syncs.push(((run, at), call.descriptor(0).1));
                }
            }
        }
        syncs
    }

    /// The disk in the end; the model of it must be what is there, but for what others wrote.
    pub fn end(&self, others: &Path) -> Disk {
        let mut disk = self.start.clone();
        for calls in &self.runs {
            disk.begins(calls);
            calls.iter().for_each(|call| drop(disk.apply(call)));
        }
        let mut there = Disk::of(&self.scene.path("")).seen();
        there.retain(|path, _| !path.starts_with(others));
        assert!(
            disk.seen() == there,
            "{:?}\n{:?}",
            disk.seen().keys(),
            there.keys()
        );
        disk
    }
}

/// A moment after which the power may fail.
pub struct Cut {
    /// What the disk may look like then.
    pub state: State,
    /// What the server still has, by its UIDs.
    pub left: Vec<String>,
}

impl Tale {
    /// What may be left by a power cut at any moment, each but once.
    pub fn cuts(&self, uids: &[String]) -> Vec<Cut> {
        let (mut disk, mut cuts, mut known) = (self.start.clone(), Vec::new(), HashSet::new());
        let mut left = uids.to_vec();
        for calls in &self.runs {
            disk.begins(calls);
            let (listed, mut deleted) = (left.clone(), Vec::new());
            for call in calls {
                match disk.apply(call) {
                    Deed::Said(text) => {
                        let text = String::from_utf8_lossy(&text).into_owned();
                        let numbers = text.lines().filter_map(|said| said.strip_prefix("DELE "));
                        let numbers = numbers.map(|number| number.parse::<usize>().unwrap());
                        deleted.extend(numbers.map(|number| listed[number - 1].clone()));
                        if text.starts_with("QUIT") {
                            left.retain(|uid| !deleted.contains(uid));
                        }
                    }
                    Deed::Changed(_) | Deed::Synced(_, 1..) => {}
                    _ => continue,
                }
                for state in states::after(&disk) {
                    if known.insert((state.mark(), left.len())) {
                        let left = left.clone();
                        cuts.push(Cut { state, left });
                    }
                }
            }
        }
        cuts
    }
}
