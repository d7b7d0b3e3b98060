//! The handles that a configuration describes, built once and given to whoever needs them.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::plugins::Plugins;
use crate::config::{Config, Keys, KeysError};
use crate::ledger::postgres::PostgresLedger;
use crate::ledger::sqlite::SqliteLedger;
use crate::ledger::{Ledger, LedgerPlace};
use crate::mluvii::{MluviiClient, MluviiTarget};
use crate::subject::TargetName;
use crate::target::Target;
use crate::verify::Source;
use crate::worker::Worker;

/// All handles of a server.
pub(crate) struct Parts {
    pub(crate) keys: Keys,
    pub(crate) sources: Vec<Source>,
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) plugins: Plugins,
    pub(crate) worker: Worker,
}

impl Parts {
    /// Builds everything; nothing runs yet. Whatever is wrong refuses the start.
    pub(crate) async fn build(config: &Config) -> anyhow::Result<Self> {
        let keys = Keys::load(&config.keys_dir())?;
        let read = |reference: &_| config.read_secret(reference);
        let sources = config.sources.iter().map(|settings| Source::new(settings, &read)).collect::<Result<_, _>>()?;
        let mluvii = Arc::new(MluviiClient::new(&config.mluvii, &read)?);
        let plugins = Plugins::build(config, &read)?;
        let ledger = open_ledger(config, &config.ledger_place()?).await?;
        if !ledger.belongs_to(keys.index.check_value()).await? {
            anyhow::bail!(KeysError::OfAnotherLedger(config.keys_dir()));
        }
        let mut targets: BTreeMap<TargetName, Arc<dyn Target>> = plugins.targets();
        targets.insert(TargetName::mluvii(), Arc::new(MluviiTarget::new(Arc::clone(&mluvii))));
        let worker = Worker {
            ledger: ledger.clone(),
            mluvii,
            targets,
            rates: rates(config),
            policy: config.policy(),
            person: config.person.clone(),
            params: config.mluvii.params.clone(),
            settling: config.settling.clone(),
            erasing: config.erasing.clone(),
            duplicates_for: config.ledger.duplicates_for,
            reports: config.server.admin_url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
            index: keys.index.clone(),
            seal: keys.seal.clone(),
            receipt: keys.receipt.clone(),
        };
        Ok(Self { keys, sources, ledger, plugins, worker })
    }
}

/// The targets' rates, over all processes.
fn rates(config: &Config) -> BTreeMap<TargetName, NonZeroU32> {
    let mluvii = config.mluvii.calls_per_s.map(|rate| (TargetName::mluvii(), rate));
    let plugins = config.plugins.iter().filter_map(|plugin| Some((plugin.target(), plugin.calls_per_s?)));
    mluvii.into_iter().chain(plugins).collect()
}

/// Opens a ledger; one in PostgreSQL is reached with the configuration's password.
pub(crate) async fn open_ledger(config: &Config, place: &LedgerPlace) -> anyhow::Result<Arc<dyn Ledger>> {
    match place {
        LedgerPlace::Sqlite(path) => Ok(SqliteLedger::open(path)?),
        LedgerPlace::Postgres(place) => {
            let password = config.ledger_password()?;
            Ok(PostgresLedger::open(place, password.as_ref()).await?)
        }
    }
}
