//! How many HTTP calls a piece of work made: its rate is charged by that number. Work that nobody waits for makes each of them when it is
//! its turn.

use std::cell::Cell;
use std::sync::Arc;

use async_trait::async_trait;

tokio::task_local! {
    static CALLS: Cell<u32>;
    static PACE: Arc<dyn Pace>;
}

/// When calls may be made.
#[async_trait]
pub(crate) trait Pace: Send + Sync {
    /// Returns when the next one may be, and counts it.
    async fn turn(&self);
}

/// Runs the work; where there is a pace, it makes each of its HTTP calls, but for token calls and control requests, at its turn.
pub(crate) async fn paced<T>(pace: Option<Arc<dyn Pace>>, work: impl Future<Output = T>) -> T {
    match pace {
        Some(pace) => PACE.scope(pace, work).await,
        None => work.await,
    }
}

/// Runs the work and counts the HTTP calls that it made. Token calls and control requests are not counted: they are
/// shared by many.
pub(crate) async fn counted<T>(work: impl Future<Output = T>) -> (T, u32) {
    let within = async {
        let result = work.await;
        (result, CALLS.with(Cell::get))
    };
    let (result, calls) = CALLS.scope(Cell::new(0), within).await;
    // A part that is counted apart belongs to the whole as well.
    add(calls);
    (result, calls)
}

/// Whether a call is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Part of the work.
    Work,
    /// Only shows whether another answer can be believed.
    Control,
}

impl Purpose {
    /// Returns when the call may be made.
    pub(super) async fn turn(self) {
        let pace = match self {
            Self::Work => PACE.try_with(Arc::clone).ok(),
            Self::Control => None,
        };
        if let Some(pace) = pace {
            pace.turn().await;
        }
    }

    /// Notes one HTTP call.
    pub(super) fn note(self) {
        match self {
            Self::Work => add(1),
            Self::Control => tracing::debug!("a control request"),
        }
    }
}

fn add(calls: u32) {
    // Outside of `counted` there is no counter.
    let _ = CALLS.try_with(|all| all.set(all.get().saturating_add(calls)));
}
