//! What was seen of the ledger's clock, and the pauses that move with it.

use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::columns::{Json, Millis};
use super::job::Tx;
use super::{ClockView, LedgerError, deaths};
use crate::attention::ClockDoubt;
use crate::clock::{BootTime, boot_id};
use crate::ledger::clock::{Anchor, ClockSeen, Looked, Trust};

/// What may be done by the clock now.
pub(super) fn trust(tx: &Tx<'_>) -> Result<Trust, LedgerError> {
    let anchor = anchor(tx)?;
    Ok(seen(tx)?.trust(anchor.as_ref(), &tx.look, boot_id()))
}

/// Looks at the clock and writes down what was seen; and what is left over from processes that died, by it.
pub(super) fn watch(tx: &Tx<'_>, jump_max: Duration, own: i64) -> Result<Option<ClockDoubt>, LedgerError> {
    let anchor = anchor(tx)?;
    let Looked { seen, anchor, put_back } = seen(tx)?.after(anchor.as_ref(), &tx.look, boot_id(), jump_max);
    if put_back {
        begin_pauses_anew(tx)?;
    }
    write(tx, &seen)?;
    tx.prepare_cached("REPLACE INTO clock_anchor (boot, seen, at_ms, steady_since_ms) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![boot_id(), Millis(anchor.seen), anchor.at.as_millis(), anchor.steady_since.as_millis()])?;
    // The file is on one machine, so that an earlier start of it is over.
    tx.prepare_cached("DELETE FROM clock_anchor WHERE boot <> ?1")?.execute([boot_id()])?;
    deaths::bury(tx, own, seen.trust(Some(&anchor), &tx.look, boot_id()))?;
    Ok(seen.doubt.map(|kept| kept.doubt))
}

/// Believes the clock as it is now.
pub(super) fn accept(tx: &Tx<'_>) -> Result<Option<ClockDoubt>, LedgerError> {
    let seen = seen(tx)?;
    let doubt = seen.doubt.as_ref().map(|kept| kept.doubt.clone());
    if doubt.is_some() {
        write(tx, &seen.accepted(tx.now))?;
        tx.execute("DELETE FROM clock_anchor", [])?;
    }
    Ok(doubt)
}

pub(super) fn view(connection: &Connection, now: Timestamp) -> Result<ClockView, LedgerError> {
    let ClockSeen { latest, doubt, .. } = seen(connection)?;
    Ok(ClockView { now, latest, doubt: doubt.map(|kept| kept.doubt) })
}

pub(super) fn doubt(connection: &Connection) -> Result<Option<ClockDoubt>, LedgerError> {
    Ok(seen(connection)?.doubt.map(|kept| kept.doubt))
}

fn seen(connection: &Connection) -> Result<ClockSeen, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT latest, looked, doubt, jump_max_ms FROM clock_seen")?;
    let seen = statement.query_row([], |row| {
        let latest: Option<Millis> = row.get(0)?;
        let looked: Option<Millis> = row.get(1)?;
        let doubt: Option<Json<_>> = row.get(2)?;
        Ok(ClockSeen {
            latest: latest.map(|latest| latest.0),
            looked: looked.map(|looked| looked.0),
            doubt: doubt.map(|doubt| doubt.0),
            jump_max: Duration::from_millis(row.get::<_, i64>(3)?.unsigned_abs()),
        })
    });
    Ok(seen.optional()?.unwrap_or_default())
}

fn write(tx: &Tx<'_>, seen: &ClockSeen) -> Result<(), LedgerError> {
    tx.prepare_cached("REPLACE INTO clock_seen (one, latest, looked, doubt, jump_max_ms) VALUES (1, ?1, ?2, ?3, ?4)")?
        .execute(params![
            seen.latest.map(Millis),
            seen.looked.map(Millis),
            seen.doubt.as_ref().map(Json),
            i64::try_from(seen.jump_max.as_millis()).unwrap_or(i64::MAX),
        ])?;
    Ok(())
}

fn anchor(tx: &Tx<'_>) -> Result<Option<Anchor>, LedgerError> {
    let mut statement = tx.prepare_cached("SELECT seen, at_ms, steady_since_ms FROM clock_anchor WHERE boot = ?1")?;
    let anchor = statement.query_row([boot_id()], |row| {
        let Millis(seen) = row.get(0)?;
        let (at, steady_since) = (BootTime::from_millis(row.get(1)?), BootTime::from_millis(row.get(2)?));
        Ok(Anchor { seen, at, steady_since })
    });
    Ok(anchor.optional()?)
}

/// Pauses and leases that began in what is the future, as the clock was put back, begin anew: each lasts as long as it was to
/// last, and no longer.
fn begin_pauses_anew(tx: &Tx<'_>) -> Result<(), LedgerError> {
    for sql in [
        "UPDATE task SET due = due - (began - ?1), began = ?1 WHERE began > ?1",
        "UPDATE target SET until = until - (began - ?1), began = ?1 WHERE began > ?1",
        "UPDATE pace SET next_call_us = next_call_us - (began - ?1) * 1000, began = ?1 WHERE began > ?1",
    ] {
        tx.execute(sql, [Millis(tx.now)])?;
    }
    Ok(())
}
