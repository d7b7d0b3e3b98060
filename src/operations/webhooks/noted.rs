//! What is noted of a source's webhook beside how it is at mluvii: when its list showed it, when it was registered and corrected, and
//! whether its deliveries are taken.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::attention::Code;
use crate::operations::{OperationError, Operations};
use crate::subject::SourceName;

/// What is noted of deliveries is as exact as that: they are written once a minute.
const EXACT: SignedDuration = SignedDuration::from_mins(2);

/// How soon credentials are set anew once more.
const AGAIN: SignedDuration = SignedDuration::from_hours(24);

/// So many looks after it was registered, one that is gone again is registered again.
const LOOKS: u32 = 6;

const SEEN: &str = "webhook-seen/";
const REGISTERED: &str = "webhook-registered/";
const CORRECTED: &str = "webhook-corrected/";

/// What is noted of one source.
pub(super) struct Noted<'a> {
    on: &'a Operations,
    source: &'a SourceName,
    now: Timestamp,
    marks: BTreeMap<String, Timestamp>,
    delivered: Option<Timestamp>,
}

impl<'a> Noted<'a> {
    pub(super) async fn read(on: &'a Operations, source: &'a SourceName) -> Result<Self, OperationError> {
        let now = on.ledger.clock().await?.now;
        let delivered = on.ledger.last_deliveries().await?.remove(source);
        Ok(Self { on, source, now, marks: on.ledger.marks().await?, delivered })
    }

    fn mark(&self, what: &str) -> Option<Timestamp> {
        self.marks.get(&format!("{what}{}", self.source)).copied()
    }

    /// Whether it was registered, and the list has not shown it since.
    pub(super) fn is_hidden(&self) -> bool {
        self.mark(REGISTERED).is_some_and(|registered| self.mark(SEEN).is_none_or(|seen| seen < registered))
    }

    /// Whether it was registered a short while ago: a few looks.
    pub(super) fn was_registered(&self) -> bool {
        let while_ = self.on.settings.webhooks_every.saturating_mul(LOOKS);
        let is_lately = |at: Timestamp| self.now.duration_since(at).unsigned_abs() < while_;
        self.mark(REGISTERED).is_some_and(is_lately)
    }

    /// Whether it was corrected a short while ago.
    pub(super) fn was_corrected(&self) -> bool {
        self.mark(CORRECTED).is_some_and(|corrected| self.now.duration_since(corrected) < AGAIN)
    }

    /// Whether deliveries are refused, and none was taken, or the webhook corrected, since.
    pub(super) async fn is_refused(&self) -> Result<bool, OperationError> {
        let all = self.on.ledger.attention(&self.on.settings.limits).await?;
        let of_source = |found: &&crate::attention::Attention| {
            found.code == Code::DeliveriesRefused
                && found.parameters.get("source").is_some_and(|name| *name == *self.source.0)
        };
        let last = all.iter().find(of_source).and_then(|found| found.parameters.get("last")?.as_str()?.parse().ok());
        let is_after =
            |last: Timestamp, time: Option<Timestamp>| time.is_none_or(|time| last.duration_since(time) > EXACT);
        Ok(last.is_some_and(|last: Timestamp| is_after(last, self.delivered) && is_after(last, self.mark(CORRECTED))))
    }

    pub(super) async fn is_shown(&self) -> Result<(), OperationError> {
        self.note(SEEN).await
    }

    pub(super) async fn is_registered(&self) -> Result<(), OperationError> {
        self.note(REGISTERED).await
    }

    pub(super) async fn is_corrected(&self) -> Result<(), OperationError> {
        self.note(CORRECTED).await
    }

    async fn note(&self, what: &str) -> Result<(), OperationError> {
        let now = self.on.ledger.clock().await?.now;
        Ok(self.on.ledger.put_off_periodic(&format!("{what}{}", self.source), Duration::ZERO, Some(now)).await?)
    }
}
