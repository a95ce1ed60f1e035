//! Work done side by side by a bounded number of threads. It does not know what the work is.

use std::io;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Does pieces of work, those of a row one after the other, and at most `jobs` rows at a time. Each
/// number below the count of all stands in one row. Gives the outcomes in the order of the numbers;
/// an inner `Err` holds what a piece said when it panicked. Meanwhile the calling thread does something
/// of its own; `work` is dropped when the last piece is done, so what it holds open is closed by
/// then. Fewer threads than wished for will do; it fails if the system gives none.
pub fn run<T: Send, W: Fn(usize) -> T + Send + Sync>(
    jobs: usize,
    rows: &[Vec<usize>],
    work: W,
    meanwhile: impl FnOnce(),
) -> io::Result<Vec<Result<T, String>>> {
    let outcomes: Vec<Mutex<Option<Result<T, String>>>> =
        rows.iter().flatten().map(|_| Mutex::default()).collect();
    let (work, next) = (Arc::new(work), AtomicUsize::new(0));
    thread::scope(|scope| {
        for thread in 0..jobs.min(rows.len()) {
            let (work, next, outcomes) = (Arc::clone(&work), &next, &outcomes);
            let toil = move || {
                while let Some(row) = rows.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for index in row {
                        let outcome = catch_unwind(AssertUnwindSafe(|| work(*index)));
                        let outcome = outcome.map_err(|panic| words(&*panic));
                        let place = outcomes[*index].lock();
                        *place.unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                    }
                }
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
        let rows = [vec![0], vec![3, 1], vec![5, 4, 2]];
        let outcomes = run(4, &rows, work, || {}).unwrap();
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
        let rows: Vec<_> = (0..10).map(|n| vec![n]).collect();
        run(2, &rows, work, || {}).unwrap();
        assert!(most.into_inner() <= 2);
    }

    #[test]
    fn what_stands_in_a_row_is_done_one_after_the_other() {
        let done = Mutex::new(Vec::new());
        let work = |n: usize| {
            thread::sleep(std::time::Duration::from_millis(10 - n as u64));
            done.lock().unwrap().push(n);
        };
        run(4, &[vec![0, 2, 4, 6], vec![1, 3, 5, 7]], work, || {}).unwrap();
        let done = done.into_inner().unwrap();
        let even: Vec<_> = done.iter().filter(|n| *n % 2 == 0).collect();
        assert_eq!(even, [&0, &2, &4, &6]);
        assert_eq!(done.len(), 8);
    }
}
