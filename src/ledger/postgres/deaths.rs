//! What is left over from processes that died.

use jiff::Timestamp;

use super::LedgerError;
use super::columns::millis;
use super::tx::Tx;
use crate::ledger::clock::Trust;
use crate::ledger::deaths::has_died;

/// Makes suspects of what is left over from processes that died: what they held is due, and no lease of theirs is left.
pub(super) async fn bury(tx: &Tx, own: i64, now: Timestamp, trust: Trust) -> Result<(), LedgerError> {
    let left_over = tx
        .execute(
            &format!(
                "UPDATE task SET deaths = deaths + 1, fence = fence + 1, holder = NULL
                 WHERE id IN (SELECT id FROM task WHERE holder IS NOT NULL AND NOT parked AND due <= $2 AND due - began <= $3 AND {}
                              FOR UPDATE SKIP LOCKED)",
                has_died("$1", "$2")
            ),
            &[&own, &millis(now), &trust.leases_ms()],
        )
        .await?;
    if left_over > 0 {
        tracing::warn!(left_over, "a server has died; what it was doing is done one after the other");
    }
    Ok(())
}
