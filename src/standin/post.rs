//! Events on their way to webhooks, in order within a conversation.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde::Serialize;

/// One try of a delivery.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Delivery {
    pub(crate) webhook: i64,
    pub(crate) event_type: &'static str,
    pub(crate) conversation: i64,
    /// The first is 1.
    pub(crate) attempt: u32,
    /// `None` when there was no answer in time.
    pub(crate) status: Option<u16>,
    /// It failed for the last time, and will not come again.
    pub(crate) dropped: bool,
    pub(crate) ended: Timestamp,
}

/// Events on their way, and every try of those before.
#[derive(Debug, Default)]
pub(super) struct Post {
    /// By webhook and conversation, so that the events of one leave in order.
    queues: BTreeMap<(i64, i64), Queue>,
    pub(super) log: VecDeque<Delivery>,
    /// Webhooks that were deleted because they failed for too long.
    pub(super) deleted: Vec<i64>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Item>,
    under_way: bool,
}

/// An event to be delivered.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) event_type: &'static str,
    pub(super) body: String,
}

impl Post {
    pub(super) fn add(&mut self, webhook: i64, conversation: i64, event_type: &'static str, body: String) {
        let queue = self.queues.entry((webhook, conversation)).or_default();
        queue.waiting.push_back(Item { event_type, body });
    }

    /// Events that are not yet delivered or dropped.
    pub(super) fn waiting(&self) -> usize {
        self.queues.values().map(|queue| queue.waiting.len()).sum()
    }

    pub(super) fn take_idle(&mut self) -> Vec<(i64, i64)> {
        let idle = self.queues.iter_mut().filter(|(_, queue)| !queue.under_way);
        let begun = idle.map(|(key, queue)| {
            queue.under_way = true;
            *key
        });
        begun.collect()
    }

    /// The first event of a queue; it stays there until it is over. An empty queue ends.
    pub(super) fn first(&mut self, key: (i64, i64)) -> Option<Item> {
        let first = self.queues.get(&key)?.waiting.front().cloned();
        if first.is_none() {
            self.queues.remove(&key);
        }
        first
    }

    pub(super) fn over(&mut self, key: (i64, i64)) {
        if let Some(queue) = self.queues.get_mut(&key) {
            queue.waiting.pop_front();
        }
    }
}
