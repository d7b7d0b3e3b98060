//! What belongs to a server's process for as long as it is there, whatever its configuration becomes: keys, the ledger, and what is
//! known of it.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;

use super::ledger::{ledger_password, must_be_known};
use crate::config::Config;
use crate::key_files::{Keys, read_public_keys};
use crate::keys::SealKey;
use crate::ledger::{Ledger, LedgerPlace};
use crate::monitoring::ThisProcess;
use crate::operations::seals::Seals;
use crate::outside::{self, Known, KnownKeys, Newest, must_be_there};
use crate::plugin::{Delegated, Program};

/// What belongs to the process.
pub(super) struct Process {
    pub(super) keys: Keys,
    pub(super) ledger: Arc<dyn Ledger>,
    /// As metrics show it.
    pub(super) this: ThisProcess,
    pub(super) seal: SealKey,
    pub(super) newest: Arc<Newest>,
    /// The machine's name and the process's number there.
    pub(super) place: String,
}

impl Process {
    /// Opens the ledger, which must be the one that belongs to the keys and that is known.
    pub(super) async fn open(config: &Config, keys: Keys) -> anyhow::Result<Self> {
        // A large ledger takes its time.
        let started = Timestamp::now();
        let place = config.ledger_place()?;
        crate::operations::ledger::must_be_allowed(&place)?;
        must_be_there(&place, config.state_file().as_ref())?;
        let password = ledger_password(config, &place)?;
        let ledger = crate::operations::ledger::serve(&place, password.as_ref()).await?;
        // With another index key, nobody in the ledger would be found, and erasures would end without them; with another seal
        // key, none of them could be resolved, and all would be parked.
        keys.must_be(&ledger.key_ids(&keys.ids()).await?, &config.keys_dir())?;
        must_be_known(config, &*ledger).await?;
        let store = config.seal_store();
        let seals = Seals { ledger: &*ledger, keys: &keys, store: &store };
        let seal = seals.open().await?;
        seals.must_open(&seal).await?;
        let known = Known::new(ledger.id().await?, ledger.receipt_head().await?, KnownKeys::of(&keys));
        let newest = Newest::from(known, config.keys_dir(), read_public_keys(&config.keys_dir())?);
        let backend = match place {
            LedgerPlace::Sqlite(_) => "sqlite",
            LedgerPlace::Postgres(_) => "postgres",
        };
        let place = format!("{}/{}", outside::machine_name(), std::process::id());
        let this = ThisProcess { backend, started };
        Ok(Self { keys, ledger, this, seal, newest: Arc::new(newest), place })
    }
}

/// What becomes the children of plugins. What is delegated to the process can be divided once.
#[derive(Default)]
pub(super) struct Children(OnceLock<Program>);

impl Children {
    /// To be asked only where there is a plugin: otherwise nothing need be divided.
    pub(super) fn program(&self) -> Program {
        self.0.get_or_init(|| Program::this().divide(Delegated::take().map(Arc::new))).clone()
    }
}
