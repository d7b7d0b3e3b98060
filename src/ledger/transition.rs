//! What every backend makes sure of before it writes, without a word of SQL: that a claim, and what is written with its end,
//! are about the same. How an erasure and its steps change is another matter (`erasure/life`).

use std::collections::BTreeSet;

use super::{Claim, Decision, EraseWork, LedgerError, Resolution, SessionChange, StepWork, Work};
use crate::consent::{ConsentState, UnknownCause};
use crate::erasure::life::{NoTargets, OutOfPlace};
use crate::erasure::{Erasure, NewErasure, ReasonCode, Verdict};
use crate::receipt::{ChainEnd, Receipt, Statement};
use crate::request::Rest;
use crate::subject::{Fingerprinted, Kind, SessionKey};

/// A transition that there is none of is a defect; the work stays, and is done again.
impl From<OutOfPlace> for LedgerError {
    fn from(error: OutOfPlace) -> Self {
        Self::Broken(error.into())
    }
}

impl From<NoTargets> for LedgerError {
    fn from(error: NoTargets) -> Self {
        Self::Broken(error.into())
    }
}

/// Why a session counts among those whose consent stayed unknown, if it does.
pub(super) fn unknown_cause(change: &SessionChange) -> Option<UnknownCause> {
    let consent = &change.record.consent;
    if consent.state == ConsentState::Unknown { consent.cause } else { None }
}

/// Fingerprints in their order, each once; of one that is supplementary and not, the one that is not counts.
pub(super) fn distinct(fingerprints: &[Fingerprinted]) -> Vec<&Fingerprinted> {
    // The ones that are not supplementary come first.
    let sorted: BTreeSet<_> = fingerprints.iter().collect();
    let mut all: Vec<_> = sorted.into_iter().collect();
    all.dedup_by_key(|one| (one.fingerprint, one.version));
    all
}

/// So long a text may stand in an index of either backend, beside a fingerprint.
const BESIDE_BYTES_MAX: usize = 1_000;

/// What stands beside a session's fingerprints, given by their kind: of a name, by which other kinds its session is known not to be a
/// namesake's ([`Fingerprinted::marks`]). Where there are too many, nothing stands there, and whoever has the name is looked at.
pub(super) fn beside(fingerprints: &[&Fingerprinted]) -> impl Fn(&Kind) -> String {
    let all: Vec<_> = fingerprints.iter().copied().cloned().collect();
    let marks = Fingerprinted::marks(&all).into_iter().collect::<String>();
    let marks = if marks.len() > BESIDE_BYTES_MAX { String::new() } else { marks };
    move |kind| if *kind == Kind::Name { marks.clone() } else { String::new() }
}

/// The session that a decision is about, which must be the work's; and so must be the installation of all that follows.
pub(super) fn decided_on<'a>(claim: &'a Claim, decision: &Decision) -> Result<&'a SessionKey, LedgerError> {
    let session = match &claim.work {
        Work::Decide(work) => &work.event.head.session,
        Work::Settle(work) => &work.session,
        Work::Resolve(_) | Work::Step(_) | Work::Close(_) => {
            return Err(super::broken("only events and sessions are decided on"));
        }
    };
    let key = &decision.session.record.session;
    if session != key {
        return Err(super::broken(format!("the work was about session {session}, the decision is about {key}")));
    }
    if decision.foreign && !decision.erasures.is_empty() {
        return Err(super::broken(format!("session {session} is of a tenant that is not ours, and has erasures")));
    }
    let elsewhere = |erasure: &NewErasure| *erasure.subject.installation() != session.installation;
    if decision.erasures.iter().any(elsewhere) {
        return Err(super::broken(format!("what was decided on {session} is about another installation")));
    }
    Ok(session)
}

/// The erasure that is resolved by a claim.
pub(super) fn resolves(claim: &Claim) -> Result<&EraseWork, LedgerError> {
    match &claim.work {
        Work::Resolve(work) => Ok(work),
        _ => Err(super::broken("only an erasure that is due is resolved")),
    }
}

/// The erasure that a claim begins, and what it reaches: nothing of another installation.
pub(super) fn begins<'a>(claim: &'a Claim, resolution: &Resolution) -> Result<&'a EraseWork, LedgerError> {
    let work = resolves(claim)?;
    let installation = work.subject.installation();
    if resolution.sessions.iter().any(|session| session.key.installation != *installation) {
        return Err(super::broken(format!("erasure {} reaches into another installation", work.id)));
    }
    Ok(work)
}

/// The step whose call a claim is.
pub(super) fn calls(claim: &Claim) -> Result<&StepWork, LedgerError> {
    match &claim.work {
        Work::Step(work) => Ok(work),
        _ => Err(super::broken("only a step brings a step's end")),
    }
}

/// Whether the receipts are successors of the chain's end, one after the other, and state what was lost there. Of the first
/// one ever, the number says so.
pub(super) fn succeed<'a>(receipts: impl IntoIterator<Item = &'a Receipt>, end: ChainEnd) -> bool {
    let ChainEnd { mut head, gap } = end;
    let mut lost = gap.map(|signed| signed.gap);
    receipts.into_iter().all(|receipt| {
        let statement = &receipt.statement;
        if statement.gap != lost.take() {
            return false;
        }
        let follows = match &head {
            Some(head) => statement.sequence == head.sequence + 1 && statement.previous == head.hash,
            None => statement.sequence == 1,
        };
        head = Some(receipt.head());
        follows
    })
}

/// The erasure that a claim closes; the receipt must be its own.
pub(super) fn erasure_of<'a>(claim: &'a Claim, receipt: &Receipt) -> Result<&'a Erasure, LedgerError> {
    let Work::Close(erasure) = &claim.work else {
        return Err(super::broken("only an erasure with all outcomes is closed"));
    };
    if receipt.statement.erasure != erasure.id {
        let of = receipt.statement.erasure;
        let not = erasure.id;
        return Err(super::broken(format!("the receipt of {of} is not one of {not}")));
    }
    Ok(erasure)
}

/// What a receipt leaves of a request: nothing where it is incomplete only by what somebody has decided to leave. A reason that is not
/// known decides nothing.
pub(super) fn rest(receipt: &Receipt) -> Rest {
    let Statement { verdict, reasons, .. } = &receipt.statement;
    let is_decided = |code: ReasonCode| code == ReasonCode::Excluded || code.allows() != Verdict::Incomplete;
    let undecided = reasons.iter().filter(|reason| !reason.code.parse::<ReasonCode>().is_ok_and(is_decided));
    let mut of_targets = undecided.map(|reason| reason.target.as_ref()).peekable();
    if *verdict != Verdict::Incomplete || of_targets.peek().is_none() {
        return Rest::Nothing;
    }
    let is_elsewhere = of_targets.flatten().any(|target| !target.is_mluvii());
    if is_elsewhere { Rest::Elsewhere } else { Rest::Something }
}

#[cfg(test)]
mod tests;
