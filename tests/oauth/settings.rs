//! The keys below `oauth`.

use crate::support::scene::Scene;

/// What is said of these keys in a file that is otherwise good.
#[track_caller]
fn told(oauth: &str, said: &str) {
    let mut scene = Scene::new()
        .without_key("password_file")
        .without_key("auth")
        .key("oauth", oauth);
    scene.run().says(said).says_lines(1).exits(78);
}

#[test]
fn keys_that_do_not_go_together_are_told() {
    told(
        "{}",
        "oauth: name provider (microsoft or google), or token_command",
    );
    told(
        "{client_id: x}",
        "oauth: name provider (microsoft or google), or token_command",
    );
    told(
        "{provider: yahoo, client_id: x}",
        "oauth.provider: this is not microsoft or google",
    );
    told(
        "{provider: google}",
        "oauth: client_id is missing: popget has none of its own",
    );
    told(
        "{provider: google, token_command: echo x}",
        "oauth.provider: there is token_command already",
    );
    told(
        "{token_command: echo x, flow: device}",
        "oauth.flow: there is token_command already",
    );
    told(
        "{provider: google, client_id: x, flow: device}",
        "oauth.flow: google gives no codes for other devices",
    );
    told(
        "{provider: google, client_id: x, tenant: common}",
        "oauth.tenant: it goes with provider: microsoft",
    );
    told(
        "{provider: microsoft, client_id: x, tenant: a/b}",
        "oauth.tenant: this is not common",
    );
    told(
        "{provider: microsoft, client_id: x, flow: paste}",
        "oauth.flow: this is not device or loopback",
    );
    told(
        "{token_url: https://a.example/t, client_id: x}",
        "oauth: scope is missing",
    );
    told(
        "{token_url: https://a.example/t, client_id: x, scope: s}",
        "oauth: loopback needs auth_url",
    );
    told(
        "{token_url: https://a.example/t, client_id: x, scope: s, flow: device}",
        "oauth.flow: it needs device_url",
    );
    told(
        "{token_url: http://a.example/t, client_id: x, scope: s}",
        "oauth.token_url: the address is no address that begins with https://",
    );
    told(
        "{provider: google, client_id: x, auth_url: 'https://u@a.example'}",
        "oauth.auth_url: the address names a user",
    );
}

#[test]
fn a_way_to_log_in_that_takes_no_token_is_told() {
    let mut scene = Scene::new()
        .without_key("password_file")
        .key("oauth", "{provider: google, client_id: x}")
        .key("auth", "plain");
    scene
        .run()
        .says("none of the ways to log in that it names takes an access token")
        .exits(78);
}

#[test]
fn whoever_takes_mail_by_smtp_gets_tokens_from_a_command_alone() {
    let smtp = "smtp: {address: 127.0.0.1, recipient: a@b.example, user: a, tls: implicit, oauth: {provider: google, client_id: x}}";
    let mut scene = Scene::new().deliver(smtp);
    scene
        .run()
        .says("here it goes with token_command only")
        .exits(78);
}
