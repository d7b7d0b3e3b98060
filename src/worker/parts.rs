//! What the worker works with.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::accepted::Accepted;
use super::failure::{Failure, no_installation};
use super::patience::Patience;
use super::settings::{ErasingSettings, SettlingSettings};
use crate::hold::Exemptions;
use crate::keys::{IndexKey, SealKey};
use crate::ledger::{ClockSettings, Keep, Queue, Records};
use crate::mluvii::MluviiClient;
use crate::outside::Newest;
use crate::policy::{PersonSettings, Policy};
use crate::receipt::ReceiptKey;
use crate::subject::{Fingerprinter, InstallationName, Params, SourceName, TargetName, TenantId};
use crate::target::Target;

/// Everything the worker works with. Each queue's file adds the method that does its work.
pub(crate) struct Worker {
    /// Of the ledger, only what working on duties needs: the worker can neither order nor cancel an erasure.
    pub(crate) queue: Arc<dyn Queue>,
    pub(crate) records: Arc<dyn Records>,
    /// Each company's client.
    pub(crate) mluvii: BTreeMap<InstallationName, Arc<MluviiClient>>,
    /// By the name under which a target is called ([`TargetName::called_for`]).
    pub(crate) targets: BTreeMap<TargetName, Arc<dyn Target>>,
    /// Calls to a target that may begin in a second, over all processes on the ledger; those without a rate are missing.
    /// By the name under which it is called.
    pub(crate) rates: BTreeMap<TargetName, NonZeroU32>,
    pub(crate) policy: Policy,
    pub(crate) person: PersonSettings,
    /// The names of form fields that identify a person, at each installation.
    pub(crate) params: BTreeMap<InstallationName, Params>,
    /// How identifiers are compared within each installation.
    pub(crate) fingerprinters: BTreeMap<InstallationName, Fingerprinter>,
    /// The tenants of each source; all when empty.
    pub(crate) tenants: BTreeMap<SourceName, Vec<TenantId>>,
    /// The tenants of all sources of an installation; all when empty.
    pub(crate) departments: BTreeMap<InstallationName, Vec<TenantId>>,
    /// What receipts are not incomplete by, of the targets of which the configuration says so.
    pub(crate) accepted: BTreeMap<TargetName, Accepted>,
    /// The targets of which a law keeps what they hold.
    pub(crate) exemptions: Exemptions,
    pub(crate) settling: SettlingSettings,
    /// The share of a month's sessions that a new or changed rule may erase.
    pub(crate) alarm_share: f64,
    /// Whether what an officer's withdrawal demands waits for somebody else's approval (`requests.four_eyes`).
    pub(crate) four_eyes: bool,
    /// Shared by the workers of a process that take each other's place.
    pub(crate) patience: Arc<Patience>,
    pub(crate) erasing: ErasingSettings,
    pub(crate) keep: Keep,
    pub(crate) clock: ClockSettings,
    /// The address of the listener for reports, as it is seen from outside; without one, nothing can be reported.
    pub(crate) reports: Option<String>,
    pub(crate) index: IndexKey,
    pub(crate) seal: SealKey,
    pub(crate) receipt: ReceiptKey,
    /// Shared with who remembers it outside of the ledger.
    pub(crate) newest: Arc<Newest>,
}

/// What is kept for each installation. Work of one that is no longer in the configuration needs a person.
impl Worker {
    pub(super) fn client_of(&self, installation: &InstallationName) -> Result<&MluviiClient, Failure> {
        self.mluvii.get(installation).map(|client| &**client).ok_or_else(|| no_installation(installation))
    }

    pub(super) fn fingerprinter_of(&self, installation: &InstallationName) -> Result<&Fingerprinter, Failure> {
        self.fingerprinters.get(installation).ok_or_else(|| no_installation(installation))
    }

    pub(super) fn params_of(&self, installation: &InstallationName) -> Result<&Params, Failure> {
        self.params.get(installation).ok_or_else(|| no_installation(installation))
    }
}
