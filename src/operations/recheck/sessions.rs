//! At mluvii, the sessions that an erasure had erased are looked at themselves. Which they were is known by when they were erased: in the
//! commit that ended their erasure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{CHUNK, Due, LATE, Place, Rechecked, later, write};
use crate::audit::Actor;
use crate::erasure::{ErasureId, Recheck, RecheckOutcome};
use crate::ledger::ErasedMark;
use crate::mluvii::{MluviiClient, paced};
use crate::operations::reconcile::{SeenAgain, is_away, look_after, pace};
use crate::operations::{OperationError, Operations};
use crate::subject::SessionKey;

/// What was seen of the sessions of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    sessions: u32,
    shown: u32,
    unclear: u32,
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
    let looking = async {
        let (mut looked, mut in_a_row, mut result) = (Vec::new(), 0, Ok(()));
        for (ended, these) in moments {
            // Those that were written are counted all the same: what is seen is of all of them together.
            let Some(first) = these.iter().find(is_new) else { continue };
            let is_late = now.duration_since(first.date) > LATE;
            match seen(on, &client, at, ended, is_late, &mut in_a_row).await {
                Ok(Some(seen)) => {
                    let sessions = these.iter().map(|one| one.ended.erasure.sessions).fold(0, u32::saturating_add);
                    let said = outcome(seen, sessions, these.len());
                    let each = these.iter().filter(is_new).map(|one| one.recheck(at, now, said));
                    looked.extend(each.map(|one| Recheck { records: u64::from(seen.shown), ..one }));
                }
                Ok(None) => result = Err(later("some sessions could not be looked at; others could")),
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
            if looked.len() >= CHUNK as usize {
                write(on, at, &std::mem::take(&mut looked), by, done).await?;
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

/// What a look that failed as where mluvii is out says of a session, after so many in a row, this one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Failed {
    /// It is this session's, and was tried for long enough.
    Unclear,
    /// It is tried again; others are looked at meanwhile.
    Later,
    /// mluvii is out: nothing is said of anybody.
    Out,
}

fn failed(in_a_row: u32, is_late: bool) -> Failed {
    match (in_a_row, is_late) {
        (..=1, true) => Failed::Unclear,
        (..=1, false) => Failed::Later,
        _ => Failed::Out,
    }
}

/// Looks at all that were erased in one moment; nothing where one of them is to be looked at later.
async fn seen(
    on: &Operations,
    client: &MluviiClient,
    at: &Place,
    ended: Timestamp,
    is_late: bool,
    in_a_row: &mut u32,
) -> Result<Option<Seen>, OperationError> {
    let mut seen = Seen::default();
    let mut mark = ErasedMark::before(ended);
    loop {
        let page = on.ledger.erased_sessions(&at.installation, mark, CHUNK).await?;
        let Some(last) = page.last().copied() else { return Ok(Some(seen)) };
        for one in page.into_iter().take_while(|one| one.at == ended) {
            let key = SessionKey { installation: at.installation.clone(), session: one.session };
            seen.sessions += 1;
            let look = look_after(on, client, &key, ended).await;
            *in_a_row = if look.as_ref().is_err_and(is_away) { *in_a_row + 1 } else { 0 };
            match look {
                Ok(SeenAgain::Gone) => {}
                Ok(SeenAgain::Shown) => seen.shown += 1,
                Ok(SeenAgain::Unclear) => seen.unclear += 1,
                Err(error) if is_away(&error) => match failed(*in_a_row, is_late) {
                    Failed::Unclear => seen.unclear += 1,
                    Failed::Later => return Ok(None),
                    Failed::Out => return Err(error),
                },
                Err(error) => return Err(error),
            }
        }
        if last.at > ended {
            return Ok(Some(seen));
        }
        mark = last;
    }
}

/// What is said of each of so many erasures that ended in one moment, and that had so many sessions together.
fn outcome(seen: Seen, sessions: u32, erasures: usize) -> (RecheckOutcome, Option<&'static str>) {
    match seen {
        Seen { shown: 1.., .. } if erasures == 1 => (RecheckOutcome::Residual, None),
        // Whose of them is shown, nobody knows.
        Seen { shown: 1.., .. } => (RecheckOutcome::Unclear, Some("possible")),
        Seen { unclear: 1.., .. } => (RecheckOutcome::Unclear, Some("unproved")),
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
        let seen = |sessions, shown, unclear| Seen { sessions, shown, unclear };
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
    fn two_failures_in_a_row_are_an_outage_and_one_is_tried_again_until_it_is_late() {
        assert_eq!([failed(1, false), failed(1, true)], [Failed::Later, Failed::Unclear]);
        assert_eq!([failed(2, false), failed(2, true), failed(9, true)], [Failed::Out; 3]);
    }
}
