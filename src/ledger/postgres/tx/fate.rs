//! What became of a transaction whose COMMIT had no answer. The server says so by the transaction's id, also on a standby that
//! was promoted meanwhile: what was committed is not done a second time, and not taken for somebody else's.

use std::time::Duration;

use tokio::time::timeout;

use super::{Connections, LedgerError};
use crate::ledger::postgres::connection::Pauses;

/// How long a server that is away is waited for.
const ASKED_MAX: Duration = Duration::from_secs(10);

/// How a transaction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    Aborted,
}

/// Asks until the transaction with this id has ended; `None` where nobody says so in time.
pub(super) async fn of(connections: &Connections, id: &str) -> Option<Fate> {
    let asked = async {
        let mut pauses = Pauses::default();
        loop {
            match status(connections, id).await {
                Ok(Some(word)) if word == "committed" => return Some(Fate::Committed),
                Ok(Some(word)) if word == "aborted" => return Some(Fate::Aborted),
                // The server has not noticed yet that its client is gone, or is not there.
                Ok(Some(_)) | Err(LedgerError::Busy(_)) => pauses.wait().await,
                // It knows of no such transaction: it is another server than the one that was asked to commit.
                Ok(None) | Err(LedgerError::Broken(_) | LedgerError::Damaged(_)) => return None,
            }
        }
    };
    timeout(ASKED_MAX, asked).await.ok().flatten()
}

async fn status(connections: &Connections, id: &str) -> Result<Option<String>, LedgerError> {
    let row = connections.get().await?.row("SELECT pg_xact_status($1::TEXT::xid8)", &[&id]).await?;
    Ok(row.get(0))
}
