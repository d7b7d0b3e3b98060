//! What most commands work on: the configuration, and the ledger beside a running server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Global;
use super::exit::Failure;
use crate::app;
use crate::audit::Actor;
use crate::config::{Config, Keys, KeysError};
use crate::ledger::{Ledger, LedgerPlace};
use crate::subject::{InstallationName, SessionKey};

/// The places where a configuration is looked for when none is named.
const PLACES: [&str; 2] = ["quietus.toml", "/etc/quietus/quietus.toml"];

/// An installation, opened.
pub(super) struct Deployment {
    pub(super) config: Config,
    pub(super) ledger: Arc<dyn Ledger>,
    /// Who works on it.
    pub(super) by: Actor,
}

impl Deployment {
    pub(super) async fn open(global: &Global) -> Result<Self, Failure> {
        let config = load(global)?;
        let place = place(&config)?;
        must_be_there(&place)?;
        let ledger = app::open_ledger(&config, &place).await?;
        Ok(Self { config, ledger, by: Actor::cli(&account()) })
    }

    /// The keys, which must be the ones that the ledger was made with.
    pub(super) async fn keys(&self) -> Result<Keys, Failure> {
        let keys = Keys::load(&self.config.keys_dir())?;
        if self.ledger.belongs_to(keys.index.check_value()).await? {
            return Ok(keys);
        }
        Err(KeysError::OfAnotherLedger(self.config.keys_dir()).into())
    }

    /// The mluvii installation of this name, or that of the source of this name.
    pub(super) fn named(&self, name: &str) -> Result<InstallationName, Failure> {
        let known = self.config.mluvii.iter().map(|settings| &settings.name).find(|known| *known.0 == *name);
        let of_source = || self.config.sources.iter().find(|source| source.name == name)?.mluvii.as_ref();
        known.or_else(of_source).cloned().ok_or_else(|| {
            Failure::Usage(format!(
                "there is no mluvii installation `{name}`, nor a source; there are: {}",
                self.installations()
            ))
        })
    }

    /// The session that is written as `installation/id`, or with the name of a source.
    pub(super) fn session_key(&self, text: &str) -> Result<SessionKey, Failure> {
        let key: SessionKey = text.parse().map_err(|what: &str| Failure::Usage(what.into()))?;
        Ok(SessionKey { installation: self.named(&key.installation.0)?, ..key })
    }

    /// The names of the mluvii installations, to be shown.
    pub(super) fn installations(&self) -> String {
        self.config.mluvii.iter().map(|settings| settings.name.to_string()).collect::<Vec<_>>().join(", ")
    }
}

/// The name of the account that runs the command, or its number where it has no name. Not of the environment, which says
/// whatever somebody wants.
fn account() -> String {
    let number = rustix::process::getuid().as_raw().to_string();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = accounts.lines().find_map(|line| {
        let mut parts = line.split(':');
        let name = parts.next()?;
        (parts.nth(1)? == number).then(|| name.to_owned())
    });
    named.unwrap_or(number)
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
