//! Quarantine: verified deliveries that could not be read. An erasure duty could hide in each of them.

mod many;
mod shape;

pub(crate) use many::{ReplayedMany, replay_many};

use super::{OperationError, Operations, audit};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::event::{Decoded, Sender, decode};
use crate::key_files::Keys;
use crate::keys::{NotOpened, SealKey};
use crate::ledger::{Cursor, DropReason, Page, QuarantineId, QuarantineRange, Quarantined, Recorded, Stored, sealing};
use crate::subject::SourceName;
use crate::verify::Reopened;

/// Lists what is in quarantine.
pub(crate) async fn list(on: &Operations, range: &QuarantineRange) -> Result<Page<Stored, Cursor>, OperationError> {
    Ok(on.ledger.quarantined(range).await?)
}

/// What of a delivery is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// Its keys and types, and none of its values.
    Shape,
    /// The delivery itself, personal data included.
    Body,
}

impl Shown {
    fn as_str(self) -> &'static str {
        match self {
            Self::Shape => "shape",
            Self::Body => "body",
        }
    }
}

/// A delivery in quarantine.
pub(crate) struct Delivery {
    pub(crate) source: SourceName,
    /// Why it could not be read.
    pub(crate) reason: String,
    pub(crate) content: String,
}

/// Shows a delivery: a look that the audit names, with what of it, before anything is shown.
pub(crate) async fn show(
    on: &Operations,
    id: QuarantineId,
    shown: Shown,
    by: &Actor,
) -> Result<Delivery, OperationError> {
    let item = one(on, id).await?;
    let keys = on.keys().await?;
    let reopened = open(id, &item, &keys, &on.seal_key(&keys).await?)?;
    let Quarantined { source, reason, .. } = item;
    let body = reopened.verified().body();
    let content = match shown {
        Shown::Shape => shape::of(body),
        Shown::Body => String::from_utf8_lossy(body).into_owned(),
    };
    let entry = AuditEntry::new(by, Act::ViewQuarantined, Object::quarantined(id.0), ActResult::Done);
    on.ledger.note(entry.with_word("shown", shown.as_str())).await?;
    Ok(Delivery { source, reason, content })
}

/// What a delivery turned out to be, which is no longer in quarantine by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Replayed {
    /// An event, which now counts as received.
    Recorded,
    /// An event that was received before.
    Duplicate,
    /// Of a tenant that the source does not list.
    ForeignTenant,
    /// An event that leads to nothing.
    Ignored,
}

/// Reads a delivery again, after an upgrade or with another configuration.
pub(crate) async fn replay(on: &Operations, id: QuarantineId, by: &Actor) -> Result<Replayed, OperationError> {
    let item = one(on, id).await?;
    let source = &item.source;
    let stays = |why: String| Err(OperationError::Conflict(why));
    let Some(settings) = on.settings.sources.iter().find(|known| *known.name == *source.0) else {
        return stays(format!("there is no source `{source}` in the configuration any more; it stays"));
    };
    let Some(installation) = &settings.mluvii else {
        return stays(format!("the source `{source}` names no mluvii installation; it stays"));
    };
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let reopened = open(id, &item, &keys, &seal)?;
    let sender = Sender { source, installation, tenants: &settings.tenants };
    let object = Object::quarantined(id.0);
    audit::begun(&*on.ledger, by, Act::ReplayQuarantined, &object).await?;
    let replayed = match decode(&reopened.verified(), sender, &keys.index) {
        Decoded::Unreadable(reason) => {
            audit::ended(&*on.ledger, by, Act::ReplayQuarantined, &object, ActResult::Unchanged).await;
            return stays(format!("still unreadable, it stays: {reason}"));
        }
        Decoded::ForeignTenant(_) => Replayed::ForeignTenant,
        Decoded::Ignored => Replayed::Ignored,
        Decoded::Event(event) => match sealing(&seal, || on.ledger.record(event.seal(&seal))).await {
            Ok(Recorded::New) => Replayed::Recorded,
            Ok(Recorded::Duplicate) => Replayed::Duplicate,
            Ok(Recorded::Refused) => {
                audit::ended(&*on.ledger, by, Act::ReplayQuarantined, &object, ActResult::Unchanged).await;
                return stays("the ledger still refuses it, it stays; the server's log says why".to_owned());
            }
            Err(error) => {
                audit::ended(&*on.ledger, by, Act::ReplayQuarantined, &object, ActResult::Failed).await;
                return Err(error.into());
            }
        },
    };
    // Recorded first: dying in between makes a duplicate, which changes nothing.
    let dropped = on.ledger.quarantine_drop(id, None, by).await;
    let result = if dropped.is_ok() { ActResult::Done } else { ActResult::Failed };
    audit::ended(&*on.ledger, by, Act::ReplayQuarantined, &object, result).await;
    dropped?;
    Ok(replayed)
}

/// Wipes a delivery that leads to nothing.
pub(crate) async fn drop(
    on: &Operations,
    id: QuarantineId,
    why: Option<DropReason>,
    by: &Actor,
) -> Result<(), OperationError> {
    if on.ledger.quarantine_drop(id, why, by).await? { Ok(()) } else { Err(none(id)) }
}

async fn one(on: &Operations, id: QuarantineId) -> Result<Quarantined, OperationError> {
    on.ledger.quarantined_one(id).await?.ok_or_else(|| none(id))
}

/// The body, if it is the one that was put aside under this number.
fn open(id: QuarantineId, item: &Quarantined, keys: &Keys, seal: &SealKey) -> Result<Reopened, OperationError> {
    let opened = match Reopened::open(&item.source, &item.sealed, seal) {
        Err(NotOpened::NoKey(none)) => return Err(OperationError::Configuration(none.into())),
        opened => opened.ok(),
    };
    let is_own = |reopened: &Reopened| keys.index.body(reopened.verified().body()) == item.digest;
    opened.filter(is_own).ok_or_else(|| {
        OperationError::Ledger(anyhow::anyhow!(
            "the delivery {} in quarantine is damaged: its seal does not open, as it was changed or is another delivery's. \
             Restore a backup, or drop it and find at mluvii whom it was about",
            id.0
        ))
    })
}

fn none(id: QuarantineId) -> OperationError {
    OperationError::NotFound(format!("there is no delivery {} in quarantine", id.0))
}
