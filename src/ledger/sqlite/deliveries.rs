//! When sources delivered, and how much.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use super::LedgerError;
use super::columns::Millis;
use super::job::Tx;
use super::names::Names;
use crate::ledger::deliveries::{
    DeliveryHours, HOURS_KEPT, SEEN_MAX, SeenEvent, TakenDeliveries, ToldForm, form_kinds, last, newest_first, place,
};
use crate::subject::{SessionId, SourceName};

pub(super) fn add(tx: &Tx<'_>, taken: &[TakenDeliveries]) -> Result<(), LedgerError> {
    let (hour, minute) = place(tx.now);
    let mut add = tx.prepare_cached(
        "INSERT INTO delivery_hour (source, hour, minutes, taken) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (source, hour) DO UPDATE SET minutes = minutes | excluded.minutes, taken = taken + excluded.taken",
    )?;
    let mut forget = tx.prepare_cached("DELETE FROM delivery_hour WHERE source = ?1 AND hour < ?2")?;
    for TakenDeliveries { source: SourceName(source), count } in taken {
        add.execute(params![source, hour, minute, count.cast_signed()])?;
        forget.execute(params![source, hour - HOURS_KEPT])?;
    }
    Ok(())
}

pub(super) fn last_of_all(connection: &Connection) -> Result<BTreeMap<SourceName, Timestamp>, LedgerError> {
    // Where the greatest is asked for, SQLite takes the other columns from its row.
    let mut statement =
        connection.prepare_cached("SELECT source, MAX(hour), minutes FROM delivery_hour GROUP BY source")?;
    let mut rows = statement.query([])?;
    let mut all = BTreeMap::new();
    while let Some(row) = rows.next()? {
        all.insert(SourceName(row.get(0)?), last(row.get(1)?, row.get(2)?)?);
    }
    Ok(all)
}

pub(super) fn hours(connection: &Connection, source: &SourceName) -> Result<DeliveryHours, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT hour, minutes FROM delivery_hour WHERE source = ?1")?;
    let hours = statement.query_map([&source.0], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
    Ok(hours.collect::<Result<_, _>>()?)
}

/// What was taken of all of them in each hour from one on.
pub(super) fn taken(connection: &Connection, from: i64) -> Result<Vec<(i64, u64)>, LedgerError> {
    let sql = "SELECT hour, SUM(taken) FROM delivery_hour WHERE hour >= ?1 GROUP BY hour";
    let mut statement = connection.prepare_cached(sql)?;
    let hours = statement.query_map([from], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(hours.collect::<Result<_, _>>()?)
}

/// The forms that these told of in a session, within a time.
pub(super) fn forms(
    connection: &Connection,
    sources: &[SourceName],
    session: SessionId,
    within: RangeInclusive<Timestamp>,
) -> Result<Vec<ToldForm>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT digest, happened FROM event
         WHERE source = ?1 AND session = ?2 AND kind = ?3 AND happened BETWEEN ?4 AND ?5",
    )?;
    let mut all = Vec::new();
    for SourceName(source) in sources {
        let Some(source) = Names::Source.known(connection, source)? else { continue };
        for kind in form_kinds() {
            let within = params![source, session.0, kind, Millis(*within.start()), Millis(*within.end())];
            let found = statement.query_map(within, |row| Ok((row.get(0)?, row.get::<_, Millis>(1)?.0)))?;
            for row in found {
                let (digest, time) = row?;
                all.push(ToldForm { digest, time });
            }
        }
    }
    Ok(all)
}

/// The events of these about a session, within a time.
pub(super) fn of_session(
    connection: &Connection,
    sources: &[SourceName],
    session: SessionId,
    within: RangeInclusive<Timestamp>,
) -> Result<Vec<SeenEvent>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT kind, received, happened FROM event
         WHERE source = ?1 AND session = ?2 AND happened BETWEEN ?3 AND ?4 ORDER BY received DESC LIMIT ?5",
    )?;
    let mut all = Vec::new();
    for name in sources {
        let Some(source) = Names::Source.known(connection, &name.0)? else { continue };
        let (from, to) = (Millis(*within.start()), Millis(*within.end()));
        let mut rows = statement.query(params![source, session.0, from, to, SEEN_MAX])?;
        while let Some(row) = rows.next()? {
            let (Millis(received), Millis(happened)) = (row.get(1)?, row.get(2)?);
            all.push(SeenEvent::of(name.clone(), row.get(0)?, received, happened)?);
        }
    }
    Ok(newest_first(all))
}
