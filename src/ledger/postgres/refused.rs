//! How many deliveries were refused.

use super::tx::{Connection, NOW_MS};
use super::{LedgerError, REFUSED_KEPT_S, RefusedDeliveries};

pub(super) async fn add(connection: &Connection, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
    // In one order, as each is locked.
    let mut refused: Vec<_> =
        refused.iter().map(|one| (one.source.as_ref().map_or("", |source| &*source.0), one)).collect();
    refused.sort_by_key(|(source, _)| *source);
    let sources: Vec<_> = refused.iter().map(|(source, _)| *source).collect();
    let counts: Vec<_> = refused.iter().map(|(_, one)| i64::try_from(one.count).unwrap_or(i64::MAX)).collect();
    connection
        .execute(
            &format!(
                "INSERT INTO refused (source, count, since, last)
                 SELECT source, count, {NOW_MS}, {NOW_MS} FROM unnest($1::TEXT[], $2::BIGINT[]) AS new (source, count)
                 ON CONFLICT (source) DO UPDATE SET count = refused.count + excluded.count, last = excluded.last"
            ),
            &[&sources, &counts],
        )
        .await?;
    Ok(())
}

pub(super) async fn forget_old(connection: &Connection) -> Result<(), LedgerError> {
    let after_ms = REFUSED_KEPT_S * 1_000;
    connection.execute(&format!("DELETE FROM refused WHERE last < {NOW_MS} - $1"), &[&after_ms]).await?;
    Ok(())
}
