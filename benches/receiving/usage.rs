//! What a process uses, as the kernel tells it.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How often it is looked at.
const EVERY: Duration = Duration::from_millis(100);

/// At one moment, or the most of several.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    pub(crate) resident_mb: f64,
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Usage {
    pub(crate) fn of(process: u32) -> Self {
        let descriptors = fs::read_dir(format!("/proc/{process}/fd")).expect("it is ours").count();
        let threads = status(process, "Threads:") as usize;
        Self { resident_mb: status(process, "VmRSS:") / 1024.0, descriptors, threads }
    }

    pub(crate) fn most(self, other: Self) -> Self {
        Self {
            resident_mb: self.resident_mb.max(other.resident_mb),
            descriptors: self.descriptors.max(other.descriptors),
            threads: self.threads.max(other.threads),
        }
    }
}

/// The most that was ever resident.
pub(crate) fn resident_mb_peak(process: u32) -> f64 {
    status(process, "VmHWM:") / 1024.0
}

/// A number, or so many kB.
fn status(process: u32, key: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix(key)).expect("the kernel tells");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// Looks at a process until it is asked for the most that it used.
pub(crate) struct Watch {
    ends: Arc<AtomicBool>,
    looking: JoinHandle<Usage>,
}

impl Watch {
    pub(crate) fn of(process: u32) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&ends);
        let looking = std::thread::spawn(move || {
            let mut most = Usage::default();
            while !ended.load(Ordering::Relaxed) {
                most = most.most(Usage::of(process));
                std::thread::park_timeout(EVERY);
            }
            most
        });
        Self { ends, looking }
    }

    pub(crate) fn most(self) -> Usage {
        self.ends.store(true, Ordering::Relaxed);
        self.looking.thread().unpark();
        self.looking.join().expect("it only looks")
    }
}
