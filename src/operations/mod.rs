//! Every act that a person or a program can order: one function each, with typed input, the [`Actor`](crate::audit::Actor)
//! who orders it where something changes, and a typed result. Knows nothing of command lines, HTTP, how results are shown, exit
//! codes or the configuration file: `app` builds [`Operations`], and the ways in (commands, the control socket) parse
//! orders and show results.

pub(crate) mod accept;
pub(crate) mod accounts;
pub(crate) mod actor;
pub(crate) mod alerts;
pub(crate) mod answers;
pub(crate) mod archive;
pub(crate) mod attention;
pub(crate) mod audit;
pub(crate) mod backup;
pub(crate) mod clock;
pub(crate) mod configuration;
pub(crate) mod confirmations;
pub(crate) mod consent;
pub(crate) mod days;
pub(crate) mod erase_again;
pub(crate) mod erasures;
mod error;
pub(crate) mod holds;
mod json_lines;
pub(crate) mod keys;
pub(crate) mod lease;
pub(crate) mod ledger;
mod looks;
pub(crate) mod mluvii;
pub(crate) mod papers;
pub(crate) mod people;
mod person;
pub(crate) mod plugins;
pub(crate) mod quarantine;
pub(crate) mod receipts;
pub(crate) mod recheck;
pub(crate) mod reconcile;
pub(crate) mod requests;
mod resources;
pub(crate) mod restore;
pub(crate) mod rules;
pub(crate) mod seals;
mod series;
mod settings;
pub(crate) mod status;
pub(crate) mod targets;
pub(crate) mod task_links;
pub(crate) mod tasks;
pub(crate) mod webhooks;

pub(crate) use error::{ApprovalRefused, InputError, NotApproved, NotShown, OperationError, RequestRefused};
pub(crate) use person::GivenIdentifiers;
pub(crate) use resources::{Resources, RunningTargets, SourceWebhook};
use rules::unknown_session;
use series::Links;
pub(crate) use settings::{Installation, Settings};

use std::sync::Arc;

use crate::key_files::{Keys, read_public_keys, read_rotations};
use crate::ledger::Ledger;
use crate::mluvii::MluviiClient;
use crate::receipt::ChainName;
use crate::subject::{Fingerprinter, InstallationName, SessionKey};

/// What operations work with, beside their input.
pub(crate) struct Operations {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) settings: Settings,
    pub(crate) resources: Resources,
}

impl Operations {
    /// Writes what waits and lets go of the ledger; nothing can be ordered afterwards.
    pub(crate) async fn close(&self) {
        self.ledger.shutdown().await;
    }

    /// The keys, which must be the ones that the ledger was made with.
    async fn keys(&self) -> Result<Keys, OperationError> {
        let dir = &self.resources.keys_dir;
        let keys = Keys::load(dir)?;
        keys.must_be(&self.ledger.key_ids(&keys.ids()).await?, dir)?;
        Ok(keys)
    }

    /// What the header says of a file with a chain's records from a number on.
    async fn links(&self, chain: ChainName, from: u64) -> Result<Links, OperationError> {
        let dir = &self.resources.keys_dir;
        let newest = self.ledger.checkpoints(chain).await?.pop();
        // By what is there, and not by the next number: a gap may lie between.
        let oldest = self.ledger.oldest_records(chain, 1).await?;
        let begins = oldest.first().is_none_or(|oldest| from <= oldest.sequence);
        Ok(Links {
            public_keys: read_public_keys(dir)?,
            rotations: read_rotations(dir)?,
            // Of a file that begins later, it says nothing.
            checkpoint: newest.filter(|_| begins),
            archive: None,
        })
    }

    fn client(&self, installation: &InstallationName) -> Result<Arc<MluviiClient>, OperationError> {
        (self.resources.client)(installation).map_err(|error| OperationError::Configuration(error.into()))
    }

    fn fingerprinter(&self, keys: &Keys, installation: &InstallationName) -> Fingerprinter {
        Fingerprinter::new(&keys.index, installation, self.settings.person.region)
    }

    /// The installation of this name, or that of the source of this name.
    fn installation(&self, name: &InstallationName) -> Result<&Installation, OperationError> {
        Ok(self.settings.installation(name)?)
    }

    /// The session, with the name of its installation where that of a source was given.
    fn session_key(&self, key: &SessionKey) -> Result<SessionKey, OperationError> {
        Ok(SessionKey { installation: self.installation(&key.installation)?.name.clone(), session: key.session })
    }
}
