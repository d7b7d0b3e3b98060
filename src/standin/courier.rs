//! Delivers events to webhooks by mluvii's rules: three tries, then it is dropped; a webhook whose deliveries fail for
//! three days is deleted; the events of one conversation leave in order.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, header};
use serde::Serialize;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::StandIn;

/// Tries of one delivery.
const TRIES_MAX: u32 = 3;
/// Between two tries, by the stand-in's clock. The real one is not published.
const TRY_PAUSE: Duration = Duration::from_secs(2);
/// A webhook that fails for so long is deleted, by the stand-in's clock.
const FAILING_MAX: SignedDuration = SignedDuration::from_hours(72);
/// Tries that are remembered; the oldest go first.
const DELIVERIES_MAX: usize = 100_000;

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

/// Events on their way, and what became of those before.
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

#[derive(Clone, Debug)]
struct Item {
    event_type: &'static str,
    body: String,
}

/// Whether a delivery goes on.
enum Tried {
    Over,
    Failed,
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

    fn take_idle(&mut self) -> Vec<(i64, i64)> {
        let idle = self.queues.iter_mut().filter(|(_, queue)| !queue.under_way);
        let begun = idle.map(|(key, queue)| {
            queue.under_way = true;
            *key
        });
        begun.collect()
    }

    /// The first event of a queue; it stays there until it is over. An empty queue ends.
    fn first(&mut self, key: (i64, i64)) -> Option<Item> {
        let first = self.queues.get(&key)?.waiting.front().cloned();
        if first.is_none() {
            self.queues.remove(&key);
        }
        first
    }

    fn over(&mut self, key: (i64, i64)) {
        if let Some(queue) = self.queues.get_mut(&key) {
            queue.waiting.pop_front();
        }
    }
}

impl StandIn {
    /// Every try of every delivery, in the order in which they ended.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.state().post.log.iter().cloned().collect()
    }

    /// Events that are not yet delivered or dropped.
    pub(crate) fn undelivered(&self) -> usize {
        self.state().post.waiting()
    }

    async fn deliver_one(&self, http: &Client, (webhook, conversation): (i64, i64), item: Item) {
        for attempt in 1..=TRIES_MAX {
            // It may have been deleted, or have moved, since the last try.
            let Some(url) = self.state().webhooks.get(&webhook).map(|webhook| webhook.callback_url.clone()) else {
                return;
            };
            let request = http.post(url).header(header::CONTENT_TYPE, "application/json").body(item.body.clone());
            let status = request.send().await.ok().map(|response| response.status());
            let delivered = status.is_some_and(|status| status.is_success());
            let status = status.map(|status| status.as_u16());
            let dropped = !delivered && attempt == TRIES_MAX;
            let event_type = item.event_type;
            let ended = Timestamp::now();
            let delivery = Delivery { webhook, event_type, conversation, attempt, status, dropped, ended };
            if let Tried::Over = self.tried(delivery, delivered) {
                return;
            }
            self.0.clock.wait(TRY_PAUSE).await;
        }
    }

    fn tried(&self, delivery: Delivery, delivered: bool) -> Tried {
        let now = self.now();
        let mut state = self.state();
        let (id, dropped) = (delivery.webhook, delivery.dropped);
        if state.post.log.len() >= DELIVERIES_MAX {
            state.post.log.pop_front();
        }
        state.post.log.push_back(delivery);
        let Some(webhook) = state.webhooks.get_mut(&id) else { return Tried::Over };
        if delivered {
            webhook.failing_since = None;
            return Tried::Over;
        }
        let since = *webhook.failing_since.get_or_insert(now);
        if now.duration_since(since) >= FAILING_MAX {
            state.webhooks.remove(&id);
            state.post.deleted.push(id);
            return Tried::Over;
        }
        if dropped { Tried::Over } else { Tried::Failed }
    }
}

/// Delivers until told to stop; queues run side by side.
pub(super) async fn deliver(mluvii: StandIn, shutdown: CancellationToken) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = Client::builder().no_proxy().timeout(mluvii.0.settings.delivery_max).build();
    let http = http.expect("a client without settings from outside can be built");
    let mut queues = JoinSet::new();
    loop {
        for key in mluvii.state().post.take_idle() {
            let (mluvii, http) = (mluvii.clone(), http.clone());
            queues.spawn(async move {
                loop {
                    let first = mluvii.state().post.first(key);
                    let Some(item) = first else { return };
                    mluvii.deliver_one(&http, key, item).await;
                    mluvii.state().post.over(key);
                }
            });
        }
        tokio::select! {
            () = mluvii.0.posted.notified() => {}
            // What was accepted for later is done, and told of, even when nobody looks.
            () = mluvii.until_due() => {}
            Some(_) = queues.join_next() => {}
            () = shutdown.cancelled() => return,
        }
    }
}
