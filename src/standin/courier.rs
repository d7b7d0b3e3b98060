//! Delivers events to webhooks by mluvii's rules: three tries, then it is dropped; a webhook whose deliveries fail for
//! three days is deleted; the events of one conversation leave in order.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, header};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::post::{Delivery, Item};
use super::state::StandIn;

/// Tries of one delivery.
const TRIES_MAX: u32 = 3;
/// Between two tries, by the stand-in's clock. The real one is not published.
const TRY_PAUSE: Duration = Duration::from_secs(2);
/// A webhook that fails for so long is deleted, by the stand-in's clock.
const FAILING_MAX: SignedDuration = SignedDuration::from_hours(72);
/// Tries that are remembered; the oldest go first.
const DELIVERIES_MAX: usize = 100_000;

/// Whether a delivery goes on.
enum Tried {
    Over,
    Failed,
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
        let id = delivery.webhook;
        let dropped = delivery.dropped;
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
            let mluvii = mluvii.clone();
            let http = http.clone();
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
            // What was accepted for later is done, and its events leave, even when no call comes.
            () = mluvii.until_due() => {}
            Some(_) = queues.join_next() => {}
            () = shutdown.cancelled() => return,
        }
    }
}
