//! Which program is meant, and its settings: those that are named, or those in the usual place.

use super::files::{self, Source};
use crate::cli::Import;
use crate::error::{Error, Result};
use crate::folder;
use crate::import::{Remark, Spot, Tool, Weight};
use std::path::{Path, PathBuf};

/// Which program is meant: the one that is named, that of the file's name, or the only one that has
/// settings here.
pub fn program(what: &Import) -> Result<Tool> {
    if let Some(name) = &what.from {
        let known = Tool::ALL.iter().find(|(known, _)| known == name);
        let unknown = || Error::Usage(format!("{name} is no program that can be imported from"));
        return known.map(|(_, tool)| *tool).ok_or_else(unknown);
    }
    if let Some(path) = what.files.first() {
        let what = format!(
            "say with --from which program {} belongs to",
            path.display()
        );
        return files::told_by_name(path).ok_or(Error::Usage(what));
    }
    let there = |(_, tool): &&(&str, Tool)| files::usual(*tool).is_some();
    let found: Vec<_> = Tool::ALL.iter().filter(there).collect();
    match found.as_slice() {
        [(_, tool)] => Ok(*tool),
        [] => Err(Error::Usage(
            "no settings of fetchmail, mpop, getmail or fdm are in the usual places; name the file"
                .into(),
        )),
        several => {
            let names: Vec<_> = several.iter().map(|(name, _)| *name).collect();
            let what = format!(
                "there are settings of {}; say with --from which",
                names.join(" and ")
            );
            Err(Error::Usage(what))
        }
    }
}

/// The settings of a program: those that are named, or those in the usual place. Remarks tell what
/// lies beside them and is not read.
pub fn all(tool: Tool, named: &[PathBuf], remarks: &mut Vec<Remark>) -> Result<Vec<Source>> {
    let usual = match named {
        [] => files::usual(tool),
        _ => None,
    };
    if usual.is_none() && named.is_empty() && tool != Tool::Thunderbird {
        let what = format!(
            "no settings of {} are in the usual places; name the file",
            tool.name()
        );
        return Err(Error::Usage(what));
    }
    let mut sources = Vec::new();
    for path in usual.iter().chain(named) {
        sources.extend(below(tool, path, remarks)?);
    }
    if let (Tool::Getmail, Some(path), [only]) = (tool, &usual, sources.as_slice()) {
        remarks.extend(left_beside(path).filter(|_| only.path == *path));
    }
    Ok(sources)
}

/// A file that is named, or the rc files of a folder. What else lies in a folder is told.
fn below(tool: Tool, path: &Path, remarks: &mut Vec<Remark>) -> Result<Vec<Source>> {
    let paths = files::within(tool, path);
    let alone = paths.as_slice() == [path];
    let (mut sources, mut unread) = (Vec::new(), None);
    for path in &paths {
        let source = match Source::read(path) {
            Err(Error::Settings(mistake)) if !alone => {
                let spot = Spot::new(&mistake.file.as_str().into(), 0);
                remarks.push(Remark::new(&spot, "rc file", &mistake.what, Weight::Lost));
                unread = unread.or(Some(Error::Settings(mistake)));
                continue;
            }
            source => source?,
        };
        if alone || source.has_retriever() {
            sources.push(source);
            continue;
        }
        let spot = Spot::new(&source.name().into(), 1);
        let why = "there is none, so this is no rc file; it is passed by";
        remarks.push(Remark::new(&spot, "[retriever]", why, Weight::Told));
    }
    let none = || {
        let folder = path.display();
        Error::Usage(format!(
            "there is no rc file of getmail in {folder}; name the file"
        ))
    };
    match sources.is_empty() {
        true => Err(unread.unwrap_or_else(none)),
        false => Ok(sources),
    }
}

/// What is said of rc files that lie beside the only one that getmail reads by itself.
fn left_beside(only: &Path) -> Option<Remark> {
    let others = files::beside(only);
    let spot = Spot::new(&only.display().to_string().into(), 1);
    let why = format!(
        "is the only one read; beside it are {}: to import all, name the folder, {}",
        others.join(", "),
        folder::above(only).display()
    );
    let remark = Remark::new(&spot, "getmailrc", &why, Weight::Told);
    (!others.is_empty()).then_some(remark)
}
