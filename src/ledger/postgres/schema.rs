//! Migrations: applied by `quietus migrate` with the owner's rights, and checked by everyone else.

use tokio_postgres::Client;

use super::connector::Connector;
use super::session::SCHEMA;
use super::tx::NOW_MS;
use super::{PostgresPlace, connection, failure};
use crate::keys::Secret;
use crate::ledger::{Migrated, OpenError, UNRELEASED, migrations};

/// Only ever appended to once there is a release. Those applied stand in the table `migration`, numbered from [`UNRELEASED`]
/// on. Each leaves the schema such that the version before goes on working with it (expand first; contract in a later
/// version).
pub(super) const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_ledger.sql")];

/// The number of this program's schema.
pub(super) const KNOWN: usize = UNRELEASED + MIGRATIONS.len();

/// So that several processes that migrate at once do it one after the other.
const LOCK: i64 = 0x7175_6965_7475_7331;

/// Applies what is missing, all of it or nothing.
pub(crate) async fn migrate(place: &PostgresPlace, password: Option<&Secret>) -> Result<Migrated, OpenError> {
    let failed = |source| OpenError::Failed { ledger: place.shown(), source };
    let connector = Connector::new(place, password).map_err(failed)?;
    let client = connection::open_first(&connector).await.map_err(failed)?;
    let found = apply(&client).await.map_err(|error| failed(error.into_cause()))?;
    if let Some(refused) = misfit(found, place) {
        return Err(refused);
    }
    check(&client, place).await?;
    Ok(Migrated { from: found, to: KNOWN })
}

/// Why a schema is neither this program's nor one that it could bring up to date.
fn misfit(found: usize, place: &PostgresPlace) -> Option<OpenError> {
    match found {
        1..=UNRELEASED => Some(OpenError::Unreleased { ledger: place.shown(), found, known: KNOWN }),
        _ if found > KNOWN => Some(OpenError::Newer { ledger: place.shown(), found, known: KNOWN }),
        _ => None,
    }
}

/// Returns the number that was found before. Of a schema that does not fit nothing is changed.
async fn apply(client: &Client) -> Result<usize, crate::ledger::LedgerError> {
    // A migration may take as long as it takes.
    client.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0; BEGIN").await?;
    client.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let found = found(client).await?;
    if found.is_none() {
        // An owner who was given the schema may not be allowed to make one.
        if client.query_one("SELECT to_regnamespace($1) IS NULL", &[&SCHEMA]).await?.get(0) {
            client.batch_execute(&format!("CREATE SCHEMA {SCHEMA}")).await?;
        }
        client
            .batch_execute(
                "CREATE TABLE migration (number BIGINT PRIMARY KEY, applied TIMESTAMPTZ NOT NULL, program TEXT NOT NULL,
                                         checksum TEXT)",
            )
            .await?;
    }
    let found = found.unwrap_or(0);
    let misfits = found > KNOWN || (1..=UNRELEASED).contains(&found);
    if misfits || altered(client).await?.is_some() {
        client.batch_execute("ROLLBACK").await?;
        return Ok(found);
    }
    for (index, sql) in MIGRATIONS.iter().enumerate().skip(found.saturating_sub(UNRELEASED)) {
        client.batch_execute(sql).await?;
        client
            .execute(
                "INSERT INTO migration (number, applied, program, checksum) VALUES ($1, now(), $2, $3)",
                &[&((UNRELEASED + index) as i64 + 1), &env!("CARGO_PKG_VERSION"), &migrations::checksum(sql)],
            )
            .await?;
    }
    client.execute(&format!("SELECT keep_months({NOW_MS})"), &[]).await?;
    client.batch_execute("COMMIT").await?;
    Ok(found)
}

/// The number of the last migration that was applied; `None` when none ever was.
async fn found(client: &Client) -> Result<Option<usize>, crate::ledger::LedgerError> {
    let there = client.query_one("SELECT to_regclass($1) IS NOT NULL", &[&format!("{SCHEMA}.migration")]).await?;
    if !there.get::<_, bool>(0) {
        return Ok(None);
    }
    let number: i64 = client.query_one("SELECT COALESCE(MAX(number), 0) FROM migration", &[]).await?.get(0);
    Ok(Some(usize::try_from(number).unwrap_or(usize::MAX)))
}

/// Refuses a ledger into which a copy was begun and not finished, and one that was copied.
pub(super) async fn check_whole(client: &Client, place: &PostgresPlace) -> Result<(), OpenError> {
    let failed = |error| OpenError::Failed { ledger: place.shown(), source: failure::told(error) };
    let row = client
        .query_one(
            "SELECT EXISTS (SELECT FROM meta WHERE name = 'copy'), EXISTS (SELECT FROM meta WHERE name = 'retired')",
            &[],
        )
        .await
        .map_err(failed)?;
    match (row.get(0), row.get(1)) {
        (true, _) => Err(OpenError::Unfinished { ledger: place.shown() }),
        (_, true) => Err(OpenError::Moved { ledger: place.shown() }),
        (false, false) => Ok(()),
    }
}

/// Refuses a schema that is not the one that this program knows.
pub(super) async fn check(client: &Client, place: &PostgresPlace) -> Result<(), OpenError> {
    let failed = |source| OpenError::Failed { ledger: place.shown(), source };
    let found = found(client).await.map_err(|error| failed(error.into_cause()))?.unwrap_or(0);
    match misfit(found, place) {
        Some(refused) => return Err(refused),
        None if found == 0 => return Err(OpenError::Pending { ledger: place.shown(), found, known: KNOWN }),
        None => {}
    }
    match altered(client).await.map_err(|error| failed(failure::told(error)))? {
        Some(number) => Err(OpenError::Altered { ledger: place.shown(), number }),
        None if found < KNOWN => Err(OpenError::Pending { ledger: place.shown(), found, known: KNOWN }),
        None => Ok(()),
    }
}

/// The number of a migration that is not the one of this program, if there is one.
async fn altered(client: &Client) -> Result<Option<usize>, tokio_postgres::Error> {
    let rows = client.query("SELECT number, checksum FROM migration ORDER BY number", &[]).await?;
    let applied: Vec<_> =
        rows.iter().map(|row| (usize::try_from(row.get::<_, i64>(0)).unwrap_or(usize::MAX), row.get(1))).collect();
    Ok(migrations::altered(&applied, MIGRATIONS))
}
