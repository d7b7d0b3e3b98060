//! At mluvii, the sessions that an erasure had erased are looked at themselves. Which they were is known by when they were erased: in the
//! commit that ended their erasure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{CHUNK, Due, LATE, Place, Rechecked, later, write};
use crate::audit::Actor;
use crate::erasure::{ErasureId, Recheck, RecheckOutcome};
use crate::ledger::ErasedMark;
use crate::mluvii::{MluviiClient, paced};
use crate::operations::reconcile::{SeenAgain, is_away, look_after, pace};
use crate::operations::{OperationError, Operations};
use crate::subject::SessionKey;

/// Failures in a row after which mluvii is out. Two may be sessions of one moment that always fail.
const OUT_AFTER: u32 = 4;

/// So late, what still fails is said not to be looked at: the look ends within the week by which it may be late.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(6 * 24);

/// Why nobody has looked, then.
const ALWAYS_FAILED: &str = "mluvii did not answer, so that not all of these sessions could be looked at, for six days";

/// What was seen of the sessions of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    sessions: u32,
    shown: u32,
    unclear: u32,
    /// Those of which a look failed as where mluvii is out.
    failed: u32,
}

/// How looks went, whatever they were about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Looks {
    /// Failures since the last answer.
    in_a_row: u32,
    answers: u64,
}

/// Sessions of one moment, of which some failed.
struct Unseen<'d> {
    these: Vec<&'d Due>,
    seen: Seen,
    late: SignedDuration,
    /// How many answers there had been by then: whether any came later says whose fault it is.
    answers: u64,
}

/// Looks at the sessions of each erasure that has any, and writes on the way what came of it: there may be more than can be looked at in a
/// day, and what is written is not looked at again where mluvii asks for a pause, or is out.
pub(super) async fn look(
    on: &Operations,
    at: &Place,
    due: &[Due],
    now: Timestamp,
    by: &Actor,
    done: &mut Rechecked,
) -> Result<(), OperationError> {
    let client = on.client(&at.installation)?;
    let known = written(on, at, due).await?;
    let is_new = |one: &&&Due| !known.contains(&(one.ended.erasure.id, one.date));
    let mut moments: BTreeMap<Timestamp, Vec<&Due>> = BTreeMap::new();
    for one in due.iter().filter(|one| one.ended.erasure.sessions > 0) {
        let Some(ended) = one.ended.erasure.ended else { continue };
        moments.entry(ended).or_default().push(one);
    }
    let said = |these: &[&Due], seen: Seen, is_given_up: bool| -> Vec<Recheck> {
        let sessions = these.iter().map(|one| one.ended.erasure.sessions).fold(0, u32::saturating_add);
        let said = outcome(seen, sessions, these.len(), is_given_up);
        let each = these.iter().filter(is_new).map(|one| one.recheck(at, now, said));
        each.map(|one| Recheck { records: u64::from(seen.shown), ..one }).collect()
    };
    let looking = async {
        let (mut looked, mut unseen, mut looks, mut result) = (Vec::new(), Vec::new(), Looks::default(), Ok(()));
        let mut moments = moments.into_iter();
        for (ended, these) in moments.by_ref() {
            // Those that were written are counted all the same: what is seen is of all of them together.
            let Some(first) = these.iter().find(is_new) else { continue };
            let late = now.duration_since(first.date);
            let mut seen = Seen::default();
            let whole = look_at(on, &client, at, ended, &mut seen, &mut looks).await;
            let is_unseen = match &whole {
                Ok(()) => seen.failed > 0,
                Err(error) => is_away(error),
            };
            if is_unseen {
                unseen.push(Unseen { these, seen, late, answers: looks.answers });
            } else if whole.is_ok() {
                looked.extend(said(&these, seen, false));
            }
            if let Err(error) = whole {
                result = Err(error);
                break;
            }
            if looked.len() >= CHUNK as usize {
                write(on, at, &std::mem::take(&mut looked), by, done).await?;
            }
        }
        // At the others nobody looks now: a long outage would end for a few moments at a time only.
        if looks.in_a_row >= OUT_AFTER {
            let late = |these: &[&Due]| these.iter().find(is_new).map(|first| now.duration_since(first.date));
            let rest = moments.filter_map(|(_, these)| Some((late(&these)?, these)));
            looked.extend(given_up(rest).iter().flat_map(|these| said(these, Seen::default(), true)));
        }
        for Unseen { these, seen, late, answers } in unseen {
            match failed(looks.in_a_row <= 1 || looks.answers > answers, late) {
                Failed::Unclear => {
                    looked.extend(said(&these, Seen { unclear: seen.unclear + seen.failed, ..seen }, false))
                }
                Failed::NotLooked => looked.extend(said(&these, seen, true)),
                Failed::Later if result.is_ok() => {
                    result = Err(later("some sessions could not be looked at; others could"));
                }
                Failed::Later => {}
            }
        }
        write(on, at, &looked, by, done).await?;
        result
    };
    paced(pace(on, &at.installation)?, looking).await
}

/// Which of them are looked at already, for which date: of a look that was cut off.
async fn written(on: &Operations, at: &Place, due: &[Due]) -> Result<BTreeSet<(ErasureId, Timestamp)>, OperationError> {
    let mut all = BTreeSet::new();
    for some in due.chunks(CHUNK as usize) {
        let ids: Vec<_> = some.iter().map(|one| one.ended.erasure.id).collect();
        let looked = on.ledger.rechecks(&ids).await?;
        all.extend(looked.iter().filter(|one| one.target == at.target).map(|one| (one.erasure, one.due)));
    }
    Ok(all)
}

/// What is said of sessions of which a look failed as where mluvii is out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    /// It is theirs, and was tried for long enough.
    Unclear,
    /// Nobody knows whether it is theirs, and it was tried for as long as there is.
    NotLooked,
    /// It is tried again.
    Later,
}

/// `is_theirs` says whether mluvii answered for others: after the failure, or but for this one.
fn failed(is_theirs: bool, late: SignedDuration) -> Failed {
    if is_theirs && late > LATE {
        Failed::Unclear
    } else if late > GIVEN_UP {
        Failed::NotLooked
    } else {
        Failed::Later
    }
}

/// Of what nobody looks at any more, as mluvii is out: that which is so late that it is not tried again.
fn given_up<T>(rest: impl Iterator<Item = (SignedDuration, T)>) -> Vec<T> {
    rest.filter(|(late, _)| failed(false, *late) == Failed::NotLooked).map(|(_, one)| one).collect()
}

/// Looks at all that were erased in one moment. An error says why no more is looked at now; what was seen by then is in `seen`.
async fn look_at(
    on: &Operations,
    client: &MluviiClient,
    at: &Place,
    ended: Timestamp,
    seen: &mut Seen,
    looks: &mut Looks,
) -> Result<(), OperationError> {
    let mut mark = ErasedMark::before(ended);
    loop {
        let page = on.ledger.erased_sessions(&at.installation, mark, CHUNK).await?;
        let Some(last) = page.last().copied() else { return Ok(()) };
        for one in page.into_iter().take_while(|one| one.at == ended) {
            let key = SessionKey { installation: at.installation.clone(), session: one.session };
            seen.sessions += 1;
            let look = look_after(on, client, &key, ended).await;
            match &look {
                Err(error) if is_away(error) => looks.in_a_row += 1,
                Err(_) => {}
                Ok(_) => *looks = Looks { in_a_row: 0, answers: looks.answers + 1 },
            }
            match look {
                Ok(SeenAgain::Gone) => {}
                Ok(SeenAgain::Shown) => seen.shown += 1,
                Ok(SeenAgain::Unclear) => seen.unclear += 1,
                Err(error) if is_away(&error) => {
                    seen.failed += 1;
                    if looks.in_a_row >= OUT_AFTER {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        if last.at > ended {
            return Ok(());
        }
        mark = last;
    }
}

/// What is said of each of so many erasures that ended in one moment, and that had so many sessions together.
fn outcome(seen: Seen, sessions: u32, erasures: usize, is_given_up: bool) -> (RecheckOutcome, Option<&'static str>) {
    match seen {
        Seen { shown: 1.., .. } if erasures == 1 => (RecheckOutcome::Residual, None),
        // Whose of them is shown, nobody knows.
        Seen { shown: 1.., .. } => (RecheckOutcome::Unclear, Some("possible")),
        Seen { unclear: 1.., .. } => (RecheckOutcome::Unclear, Some("unproved")),
        // Some may be gone, and whether all are, nobody has seen.
        Seen { .. } if is_given_up => (RecheckOutcome::NotLooked, Some(ALWAYS_FAILED)),
        // Their records are gone, or they were erased again since: what is not known cannot be looked at.
        Seen { sessions: seen, .. } if seen < sessions => (RecheckOutcome::Unclear, Some("unknown")),
        Seen { .. } => (RecheckOutcome::Gone, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sessions_that_were_all_seen_to_be_gone_are_gone() {
        let seen = |sessions, shown, unclear| Seen { sessions, shown, unclear, failed: 0 };
        let outcome = |seen, sessions, erasures| super::outcome(seen, sessions, erasures, false);
        assert_eq!(outcome(seen(2, 0, 0), 2, 1), (RecheckOutcome::Gone, None));
        assert_eq!(outcome(seen(6, 0, 0), 6, 2), (RecheckOutcome::Gone, None), "with those of the other");
        // One of the two had sessions that are not known to be erased: which, nobody can say.
        assert_eq!(outcome(seen(5, 0, 0), 6, 2), (RecheckOutcome::Unclear, Some("unknown")));
        assert_eq!(outcome(seen(3, 0, 0), 4, 2), (RecheckOutcome::Unclear, Some("unknown")));
        assert_eq!(outcome(seen(1, 0, 0), 2, 1), (RecheckOutcome::Unclear, Some("unknown")));
        assert_eq!(outcome(seen(0, 0, 0), 1, 1), (RecheckOutcome::Unclear, Some("unknown")));
        assert_eq!(outcome(seen(2, 0, 1), 2, 1), (RecheckOutcome::Unclear, Some("unproved")));
        assert_eq!(outcome(seen(2, 1, 1), 2, 1), (RecheckOutcome::Residual, None));
        assert_eq!(
            outcome(seen(4, 1, 0), 4, 2),
            (RecheckOutcome::Unclear, Some("possible")),
            "whose it is, nobody knows"
        );
    }

    #[test]
    fn what_was_seen_beside_what_always_failed_is_said_and_nobody_is_gone_by_it() {
        let outcome = |shown, unclear| {
            let seen = Seen { sessions: 3, shown, unclear, failed: 2 };
            super::outcome(seen, 3, 1, true)
        };
        assert_eq!(outcome(0, 0), (RecheckOutcome::NotLooked, Some(ALWAYS_FAILED)), "one of three is gone");
        assert_eq!(outcome(1, 0), (RecheckOutcome::Residual, None));
        assert_eq!(outcome(0, 1), (RecheckOutcome::Unclear, Some("unproved")));
    }

    #[test]
    fn what_fails_is_tried_again_until_it_is_late_and_ends_within_a_week_whosever_fault_it_is() {
        let days = |days: i64| SignedDuration::from_hours(24 * days) + SignedDuration::from_secs(1);
        let said = |is_theirs| [0, 1, 2, 5, 6].map(|late| failed(is_theirs, days(late)));
        use Failed::{Later, NotLooked, Unclear};
        assert_eq!(said(true), [Later, Later, Unclear, Unclear, Unclear]);
        assert_eq!(said(false), [Later, Later, Later, Later, NotLooked]);
        assert!(GIVEN_UP < SignedDuration::from_hours(7 * 24), "retentions are longer than a span by a week");
        // In an outage, all that is so late ends at once, however much of it there is.
        let rest = (0..400).map(|one| (days(if one % 2 == 0 { 6 } else { 5 }), one));
        assert_eq!(given_up(rest), (0..400).step_by(2).collect::<Vec<_>>());
    }
}
