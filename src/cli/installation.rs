//! What most commands work on: the configuration, and the ledger beside a running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Global;
use super::exit::Failure;
use crate::app;
use crate::config::{Config, Keys, KeysError};
use crate::ledger::Ledger as _;
use crate::ledger::sqlite::SqliteLedger;

/// The places where a configuration is looked for when none is named.
const PLACES: [&str; 2] = ["quietus.toml", "/etc/quietus/quietus.toml"];

/// An installation, opened.
pub(super) struct Installation {
    pub(super) config: Config,
    pub(super) ledger: Arc<SqliteLedger>,
}

impl Installation {
    pub(super) fn open(global: &Global) -> Result<Self, Failure> {
        let config = load(global)?;
        let path = ledger_path(&config)?;
        // Made here, it would belong to whoever runs this command instead of the server's user.
        if !path.exists() {
            let what = format!("there is no ledger at {} yet; `quietus serve` makes it", path.display());
            return Err(Failure::Ledger(anyhow::Error::msg(what)));
        }
        let ledger = app::open_ledger(&config)?;
        Ok(Self { config, ledger })
    }

    /// The keys, which must be the ones that the ledger was made with.
    pub(super) async fn keys(&self) -> Result<Keys, Failure> {
        let keys = Keys::load(&self.config.keys_dir())?;
        if self.ledger.belongs_to(keys.index.check_value()).await? {
            return Ok(keys);
        }
        Err(KeysError::OfAnotherLedger(self.config.keys_dir()).into())
    }
}

/// Loads the configuration that the arguments name.
pub(super) fn load(global: &Global) -> Result<Config, Failure> {
    Ok(Config::load(&path(global)?)?)
}

/// The configuration file: named by an argument, by $QUIETUS_CONFIG, or found.
pub(super) fn path(global: &Global) -> Result<PathBuf, Failure> {
    let named = global.config.clone().or_else(|| std::env::var_os("QUIETUS_CONFIG").map(PathBuf::from));
    let found = || PLACES.iter().map(Path::new).find(|path| path.exists()).map(Path::to_owned);
    named.or_else(found).ok_or_else(|| {
        let places = PLACES.join(" nor ");
        Failure::Config(anyhow::anyhow!("no configuration: there is neither {places}; name one with --config FILE"))
    })
}

fn ledger_path(config: &Config) -> Result<PathBuf, Failure> {
    config.ledger.path(&config.base).map_err(|error| Failure::Config(error.into()))
}
