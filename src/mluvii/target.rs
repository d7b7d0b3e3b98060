//! The built-in target `mluvii`, one for each installation. The calls of one step are made one after another, so that
//! the number of steps under way bounds them all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::client::{MluviiClient, Written};
use super::error::MluviiError;
use super::gone::{Absence, Presence};
use super::left::{self, PLACES};
use super::settings::GuestIdField;
use super::unfinished::{Act, Done, Part, Unfinished};
use super::verify::{Later, SessionCheck};
use super::wire;
use crate::erasure::{Evidence, Halt, Outcome, ReachedSession};
use crate::subject::{GuestId, Kind, Scope};
use crate::target::{Answer, NotStored, Target, TargetCall, TargetError};

/// mluvii as a place that data must leave.
#[derive(Debug)]
pub(crate) struct MluviiTarget {
    client: Arc<MluviiClient>,
    unfinished: Unfinished,
}

/// The API calls that one part takes at most, except for guests with many pages of sessions: three lists and their controls, a
/// read, and what a 404 of it asks for.
const PART_CALLS_MAX: u32 = 14;
/// Sessions that are asked whose they are, to tell an unknown guest from an unknown path.
const OWNERS_ASKED_MAX: usize = 3;
/// When a session that is not anonymized yet is asked about again, counted from the anonymizing.
const ASKED_AGAIN_AT: [Duration; 3] = [Duration::from_secs(30), Duration::from_secs(300), Duration::from_secs(3600)];

/// The end of one part.
enum PartEnd {
    Done,
    /// Ask again later.
    NotYet,
}

/// Why a part was not done.
enum Undone {
    Mluvii(MluviiError),
    /// Nothing more may be erased.
    Halted(Halt),
    /// Whether more may be erased is not known.
    Unasked(NotStored),
}

impl From<MluviiError> for Undone {
    fn from(error: MluviiError) -> Self {
        Self::Mluvii(error)
    }
}

/// Asked right before each request that erases: the parts of one call may take a long time, and what is held or stopped meanwhile stays.
async fn may_erase(call: &TargetCall) -> Result<(), Undone> {
    match call.checkpoint.halted().await {
        Ok(None) => Ok(()),
        Ok(Some(why)) => Err(Undone::Halted(why)),
        Err(not_asked) => Err(Undone::Unasked(not_asked)),
    }
}

impl MluviiTarget {
    pub(crate) fn new(client: Arc<MluviiClient>) -> Self {
        Self { client, unfinished: Unfinished::default() }
    }

    /// Takes part after part. What mluvii refuses for good is passed over and reported at the end, so that it does not
    /// keep the other parts from being erased.
    async fn each_part(&self, act: Act, call: &TargetCall) -> Result<Done, TargetError> {
        let begun = Instant::now();
        let mut done = self.unfinished.resume(act, &call.idempotency);
        let mut failed: Option<TargetError> = None;
        let mut not_yet: Option<TargetError> = None;
        for part in Part::all(call) {
            if done.parts.contains(&part) {
                continue;
            }
            // The lease ends; what is left is no failure and costs no attempt. Parts that are not ready would be asked
            // again and again before the ones behind them, so then it goes on when they may be ready.
            if begun.elapsed() > self.client.call_max {
                not_yet.get_or_insert(TargetError::NotYet { after: Duration::ZERO });
                break;
            }
            match self.part(act, call, &part, &mut done).await {
                Ok(PartEnd::Done) => {
                    done.parts.insert(part);
                }
                Ok(PartEnd::NotYet) => {
                    let after = self.next_look(call).unwrap_or_default();
                    not_yet.get_or_insert(TargetError::NotYet { after });
                }
                Err(Undone::Mluvii(error @ MluviiError::Refused(_))) => failed = Some(error.into()),
                // Away, busy or denied: the parts after this one would fail alike, each at the price of a call.
                Err(Undone::Mluvii(error)) => {
                    failed = Some(error.into());
                    break;
                }
                Err(Undone::Halted(why)) => {
                    failed = Some(TargetError::Halted { why, done: erased(&done) });
                    break;
                }
                Err(Undone::Unasked(why)) => {
                    failed = Some(TargetError::NotNoted(why));
                    break;
                }
            }
        }
        // What is still there is known; there is no need to wait for the rest.
        let Some(error) = failed.or(not_yet.filter(|_| done.residual == 0)) else { return Ok(done) };
        self.unfinished.keep(act, &call.idempotency, done);
        Err(error)
    }

    async fn part(&self, act: Act, call: &TargetCall, part: &Part, done: &mut Done) -> Result<PartEnd, Undone> {
        match (act, part) {
            (Act::Erase, Part::Guest(guest)) => done.guests += u64::from(self.erase_guest(call, guest).await?),
            (Act::Erase, Part::Session(session)) => self.erase_session(call, session, done).await?,
            // A guest cannot be asked for; the guest's sessions are.
            (Act::Verify, Part::Guest(_)) => {}
            (Act::Verify, Part::Session(session)) => return Ok(self.verify_session(call, session, done).await?),
            (Act::Preview, Part::Guest(guest)) => {
                done.guests += u64::from(self.session_of(call, guest).await?.is_some());
            }
            (Act::Preview, Part::Session(session)) => match self.client.presence(session.key.session).await? {
                Presence::There { .. } => done.sessions += 1,
                Presence::Absent(absence) => missing(session, absence, done)?,
            },
        }
        Ok(PartEnd::Done)
    }

    async fn erase_session(&self, call: &TargetCall, session: &ReachedSession, done: &mut Done) -> Result<(), Undone> {
        let id = session.key.session;
        may_erase(call).await?;
        if self.client.anonymize_session(id, &call.idempotency).await? == Written::Done {
            done.sessions += 1;
            return Ok(());
        }
        match self.client.presence(id).await? {
            // It is there, so it was the path, or an outage that is over by now.
            Presence::There { .. } => {
                may_erase(call).await?;
                match self.client.anonymize_session(id, &call.idempotency).await? {
                    Written::Done => done.sessions += 1,
                    Written::Missing { refused } => return Err(refused.into()),
                }
            }
            Presence::Absent(absence) => missing(session, absence, done)?,
        }
        Ok(())
    }

    /// Whether the guest call was made and accepted. Where it was not, the sessions are anonymized one by one anyway.
    async fn erase_guest(&self, call: &TargetCall, guest: &GuestId) -> Result<bool, Undone> {
        if !self.is_whole(call, guest).await? {
            return Ok(false);
        }
        let Some(id) = self.id_to_send(call, guest).await? else { return Ok(false) };
        may_erase(call).await?;
        if self.client.anonymize_guest(&id, &call.idempotency).await? == Written::Done {
            return Ok(true);
        }
        // mluvii does not know the guest, or not the path: a session that names the guest tells.
        if self.session_of(call, guest).await?.is_none() {
            return Ok(false);
        }
        may_erase(call).await?;
        match self.client.anonymize_guest(&id, &call.idempotency).await? {
            Written::Done => Ok(true),
            Written::Missing { refused } => Err(refused.into()),
        }
    }

    /// Whether mluvii lists no session of the guest beside those of the call. That was so when the erasure was resolved; a
    /// call that failed may be made hours later, and somebody may have begun to talk on the same device.
    async fn is_whole(&self, call: &TargetCall, guest: &GuestId) -> Result<bool, MluviiError> {
        match self.client.sessions_of_guest(guest, []).await {
            Ok(Some(listed)) => {
                let going: BTreeSet<_> = call.sessions.iter().map(|session| session.key.session).collect();
                // A list without any is one that lags or fails; nothing is known then of who else is there.
                Ok(!listed.is_empty() && listed.is_subset(&going))
            }
            Ok(None) | Err(MluviiError::Refused(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The id that this installation's path takes; `None` where mluvii shows none.
    async fn id_to_send(&self, call: &TargetCall, guest: &GuestId) -> Result<Option<GuestId>, MluviiError> {
        if self.client.guest_id == GuestIdField::Identity {
            return Ok(Some(guest.clone()));
        }
        let session = self.session_of(call, guest).await?;
        Ok(session.and_then(|json| wire::guest_id(&json, self.client.guest_id)))
    }

    /// A session's reply that names the guest.
    async fn session_of(
        &self,
        call: &TargetCall,
        guest: &GuestId,
    ) -> Result<Option<zeroize::Zeroizing<Vec<u8>>>, MluviiError> {
        for session in call.sessions.iter().take(OWNERS_ASKED_MAX) {
            if let Presence::There { json, .. } = self.client.presence(session.key.session).await?
                && wire::guest_id(&json, GuestIdField::Identity).as_ref() == Some(guest)
            {
                return Ok(Some(json));
            }
        }
        Ok(None)
    }

    async fn verify_session(
        &self,
        call: &TargetCall,
        session: &ReachedSession,
        done: &mut Done,
    ) -> Result<PartEnd, MluviiError> {
        match self.client.check_session(session.key.session).await? {
            SessionCheck::Anonymized { left } => {
                done.sessions += 1;
                for (kind, count) in left {
                    *done.left.entry(kind).or_default() += count;
                }
            }
            SessionCheck::StillThere => done.residual += 1,
            SessionCheck::NotYet { .. } if self.next_look(call).is_some() => return Ok(PartEnd::NotYet),
            SessionCheck::NotYet { later: Later::StillThere } => {
                done.residual += 1;
                done.overdue += 1;
            }
            SessionCheck::NotYet { later: Later::Unlisted } => {
                let why = "mluvii lists it neither as anonymized nor as not anonymized";
                *done.unproved.entry(why.to_owned()).or_default() += 1;
            }
            SessionCheck::Missing(absence) => missing(session, absence, done)?,
            SessionCheck::Unproved(why) => *done.unproved.entry(why).or_default() += 1,
        }
        Ok(PartEnd::Done)
    }

    /// How long until a session that is not anonymized yet is asked about again; `None` when its time is over.
    fn next_look(&self, call: &TargetCall) -> Option<Duration> {
        // A target that answered `absent` is not about to do anything.
        let since = call.erased_since?;
        let within = self.client.verify_within;
        let marks = ASKED_AGAIN_AT.into_iter().filter(|mark| *mark < within).chain([within]);
        marks.into_iter().find(|mark| *mark > since).map(|mark| mark - since)
    }

    /// The answer when nothing stands against it.
    fn found(&self, call: &TargetCall, done: &Done, evidence: Evidence) -> Answer {
        let not_asked = "mluvii was not asked: no session of this person or guest is known";
        let (outcome, reason) = if done.guests + done.sessions > 0 {
            (Outcome::Erased, None)
        } else if done.unknown > 0 {
            (Outcome::Unverifiable, Some(unknown(done)))
        } else if done.gone > 0 || call.searched {
            (Outcome::Absent, None)
        } else {
            (Outcome::Unverifiable, Some(not_asked.to_owned()))
        };
        self.answer(outcome, reason, done, evidence)
    }

    fn answer(&self, outcome: Outcome, reason: Option<String>, done: &Done, evidence: Evidence) -> Answer {
        let counts = [("guests", done.guests), ("gone", done.gone)];
        let counted = counts.into_iter().filter(|(_, count)| *count > 0);
        let counts =
            counted.chain([("sessions", done.sessions)]).map(|(what, count)| (what.to_owned(), count)).collect();
        Answer { outcome, reason, counts, verify_after: Some(self.client.verify_after), evidence }
    }

    /// What was looked at, and what of it is left.
    fn evidence(&self, call: &TargetCall, done: &Done) -> Evidence {
        let mut evidence = Evidence::default();
        if done.sessions_asked() > 0 {
            evidence.looked_at.push("session".to_owned());
        }
        if call.searched {
            self.searched(call, &mut evidence);
        }
        // Neither belongs to a single conversation.
        if call.scope != Scope::Session {
            evidence.not_looked_at.extend(PLACES.map(str::to_owned));
        }
        let accepted = evidence.not_looked_at.iter().filter(|place| self.client.accept_left.contains(*place));
        evidence.accepted.extend(accepted.map(|place| (place.clone(), 0)));
        left::into_evidence(done.left.clone(), &self.client.accept_left, &mut evidence);
        evidence
    }

    /// What the search of the erasure found its sessions by, and what it could not find.
    fn searched(&self, call: &TargetCall, evidence: &mut Evidence) {
        if call.scope != Scope::Person {
            evidence.looked_at.push("sessions of the guest".to_owned());
            return;
        }
        let contacts_by = |kind: &Kind| format!("contacts by {kind}");
        let searched = self.client.searched_by(&call.identifiers, call.region);
        evidence.looked_at.extend(searched.iter().map(contacts_by));
        let known = |kind: &Kind| call.identifiers.of_kind(kind).next().is_some();
        let not_searched =
            [Kind::Email, Kind::Phone].into_iter().filter(|kind| known(kind) && !searched.contains(kind));
        evidence.not_looked_at.extend(not_searched.map(|kind| contacts_by(&kind)));
        evidence.not_looked_at.push("sessions without a contact".to_owned());
    }
}

#[async_trait]
impl Target for MluviiTarget {
    async fn erase(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        let act = if call.dry_run { Act::Preview } else { Act::Erase };
        let done = self.each_part(act, call).await?;
        // What was erased rests on the look that follows; a dry run is all that there is of it.
        let is_looked_at_later = done.guests + done.sessions > 0 && !call.dry_run;
        let evidence = if is_looked_at_later { Evidence::default() } else { self.evidence(call, &done) };
        Ok(self.found(call, &done, evidence))
    }

    async fn verify(&self, call: &TargetCall) -> Result<Answer, TargetError> {
        let done = self.each_part(Act::Verify, call).await?;
        let mut evidence = self.evidence(call, &done);
        // The search was made when the erasure was resolved, and is not made again here.
        evidence.nothing_asked = done.sessions_asked() == 0;
        if done.sessions_asked() > 0 {
            evidence.looked_at.push("anonymized list".to_owned());
        }
        if done.residual > 0 {
            let reason = residual(&done);
            return Ok(self.answer(Outcome::Residual, Some(reason), &done, evidence));
        }
        let mut reasons: Vec<String> =
            done.unproved.iter().map(|(why, count)| format!("{count} sessions: {why}")).collect();
        if done.unknown > 0 {
            reasons.push(unknown(&done));
        }
        if !reasons.is_empty() {
            return Ok(self.answer(Outcome::Unverifiable, Some(reasons.join("; ")), &done, evidence));
        }
        Ok(self.found(call, &done, evidence))
    }

    async fn health(&self) -> Result<(), TargetError> {
        Ok(self.client.health().await?)
    }

    fn call_max(&self) -> Duration {
        // Parts are begun for the time of one call, and the last one may take its own time after that.
        self.client.call_max * (1 + PART_CALLS_MAX)
    }

    fn concurrency_max(&self) -> usize {
        self.client.concurrency_max
    }
}

/// What was erased so far, as receipts count it.
fn erased(done: &Done) -> BTreeMap<String, u64> {
    let counts = [("guests", done.guests), ("sessions", done.sessions)];
    counts.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| (what.to_owned(), count)).collect()
}

/// A session that mluvii does not hold is gone only if it was seen there before.
fn missing(session: &ReachedSession, absence: Absence, done: &mut Done) -> Result<(), MluviiError> {
    if !session.read_before {
        done.unknown += 1;
    } else if absence == Absence::Proved {
        done.gone += 1;
    } else {
        let why = "404, and mluvii lists no session that would show that this means anything";
        return Err(MluviiError::Away(why.to_owned()));
    }
    Ok(())
}

fn unknown(done: &Done) -> String {
    let of = done.sessions_asked();
    format!("mluvii does not know it: {} of {of} sessions were never read there before", done.unknown)
}

fn residual(done: &Done) -> String {
    let of = done.sessions_asked();
    if done.overdue == done.residual {
        return format!("{} of {of} sessions are not anonymized after the time that they may take", done.overdue);
    }
    format!("{} of {of} sessions still show what must be empty (mluvii.must_be_empty)", done.residual)
}
