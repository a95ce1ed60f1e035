//! What a fetch does with the tokens, and what it does not do with them.

use std::fs;
use std::time::{Duration, Instant};

use super::{login, run, scene, server, signed_in, TOKENS};
use crate::support::deaf::Deaf;
use crate::support::identity::{Identity, Oddity};
use crate::support::server::{Moment, PopServer};
use crate::support::strike;

/// Shorter than what must be left of a token that is used.
const SHORT: u64 = 30;

#[test]
fn a_token_that_is_about_to_expire_is_refreshed_and_rotated() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2 OAUTHBEARER");
    let mut scene = signed_in(&identity, &server);
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
    assert_eq!(identity.refreshed(), 1);
    for more in 2..4 {
        server.maildrop().add_named(&format!("b{more}"), "beta.eml");
        run(&identity, &mut scene).whatever().exits(0);
        assert_eq!(identity.refreshed(), more);
    }
}

#[test]
fn a_token_that_is_refused_is_refreshed_once() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    identity.revoke_access();
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
    assert_eq!(
        (identity.refreshed(), server.commands("AUTH").len()),
        (1, 2)
    );
    // And no more often, if that does not help.
    let denies = identity.clone();
    identity.hook(move || denies.revoke_access());
    identity.revoke_access();
    let outcome = scene.run();
    outcome
        .whatever()
        .says("refused the access token")
        .exits(77);
    assert_eq!(
        (identity.refreshed(), server.commands("AUTH").len()),
        (2, 4)
    );
}

#[test]
fn a_sign_in_that_was_withdrawn_is_explained() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    identity.revoke_all();
    let told = "the sign-in has expired or was withdrawn, so popget login work is needed: \"AADSTS70000: it is invalid_grant.\"; run it at a terminal";
    for _ in 0..2 {
        scene.run().says(told).says_lines(1).exits(77);
    }
    assert!(server.sessions().is_empty());
    let (terminal, mut scene) = login(scene, &[]);
    assert_eq!(terminal.finish().status.code(), Some(0));
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn trouble_on_the_way_to_the_provider_loses_nothing() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    for (oddity, status, told) in [
        (Oddity::HangUp, 75, "127.0.0.1 cannot be asked: "),
        (
            Oddity::Answer(500, "oops".into()),
            75,
            "has trouble that will pass",
        ),
        (
            Oddity::Answer(429, r#"{"error":"slow_down"}"#.into()),
            75,
            "has trouble that will pass: \"slow_down\"",
        ),
        (
            Oddity::Answer(400, r#"{"error":"temporarily_unavailable"}"#.into()),
            75,
            "trouble",
        ),
        (
            Oddity::Answer(400, r#"{"error":"unauthorized_client"}"#.into()),
            77,
            "refuses the sign-in: \"unauthorized_client\"",
        ),
    ] {
        identity.odd("/token", oddity);
        scene.run().says(told).says_lines(1).exits(status);
    }
    let mut closed = scene.key(
        "oauth",
        &identity.key("device").replace("/token", "/token?x=y"),
    );
    closed.run().says("was made with provider").exits(77);
    let mut scene = closed.key("oauth", &identity.key("device"));
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn a_provider_that_says_nothing_is_not_waited_for_longer_than_it_may_take() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server).key("timeout", "1s");
    identity.odd("/token", Oddity::Silence(Duration::from_secs(3)));
    let told = "127.0.0.1 cannot be asked: no answer for 1s while waiting for the answer";
    scene.run().says(told).says_lines(1).exits(75);
    // Nor at all, when a signal says so.
    let mut scene = scene.key("timeout", "60s");
    identity.odd("/token", Oddity::Silence(Duration::from_secs(8)));
    let asked = identity.asked("/token").len();
    let begun = scene.start(&[]);
    while identity.asked("/token").len() == asked {
        std::thread::sleep(Duration::from_millis(20));
    }
    begun.program().signal(rustix::process::Signal::TERM);
    assert!(begun.program().ends_within(Duration::from_secs(4)));
    begun.finish().whatever().exits(128 + 15);
}

#[test]
fn a_provider_is_reached_through_the_proxy_of_the_account() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let deaf = Deaf::new();
    let nobody = deaf.port();
    let scene = signed_in(&identity, &server);
    let mut scene = scene.key("proxy", &format!("socks5://127.0.0.1:{nobody}"));
    let told =
        format!("127.0.0.1 cannot be asked: the proxy 127.0.0.1:{nobody} gives no connection");
    scene.run().says(&told).says_lines(1).exits(69);
    assert_eq!(identity.refreshed(), 0);
    let mut scene = scene
        .without_key("proxy")
        .env("https_proxy", "http://127.0.0.1:1");
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn a_token_goes_nowhere_but_where_it_was_meant_for() {
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    let scene = signed_in(&identity, &server);
    let other = PopServer::builder()
        .security(server.security())
        .mechanisms("XOAUTH2")
        .start();
    let port = other.port().to_string();
    let key = identity.key("device");
    let mut scene = scene.key("port", &port);
    let outcome = scene.run();
    outcome
        .says("was made with server 127.0.0.1:")
        .says("run popget login work")
        .exits(77);
    assert!(other.sessions().is_empty());
    let mut scene = scene.key("port", "{port}").key("user", "bob");
    scene
        .run()
        .says("was made with user alice, not user bob")
        .exits(77);
    let mut scene = scene
        .key("user", "alice")
        .key("oauth", &key.replace("client-1234", "client-5"));
    scene
        .run()
        .says("was made with client client-1234, not client client-5")
        .exits(77);
    let mut scene = scene.key("oauth", &key.replace("mail offline", "mail"));
    scene
        .run()
        .says("was made with scope mail offline")
        .exits(77);
    let mut scene = scene.key("oauth", &key);
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn a_run_that_is_killed_after_the_rotation_loses_nothing() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    // When the token was shown to nobody yet but is on the disk.
    let victim = scene.victim();
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "CAPA" {
            victim.kill();
        }
    });
    run(&identity, &mut scene).whatever().dies_of(9);
    server.unhook();
    let mut scene = scene;
    let _ = scene.victim();
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
    assert_eq!(identity.refreshed(), 2);
}

#[test]
fn a_token_that_was_written_and_not_put_in_its_place_is_found() {
    if !strike::strace_is_here() {
        return;
    }
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let newer = scene.path(".local/state/popget/work.token-new");
    let (rename, file) = ("inject=rename:signal=KILL", newer.display().to_string());
    scene.wraps(&[
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        rename,
        "-P",
        &file,
    ]);
    scene.run().whatever().dies_of(9);
    assert!(newer.exists() && identity.refreshed() == 1);
    scene.wraps(&[]);
    // The one in its place was used already: only the newer one is of any use.
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
    assert!(!newer.exists() && identity.refreshed() == 2);
}

#[test]
fn a_full_disk_is_noticed_before_a_token_is_used_up() {
    if !strike::strace_is_here() {
        return;
    }
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let newer = scene.path(".local/state/popget/work.token-new");
    let file = newer.display().to_string();
    for call in ["write", "fsync"] {
        let fails = format!("inject={call}:error=ENOSPC");
        scene.wraps(&[
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &fails,
            "-P",
            &file,
        ]);
        let told = "work.token-new: no space left on device; make room on the disk";
        scene.run().says(told).says_lines(1).exits(73);
        assert_eq!((identity.refreshed(), newer.exists()), (0, false));
    }
    scene.wraps(&[]);
    run(&identity, &mut scene)
        .whatever()
        .delivers(["alpha.eml"])
        .exits(0);
}

#[test]
fn two_popgets_do_not_use_the_same_refresh_token() {
    let identity = Identity::start(SHORT);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let lock = scene.path(".local/state/popget/work.token-lock");
    let lock = fs::File::options().write(true).open(lock).unwrap();
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let begun = scene.start(&[]);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(identity.refreshed(), 0, "it waits for the other one");
    fs2::FileExt::unlock(&lock).unwrap();
    begun.finish().delivers(["alpha.eml"]).silent().exits(0);
    assert_eq!(identity.refreshed(), 1);
    // But not for ever.
    fs2::FileExt::lock_exclusive(&lock).unwrap();
    let mut scene = scene.key("timeout", "1s");
    let since = Instant::now();
    scene
        .run()
        .whatever()
        .says("waiting for another popget")
        .exits(75);
    assert!(since.elapsed() < Duration::from_secs(10));
    assert_eq!(identity.refreshed(), 1);
}

#[test]
fn a_token_file_that_others_can_read_or_that_is_damaged_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let identity = Identity::start(3600);
    let server = server(&identity, "XOAUTH2");
    let mut scene = signed_in(&identity, &server);
    let tokens = scene.path(TOKENS);
    let chmod = |mode| fs::set_permissions(&tokens, fs::Permissions::from_mode(mode)).unwrap();
    chmod(0o644);
    scene
        .run()
        .says("can be read by everyone; remove it and run popget login work")
        .exits(78);
    chmod(0o600);
    let text = fs::read(&tokens).unwrap();
    fs::write(&tokens, &text[..text.len() / 2]).unwrap();
    scene
        .run()
        .says("it is damaged; remove it and run popget login work")
        .exits(78);
    fs::write(&tokens, "popget token 2\nend\n").unwrap();
    scene.run().says("of another kind or version").exits(78);
    assert_eq!(server.logins(), 0);
}

#[test]
fn a_token_is_not_sent_where_others_can_read_it() {
    let identity = Identity::start(3600);
    let server = PopServer::builder()
        .mechanisms("XOAUTH2")
        .judges_tokens(identity.judge())
        .start();
    let scene = scene(&identity, &server, "device").without_key("auth");
    let (terminal, mut scene) = login(scene, &[]);
    assert_eq!(terminal.finish().status.code(), Some(0));
    run(&identity, &mut scene).whatever().exits(78);
    assert_eq!(server.logins(), 0);
}
