//! What is known of the great providers: a row each. The file is long because it is a table. All of
//! their servers speak TLS from the first byte, on port 995.

/// A provider.
#[derive(Debug)]
pub struct Provider {
    /// Its name.
    pub name: &'static str,
    /// The domains of its addresses, with spaces between them.
    pub domains: &'static str,
    /// How the names end of those who take the mail for other domains that it serves (MX).
    pub exchanges: &'static str,
    /// Its POP server; none if it has no POP.
    pub server: Option<&'static str>,
    /// Who logs in there.
    pub user: User,
    /// How its secret is called; none if it takes no password.
    pub password: Option<&'static str>,
    /// How its OAuth 2.0 is called in the settings, if it has some that one can use.
    pub oauth: Option<&'static str>,
    /// What else goes into the account.
    pub keys: &'static [(&'static str, &'static str)],
    /// What one has to know.
    pub notes: &'static [&'static str],
}

/// Who logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum User {
    /// The whole address.
    Address,
    /// What stands before the @.
    Local,
}

/// One like most.
const USUAL: Provider = Provider {
    name: "",
    domains: "",
    exchanges: "",
    server: None,
    user: User::Address,
    password: Some("password"),
    oauth: None,
    keys: &[],
    notes: &[],
};

const UNITED: &[&str] = &[
    "POP must be switched on first, in the web settings under POP3/IMAP",
    "with two-factor authentication the password is an app password",
];
const ZOHO: &[&str] = &[
    "POP must be switched on first, in the web settings under Mail Accounts; new accounts of the free plan have none",
    "with two-factor authentication the password is an application-specific password",
];
const NETEASE: &[&str] = &[
    "POP must be switched on first, in the web settings under POP3/SMTP/IMAP, where the authorisation code is shown",
    "the authorisation code takes the place of the password",
];

/// All of them.
pub const ALL: &[Provider] = &[
    Provider {
        name: "Gmail",
        domains: "gmail.com googlemail.com",
        exchanges: "google.com googlemail.com",
        server: Some("pop.gmail.com"),
        password: Some("app password"),
        oauth: Some("google"),
        keys: &[("drain", "true")],
        notes: &[
            "POP must be switched on first, in the web settings under Forwarding and POP/IMAP",
            "the password is an app password, which needs 2-Step Verification (myaccount.google.com/apppasswords), or there is OAuth 2.0",
            "it shows a part of the mail at a time, hence drain: true; what becomes of fetched mail is decided in its web settings, whatever keep says",
        ],
        ..USUAL
    },
    Provider {
        name: "Outlook.com and Microsoft 365",
        domains: "outlook.com hotmail.com live.com msn.com windowslive.com \
            outlook.at outlook.be outlook.cl outlook.cz outlook.de outlook.dk outlook.es outlook.fr \
            outlook.hu outlook.ie outlook.in outlook.it outlook.jp outlook.kr outlook.lv outlook.my \
            outlook.ph outlook.pt outlook.sa outlook.sg outlook.sk outlook.co.id outlook.co.il \
            outlook.co.th outlook.com.ar outlook.com.au outlook.com.br outlook.com.gr outlook.com.tr \
            outlook.com.vn hotmail.be hotmail.ca hotmail.cl hotmail.cz hotmail.de hotmail.dk hotmail.es \
            hotmail.fi hotmail.fr hotmail.gr hotmail.hu hotmail.it hotmail.lt hotmail.lv hotmail.my \
            hotmail.nl hotmail.no hotmail.ph hotmail.rs hotmail.se hotmail.sg hotmail.sk hotmail.co.id \
            hotmail.co.il hotmail.co.in hotmail.co.jp hotmail.co.kr hotmail.co.th hotmail.co.uk \
            hotmail.co.za hotmail.com.ar hotmail.com.au hotmail.com.br hotmail.com.hk hotmail.com.tr \
            hotmail.com.tw hotmail.com.vn live.at live.be live.ca live.cl live.cn live.de live.dk \
            live.fi live.fr live.hk live.ie live.in live.it live.jp live.nl live.no live.ru live.se \
            live.co.jp live.co.kr live.co.uk live.co.za live.com.ar live.com.au live.com.mx live.com.my \
            live.com.ph live.com.pt live.com.sg livemail.tw",
        exchanges: "protection.outlook.com mx.microsoft",
        server: Some("outlook.office365.com"),
        password: None,
        oauth: Some("microsoft"),
        keys: &[("timeout", "3m")],
        notes: &[
            "it takes no password, only OAuth 2.0",
            "it may be slow, hence timeout: 3m",
            "POP must be allowed first: at Outlook.com in the web settings under Forwarding and IMAP, at work or school by the administrator",
        ],
        ..USUAL
    },
    Provider {
        name: "Yahoo",
        domains: "yahoo.com yahoo.de yahoo.it yahoo.fr yahoo.es yahoo.se yahoo.co.in yahoo.co.uk \
            yahoo.co.nz yahoo.com.au yahoo.com.ar yahoo.com.br yahoo.com.mx ymail.com myyahoo.com \
            rocketmail.com",
        exchanges: "am0.yahoodns.net",
        server: Some("pop.mail.yahoo.com"),
        password: Some("app password"),
        notes: &["the password is an app password, made in its account security settings"],
        ..USUAL
    },
    Provider {
        name: "AOL",
        domains: "aol.com aim.com netscape.net netscape.com compuserve.com cs.com wmconnect.com aol.de \
            aol.it aol.fr aol.es aol.se aol.co.uk aol.co.nz aol.com.au aol.com.ar aol.com.br aol.com.mx",
        exchanges: "gm0.yahoodns.net",
        server: Some("pop.aol.com"),
        password: Some("app password"),
        notes: &["the password is an app password, made in its account security settings"],
        ..USUAL
    },
    Provider {
        name: "GMX",
        domains: "gmx.net gmx.de gmx.at gmx.ch gmx.eu gmx.biz gmx.org gmx.info mein.gmx mail.gmx \
            email.gmx",
        exchanges: "gmx.net",
        server: Some("pop.gmx.net"),
        notes: UNITED,
        ..USUAL
    },
    Provider {
        name: "GMX.com",
        domains: "gmx.com gmx.tm gmx.us gmx.co.uk gmx.es gmx.fr gmx.ca gmx.cn gmx.co.in gmx.com.br \
            gmx.com.my gmx.hk gmx.ie gmx.ph gmx.pt gmx.ru gmx.se gmx.sg gmx.tw gmx.com.tr gmx.it gmx.li",
        server: Some("pop.gmx.com"),
        notes: UNITED,
        ..USUAL
    },
    Provider {
        name: "mail.com",
        domains: "mail.com email.com post.com usa.com accountant.com consultant.com dr.com engineer.com \
            cheerful.com techie.com linuxmail.org europe.com london.com uymail.com myself.com iname.com \
            writeme.com",
        server: Some("pop.mail.com"),
        notes: UNITED,
        ..USUAL
    },
    Provider {
        name: "WEB.DE",
        domains: "web.de",
        exchanges: "web.de",
        server: Some("pop3.web.de"),
        user: User::Local,
        keys: &[("min_interval", "15m")],
        notes: &[
            "POP must be switched on first, in the web settings under POP3/IMAP",
            "with two-factor authentication the password is an app password",
            "it wants 15 minutes between logins and refuses earlier ones, hence min_interval: 15m",
        ],
        ..USUAL
    },
    Provider {
        name: "T-Online",
        domains: "t-online.de magenta.de",
        server: Some("securepop.t-online.de"),
        password: Some("e-mail password"),
        notes: &[
            "the password is the one for e-mail programs, which is set in the customer centre; that of the web pages does not do",
        ],
        ..USUAL
    },
    Provider {
        name: "freenet",
        domains: "freenet.de",
        server: Some("mx.freenet.de"),
        notes: &["POP must be switched on first, in the web settings under POP3/IMAP/SMTP"],
        ..USUAL
    },
    Provider {
        name: "Fastmail",
        domains: "fastmail.com fastmail.fm",
        exchanges: "messagingengine.com",
        server: Some("pop.fastmail.com"),
        password: Some("app password"),
        notes: &["the password is an app password for POP, made in its privacy and security settings"],
        ..USUAL
    },
    Provider {
        name: "Zoho",
        domains: "zoho.com zohomail.com",
        server: Some("pop.zoho.com"),
        notes: ZOHO,
        ..USUAL
    },
    Provider {
        name: "Zoho in Europe",
        domains: "zoho.eu zohomail.eu",
        server: Some("pop.zoho.eu"),
        notes: ZOHO,
        ..USUAL
    },
    Provider {
        name: "Zoho in India",
        domains: "zoho.in zohomail.in",
        server: Some("pop.zoho.in"),
        notes: ZOHO,
        ..USUAL
    },
    Provider {
        name: "Zoho for organisations",
        exchanges: "zoho.com",
        server: Some("poppro.zoho.com"),
        notes: ZOHO,
        ..USUAL
    },
    Provider {
        name: "Zoho for organisations in Europe",
        exchanges: "zoho.eu",
        server: Some("poppro.zoho.eu"),
        notes: ZOHO,
        ..USUAL
    },
    Provider {
        name: "Zoho for organisations in India",
        exchanges: "zoho.in",
        server: Some("poppro.zoho.in"),
        notes: ZOHO,
        ..USUAL
    },
    Provider {
        name: "Mail.ru",
        domains: "mail.ru bk.ru inbox.ru list.ru internet.ru xmail.ru",
        exchanges: "mail.ru",
        server: Some("pop.mail.ru"),
        password: Some("app password"),
        notes: &["the password is one for external applications, made in its security settings"],
        ..USUAL
    },
    Provider {
        name: "Yandex",
        domains: "yandex.ru yandex.com yandex.net yandex.by yandex.kz yandex.ua ya.ru narod.ru",
        exchanges: "yandex.net yandex.ru",
        server: Some("pop.yandex.com"),
        password: Some("app password"),
        notes: &[
            "POP must be switched on first, in the web settings under Email clients, which also say what folders it shows",
            "the password is an app password",
        ],
        ..USUAL
    },
    Provider {
        name: "QQ",
        domains: "qq.com vip.qq.com foxmail.com",
        server: Some("pop.qq.com"),
        password: Some("authorisation code"),
        notes: &[
            "POP must be switched on first, in the web settings under POP3/IMAP/SMTP, where the authorisation code is made",
            "the authorisation code takes the place of the password, and ends when the password is changed",
        ],
        ..USUAL
    },
    Provider {
        name: "163.com",
        domains: "163.com",
        server: Some("pop.163.com"),
        password: Some("authorisation code"),
        notes: NETEASE,
        ..USUAL
    },
    Provider {
        name: "126.com",
        domains: "126.com",
        server: Some("pop.126.com"),
        password: Some("authorisation code"),
        notes: NETEASE,
        ..USUAL
    },
    Provider {
        name: "yeah.net",
        domains: "yeah.net",
        server: Some("pop.yeah.net"),
        password: Some("authorisation code"),
        notes: NETEASE,
        ..USUAL
    },
    Provider {
        name: "iCloud",
        domains: "icloud.com me.com mac.com",
        exchanges: "mail.icloud.com",
        notes: &["use a program that speaks IMAP, or let it forward mail to an address that has POP"],
        ..USUAL
    },
    Provider {
        name: "Proton Mail",
        domains: "proton.me protonmail.com protonmail.ch pm.me",
        exchanges: "protonmail.ch",
        notes: &["its Bridge speaks IMAP and SMTP alone: use a program that speaks IMAP with it"],
        ..USUAL
    },
    Provider {
        name: "Tuta",
        domains: "tuta.com tuta.io tutanota.com tutanota.de tutamail.com keemail.me",
        notes: &["it has no IMAP either: its own programs alone read and export mail"],
        ..USUAL
    },
];

impl Provider {
    /// Whose addresses are in this domain.
    pub fn of(domain: &str) -> Option<&'static Self> {
        let own = |provider: &&Self| {
            provider
                .domains
                .split_ascii_whitespace()
                .any(|own| own == domain)
        };
        ALL.iter().find(own)
    }

    /// Who takes mail at this host for others.
    pub fn behind(exchange: &str) -> Option<&'static Self> {
        let ends = |end: &str| {
            let rest = exchange.strip_suffix(end);
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        let takes = |provider: &&Self| provider.exchanges.split_ascii_whitespace().any(ends);
        ALL.iter().find(takes)
    }

    /// Whose server this is.
    pub fn at(server: &str) -> Option<&'static Self> {
        ALL.iter().find(|provider| provider.server == Some(server))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::is_host;
    use std::collections::HashSet;

    #[test]
    fn every_row_makes_sense() {
        let mut known = HashSet::new();
        for provider in ALL {
            let name = provider.name;
            let names = [provider.domains, provider.exchanges];
            for host in names
                .iter()
                .flat_map(|names| names.split_ascii_whitespace())
            {
                assert!(is_host(host) && host.contains('.'), "{name}: {host}");
            }
            let mut domains = provider.domains.split_ascii_whitespace();
            assert!(domains.all(|domain| known.insert(domain)), "{name}");
            assert!(provider.server.is_none_or(is_host), "{name}");
            let reached = provider.password.or(provider.oauth).is_some();
            assert!(reached && !provider.notes.is_empty(), "{name}");
            assert!(
                !provider.domains.is_empty() || !provider.exchanges.is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn a_provider_is_known_by_its_domains_and_by_who_takes_its_mail() {
        let name = |provider: Option<&Provider>| provider.map(|provider| provider.name);
        assert_eq!(name(Provider::of("gmail.com")), Some("Gmail"));
        assert_eq!(name(Provider::of("notgmail.com")), None);
        for (exchange, expected) in [
            ("aspmx.l.google.com", Some("Gmail")),
            (
                "example-org.mail.protection.outlook.com",
                Some("Outlook.com and Microsoft 365"),
            ),
            ("in1-smtp.messagingengine.com", Some("Fastmail")),
            ("mx.zoho.com", Some("Zoho for organisations")),
            ("mx01.mail.icloud.com", Some("iCloud")),
            ("evilgoogle.com", None),
            ("", None),
        ] {
            assert_eq!(name(Provider::behind(exchange)), expected, "{exchange}");
        }
        assert_eq!(name(Provider::at("pop3.web.de")), Some("WEB.DE"));
    }
}
