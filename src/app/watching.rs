//! A server watches, for all servers on its ledger, the webhooks at mluvii: what is not right is put right for sources with
//! `webhook = "managed"`, and noted for a person of all others. And it compares what has ended at mluvii with the ledger.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::attention::{RECONCILE, WEBHOOK};
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::chain;
use crate::operations::reconcile::{self as operations, Asked};
use crate::operations::webhooks::{Change, Seen, put_right};
use crate::operations::{Operations, SourceWebhook};
use crate::subject::InstallationName;
use crate::verify::WebhookMode;
use crate::watch::{WatchSettings, compare};

/// The longest between two looks at whether it is due.
const LOOK: Duration = Duration::from_secs(60);

/// After a failure.
const AGAIN: Duration = Duration::from_secs(600);

/// The longest that looking at one installation takes; after that, another server may look.
const LEASE: Duration = Duration::from_secs(600);

/// Watches until the shutdown.
pub(super) async fn run(on: Operations, settings: WatchSettings, shutdown: CancellationToken) {
    let pause = LOOK.min(settings.webhooks.0).min(settings.reconcile.0);
    let work = async {
        loop {
            for (installation, webhooks) in by_installation((on.resources.webhooks)()) {
                if let Err(error) = look(&on, &installation, &webhooks, settings.webhooks.0).await {
                    debug!(error, "whether the webhooks are right is looked at later");
                }
                if let Err(error) = reconcile(&on, &installation, &settings).await {
                    debug!(error, "what has ended is compared later");
                }
            }
            sleep(pause).await;
        }
    };
    shutdown.run_until_cancelled(work).await;
}

/// Compares what has ended since it was done last, where that is due. It begins with what ends from its first time on: of what was
/// before, a person orders it.
async fn reconcile(on: &Operations, installation: &InstallationName, settings: &WatchSettings) -> Result<(), String> {
    let name = reconciling(installation);
    let taken = on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?;
    let Some(taken) = taken else { return Ok(()) };
    let until = taken.now - settings.reconcile_after.0;
    let Some(mark) = taken.mark else {
        return put_off(on, &name, settings.reconcile.0, Some(until)).await;
    };
    if until <= mark {
        return put_off(on, &name, settings.reconcile.0, None).await;
    }
    let from = mark - settings.reconcile_overlap.0;
    let asked = Asked { installation: installation.clone(), from, to: until, dry_run: false };
    // What was compared is kept, and the lease renewed, day by day.
    let come = AtomicI64::new(mark.as_millisecond());
    let tell = |until: Timestamp| _ = come.fetch_max(until.as_millisecond(), Ordering::Relaxed);
    let by = Actor::watch();
    let compared = {
        let renewing = async {
            loop {
                sleep(LEASE / 4).await;
                let come = Timestamp::from_millisecond(come.load(Ordering::Relaxed)).ok();
                let _later = put_off(on, &name, LEASE, come).await;
            }
        };
        tokio::select! {
            compared = operations::reconcile(on, &asked, &by, &tell) => compared,
            () = renewing => unreachable!("it goes on"),
        }
    };
    let come = Timestamp::from_millisecond(come.load(Ordering::Relaxed)).ok();
    let wrong = compared.as_ref().err().map(|error| with_causes(error));
    match &compared {
        Ok(done) if done.found > 0 => {
            warn!(%installation, sessions = done.found, "sessions have ended of which nobody told us; they are decided on now");
        }
        Ok(_) => {}
        Err(_) => warn!(%installation, reason = wrong, "what has ended at mluvii could not be compared"),
    }
    if let Err(error) = on.ledger.keeper_ended(&format!("{RECONCILE}{installation}"), wrong.as_deref()).await {
        debug!(error = %with_causes(&error), "that it could not be compared could not be noted");
    }
    let pause = if compared.is_ok() { settings.reconcile.0 } else { settings.reconcile.0.min(AGAIN) };
    put_off(on, &name, pause, come).await
}

fn reconciling(installation: &InstallationName) -> String {
    format!("reconcile/{installation}")
}

async fn put_off(on: &Operations, name: &str, pause: Duration, mark: Option<Timestamp>) -> Result<(), String> {
    on.ledger.put_off_periodic(name, pause, mark).await.map_err(|error| with_causes(&error))
}

fn by_installation(all: Vec<SourceWebhook>) -> BTreeMap<InstallationName, Vec<SourceWebhook>> {
    let mut sorted: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for webhook in all {
        sorted.entry(webhook.installation.clone()).or_default().push(webhook);
    }
    sorted
}

/// Looks at an installation's webhooks where that is due.
async fn look(
    on: &Operations,
    installation: &InstallationName,
    webhooks: &[SourceWebhook],
    every: Duration,
) -> Result<(), String> {
    let name = name(installation, webhooks);
    let taken = on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?;
    let Some(taken) = taken else { return Ok(()) };
    let mut all_right = true;
    for webhook in webhooks {
        all_right &= look_at(on, webhook).await;
    }
    let mark: Option<Timestamp> = if all_right { Some(taken.now) } else { taken.mark };
    put_off(on, &name, every, mark).await
}

/// Due at once where something else is needed than before, and once for all servers of the same configuration.
fn name(installation: &InstallationName, webhooks: &[SourceWebhook]) -> String {
    let needed = webhooks.iter().map(|webhook| {
        let wanted = webhook.wanted.as_ref().map(|wanted| (&wanted.address, &wanted.event_types));
        format!("{} {:?} {wanted:?}\n", webhook.source, webhook.mode)
    });
    let digest = chain::hash(needed.collect::<String>().as_bytes());
    format!("webhook/{installation}/{}", digest.chars().filter(char::is_ascii_hexdigit).take(16).collect::<String>())
}

/// Whether it is right now. What is not is noted for a person.
async fn look_at(on: &Operations, webhook: &SourceWebhook) -> bool {
    let source = &webhook.source;
    let is_managed = webhook.mode == WebhookMode::Managed;
    let looked = match is_managed {
        true => manage(on, webhook).await,
        false => watch(on, webhook).await,
    };
    let wrong = match looked {
        Ok(wrong) => wrong,
        // Of one that nobody has asked us to manage, nothing is known that a person should act on.
        Err(why) if is_managed => Some(why),
        Err(why) => {
            debug!(%source, reason = why, "the webhook at mluvii could not be looked at");
            return false;
        }
    };
    if let Some(why) = &wrong {
        warn!(%source, reason = why, "the webhook at mluvii is not as it is needed");
    }
    if let Err(error) = on.ledger.keeper_ended(&format!("{WEBHOOK}{source}"), wrong.as_deref()).await {
        debug!(error = %with_causes(&error), "how the webhook is could not be noted");
    }
    wrong.is_none()
}

/// Puts it right. The error says why that could not be done.
async fn manage(on: &Operations, webhook: &SourceWebhook) -> Result<Option<String>, String> {
    let wanted = webhook.wanted.as_ref().map_err(ToString::to_string)?;
    let client = (on.resources.client)(&webhook.installation).map_err(|error| error.to_string())?;
    let changed = put_right(on, &client, &webhook.source, wanted, &Actor::watch()).await;
    let changed = changed.map_err(|error| with_causes(&error))?;
    match changed {
        Change::None => {}
        Change::Registered => {
            info!(source = %webhook.source, "the webhook is registered at mluvii, which did not have it")
        }
        Change::Corrected => info!(source = %webhook.source, "the webhook at mluvii is corrected"),
    }
    Ok(None)
}

/// Looks at it; says what is wrong. The error says why nobody could look.
async fn watch(on: &Operations, webhook: &SourceWebhook) -> Result<Option<String>, String> {
    let wanted = webhook.wanted.as_ref().map_err(ToString::to_string)?;
    let client = (on.resources.client)(&webhook.installation).map_err(|error| error.to_string())?;
    let all = client.webhooks().await.map_err(|error| error.to_string())?;
    Ok(Seen::of(compare(wanted, &all)).wrong())
}
