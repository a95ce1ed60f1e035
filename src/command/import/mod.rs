//! `popget import`: prints the configuration that does what another program's did, and takes over its
//! record of what was fetched.

mod files;
mod record;

use super::fetch::{self, Ended};
use crate::cli::{Fetch, Import};
use crate::config;
use crate::error::{Error, ExitStatus, Mistake, Result};
use crate::folder;
use crate::import::{self, Around, Passwords, Taken, Tool, Weight, Wrong};
use crate::report::{self, Level, Options};
use crate::secret;
use files::Source;
use std::env;
use std::path::PathBuf;

/// Imports what the command line names.
pub fn run(flags: &Fetch, what: &Import, options: Options) -> anyhow::Result<Ended> {
    let tool = program(what)?;
    let settings = sources(tool, &what.files)?;
    let mut taken = understood(tool, &settings)?;
    let passwords = match what.with_passwords {
        true => Passwords::Written,
        false => Passwords::LeftOut,
    };
    if tool != Tool::Thunderbird {
        report::pour(import::written(&taken.accounts, passwords).as_bytes())?;
    }
    record::take_over(flags, what, options, (tool, &settings, &mut taken))?;
    for remark in &taken.remarks {
        let level = match remark.weight {
            Weight::Lost => Level::Error,
            Weight::Told => Level::Warning,
        };
        report::remark(
            level,
            &report::escape(remark.to_string().as_bytes()),
            options,
        );
    }
    let looked = match what.connect {
        true => look(flags, tool, &taken, options)?,
        false => ExitStatus::Fine,
    };
    let lost = taken
        .remarks
        .iter()
        .any(|remark| remark.weight == Weight::Lost);
    let lost = match lost {
        true => ExitStatus::Data,
        false => ExitStatus::Fine,
    };
    Ok(Ended::With(lost.min(looked)))
}

/// Logs in to each account, and says on standard error how much of what is there is known.
fn look(flags: &Fetch, tool: Tool, taken: &Taken, options: Options) -> Result<ExitStatus> {
    let text = import::written(&taken.accounts, Passwords::Written);
    let settings = match tool {
        Tool::Thunderbird => fetch::settings(flags)?,
        _ => config::of_text("what was imported", text, flags)?,
    };
    let stop = fetch::listen()?;
    let mut worst = ExitStatus::Fine;
    for account in settings.accounts {
        let named = fetch::named(&account);
        let tally = fetch::look(account, &named, options, &stop)?;
        report::visited(&named, &tally, options);
        worst = worst.min(tally.status());
    }
    Ok(worst)
}

/// Which program is meant: the one that is named, that of the file's name, or the only one that has
/// settings here.
fn program(what: &Import) -> Result<Tool> {
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
    let there = |(_, tool): &&(&str, Tool)| !files::usual(*tool).is_empty();
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

/// The settings of a program: those that are named, or those in the usual place.
fn sources(tool: Tool, named: &[PathBuf]) -> Result<Vec<Source>> {
    let paths: Vec<PathBuf> = match named {
        [] => files::usual(tool),
        named => named.iter().flat_map(|path| files::within(path)).collect(),
    };
    if paths.is_empty() && tool != Tool::Thunderbird {
        let what = format!(
            "no settings of {} are in the usual places; name the file",
            tool.name()
        );
        return Err(Error::Usage(what));
    }
    paths.iter().map(|path| Source::read(path)).collect()
}

/// The accounts of all files.
fn understood(tool: Tool, settings: &[Source]) -> Result<Taken> {
    let in_netrc = |host: &str| matches!(secret::user_in_netrc(host), Ok(Some(_)));
    let mut login = ["LOGNAME", "USER"].into_iter();
    let login = login
        .find_map(|name| env::var(name).ok())
        .or_else(files::own_name);
    let beside = settings
        .first()
        .map(|source| source.path.clone())
        .unwrap_or_default();
    let include = |name: &str| {
        let path = files::placed(name.as_bytes(), &beside);
        Source::read(&path).ok().map(|source| source.bytes)
    };
    let around = Around {
        login: login.unwrap_or_else(|| "nobody".into()),
        home: folder::home().unwrap_or_default().display().to_string(),
        in_netrc: &in_netrc,
        include: &include,
    };
    let texts: Vec<_> = settings
        .iter()
        .map(|source| (source.name(), &*source.bytes))
        .collect();
    tool.settings(&texts, &around).map_err(mistake)
}

/// Something that is wrong in another program's file.
fn mistake(wrong: Wrong) -> Error {
    Error::Settings(Box::new(Mistake {
        file: wrong.spot.file.to_string(),
        place: Some((wrong.spot.line, wrong.spot.column)),
        key: String::new(),
        what: wrong.what,
    }))
}
