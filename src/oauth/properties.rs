//! What holds of what providers, browsers and files say, whatever that is.
#![allow(clippy::unwrap_used, reason = "what cannot be undone does not hold")]

use super::answer::{is_token, Asked};
use super::code::Request;
use super::loopback::query;
use super::store::{Kept, Owner, Store};
use crate::error::Error;
use crate::event::Stop;
use crate::message::Time;
use crate::net::web::{Page, Web};
use crate::net::Patience;
use crate::seen::Place;
use memchr::memmem;
use std::time::Duration;

/// What must come back from nobody.
const SECRET: &str = "r-12345";
/// What tells an answer to our request.
const STATE: &str = "state-1";
/// What answers may have come with; the first byte chooses.
const STATUSES: [u16; 7] = [200, 200, 400, 401, 429, 302, 503];

/// Whatever a provider answers, what is taken for a token is one, and what is told holds no secret.
pub fn answer(input: &[u8]) {
    let (first, body) = input.split_first().unwrap_or((&0, &[]));
    let web = Web::new(Patience {
        timeout: Duration::ZERO,
        deadline: None,
        stop: Stop::default(),
    });
    let asked = Asked {
        web: &web,
        url: "https://example.org/token",
        client: "id",
        secret: None,
    };
    let page = Page {
        status: STATUSES[usize::from(*first) % STATUSES.len()],
        body: body.to_vec().into(),
    };
    let said = match asked.judged(&page, &[("refresh_token", SECRET)]) {
        Ok(Ok(answer)) => {
            assert_eq!(page.status, 200);
            if let Ok(granted) = asked.granted(answer) {
                assert!(is_token(granted.access.expose()));
                let refresh = granted.refresh.iter();
                refresh.for_each(|token| assert!(is_token(token.expose())));
                let until = granted.lasts.from(Time(1000)).0;
                assert!((1000..=1000 + 24 * 3600).contains(&until));
            }
            return;
        }
        Ok(Err(refusal)) => refusal.said,
        Err(Error::SignInTrouble(said)) => said,
        Err(Error::WebUnfit { .. }) => return,
        Err(other) => panic!("{other}"),
    };
    assert!(memmem::find(&said, SECRET.as_bytes()).is_none());
}

/// Whatever knocks, only what knows the state of our request is an answer to it.
pub fn browser(input: &[u8]) {
    let mut request = Request::new("http://127.0.0.1:1".into()).unwrap();
    request.state = STATE.into();
    let Some(query) = query(input) else {
        return;
    };
    let knows = query.split('&').any(|field| field.starts_with("state="));
    match request.answered(query) {
        Some(Ok(brought)) => assert!(knows && !brought.code.is_empty()),
        Some(Err(_)) => assert!(knows),
        None => {}
    }
}

/// A file of tokens that is understood says the same again, and none that is cut is understood.
pub fn tokens(input: &[u8]) {
    let place = Place {
        directory: "/".into(),
        account: "work".into(),
    };
    let owner = Owner {
        account: "work",
        user: "alice",
        servers: "pop.example.org:995",
        client: "id",
        provider: "https://example.org/token",
        scope: "mail",
    };
    let store = Store::new(&place, &owner);
    let said = |kept: Kept| {
        let access = kept
            .access
            .map(|(token, until)| (token.expose().to_vec(), until));
        (kept.refresh.expose().to_vec(), access)
    };
    let Ok(Some(kept)) = store.understood(input) else {
        return;
    };
    let text = store.told(&kept);
    let again = store.understood(&text).unwrap().unwrap();
    assert!(said(kept) == said(again));
    for cut in 0..text.len() {
        assert!(!matches!(store.understood(&text[..cut]), Ok(Some(_))));
    }
}
