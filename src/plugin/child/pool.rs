//! The threads that the plugin's calls run on.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use quietus_plugin::PluginError;
use quietus_plugin::protocol::Reply;
use zeroize::Zeroizing;

use super::calls::{Calls, broken};
use super::native::Instance;
use crate::plugin::lock::lock;

/// Threads, whatever a manifest says.
const THREADS_MAX: u32 = 64;
/// Jobs that wait for a thread; the host sends no more than there are threads, so this is slack.
const WAITING_MAX: usize = 64;

/// One call to the library.
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) method: &'static str,
    pub(super) request: Zeroizing<Vec<u8>>,
}

pub(super) struct Pool {
    jobs: SyncSender<Job>,
    calls: &'static Calls,
    threads: Vec<JoinHandle<()>>,
}

impl Pool {
    pub(super) fn start(instance: Arc<Instance>, calls: &'static Calls, size: u32, cancels: Receiver<u64>) -> Self {
        let (jobs, queue) = sync_channel(WAITING_MAX);
        let queue = Arc::new(Mutex::new(queue));
        let mut threads = Vec::new();
        for _ in 0..size.clamp(1, THREADS_MAX) {
            let instance = Arc::clone(&instance);
            let queue = Arc::clone(&queue);
            threads.push(std::thread::spawn(move || work(&instance, calls, &queue)));
        }
        // On a thread of its own: a plugin's `cancel` may hang, and reading must go on.
        std::thread::spawn(move || cancels.iter().for_each(|id| instance.cancel(id)));
        Self { jobs, calls, threads }
    }

    pub(super) fn submit(&self, job: Job) {
        if let Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) = self.jobs.try_send(job) {
            let error = PluginError::retryable("the plugin has too many calls under way");
            self.calls.close(job.id, Reply::Error { error });
        }
    }

    /// Returns when all jobs are done.
    pub(super) fn finish(self) {
        drop(self.jobs);
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

fn work(instance: &Instance, calls: &Calls, queue: &Mutex<Receiver<Job>>) {
    loop {
        // A statement of its own, with which the lock is let go: held during the call, calls would run one after the
        // other.
        let job = lock(queue).recv();
        let Ok(job) = job else { return };
        let code = instance.call(job.id, job.method, &job.request);
        let otherwise = match code {
            0 => broken("the plugin gave no answer"),
            code => broken(&format!("the plugin gave no answer and code {code}")),
        };
        calls.close(job.id, otherwise);
    }
}
