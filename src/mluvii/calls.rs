//! How many HTTP calls a piece of work made: its rate is charged by that number.

use std::cell::Cell;

tokio::task_local! {
    static CALLS: Cell<u32>;
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
