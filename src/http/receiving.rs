//! What receiving has for as long as the process is there, whatever its configuration becomes: receivers take each other's place, and what
//! they hold of strangers, and count, is of all of them together.

use std::sync::Arc;

use super::counts::Counts;
use super::one_client::Clients;
use super::strangers::Strangers;
use crate::keys::{IndexKey, SealKey};
use crate::ledger::Intake;

/// What all receivers of a process have in common.
pub(crate) struct ReceivingState {
    pub(super) ledger: Arc<dyn Intake>,
    pub(super) index: IndexKey,
    pub(super) seal: SealKey,
    /// Bodies that are not whole yet; each receiver says how much of them there may be from then on.
    pub(super) unverified: Arc<Strangers>,
    pub(super) counts: Counts,
    pub(super) clients: Clients,
}

impl ReceivingState {
    pub(crate) fn new(ledger: Arc<dyn Intake>, index: IndexKey, seal: SealKey) -> Arc<Self> {
        let (counts, clients) = (Counts::default(), Clients::default());
        Arc::new(Self { ledger, index, seal, unverified: Strangers::new(0), counts, clients })
    }
}
