//! Who waits for a queue's work is woken here: within the process, and by what is heard of other processes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use crate::lock::lock;
use tokio::sync::Notify;

/// One signal per queue, by the queue's name.
#[derive(Default)]
pub(super) struct Notifier(Mutex<HashMap<String, Arc<Notify>>>);

impl Notifier {
    /// The signal of a queue. Tasks wait for it with `notified()`, which counts from its making.
    pub(super) fn of(&self, queue: &str) -> Arc<Notify> {
        let mut all = self.lock();
        match all.get(queue) {
            Some(notify) => Arc::clone(notify),
            None => Arc::clone(all.entry(queue.to_owned()).or_default()),
        }
    }

    /// Wakes all tasks that wait for the queue.
    pub(super) fn notify(&self, queue: &str) {
        if let Some(notify) = self.lock().get(queue) {
            notify.notify_waiters();
        }
    }

    /// The queues that tasks have asked for.
    pub(super) fn queues(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    /// Wakes everyone.
    pub(super) fn notify_all(&self) {
        self.lock().values().for_each(|notify| notify.notify_waiters());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Notify>>> {
        lock(&self.0)
    }
}
