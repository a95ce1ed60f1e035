//! What servers have against a Kerberos ticket, by the numbers of RFC 4120, section 7.5.9: why, what
//! to do, and whether it passes.

/// A reason, and what to do about it.
struct Reason {
    code: u32,
    why: &'static str,
    advice: &'static str,
}

/// What a stale key on either side comes to.
const KEYS: &str = "run kinit anew; if that does not help, the server's keys must be renewed";
/// What a wrong clock comes to.
const CLOCKS: &str = "set both clocks right";

const REASONS: [Reason; 11] = [
    reason(31, "it cannot decrypt it", KEYS),
    reason(32, "it has expired", "run kinit"),
    reason(33, "it is not valid yet", CLOCKS),
    reason(
        34,
        "it takes it for a repetition",
        "the next run tries again",
    ),
    reason(
        35,
        "it is for another server",
        "check the host name in server",
    ),
    reason(36, "it was made by somebody else", "run kinit anew"),
    reason(37, "the clocks differ by too much", CLOCKS),
    reason(
        38,
        "it is for another address of ours",
        "get one for all addresses: kinit -A",
    ),
    reason(41, "it was changed on its way", "check the network between"),
    reason(44, "it was made for another key", KEYS),
    reason(
        45,
        "the server has no key of its service",
        "have pop/ and the host's name put into the server's keytab",
    ),
];

const fn reason(code: u32, why: &'static str, advice: &'static str) -> Reason {
    Reason { code, why, advice }
}

fn of(code: u32) -> Option<&'static Reason> {
    REASONS.iter().find(|reason| reason.code == code)
}

/// Why the ticket was not taken.
pub fn why(code: u32) -> String {
    of(code).map_or_else(
        || format!("error {code} of Kerberos"),
        |reason| reason.why.into(),
    )
}

/// What to do about it.
pub fn advice(code: u32) -> &'static str {
    of(code).map_or(
        "check the ticket with klist, both clocks, and the server's keys",
        |reason| reason.advice,
    )
}

/// Whether another ticket, made a moment later, may be taken.
pub fn passes(code: u32) -> bool {
    code == 34
}
