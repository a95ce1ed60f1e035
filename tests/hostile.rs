//! Servers that lie, flood, fall silent and leave. Whatever they do, popget ends in time, with the
//! status that the table has for it, in words that can do no harm; nothing is lost, nothing comes
//! twice, and the system itself sees to it that memory stays within 16 MiB over an idle run's.
//!
//! Every scene of this room comes out of [`scene`] or [`scene_with`], which set that bound.

mod beneath;
mod changes;
mod endless;
mod numbers;
mod older;
mod points;
mod texts;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::support::scene::Scene;
use crate::support::server::PopServer;

/// How much more than an idle run a hostile server may make popget take, in MiB.
const MORE: u64 = 16;
/// Long enough for a run that gives up after a second or two, on a machine that has much to do.
const LONG: Duration = Duration::from_secs(40);

/// A scene in which memory is bounded.
fn scene() -> Scene {
    bounded(Scene::new())
}

/// The same with the embedded server.
fn scene_with(server: &PopServer) -> Scene {
    bounded(Scene::with_server(server))
}

fn bounded(scene: Scene) -> Scene {
    let limit = limit(idle() + MORE);
    scene.under(&["prlimit", &limit, "--"])
}

/// Under this limit the system gives no memory that could be written to beyond so many MiB: heap,
/// stacks, and whatever the libraries map.
fn limit(mib: u64) -> String {
    format!("--data={}", mib << 20)
}

/// The least limit, in MiB, under which popget visits an empty maildrop.
fn idle() -> u64 {
    static IDLE: OnceLock<u64> = OnceLock::new();
    let enough = |mib: &u64| {
        let server = PopServer::start();
        let mut scene = Scene::with_server(&server).under(&["prlimit", &limit(*mib), "--"]);
        let mut outcome = scene.run().whatever();
        outcome.take_status() == Some(0)
    };
    *IDLE.get_or_init(|| (1..64).find(enough).expect("an idle run that succeeds"))
}

/// A server by its script, and what has to come of it.
struct Case {
    /// What it does.
    what: &'static str,
    /// How it goes.
    script: String,
    /// The exit status.
    status: i32,
    /// What is said on standard error, among others; with nothing here nothing may be said.
    says: &'static [&'static str],
}

/// Each of them comes to what it has to, and nothing is delivered or remembered.
#[track_caller]
fn each(cases: &[Case]) {
    side_by_side(cases, |case| {
        let begun = Instant::now();
        let mut scene = scene().conversation_text(&case.script);
        if case.status == 75 {
            scene = scene.key("timeout", "1s"); // it will be waited for
        }
        let mut outcome = scene.run();
        let (status, said) = (outcome.take_status(), outcome.take_stderr());
        let untold = case.says.iter().find(|part| !said.contains(**part));
        if status != Some(case.status) || untold.is_some() {
            let (what, status) = (case.what, case.status);
            outcome.fail(&format!(
                "{what}: expected {status}, and to be told: {untold:?}"
            ));
        }
        if said.lines().count() != usize::from(!case.says.is_empty()) {
            outcome.fail(&format!("{}: it is not told in one line", case.what));
        }
        assert!(begun.elapsed() < LONG, "{}: took too long", case.what);
        outcome.delivers_nothing().remembers([]);
    });
}

/// Does this for each, some at the same time, since most of them wait. Fails if one does.
fn side_by_side<T: Sync>(whom: &[T], act: impl Fn(&T) + Sync) {
    idle(); // measured by itself
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let one = || next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                while let Some(one) = whom.get(one()) {
                    act(one);
                }
            });
        }
    });
}
