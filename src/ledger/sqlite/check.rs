//! Looking for damage before something needs what is damaged (`integrity`): soon after the start and then every day, on a
//! connection and a thread of its own and at a bounded rate.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::damage::Damage;
use super::{LedgerError, integrity, schema};
use crate::panics::caught_here;

/// From one check to the next.
const EVERY: Duration = Duration::from_secs(24 * 3_600);

/// So long the check works at a stretch.
const SLICE: Duration = Duration::from_millis(2);

/// The longest rest: a machine that stood still has not worked.
const REST_MAX: Duration = Duration::from_secs(1);

/// Steps of SQLite's after which the time is looked at; some microseconds.
const STEPS: i32 = 200;

/// The thread that checks.
pub(super) struct Checks {
    stop: Arc<AtomicBool>,
    stopped: Sender<()>,
    thread: JoinHandle<()>,
}

impl Checks {
    pub(super) fn start(ledger: PathBuf, damage: Arc<Damage>) -> std::io::Result<Self> {
        let stop = Arc::<AtomicBool>::default();
        let (stopped, wait) = mpsc::channel();
        let stops = Arc::clone(&stop);
        let check = move || {
            damage.refuse()?;
            // Within a transaction for each table: one over all of them would keep the log from starting over.
            let panicked = |_| Err(LedgerError::Broken(anyhow::anyhow!("the check panicked")));
            damage.seen(caught_here(|| slowly(&ledger, &stops)).unwrap_or_else(panicked))
        };
        let thread = thread::Builder::new().name("check".into()).spawn(move || repeat(EVERY, &wait, check))?;
        Ok(Self { stop, stopped, thread })
    }

    /// Ends a check that is under way. Blocks for a moment.
    pub(super) fn end(self) {
        // First, so that a check that is broken off is not taken for one that failed.
        drop(self.stopped);
        self.stop.store(true, Ordering::Relaxed);
        // Nothing in it panics without being caught.
        let _ = self.thread.join();
    }
}

/// Checks at once and then so often, until it is stopped, by the end of the sender, or something is damaged. A check that could not
/// be made is made the next time.
fn repeat(every: Duration, stopped: &Receiver<()>, mut check: impl FnMut() -> Result<(), LedgerError>) {
    loop {
        match check() {
            Ok(()) => {}
            Err(LedgerError::Damaged(_)) => return,
            Err(_) if stopped.try_recv() == Err(TryRecvError::Disconnected) => return,
            Err(error) => tracing::warn!(%error, "could not check the ledger; it is checked again tomorrow"),
        }
        if stopped.recv_timeout(every) != Err(RecvTimeoutError::Timeout) {
            return;
        }
    }
}

/// How long it rests after it has worked for so long at a stretch, if it is to rest: at most a quarter of a core, also where a
/// stretch took longer than it should.
fn rest_after(worked: Duration) -> Option<Duration> {
    (worked >= SLICE).then(|| (worked * 3).min(REST_MAX))
}

/// Checks all tables, at a bounded rate.
fn slowly(ledger: &Path, stop: &Arc<AtomicBool>) -> Result<(), LedgerError> {
    let mut connection = schema::open_reader(ledger)?;
    let stop = Arc::clone(stop);
    let mut begun = Instant::now();
    let rest = move || {
        if let Some(rest) = rest_after(begun.elapsed()) {
            thread::sleep(rest);
            begun = Instant::now();
        }
        stop.load(Ordering::Relaxed)
    };
    connection.progress_handler(STEPS, Some(rest))?;
    integrity::of_tables(&connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_check_takes_no_more_than_a_quarter_of_a_core() {
        assert_eq!(rest_after(SLICE - Duration::from_nanos(1)), None);
        for worked in [SLICE, SLICE * 7, Duration::from_millis(300)] {
            assert_eq!(rest_after(worked), Some(worked * 3));
        }
        assert_eq!(rest_after(Duration::from_secs(3_600)), Some(REST_MAX));
    }

    /// How often it is checked whose checks end so; the last one is stopped.
    fn checks(ends: Vec<Result<(), LedgerError>>) -> usize {
        let (stopped, wait) = mpsc::channel();
        let (mut stopped, mut ends, mut checks) = (Some(stopped), ends.into_iter(), 0);
        repeat(Duration::ZERO, &wait, || {
            checks += 1;
            let end = ends.next().unwrap_or(Ok(()));
            if ends.len() == 0 {
                stopped = None;
            }
            end
        });
        checks
    }

    #[test]
    fn a_check_is_repeated_until_it_is_stopped_or_finds_something() {
        let busy = || Err(LedgerError::Busy(anyhow::anyhow!("locked")));
        let damaged = || Err(LedgerError::Damaged(anyhow::anyhow!("a page is zero")));
        assert_eq!(checks(vec![Ok(())]), 1);
        assert_eq!(checks(vec![Ok(()), busy(), Ok(()), busy()]), 4);
        assert_eq!(checks(vec![Ok(()), damaged(), Ok(()), Ok(())]), 2);
    }
}
