//! What is left over from processes that died.

use rusqlite::params;

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use crate::ledger::clock::Trust;
use crate::ledger::deaths::has_died;

/// Makes suspects of what is left over from processes that died: what they held is due, and no lease of theirs is left.
pub(super) fn bury(tx: &Tx<'_>, own: i64, trust: Trust) -> Result<(), LedgerError> {
    let left_over = tx
        .prepare_cached(&format!(
            "UPDATE task SET deaths = deaths + 1, fence = fence + 1, holder = NULL
             WHERE holder IS NOT NULL AND parked = 0 AND due <= ?2 AND due - began <= ?3 AND {}",
            has_died("?1", "?2")
        ))?
        .execute(params![own, Millis(tx.now), trust.leases_ms()])?;
    if left_over > 0 {
        tracing::warn!(left_over, "a server has died; what it was doing is done one after the other");
    }
    Ok(())
}
