//! A server has the next generation of the seal key follow each day, and destroys those that nothing needs any more.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::attention::SEALS;
use crate::causes::with_causes;
use crate::clock::BootTime;
use crate::key_files::{Keys, SealStore};
use crate::keys::SealKey;
use crate::ledger::Ledger;
use crate::operations::seals::{Held, Seals};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60);

/// Looks until the shutdown. What could not be done is noted for a person: a key that is not destroyed still opens old copies of
/// the ledger.
pub(super) async fn run(
    ledger: Arc<dyn Ledger>,
    keys: Keys,
    store: SealStore,
    seal: SealKey,
    shutdown: CancellationToken,
) {
    let seals = Seals { ledger: &*ledger, keys: &keys, store: &store };
    let mut since = (seal.id(), BootTime::now());
    let mut noted = None;
    loop {
        let held = Held { id: since.0.clone(), time: BootTime::now().since(since.1) };
        let tended = shutdown.run_until_cancelled(seals.tend(&seal, Some(held))).await;
        let Some(tended) = tended else { return };
        if seal.id() != since.0 {
            since = (seal.id(), BootTime::now());
        }
        let ended = tended.map(drop).map_err(|error| with_causes(&error));
        let is_new = noted.as_ref() != Some(&ended);
        // Also when it fails as before: another process, which does not fail, may have taken the note away.
        if is_new || ended.is_err() {
            if let (Err(why), true) = (&ended, is_new) {
                warn!(reason = why, "the seal keys could not be looked after; what is done with should be destroyed");
            }
            match ledger.keeper_ended(SEALS, ended.as_ref().err().map(String::as_str)).await {
                Ok(()) => noted = Some(ended),
                Err(error) => debug!(error = %with_causes(&error), "what became of the seal keys could not be noted"),
            }
        }
        if shutdown.run_until_cancelled(sleep(LOOK)).await.is_none() {
            return;
        }
    }
}
