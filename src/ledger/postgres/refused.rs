//! How many deliveries were refused.

use super::tx::{Connection, NOW_MS};
use super::{LedgerError, REFUSED_KEPT_S, RefusedDeliveries};

pub(super) async fn add(connection: &Connection, refused: &[RefusedDeliveries]) -> Result<(), LedgerError> {
    // In one order, as each is locked.
    let mut refused: Vec<_> = refused.iter().map(|one| (one.of.columns(), one.count)).collect();
    refused.sort_unstable();
    let sources: Vec<_> = refused.iter().map(|((source, _), _)| *source).collect();
    let astray: Vec<_> = refused.iter().map(|((_, astray), _)| *astray).collect();
    let counts: Vec<_> = refused.iter().map(|(_, count)| i64::try_from(*count).unwrap_or(i64::MAX)).collect();
    connection
        .execute(
            &format!(
                "INSERT INTO refused (source, astray, count, since, last)
                 SELECT source, astray, count, {NOW_MS}, {NOW_MS}
                 FROM unnest($1::TEXT[], $2::BOOLEAN[], $3::BIGINT[]) AS new (source, astray, count)
                 ON CONFLICT (source, astray) DO UPDATE SET count = refused.count + excluded.count, last = excluded.last"
            ),
            &[&sources, &astray, &counts],
        )
        .await?;
    Ok(())
}

pub(super) async fn forget_old(connection: &Connection) -> Result<(), LedgerError> {
    let after_ms = REFUSED_KEPT_S * 1_000;
    connection.execute(&format!("DELETE FROM refused WHERE last < {NOW_MS} - $1"), &[&after_ms]).await?;
    Ok(())
}
