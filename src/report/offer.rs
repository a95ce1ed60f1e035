//! What a server offers, in words: a block of lines, each with what it tells.

use super::escape;
use crate::event::{Offered, Probed, Protection, Trusted};
use crate::message::Time;
use chrono::DateTime;

/// What a line tells, and the line.
type Row = (&'static str, String);

/// The block.
pub fn lines(probed: &Probed) -> String {
    let Probed {
        host,
        port,
        tls,
        offered,
    } = probed;
    let mut rows = vec![("greeting", escape(&offered.greeting))];
    match &offered.protection {
        None => rows.push(("TLS", "none".into())),
        Some(protection) => {
            rows.push(("TLS", agreed(protection, tls)));
            rows.extend(certificate(protection));
        }
    }
    rows.extend(abilities(offered));
    let head = match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    };
    let row = |(what, text): Row| format!("\n  {:15} {text}", format!("{what}:"));
    head + &rows.into_iter().map(row).collect::<String>()
}

/// How TLS is used, and what was agreed on.
fn agreed(protection: &Protection, how: &str) -> String {
    let version = protection.version.as_deref();
    let version = version.unwrap_or("version not known");
    match &protection.cipher {
        Some(cipher) => format!("{how}, {version}, {cipher}"),
        None => format!("{how}, {version}"),
    }
}

/// What the certificate says, and whether it will do.
fn certificate(protection: &Protection) -> Vec<Row> {
    let text = |text: &String| escape(text.as_bytes());
    let day = |time: Time| {
        let moment = DateTime::from_timestamp(time.0, 0).unwrap_or_default();
        moment.format("%Y-%m-%d").to_string()
    };
    let span = |(from, until)| format!("{} to {}", day(from), day(until));
    let names: Vec<String> = protection.names.iter().map(text).collect();
    let names = Some(names.join(" ")).filter(|names| !names.is_empty());
    let trusted = match &protection.trusted {
        Trusted::Yes => "yes".into(),
        Trusted::No(why) => format!("no: {}", text(why)),
        Trusted::Unchecked => "not checked: tls_verify is false".into(),
    };
    let rows = [
        ("subject", protection.subject.as_ref().map(text)),
        ("issuer", protection.issuer.as_ref().map(text)),
        ("names", names),
        ("valid", protection.valid.map(span)),
        ("SHA-256", Some(protection.fingerprint.clone())),
        ("trusted", Some(trusted)),
    ];
    let known = |(what, text): (_, Option<String>)| Some((what, text?));
    rows.into_iter().filter_map(known).collect()
}

/// What the server can do, and how soon.
fn abilities(offered: &Offered) -> Vec<Row> {
    let joined = |lines: &[Vec<u8>], between: &str| {
        let lines: Vec<String> = lines.iter().map(|line| escape(line)).collect();
        lines.join(between)
    };
    let clear = offered.clear.as_ref().map(|lines| joined(lines, "; "));
    let capabilities = match &offered.capabilities {
        Some(lines) => joined(lines, "; "),
        None => "the server does not say".into(),
    };
    let mechanisms = match offered.mechanisms.as_slice() {
        [] => "none are named".into(),
        names => joined(names, " "),
    };
    let trip = offered.round_trip.map(|trip| trip.as_secs_f64() * 1000.0);
    let rows = [
        ("before TLS", clear),
        ("capabilities", Some(capabilities)),
        ("mechanisms", Some(mechanisms)),
        ("round trip", trip.map(|trip| format!("{trip:.1} ms"))),
    ];
    let known = |(what, text): (_, Option<String>)| Some((what, text?));
    rows.into_iter().filter_map(known).collect()
}
