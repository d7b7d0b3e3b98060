//! The tasks of a server beside its workers. None of them ends by a panic without anybody noticing.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::panics::{Ending, Task, kept_alive, needed};

/// Tasks that run until the server ends, or until what they are about does.
#[derive(Clone)]
pub(super) struct Tasks {
    ending: Ending,
    running: TaskTracker,
}

impl Tasks {
    pub(super) fn new(ending: &Ending) -> Self {
        Self { ending: ending.clone(), running: TaskTracker::new() }
    }

    /// Starts one that is begun anew when it panics, until it is to end.
    pub(super) fn keep(
        &self,
        name: &'static str,
        end: &CancellationToken,
        run: impl Fn(CancellationToken) -> Task + Send + Sync + 'static,
    ) {
        let (ending, end) = (self.ending.clone(), end.clone());
        self.running.spawn(async move { kept_alive(name, &ending, &end, run).await });
    }

    /// Starts one that cannot be begun anew: a panic in it ends the process.
    pub(super) fn need(&self, name: String, run: impl Future<Output = ()> + Send + 'static) {
        let ending = self.ending.clone();
        self.running.spawn(async move {
            let _ = needed(&name, &ending, run).await;
        });
    }

    /// Waits until all of them have ended.
    pub(super) async fn ended(&self) {
        self.running.close();
        self.running.wait().await;
    }
}
