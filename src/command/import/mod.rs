//! `popget import`: prints the configuration that does what another program's did, and takes over its
//! record of what was fetched.

mod files;
mod heir;
mod record;
mod sheaf;
mod sources;

use super::fetch::{self, Ended};
use super::state;
use crate::cli::{Fetch, Import};
use crate::config::{self, Settings};
use crate::error::{Error, ExitStatus, Mistake, Result};
use crate::event::Mode;
use crate::folder;
use crate::import::{self, Around, Included, Passwords, Remark, Taken, Tool, Weight, Wrong};
use crate::report::{self, Level, Options};
use crate::secret::Netrc;
use files::Source;
use record::Estate;
use std::env;

/// Imports what the command line names.
pub fn run(flags: &Fetch, what: &Import, options: Options) -> anyhow::Result<Ended> {
    let tool = sources::program(what)?;
    let mut remarks = Vec::new();
    let settings = sources::all(tool, &what.files, &mut remarks)?;
    let netrc = Netrc::default();
    let mut taken = understood(tool, &settings, &netrc)?;
    taken.remarks.splice(0..0, remarks);
    let text = match tool {
        Tool::Thunderbird => None,
        _ => Some(printable(&taken.accounts, what)?),
    };
    let read = text.clone().map(|text| read_back(text, flags));
    let (meant, refused) = match read {
        Some(Err(refused)) => (None, Some(refused)),
        read => (read.and_then(Result::ok), None),
    };
    // Whatever forbids to take over the record is found before anything is printed.
    let heirs = match tool {
        Tool::Thunderbird => heir::configured(flags)?,
        _ => heir::imported(&taken, meant, &netrc),
    };
    let mut estate = Estate::of((tool, taken.accounts.len()), heirs, what, &settings)?;
    estate.idle(&taken)?;
    let spared = estate.spare(&mut taken.accounts);
    let text = match spared.is_empty() {
        true => text,
        false => Some(printable(&taken.accounts, what)?),
    };
    taken.remarks.extend(spared);
    let desk = state::Desk::new(flags, options)?;
    report::pour(text.unwrap_or_default().as_bytes())?;
    if what.with_passwords && taken.accounts.iter().any(import::Account::has_secrets) {
        warn_if_open(options);
    }
    let outcome = estate.take_over(&desk, what, options);
    taken.remarks.extend(outcome.remarks);
    let mut worst = outcome.status;
    if refused.is_some() || taken.remarks.iter().any(Remark::is_loss) {
        worst = worst.min(ExitStatus::Data);
    }
    taken.remarks.extend(outcome.denied);
    tell(&taken.remarks, refused.as_deref(), options);
    if what.connect {
        worst = worst.min(look(flags, tool, &taken, options)?);
    }
    Ok(Ended::With(worst))
}

/// The text that is printed, if popget would read one of its size.
fn printable(accounts: &[import::Account], what: &Import) -> Result<String> {
    let passwords = match what.with_passwords {
        true => Passwords::Written,
        false => Passwords::LeftOut,
    };
    let text = import::written(accounts, passwords);
    match config::fits(text.as_bytes()) {
        true => Ok(text),
        false => Err(Error::Import {
            name: WRITTEN.into(),
            line: 0,
            why: "it is larger than popget reads (16 MiB): import a part of the accounts at a \
                  time, each part to a file of its own for popget -c"
                .into(),
        }),
    }
}

/// What popget makes of what is printed, or what of it popget refuses.
fn read_back(text: String, flags: &Fetch) -> Result<Settings, String> {
    config::of_text(WRITTEN, text, flags).map_err(|error| match error {
        Error::Settings(mistake) => {
            let line = mistake.place.map_or(1, |(line, _)| line);
            let key = match mistake.key.as_str() {
                "" => String::new(),
                key => format!("{key}: "),
            };
            format!(
                "line {line} of what is printed: {key}popget refuses it: {}; mend it, and look \
                 with popget config -c FILE whether there is more",
                mistake.what
            )
        }
        other => format!("popget refuses what is printed: {other}"),
    })
}

/// Says that passwords are in a file that others may read.
fn warn_if_open(options: Options) {
    if let Some(why) = files::output_open_to_others() {
        let text = format!(
            "the file with the passwords {why}: run chmod 600 on it, and umask 077 before next time"
        );
        report::remark(Level::Warning, &text, options);
    }
}

/// Says what is not as it was. What is long is cut, each part by itself: what to do comes last.
fn tell(remarks: &[Remark], refused: Option<&str>, options: Options) {
    let shown = |text: &str| report::escape(text.as_bytes());
    for Remark {
        spot,
        word,
        why,
        weight,
    } in remarks
    {
        let level = match weight {
            Weight::Lost => Level::Error,
            Weight::Told => Level::Warning,
        };
        let spot = shown(&spot.to_string());
        let text = format!("{spot}: {}: {}", shown(word), shown(why));
        report::remark(level, &text, options);
    }
    if let Some(refused) = refused {
        report::remark(Level::Error, &shown(refused), options);
    }
}

/// What the text is called that is printed.
const WRITTEN: &str = "what was imported";

/// Logs in to each account that is enabled, and says on standard error how much of what is there is
/// known.
fn look(flags: &Fetch, tool: Tool, taken: &Taken, options: Options) -> Result<ExitStatus> {
    let accounts = match tool {
        Tool::Thunderbird => fetch::settings(flags)?.accounts,
        _ => {
            let text = import::written(&taken.accounts, Passwords::Written);
            let read = config::of_text(WRITTEN, text, flags)?.accounts;
            // All of them, in the same order.
            let read = read.into_iter().zip(&taken.accounts);
            let on = read.filter(|(_, written)| written.is_enabled());
            on.map(|(account, _)| account).collect()
        }
    };
    // Only getmail's record leaves a doubt which UIDs are meant.
    let mode = match tool {
        Tool::Getmail => Mode::Settle,
        _ => Mode::Check,
    };
    let options = Options { mode, ..options };
    let stop = fetch::listen()?;
    let mut worst = ExitStatus::Fine;
    for account in accounts {
        let named = fetch::named(&account);
        let tally = fetch::look(account, &named, options, &stop)?;
        report::visited(&named, &tally, options);
        worst = worst.min(tally.status());
    }
    Ok(worst)
}

/// The accounts of all files.
fn understood(tool: Tool, settings: &[Source], netrc: &Netrc) -> Result<Taken> {
    let in_netrc = |host: &str| netrc.user(host).is_some();
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
        let source = Source::read(&path).ok()?;
        Some(Included {
            name: source.name(),
            text: source.bytes,
        })
    };
    let around = Around {
        login: login.unwrap_or_else(|| "nobody".into()),
        home: folder::home().unwrap_or_default().display().to_string(),
        fetchmail: files::of_fetchmail().map(|at| at.display().to_string()),
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
    fn account_of(conf: &str, flags: &Fetch) -> Option<crate::session::Account> {
        let source = Source {
            path: "fdm\u{2028}a: \n\u{feff}b: .conf".into(),
            bytes: conf.into(),
        };
        let taken = understood(Tool::Fdm, &[source], &Netrc::default()).unwrap();
        let text = import::written(&taken.accounts, Passwords::Written);
        let lost = taken.remarks.iter().any(Remark::is_loss);
        read_back(text, flags)
            .ok()
            .filter(|_| !lost)?
            .accounts
            .pop()
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
            // fdm itself takes no brackets and quotes in it that have no end.
            let command = command.replace(['(', ')', '"', '\''], "");
            for pass in [quoted(&password), format!("$({command})")] {
                let conf = format!(
                    "action \"in\" maildir {}\naccount \"a\" pop3s server \"h.example.org\" user {} pass {pass} \
                     new-only cache \"/c\" keep\nmatch all action \"in\"\n",
                    quoted(&format!("/m/{folder}")),
                    quoted(&user),
                );
                let Some(account) = account_of(&conf, &flags) else {
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
