//! What was found goes the way of a delivery.

use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinSet;

use super::Comparison;
use crate::audit::{Act, ActResult, AuditEntry, Object};
use crate::event::{Event, EventHead, EventKind, StoredEvent};
use crate::keys::IndexKey;
use crate::ledger::Recorded;
use crate::mluvii::EndedSession;
use crate::operations::OperationError;
use crate::subject::{SessionKey, SourceName};

/// So many are written at once.
const AT_ONCE: usize = 256;

/// Deliveries are noted to the minute, and as late as that.
const EXACT: SignedDuration = SignedDuration::from_mins(2);

/// Whether something surely was after a source had delivered last, where it ever has.
pub(crate) fn is_after(time: Timestamp, last_delivery: Option<&Timestamp>) -> bool {
    last_delivery.is_none_or(|last| time.duration_since(*last) > EXACT)
}

impl Comparison<'_> {
    /// Has them decided on, several at once, which the ledger commits together.
    pub(super) async fn enter(&mut self, missing: Vec<Event>) -> Result<(), OperationError> {
        if self.asked.dry_run {
            missing.iter().for_each(|event| self.count(&event.head));
            return Ok(());
        }
        for events in self.sealed(missing).await?.chunks(AT_ONCE) {
            // Before the first of them: what stops halfway stands in the audit, too.
            self.begin_audit().await?;
            self.enter_some(events).await?;
        }
        Ok(())
    }

    async fn sealed(&self, events: Vec<Event>) -> Result<Vec<StoredEvent>, OperationError> {
        let keys = self.on.keys().await?;
        // Only with a form: a key that is made for nothing has to be destroyed again.
        let seal = match events.iter().any(|event| event.form.is_some()) {
            true => Some(self.on.seal_key(&keys).await?),
            false => None,
        };
        let sealed = |event: Event| match &seal {
            Some(seal) => event.seal(seal),
            None => StoredEvent { head: event.head, form: None },
        };
        Ok(events.into_iter().map(sealed).collect())
    }

    async fn enter_some(&mut self, events: &[StoredEvent]) -> Result<(), OperationError> {
        let mut entering = JoinSet::new();
        for event in events {
            let (ledger, event) = (Arc::clone(&self.on.ledger), event.clone());
            entering.spawn(async move {
                let head = event.head.clone();
                ledger.record(event).await.map(|recorded| (head, recorded))
            });
        }
        while let Some(entered) = entering.join_next().await {
            // Not its error: that holds a panic's text.
            let entered = entered.map_err(|_| OperationError::Failed(anyhow::anyhow!("a task panicked")))?;
            match entered? {
                (event, Recorded::New) => self.count(&event),
                // It is about to be decided on.
                (event, Recorded::Duplicate) => self.done.known += u64::from(!event.kind.is_form()),
                (event, Recorded::Refused) => {
                    tracing::warn!(session = %event.session, "the ledger refuses a session that was found");
                    return Err(OperationError::Ledger(anyhow::anyhow!(
                        "the ledger refuses a session; the log names it, and says why"
                    )));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, event: &EventHead) {
        if event.kind.is_form() {
            self.done.forms += 1;
            return;
        }
        self.done.found += 1;
        let ended = event.time.unwrap_or_default();
        let month = ended.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string();
        *self.done.by_month.entry(month).or_default() += 1;
        if is_after(ended, self.delivered.get(&event.source)) {
            self.done.undelivered.entry(event.source.clone()).or_default().push(ended);
        }
    }

    async fn begin_audit(&mut self) -> Result<(), OperationError> {
        if !self.asked.of_past && !std::mem::replace(&mut self.has_begun, true) {
            self.on.ledger.note(self.audit_entry(ActResult::Begun)).await?;
        }
        Ok(())
    }

    pub(super) fn audit_entry(&self, result: ActResult) -> AuditEntry {
        let entry = AuditEntry::new(self.by, Act::ReconcileSessions, Object::sessions(), result);
        entry
            .with_word("mluvii", &self.installation)
            .with_word("from", self.asked.from)
            .with_word("until", self.asked.to)
    }
}

/// The session's end, which was not delivered.
pub(super) fn end(key: SessionKey, source: SourceName, session: &EndedSession, index: &IndexKey) -> EventHead {
    // One list may cut times where another does not.
    let said = [session.id.0, session.ended.as_millisecond()].map(i64::to_be_bytes).concat();
    EventHead {
        source,
        session: key,
        kind: EventKind::SessionEnded,
        digest: index.seen(&[b"reconciled", &said]),
        // The look-up tells it, where it is known that departments are tenants.
        tenant: None,
        time: Some(session.ended),
        channel: None,
        session_source: None,
        started: None,
        activity: None,
        reconciled: true,
    }
}
