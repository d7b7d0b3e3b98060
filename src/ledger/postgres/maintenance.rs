//! Deleting what has served: fingerprints of erasures that ended long ago; event keys, whole months of them, and what has no
//! month of its own.

use std::time::Duration;

use super::LedgerError;
use super::expiry;
use super::tx::{Connection, NOW_MS};
use crate::ledger::expiry::{RecordKind, Round, counted};

/// Keys without a month, or fingerprints, that one round deletes.
const ROWS_MAX: i64 = 50_000;

pub(super) async fn event_keys(connection: &Connection, kept_for: Duration) -> Result<(), LedgerError> {
    let age_ms = age_ms(kept_for);
    // Apart from the dropping, and before it: where that gets no lock in time, the coming months are there all the
    // same.
    connection.maybe(&format!("SELECT FROM keep_months({NOW_MS})"), &[]).await?;
    connection.maybe(&format!("SELECT FROM drop_months({NOW_MS} - $1)"), &[&age_ms]).await?;
    let deleted = connection
        .execute(
            &format!(
                "DELETE FROM event_other WHERE (happened, source, session, kind, digest) IN (
                   SELECT happened, source, session, kind, digest FROM event_other
                   WHERE received < {NOW_MS} - $1 ORDER BY received LIMIT $2)"
            ),
            &[&age_ms, &ROWS_MAX],
        )
        .await?;
    // Of a month that was dropped, nobody has counted them.
    noted(connection, RecordKind::Events, deleted).await
}

pub(super) async fn erasure_fingerprints(
    connection: &Connection,
    kept_for: Option<Duration>,
) -> Result<(), LedgerError> {
    let Some(kept_for) = kept_for else { return Ok(()) };
    let deleted = connection
        .execute(
            &format!(
                "DELETE FROM erasure_fingerprint WHERE (fingerprint, erasure, version) IN (
                   SELECT fingerprint, erasure, version FROM erasure_fingerprint
                   WHERE ended IS NOT NULL AND ended <= {NOW_MS} - $1 ORDER BY ended LIMIT $2)"
            ),
            &[&age_ms(kept_for), &ROWS_MAX],
        )
        .await?;
    noted(connection, RecordKind::Fingerprints, deleted).await
}

async fn noted(connection: &Connection, kind: RecordKind, deleted: u64) -> Result<(), LedgerError> {
    let round = Round { deleted, is_behind: deleted == ROWS_MAX.cast_unsigned() };
    counted(kind, round);
    expiry::note(connection, kind, round, true).await
}

fn age_ms(age: Duration) -> i64 {
    i64::try_from(age.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}
