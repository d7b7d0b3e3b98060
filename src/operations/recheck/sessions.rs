//! At mluvii, the sessions that an erasure had erased are looked at themselves. Which they were is known by when they were erased: in the
//! commit that ended their erasure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{CHUNK, Due, Place};
use crate::erasure::{Recheck, RecheckOutcome};
use crate::ledger::ErasedMark;
use crate::mluvii::{MluviiClient, paced};
use crate::operations::reconcile::{SeenAgain, look_after, pace};
use crate::operations::{OperationError, Operations};
use crate::subject::SessionKey;

/// What was seen of the sessions of one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    sessions: u32,
    shown: u32,
    unclear: u32,
}

/// Looks at the sessions of each erasure that has any.
pub(super) async fn look(
    on: &Operations,
    at: &Place,
    due: &[Due],
    now: Timestamp,
) -> Result<Vec<Recheck>, OperationError> {
    let client = on.client(&at.installation)?;
    let mut moments: BTreeMap<Timestamp, Vec<&Due>> = BTreeMap::new();
    for one in due.iter().filter(|one| one.ended.erasure.sessions > 0) {
        let Some(ended) = one.ended.erasure.ended else { continue };
        moments.entry(ended).or_default().push(one);
    }
    let looking = async {
        let mut looked = Vec::new();
        for (ended, these) in moments {
            let seen = seen(on, &client, at, ended).await?;
            // What was seen is of all of them together.
            let sessions = these.iter().map(|one| one.ended.erasure.sessions).fold(0, u32::saturating_add);
            looked.extend(these.iter().map(|one| {
                let said = outcome(seen, sessions, these.len());
                Recheck { records: u64::from(seen.shown), ..one.recheck(at, now, said) }
            }));
        }
        Ok(looked)
    };
    paced(pace(on, &at.installation)?, looking).await
}

/// Looks at all that were erased in one moment.
async fn seen(on: &Operations, client: &MluviiClient, at: &Place, ended: Timestamp) -> Result<Seen, OperationError> {
    let mut seen = Seen::default();
    let mut mark = ErasedMark::before(ended);
    loop {
        let page = on.ledger.erased_sessions(&at.installation, mark, CHUNK).await?;
        let Some(last) = page.last().copied() else { return Ok(seen) };
        for one in page.into_iter().take_while(|one| one.at == ended) {
            let key = SessionKey { installation: at.installation.clone(), session: one.session };
            seen.sessions += 1;
            match look_after(on, client, &key, ended).await? {
                SeenAgain::Gone => {}
                SeenAgain::Shown => seen.shown += 1,
                SeenAgain::Unclear => seen.unclear += 1,
            }
        }
        if last.at > ended {
            return Ok(seen);
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
}
