//! Deleting event keys that have served: whole months, and what has no month of its own.

use std::time::Duration;

use super::LedgerError;
use super::tx::{Connection, NOW_MS};

/// Keys without a month that one round deletes.
const KEYS_MAX: i64 = 50_000;

pub(super) async fn event_keys(connection: &Connection, duplicates_for: Duration) -> Result<(), LedgerError> {
    let age_ms = i64::try_from(duplicates_for.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    connection.maybe(&format!("SELECT FROM keep_months({NOW_MS})"), &[]).await?;
    connection.maybe(&format!("SELECT FROM drop_months({NOW_MS} - $1)"), &[&age_ms]).await?;
    connection
        .execute(
            &format!(
                "DELETE FROM event_other WHERE (happened, source, session, kind, digest) IN (
                   SELECT happened, source, session, kind, digest FROM event_other
                   WHERE received < {NOW_MS} - $1 ORDER BY received LIMIT $2)"
            ),
            &[&age_ms, &KEYS_MAX],
        )
        .await?;
    Ok(())
}
