//! Holds as a ledger keeps them, the same for both backends: what is kept by which, until when what waits looks again, and how an
//! erasure that waits is told from others.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::row::Row;
use super::{LedgerError, Work, broken};
use crate::audit::Actor;
use crate::erasure::{ErasureId, Stage};
use crate::hold::{HeldBy, HoldId, HoldOn, NewHold};
use crate::keys::{Digest, Fingerprint};
use crate::policy::Comparison;
use crate::subject::{Fingerprinted, InstallationName, Kind, SessionId};

/// How often what waits for a hold without an end looks whether it is still there; lifting it has it look at once.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// A row of `task` waits for a hold, as SQL says it; the placeholder or column is for now. Its `held_by` names the holds that kept it when
/// somebody last wanted to do it, and is empty as soon as it is claimed; its `held_until` is when the last of them ends. So one that ends by
/// itself keeps nothing any more, whether anybody has looked since or not.
fn is_on_hold(now: &str) -> String {
    format!("task.held_by IS NOT NULL AND (task.held_until IS NULL OR task.held_until > {now})")
}

/// An erasure, whose row is called `erasure`, waits for a hold.
pub(super) fn erasure_is_on_hold(now: &str) -> String {
    format!("EXISTS (SELECT 1 FROM task WHERE task.erasure = erasure.id AND {})", is_on_hold(now))
}

/// The erasures that wait for a hold that is in force. The placeholders are for its id, for now, and for how many.
pub(super) fn waiting_for(id: &str, now: &str, most: &str) -> String {
    format!(
        "SELECT DISTINCT task.erasure FROM task JOIN hold ON hold.id = {id} AND {}
         WHERE task.held_by IS NOT NULL AND task.held_by LIKE '%' || hold.id || '%' AND task.erasure IS NOT NULL
         ORDER BY task.erasure LIMIT {most}",
        in_force(now)
    )
}

/// Has what a hold kept, which has been lifted, look at once whether another one keeps it; by those others it is held meanwhile.
pub(super) fn let_go(id: &str, now: &str) -> String {
    format!(
        "UPDATE task
         SET due = {now}, began = {now},
             held_by = NULLIF(TRIM(REPLACE(' ' || held_by || ' ', ' ' || {id} || ' ', ' ')), ''),
             held_until = (SELECT CASE WHEN COUNT(*) = COUNT(hold.until) THEN MAX(hold.until) END FROM hold
                           WHERE hold.lifted IS NULL AND task.held_by LIKE '%' || hold.id || '%')
         WHERE held_by IS NOT NULL AND held_by LIKE '%' || {id} || '%'"
    )
}

/// A row of `step` whose target was asked to erase, and of which nobody knows yet what came of it: it has accepted and not reported,
/// not in time either, or a call that must not be made twice was cut off.
pub(super) const STEP_IS_ACCEPTED: &str = "step.stage = 'erase' AND (step.report_by IS NOT NULL OR step.sent = 'unanswered' \
                                           OR SUBSTR(step.reason, 1, 15) = 'it was accepted')";

/// A hold of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hold {
    pub(crate) hold: NewHold,
    pub(crate) added: Timestamp,
    pub(crate) by: Actor,
    /// When a person has lifted it, and who.
    pub(crate) lifted: Option<(Timestamp, Actor)>,
}

impl Hold {
    /// When it ended, if it did by now.
    pub(crate) fn ended(&self, now: Timestamp) -> Option<Timestamp> {
        let lifted = self.lifted.as_ref().map(|(at, _)| *at);
        lifted.or(self.hold.until.filter(|until| *until <= now))
    }
}

/// Which holds are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoldsListed {
    InForce,
    /// Those that have ended, too, as long as they are kept.
    All,
}

/// What an order to hold something came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HoldAdded {
    /// Erasures that it concerns and of which a target is being asked to erase just now, which ends, or has accepted to and not
    /// reported.
    pub(crate) under_way: Vec<ErasureId>,
}

/// Who or what may be kept, without an erasure: for who wants to know it before.
#[derive(Clone, Debug)]
pub(crate) struct MaybeHeld {
    pub(crate) installation: InstallationName,
    pub(crate) session: Option<SessionId>,
    pub(crate) guest: Option<Digest>,
    pub(crate) rules: Vec<String>,
    pub(crate) identifiers: Vec<Fingerprinted>,
}

/// What mluvii showed of a session that an erasure reaches: by it a hold finds the session, whether the ledger has its record or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShownSession {
    pub(crate) session: SessionId,
    pub(crate) guests: BTreeSet<Digest>,
    pub(crate) fingerprints: Vec<Fingerprinted>,
}

/// The kind under which a guest's digest stands in `erasure_shown`: no identifier is of it.
pub(super) const SHOWN_GUEST: &str = "guest_id";

/// A row of `erasure_shown`.
pub(super) struct ShownRow<'a> {
    pub(super) session: i64,
    pub(super) digest: &'a [u8],
    pub(super) version: u16,
    pub(super) kind: &'a str,
    pub(super) supplementary: bool,
}

impl ShownSession {
    pub(super) fn rows(&self) -> Vec<ShownRow<'_>> {
        let session = self.session.0;
        let mut rows = Vec::new();
        for guest in &self.guests {
            rows.push(ShownRow { session, digest: &guest.0, version: 0, kind: SHOWN_GUEST, supplementary: false });
        }
        for one in &self.fingerprints {
            let Fingerprinted { kind, fingerprint, version, supplementary } = one;
            let (digest, kind) = (fingerprint.0.as_slice(), kind.as_str());
            rows.push(ShownRow { session, digest, version: *version, kind, supplementary: *supplementary });
        }
        rows
    }
}

/// [`MaybeHeld`], as a backend asks for it.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) installation: i64,
    /// What it reaches counts, once it has begun.
    pub(super) erasure: Option<ErasureId>,
    pub(super) session: Option<SessionId>,
    pub(super) guest: Option<Digest>,
    pub(super) rules: Vec<String>,
    pub(super) identifiers: Vec<Fingerprinted>,
}

/// What is known of the sessions that somebody asks about, as far as holds may be about them.
#[derive(Debug, Default)]
pub(super) struct Reached {
    pub(super) sessions: BTreeSet<SessionId>,
    pub(super) guests: BTreeSet<Digest>,
    /// By session: all that is known of it.
    pub(super) people: BTreeMap<SessionId, Vec<Fingerprinted>>,
}

/// Whether a hold keeps something, as far as that is known without looking at the sessions.
pub(super) enum Keeps {
    Yes,
    No,
    /// Where one of the sessions is its own.
    ItsSessions,
}

impl Asked {
    pub(super) fn is_kept_by(&self, on: &HoldOn) -> Keeps {
        let yes = match on {
            HoldOn::Rule(rule) => return if self.rules.contains(rule) { Keeps::Yes } else { Keeps::No },
            HoldOn::Session(session) => self.session == Some(*session),
            HoldOn::Guest(guest) => self.guest == Some(*guest),
            HoldOn::Person(held) => may_be(held, &self.identifiers),
        };
        if yes { Keeps::Yes } else { Keeps::ItsSessions }
    }

    /// The same, with what is known of the sessions.
    pub(super) fn is_kept(&self, on: &HoldOn, reached: &Reached) -> bool {
        match (self.is_kept_by(on), on) {
            (Keeps::Yes, _) => true,
            (Keeps::No, _) | (Keeps::ItsSessions, HoldOn::Rule(_)) => false,
            (Keeps::ItsSessions, HoldOn::Session(session)) => reached.sessions.contains(session),
            (Keeps::ItsSessions, HoldOn::Guest(guest)) => reached.guests.contains(guest),
            (Keeps::ItsSessions, HoldOn::Person(held)) => reached.people.values().any(|session| may_be(held, session)),
        }
    }
}

/// Whether somebody with these identifiers may be the person that is held. Less than what is certain is enough; but of two people of
/// one name, whose addresses differ, one is not kept for the other.
pub(super) fn may_be(held: &[Fingerprinted], other: &[Fingerprinted]) -> bool {
    Comparison::of(held, other).judge(&[]).is_some()
}

/// The erasure that a claim would have a target erase of, or begin: not what only asks or takes in what was said.
pub(super) fn destroys(work: &Work) -> Option<ErasureId> {
    match work {
        Work::Resolve(work) => Some(work.id),
        Work::Step(work) => {
            let step = &work.step;
            let asks = step.report().is_none() && step.report_by().is_none() && step.sent.is_none();
            (work.stage == Stage::Erase && asks && !step.stopped).then_some(work.erasure)
        }
        Work::Decide(_) | Work::Settle(_) | Work::Close(_) => None,
    }
}

/// How work waits that is held.
pub(super) struct Wait {
    /// The ids of the holds, with a blank between.
    pub(super) held_by: String,
    /// When the last of them ends by itself; `None` where one does not.
    pub(super) held_until: Option<Timestamp>,
    pub(super) due: Timestamp,
    pub(super) named: Vec<HeldBy>,
}

impl Wait {
    /// By these holds, of which there is one at least.
    pub(super) fn of(holds: &[Hold], now: Timestamp) -> Self {
        let named: Vec<HeldBy> = holds.iter().map(|hold| hold.hold.named()).collect();
        let again = now.checked_add(LOOK_AGAIN).unwrap_or(Timestamp::MAX);
        // With the last of them, it goes on; with an earlier one, it is seen who is left.
        let due = holds.iter().filter_map(|hold| hold.hold.until).fold(again, Timestamp::min);
        let ends: Option<Vec<Timestamp>> = holds.iter().map(|hold| hold.hold.until).collect();
        let ids: Vec<_> = named.iter().map(|one| one.hold.to_string()).collect();
        Self { held_by: ids.join(" "), held_until: ends.and_then(|ends| ends.into_iter().max()), due, named }
    }
}

/// Why what is left of an erasure stays; `None` where no hold keeps it.
pub(super) fn why(named: &[HeldBy]) -> Option<String> {
    let names: Vec<_> = named.iter().map(ToString::to_string).collect();
    (!names.is_empty()).then(|| format!("held by {}", names.join(", ")))
}

/// The holds by which an erasure was kept, with further ones; `None` where they were all there.
pub(super) fn noted(before: &[HeldBy], more: &[HeldBy]) -> Option<Vec<HeldBy>> {
    let mut all = before.to_vec();
    all.extend(more.iter().filter(|one| !before.contains(one)).cloned());
    (all.len() > before.len()).then_some(all)
}

/// The columns of [`hold`].
pub(super) const HOLD: &str = "hold.id, hold.kind, hold.session, hold.guest, hold.rule, hold.reason, hold.reference, hold.until, \
                               hold.added, hold.actor, hold.lifted, hold.lifted_by, \
                               (SELECT name FROM installation WHERE installation.id = hold.installation)";

/// A hold in force, as SQL says it; the placeholder is for now.
pub(super) fn in_force(now: &str) -> String {
    format!("hold.lifted IS NULL AND (hold.until IS NULL OR hold.until > {now})")
}

/// A hold as its row has it; the fingerprints of a person stand elsewhere.
pub(super) fn hold(row: &impl Row) -> Result<Hold, LedgerError> {
    let text = |column: usize| row.text(column)?.ok_or_else(|| broken("a hold lacks a column"));
    let on = match text(1)? {
        "session" => HoldOn::Session(SessionId(row.number(2)?.ok_or_else(|| broken("a hold on no session"))?)),
        "guest" => {
            let digest = row.bytes(3)?.and_then(|bytes| bytes.try_into().ok());
            HoldOn::Guest(Digest(digest.ok_or_else(|| broken("a hold on no guest"))?))
        }
        "person" => HoldOn::Person(Vec::new()),
        "rule" => HoldOn::Rule(text(4)?.to_owned()),
        _ => return Err(broken("a hold on what this quietus does not know")),
    };
    let case = row.text(6)?.map(str::parse).transpose().map_err(|_| broken("a hold's case is no reference"))?;
    let lifted_by = row.text(11)?.map(|by| Actor::named(by.to_owned()));
    Ok(Hold {
        hold: NewHold {
            id: id(text(0)?)?,
            installation: InstallationName(text(12)?.into()),
            on,
            reason: row.word(5)?,
            case,
            until: row.maybe_time(7)?,
        },
        added: row.time(8)?,
        by: Actor::named(text(9)?.to_owned()),
        lifted: row.maybe_time(10)?.zip(lifted_by),
    })
}

pub(super) fn id(text: &str) -> Result<HoldId, LedgerError> {
    text.parse().map_err(|_| broken("a hold's id is none"))
}

/// A fingerprint as it stands in a row from this column on: the fingerprint, its version, its kind.
pub(super) fn fingerprinted(row: &impl Row, from: usize) -> Result<Fingerprinted, LedgerError> {
    let fingerprint = row.bytes(from)?.and_then(|bytes| bytes.try_into().ok());
    let fingerprint = Fingerprint(fingerprint.ok_or_else(|| broken("no fingerprint stands there"))?);
    let version = row.number(from + 1)?.and_then(|version| u16::try_from(version).ok());
    let version = version.ok_or_else(|| broken("a fingerprint has no version"))?;
    let kind: Option<Kind> = row.text(from + 2)?.and_then(|kind| kind.parse().ok());
    let kind = kind.ok_or_else(|| broken("a fingerprint is of no kind"))?;
    Ok(Fingerprinted { kind, fingerprint, version, supplementary: false })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::Sent;
    use crate::erasure::life::NOT_REPORTED;
    use crate::hold::HoldReason;

    fn hold(until: Option<i64>, lifted: Option<i64>) -> Hold {
        let at = |second| Timestamp::from_second(second).expect("a time");
        let hold = NewHold {
            id: HoldId([1; 6]),
            installation: InstallationName("acme".into()),
            on: HoldOn::Rule("retention".into()),
            reason: HoldReason::Review,
            case: None,
            until: until.map(at),
        };
        let by = Actor::cli("ann");
        Hold { hold, added: at(0), lifted: lifted.map(|second| (at(second), by.clone())), by }
    }

    #[test]
    fn a_hold_ends_when_it_is_lifted_or_by_itself() {
        let now = Timestamp::from_second(10).expect("a time");
        let ended = |until, lifted| hold(until, lifted).ended(now).map(|at| at.as_second());
        assert_eq!(ended(None, None), None);
        assert_eq!(ended(Some(11), None), None);
        assert_eq!(ended(Some(10), None), Some(10));
        assert_eq!(ended(Some(11), Some(9)), Some(9));
    }

    #[test]
    fn what_waits_looks_again_with_the_first_end_of_its_holds() {
        let now = Timestamp::from_second(0).expect("a time");
        let due = |holds: &[Hold]| Wait::of(holds, now).due.as_second();
        assert_eq!(due(&[hold(None, None)]), 3_600);
        assert_eq!(due(&[hold(Some(90), None), hold(Some(60), None), hold(None, None)]), 60);
        assert_eq!(due(&[hold(Some(9_000), None)]), 3_600);
    }

    #[test]
    fn what_waits_is_held_until_the_last_of_its_holds_ends() {
        let now = Timestamp::from_second(0).expect("a time");
        let until = |holds: &[Hold]| Wait::of(holds, now).held_until.map(|until| until.as_second());
        assert_eq!(until(&[hold(None, None)]), None);
        assert_eq!(until(&[hold(Some(90), None), hold(None, None)]), None);
        assert_eq!(until(&[hold(Some(90), None), hold(Some(60), None)]), Some(90));
        assert_eq!(Wait::of(&[hold(None, None), hold(None, None)], now).held_by, "h-010101010101 h-010101010101");
    }

    #[test]
    fn what_is_accepted_and_late_is_told_by_its_reason() {
        let prefix = &NOT_REPORTED[..15];
        assert!(STEP_IS_ACCEPTED.contains(&format!("1, {}) = '{prefix}'", prefix.len())));
        assert!(STEP_IS_ACCEPTED.contains(&format!("'{}'", Sent::Unanswered.as_str())));
    }

    #[test]
    fn a_guest_that_was_shown_is_no_identifier() {
        assert_eq!(SHOWN_GUEST, Kind::GuestId.as_str());
        assert!(Kind::GuestId.is_internal_id());
    }

    #[test]
    fn what_kept_an_erasure_is_noted_once() {
        let one = hold(None, None).hold.named();
        let other = HeldBy { hold: HoldId([2; 6]), ..one.clone() };
        assert_eq!(noted(&[], std::slice::from_ref(&one)), Some(vec![one.clone()]));
        assert_eq!(noted(std::slice::from_ref(&one), std::slice::from_ref(&one)), None);
        assert_eq!(noted(std::slice::from_ref(&one), &[one.clone(), other.clone()]), Some(vec![one, other]));
    }
}
