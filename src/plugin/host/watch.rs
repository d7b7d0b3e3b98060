//! Whether what a plugin was started with has changed since: its file, or a file that its sandbox lets it read. Landlock grants
//! the file that was there at the start, so a replaced one is out of reach until the process is replaced too.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use crate::plugin::installed::Installed;

/// How often it is looked at. A change counts once it looks the same twice: before, it may still be written to.
const PERIOD: Duration = Duration::from_secs(1);
/// Files that every plugin may read and that are replaced while a machine runs.
const OF_THE_SYSTEM: [&str; 2] = ["/etc/resolv.conf", "/etc/hosts"];

/// Of the plugin's file: device, inode, size, and the time of the last change in seconds and nanoseconds.
type Code = (u64, u64, u64, i64, i64);
/// Of the others: device and inode. What is written into them is seen without a new start.
type Readable = (u64, u64);

#[derive(PartialEq)]
struct Signature {
    code: Code,
    /// `None`: not there, or no file.
    readable: BTreeMap<PathBuf, Option<Readable>>,
}

impl Signature {
    /// What this plugin was found to read only after it was loaded counts from now on.
    fn learn(&mut self, now: &Self) {
        for (path, is) in &now.readable {
            self.readable.entry(path.clone()).or_insert(*is);
        }
    }
}

pub(super) struct Watch {
    ticks: Interval,
    /// As it was when it was loaded last.
    loaded: Option<Signature>,
    seen: Option<Signature>,
    /// What could not be loaded, and until when it is left alone.
    refused: Option<(Signature, Instant)>,
}

impl Watch {
    pub(super) fn new() -> Self {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { ticks, loaded: None, seen: None, refused: None }
    }

    /// It is about to be loaded. May be dropped at any time.
    pub(super) async fn loads(&mut self, installed: &Installed) {
        self.loaded = signature(installed).await;
    }

    /// What could not be loaded is retried after this pause though it has not changed, and at once when it has.
    pub(super) fn looks_again_after(&mut self, pause: Duration) {
        self.refused = self.loaded.take().map(|loaded| (loaded, Instant::now() + pause));
    }

    /// Whether what is seen now has been refused a short while ago.
    fn is_left_alone(&self) -> bool {
        let Some((refused, until)) = &self.refused else { return false };
        self.seen.as_ref() == Some(refused) && Instant::now() < *until
    }

    /// Returns when it is another one than was loaded. May be dropped at any time.
    pub(super) async fn changed(&mut self, installed: &Installed) {
        loop {
            self.ticks.tick().await;
            let now = signature(installed).await;
            let settled = now == self.seen;
            if let (Some(loaded), Some(now)) = (&mut self.loaded, &now) {
                loaded.learn(now);
            }
            // Not while it is missing: nothing can be started then, and the process that runs still works.
            let changed = now.is_some() && now != self.loaded;
            self.seen = now;
            if settled && changed && !self.is_left_alone() {
                return;
            }
        }
    }
}

/// `None` when the plugin's file is not there. Not on a thread of the runtime's: the file may be on a network drive that does not answer.
async fn signature(installed: &Installed) -> Option<Signature> {
    let code = installed.code.file().to_owned();
    let mut reads = installed.permissions().reads;
    reads.extend(OF_THE_SYSTEM.map(PathBuf::from));
    let looked = tokio::task::spawn_blocking(move || {
        let data = code.metadata().ok()?;
        let mut readable = BTreeMap::new();
        for path in reads {
            let data = path.metadata().ok().filter(std::fs::Metadata::is_file);
            readable.insert(path, data.map(|data| (data.dev(), data.ino())));
        }
        Some(Signature { code: (data.dev(), data.ino(), data.len(), data.mtime(), data.mtime_nsec()), readable })
    });
    looked.await.ok()?
}
