//! The ledger as it was read last: however many ask, and however often, it is read once every few seconds at most, and not at all
//! while nobody asks.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};
use tracing::debug;

use crate::attention::{Attention, Limits};
use crate::causes::with_causes;
use crate::ledger::{Gauges, LedgerError, QueueName, Records};

/// For so long, what was read is as good as new.
const USED_FOR: Duration = Duration::from_secs(2);

/// A reading that takes longer counts as failed. Less than the ten seconds that Prometheus waits for an answer.
const READ_MAX: Duration = Duration::from_secs(4);

/// For so long, what was read is shown although reading it anew fails: a moment's failure makes no gaps. After that nobody knows what
/// holds, and old numbers would look like new ones.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// Reads a ledger once.
type Read = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Result<Snapshot, LedgerError>> + Send>> + Send + Sync>;

/// Reads the ledger now and then.
pub(super) struct Reading {
    read: Read,
    last: Mutex<Last>,
}

#[derive(Default)]
struct Last {
    tried: Option<Instant>,
    /// Whether the last try succeeded.
    is_up: bool,
    read: Option<(Instant, Arc<Snapshot>)>,
}

/// What was read.
pub(super) struct Snapshot {
    pub(super) gauges: Gauges,
    pub(super) attention: Vec<Attention>,
    /// By the clock of this machine, as Prometheus has one, too.
    pub(super) at: Timestamp,
}

/// What is known of the ledger.
pub(super) struct Known {
    /// Whether it could be read just now.
    pub(super) is_up: bool,
    pub(super) snapshot: Option<Arc<Snapshot>>,
}

impl Reading {
    /// Of these queues of a ledger.
    pub(super) fn of(records: Arc<dyn Records>, queues: Vec<QueueName>, limits: Limits) -> Self {
        let queues: Arc<[_]> = queues.into();
        Self::by(Box::new(move || {
            let (records, queues, limits) = (Arc::clone(&records), Arc::clone(&queues), limits.clone());
            Box::pin(async move {
                let gauges = records.gauges(&queues, limits.deadline.0).await?;
                let attention = records.attention(&limits).await?;
                Ok(Snapshot { gauges, attention, at: Timestamp::now() })
            })
        }))
    }

    pub(super) fn by(read: Read) -> Self {
        Self { read, last: Mutex::default() }
    }

    /// What is known now.
    pub(super) async fn now(&self) -> Known {
        // Held while it is read: many scrapes at once are one reading.
        let mut last = self.last.lock().await;
        if last.tried.is_none_or(|tried| tried.elapsed() >= USED_FOR) {
            let read = timeout(READ_MAX, (self.read)()).await;
            // From its end on: a ledger that answers slowly is not asked all the time.
            let now = Instant::now();
            last.tried = Some(now);
            last.is_up = matches!(read, Ok(Ok(_)));
            match read {
                Ok(Ok(snapshot)) => last.read = Some((now, Arc::new(snapshot))),
                Ok(Err(error)) => debug!(error = %with_causes(&error), "the ledger could not be read for metrics"),
                Err(_) => debug!("the ledger was not read in time for metrics"),
            }
        }
        let snapshot = last.read.as_ref().filter(|(at, _)| at.elapsed() < KEPT_FOR);
        Known { is_up: last.is_up, snapshot: snapshot.map(|(_, snapshot)| Arc::clone(snapshot)) }
    }
}
