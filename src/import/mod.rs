//! What other programs were told and remember, in popget's words. Pure: bytes come in, accounts and
//! records go out, with a remark on everything that has no counterpart. Nothing that stands in a
//! file is run, and nothing is expanded that popget expands itself.

mod draft;
mod fdm;
mod fetchmail;
mod fit;
mod getmail;
mod ini;
mod mpop;
mod place;
#[cfg(any(test, fuzzing))]
pub mod properties;
mod record;
mod said;
mod shell;
mod thunderbird;
mod yaml;

pub use draft::Account;
pub use place::{Remark, Spot, Weight, Wrong};
pub use record::{Entry, Owner, Record, RecordAt};
pub use yaml::{written, Passwords};

use said::Said;
use std::collections::HashSet;
use std::rc::Rc;

/// A program whose files can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// fetchmail, 6.3 to 7: fetchmailrc and fetchids.
    Fetchmail,
    /// mpop: mpoprc and its UIDLS files, with and without times.
    Mpop,
    /// getmail 5 and 6: rc files and oldmail files.
    Getmail,
    /// fdm: fdm.conf and its POP3 caches.
    Fdm,
    /// Thunderbird: popstate.dat, a record alone.
    Thunderbird,
}

impl Tool {
    /// All of them, by their names.
    pub const ALL: [(&'static str, Self); 5] = [
        ("fetchmail", Self::Fetchmail),
        ("mpop", Self::Mpop),
        ("getmail", Self::Getmail),
        ("fdm", Self::Fdm),
        ("thunderbird", Self::Thunderbird),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, tool)| *tool == self);
        named.map_or("", |(name, _)| name)
    }
}

/// What the files do not say themselves.
pub struct Around<'a> {
    /// The name by which the user who imports is known here.
    pub login: String,
    /// The home folder.
    pub home: String,
    /// The folder in which fetchmail has its record, if it is another.
    pub fetchmail: Option<String>,
    /// Whether the netrc file knows a host.
    pub in_netrc: &'a dyn Fn(&str) -> bool,
    /// Reads a file that the settings include, by its name as it stands there.
    pub include: &'a dyn Fn(&str) -> Option<Included>,
}

/// A file that the settings include.
pub struct Included {
    /// Its whole path, to be shown.
    pub name: String,
    /// What is in it.
    pub text: Vec<u8>,
}

/// What was understood of a program's settings.
#[derive(Default)]
pub struct Taken {
    /// The accounts, in the order of the file.
    pub accounts: Vec<Account>,
    /// What could not be carried over, or is done in another way.
    pub remarks: Vec<Remark>,
    /// The files by which the program shows that it is running, where the settings name them.
    pub locks: Vec<Said>,
}

impl Wrong {
    /// What is understood of a file that is wrong, if others are read beside it.
    fn passed_by(self) -> Taken {
        let why = format!("{}; this file is passed by", self.what);
        Taken {
            remarks: vec![Remark::new(&self.spot, "rc file", &why, Weight::Lost)],
            ..Taken::default()
        }
    }
}

impl Tool {
    /// Reads settings: files, each with its name. Fails if one does not follow the program's own
    /// grammar, and is not one of several.
    pub fn settings(self, files: &[(String, &[u8])], around: &Around) -> Result<Taken, Wrong> {
        let mut taken = Taken::default();
        for (name, text) in files {
            let file: Rc<str> = name.as_str().into();
            let one = match self {
                Self::Fetchmail => fetchmail::settings(&file, text, around)?,
                Self::Mpop => mpop::settings(&file, text, around)?,
                Self::Getmail => match getmail::settings(&file, text, around) {
                    Err(wrong) if files.len() > 1 => wrong.passed_by(),
                    one => one?,
                },
                Self::Fdm => {
                    fdm::settings(&file, text, around, &mut taken)?;
                    continue;
                }
                Self::Thunderbird => {
                    let what =
                        "thunderbird's settings are not read, only its popstate.dat: name that \
                                with --state";
                    return Err(Wrong::new(&Spot::new(&file, 1), what));
                }
            };
            taken.accounts.extend(one.accounts);
            taken.remarks.extend(one.remarks);
            taken.locks.extend(one.locks);
        }
        let lost = taken.remarks.iter().any(Remark::is_loss);
        if let (true, false, Some((name, _))) = (taken.accounts.is_empty(), lost, files.first()) {
            let spot = Spot::new(&name.as_str().into(), 1);
            let why = "there is no account in it";
            taken
                .remarks
                .push(Remark::new(&spot, self.name(), why, Weight::Lost));
        }
        draft::name_apart(&mut taken.accounts);
        if matches!(self, Self::Fetchmail | Self::Mpop | Self::Getmail) {
            taken
                .remarks
                .extend(draft::one_of_a_maildrop(&mut taken.accounts));
        }
        let mut said = HashSet::new();
        taken
            .remarks
            .retain(|remark| said.insert(remark.to_string()));
        Ok(taken)
    }

    /// Whether a file is one of getmail's settings, as far as its sections tell.
    pub fn is_rc_file(text: &[u8]) -> bool {
        ini::has_section(text, "retriever")
    }

    /// Reads a record of what was fetched.
    pub fn record(self, file: &str, text: &[u8]) -> Record {
        let file: Rc<str> = file.into();
        match self {
            Self::Fetchmail => fetchmail::record(&file, text),
            Self::Mpop => mpop::record(&file, text),
            Self::Getmail => getmail::record(&file, text),
            Self::Fdm => fdm::record(&file, text),
            Self::Thunderbird => thunderbird::record(&file, text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{env, fs};

    /// Surroundings of somebody.
    pub(super) fn around() -> Around<'static> {
        Around {
            login: "ann".into(),
            home: "/users/ann".into(),
            fetchmail: None,
            in_netrc: &|host| host == "netrc.example.org",
            include: &|_| None,
        }
    }

    /// What becomes of settings: the text, and what is said of them.
    pub(super) fn becomes(tool: Tool, name: &str, settings: &[u8]) -> (String, String) {
        match tool.settings(&[(name.into(), settings)], &around()) {
            Ok(taken) => {
                let told = taken.remarks.iter().map(|remark| {
                    let weight = match remark.weight {
                        Weight::Told => "told",
                        Weight::Lost => "lost",
                    };
                    format!("{weight} {remark}\n")
                });
                let text = written(&taken.accounts, Passwords::Written);
                (text, told.collect())
            }
            Err(Wrong { spot, what }) => (String::new(), format!("wrong {spot}: {what}\n")),
        }
    }

    /// What becomes of a word.
    #[derive(Clone, Copy)]
    pub(super) enum Fate {
        /// This stands in the account, and does not without it.
        Carried(&'static str),
        /// It is told under this name, by a remark that is not there without it.
        Told(&'static str),
    }

    impl Fate {
        /// Fails if it was not met: with that word and without it, this is what became of settings.
        #[track_caller]
        pub(super) fn is_met(self, what: &str, plain: &(String, String), with: &(String, String)) {
            match self {
                Self::Carried(text) => {
                    let carried = !plain.0.contains(text) && with.0.contains(text);
                    assert!(carried, "{what}: {}", with.0);
                }
                Self::Told(word) => {
                    let word = format!(": {word}: ");
                    let told = !plain.1.contains(&word) && with.1.contains(&word);
                    assert!(told, "{what}: {}", with.1);
                }
            }
        }
    }

    /// The settings in tests/fuzz/corpus become what stands in tests/import; with POPGET_GOLDEN=new
    /// in the environment that is written anew, for whoever reads it then.
    #[test]
    fn settings_become_accounts() {
        let tests = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
        let mut count = 0;
        for (program, tool) in Tool::ALL {
            for file in fs::read_dir(format!("{tests}/fuzz/corpus/{program}")).unwrap() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_str().unwrap();
                if name == "record" {
                    continue;
                }
                count += 1;
                let (text, told) = becomes(tool, name, &fs::read(&path).unwrap());
                for (ending, text) in [("yaml", text), ("told", told)] {
                    let golden = format!("{tests}/import/{program}-{name}.{ending}");
                    if env::var("POPGET_GOLDEN").is_ok_and(|what| what == "new") {
                        fs::write(&golden, &text).unwrap();
                    }
                    assert_eq!(fs::read_to_string(&golden).unwrap(), text, "{golden}");
                }
            }
        }
        assert!(count >= 15, "{count} settings");
    }

    /// These would take minutes if each line were compared with every other.
    #[test]
    fn many_accounts_and_long_lists_are_read_in_one_go() {
        const MANY: usize = 10_000;
        let each = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<String>();
        let account = |number: usize| {
            format!("account \"a\" pop3s server \"h\" user \"u\" pass \"p\" new-only cache \"/c{number}\"\n")
        };
        let names = each(&|number| format!("\"n{number}\" "));
        let actions = each(&|number| format!("action \"n{number}\" maildir \"/m/{number}\"\n"));
        let conf = format!(
            "{actions}{}account \"n1\" pop3s server \"h\" user \"u\"\n\
             match accounts {{ {names}}} actions {{ {names}}}\n{}",
            each(&account),
            each(&|number| format!("match account \"n{number}\" action \"n{number}\"\n")),
        );
        let (text, _) = becomes(Tool::Fdm, "conf", conf.as_bytes());
        assert!(text.contains("  a-10000:\n") && text.contains("/m/9999\n"));
        let rc = format!(
            "[retriever]\ntype = MultidropPOP3SSLRetriever\nserver = h\nusername = u\n\
             envelope_recipient = X-To\n{}[destination]\ntype = MultiSorter\nlocals = ({})\n{}",
            each(&|number| format!("key{number} = x\n")),
            each(&|number| format!("('u{number}@h', '[d{number}]'),")),
            each(&|number| format!("[d{number}]\ntype = Maildir\npath = /m/{number}/\n")),
        );
        let (text, told) = becomes(Tool::Getmail, "rc", rc.as_bytes());
        assert!(text.contains("/m/9999/\n") && told.contains("key9999: "));
        let rc = format!(
            "[retriever]\ntype = MultidropPOP3SSLRetriever\nserver = h\nusername = u\n\
             envelope_recipient = X-To\n[destination]\ntype = MultiSorter\ndefault = /m/\nlocals = ({})\n",
            each(&|number| format!("('a@h', '/m/{number}/'),")),
        );
        let (text, _) = becomes(Tool::Getmail, "rc", rc.as_bytes());
        assert!(text.contains("/m/9999/\n"));
    }

    /// These would take minutes and gigabytes if each were compared with every other, however many there
    /// are.
    #[test]
    fn what_is_compared_with_each_other_is_bounded() {
        const MANY: usize = 2_000;
        let each = |line: &dyn Fn(usize) -> String| (0..MANY).map(line).collect::<String>();
        let account = |number: usize| {
            format!("account \"z{number}\" pop3s server \"h\" user \"u\" pass \"p\"\n")
        };
        let accounts = each(&account);
        let actions = each(&|number| format!("action \"n{number}\" maildir \"/m/{number}\"\n"));
        let rule = |condition: &str, behind: &str| {
            each(&|number| format!("match {condition}{number}{behind}\n"))
        };
        for (before, rules) in [
            ("", rule("\"x", "\" in headers action maildir \"/m\"")),
            ("", rule("account \"z1*", "\" action maildir \"/m\"")),
            ("", rule("all action maildir \"/m/", "\" continue")),
            ("", rule("all action \"none", "\" continue")),
            (&*actions, "match all action \"n*\" continue\n".repeat(MANY)),
            (&*actions, rule("account \"z1\" action \"m*", "\"")),
        ] {
            let sets = each(&|number| format!("set x{number} 1\n"));
            let conf = format!("{sets}{before}{accounts}{rules}");
            let (text, told) = becomes(Tool::Fdm, "conf", conf.as_bytes());
            assert!(text.contains("  z1999:\n") && text.contains("enabled: false\n"));
            assert!(told.lines().count() < 8 * MANY, "{}", told.lines().count());
        }
        let users = each(&|number| format!("\"u{number}\" "));
        let steps = each(&|number| format!("maildir \"/m/{number}\"\n"));
        let conf = format!("action \"a\" users {{ {users}}} {{ {steps}}}\n{accounts}");
        assert!(becomes(Tool::Fdm, "conf", conf.as_bytes())
            .0
            .contains("z1999"));
    }
}
