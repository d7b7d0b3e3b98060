//! Whether a plugin's file has changed since it was loaded.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

/// How often the file is looked at. It counts as changed when it looks the same twice: it may still be written to.
const PERIOD: Duration = Duration::from_secs(1);

/// Device, inode, size, and the time of the last change in seconds and nanoseconds.
type Signature = (u64, u64, u64, i64, i64);

pub(super) struct Watch {
    ticks: Interval,
    /// As it was when it was loaded last.
    loaded: Option<Signature>,
    seen: Option<Signature>,
}

impl Watch {
    pub(super) fn new() -> Self {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, loaded: None, seen: None }
    }

    /// The file is about to be loaded.
    pub(super) async fn loads(&mut self, file: &Path) {
        self.loaded = signature(file.to_owned()).await;
    }

    /// Returns when the file is another one than was loaded. May be dropped at any time.
    pub(super) async fn changed(&mut self, file: &Path) {
        loop {
            self.ticks.tick().await;
            let now = signature(file.to_owned()).await;
            let settled = now == self.seen;
            self.seen = now;
            if settled && now.is_some() && now != self.loaded {
                return;
            }
        }
    }
}

/// Not on a thread of the runtime's: the file may lie on a network's drive that is away.
async fn signature(file: PathBuf) -> Option<Signature> {
    let looked = tokio::task::spawn_blocking(move || file.metadata()).await.ok()?;
    looked.ok().map(|data| (data.dev(), data.ino(), data.len(), data.mtime(), data.mtime_nsec()))
}
