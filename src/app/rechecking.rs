//! A server looks again, on the dates of `erasing.recheck`, whether what was erased is there again: at each target at most once a day, for
//! all servers on its ledger.
//!
//! How far a place has come is the time until which all that was due is looked at: it moves with a look that has ended, so that one that was
//! cut off is made anew, and what another configuration demands is due by it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::{counter, describe_counter};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::attention::RECHECK;
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::erasure::RecheckOutcome;
use crate::ledger::Periodic;
use crate::operations::lease::{LEASE, renewed};
use crate::operations::recheck::{LATE, Place, Rechecked, due, look, may_be_due};
use crate::operations::{OperationError, Operations};
use crate::subject::TargetName;
use crate::target::Target;

/// All targets, by the names under which they are called.
pub(super) type Targets = BTreeMap<TargetName, Arc<dyn Target>>;

/// Between two looks whether anything is due.
const LOOK: Duration = Duration::from_secs(10);

/// Between two looks at one place: what becomes due meanwhile is looked at together.
const DAY: Duration = Duration::from_secs(86_400);

/// After a failure: the shortest, which the next one in a row doubles, and the longest.
const AGAIN_MIN: Duration = Duration::from_secs(15);
const AGAIN_MAX: Duration = Duration::from_secs(6 * 3600);

/// Before a place's name, under which it is noted how far it has come.
const MARKS: &str = "recheck/";

const LOOKED: &str = "quietus_rechecks_total";

/// Says what is counted. To be called once the metrics are the process's.
pub(super) fn describe() {
    describe_counter!(
        LOOKED,
        "Erasures that this process has looked at again at a target after their receipts, by outcome."
    );
    for outcome in RecheckOutcome::ALL {
        counter!(LOOKED, "outcome" => outcome.as_str()).increment(0);
    }
}

/// Looks again until the shutdown.
pub(super) async fn run(on: Operations, targets: Targets, shutdown: CancellationToken) {
    if on.settings.recheck.is_empty() {
        return not_wanted(&on, &shutdown).await;
    }
    let mut places: Vec<_> = Place::all(&on).into_iter().map(|place| (place, 0)).collect();
    loop {
        for (place, failures) in &mut places {
            let Some(called) = targets.get(&place.called()) else { continue };
            match shutdown.run_until_cancelled(visit(&on, place, &**called, failures, &shutdown)).await {
                Some(Ok(())) => {}
                Some(Err(error)) => {
                    debug!(target = %place.named(), error, "what was erased is looked at again later");
                }
                None => return,
            }
        }
        if shutdown.run_until_cancelled(sleep(LOOK)).await.is_none() {
            return;
        }
    }
}

/// Nobody wants it: what becomes due meanwhile is not made up for once somebody does.
async fn not_wanted(on: &Operations, shutdown: &CancellationToken) {
    loop {
        if let Err(error) = move_marks(on).await {
            debug!(error, "what is not to be looked at again is noted later");
        }
        if shutdown.run_until_cancelled(sleep(DAY)).await.is_none() {
            return;
        }
    }
}

async fn move_marks(on: &Operations) -> Result<(), String> {
    let words = |error| with_causes(&error);
    let clock = on.ledger.clock().await.map_err(words)?;
    if clock.doubt.is_some() {
        return Ok(());
    }
    let marks = on.ledger.marks().await.map_err(words)?;
    for name in marks.into_keys().filter(|name| name.starts_with(MARKS)) {
        put_off(on, &name, Duration::ZERO, Some(clock.now)).await?;
    }
    Ok(())
}

/// Looks at one place, where anything is due and nobody else does.
async fn visit(
    on: &Operations,
    place: &Place,
    called: &dyn Target,
    failures: &mut u32,
    shutdown: &CancellationToken,
) -> Result<(), String> {
    let name = format!("{MARKS}{}", place.named());
    let words = |error: OperationError| with_causes(&error);
    let clock = on.ledger.clock().await.map_err(|error| with_causes(&error))?;
    // Nothing is dated by a clock that cannot be right.
    if clock.doubt.is_some() {
        return Ok(());
    }
    let mark = on.ledger.marks().await.map_err(|error| with_causes(&error))?.remove(&name);
    let Some(mark) = mark else {
        // What was due before anybody wanted it is not made up for.
        return put_off(on, &name, Duration::ZERO, Some(clock.now)).await;
    };
    if !may_be_due(on, &place.installation, (mark, clock.now)).await.map_err(words)? {
        return Ok(());
    }
    let taken = on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?;
    let Some(Periodic { mark: Some(mark), now }) = taken else { return Ok(()) };
    let by = Actor::watch();
    let mut looked = Rechecked::default();
    let work = async {
        let due = due(on, place, (mark, now)).await?;
        let Some(oldest) = due.iter().map(|one| one.date).min() else { return Ok(None) };
        let ended = look(on, place, called, &due, &by, &mut looked).await;
        Ok::<_, OperationError>(Some((oldest, ended)))
    };
    let working = renewed(on, &name, || None, work);
    // Whoever comes next goes on at once, and need not wait for the end of the lease.
    let Some(worked) = shutdown.run_until_cancelled(working).await else {
        return put_off(on, &name, Duration::ZERO, None).await;
    };
    // Also what was written before something failed.
    if !looked.by_outcome.is_empty() {
        tell(place, &looked);
    }
    let (pause, mark) = match worked {
        Ok(None) => (Duration::ZERO, Some(now)),
        Ok(Some((_, Ok(())))) => {
            *failures = 0;
            (DAY, Some(now))
        }
        Ok(Some((oldest, Err(error)))) => {
            let late = now.duration_since(oldest);
            warn!(
                target = %place.named(), reason = with_causes(&error),
                "what was erased could not be looked at again; it is tried again"
            );
            if late > LATE {
                note(on, place, Some(&with_causes(&error))).await?;
            }
            *failures = failures.saturating_add(1);
            (again_after(*failures), None)
        }
        Err(error) => {
            put_off(on, &name, AGAIN_MIN, None).await?;
            return Err(with_causes(&error));
        }
    };
    if mark.is_some() {
        note(on, place, None).await?;
    }
    put_off(on, &name, pause, mark).await
}

fn tell(place: &Place, looked: &Rechecked) {
    for (outcome, count) in &looked.by_outcome {
        counter!(LOOKED, "outcome" => *outcome).increment(*count);
    }
    let of = |outcome: RecheckOutcome| looked.by_outcome.get(outcome.as_str()).copied().unwrap_or_default();
    let (gone, residual, reopened) = (of(RecheckOutcome::Gone), of(RecheckOutcome::Residual), looked.reopened);
    if residual > 0 {
        warn!(target = %place.named(), residual, reopened, "what was erased is there again; a person is needed");
    }
    info!(target = %place.named(), gone, residual, "looked again whether what was erased is there");
}

/// Notes for a person that it could not be looked again, or could.
async fn note(on: &Operations, place: &Place, why: Option<&str>) -> Result<(), String> {
    let keeper = format!("{RECHECK}{}", place.named());
    on.ledger.keeper_ended(&keeper, why).await.map_err(|error| with_causes(&error))
}

async fn put_off(on: &Operations, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), String> {
    on.ledger.put_off_periodic(name, pause, mark).await.map_err(|error| with_causes(&error))
}

/// The pause after so many failures in a row.
fn again_after(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    AGAIN_MIN.saturating_mul(doubled).min(AGAIN_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_pause() {
        assert_eq!([1, 2, 3].map(again_after), [1, 2, 4].map(|times| AGAIN_MIN * times));
        assert_eq!([20, u32::MAX].map(again_after), [AGAIN_MAX; 2]);
    }
}
