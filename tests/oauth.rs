//! Signing in by OAuth 2.0 with a provider over HTTPS, and fetching with the tokens that follow from it.
//! Every output of every run is searched for every secret that there ever was.

mod fetch;
mod hostile;
mod settings;
mod sign_in;

use crate::support::identity::Identity;
use crate::support::outcome::Outcome;
use crate::support::scene::Scene;
use crate::support::server::{PopServer, Security};
use crate::support::terminal::Terminal;
use crate::support::tls::Certificate;

/// Where the tokens of the account are kept, below $HOME.
const TOKENS: &str = ".local/state/popget/work.token";

/// A server that takes the provider's tokens by these mechanisms, with a message in it.
fn server(identity: &Identity, mechanisms: &str) -> PopServer {
    let server = PopServer::builder()
        .security(Security::Implicit(Certificate::Good))
        .mechanisms(mechanisms)
        .judges_tokens(identity.judge())
        .start();
    server.maildrop().add_named("a", "alpha.eml");
    server
}

/// An account that signs in by this flow.
fn scene(identity: &Identity, server: &PopServer, flow: &str) -> Scene {
    Scene::with_server(server)
        .without_key("password_file")
        .key("oauth", &identity.key(flow))
        .env("SSL_CERT_FILE", "ca.pem")
}

/// The same, signed in.
fn signed_in(identity: &Identity, server: &PopServer) -> Scene {
    let scene = scene(identity, server, "device");
    let (terminal, scene) = login(scene, &[]);
    let shown = terminal.finish();
    assert_eq!(shown.status.code(), Some(0), "{}", shown.text);
    scene
}

/// Begins to sign in at a terminal, as loudly as can be.
fn login(scene: Scene, arguments: &[&str]) -> (Terminal, Scene) {
    let (terminal, mut scene) =
        Terminal::start(scene, &[&["-vv", "login", "work"], arguments].concat());
    scene.wraps(&[]);
    (terminal, scene)
}

/// Runs as loudly as can be; whatever comes of it, no secret is shown.
#[track_caller]
fn run(identity: &Identity, scene: &mut Scene) -> Outcome {
    let mut outcome = scene.run_with(&["-vv", "--json"]);
    let shown = outcome.take_stdout() + &outcome.take_stderr();
    identity.kept_quiet(&shown);
    outcome
}
