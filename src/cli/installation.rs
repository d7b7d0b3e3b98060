//! What most commands work on: the configuration, and the ledger beside a running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Global;
use super::exit::Failure;
use crate::app;
use crate::config::{Config, Keys, KeysError};
use crate::ledger::{Ledger, LedgerPlace};

/// The places where a configuration is looked for when none is named.
const PLACES: [&str; 2] = ["quietus.toml", "/etc/quietus/quietus.toml"];

/// An installation, opened.
pub(super) struct Installation {
    pub(super) config: Config,
    pub(super) ledger: Arc<dyn Ledger>,
}

impl Installation {
    pub(super) async fn open(global: &Global) -> Result<Self, Failure> {
        let config = load(global)?;
        let place = place(&config)?;
        must_be_there(&place)?;
        let ledger = app::open_ledger(&config, &place).await?;
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

/// Where the configuration's ledger is.
pub(super) fn place(config: &Config) -> Result<LedgerPlace, Failure> {
    config.ledger_place().map_err(|error| Failure::Config(error.into()))
}

/// A file that a command made would belong to whoever runs the command instead of the server's user.
pub(super) fn must_be_there(place: &LedgerPlace) -> Result<(), Failure> {
    match place {
        LedgerPlace::Sqlite(path) if !path.exists() => {
            let what = format!("there is no ledger at {} yet; `quietus serve` makes it", path.display());
            Err(Failure::Ledger(anyhow::Error::msg(what)))
        }
        _ => Ok(()),
    }
}
