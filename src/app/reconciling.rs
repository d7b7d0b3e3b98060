//! A server compares what has ended at mluvii with its ledger, for all servers on it: mluvii drops what it could not deliver.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::reconcile_metrics as metrics;
use super::silence;
use crate::attention::{REAPPEARED, RECONCILE};
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::ledger::Periodic;
use crate::operations::lease::{LEASE, renewed};
use crate::operations::reconcile::{Asked, Reconciled, look_at_erased, periodic_name, reappeared_mark, reconcile};
use crate::operations::{OperationError, Operations};
use crate::subject::InstallationName;
use crate::watch::WatchSettings;

/// The longest between two looks at whether it is due.
const LOOK: Duration = Duration::from_secs(60);

/// After a failure.
const AGAIN: Duration = Duration::from_secs(600);

/// Sessions that were erased longer ago are not looked at again by themselves.
const ERASED_LATELY: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For how long it is told that erased sessions were shown again, after the last one.
const REAPPEARED_TOLD: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Compares until the shutdown. `wake` tells that something is due that was not.
pub(super) async fn run(on: Operations, settings: WatchSettings, wake: Arc<Notify>, shutdown: CancellationToken) {
    // Then nobody wants it.
    if settings.reconcile.0.is_zero() {
        return shutdown.cancelled().await;
    }
    let on = Arc::new(on);
    while !shutdown.is_cancelled() {
        if let Err(error) = silence::look(&on, settings.reconcile_after.0).await {
            debug!(error, "whether a source is silent is looked at later");
        }
        // Side by side: one with a long past keeps no other waiting.
        let mut comparing = JoinSet::new();
        for installation in &on.settings.installations {
            let (on, settings, installation) = (Arc::clone(&on), settings.clone(), installation.name.clone());
            let shutdown = shutdown.clone();
            comparing.spawn(async move {
                let Some(found) = look(&on, &installation, &settings, &shutdown).await? else { return Ok(()) };
                silence::tell(&on, &found).await
            });
        }
        while let Some(compared) = comparing.join_next().await {
            if let Ok(Err(error)) = compared {
                debug!(error, "what has ended is compared later");
            }
        }
        let pause = timeout(LOOK.min(settings.reconcile.0), wake.notified());
        _ = shutdown.run_until_cancelled(pause).await;
    }
}

/// Compares what has ended since it was done last, where that is due; returns what came of it. What ended before the first time is left
/// to a person: rules may have been made without a thought of it.
async fn look(
    on: &Operations,
    installation: &InstallationName,
    settings: &WatchSettings,
    shutdown: &CancellationToken,
) -> Result<Option<Reconciled>, String> {
    let name = periodic_name(installation);
    let taken = on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?;
    let Some(Periodic { mark, now }) = taken else { return Ok(None) };
    let until = now - settings.reconcile_after.0;
    let Some(mark) = mark else {
        put_off(on, &first_time(installation), Duration::ZERO, Some(until)).await?;
        put_off(on, &name, settings.reconcile.0, Some(until)).await?;
        return Ok(None);
    };
    if until <= mark {
        put_off(on, &name, settings.reconcile.0, None).await?;
        return Ok(None);
    }
    // However long the overlap has become.
    let first = on.ledger.take_periodic(&first_time(installation), Duration::ZERO).await;
    let first = first.map_err(|error| with_causes(&error))?.and_then(|first| first.mark).unwrap_or(mark);
    let from = (mark - settings.reconcile_overlap.0).max(first);
    let asked = Asked { installation: installation.clone(), from, to: until, dry_run: false, of_past: false };
    let come = AtomicI64::new(mark.as_millisecond());
    let compared = compare(on, &asked, &name, &come, shutdown).await;
    let pause = match &compared {
        // The next server goes on at once, and need not wait for the end of the lease.
        _ if shutdown.is_cancelled() => Duration::ZERO,
        Ok(_) => settings.reconcile.0,
        Err(_) => settings.reconcile.0.min(AGAIN),
    };
    note(on, installation, &compared, shutdown).await;
    put_off(on, &name, pause, reached(&come)).await?;
    Ok(compared.ok())
}

/// Compares, then looks at what was erased, and renews the lease meanwhile. `come` is until when it is done.
async fn compare(
    on: &Operations,
    asked: &Asked,
    name: &str,
    come: &AtomicI64,
    shutdown: &CancellationToken,
) -> Result<Reconciled, OperationError> {
    let tell = |until: Timestamp| _ = come.fetch_max(until.as_millisecond(), Ordering::Relaxed);
    let by = Actor::watch();
    let comparing = async {
        let mut done = reconcile(on, asked, &by, &tell, shutdown).await?;
        if !shutdown.is_cancelled() {
            done.reappeared += look_at_some(on, &asked.installation, asked.to, &by, shutdown).await?;
        }
        Ok(done)
    };
    renewed(on, name, || reached(come), comparing).await
}

/// Looks at some of the sessions that were erased lately, each time at the next ones, and then again from the beginning.
async fn look_at_some(
    on: &Operations,
    installation: &InstallationName,
    until: Timestamp,
    by: &Actor,
    shutdown: &CancellationToken,
) -> Result<u64, OperationError> {
    let lately = (until - ERASED_LATELY, until);
    let reappeared = look_at_erased(on, installation, lately, by, shutdown).await?;
    let told = on.ledger.marks().await?.remove(&reappeared_mark(installation));
    // A person has had the time to see it.
    if reappeared == 0 && told.is_some_and(|at| until.duration_since(at) > REAPPEARED_TOLD) {
        on.ledger.keeper_ended(&format!("{REAPPEARED}{installation}"), None).await?;
    }
    Ok(reappeared)
}

fn reached(come: &AtomicI64) -> Option<Timestamp> {
    Timestamp::from_millisecond(come.load(Ordering::Relaxed)).ok()
}

/// Tells what came of it.
async fn note(
    on: &Operations,
    installation: &InstallationName,
    compared: &Result<Reconciled, OperationError>,
    shutdown: &CancellationToken,
) {
    metrics::ended(installation, compared);
    let wrong = compared.as_ref().err().map(|error| with_causes(error));
    match compared {
        Ok(done) if done.found > 0 => {
            let sessions = done.found;
            warn!(%installation, sessions, "sessions have ended of which nobody told us; they are decided on now");
        }
        Ok(_) => {}
        Err(_) => warn!(%installation, reason = wrong, "what has ended at mluvii could not be compared"),
    }
    // One that was stopped midway says nothing of all of it.
    if wrong.is_none() && shutdown.is_cancelled() {
        return;
    }
    if let Err(error) = on.ledger.keeper_ended(&format!("{RECONCILE}{installation}"), wrong.as_deref()).await {
        debug!(error = %with_causes(&error), "whether it could be compared could not be noted");
    }
}

/// Under which it is noted from when on what ends is compared.
fn first_time(installation: &InstallationName) -> String {
    format!("reconcile-from/{installation}")
}

async fn put_off(on: &Operations, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), String> {
    on.ledger.put_off_periodic(name, pause, mark).await.map_err(|error| with_causes(&error))
}
