//! Work done side by side by a bounded number of threads. It does not know what the work is.

use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Does `count` pieces of work, at most `jobs` at a time, and gives their outcomes in order; an
/// inner `Err` holds what a piece said when it panicked. Meanwhile the calling thread does something
/// of its own; `work` is dropped when the last piece is done, so what it holds open is closed by
/// then. Fewer threads than wished for will do; it fails if the system gives none.
pub fn run<T: Send, W: Fn(usize) -> T + Send + Sync>(
    jobs: usize,
    count: usize,
    work: W,
    meanwhile: impl FnOnce(),
) -> io::Result<Vec<Result<T, String>>> {
    let outcomes: Vec<Mutex<Option<Result<T, String>>>> =
        (0..count).map(|_| Mutex::default()).collect();
    let (work, next) = (Arc::new(work), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..jobs.min(count) {
            let (work, next, outcomes) = (Arc::clone(&work), &next, &outcomes);
            let toil = move || loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(place) = outcomes.get(index) else {
                    return;
                };
                let outcome = catch_unwind(AssertUnwindSafe(|| work(index)));
                let outcome = outcome.map_err(|panic| words(&*panic));
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
            };
            match thread::Builder::new().spawn_scoped(scope, toil) {
                Err(why) if thread == 0 => return Err(why),
                Err(_) => break,
                Ok(_) => {}
            }
        }
        drop(work);
        meanwhile();
        Ok(())
    })?;
    let taken = outcomes
        .into_iter()
        .map(|place| place.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(taken
        .map(|outcome| outcome.unwrap_or_else(|| Err("it was never begun".into())))
        .collect())
}

/// What a panic said.
pub fn words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "it panicked".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_come_in_order_and_a_panic_harms_nobody_else() {
        let work = |n: usize| if n == 3 { panic!("three") } else { n * 2 };
        let outcomes = run(4, 6, work, || {}).unwrap();
        let expected = [Ok(0), Ok(2), Ok(4), Err("three".to_string()), Ok(8), Ok(10)];
        assert_eq!(outcomes, expected);
    }

    #[test]
    fn no_more_threads_than_jobs() {
        let (running, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_| {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            thread::sleep(std::time::Duration::from_millis(5));
            running.fetch_sub(1, Ordering::SeqCst);
        };
        run(2, 10, work, || {}).unwrap();
        assert!(most.into_inner() <= 2);
    }
}
