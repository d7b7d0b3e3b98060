//! What the ledger knows now beside a plan that is kept: when its sessions were, and which holds keep them. Nobody is asked for it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::plan::records;
use crate::consent::ConsentRecord;
use crate::hold::HeldBy;
use crate::ledger::MaybeHeld;
use crate::operations::{OperationError, Operations};
use crate::request::{Plan, Request};
use crate::subject::SessionKey;

/// A hold in force that concerns a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KnownHold {
    pub(crate) held: HeldBy,
    pub(crate) until: Option<Timestamp>,
    /// Whether the erasure would wait for its end.
    pub(crate) waits: bool,
}

/// What is known beside a plan.
#[derive(Debug, Default)]
pub(crate) struct KnownOfPlan {
    pub(crate) records: BTreeMap<SessionKey, ConsentRecord>,
    pub(crate) holds: Vec<KnownHold>,
}

/// What is known now: of holds those that were there when it was planned and still are, and those that have come to its sessions since.
pub(crate) async fn known_of(on: &Operations, request: &Request, plan: &Plan) -> Result<KnownOfPlan, OperationError> {
    let before = plan.foreseen.iter().flat_map(|foreseen| &foreseen.holds);
    let mut waiting: BTreeMap<HeldBy, bool> = before.map(|hold| (hold.held.clone(), hold.waits)).collect();
    for one in &plan.sessions {
        let of_session = MaybeHeld {
            installation: request.mluvii.clone(),
            session: Some(one.session.session),
            guest: None,
            rules: Vec::new(),
            identifiers: Vec::new(),
        };
        waiting.extend(on.ledger.holds_on(&of_session).await?.into_iter().map(|held| (held, true)));
    }
    let now = Timestamp::now();
    let mut holds = Vec::new();
    for (held, waits) in waiting {
        let found = on.ledger.hold(held.hold).await?.filter(|hold| hold.ended(now).is_none());
        holds.extend(found.map(|hold| KnownHold { held, until: hold.hold.until, waits }));
    }
    let records = records(on, plan.sessions.iter().map(|one| &one.session)).await?;
    Ok(KnownOfPlan { records, holds })
}
