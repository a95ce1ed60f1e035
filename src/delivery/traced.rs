//! Delivery with lines of ours above the message, which tell how it came here. Nothing else of a message
//! is ever touched.

use super::{host, Delivery, Letter};
use crate::error::Result;
use crate::message::{fields, Address, Envelope, Time, Uid};
use chrono::{DateTime, Local};

/// Which lines are put above every message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// How it came here.
    pub received: bool,
    /// To which address it is delivered.
    pub delivered_to: Option<String>,
}

impl Trace {
    /// The address in a head that shows that the message was here before.
    pub fn found_in(&self, head: &[u8]) -> Option<&str> {
        let ours = self.delivered_to.as_deref()?;
        let address = Address::read(ours.as_bytes());
        let mut before = fields(head, "Delivered-To");
        let met = before.any(|value| address.is_some() && Address::read(&value) == address);
        met.then_some(ours)
    }
}

/// From where a message comes, and when.
pub struct Passage {
    /// The server.
    pub server: String,
    /// What is spoken with it.
    pub protocol: &'static str,
    /// The account.
    pub account: String,
    /// Now.
    pub now: Time,
}

/// A destination that gets such lines above every message.
pub struct Traced {
    delivery: Box<dyn Delivery>,
    trace: Trace,
    passage: Box<dyn Fn() -> Passage>,
}

impl Traced {
    /// The destination with these lines.
    pub fn over(
        delivery: Box<dyn Delivery>,
        trace: &Trace,
        passage: impl Fn() -> Passage + 'static,
    ) -> Self {
        Self {
            delivery,
            trace: trace.clone(),
            passage: Box::new(passage),
        }
    }

    fn lines(&self, to: &Envelope) -> String {
        let delivered = self.trace.delivered_to.as_ref();
        let delivered = delivered.map(|address| format!("Delivered-To: {address}\n"));
        let received = self.trace.received.then(|| received(&(self.passage)(), to));
        delivered.unwrap_or_default() + &received.unwrap_or_default()
    }
}

impl Delivery for Traced {
    fn name(&self) -> String {
        self.delivery.name()
    }

    fn begin<'d>(&'d self, to: &Envelope, uid: Option<&Uid>) -> Result<Box<dyn Letter<'d> + 'd>> {
        let mut letter = self.delivery.begin(to, uid)?;
        letter.write(self.lines(to).as_bytes())?;
        Ok(letter)
    }

    fn sync_sealed(&self) -> Result<()> {
        self.delivery.sync_sealed()
    }

    fn sync_published(&self) -> Result<()> {
        self.delivery.sync_published()
    }

    fn sweep(&self) -> Result<()> {
        self.delivery.sweep()
    }

    fn together(&self) -> usize {
        self.delivery.together()
    }
}

/// The line of RFC 5321, section 4.4. Whom the message is for is said only if that is one, and nothing
/// else could be read into his address.
fn received(passage: &Passage, to: &Envelope) -> String {
    let plain = |address: &Vec<u8>| {
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.@".contains(b);
        let text = String::from_utf8(address.clone()).ok();
        text.filter(|_| address.iter().all(plain))
    };
    let whom = match to.recipients.as_slice() {
        [one] => plain(one).map(|one| format!(" for <{one}>")),
        _ => None,
    };
    let Passage {
        server,
        protocol,
        account,
        now,
    } = passage;
    let date = DateTime::from_timestamp(now.0, 0).unwrap_or_default();
    let date = date.with_timezone(&Local).to_rfc2822();
    format!(
        "Received: from {} by {} with {protocol}\n\t(popget {}, account {account}){};\n\t{date}\n",
        named(server),
        named(&host()),
        env!("CARGO_PKG_VERSION"),
        whom.unwrap_or_default()
    )
}

/// The name of a host, or its address as a literal (RFC 5321, section 4.1.3).
fn named(host: &str) -> String {
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
    match host {
        host if host.is_empty() || !host.chars().all(harmless) => "localhost".into(),
        host if host.contains(':') => format!("[IPv6:{host}]"),
        host if host.chars().all(|c| c.is_ascii_digit() || c == '.') => format!("[{host}]"),
        host => host.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(server: &str, recipients: &[&str]) -> String {
        let passage = Passage {
            server: server.into(),
            protocol: "POP3",
            account: "work".into(),
            now: Time(0),
        };
        let recipients = recipients
            .iter()
            .map(|one| one.as_bytes().to_vec())
            .collect();
        let sender = Vec::new();
        received(&passage, &Envelope { sender, recipients })
    }

    #[test]
    fn the_line_names_no_more_than_is_sure() {
        let whole = line("pop.example.org", &["alice@example.org"]);
        assert!(
            whole.starts_with("Received: from pop.example.org by "),
            "{whole}"
        );
        assert!(
            whole.contains(", account work) for <alice@example.org>;\n\t"),
            "{whole}"
        );
        assert!(line("127.0.0.1", &[]).contains("from [127.0.0.1] by"));
        assert!(line("2001:db8::1", &[]).contains("from [IPv6:2001:db8::1] by"));
        for others in [
            &[][..],
            &["a@x", "b@x"],
            &["a>; x"],
            &["a(b@x"],
            &["\u{e9}@x"],
        ] {
            let line = line("h", others);
            assert!(line.contains(", account work);\n\t"), "{line}");
        }
    }

    #[test]
    fn the_line_is_a_field_of_three_lines_that_ends_with_a_date() {
        let line = line("h", &[]);
        let lines: Vec<&str> = line.split_inclusive('\n').collect();
        assert_eq!(lines.len(), 3);
        let date = DateTime::parse_from_rfc2822(lines[2].trim()).unwrap();
        assert_eq!(date.timestamp(), 0);
    }

    #[test]
    fn an_address_of_ours_is_found_again_and_no_other() {
        let trace = Trace {
            received: false,
            delivered_to: Some("alice@home.example".into()),
        };
        let found = |head: &str| trace.found_in(head.as_bytes()).is_some();
        assert!(found("A: b\ndelivered-to: Alice@Home.Example\n\n"));
        assert!(found(
            "Delivered-To: x\nDelivered-To:\n alice@home.example\n\n"
        ));
        assert!(!found(
            "Delivered-To: alice\n\nDelivered-To: alice@home.example\n"
        ));
        assert!(!found("X-Delivered-To: alice@home.example\n\n"));
        assert!(Trace::default()
            .found_in(b"Delivered-To: a@b\n\n")
            .is_none());
    }
}
