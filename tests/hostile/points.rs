//! Silence, a hang-up and a reset at every point of a whole session: behind each line that the
//! server says and in the middle of it. The next run finds a good server, and brings what is missing.

use std::time::Instant;

use super::{scene_with, side_by_side, LONG};
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::speech::{Break, Manner};
use crate::support::tls::Certificate;

const STLS: Security = Security::StartTls(Certificate::Good);
const MAIL: [&str; 3] = ["alpha.eml", "empty-body.eml", "dots.eml"];
const BREAKS: [Break; 3] = [Break::Silence, Break::Cut, Break::Reset];

/// A session that breaks off.
struct Point {
    security: Security,
    keep: &'static str,
    manner: Manner,
}

fn stage(security: Security, keep: &'static str) -> (PopServer, Scene) {
    let server = PopServer::builder().security(security).start();
    for name in MAIL {
        server.maildrop().add_named(name, name);
    }
    let scene = scene_with(&server).key("keep", keep);
    (server, scene)
}

/// Every point of a good session: where each of its lines begins, and where half of it is said.
fn points(security: Security, keep: &'static str) -> Vec<usize> {
    let (server, mut scene) = stage(security, keep);
    scene.run().delivers(MAIL).exits(0);
    let ends = server.line_ends();
    let starts = [0].into_iter().chain(ends.iter().copied());
    starts
        .zip(&ends)
        .flat_map(|(start, end)| [start, (start + end) / 2])
        .collect()
}

/// All of them, in every way, with POPGET_HOSTILE=long. Else one in so many, in one way after the
/// other, and with `keep` in turns.
fn chosen(security: Security, one_in: usize) -> Vec<Point> {
    let long = std::env::var("POPGET_HOSTILE").is_ok_and(|form| form == "long");
    let step = if long { 1 } else { one_in };
    let mut chosen = Vec::new();
    for (turn, keep) in ["true", "false"].into_iter().enumerate() {
        let points = points(security, keep).into_iter().skip(turn).step_by(step);
        for (index, at) in points.enumerate() {
            let own = BREAKS[(index + turn) % BREAKS.len()];
            let breaks = BREAKS.into_iter().filter(|how| long || *how == own);
            chosen.extend(breaks.map(|how| Point {
                security,
                keep,
                manner: Manner::BreaksOff(at, how),
            }));
        }
    }
    assert!(chosen.len() > 15, "only {} points", chosen.len());
    chosen
}

/// Breaks off there; then does not.
fn breaks_off(point: &Point) {
    let (server, mut scene) = stage(point.security, point.keep);
    server.speaks(point.manner);
    let begun = Instant::now();
    scene = scene.key("timeout", "1s");
    let mut outcome = scene.run();
    let (status, said) = (outcome.take_status(), outcome.take_stderr());
    let told = ["hung up", "connection lost", "no answer for 1s"];
    let told = told.iter().any(|words| said.contains(words));
    let fine = match status {
        // Without deletions nothing hangs on the goodbye, and who hangs up on CAPA is not asked again.
        Some(0) => said.is_empty(),
        // Before and in the middle of a handshake there is no service.
        Some(69) => ["connecting: ", "securing: "]
            .iter()
            .any(|stage| said.contains(stage)),
        status => status == Some(75) && told && said.lines().count() == 1,
    };
    let Point { keep, manner, .. } = point;
    if !fine || begun.elapsed() > LONG {
        outcome.fail(&format!("keep: {keep}, {manner:?}"));
    }
    drop(outcome.whatever());
    assert!(server.broke_off(), "{manner:?} never came");
    scene = scene.key("timeout", "20s");
    scene.run().delivers(MAIL).remembers(MAIL).silent().exits(0);
    let left = server.maildrop().left();
    assert_eq!(left, if *keep == "true" { 3 } else { 0 }, "{manner:?}");
}

#[test]
fn a_server_that_breaks_off_anywhere_loses_nothing_and_doubles_nothing() {
    side_by_side(&chosen(Security::None, 3), breaks_off);
}

#[test]
fn a_server_that_breaks_off_anywhere_under_tls_does_neither() {
    side_by_side(&chosen(STLS, 11), breaks_off);
}

#[test]
fn a_whole_session_may_come_octet_by_octet() {
    for security in [Security::None, STLS, Security::Implicit(Certificate::Good)] {
        for keep in ["true", "false"] {
            let (server, mut scene) = stage(security, keep);
            server.speaks(Manner::Bytewise);
            scene.run().delivers(MAIL).remembers(MAIL).silent().exits(0);
        }
    }
}
