//! An identity provider over HTTPS, to RFC 6749, 7636 and 8628: it knows one client, gives out tokens,
//! each refresh token for one use only, and says whether a token is good. It can be told to answer in
//! another way, and remembers every secret that it has ever seen or given.

use std::collections::{HashMap, VecDeque};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use base64::prelude::{Engine, BASE64_URL_SAFE_NO_PAD};
use openssl::sha::sha256;
use openssl::ssl::SslAcceptor;

use super::tls::Certificate;
use super::wire::Wire;

/// The client that it knows.
pub const CLIENT: &str = "client-1234";
/// What may be asked for.
pub const SCOPE: &str = "mail offline";

/// What it says instead of what it should.
#[derive(Clone)]
pub enum Oddity {
    /// This body with this status.
    Answer(u16, String),
    /// These bytes, as they are.
    Raw(Vec<u8>),
    /// Nothing, and hangs up, having done what was asked.
    ObeyAndHangUp,
    /// Nothing, and hangs up.
    HangUp,
    /// Nothing at all, for a while.
    Silence(Duration),
}

/// A form as it came.
pub type Form = HashMap<String, String>;

/// Called when tokens have been given and the answer is out.
type Hook = Arc<dyn Fn() + Send + Sync>;

/// A provider that runs until the test ends.
#[derive(Clone)]
pub struct Identity(Arc<Shared>);

struct Shared {
    port: u16,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Its client has this secret.
    client_secret: Option<String>,
    /// How long its access tokens last.
    lasts: u64,
    /// Tokens that are good.
    access: Vec<String>,
    refresh: Vec<String>,
    /// Codes with their challenge and redirect.
    codes: HashMap<String, (String, String)>,
    /// What is said to a device before somebody has signed in.
    pending: VecDeque<&'static str>,
    odd: VecDeque<(String, Oddity)>,
    asked: Vec<(String, Form)>,
    secrets: Vec<String>,
    complaints: Vec<String>,
    hook: Option<Hook>,
    given: usize,
}

impl Identity {
    /// Starts one whose access tokens last for so many seconds.
    pub fn start(lasts: u64) -> Identity {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            lasts,
            ..State::default()
        };
        let identity = Identity(Arc::new(Shared {
            port,
            state: Mutex::new(state),
        }));
        let acceptor = Certificate::Good.acceptor();
        let host = identity.clone();
        thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                host.serve(socket, &acceptor);
            }
        });
        identity
    }

    fn state(&self) -> MutexGuard<'_, State> {
        let state = self.0.state.lock();
        state.unwrap_or_else(PoisonError::into_inner)
    }

    /// One of its addresses.
    pub fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}/{path}", self.0.port)
    }

    /// The key `oauth` of an account that signs in here.
    pub fn key(&self, flow: &str) -> String {
        format!(
            "{{client_id: {CLIENT}, scope: {SCOPE}, flow: {flow}, auth_url: \"{}\", token_url: \"{}\", device_url: \"{}\"}}",
            self.url("authorize?audience=mail"),
            self.url("token"),
            self.url("device"),
        )
    }

    /// Knows its client by this secret, too.
    pub fn client_secret(&self, secret: &str) {
        let mut state = self.state();
        state.client_secret = Some(secret.into());
        state.secrets.push(secret.into());
    }

    /// Answers the next request for this path in another way.
    pub fn odd(&self, path: &str, oddity: Oddity) {
        self.state().odd.push_back((path.into(), oddity));
    }

    /// Says this to a device, in this order, before somebody signs in.
    pub fn pending(&self, errors: &[&'static str]) {
        self.state().pending.extend(errors);
    }

    /// From now on no access token is good that was given before.
    pub fn revoke_access(&self) {
        self.state().access.clear();
    }

    /// Forgets who has signed in.
    pub fn revoke_all(&self) {
        let mut state = self.state();
        state.access.clear();
        state.refresh.clear();
    }

    /// Calls this whenever tokens have been given.
    pub fn hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        self.state().hook = Some(Arc::new(hook));
    }

    /// What tells whether an access token is good.
    pub fn judge(&self) -> impl Fn(&str) -> bool + Send + Sync + 'static {
        let identity = self.clone();
        move |token| identity.state().access.iter().any(|known| known == token)
    }

    /// The forms that came for this path.
    pub fn asked(&self, path: &str) -> Vec<Form> {
        let state = self.state();
        let asked = state.asked.iter().filter(|(known, _)| known == path);
        asked.map(|(_, form)| form.clone()).collect()
    }

    /// How often a refresh token was used.
    pub fn refreshed(&self) -> usize {
        let asked = self.asked("/token");
        let refreshes = asked
            .iter()
            .filter(|form| form["grant_type"] == "refresh_token");
        refreshes.count()
    }

    /// Fails if any secret that was ever given or seen stands in this text, or anything was wrong.
    #[track_caller]
    pub fn kept_quiet(&self, shown: &str) {
        let state = self.state();
        for secret in &state.secrets {
            assert!(!shown.contains(secret.as_str()), "{secret} is in\n{shown}");
        }
        assert!(state.complaints.is_empty(), "{:?}", state.complaints);
    }

    /// Signs in with a browser that has opened this address; gives where it is sent.
    #[track_caller]
    pub fn sign_in(&self, address: &str) -> String {
        let (page, query) = address.split_once('?').unwrap();
        assert_eq!(page, self.url("authorize"));
        let form = form(query);
        for (name, value) in [
            ("client_id", CLIENT),
            ("scope", SCOPE),
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("login_hint", "alice"),
            ("audience", "mail"),
        ] {
            assert_eq!(form[name], value, "{name}");
        }
        let (back, state) = (&form["redirect_uri"], &form["state"]);
        assert!(state.len() >= 32, "{state}");
        let code = self.state().new_secret("co/de");
        let kept = (form["code_challenge"].clone(), back.clone());
        self.state().codes.insert(code.clone(), kept);
        let code = code.replace('/', "%2F");
        format!("{back}/?code={code}&state={state}&session_state=1")
    }

    fn serve(&self, socket: TcpStream, acceptor: &SslAcceptor) {
        let Ok(mut wire) = Wire::new(socket) else {
            return;
        };
        if wire.secure(acceptor).is_err() {
            return;
        }
        let Some((path, form)) = request(&mut wire) else {
            return;
        };
        let mut state = self.state();
        state.see(&path, &form);
        let odd = state.odd.iter().position(|(known, _)| *known == path);
        let odd = odd.and_then(|at| state.odd.remove(at));
        let before = state.given;
        let answer = match &odd {
            None | Some((_, Oddity::ObeyAndHangUp)) => state.answer(&path, &form),
            Some((_, Oddity::Answer(status, body))) => (*status, body.clone()),
            Some(_) => (500, String::new()),
        };
        let hook = state.hook.clone().filter(|_| state.given > before);
        drop(state);
        match odd {
            Some((_, Oddity::Raw(bytes))) => drop(wire.say(&bytes)),
            Some((_, Oddity::HangUp | Oddity::ObeyAndHangUp)) => return wire.cut(),
            Some((_, Oddity::Silence(pause))) => thread::sleep(pause),
            _ => drop(wire.say(&in_http(answer))),
        }
        if let Some(hook) = hook {
            hook();
        }
        wire.close();
    }
}

impl State {
    /// A secret that nobody has seen.
    fn new_secret(&mut self, kind: &str) -> String {
        let secret = format!("{kind}-{}-zyx", self.secrets.len());
        self.secrets.push(secret.clone());
        secret
    }

    /// Notes a request, and what is secret in it.
    fn see(&mut self, path: &str, form: &Form) {
        self.asked.push((path.into(), form.clone()));
        let verifier = form.get("code_verifier");
        self.secrets.extend(verifier.cloned());
        if form.get("client_id").map(String::as_str) != Some(CLIENT) {
            self.complaints.push(format!("another client: {form:?}"));
        }
        if form.get("client_secret") != self.client_secret.as_ref() {
            self.complaints.push("another client's secret".into());
        }
    }

    fn answer(&mut self, path: &str, form: &Form) -> (u16, String) {
        let field = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        match (path, field("grant_type")) {
            ("/device", "") if field("scope") == SCOPE => {
                let device = self.new_secret("device");
                let answer = format!(
                    r#"{{"device_code":"{device}","user_code":"WDJB-MJHT","verification_uri":"https://login.example/device","expires_in":600,"interval":1,"message":"To sign in"}}"#
                );
                (200, answer)
            }
            ("/token", "urn:ietf:params:oauth:grant-type:device_code") => {
                match self.pending.pop_front() {
                    Some(error) => refusal(error),
                    None if self
                        .secrets
                        .iter()
                        .any(|known| known == field("device_code")) =>
                    {
                        self.give()
                    }
                    None => refusal("invalid_grant"),
                }
            }
            ("/token", "refresh_token") => {
                let token = field("refresh_token");
                match self.refresh.iter().position(|known| known == token) {
                    Some(at) => {
                        self.refresh.remove(at);
                        self.give()
                    }
                    None => refusal("invalid_grant"),
                }
            }
            ("/token", "authorization_code") => {
                let verifier = sha256(field("code_verifier").as_bytes());
                let proof = BASE64_URL_SAFE_NO_PAD.encode(verifier);
                match self.codes.remove(field("code")) {
                    Some((challenge, back))
                        if challenge == proof && back == field("redirect_uri") =>
                    {
                        self.give()
                    }
                    _ => refusal("invalid_grant"),
                }
            }
            _ => refusal("invalid_request"),
        }
    }

    fn give(&mut self) -> (u16, String) {
        self.given += 1;
        let (access, refresh) = (self.new_secret("access"), self.new_secret("refresh"));
        let answer = format!(
            r#"{{"token_type":"Bearer","access_token":"{access}","refresh_token":"{refresh}","expires_in":{},"scope":"{SCOPE}"}}"#,
            self.lasts
        );
        self.access.push(access);
        self.refresh.push(refresh);
        (200, answer)
    }
}

/// A refusal in which the provider is as talkative as the real ones.
fn refusal(error: &str) -> (u16, String) {
    let said = format!("AADSTS70000: it is {error}.\\r\\nTrace ID: 1");
    let body = format!(r#"{{"error":"{error}","error_description":"{said}"}}"#);
    (400, body)
}

/// An answer as HTTP has it.
pub fn in_http((status, body): (u16, String)) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 {status} Whatever\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

/// The path of a request, and the form in its body.
fn request(wire: &mut Wire) -> Option<(String, Form)> {
    let text = |line: Vec<u8>| String::from_utf8(line).ok();
    let first = text(wire.line().ok()??)?;
    let path = first.strip_prefix("POST ")?.split(' ').next()?.to_owned();
    let mut length = 0;
    loop {
        let line = text(wire.line().ok()??)?.to_ascii_lowercase();
        if line == "\r\n" {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let body = text(wire.exactly(length).ok()?)?;
    Some((path, form(&body)))
}

/// What stands in a form.
pub fn form(text: &str) -> Form {
    let fields = text.split('&').filter_map(|field| field.split_once('='));
    let mut form = Form::new();
    for (name, value) in fields {
        let known = form.insert(unescaped(name), unescaped(value));
        assert!(known.is_none(), "{name} stands twice in {text}");
    }
    form
}

fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let pair = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&pair).unwrap(), 16).unwrap()
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).unwrap()
}
