//! What the figures were measured on.

use std::fs;
use std::path::Path;
use std::thread;

use super::lab::Lab;
use super::works::To;
use super::Asked;

/// In one paragraph.
pub fn told(asked: &Asked, lab: &Lab) -> String {
    let cpus = thread::available_parallelism().map_or(1, usize::from);
    let names = rustix::system::uname();
    let system = [names.sysname(), names.release()].map(|word| word.to_string_lossy().into_owned());
    let kind = |to| {
        let folder = lab.folder(to).ok();
        folder.map_or("unknown".into(), |folder| file_system(folder.path()))
    };
    format!(
        "{cpus} × {}, {}; Maildirs in memory are on {}, those on disk on {}. Medians of {} runs, taken in \
         turns{}.\n",
        processor(),
        system.join(" "),
        kind(To::Memory),
        kind(To::Disk),
        asked.repeat,
        if asked.quick { ", of about a tenth of the work" } else { "" }
    )
}

fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    line.map_or("processor".into(), |name| {
        name.trim_start_matches([' ', '\t', ':']).to_owned()
    })
}

/// The kind of file system that a folder is on: that of the longest mount point above it.
fn file_system(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let mounts = mounts.lines().filter_map(|line| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?, words.next()?))
    });
    let above = mounts.filter(|(point, _)| folder.starts_with(point));
    let nearest = above.max_by_key(|(point, _)| point.len());
    nearest.map_or("unknown".into(), |(_, kind)| kind.to_owned())
}
