//! The ledger itself: its schema, and moving it from one backend to the other. No server may work on it meanwhile, so
//! these need no [`super::Operations`], only to be told where it is.

pub(crate) mod check;

use std::path::Path;
use std::sync::Arc;

use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::key_files::read_public_keys;
use crate::keys::Secret;
use crate::ledger::copy::{Copied, CopyError, CopyProgress, Rows};
use crate::ledger::postgres::{self, PostgresLedger, PostgresRows};
use crate::ledger::sqlite::{self, SqliteLedger, SqliteRows};
use crate::ledger::{Ledger, LedgerPlace, Migrated, OpenError};

/// Refuses a ledger whose file is not there: one that a command made would belong to the user who runs the command
/// instead of the server's.
pub(crate) fn must_be_there(place: &LedgerPlace) -> Result<(), OperationError> {
    must_be_allowed(place)?;
    match place {
        LedgerPlace::Sqlite(path) if !path.exists() => {
            let shown = path.display();
            if let Some(what) = sqlite::noted_damage(path) {
                let advice = "bring it back, or restore a backup";
                return Err(OpenError::Damaged { ledger: shown.to_string(), what, advice }.into());
            }
            Err(OperationError::Ledger(anyhow::anyhow!(
                "there is no ledger at {shown} yet; a server makes it at its first start"
            )))
        }
        _ => Ok(()),
    }
}

/// Refuses a ledger whose files the account of this process may not use: none of them is missing for that.
pub(crate) fn must_be_allowed(place: &LedgerPlace) -> Result<(), OpenError> {
    match place {
        LedgerPlace::Sqlite(path) => sqlite::must_be_allowed(path),
        LedgerPlace::Postgres(_) => Ok(()),
    }
}

/// Opens a ledger to work with.
pub(crate) async fn open(place: &LedgerPlace, password: Option<&Secret>) -> Result<Arc<dyn Ledger>, OpenError> {
    Ok(match place {
        LedgerPlace::Sqlite(path) => SqliteLedger::open(path)?,
        LedgerPlace::Postgres(place) => PostgresLedger::open(place, password).await?,
    })
}

/// Opens a ledger to serve it: one in SQLite has one server.
pub(crate) async fn serve(place: &LedgerPlace, password: Option<&Secret>) -> Result<Arc<dyn Ledger>, OpenError> {
    match place {
        LedgerPlace::Sqlite(path) => Ok(SqliteLedger::serve(path)?),
        LedgerPlace::Postgres(place) => Ok(PostgresLedger::serve(place, password).await?),
    }
}

/// Whether something can be written now, and whether the ledger and the keys belong together.
pub(crate) async fn try_out(on: &Operations) -> Result<(), OperationError> {
    on.ledger.writable().await?;
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    on.seals(&keys).must_open(&seal).await
}

/// Brings the schema up to date; in PostgreSQL as its owner, who is the user of the URL unless another is named. It is
/// written down afterwards: before, there may be no audit in which it could be.
pub(crate) async fn migrate(
    mut place: LedgerPlace,
    owner: Option<String>,
    password: Option<&Secret>,
    by: &Actor,
) -> Result<Migrated, OperationError> {
    must_be_there(&place)?;
    if let LedgerPlace::Postgres(place) = &mut place {
        place.user = owner;
    }
    let migrated = match &place {
        LedgerPlace::Sqlite(path) => sqlite::migrate_file(path)?,
        LedgerPlace::Postgres(place) => postgres::migrate(place, password).await?,
    };
    let Migrated { from, to } = migrated;
    let result = ActResult::when(from != to);
    let entry = AuditEntry::new(by, Act::MigrateLedger, Object::ledger(), result);
    note_end(&place, password, entry.with("from", from as u64).with("to", to as u64)).await;
    Ok(migrated)
}

/// Copies a ledger into another, empty one, and verifies the receipts in it under the deployment's public keys; goes on
/// where it was interrupted. `tell` is told how far it is.
pub(crate) async fn copy(
    from: &LedgerPlace,
    to: &LedgerPlace,
    password: Option<&Secret>,
    keys_dir: &Path,
    by: &Actor,
    tell: &dyn Fn(CopyProgress),
) -> Result<Copied, OperationError> {
    // Read first: without it, the copied receipts could not be verified in the end.
    let public_keys = read_public_keys(keys_dir)?;
    must_be_there(from)?;
    note(from, password, AuditEntry::new(by, Act::CopyLedger, Object::ledger(), ActResult::Begun)).await?;
    let copied = async {
        let from = rows(from, password).await?;
        let to = rows(to, password).await?;
        Ok(crate::ledger::copy::copy(&*from, &*to, &public_keys, tell).await?)
    }
    .await;
    // A ledger that was copied is retired, so the end is written where the work goes on.
    let (ledger, result) = if copied.is_ok() { (to, ActResult::Done) } else { (from, ActResult::Failed) };
    note_end(ledger, password, AuditEntry::new(by, Act::CopyLedger, Object::ledger(), result)).await;
    copied
}

/// Writes down an act's result. It is over by then, so a ledger that is away now is only told of.
async fn note_end(place: &LedgerPlace, password: Option<&Secret>, entry: AuditEntry) {
    let act = entry.act;
    if let Err(error) = note(place, password, entry).await {
        let error = anyhow::Error::from(error);
        tracing::warn!(act = act.as_str(), error = format!("{error:#}"), "the end of an act is missing in the audit");
    }
}

/// Writes down an act in the ledger's audit. A ledger with an unfinished copy is opened by nobody; what is not finished is
/// already written there as begun.
async fn note(place: &LedgerPlace, password: Option<&Secret>, entry: AuditEntry) -> Result<(), OperationError> {
    let ledger = match open(place, password).await {
        Ok(ledger) => ledger,
        Err(OpenError::Moved { .. } | OpenError::Unfinished { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let noted = ledger.note(entry).await;
    ledger.shutdown().await;
    Ok(noted?)
}

/// Whether a ledger that is to be reopened was retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reopened {
    /// It was copied, and is used in place of its copy from here on.
    Retired,
    /// It could be used all the time.
    InUse,
}

/// Lets a ledger that was copied be used again, in place of the copy.
pub(crate) async fn reopen(
    place: &LedgerPlace,
    password: Option<&Secret>,
    by: &Actor,
) -> Result<Reopened, OperationError> {
    must_be_there(place)?;
    let was = {
        let rows = rows(place, password).await?;
        let was = if rows.retired().await?.is_some() { Reopened::Retired } else { Reopened::InUse };
        rows.set_retired(None).await?;
        was
    };
    let result = ActResult::when(was == Reopened::Retired);
    note_end(place, password, AuditEntry::new(by, Act::ReopenLedger, Object::ledger(), result)).await;
    Ok(was)
}

async fn rows(place: &LedgerPlace, password: Option<&Secret>) -> Result<Box<dyn Rows>, OperationError> {
    Ok(match place {
        LedgerPlace::Sqlite(path) => Box::new(SqliteRows::open(path)?),
        LedgerPlace::Postgres(place) => Box::new(PostgresRows::open(place, password).await?),
    })
}

impl From<OpenError> for OperationError {
    fn from(error: OpenError) -> Self {
        Self::Ledger(error.into())
    }
}

impl From<CopyError> for OperationError {
    fn from(error: CopyError) -> Self {
        Self::Ledger(error.into())
    }
}
