//! One queue and its bounds, as this process works on it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::parts::Worker;
use crate::ledger::{Bounds, QueueName};
use crate::subject::TargetName;
use crate::target::Target;

/// How long it may take to find out whom an erasure reaches: a guest can have had many sessions.
const RESOLVE_MAX: Duration = Duration::from_secs(600);

/// How long writing a receipt may take.
const CLOSE_MAX: Duration = Duration::from_secs(60);

/// Receipts that are written together.
const CLOSED_AT_ONCE: usize = 64;

/// Steps that are parked at once because their target is no longer there; it takes less time than their lease.
pub(super) const ORPHANS_MAX: usize = 64;

/// What ends work that takes too long to end.
#[derive(Default)]
pub(super) struct Abandon {
    pub(super) all: CancellationToken,
    pub(super) deciding: CancellationToken,
}

impl Abandon {
    fn of(&self, queue: &QueueName) -> &CancellationToken {
        if decides(queue) { &self.deciding } else { &self.all }
    }
}

/// Whether rules are asked there.
fn decides(queue: &QueueName) -> bool {
    match queue {
        QueueName::Decide(_) | QueueName::Settle(_) => true,
        QueueName::Resolve(_) | QueueName::Step(_) | QueueName::Close => false,
    }
}

/// One queue and its bounds.
pub(super) struct QueueWorker {
    pub(super) queue: QueueName,
    /// Pieces of work at once, over all processes on the ledger.
    concurrency_max: usize,
    /// Calls that may begin in a second, over all processes on the ledger.
    pub(super) calls_per_s: Option<NonZeroU32>,
    /// The target that is asked, and whose breaker opens when that fails; absent where no target is asked.
    pub(super) asks: Option<TargetName>,
    /// Tells the queues that ask the same target that a place has become free.
    pub(super) room: Arc<Notify>,
    /// Whose queue it is. A plugin says how much it can do at once when it is up, so it is asked each time.
    target: Option<Arc<dyn Target>>,
    /// The longest that one piece of work may take; it is cancelled then.
    call_max: Duration,
    /// Ends what is under way.
    pub(super) abandon: CancellationToken,
}

impl QueueWorker {
    /// The queues of everything that is configured. All that asks one mluvii shares its breaker and its rate.
    pub(super) fn all(worker: &Worker, abandon: &Abandon) -> Vec<Self> {
        let mut queues = vec![Self {
            concurrency_max: CLOSED_AT_ONCE,
            call_max: CLOSE_MAX,
            ..Self::without_target(QueueName::Close, &abandon.all)
        }];
        let mut rooms = BTreeMap::new();
        for (installation, client) in &worker.mluvii {
            let mluvii = TargetName::mluvii_of(installation);
            // A look-up is three calls at most: the session, its call params and the contact.
            let look_up_max = client.call_max * 3;
            let room = Arc::<Notify>::default();
            for (queue, call_max) in [
                (QueueName::Decide(installation.clone()), look_up_max),
                (QueueName::Settle(installation.clone()), look_up_max),
                (QueueName::Resolve(installation.clone()), RESOLVE_MAX),
            ] {
                queues.push(Self {
                    concurrency_max: client.concurrency_max,
                    calls_per_s: worker.rates.get(&mluvii).copied(),
                    asks: Some(mluvii.clone()),
                    room: Arc::clone(&room),
                    call_max,
                    ..Self::without_target(queue.clone(), abandon.of(&queue))
                });
            }
            rooms.insert(mluvii, room);
        }
        for (name, target) in &worker.targets {
            queues.push(Self {
                calls_per_s: worker.rates.get(name).copied(),
                asks: Some(name.clone()),
                // Shared with what looks up at the same mluvii: a place that becomes free there is free for these
                // steps, and nothing else tells of it.
                room: rooms.get(name).map(Arc::clone).unwrap_or_default(),
                target: Some(Arc::clone(target)),
                ..Self::without_target(QueueName::Step(name.clone()), &abandon.all)
            });
        }
        queues
    }

    /// The queue of a target that is not configured any more: its steps are parked.
    pub(super) fn of_orphans(target: TargetName, abandon: &CancellationToken) -> Self {
        Self::without_target(QueueName::Step(target), abandon)
    }

    fn without_target(queue: QueueName, abandon: &CancellationToken) -> Self {
        Self {
            queue,
            concurrency_max: ORPHANS_MAX,
            calls_per_s: None,
            asks: None,
            room: Arc::default(),
            target: None,
            call_max: CLOSE_MAX,
            abandon: abandon.clone(),
        }
    }

    /// Whether rules are asked there.
    pub(super) fn decides(&self) -> bool {
        decides(&self.queue)
    }

    /// The target that it is about, also where that is no longer configured; `None` where there is none.
    pub(super) fn target_name(&self) -> Option<&TargetName> {
        match &self.queue {
            QueueName::Step(name) => Some(name),
            QueueName::Decide(_) | QueueName::Settle(_) | QueueName::Resolve(_) | QueueName::Close => {
                self.asks.as_ref()
            }
        }
    }

    /// The longest that one piece of work may take. A plugin's may have changed with the plugin.
    pub(super) fn call_max(&self) -> Duration {
        self.target.as_ref().map_or(self.call_max, |target| target.call_max())
    }

    /// How many pieces of work may be under way at once, over all processes.
    pub(super) fn at_once(&self) -> usize {
        self.target.as_ref().map_or(self.concurrency_max, |target| target.concurrency_max())
    }

    /// What the ledger counts against, over all processes. Where no target is asked, every process may do as much as
    /// it can.
    pub(super) fn bounds(&self) -> Bounds {
        match &self.asks {
            Some(target) => {
                Bounds { target: Some(target.clone()), at_once: self.at_once(), calls_per_s: self.calls_per_s }
            }
            None => Bounds::NONE,
        }
    }
}
