//! A server compares what has ended at mluvii with its ledger, for all servers on it: mluvii drops what it could not deliver.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::attention::RECONCILE;
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::ledger::Periodic;
use crate::operations::reconcile::{Asked, Reconciled, reconcile};
use crate::operations::{OperationError, Operations};
use crate::subject::InstallationName;
use crate::watch::WatchSettings;

/// The longest between two looks at whether it is due.
const LOOK: Duration = Duration::from_secs(60);

/// For so long nobody else compares, also where the server that does is killed; it is renewed meanwhile.
const LEASE: Duration = Duration::from_secs(120);

/// After a failure.
const AGAIN: Duration = Duration::from_secs(600);

/// Compares until the shutdown.
pub(super) async fn run(on: Operations, settings: WatchSettings, shutdown: CancellationToken) {
    // Then nobody wants it.
    if settings.reconcile.0.is_zero() {
        return shutdown.cancelled().await;
    }
    let on = Arc::new(on);
    while !shutdown.is_cancelled() {
        // Side by side: one with a long past keeps no other waiting.
        let mut comparing = JoinSet::new();
        for installation in &on.settings.installations {
            let (on, settings, installation) = (Arc::clone(&on), settings.clone(), installation.name.clone());
            let shutdown = shutdown.clone();
            comparing.spawn(async move { look(&on, &installation, &settings, &shutdown).await });
        }
        while let Some(compared) = comparing.join_next().await {
            if let Ok(Err(error)) = compared {
                debug!(error, "what has ended is compared later");
            }
        }
        shutdown.run_until_cancelled(sleep(LOOK.min(settings.reconcile.0))).await;
    }
}

/// Has it done at the next look.
pub(super) async fn make_due(on: &Operations, installation: &InstallationName) -> Result<(), String> {
    put_off(on, &name(installation), Duration::ZERO, None).await
}

/// Compares what has ended since it was done last, where that is due. What ended before the first time is left to a person: rules
/// may have been made without a thought of it.
async fn look(
    on: &Operations,
    installation: &InstallationName,
    settings: &WatchSettings,
    shutdown: &CancellationToken,
) -> Result<(), String> {
    let name = name(installation);
    let taken = on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?;
    let Some(Periodic { mark, now }) = taken else { return Ok(()) };
    let until = now - settings.reconcile_after.0;
    let Some(mark) = mark else {
        put_off(on, &first_time(installation), Duration::ZERO, Some(until)).await?;
        return put_off(on, &name, settings.reconcile.0, Some(until)).await;
    };
    if until <= mark {
        return put_off(on, &name, settings.reconcile.0, None).await;
    }
    let first = on.ledger.take_periodic(&first_time(installation), Duration::ZERO).await;
    let first = first.map_err(|error| with_causes(&error))?.and_then(|first| first.mark).unwrap_or(mark);
    let from = (mark - settings.reconcile_overlap.0).max(first);
    let asked = Asked { installation: installation.clone(), from, to: until, dry_run: false };
    let come = AtomicI64::new(mark.as_millisecond());
    let compared = shutdown.run_until_cancelled(compare(on, &asked, &name, &come)).await;
    let pause = match &compared {
        Some(Ok(_)) => settings.reconcile.0,
        Some(Err(_)) => settings.reconcile.0.min(AGAIN),
        // The next server goes on at once, and need not wait for the end of the lease.
        None => Duration::ZERO,
    };
    if let Some(compared) = compared {
        note(on, installation, &compared).await;
    }
    put_off(on, &name, pause, reached(&come)).await
}

/// Compares, and renews the lease meanwhile. `come` is until when it is done.
async fn compare(on: &Operations, asked: &Asked, name: &str, come: &AtomicI64) -> Result<Reconciled, OperationError> {
    let tell = |until: Timestamp| _ = come.fetch_max(until.as_millisecond(), Ordering::Relaxed);
    let renewing = async {
        loop {
            sleep(LEASE / 4).await;
            let _later = put_off(on, name, LEASE, reached(come)).await;
        }
    };
    let by = Actor::watch();
    tokio::select! {
        compared = reconcile(on, asked, &by, &tell) => compared,
        never = renewing => never,
    }
}

fn reached(come: &AtomicI64) -> Option<Timestamp> {
    Timestamp::from_millisecond(come.load(Ordering::Relaxed)).ok()
}

/// Tells what came of it.
async fn note(on: &Operations, installation: &InstallationName, compared: &Result<Reconciled, OperationError>) {
    let wrong = compared.as_ref().err().map(|error| with_causes(error));
    match compared {
        Ok(done) if done.found > 0 => {
            let sessions = done.found;
            warn!(%installation, sessions, "sessions have ended of which nobody told us; they are decided on now");
        }
        Ok(_) => {}
        Err(_) => warn!(%installation, reason = wrong, "what has ended at mluvii could not be compared"),
    }
    if let Err(error) = on.ledger.keeper_ended(&format!("{RECONCILE}{installation}"), wrong.as_deref()).await {
        debug!(error = %with_causes(&error), "whether it could be compared could not be noted");
    }
}

fn name(installation: &InstallationName) -> String {
    format!("reconcile/{installation}")
}

/// Under which it is noted from when on what ends is compared.
fn first_time(installation: &InstallationName) -> String {
    format!("reconcile-from/{installation}")
}

async fn put_off(on: &Operations, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), String> {
    on.ledger.put_off_periodic(name, pause, mark).await.map_err(|error| with_causes(&error))
}
