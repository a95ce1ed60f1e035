//! Servers that exist, with their manners: one conversation each.

use crate::support::mail;
use crate::support::scene::Scene;

fn with_a_blank_line(name: &str) -> Vec<u8> {
    [mail::named(name), b"\n".to_vec()].concat()
}

#[test]
fn qmail_adds_a_line_and_says_goodbye_three_times() {
    Scene::new()
        .key("keep", "false")
        .conversation("qmail")
        .run()
        .delivers_bytes(&[
            with_a_blank_line("alpha.eml"),
            with_a_blank_line("beta.eml"),
        ])
        .remembers([
            "1700000000.4711.mail.example.org",
            "1700000001.4712.mail.example.org,S=86",
        ])
        .says("unable to unlink")
        .says_lines(1)
        .exits(75);
}

#[test]
fn popa3d_wastes_no_words() {
    Scene::new()
        .key("keep", "false")
        .conversation("popa3d")
        .run()
        .delivers(["alpha.eml"])
        .remembers(["8d4f51c3a2b9e7f0"])
        .silent()
        .exits(0);
}

#[test]
fn gmail_takes_plain() {
    Scene::new()
        .tls("implicit")
        .conversation("gmail")
        .run()
        .delivers(["alpha.eml"])
        .silent()
        .exits(0);
}

#[test]
fn exchange_asks_in_its_own_way() {
    Scene::new()
        .key("auth", "login")
        .conversation("exchange")
        .run()
        .delivers(["alpha.eml"])
        .remembers(["AAMkAD/x+y="])
        .silent()
        .exits(0);
}

#[test]
fn maillennium_has_its_own_columns() {
    Scene::new()
        .conversation("maillennium")
        .run()
        .delivers(["alpha.eml", "beta.eml"])
        .remembers(["200601011200aa", "200601011200bb"])
        .silent()
        .exits(0);
}

#[test]
fn qpopper_tells_a_lock_in_words() {
    Scene::new()
        .conversation("qpopper-locked")
        .run()
        .says("in use by another session")
        .says_lines(1)
        .exits(75);
}

#[test]
fn ftgate_answers_twice() {
    Scene::new()
        .conversation("ftgate")
        .run()
        .delivers_nothing()
        .says("password please")
        .says_lines(1)
        .exits(76);
}

#[test]
fn dovecot_has_expunged_a_message_meanwhile() {
    Scene::new()
        .tls("starttls")
        .key("keep", "false")
        .conversation("dovecot")
        .run()
        .delivers(["beta.eml"])
        .says("message 0000000165500000")
        .says_lines(1)
        .exits(75);
}
