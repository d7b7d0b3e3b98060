//! A panic is a defect of quietus. In one piece of work it concerns that piece of work; in a task it ends the process only when
//! it comes again and again, and then the process ends: receiving on while nothing is erased would be a promise not kept.
//! A panic's text may be personal, so it is told nowhere.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use metrics::{counter, describe_counter};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

use super::failure::Failure;

/// Tasks of the worker that were started anew after a panic.
const RESTARTS: &str = "quietus_worker_restarts_total";

/// A task that panics so often, with less than [`FORGOTTEN_AFTER`] between, is not started again.
const PANICS_MAX: u32 = 5;

/// A task that has run for so long is sound again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// The pause before the first start anew; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// Says in the metrics what is counted here.
pub(super) fn describe_restarts() {
    describe_counter!(RESTARTS, "Tasks of the worker that were started anew after a panic.");
}

/// Does the work; a panic in it is a failure like others.
pub(super) async fn caught<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let mut work = pin!(work);
    std::future::poll_fn(move |context| {
        // What is shared with other work is behind locks that a panic does not close; all else is dropped with it.
        let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
        polled.unwrap_or(Poll::Ready(Err(Failure::Panicked)))
    })
    .await
}

/// Says that the process is to end.
#[derive(Clone)]
pub(super) struct End {
    /// In good order, for whatever reason.
    pub(super) shutdown: CancellationToken,
    /// Because it cannot work.
    pub(super) dying: CancellationToken,
}

/// A task, as it is begun. Boxed where it is made: that a future as large as the worker's can be sent to another thread is
/// looked at once then, and not again for all that it is wrapped in, which took the compiler minutes.
pub(super) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a task until it ends by itself, and starts it anew when it panics. One that keeps panicking ends the process.
pub(super) async fn kept_alive(task: &str, end: &End, run: impl Fn() -> Task) {
    let mut panics = 0;
    loop {
        let began = Instant::now();
        if tokio::spawn(run()).await.is_ok() {
            return;
        }
        counter!(RESTARTS).increment(1);
        panics = if began.elapsed() < FORGOTTEN_AFTER { panics + 1 } else { 1 };
        if panics >= PANICS_MAX {
            error!(task, panics, "a task of the worker panics again and again; the process ends, to be started anew");
            end.dying.cancel();
            end.shutdown.cancel();
            return;
        }
        error!(task, panics, "a task of the worker panicked, and is started anew; please report it");
        let pause = tokio::time::sleep(PAUSE * (1 << panics));
        if end.shutdown.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn end() -> End {
        End { shutdown: CancellationToken::new(), dying: CancellationToken::new() }
    }

    /// A task that panics so often, and then ends.
    fn panicking(times: u32) -> (Arc<AtomicU32>, impl Fn() -> Task) {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let run = move || {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { assert!(run >= times, "a test panics") }) as Task
        };
        (runs, run)
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_started_anew() {
        let end = end();
        let (runs, run) = panicking(PANICS_MAX - 1);
        kept_alive("test", &end, run).await;
        assert_eq!(runs.load(Ordering::Relaxed), PANICS_MAX);
        assert!(!end.shutdown.is_cancelled() && !end.dying.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_keeps_panicking_ends_the_process() {
        let end = end();
        let (runs, run) = panicking(u32::MAX);
        kept_alive("test", &end, run).await;
        assert_eq!(runs.load(Ordering::Relaxed), PANICS_MAX);
        assert!(end.shutdown.is_cancelled() && end.dying.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn panics_that_are_far_apart_do_not_add_up() {
        let end = end();
        let (runs, run) = panicking(PANICS_MAX * 2);
        let slowly = move || {
            let run = run();
            Box::pin(async move {
                tokio::time::sleep(FORGOTTEN_AFTER).await;
                run.await;
            }) as Task
        };
        kept_alive("test", &end, slowly).await;
        assert_eq!(runs.load(Ordering::Relaxed), PANICS_MAX * 2 + 1);
    }

    #[tokio::test]
    async fn a_panic_in_a_piece_of_work_is_a_failure_of_that_piece() {
        let fine = caught(async { Ok::<_, Failure>(7) }).await;
        assert!(matches!(fine, Ok(7)));
        let panicked = caught::<u8>(async {
            tokio::task::yield_now().await;
            panic!("a test panics")
        });
        assert!(matches!(panicked.await, Err(Failure::Panicked)));
    }
}
