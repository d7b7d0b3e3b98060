//! What becomes of a panic, which is a defect of quietus. In one piece of work it concerns that piece of work. A task is begun anew;
//! one that panics again and again, or cannot be begun anew, ends the process: receiving on while nothing is erased would
//! be a promise not kept. Every panic is counted and told with its place, never with its text, which may be personal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::OnceLock;
use std::task::Poll;
use std::time::Duration;

use metrics::{Counter, counter, describe_counter};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::error;

/// Panics, wherever they were.
const PANICS: &str = "quietus_panics_total";

/// Tasks that were begun anew after a panic.
const RESTARTS: &str = "quietus_task_restarts_total";

/// A task that panics so often, with less than [`FORGOTTEN_AFTER`] between, is not begun again.
const PANICS_MAX: u32 = 5;

/// A task that has run for so long is sound again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// The pause before the first start anew; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(500);

/// Looked up once: what is looked up within a panic could wait for a lock that the panic holds.
static COUNTER: OnceLock<Counter> = OnceLock::new();

/// Says in the metrics what is counted here. To be called once they are the process's.
pub(crate) fn describe_panics() {
    describe_counter!(PANICS, "Panics, each a defect of quietus.");
    describe_counter!(RESTARTS, "Tasks that were begun anew after a panic.");
    COUNTER.get_or_init(|| counter!(PANICS));
    // From 0 on, or the first one would not be seen as one more.
    counter!(RESTARTS).increment(0);
}

/// Counts a panic; to be called for each, wherever it is.
pub(crate) fn count_panic() {
    if let Some(counter) = COUNTER.get() {
        counter.increment(1);
    }
}

/// It panicked: nobody knows how far it came.
#[derive(Debug)]
pub(crate) struct Panicked;

/// Does the work; a panic in it is an error like others. What is shared with other work is behind locks that a panic does not
/// close; all else is dropped with it.
pub(crate) async fn caught<T>(work: impl Future<Output = T>) -> Result<T, Panicked> {
    let mut work = pin!(work);
    std::future::poll_fn(move |context| match caught_here(|| work.as_mut().poll(context)) {
        Ok(Poll::Ready(done)) => Poll::Ready(Ok(done)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(panicked) => Poll::Ready(Err(panicked)),
    })
    .await
}

/// The same on a thread of its own.
pub(crate) fn caught_here<T>(work: impl FnOnce() -> T) -> Result<T, Panicked> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| Panicked)
}

/// How it is seen that the process is about to end.
#[derive(Clone, Default)]
pub(crate) struct Ending {
    /// Cancelled when it was told to. Deliveries are still taken, but a load balancer should go elsewhere.
    pub(crate) stopping: CancellationToken,
    /// Cancelled when it cannot work.
    pub(crate) dying: CancellationToken,
}

impl Ending {
    /// Ends the process in good order, as one that cannot work.
    pub(crate) fn die(&self) {
        // In this order: whoever sees that it stops is to see why.
        self.dying.cancel();
        self.stopping.cancel();
    }
}

/// A task, as it is begun. Boxed where it is made: that a future as large as the worker's can be sent to another thread is
/// looked at once then, and not again for all that it is wrapped in, which took the compiler minutes.
pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Runs a task until it ends, as `end` tells it to, and begins it anew when it panics. One that keeps panicking ends the process.
pub(crate) async fn kept_alive(
    task: &str,
    ending: &Ending,
    end: &CancellationToken,
    run: impl Fn(CancellationToken) -> Task,
) {
    let mut panics = 0;
    loop {
        let began = Instant::now();
        if tokio::spawn(run(end.clone())).await.is_ok() {
            return;
        }
        counter!(RESTARTS).increment(1);
        panics = if began.elapsed() < FORGOTTEN_AFTER { panics + 1 } else { 1 };
        if panics >= PANICS_MAX {
            error!(task, panics, "a task panics again and again; the process ends, to be started anew");
            return ending.die();
        }
        error!(task, panics, "a task panicked, and is begun anew; please report it");
        let pause = tokio::time::sleep(PAUSE * (1 << panics));
        // Not by `stopping`: what serves the others until they have drained is needed until then.
        if end.run_until_cancelled(pause).await.is_none() {
            return;
        }
    }
}

/// Runs a task that cannot be begun anew: a panic in it ends the process.
pub(crate) async fn needed<T>(task: &str, ending: &Ending, run: impl Future<Output = T>) -> Result<T, Panicked> {
    let ended = caught(run).await;
    if ended.is_err() {
        error!(
            task,
            "a task panicked, and cannot be begun anew; the process ends, to be started anew; please report it"
        );
        ending.die();
    }
    ended
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// A task that panics so often, and then ends.
    fn panicking(times: u32) -> (Arc<AtomicU32>, impl Fn(CancellationToken) -> Task) {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&runs);
        let run = move |_| {
            let run = counted.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move { assert!(run >= times, "a test panics") }) as Task
        };
        (runs, run)
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_begun_anew() {
        let ending = Ending::default();
        let (runs, run) = panicking(PANICS_MAX - 1);
        kept_alive("test", &ending, &ending.stopping, run).await;
        assert_eq!(runs.load(Ordering::Relaxed), PANICS_MAX);
        assert!(!ending.stopping.is_cancelled() && !ending.dying.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_keeps_panicking_ends_the_process() {
        let ending = Ending::default();
        let (runs, run) = panicking(u32::MAX);
        kept_alive("test", &ending, &ending.stopping, run).await;
        assert_eq!(runs.load(Ordering::Relaxed), PANICS_MAX);
        assert!(ending.stopping.is_cancelled() && ending.dying.is_cancelled());
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_is_begun_anew_until_its_own_end_and_not_only_until_the_process_stops() {
        let ending = Ending::default();
        ending.stopping.cancel();
        let (runs, run) = panicking(1);
        kept_alive("test", &ending, &CancellationToken::new(), run).await;
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        let (runs, run) = panicking(1);
        kept_alive("test", &ending, &ending.stopping, run).await;
        assert_eq!(runs.load(Ordering::Relaxed), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn panics_that_are_far_apart_do_not_add_up() {
        let ending = Ending::default();
        let (runs, run) = panicking(PANICS_MAX * 2);
        let slowly = move |end| {
            let run = run(end);
            Box::pin(async move {
                tokio::time::sleep(FORGOTTEN_AFTER).await;
                run.await;
            }) as Task
        };
        kept_alive("test", &ending, &ending.stopping, slowly).await;
        assert_eq!(runs.load(Ordering::Relaxed), PANICS_MAX * 2 + 1);
    }

    #[tokio::test]
    async fn a_panic_in_a_piece_of_work_is_an_error_of_that_piece() {
        assert!(matches!(caught(async { 7 }).await, Ok(7)));
        let panicked = caught::<u8>(async {
            tokio::task::yield_now().await;
            panic!("a test panics")
        });
        assert!(panicked.await.is_err());
    }

    #[tokio::test]
    async fn a_task_that_cannot_be_begun_anew_ends_the_process_with_its_panic() {
        let ending = Ending::default();
        assert!(matches!(needed("test", &ending, async { 7 }).await, Ok(7)));
        assert!(!ending.stopping.is_cancelled());
        assert!(needed::<u8>("test", &ending, async { panic!("a test panics") }).await.is_err());
        assert!(ending.stopping.is_cancelled() && ending.dying.is_cancelled());
    }
}
