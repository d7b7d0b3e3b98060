//! The state of an erasure, and the keys of those that wait: what is locked and written before an erasure changes.

use super::LedgerError;
use super::columns::word;
use super::tx::Tx;
use crate::erasure::{ErasureId, ErasureState};

/// Locks the erasure: other transactions that write to it wait for this one's end. Returns its state, if it is there.
pub(super) async fn lock(tx: &Tx, id: ErasureId) -> Result<Option<ErasureState>, LedgerError> {
    let row = tx.maybe("SELECT state FROM erasure WHERE id = $1 FOR UPDATE", &[&id.0.as_slice()]).await?;
    row.map(|row| word(row.get(0))).transpose()
}

/// Writes the state of an erasure, which is locked, and counts it.
pub(super) async fn set_state(
    tx: &mut Tx,
    id: ErasureId,
    from: ErasureState,
    to: ErasureState,
) -> Result<(), LedgerError> {
    if from == to {
        return Ok(());
    }
    tx.execute("UPDATE erasure SET state = $2 WHERE id = $1", &[&id.0.as_slice(), &to.as_str()]).await?;
    tx.tally.leaves(from);
    tx.tally.enters(to);
    Ok(())
}

/// The same may be asked for anew from here on.
pub(super) async fn no_longer_waiting(tx: &Tx, id: ErasureId) -> Result<(), LedgerError> {
    // By the key, which may have become another's since the erasure was read.
    tx.execute(
        "DELETE FROM waiting WHERE merge_key = (SELECT merge_key FROM erasure WHERE id = $1) AND erasure = $1",
        &[&id.0.as_slice()],
    )
    .await?;
    Ok(())
}
