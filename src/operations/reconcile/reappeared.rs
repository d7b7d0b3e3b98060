//! The other way round: sessions that we erased and that mluvii shows with personal data again, as after one of its backups was restored.
//! They are erased again, and a person is told. Nothing follows from what is not shown, and nothing that is not surely the same
//! conversation: after a backup is restored, numbers can be given out once more.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::pace::pace;
use super::{Comparison, SAME_END, unavailable};
use crate::attention::REAPPEARED;
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::causes::with_causes;
use crate::consent::ConsentState;
use crate::erasure::recheck::{SHOWN_AGAIN, rule_after};
use crate::erasure::{Erasure, ErasureId, ErasureState, NewErasure, Outcome, Selection, Subject};
use crate::ledger::{EndedMark, ErasedMark};
use crate::mluvii::{AfterReceipt, Look, LookUp, MluviiClient, MluviiError, Window, paced};
use crate::operations::{OperationError, Operations, audit};
use crate::subject::{InstallationName, SessionKey, TargetName};

/// How many looks may show that all is well, in one comparison: a list that ignores its filter would have all of them looked at.
const LOOKS_MAX: usize = 20;

/// How many erased sessions are read of the ledger at once.
const CHUNK: u32 = 500;

/// A session that was erased, and when.
pub(super) type ErasedSession = (SessionKey, Timestamp);

impl Comparison<'_> {
    /// Looks at listed sessions that were erased. `false` where it was stopped midway.
    pub(super) async fn look_again(
        &mut self,
        window: Window,
        erased: &[ErasedSession],
        stop: &CancellationToken,
    ) -> Result<bool, OperationError> {
        // What was erased since may not be listed as such yet.
        let erased: Vec<_> = erased.iter().filter(|(_, at)| *at <= self.asked.to).collect();
        if erased.is_empty() {
            return Ok(true);
        }
        let listing = self.client.ended_not_anonymized(window, &mut self.again);
        let Some(open) = stop.run_until_cancelled(listing).await else { return Ok(false) };
        let open = match open {
            Ok(open) => open,
            // This is asked beside what was to be compared, and does not stop that.
            Err(error @ MluviiError::Refused(_)) => {
                tracing::debug!(reason = error.to_string(), "erased sessions could not be looked at again");
                self.done.not_looked_at += erased.len() as u64;
                return Ok(true);
            }
            Err(error) => return Err(unavailable(error)),
        };
        for (key, at) in erased.into_iter().filter(|(key, _)| open.contains_key(&key.session)) {
            if self.in_vain == LOOKS_MAX {
                self.done.not_looked_at += 1;
                continue;
            }
            let Some(is_back) = stop.run_until_cancelled(is_back(self.on, &self.client, key, *at)).await else {
                return Ok(false);
            };
            match is_back {
                Ok(false) => self.in_vain += 1,
                Ok(true) if self.asked.dry_run => self.done.reappeared += 1,
                Ok(true) => self.done.reappeared += u64::from(erase_again(self.on, key, self.by).await?),
                Err(error) if is_of_this_one(&error) => {
                    tracing::debug!(reason = with_causes(&error), "an erased session could not be looked at");
                    self.in_vain += 1;
                    self.done.not_looked_at += 1;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }
}

/// Looks at the next sessions that were erased from a time on until another one: some of them, as each costs a request. How far it has come
/// stands in the ledger; after the last ones, it begins anew. Returns how many are shown again, of which a person is told.
pub(crate) async fn look_at_erased(
    on: &Operations,
    installation: &InstallationName,
    (from, until): (Timestamp, Timestamp),
    by: &Actor,
    stop: &CancellationToken,
) -> Result<u64, OperationError> {
    let beginning = ErasedMark::before(from);
    let mark = on.ledger.erased_mark(installation).await?.unwrap_or(beginning).max(beginning);
    let mut walk = Walk { on, installation, client: on.client(installation)?, by, beginning, mark, reappeared: 0 };
    let walked = paced(pace(on, installation)?, walk.go_on(until, stop)).await;
    // Whatever stopped it: it goes on there.
    on.ledger.looked_at_erased(installation, walk.mark).await?;
    if walk.reappeared > 0 {
        tell_reappeared(on, installation, walk.reappeared).await?;
    }
    walked.map(|()| walk.reappeared)
}

/// A look at erased sessions, in their order.
struct Walk<'a> {
    on: &'a Operations,
    installation: &'a InstallationName,
    client: Arc<MluviiClient>,
    by: &'a Actor,
    beginning: ErasedMark,
    /// The last one that was looked at.
    mark: ErasedMark,
    reappeared: u64,
}

impl Walk<'_> {
    async fn go_on(&mut self, until: Timestamp, stop: &CancellationToken) -> Result<(), OperationError> {
        let erased = self.on.ledger.erased_sessions(self.installation, self.mark, CHUNK).await?;
        let is_end = erased.len() < CHUNK as usize || erased.last().is_some_and(|last| last.at > until);
        let (mut in_vain, mut has_failed) = (0, false);
        for next in erased.into_iter().take_while(|next| next.at <= until) {
            if in_vain == LOOKS_MAX {
                return Ok(());
            }
            let key = SessionKey { installation: self.installation.clone(), session: next.session };
            let Some(is_back) = stop.run_until_cancelled(self.is_listed_and_back(&key, next.at)).await else {
                return Ok(());
            };
            let failed = is_back.is_err();
            match is_back {
                Ok(true) => self.reappeared += u64::from(erase_again(self.on, &key, self.by).await?),
                Ok(false) => in_vain += 1,
                // One that can never be looked at hides none behind it; two that follow one another are an outage.
                Err(error) if is_of_this_one(&error) && !has_failed => {
                    tracing::debug!(reason = with_causes(&error), "an erased session could not be looked at");
                    in_vain += 1;
                }
                Err(error) => return Err(error),
            }
            has_failed = failed;
            self.mark = next;
        }
        if is_end {
            self.mark = self.beginning;
        }
        Ok(())
    }

    /// One request, where all is well.
    async fn is_listed_and_back(&self, key: &SessionKey, erased_at: Timestamp) -> Result<bool, OperationError> {
        let is_listed = self.client.is_listed_as_not_anonymized(key.session).await.map_err(unavailable)?;
        Ok(is_listed && is_back(self.on, &self.client, key, erased_at).await?)
    }
}

/// Whether a look failed for what it was about, as it may be.
fn is_of_this_one(error: &OperationError) -> bool {
    let OperationError::Unavailable(error) = error else { return false };
    matches!(
        error.downcast_ref(),
        Some(MluviiError::Refused(_) | MluviiError::TooLarge(_) | MluviiError::Away(_) | MluviiError::Page(_))
    )
}

/// Whether a look failed as it does where mluvii is out, and as it may for what it was about alone.
pub(in crate::operations) fn is_away(error: &OperationError) -> bool {
    let OperationError::Unavailable(error) = error else { return false };
    matches!(error.downcast_ref(), Some(MluviiError::Away(_) | MluviiError::Page(_)))
}

/// Whether mluvii shows what was erased with personal data again.
async fn is_back(
    on: &Operations,
    client: &MluviiClient,
    key: &SessionKey,
    erased_at: Timestamp,
) -> Result<bool, OperationError> {
    Ok(client.shows_again(key.session).await.map_err(unavailable)? && is_same(on, client, key, erased_at).await?)
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

/// What is seen of an erased session, long after its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operations) enum SeenAgain {
    /// mluvii shows that it is anonymized, or proves that it is not there.
    Gone,
    /// mluvii shows it with personal data, and it is the one that was erased.
    Shown,
    /// It went on since, or nothing proves either.
    Unclear,
}

/// Looks at an erased session; nothing follows by itself. What cannot be looked at for a reason of its own is unclear; where mluvii may be
/// away ([`is_away`]), nothing was seen.
pub(in crate::operations) async fn look_after(
    on: &Operations,
    client: &MluviiClient,
    key: &SessionKey,
    erased_at: Timestamp,
) -> Result<SeenAgain, OperationError> {
    let seen = match client.after_receipt(key.session).await.map_err(unavailable) {
        Ok(AfterReceipt::Gone) => Ok(SeenAgain::Gone),
        Ok(AfterReceipt::Unproved) => Ok(SeenAgain::Unclear),
        Ok(AfterReceipt::Shown) => {
            let is_same = is_same(on, client, key, erased_at).await;
            is_same.map(|is_same| if is_same { SeenAgain::Shown } else { SeenAgain::Unclear })
        }
        Err(error) => Err(error),
    };
    match seen {
        Err(error) if is_of_this_one(&error) && !is_away(&error) => Ok(SeenAgain::Unclear),
        seen => seen,
    }
}

/// Has it erased again at mluvii; `false` where that is under way.
async fn erase_again(on: &Operations, key: &SessionKey, by: &Actor) -> Result<bool, OperationError> {
    let known = on.ledger.session(key).await?;
    let erased_at = known.as_ref().and_then(|known| known.erased_at);
    let guest = known.and_then(|known| known.record.guest_digest);
    let erasures = on.ledger.erasures_of(key, guest).await?;
    if erasures.iter().any(|erasure| erasure.ended.is_none()) {
        return Ok(false);
    }
    let before = match erased_at {
        Some(at) => erased_by(on, key, &erasures, at).await?,
        // Its record is gone: it is the last one that is known.
        None => erasures.iter().rev().find(|erasure| is_done(erasure)).map(|erasure| erasure.id),
    };
    let clock = on.ledger.clock().await?;
    let erasure = NewErasure {
        id: ErasureId::generate(clock.now),
        subject: Subject::Session(key.clone()),
        // On the receipt it says why, and which one it follows, whose receipt stays true of its time.
        rule: before.map_or_else(|| SHOWN_AGAIN.to_owned(), |before| rule_after(SHOWN_AGAIN, before)),
        version: None,
        targets: vec![TargetName::mluvii()],
        due: clock.now,
        approve: false,
        approved: None,
        confirm: None,
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

/// The erasure by which a session was erased that moment. Which sessions one of a person has reached is known no more: it is that one where
/// no other has ended in that moment, and none where nobody can say.
async fn erased_by(
    on: &Operations,
    key: &SessionKey,
    of_session: &[Erasure],
    at: Timestamp,
) -> Result<Option<ErasureId>, OperationError> {
    let then = on.ledger.ended_erasures(&key.installation, EndedMark::before(at), CHUNK).await?;
    let then: Vec<_> = then.into_iter().map(|ended| ended.erasure).collect();
    Ok(one_that_erased(key, of_session, &then, at))
}

fn one_that_erased(key: &SessionKey, of_session: &[Erasure], then: &[Erasure], at: Timestamp) -> Option<ErasureId> {
    let is_then = |erasure: &&Erasure| erasure.ended == Some(at) && is_done(erasure);
    if let Some(own) = of_session.iter().rev().find(is_then) {
        return Some(own.id);
    }
    let is_of_another = |subject: &Subject| matches!(subject, Subject::Session(other) if other != key);
    let mut all =
        then.iter().filter(is_then).filter(|erasure| erasure.sessions > 0 && !is_of_another(&erasure.subject));
    all.next().filter(|_| all.next().is_none()).map(|erasure| erasure.id)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::sample;
    use crate::keys::Digest;
    use crate::subject::SessionId;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).expect("a time")
    }

    fn session(id: i64) -> SessionKey {
        SessionKey { installation: InstallationName("acme".into()), session: SessionId(id) }
    }

    fn erasure(n: u8, subject: Subject, ended: i64) -> Erasure {
        let steps = vec![sample::step("mluvii", Outcome::Erased)];
        Erasure {
            id: ErasureId([n; 16]),
            subject,
            state: ErasureState::Done,
            ended: Some(at(ended)),
            sessions: 2,
            ..sample::session(steps)
        }
    }

    #[test]
    fn what_is_shown_again_follows_the_erasure_by_which_it_went_and_no_other_one() {
        let person = |n| {
            let digest = Digest([n; 16]);
            erasure(n, Subject::Person { installation: InstallationName("acme".into()), digest }, 9)
        };
        let [own, other] = [7, 8].map(|id| Subject::Session(session(id)));
        let older = [erasure(1, own.clone(), 5)];
        let by = |of_session: &[Erasure], then: &[Erasure]| {
            one_that_erased(&session(7), of_session, then, at(9)).map(|id| id.0[0])
        };
        assert_eq!(by(&older, &[person(2)]), Some(2), "that of the person, whose sessions are known no more");
        assert_eq!(by(&older, &[person(2), erasure(3, other.clone(), 9)]), Some(2));
        assert_eq!(by(&older, &[person(2), person(3)]), None, "nobody can say which of them");
        assert_eq!(by(&older, &[erasure(4, other, 9)]), None, "it is of another session");
        assert_eq!(by(&[erasure(1, own.clone(), 5), erasure(6, own, 9)], &[person(2)]), Some(6), "its own");
        assert_eq!(by(&older, &[Erasure { ended: Some(at(10)), ..person(2) }]), None, "later");
    }
}
