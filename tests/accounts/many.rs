//! A thousand accounts need no more threads, descriptors and memory than a few.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::Arc;

use super::{crowd, names};
use crate::support::scene::Scene;
use crate::support::server::Moment;

/// How many descriptors popget may have: eight accounts are visited at a time.
const DESCRIPTORS: &str = "ulimit -n 64 && exec \"$@\"";

#[test]
fn a_thousand_accounts_are_visited_by_few_threads() {
    let names = names(1000);
    let (server, text) = crowd(&names);
    for name in &names {
        let letter = format!("Subject: {name}\n\nhello\n");
        server.maildrop_of(name).add("a", letter.as_bytes());
    }
    let mut scene = Scene::with_server(&server)
        .in_memory()
        .config(&text)
        .under(&["sh", "-c", DESCRIPTORS, "sh"]);
    let victim = scene.victim();
    let (threads, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
    let (most, highest) = (Arc::clone(&threads), Arc::clone(&peak));
    server.hook(move |exchange| {
        if exchange.moment == Moment::Received && exchange.command == "QUIT" {
            most.fetch_max(victim.threads().unwrap_or_default(), Ordering::SeqCst);
            highest.fetch_max(victim.peak().unwrap_or_default(), Ordering::SeqCst);
        }
    });
    let outcome = scene.run().silent().exits(0);
    for name in &names {
        let new = std::fs::read_dir(scene.path(&format!("Mail/{name}/new"))).unwrap();
        assert_eq!(new.count(), 1, "{name}");
    }
    drop(outcome);
    // A thread each for eight accounts, and the one that reports.
    let threads = threads.load(Ordering::SeqCst);
    assert!((2..=9).contains(&threads), "{threads} threads");
    let peak = peak.load(Ordering::SeqCst);
    assert!(peak > 0 && peak < 24 << 20, "{peak} bytes");
}
