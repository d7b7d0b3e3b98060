//! When sources delivered, and how much.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;

use super::LedgerError;
use super::columns::{digest, time, unsigned};
use super::tx::{Connection, NOW_MS};
use crate::ledger::deliveries::{
    DeliveryHours, HOURS_KEPT, SEEN_MAX, SeenEvent, TakenDeliveries, ToldForm, form_kinds, last, newest_first, place,
};
use crate::subject::{SessionId, SourceName};

pub(super) async fn add(connection: &Connection, taken: &[TakenDeliveries]) -> Result<(), LedgerError> {
    let (hour, minute) = place(time(connection.row(&format!("SELECT {NOW_MS}"), &[]).await?.get(0))?);
    // In one order, as each is locked.
    let mut taken: Vec<(&str, i64)> = taken.iter().map(|one| (&*one.source.0, one.count.cast_signed())).collect();
    taken.sort_unstable();
    let (sources, counts): (Vec<&str>, Vec<i64>) = taken.into_iter().unzip();
    let add = "INSERT INTO delivery_hour (source, hour, minutes, taken)
               SELECT source, $3, $4, taken FROM unnest($1::TEXT[], $2::BIGINT[]) AS new (source, taken)
               ON CONFLICT (source, hour) DO UPDATE
               SET minutes = delivery_hour.minutes | excluded.minutes, taken = delivery_hour.taken + excluded.taken";
    connection.execute(add, &[&sources, &counts, &hour, &minute]).await?;
    let forget = "DELETE FROM delivery_hour WHERE source = ANY($1::TEXT[]) AND hour < $2";
    connection.execute(forget, &[&sources, &(hour - HOURS_KEPT)]).await?;
    Ok(())
}

pub(super) async fn last_of_all(connection: &Connection) -> Result<BTreeMap<SourceName, Timestamp>, LedgerError> {
    let sql = "SELECT DISTINCT ON (source) source, hour, minutes FROM delivery_hour ORDER BY source, hour DESC";
    let rows = connection.rows(sql, &[]).await?;
    rows.iter().map(|row| Ok((SourceName(row.get::<_, &str>(0).into()), last(row.get(1), row.get(2))?))).collect()
}

pub(super) async fn hours(connection: &Connection, source: &SourceName) -> Result<DeliveryHours, LedgerError> {
    let rows = connection.rows("SELECT hour, minutes FROM delivery_hour WHERE source = $1", &[&&*source.0]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get::<_, i64>(1).cast_unsigned())).collect())
}

/// What was taken of all of them in each hour from one on.
pub(super) async fn taken(connection: &Connection, from: i64) -> Result<Vec<(i64, u64)>, LedgerError> {
    let sql = "SELECT hour, SUM(taken)::BIGINT FROM delivery_hour WHERE hour >= $1 GROUP BY hour";
    let rows = connection.rows(sql, &[&from]).await?;
    Ok(rows.iter().map(|row| (row.get(0), unsigned(row.get(1)))).collect())
}

/// The forms that these told of in a session, within a time.
pub(super) async fn forms(
    connection: &Connection,
    sources: &[SourceName],
    session: SessionId,
    within: RangeInclusive<Timestamp>,
) -> Result<Vec<ToldForm>, LedgerError> {
    let sources: Vec<&str> = sources.iter().map(|source| &*source.0).collect();
    let sql = "SELECT event.digest, event.happened FROM event JOIN source ON source.id = event.source
               WHERE source.name = ANY($1::TEXT[]) AND event.session = $2 AND event.kind = ANY($3::BIGINT[])
                 AND event.happened BETWEEN $4 AND $5";
    let (from, to) = (within.start().as_millisecond(), within.end().as_millisecond());
    let rows = connection.rows(sql, &[&sources, &session.0, &form_kinds(), &from, &to]).await?;
    rows.iter().map(|row| Ok(ToldForm { digest: digest(row.get(0))?, time: time(row.get(1))? })).collect()
}

/// The events of these about a session, within a time.
pub(super) async fn of_session(
    connection: &Connection,
    sources: &[SourceName],
    session: SessionId,
    within: RangeInclusive<Timestamp>,
) -> Result<Vec<SeenEvent>, LedgerError> {
    let sources: Vec<&str> = sources.iter().map(|source| &*source.0).collect();
    let sql = "SELECT source.name, event.kind, event.received, event.happened FROM event JOIN source ON source.id = event.source
               WHERE source.name = ANY($1::TEXT[]) AND event.session = $2 AND event.happened BETWEEN $3 AND $4
               ORDER BY event.received DESC LIMIT $5";
    let (from, to) = (within.start().as_millisecond(), within.end().as_millisecond());
    let rows = connection.rows(sql, &[&sources, &session.0, &from, &to, &i64::from(SEEN_MAX)]).await?;
    let seen = rows.iter().map(|row| {
        let name = SourceName(row.get::<_, &str>(0).into());
        SeenEvent::of(name, row.get(1), time(row.get(2))?, time(row.get(3))?)
    });
    Ok(newest_first(seen.collect::<Result<_, _>>()?))
}
