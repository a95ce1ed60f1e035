//! `popget import`: prints the configuration that does what another program's did, and takes over its
//! record of what was fetched.

mod files;
mod record;

use super::fetch::{self, Ended};
use crate::cli::{Fetch, Import};
use crate::config::{self, Settings};
use crate::error::{Error, ExitStatus, Mistake, Result};
use crate::folder;
use crate::import::{self, Around, Passwords, Remark, Spot, Taken, Tool, Weight, Wrong};
use crate::report::{self, Level, Options};
use crate::secret;
use files::Source;
use std::env;
use std::path::{Path, PathBuf};

/// Imports what the command line names.
pub fn run(flags: &Fetch, what: &Import, options: Options) -> anyhow::Result<Ended> {
    let tool = program(what)?;
    let mut remarks = Vec::new();
    let settings = sources(tool, &what.files, &mut remarks)?;
    let mut taken = understood(tool, &settings)?;
    taken.remarks.splice(0..0, remarks);
    let mut meant = None;
    let passwords = match what.with_passwords {
        true => Passwords::Written,
        false => Passwords::LeftOut,
    };
    if tool != Tool::Thunderbird {
        let text = import::written(&taken.accounts, passwords);
        if !config::fits(text.as_bytes()) {
            let why =
                "it is larger than popget reads (16 MiB): import a part of the accounts at a \
                       time, each part to a file of its own for popget -c";
            return Err(unfit(why).into());
        }
        report::pour(text.as_bytes())?;
        meant = understood_again(text, flags, &mut taken);
    }
    record::take_over(flags, what, options, (tool, &settings, &mut taken, meant))?;
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
    let lost = match taken.remarks.iter().any(Remark::is_loss) {
        true => ExitStatus::Data,
        false => ExitStatus::Fine,
    };
    Ok(Ended::With(lost.min(looked)))
}

/// What was imported cannot be written.
fn unfit(why: &str) -> Error {
    Error::Import {
        name: WRITTEN.into(),
        line: 0,
        why: why.into(),
    }
}

/// What popget makes of what was written. If it refuses that, and nothing is told yet that makes it do
/// so, this is.
fn understood_again(text: String, flags: &Fetch, taken: &mut Taken) -> Option<Settings> {
    let mistake = match config::of_text(WRITTEN, text, flags) {
        Err(Error::Settings(mistake)) => mistake,
        settings => return settings.ok(),
    };
    if !taken.remarks.iter().any(Remark::is_loss) {
        let spot = Spot::new(&WRITTEN.into(), mistake.place.map_or(1, |(line, _)| line));
        let why = format!("popget refuses it: {}", mistake.what);
        let remark = Remark::new(&spot, &mistake.key, &why, Weight::Lost);
        taken.remarks.push(remark);
    }
    None
}

/// What the text is called that is printed.
const WRITTEN: &str = "what was imported";

/// Logs in to each account, and says on standard error how much of what is there is known.
fn look(flags: &Fetch, tool: Tool, taken: &Taken, options: Options) -> Result<ExitStatus> {
    let text = import::written(&taken.accounts, Passwords::Written);
    let settings = match tool {
        Tool::Thunderbird => fetch::settings(flags)?,
        _ => config::of_text(WRITTEN, text, flags)?,
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
fn sources(tool: Tool, named: &[PathBuf], remarks: &mut Vec<Remark>) -> Result<Vec<Source>> {
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
    let mut sources = Vec::new();
    for path in &paths {
        let source = Source::read(path)?;
        if alone || source.has_retriever() {
            sources.push(source);
            continue;
        }
        let spot = Spot::new(&source.name().into(), 1);
        let why = "there is none, so this is no rc file; it is passed by";
        remarks.push(Remark::new(&spot, "[retriever]", why, Weight::Told));
    }
    match sources.is_empty() {
        true => Err(Error::Usage(format!(
            "there is no rc file of getmail in {}; name the file",
            path.display()
        ))),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Args;
    use crate::delivery::Destination;
    use crate::secret::{CommandLine, SecretSource};
    use clap::Parser;

    /// Text that is hard to write: what YAML, shells, paths and other programs take for something else.
    fn hard(random: &mut fastrand::Rng) -> String {
        const PARTS: [&str; 40] = [
            "\n", "\t", "\r", "\u{1}", "\u{1b}", "\u{7f}", "\u{85}", "\u{2028}", "\u{feff}", "\\",
            "\"", "'", ":", ": ", "#", " #", "-", "- ", "~", "%", "$", "{", "}", "[", "]", "*",
            "&", "!", "|", ">", "@", "`", ",", "?", " ", "no", "null", "1e3", "0x1f", "ü",
        ];
        let parts = random.usize(1..6);
        let mut text: String = (0..parts)
            .map(|_| PARTS[random.usize(..PARTS.len())])
            .collect();
        if random.bool() {
            text.push('a');
        }
        text
    }

    /// As fdm has it in double quotes.
    fn quoted(text: &str) -> String {
        let text = text.replace('\\', "\\\\").replace('"', "\\\"");
        let text = text.replace('%', "%%").replace("${", "$\" + \"{");
        format!("\"{}\"", text.replace("%{", "%\" + \"{"))
    }

    /// What popget reads of an account of fdm that was imported; what it refuses is told as lost.
    fn read_back(conf: &str, flags: &Fetch) -> Option<crate::session::Account> {
        let source = Source {
            path: "fdm\u{2028}a: \n\u{feff}b: .conf".into(),
            bytes: conf.into(),
        };
        let mut taken = understood(Tool::Fdm, &[source]).unwrap();
        let text = import::written(&taken.accounts, Passwords::Written);
        let read = understood_again(text.clone(), flags, &mut taken);
        let lost = taken.remarks.iter().any(Remark::is_loss);
        assert!(lost || read.is_some(), "{conf}\n{text}");
        read.filter(|_| !lost)?.accounts.pop()
    }

    /// This would take minutes if each were compared with every other.
    #[test]
    fn long_lists_are_read_back_in_one_go() {
        const MANY: usize = 10_000;
        let flags = Args::parse_from(["popget", "--state-dir", "/nowhere"]).fetch;
        let list = |each: &dyn Fn(usize) -> String| (0..MANY).map(each).collect::<String>();
        let account = "server: h.example.org, user: u, netrc: true";
        for deliver in [
            format!(
                "deliver: [{}]",
                list(&|number| format!("{{maildir: /m/{number}}},"))
            ),
            format!(
                "multidrop: {{envelope: X-To, domains: [{}], routes: {{{}}}}}",
                list(&|number| format!("d{number}.example.org,")),
                list(&|number| format!("u@d{number}.example.org: {{maildir: /m/{number}}},"))
            ),
        ] {
            let text = format!("accounts: {{a: {{{account}, {deliver}}}}}");
            let read = config::of_text("text", text, &flags).map(|read| read.accounts.len());
            assert!(matches!(read, Ok(1)), "{:?}", read.err());
        }
    }

    #[test]
    fn what_is_written_is_read_back_as_the_same_text() {
        let flags = Args::parse_from(["popget", "--state-dir", "/nowhere"]).fetch;
        let mut random = fastrand::Rng::with_seed(1984);
        let mut count = 0;
        for _ in 0..2000 {
            let mut next = || hard(&mut random);
            let (user, password, folder, command) = (next(), next(), next(), next());
            for pass in [
                quoted(&password),
                format!("$({})", command.replace(['(', ')'], "")),
            ] {
                let conf = format!(
                    "action \"in\" maildir {}\naccount \"a\" pop3s server \"h.example.org\" user {} pass {pass} \
                     new-only cache \"/c\" keep\nmatch all action \"in\"\n",
                    quoted(&format!("/m/{folder}")),
                    quoted(&user),
                );
                let Some(account) = read_back(&conf, &flags) else {
                    continue;
                };
                count += 1;
                assert_eq!(account.login.user, user, "{conf}");
                match (&account.destination, &account.secret) {
                    (Destination::Maildir(path), SecretSource::Given(given)) => {
                        assert_eq!(path.to_str(), Some(&*format!("/m/{folder}")));
                        assert_eq!(given.expose(), password.as_bytes(), "{conf}");
                    }
                    (
                        Destination::Maildir(_),
                        SecretSource::Command(CommandLine::Shell(line), _),
                    ) => {
                        assert_eq!(*line, command.trim_ascii(), "{conf}");
                    }
                    _ => assert!(matches!(account.secret, SecretSource::Ask), "{conf}"),
                }
            }
        }
        assert!(count > 400, "{count} of 4000 were read");
    }
}
