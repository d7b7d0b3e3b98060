//! What was seen of the ledger's clock, which is the database's, and the pauses that move with it.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{json, maybe_millis, maybe_time, millis, of_json, time};
use super::tx::{Connection, NOW_MS, Tx};
use super::{ClockView, LedgerError, deaths};
use crate::attention::ClockDoubt;
use crate::clock::{BootTime, boot_id};
use crate::ledger::clock::{Anchor, ClockSeen, Look, Looked, Trust};

/// Anchors of machines that nobody has looked from for so long are deleted.
const ANCHORS_KEPT: Duration = Duration::from_secs(30 * 86_400);

/// The columns of [`Known`], of one row whether or not anybody has looked.
pub(super) const KNOWN: &str = "clock_seen.latest, clock_seen.looked, clock_seen.doubt, clock_seen.jump_max_ms, \
                                clock_anchor.seen, clock_anchor.at_ms, clock_anchor.steady_since_ms";

/// Where they come from; `$1` is the start of this machine.
pub(super) const FROM_KNOWN: &str =
    "FROM (SELECT 1) AS always LEFT JOIN clock_seen ON TRUE LEFT JOIN clock_anchor ON clock_anchor.boot = $1";

/// What was seen of the clock, and from this machine.
pub(super) struct Known {
    seen: ClockSeen,
    anchor: Option<Anchor>,
}

impl Known {
    /// From a row that begins with [`KNOWN`].
    pub(super) fn read(row: &Row) -> Result<Self, LedgerError> {
        let anchor = match (maybe_time(row.get(4))?, row.get(5), row.get(6)) {
            (Some(seen), Some(at), Some(since)) => {
                let (at, steady_since) = (BootTime::from_millis(at), BootTime::from_millis(since));
                Some(Anchor { seen, at, steady_since })
            }
            _ => None,
        };
        Ok(Self { seen: seen(row)?, anchor })
    }

    /// What may be done by the clock now.
    pub(super) fn trust(&self, look: &Look) -> Trust {
        self.seen.trust(self.anchor.as_ref(), look, boot_id())
    }
}

/// The first columns of [`KNOWN`].
fn seen(row: &Row) -> Result<ClockSeen, LedgerError> {
    let doubt: Option<&str> = row.get(2);
    let Some(jump_max_ms) = row.get::<_, Option<i64>>(3) else { return Ok(ClockSeen::default()) };
    Ok(ClockSeen {
        latest: maybe_time(row.get(0))?,
        looked: maybe_time(row.get(1))?,
        doubt: doubt.map(|doubt| of_json(doubt.as_bytes())).transpose()?,
        jump_max: Duration::from_millis(jump_max_ms.unsigned_abs()),
    })
}

/// What may be done by the clock now.
pub(super) async fn trust(tx: &Tx) -> Result<Trust, LedgerError> {
    let row = tx.row(&format!("SELECT {KNOWN} {FROM_KNOWN}"), &[&boot_id()]).await?;
    Ok(Known::read(&row)?.trust(&tx.look))
}

/// Looks at the clock and writes down what was seen, and what is left over from processes that died, by it. Looks are made one after the other: each is held against the last.
pub(super) async fn watch(tx: &Tx, jump_max: Duration, own: i64) -> Result<Option<ClockDoubt>, LedgerError> {
    tx.execute("SELECT pg_advisory_xact_lock(7521974406301413)", &[]).await?;
    let known = Known::read(&tx.row(&format!("SELECT {KNOWN} {FROM_KNOWN}"), &[&boot_id()]).await?)?;
    // Not the transaction's: others may have looked while it waited for them.
    let look = look(tx).await?;
    let Looked { seen, anchor, put_back } = known.seen.after(known.anchor.as_ref(), &look, boot_id(), jump_max);
    if put_back {
        begin_pauses_anew(tx, look.now).await?;
    }
    write(tx, &seen).await?;
    tx.execute(
        "INSERT INTO clock_anchor (boot, seen, at_ms, steady_since_ms) VALUES ($1, $2, $3, $4)
         ON CONFLICT (boot) DO UPDATE SET seen = excluded.seen, at_ms = excluded.at_ms,
           steady_since_ms = excluded.steady_since_ms",
        &[&boot_id(), &millis(anchor.seen), &anchor.at.as_millis(), &anchor.steady_since.as_millis()],
    )
    .await?;
    let kept_ms = ANCHORS_KEPT.as_millis() as i64;
    tx.execute("DELETE FROM clock_anchor WHERE seen < $1", &[&(millis(look.now) - kept_ms)]).await?;
    deaths::bury(tx, own, look.now, seen.trust(Some(&anchor), &look, boot_id())).await?;
    Ok(seen.doubt.map(|kept| kept.doubt))
}

/// Believes the clock as it is now.
pub(super) async fn accept(tx: &Tx) -> Result<Option<ClockDoubt>, LedgerError> {
    tx.execute("SELECT pg_advisory_xact_lock(7521974406301413)", &[]).await?;
    let seen = Known::read(&tx.row(&format!("SELECT {KNOWN} {FROM_KNOWN}"), &[&boot_id()]).await?)?.seen;
    let doubt = seen.doubt.as_ref().map(|kept| kept.doubt.clone());
    if doubt.is_some() {
        write(tx, &seen.accepted(look(tx).await?.now)).await?;
        tx.execute("DELETE FROM clock_anchor", &[]).await?;
    }
    Ok(doubt)
}

/// What it shows.
pub(super) async fn now(connection: &Connection) -> Result<Timestamp, LedgerError> {
    time(connection.row(&format!("SELECT {NOW_MS}"), &[]).await?.get(0))
}

pub(super) async fn view(connection: &Connection) -> Result<ClockView, LedgerError> {
    let sql = format!("SELECT {KNOWN}, {NOW_MS} {FROM_KNOWN}");
    let row = connection.row(&sql, &[&boot_id()]).await?;
    let ClockSeen { latest, doubt, .. } = seen(&row)?;
    Ok(ClockView { now: time(row.get(7))?, latest, doubt: doubt.map(|kept| kept.doubt) })
}

/// What is wrong with the clock, from the column `clock_seen.doubt`.
pub(super) fn doubt(kept: Option<&str>) -> Result<Option<ClockDoubt>, LedgerError> {
    kept.map(|kept| of_json(kept.as_bytes())).transpose()
}

async fn look(tx: &Tx) -> Result<Look, LedgerError> {
    let before = BootTime::now();
    let now = time(tx.row(&format!("SELECT {NOW_MS}"), &[]).await?.get(0))?;
    Ok(Look { now, before, after: BootTime::now() })
}

async fn write(tx: &Tx, seen: &ClockSeen) -> Result<(), LedgerError> {
    let doubt = seen.doubt.as_ref().map(json).transpose()?;
    let jump_max_ms = i64::try_from(seen.jump_max.as_millis()).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO clock_seen (one, latest, looked, doubt, jump_max_ms) VALUES (1, $1, $2, $3, $4)
         ON CONFLICT (one) DO UPDATE SET latest = excluded.latest, looked = excluded.looked, doubt = excluded.doubt,
           jump_max_ms = excluded.jump_max_ms",
        &[&maybe_millis(seen.latest), &maybe_millis(seen.looked), &doubt, &jump_max_ms],
    )
    .await?;
    Ok(())
}

/// Pauses and leases that began in what is the future, as the clock was put back, begin anew: each lasts as long as it was to
/// last, and no longer.
async fn begin_pauses_anew(tx: &Tx, now: Timestamp) -> Result<(), LedgerError> {
    // What is counted before the state, as wherever both change: two could otherwise wait crosswise.
    for sql in [
        "UPDATE task SET due = due - (began - $1), began = $1 WHERE began > $1",
        "UPDATE pace SET next_call_us = next_call_us - (began - $1) * 1000, began = $1 WHERE began > $1",
        "UPDATE target SET until = until - (began - $1), began = $1 WHERE began > $1",
    ] {
        tx.execute(sql, &[&millis(now)]).await?;
    }
    Ok(())
}
