//! News of work, to this process at once and to the others by `NOTIFY`. On a connection of its own, which also listens:
//! `NOTIFY` within a transaction would have all committing transactions wait for one lock. News that is lost with a
//! connection is made up for by polling.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_postgres::AsyncMessage;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::debug;

use super::Notifier;
use super::connection::{self, Pauses};
use super::connector::Connector;
use super::failure;
use crate::lock::lock;
use crate::panics::caught;

pub(super) const CHANNEL: &str = "quietus";

/// News is gathered for so long before the others are told.
const GATHER: Duration = Duration::from_millis(10);

/// Who tells of work and is told.
pub(super) struct RemoteNotifier {
    notifier: Notifier,
    /// The names of queues of which the others are not told yet.
    untold: Mutex<BTreeSet<String>>,
    there_is_news: Notify,
    /// Tells this process's own news from that of others.
    name: String,
}

impl RemoteNotifier {
    pub(super) fn new() -> Arc<Self> {
        let mut random = [0; 8];
        crate::keys::fill_random(&mut random);
        let notifier = Notifier::default();
        let untold = Mutex::default();
        let there_is_news = Notify::new();
        Arc::new(Self { notifier, untold, there_is_news, name: hex::encode(random) })
    }

    /// Keeps listening and telling until what is returned is dropped.
    pub(super) fn start(self: &Arc<Self>, connector: Connector) -> DropGuard {
        let stop = CancellationToken::new();
        let remote_notifier = Arc::clone(self);
        tokio::spawn(stop.clone().run_until_cancelled_owned(async move { remote_notifier.run(connector).await }));
        stop.drop_guard()
    }

    pub(super) fn notifier(&self) -> &Notifier {
        &self.notifier
    }

    /// The queues with these names have work.
    pub(super) fn notify(&self, queues: impl IntoIterator<Item = String>) {
        let mut untold = self.untold();
        for name in queues {
            self.notifier.notify(&name);
            untold.insert(name);
        }
        if !untold.is_empty() {
            // Kept until it is taken: the teller may be telling just now, and would miss a mere signal.
            self.there_is_news.notify_one();
        }
    }

    /// What the others are to be told, as one message; `None` when there is nothing.
    pub(super) fn take_untold(&self) -> Option<String> {
        let untold = std::mem::take(&mut *self.untold());
        let names = untold.into_iter().collect::<Vec<_>>().join("\n");
        // PostgreSQL takes less than 8,000 bytes; too many names mean everything.
        let names = if names.len() > 7_000 { EVERYTHING.to_owned() } else { names };
        (!names.is_empty()).then(|| format!("{}\n{names}", self.name))
    }

    async fn run(&self, connector: Connector) {
        let mut pauses = Pauses::default();
        loop {
            let panicked = |_| Err(anyhow::anyhow!("it panicked"));
            match caught(self.listen(&connector)).await.unwrap_or_else(panicked) {
                Ok(()) => pauses.reset(),
                Err(error) => debug!(error = format!("{error:#}"), "no news of other processes; polling goes on"),
            }
            pauses.wait().await;
        }
    }

    /// Listens and tells until the connection ends.
    async fn listen(&self, connector: &Connector) -> anyhow::Result<()> {
        let (client, mut connection) = connection::begin(connector).await?;
        let hear = async {
            while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
                if let AsyncMessage::Notification(news) = message {
                    self.hear(news.payload());
                }
            }
        };
        let tell = async {
            client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(failure::told)?;
            // What was told while nobody listened is not known.
            self.notifier.notify_all();
            loop {
                self.there_is_news.notified().await;
                sleep(GATHER).await;
                if let Some(message) = self.take_untold() {
                    client.execute("SELECT pg_notify($1, $2)", &[&CHANNEL, &message]).await.map_err(failure::told)?;
                }
            }
        };
        tokio::select! {
            () = hear => Ok(()),
            ended = tell => ended,
        }
    }

    fn hear(&self, news: &str) {
        let mut lines = news.lines();
        // Its own it has told at once: told again, each would cost its queue a second look.
        if lines.next() == Some(&*self.name) {
            return;
        }
        for queue in lines {
            if queue == EVERYTHING {
                self.notifier.notify_all();
            } else {
                self.notifier.notify(queue);
            }
        }
    }

    fn untold(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        lock(&self.untold)
    }
}

/// Stands for all queues.
const EVERYTHING: &str = "*";
