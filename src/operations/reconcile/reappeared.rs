//! The other way round: sessions that we erased and that mluvii shows with personal data again, as after one of its backups was restored.
//! They are erased again, and a person is told. Nothing follows from what is not shown, and nothing that is not surely the same
//! conversation: after a backup is restored, numbers can be given out once more.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Comparison, SAME_END, charge, unavailable};
use crate::attention::REAPPEARED;
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::consent::ConsentState;
use crate::erasure::{Erasure, ErasureId, ErasureState, NewErasure, Outcome, Selection, Subject};
use crate::mluvii::{Look, LookUp, MluviiClient, MluviiError, Window};
use crate::operations::{OperationError, Operations, audit};
use crate::subject::{InstallationName, SessionKey, TargetName};

/// How many looks may show that all is well, in one comparison: a list that ignores its filter would have all of them looked at.
const LOOKS_MAX: usize = 20;

/// How many erased sessions are read of the ledger at once.
const CHUNK: u32 = 500;

/// How the rule of such an erasure begins, in place of one of the configuration; what was done before follows.
const RULE: &str = "shown again by mluvii";

/// A session that was erased, and when.
pub(super) type ErasedSession = (SessionKey, Timestamp);

impl Comparison<'_> {
    /// Looks at listed sessions that were erased.
    pub(super) async fn look_again(&mut self, window: Window, erased: &[ErasedSession]) -> Result<(), OperationError> {
        // What was erased since may not be listed as such yet.
        let erased: Vec<_> = erased.iter().filter(|(_, at)| *at <= self.asked.to).collect();
        if erased.is_empty() {
            return Ok(());
        }
        let open = match self.client.ended_not_anonymized(window, &mut self.again).await {
            Ok(open) => open,
            // This is asked beside what was to be compared, and does not stop that.
            Err(error @ MluviiError::Refused(_)) => {
                tracing::debug!(reason = error.to_string(), "erased sessions could not be looked at again");
                self.done.not_looked_at += erased.len() as u64;
                return Ok(());
            }
            Err(error) => return Err(unavailable(error)),
        };
        for (key, at) in erased.into_iter().filter(|(key, _)| open.contains_key(&key.session)) {
            if self.in_vain == LOOKS_MAX {
                self.done.not_looked_at += 1;
            } else if !self.client.shows_again(key.session).await.map_err(unavailable)?
                || !is_same(self.on, &self.client, key, *at).await?
            {
                self.in_vain += 1;
            } else if self.asked.dry_run || erase_again(self.on, key, self.by).await? {
                self.done.reappeared += 1;
            }
        }
        Ok(())
    }
}

/// What came of looking at sessions that were erased.
pub(crate) struct LookedAgain {
    pub(crate) reappeared: u64,
    /// The next ones were erased from then on; `None` where these were the last.
    pub(crate) next: Option<Timestamp>,
}

/// Looks at the next sessions that were erased from a time on until another one: some of them, as each costs a request.
pub(crate) async fn look_at_erased(
    on: &Operations,
    installation: &InstallationName,
    from: Timestamp,
    until: Timestamp,
    by: &Actor,
) -> Result<LookedAgain, OperationError> {
    let client = on.client(installation)?;
    let erased = on.ledger.erased_sessions(installation, from, CHUNK).await?;
    let mut is_all = erased.len() < CHUNK as usize;
    let (mut reappeared, mut in_vain, mut last, mut failed) = (0, 0, from, None);
    for (key, at) in erased {
        if at > until {
            break;
        }
        if in_vain == LOOKS_MAX {
            is_all = false;
            break;
        }
        last = at;
        let again = async {
            let is_shown = shown_again(&client, &key).await? && is_same(on, &client, &key, at).await?;
            Ok::<_, OperationError>(if is_shown { Some(erase_again(on, &key, by).await?) } else { None })
        };
        match again.await {
            Ok(None) => in_vain += 1,
            Ok(Some(is_new)) => reappeared += u64::from(is_new),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    charge(on, installation, u32::try_from(in_vain).unwrap_or(u32::MAX)).await;
    if let Some(error) = failed {
        // The next look finds nothing new of them.
        if reappeared > 0 {
            tell_reappeared(on, installation, reappeared).await?;
        }
        return Err(error);
    }
    Ok(LookedAgain { reappeared, next: (!is_all).then(|| later(last, from)) })
}

/// Where more of one moment were erased than are looked at, the others are passed over: it would go no further.
fn later(last: Timestamp, from: Timestamp) -> Timestamp {
    last.max(from + SignedDuration::from_millis(1))
}

/// One request, where all is well.
async fn shown_again(client: &MluviiClient, key: &SessionKey) -> Result<bool, OperationError> {
    let is_listed = client.is_listed_as_not_anonymized(key.session).await.map_err(unavailable)?;
    Ok(is_listed && client.shows_again(key.session).await.map_err(unavailable)?)
}

/// Whether what is shown is the conversation that was erased: it ended before that, when the erased one did, and its guest is the same, as far
/// as that is known. What was continued since goes the way of news.
async fn is_same(
    on: &Operations,
    client: &MluviiClient,
    key: &SessionKey,
    erased_at: Timestamp,
) -> Result<bool, OperationError> {
    let LookUp::Found(facts) = client.look_up(key.session, Look::default()).await.map_err(unavailable)? else {
        return Ok(false);
    };
    let Some(ended) = facts.ended.filter(|ended| *ended <= erased_at) else { return Ok(false) };
    let Some(known) = on.ledger.session(key).await? else { return Ok(true) };
    let record = &known.record;
    let agreed = record.consent.state == ConsentState::Given && record.consent.since.is_some_and(|at| at >= erased_at);
    if known.settle_at.is_some() || agreed {
        return Ok(false);
    }
    let is_then = record.ended.is_none_or(|before| ended.duration_since(before).abs() <= SAME_END);
    let (Some(digest), Some(guest)) = (record.guest_digest, &facts.guest) else { return Ok(is_then) };
    let keys = on.keys().await?;
    Ok(is_then && on.fingerprinter(&keys, &key.installation).guest(guest) == digest)
}

/// Has it erased again at mluvii; `false` where that is under way.
async fn erase_again(on: &Operations, key: &SessionKey, by: &Actor) -> Result<bool, OperationError> {
    let known = on.ledger.session(key).await?;
    let guest = known.and_then(|known| known.record.guest_digest);
    let erasures = on.ledger.erasures_of(key, guest).await?;
    if erasures.iter().any(|erasure| erasure.ended.is_none()) {
        return Ok(false);
    }
    let before = erasures.iter().rev().find(|erasure| is_done(erasure)).map(|erasure| erasure.id);
    let clock = on.ledger.clock().await?;
    let erasure = NewErasure {
        id: ErasureId::generate(clock.now),
        subject: Subject::Session(key.clone()),
        // On the receipt it says why, and which one it follows, whose receipt stays true of its time.
        rule: before.map_or_else(|| RULE.to_owned(), |before| format!("{RULE} after {before}")),
        version: None,
        targets: vec![TargetName::mluvii()],
        due: clock.now,
        approve: false,
        origin: None,
        selection: Selection::default(),
        capsule: None,
        fingerprints: Vec::new(),
    };
    let id = on.ledger.request(erasure, by).await?;
    let mut entry =
        AuditEntry::new(by, Act::ReopenErasure, Object::erasure(id), ActResult::Done).with_word("session", key);
    if let Some(before) = before {
        entry = entry.with_word("after", before);
    }
    audit::noted(&*on.ledger, entry).await;
    tracing::warn!(session = %key, erasure = %id, "mluvii shows a session again that was erased; it is erased again");
    Ok(true)
}

/// Whether it is over, and mluvii had nothing any more.
fn is_done(erasure: &Erasure) -> bool {
    let is_gone = |outcome: Option<Outcome>| matches!(outcome, Some(Outcome::Erased | Outcome::Absent));
    erasure.state == ErasureState::Done
        && erasure.steps.iter().any(|step| step.target.is_mluvii() && is_gone(step.outcome()))
}

/// Under which it is noted when any were shown again last.
pub(crate) fn reappeared_mark(installation: &InstallationName) -> String {
    format!("reappeared/{installation}")
}

/// Notes for a person how many there are.
pub(crate) async fn tell_reappeared(
    on: &Operations,
    installation: &InstallationName,
    count: u64,
) -> Result<(), OperationError> {
    let reason = format!(
        "{count} sessions that were erased are shown again, and are erased again: was a backup restored there?"
    );
    let now = on.ledger.clock().await?.now;
    on.ledger.put_off_periodic(&reappeared_mark(installation), Duration::ZERO, Some(now)).await?;
    Ok(on.ledger.keeper_ended(&format!("{REAPPEARED}{installation}"), Some(&reason)).await?)
}
