//! A server watches the webhooks at mluvii, for all servers on its ledger: what is not right is put right for sources with
//! `webhook = "managed"`, and noted for a person of all others.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::due::make_due;
use crate::attention::WEBHOOK;
use crate::audit::Actor;
use crate::causes::with_causes;
use crate::chain;
use crate::mluvii::counted;
use crate::operations::reconcile::charge;
use crate::operations::webhooks::{Change, put_right, watched};
use crate::operations::{Operations, SourceWebhook};
use crate::subject::InstallationName;
use crate::verify::WebhookMode;

/// The longest between two looks at whether it is due.
const LOOK: Duration = Duration::from_secs(60);

/// For so long nobody else looks, also where the server that does is killed.
const LEASE: Duration = Duration::from_secs(120);

/// Why a look came to nothing.
const STOPS: &str = "the server stops";

/// Watches until the shutdown. `wake` tells this server at once that what has ended is to be compared.
pub(super) async fn run(on: Operations, every: Duration, wake: Arc<Notify>, shutdown: CancellationToken) {
    // Then nobody wants it.
    if every.is_zero() {
        return shutdown.cancelled().await;
    }
    while !shutdown.is_cancelled() {
        for (installation, webhooks) in by_installation((on.resources.webhooks)()) {
            if let Err(error) = look(&on, &installation, &webhooks, every, &wake, &shutdown).await {
                debug!(error, "whether the webhooks are right is looked at later");
            }
        }
        shutdown.run_until_cancelled(sleep(LOOK.min(every))).await;
    }
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
    wake: &Notify,
    shutdown: &CancellationToken,
) -> Result<(), String> {
    let name = name(installation, webhooks);
    let taken = on.ledger.take_periodic(&name, LEASE).await.map_err(|error| with_causes(&error))?;
    if taken.is_none() {
        return Ok(());
    }
    for webhook in webhooks {
        if !shutdown.is_cancelled() {
            look_at(on, webhook, wake, shutdown).await;
        }
    }
    // The next server need not wait for the end of the lease.
    let pause = if shutdown.is_cancelled() { Duration::ZERO } else { every };
    on.ledger.put_off_periodic(&name, pause, None).await.map_err(|error| with_causes(&error))
}

/// Due at once where something else is needed than before, and once for all servers of the same configuration.
fn name(installation: &InstallationName, webhooks: &[SourceWebhook]) -> String {
    let needed = webhooks.iter().map(|webhook| {
        let wanted = webhook.wanted.as_ref().map(|wanted| (&wanted.address, &wanted.event_types));
        format!("{} {:?} {wanted:?}\n", webhook.source, webhook.mode)
    });
    let digest = chain::hash(needed.collect::<String>().as_bytes());
    format!("webhook/{installation}/{}", &digest[..16])
}

/// Puts it right, or looks at it. What is not right is noted for a person.
async fn look_at(on: &Operations, webhook: &SourceWebhook, wake: &Notify, shutdown: &CancellationToken) {
    let source = &webhook.source;
    let is_managed = webhook.mode == WebhookMode::Managed;
    let looking = async {
        match is_managed {
            true => manage(on, webhook, wake, shutdown).await,
            // Nothing is changed by it, so that it may end anywhere.
            false => shutdown.run_until_cancelled(watch(on, webhook)).await.unwrap_or_else(|| Err(STOPS.to_owned())),
        }
    };
    let (looked, calls) = counted(looking).await;
    charge(on, &webhook.installation, calls).await;
    if shutdown.is_cancelled() {
        return;
    }
    let wrong = match looked {
        Ok(wrong) => wrong,
        // Of one that nobody has asked us to manage, nothing is known that a person should act on.
        Err(why) if is_managed => Some(why),
        Err(why) => {
            debug!(%source, reason = why, "the webhook at mluvii could not be looked at");
            // There is nothing to compare it with any more, so that what was noted before is over.
            if webhook.wanted.is_ok() {
                return;
            }
            None
        }
    };
    if let Some(why) = &wrong {
        warn!(%source, reason = why, "the webhook at mluvii is not as it is needed");
    }
    if let Err(error) = on.ledger.keeper_ended(&format!("{WEBHOOK}{source}"), wrong.as_deref()).await {
        debug!(error = %with_causes(&error), "how the webhook is could not be noted");
    }
}

/// Puts it right. The error says why that could not be done.
async fn manage(
    on: &Operations,
    webhook: &SourceWebhook,
    wake: &Notify,
    shutdown: &CancellationToken,
) -> Result<Option<String>, String> {
    let wanted = webhook.wanted.as_ref().map_err(ToString::to_string)?;
    let client = (on.resources.client)(&webhook.installation).map_err(|error| error.to_string())?;
    let changed = put_right(on, &client, &webhook.source, wanted, &Actor::watch(), shutdown).await;
    let changed = changed.map_err(|error| with_causes(&error))?;
    match changed {
        Change::None => {}
        Change::Registered => {
            info!(source = %webhook.source, "the webhook is registered at mluvii, which did not have it")
        }
        Change::Corrected => info!(source = %webhook.source, "the webhook at mluvii is corrected"),
    }
    // Meanwhile, deliveries did not come.
    if changed != Change::None {
        make_due(on, &webhook.installation).await?;
        wake.notify_one();
    }
    Ok(None)
}

/// Looks at it; says what is wrong. The error says why nobody could look.
async fn watch(on: &Operations, webhook: &SourceWebhook) -> Result<Option<String>, String> {
    let wanted = webhook.wanted.as_ref().map_err(ToString::to_string)?;
    let client = (on.resources.client)(&webhook.installation).map_err(|error| error.to_string())?;
    watched(on, &client, &webhook.source, wanted).await.map_err(|error| with_causes(&error))
}
