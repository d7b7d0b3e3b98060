//! Deleting event keys that have served: whole months of them. What has no month of its own goes row by row (`expiry`).

use std::time::Duration;

use tracing::warn;

use super::LedgerError;
use super::tx::{Connection, NOW_MS};

pub(super) async fn event_months(connection: &Connection, kept_for: Duration) -> Result<(), LedgerError> {
    let age_ms = i64::try_from(kept_for.as_millis()).unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    // Apart from the dropping, and before it: where that gets no lock in time, the coming months are there all the
    // same.
    connection.maybe(&format!("SELECT FROM keep_months({NOW_MS})"), &[]).await?;
    // Of a month that was dropped, nobody has counted the keys.
    let refused = connection.rows(&format!("SELECT drop_months({NOW_MS} - $1)"), &[&age_ms]).await?;
    for month in refused {
        let month: &str = month.get(0);
        warn!(month, "the database refuses to drop a month of event keys whose time is over; something depends on it");
    }
    Ok(())
}
