//! What holds of replies, listings and whole sessions, whatever the server says.

use super::greet;
use super::known::{words, Known};
use super::lump::Divider;
use super::pop1;
use super::pop2;
use super::pop3::Pop3;
use super::sign::Sign;
use super::syntax::{self, Capabilities, Code, Reply};
use super::talk::Talk;
use super::{sdps, Envelopes, Maildrop, Part, Sizes, Wanted};
use crate::error::Error;
use crate::event::{Events, Stop};
use crate::message::{Disposition, Envelope, MessageNumber};
use crate::net::properties::{patience, unheard, Said};
use crate::net::Wire;
use crate::sasl::User;
use crate::secret::Secret;
use std::io::Read;

/// The count of messages that the lines of a listing are read with.
const COUNT: u32 = 1000;

/// A reply is understood by its head alone, means the same however its first word is written, and is
/// read again as what it was.
pub fn reply(input: &[u8]) {
    super::login_properties::timestamp(input);
    let _ = syntax::busy_words(input);
    let _ = syntax::other_protocol(input, "POP3");
    if let Ok((count, octets)) = syntax::stat(input) {
        let size = octets.map_or(String::new(), |octets| octets.to_string());
        let again = syntax::stat(format!("{count} {size}").as_bytes());
        assert_eq!(again.ok(), Some((count, octets)));
    }
    let Ok(reply) = Reply::parse(input) else {
        return;
    };
    let (head, text) = match &reply {
        Reply::Ok(text) => (&b"+OK "[..], text),
        Reply::Err(_, text) => (&b"-ERR "[..], text),
        Reply::Challenge(text) => (&b"+ "[..], text),
    };
    assert!(input.ends_with(text));
    let written = [head, text].concat();
    assert_eq!(Reply::parse(&written).ok().as_ref(), Some(&reply));
    let lower = [&head.to_ascii_lowercase()[..], text].concat();
    assert_eq!(Reply::parse(&lower).ok().as_ref(), Some(&reply));
    if let Reply::Err(code, text) = &reply {
        let more = [b"-ERR ", text.as_slice(), b"]x"].concat();
        let shouted = [b"-ERR ", text.to_ascii_uppercase().as_slice()].concat();
        assert!(code.is_none() || code_of(&more) == *code);
        assert_eq!(code_of(&shouted), *code);
        let _ = syntax::refusal(*code, text);
    }
}

fn code_of(line: &[u8]) -> Option<Code> {
    match Reply::parse(line) {
        Ok(Reply::Err(code, _)) => code,
        _ => None,
    }
}

/// Capabilities are the same in capitals, say no more than was said, and are read again as what
/// they were.
pub fn capabilities(input: &[u8]) {
    let take = |text: &[u8]| {
        let mut capabilities = Capabilities::default();
        text.split(|b| *b == b'\n')
            .for_each(|line| capabilities.take(line));
        capabilities
    };
    let capabilities = take(input);
    assert_eq!(take(&input.to_ascii_uppercase()), capabilities);
    assert_eq!(take(&input.to_ascii_lowercase()), capabilities);
    assert!(capabilities.sasl.concat().len() <= input.len());
    let again = take(&words(&capabilities).join(&b'\n'));
    let known = capabilities.known;
    assert_eq!(Capabilities { known, ..again }, capabilities);
    let mechanisms = capabilities.sasl.iter();
    let mut mechanisms = mechanisms.filter_map(|name| std::str::from_utf8(name).ok());
    assert!(mechanisms.all(|name| capabilities.offers(name)));
}

/// A line of a listing names a message that is there.
pub fn listing(input: &[u8]) {
    list(input);
    uidl(input);
}

/// A line of LIST names a message that is there, and is read again as what it was.
fn list(input: &[u8]) {
    for line in input.split(|b| *b == b'\n') {
        let Ok((number, size)) = syntax::list_line(line, COUNT) else {
            continue;
        };
        assert!((1..=COUNT).contains(&number.0));
        let size = size.map_or(String::new(), |size| size.to_string());
        let written = format!("{} {size}", number.0);
        let again = syntax::list_line(written.as_bytes(), COUNT).ok();
        assert_eq!(again, Some((number, size.parse().ok())));
        assert!(syntax::list_line(line, number.0 - 1).is_err());
    }
}

/// A line of UIDL names a message that is there, by bytes that are harmless, and is read again as
/// what it was.
fn uidl(input: &[u8]) {
    for line in input.split(|b| *b == b'\n') {
        let Ok((number, uid)) = syntax::uidl_line(line, COUNT) else {
            continue;
        };
        assert!((1..=COUNT).contains(&number.0));
        let bytes = uid.as_ref().map_or(&[][..], |uid| uid.bytes());
        assert!(bytes.len() <= 255 && !bytes.iter().any(u8::is_ascii_control));
        assert!(memchr::memmem::find(line, bytes).is_some());
        let written = [number.0.to_string().as_bytes(), b" ", bytes].concat();
        let again = syntax::uidl_line(&written, COUNT).ok();
        assert_eq!(again, Some((number, uid)));
    }
}

/// An envelope is told by four lines and holds nothing that could be more than one line or word.
pub fn envelope(input: &[u8]) {
    let lines = input.split_inclusive(|b| *b == b'\n').count();
    let told = sdps::read(input);
    assert_eq!(told.is_some(), lines >= 4);
    let Some(Envelope { sender, recipients }) = told else {
        return;
    };
    assert!(recipients.len() <= 1 && !recipients.contains(&Vec::new()));
    for address in recipients.iter().chain([&sender]) {
        assert!(address.iter().all(|b| *b > 0x20 && *b != 0x7f));
        assert!(!address.starts_with(b"-"));
    }
    let recipient = recipients.concat();
    let written = [b"\n\n", sender.as_slice(), b"\n", &recipient, b"\n"].concat();
    let plain = !written.iter().any(|b| b"<>".contains(b));
    assert!(!plain || sdps::read(&written) == Some(Envelope { sender, recipients }));
}

/// However a server answers, a session comes to an end, lists each message once and in order, gives
/// no more bytes than were sent, and is never a bug of ours.
pub fn session(input: &[u8]) {
    let told = [Envelopes::Heads, Envelopes::Sdps];
    let pieces = [usize::MAX, 1, 3];
    for (envelopes, piece) in told
        .iter()
        .flat_map(|told| pieces.map(|piece| (*told, piece)))
    {
        let events = unheard();
        let said = Said::in_turn(input, piece);
        let talk = Talk(Wire::new(Box::new(said), patience(), &events));
        if let Err(error) = visit(talk, envelopes, input.len()) {
            assert!(!matches!(error, Error::Bug(_)), "{error}");
            assert!(!error.to_string().contains('\n'));
        }
    }
}

fn visit(mut talk: Talk, envelopes: Envelopes, most: usize) -> Result<(), Error> {
    greet::greeting(&mut talk)?;
    let capabilities = greet::capabilities(&mut talk)?;
    let mut pop3 = Box::new(Pop3::over(talk, Known::bare(capabilities)));
    pop3.envelopes = envelopes;
    let scan = pop3.scan(Sizes::Perhaps)?;
    let listings = pop3.weigh(scan)?;
    let numbers = || listings.iter().map(|listing| listing.number);
    assert!(numbers()
        .zip(numbers().skip(1))
        .all(|(one, next)| one < next));
    let wanted = listings
        .iter()
        .map(|listing| (listing.number, listing.size));
    let wanted: Vec<Wanted> = wanted.take(4).collect();
    pop3.announce(Part::Head, &wanted);
    for (number, _) in &wanted {
        let head = pop3.head(*number)?.unwrap_or_default();
        assert!(head.len() <= most);
    }
    pop3.announce(Part::Whole, &wanted);
    let mut doomed = Vec::new();
    for (number, _) in wanted {
        let mut bytes = Vec::new();
        match pop3.envelope(number) {
            Err(Error::MessageRefused(_) | Error::NoEnvelope(_)) => continue,
            told => assert_eq!(told?.is_some(), envelopes == Envelopes::Sdps),
        }
        let read = match pop3.retrieve(number) {
            Ok(mut body) => body.read_to_end(&mut bytes),
            Err(Error::MessageRefused(_)) => continue,
            Err(error) => return Err(error),
        };
        read.map_err(Error::from_reader)?;
        assert!(bytes.len() <= most);
        pop3.settle(number, Disposition::Delete)?;
        doomed.push(number);
    }
    let refused = pop3.quit()?.refused;
    let subset = |number: &MessageNumber| doomed.contains(number);
    assert!(refused.iter().all(subset));
    Ok(())
}

/// What an older protocol says is understood by its first octet and its number, and is read again as
/// what it was; and however its server answers, a session comes to an end, gives no more bytes than
/// were sent, and asks for no deletion but of a message that came whole.
pub fn older(input: &[u8]) {
    for line in input.split(|b| *b == b'\n') {
        if let Some(sign) = Sign::parse(line) {
            assert_eq!(Sign::parse(&sign.written()), Some(sign));
        }
    }
    for piece in [usize::MAX, 1, 3] {
        let events = unheard();
        let said = Said::in_turn(input, piece);
        let heard = said.heard();
        let talk = Talk(Wire::new(Box::new(said), patience(), &events));
        let mut whole = 0;
        let visited = match pop2::greeting(&mut Talk(greeter(input, &events))) {
            Ok(_) => visit_pop2(talk, input.len(), &mut whole),
            Err(_) => visit_pop1(talk, input.len(), &mut whole),
        };
        if let Err(error) = visited {
            assert!(!matches!(error, Error::Bug(_)), "{error}");
            assert!(!error.to_string().contains('\n'));
        }
        let heard = heard.lock().map(|heard| heard.clone()).unwrap_or_default();
        let asked = |word| memchr::memmem::find_iter(&heard, word).count();
        assert!(asked(b"ACKD\r\n") <= whole);
        assert!(asked(b"RCVD\r\n") == 0 || whole > 0);
    }
}

/// A line to a server that says this.
fn greeter<'e>(input: &[u8], events: &'e Events) -> Wire<'e> {
    let said = Said::in_turn(input, usize::MAX);
    Wire::new(Box::new(said), patience(), events)
}

/// The messages of a lump are the lump, however it comes in pieces; and each but the first of several
/// begins as one of an mbox.
pub fn lump(input: &[u8]) {
    let divided = |piece: usize| {
        let mut divider = Divider::new(1000);
        input.chunks(piece).for_each(|piece| divider.take(piece));
        divider.finish()
    };
    let whole = divided(input.len().max(1));
    for piece in [1, 2, 6, 7, 50] {
        assert_eq!(divided(piece), whole, "by {piece}");
    }
    let mut end = 0;
    for part in &whole {
        assert!(part.start == end && part.end > end);
        let message = &input[end as usize..];
        assert!(whole.len() == 1 || message.starts_with(b"From "));
        end = part.end;
    }
    assert_eq!(end, input.len() as u64);
    let joined = memchr::memmem::find_iter(input, b"\n\nFrom ").count();
    assert!(whole.len() <= joined + 1);
}

fn visit_pop1(mut talk: Talk, most: usize, whole: &mut usize) -> Result<(), Error> {
    pop1::greeting(&mut talk)?;
    let (name, secret) = ("ann", &Secret::new(b"pa ss".to_vec()));
    pop1::log_in(&mut talk, User { name, secret })?;
    let lump = pop1::Lump {
        folder: "ann".into(),
        deletes: most % 2 == 0,
        spool: "/nowhere/that/is".into(), // what is tried here is small
    };
    let mut pop1 = Box::new(pop1::Pop1::over(talk, lump, Stop::default()));
    let listings = match pop1.scan(Sizes::Now) {
        Ok(scan) => scan.listings,
        Err(error) => {
            let _ = pop1.quit(); // which must not delete what did not come
            return Err(error);
        }
    };
    let mut all = 0;
    for listing in &listings {
        let mut bytes = Vec::new();
        let read = pop1.retrieve(listing.number)?.read_to_end(&mut bytes);
        read.map_err(Error::from_reader)?;
        assert_eq!(Some(bytes.len() as u64), listing.size);
        all += bytes.len();
        *whole += 1;
        pop1.settle(listing.number, Disposition::Delete)?;
    }
    assert!(all <= most);
    assert!(pop1.quit()?.refused.is_empty());
    Ok(())
}

fn visit_pop2(mut talk: Talk, most: usize, whole: &mut usize) -> Result<(), Error> {
    pop2::greeting(&mut talk)?;
    let (name, secret) = ("ann lee", &Secret::new(b"pa ss".to_vec()));
    let count = pop2::log_in(&mut talk, User { name, secret })?;
    let mut pop2 = Box::new(pop2::Pop2::over(talk, count, Stop::default()));
    let scan = pop2.scan(Sizes::Now)?;
    let listings = pop2.weigh(scan)?;
    for (at, listing) in listings.iter().take(4).enumerate() {
        let mut bytes = Vec::new();
        let read = match pop2.retrieve(listing.number) {
            Ok(mut body) => body.read_to_end(&mut bytes),
            Err(Error::MessageRefused(_)) => continue,
            Err(error) => return Err(error),
        };
        read.map_err(Error::from_reader)?;
        assert!(bytes.len() <= most);
        *whole += 1;
        match at % 3 {
            0 => pop2.settle(listing.number, Disposition::Delete)?,
            1 => pop2.settle(listing.number, Disposition::Keep)?,
            _ => {} // nobody took it
        }
    }
    assert!(pop2.quit()?.refused.is_empty());
    Ok(())
}
