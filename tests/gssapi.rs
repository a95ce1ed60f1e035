//! Logging in by Kerberos: a real KDC, a real Dovecot, and what is told when one of them will not.

use crate::support::dovecot::Dovecot;
use crate::support::kdc::Kdc;
use crate::support::mail;
use crate::support::scene::Scene;

/// A realm, and a Dovecot in it that knows these mechanisms.
fn realm(mechanisms: &str) -> Option<(Kdc, Dovecot)> {
    let kdc = Kdc::start()?;
    let settings = format!("{}auth_mechanisms = {mechanisms}\n", kdc.dovecot_settings());
    let mut dovecot = Dovecot::with(&settings)?;
    dovecot.put("alice", &[mail::named("alpha.eml")]);
    Some((kdc, dovecot))
}

/// An account of alice's without a password, reached over this line.
fn account(kdc: &Kdc, dovecot: &Dovecot, tls: &str) -> Scene {
    let port = match tls {
        "implicit" => dovecot.port_tls(),
        _ => dovecot.port(),
    };
    let scene = match tls {
        "none" => Scene::at_port(port),
        tls => Scene::at_port(port).tls(tls),
    };
    let scene = scene
        .without_key("password_file")
        .key("server", "localhost");
    kdc.surround(scene.key("auth", "gssapi"))
}

#[test]
fn a_ticket_opens_the_maildrop_over_every_line() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    for tls in ["implicit", "starttls", "none"] {
        let mut scene = account(&kdc, &dovecot, tls);
        scene.run().delivers(["alpha.eml"]).silent().exits(0);
    }
    let log = dovecot.log();
    assert_eq!(log.matches("method=GSSAPI").count(), 3, "{log}");
}

#[test]
fn without_a_good_ticket_nothing_is_asked_and_it_is_told() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("login: there is no valid Kerberos ticket")
        .says("run kinit")
        .says_lines(1)
        .exits(77);
    kdc.ticket("alice");
    let mut scene = scene.under(&["faketime", "-f", "+2h"]);
    scene
        .run()
        .says("login: there is no valid Kerberos ticket")
        .says("run kinit")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_service_that_the_realm_does_not_know_is_named() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, &dovecot, "none").key("server", "127.0.0.1");
    scene
        .run()
        .says("Kerberos does not know the service pop@127.0.0.1")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_ticket_is_for_its_own_user_only() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("bob");
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("refused the login")
        .says_lines(1)
        .exits(77);
}

#[test]
fn a_realm_that_does_not_answer_is_asked_again_later() {
    let Some((mut kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    kdc.ticket("alice");
    kdc.stop();
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("the Kerberos server of the realm does not answer")
        .says_lines(1)
        .exits(75);
}

#[test]
fn unasked_it_is_taken_only_with_a_ticket() {
    let Some((kdc, dovecot)) = realm("plain gssapi") else {
        return;
    };
    let mut scene = account(&kdc, &dovecot, "implicit")
        .key("auth", "auto")
        .key("password_file", "~/password");
    scene.run().delivers(["alpha.eml"]).silent().exits(0);
    kdc.ticket("alice");
    scene.run().silent().exits(0);
    kdc.forget();
    scene.run().silent().exits(0);
    let log = dovecot.log();
    let methods: Vec<&str> = log.split("method=").skip(1).collect();
    let methods: Vec<&str> = methods.iter().filter_map(|m| m.split(',').next()).collect();
    assert_eq!(methods, ["PLAIN", "GSSAPI", "PLAIN"], "{log}");
}

#[test]
fn a_server_without_it_is_told() {
    let Some((kdc, dovecot)) = realm("plain") else {
        return;
    };
    kdc.ticket("alice");
    let mut scene = account(&kdc, &dovecot, "implicit");
    scene
        .run()
        .says("auth names (gssapi)")
        .says_lines(1)
        .exits(77);
}
