//! The ledger that a configuration names: how it is reached, and whether it is the one that is known.

use std::sync::Arc;

use anyhow::Context as _;

use crate::config::Config;
use crate::key_files::read_public_keys;
use crate::keys::{Secret, SecretError};
use crate::ledger::{Ledger, LedgerPlace};
use crate::outside::{StateFile, compare};

/// Opens a ledger; one in PostgreSQL is reached with the configuration's password.
pub(crate) async fn open_ledger(config: &Config, place: &LedgerPlace) -> anyhow::Result<Arc<dyn Ledger>> {
    let password = ledger_password(config, place)?;
    Ok(crate::operations::ledger::open(place, password.as_ref()).await?)
}

/// Read only where it is needed.
pub(super) fn ledger_password(config: &Config, place: &LedgerPlace) -> Result<Option<Secret>, SecretError> {
    match place {
        LedgerPlace::Sqlite(_) => Ok(None),
        LedgerPlace::Postgres(_) => config.ledger_password(),
    }
}

/// Refuses a ledger that is older than it was, or another one.
pub(crate) async fn must_be_known(config: &Config, ledger: &dyn Ledger) -> anyhow::Result<()> {
    let state = config.state_file();
    let known = state.as_ref().map_or(Ok(None), StateFile::read)?;
    let compared = compare(known.as_ref(), ledger, &read_public_keys(&config.keys_dir())?).await?;
    let remembered = state.map(|state| format!("what is known stands in {}", state.path().display()));
    compared.with_context(|| remembered.unwrap_or_else(|| "the ledger is refused".to_owned()))
}
