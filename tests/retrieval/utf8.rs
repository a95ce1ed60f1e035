//! UTF8 (RFC 6856): asked for where it is offered, before the login, and nothing hangs on the answer.

use crate::support::phrases::{listing, retr, QUIT};
use crate::support::scene::Scene;

fn visit(offer: &str, asked: &str) -> String {
    format!(
        "S: +OK ready\nC: CAPA\nS: +OK\nS: TOP\nS: {offer}\nS: .\n{asked}\
         C: USER alice\nS: +OK\nC: PASS open-sesame\nS: +OK\n{}{}{QUIT}",
        listing(&["a"]),
        retr(1, "utf8.eml"),
    )
}

#[test]
fn utf8_is_asked_for_where_it_is_offered() {
    for offer in ["UTF8", "UTF8 USER"] {
        for answer in ["+OK", "-ERR not now"] {
            let asked = format!("C: UTF8\nS: {answer}\n");
            let mut scene = Scene::new().conversation_text(&visit(offer, &asked));
            scene.run().delivers(["utf8.eml"]).silent().exits(0);
        }
    }
    let mut scene = Scene::new().conversation_text(&visit("LANG", ""));
    scene.run().delivers(["utf8.eml"]).silent().exits(0);
}
