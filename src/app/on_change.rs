//! A server that is to take its configuration when it changes looks at the files now and then. Not by notifications of the system: what
//! is mounted (Kubernetes' secrets behind a symbolic link, network drives) and what editors put in the place of a file is not seen by them.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::reload::Reloader;
use crate::audit::Actor;
use crate::operations::configuration::{NotReloaded, reload};

/// How often it is looked. A change counts once it looks the same twice: before, it may still be written to.
const LOOK: Duration = Duration::from_secs(1);

/// Has the configuration reloaded whenever it has changed, where that is wanted.
pub(super) async fn run(reloader: Arc<Reloader>, end: CancellationToken) {
    let on = reloader.running();
    let mut seen = None;
    // What was read of the running one before the last try, and of the one that was refused by it.
    let mut tried = None;
    while end.run_until_cancelled(sleep(LOOK)).await.is_some() {
        if !reloader.is_watched() {
            continue;
        }
        let looker = Arc::clone(&reloader);
        // A network drive may not answer.
        let looked = tokio::task::spawn_blocking(move || looker.signature_now()).await;
        let Ok(now) = looked else { continue };
        let is_settled = seen.as_ref() == Some(&now);
        let is_news = now.0 != reloader.read_last() && tried.as_ref() != Some(&now);
        seen = Some(now.clone());
        if !is_settled || !is_news {
            continue;
        }
        match reload(&on, &Actor::changed()).await {
            // Told once: it is tried again when it changes once more.
            Ok(Ok(_) | Err(NotReloaded::Wrong { .. } | NotReloaded::NeedsRestart { .. })) => {
                tried = Some((now.0, reloader.refused_as_read()));
            }
            Ok(Err(NotReloaded::NotNow { .. })) => {}
            Err(error) => debug!(error = %error, "a changed configuration is taken later"),
        }
    }
}
