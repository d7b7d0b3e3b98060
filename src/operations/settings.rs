//! What the configuration says, as far as operations need it.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use quietus_plugin::Span;

use super::error::InputError;
use crate::attention::Limits;
use crate::hold::Exemptions;
use crate::ledger::RetentionSettings;
use crate::papers::Letterhead;
use crate::policy::{PersonSettings, Policy};
use crate::subject::{InstallationName, Params, TargetName, TenantId, Titles};
use crate::verify::SourceSettings;
use crate::worker::{Accepted, SettlingSettings};

/// What the configuration says, as far as operations need it.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// In the order of the configuration.
    pub(crate) installations: Vec<Installation>,
    pub(crate) sources: Vec<SourceSettings>,
    pub(crate) person: PersonSettings,
    /// `mluvii`, the plugins, and where people erase.
    pub(crate) targets: Vec<TargetName>,
    /// Calls of targets in a second, over all processes on the ledger, where that is bounded; by the names under which they are called.
    pub(crate) rates: BTreeMap<TargetName, NonZeroU32>,
    /// Where people erase, with what each of them is to do.
    pub(crate) manual: BTreeMap<TargetName, String>,
    /// What is expected or accepted of what targets answer.
    pub(crate) accepted: BTreeMap<TargetName, Accepted>,
    /// The targets of which a law keeps what they hold.
    pub(crate) exemptions: Exemptions,
    /// Whether erasures that have ended are still found by a person's identifiers.
    pub(crate) keep_fingerprints: bool,
    /// Whether links are sent that confirm (`[confirmation]`).
    pub(crate) sends_links: bool,
    /// Where links lead that somebody is given, without a slash at the end; nowhere where `server.public_url` is not set, or is read by
    /// others on its way.
    pub(crate) links_base: Option<String>,
    /// How long after the receipt it is looked again whether what was erased is there again.
    pub(crate) recheck: Vec<Span>,
    /// Whether nobody may have erased what they asked for themselves.
    pub(crate) four_eyes: bool,
    /// How long receipts and the audit stay in the ledger.
    pub(crate) keep_receipts: Duration,
    pub(crate) keep_audit: Duration,
    pub(crate) limits: Limits,
    pub(crate) policy: Arc<Policy>,
    pub(crate) settling: SettlingSettings,
    pub(crate) retention: RetentionSettings,
    /// How people call targets, on papers.
    pub(crate) titles: Titles,
    /// What stands at the head of papers.
    pub(crate) letterhead: Letterhead,
    /// Who outside is told of each newest receipt, by their names.
    pub(crate) witnesses: Vec<String>,
    /// How often servers look at the webhooks at mluvii.
    pub(crate) webhooks_every: Duration,
}

/// One company's mluvii.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) name: InstallationName,
    /// The tenants of all its sources; all of its tenants when empty.
    pub(crate) departments: Vec<TenantId>,
    /// HTTP calls in a second, over all processes on the ledger.
    pub(crate) calls_per_s: Option<NonZeroU32>,
    /// Call params that identify a person.
    pub(crate) params: Params,
    /// Tells this configuration from others in all that decides what becomes of its sessions: the rules, how mluvii is read, whose sessions
    /// are ours, who a person is.
    pub(crate) decides: String,
}

impl Settings {
    /// The installation of this name, or that of the source of this name: both are names that people know.
    pub(crate) fn installation(&self, name: &InstallationName) -> Result<&Installation, InputError> {
        let named = |name: &InstallationName| self.installations.iter().find(|known| known.name == *name);
        let source = || self.sources.iter().find(|source| *source.name == *name.0);
        named(name)
            .or_else(|| named(source()?.mluvii.as_ref()?))
            .ok_or_else(|| InputError::UnknownInstallation { name: name.to_string(), known: self.installation_names() })
    }

    /// The names of all installations, to be shown.
    pub(super) fn installation_names(&self) -> String {
        let names: Vec<_> = self.installations.iter().map(|installation| installation.name.to_string()).collect();
        names.join(", ")
    }
}
