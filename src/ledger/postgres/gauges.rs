//! What metrics show of the ledger: each number from an index that holds nothing else, and no more counted than is bounded.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::columns::{maybe_time, millis, time, unsigned};
use super::counts::Tallied;
use super::tx::{Connection, NOW_MS};
use super::{LedgerError, counts, deliveries, periodic, processes, requests, targets};
use crate::deadline::Calendar;
use crate::ledger::holding::erasure_is_on_hold;
use crate::ledger::{COUNTED_MAX, Gauges, QueueGauge, Size, gauges};

pub(super) async fn all(
    connection: &Connection,
    queues: &[String],
    calendar: &Calendar,
) -> Result<Gauges, LedgerError> {
    let Tallied { sessions, erasures, verdicts } = counts::tally(connection).await?;
    let once = once(connection, calendar).await?;
    Ok(Gauges {
        now: once.now,
        erasures,
        late: once.late,
        requests: gauges::requests(requests::counts(connection).await?),
        requests_late: requests::late(connection, gauges::today(calendar, once.now)).await?,
        oldest_due: once.oldest_due,
        queues: of_queues(connection, queues).await?,
        inbox: once.inbox,
        verdicts,
        archived_receipts: once.archived,
        incomplete: once.incomplete,
        head: once.head,
        sessions,
        unknown_consents: counts::unknown_consents(connection).await?,
        quarantined: once.quarantined,
        oldest_quarantined: once.oldest_quarantined,
        targets: targets::list(connection).await?,
        processes: processes::list(connection).await?,
        marks: periodic::marks(connection).await?,
        delivered: deliveries::last_of_all(connection).await?,
        size: once.size,
    })
}

/// What one query tells.
struct Once {
    now: Timestamp,
    late: u64,
    oldest_due: Option<Timestamp>,
    inbox: QueueGauge,
    archived: u64,
    incomplete: u64,
    head: u64,
    quarantined: u64,
    oldest_quarantined: Option<Timestamp>,
    size: Size,
}

async fn once(connection: &Connection, calendar: &Calendar) -> Result<Once, LedgerError> {
    let sql = format!(
        "WITH clock AS (SELECT {NOW_MS} AS now)
         SELECT now,
                (SELECT COUNT(*) FROM (SELECT 1 FROM erasure WHERE ended IS NULL AND state <> 'requested'
                   AND GREATEST(due_rule, created) < $1
                   AND NOT {} LIMIT {COUNTED_MAX}) AS counted),
                {},
                (SELECT COALESCE(SUM(count), 0)::BIGINT
                   FROM (SELECT count FROM inbox WHERE NOT parked LIMIT {COUNTED_MAX}) AS counted),
                (SELECT received FROM inbox WHERE NOT parked ORDER BY seq LIMIT 1),
                (SELECT COALESCE(SUM(records), 0)::BIGINT FROM chain_checkpoint WHERE chain = 'receipts'),
                (SELECT COUNT(*) FROM receipt WHERE verdict = 'incomplete' AND NOT acknowledged),
                (SELECT sequence FROM chain WHERE name = 'receipts'),
                (SELECT COUNT(*) FROM quarantine), (SELECT received FROM quarantine ORDER BY id LIMIT 1),
                pg_database_size(current_database()),
                (SELECT COALESCE(SUM(count), 0)::BIGINT
                   FROM (SELECT count FROM inbox WHERE parked LIMIT {COUNTED_MAX}) AS counted)
         FROM clock",
        erasure_is_on_hold("now"),
        counts::oldest_due_sql()
    );
    let now = time(connection.row(&format!("SELECT {NOW_MS}"), &[]).await?.get(0))?;
    // Before the calendar began, nothing was due.
    let late_before = calendar.late_before(now).map_or(i64::MIN, millis);
    let row = connection.row(&sql, &[&late_before]).await?;
    let (due, parked) = (unsigned(row.get(3)), unsigned(row.get(11)));
    let inbox = QueueGauge { due, parked, oldest: maybe_time(row.get(4))?, ..QueueGauge::default() };
    Ok(Once {
        now: time(row.get(0))?,
        late: unsigned(row.get(1)),
        oldest_due: maybe_time(row.get(2))?,
        inbox,
        archived: unsigned(row.get(5)),
        incomplete: unsigned(row.get(6)),
        head: row.get::<_, Option<i64>>(7).unwrap_or(0).unsigned_abs(),
        quarantined: unsigned(row.get(8)),
        oldest_quarantined: maybe_time(row.get(9))?,
        // Its disk is the database server's, of which nothing is known here.
        size: Size { bytes: Some(unsigned(row.get(10))), free_bytes: None },
    })
}

/// In the order in which they are asked for.
async fn of_queues(connection: &Connection, queues: &[String]) -> Result<Vec<QueueGauge>, LedgerError> {
    let count = |which: &str| {
        format!(
            "(SELECT COUNT(*) FROM (SELECT 1 FROM task WHERE task.queue = asked.queue AND {which}
                LIMIT {COUNTED_MAX}) AS counted)"
        )
    };
    let sql = format!(
        "WITH clock AS (SELECT {NOW_MS} AS now)
         SELECT {}, {}, {}, {},
                (SELECT MIN(due) FROM task WHERE NOT parked AND task.queue = asked.queue AND due <= now)
         FROM clock, UNNEST($1::TEXT[]) WITH ORDINALITY AS asked (queue, place) ORDER BY place",
        count("NOT parked AND due <= now"),
        count("holder IS NOT NULL AND due > now"),
        count("NOT parked AND due > now"),
        count("parked"),
    );
    let of = |row: &Row| {
        let working = unsigned(row.get(1));
        Ok(QueueGauge {
            due: unsigned(row.get(0)),
            working,
            waiting: unsigned(row.get(2)).saturating_sub(working),
            parked: unsigned(row.get(3)),
            oldest: maybe_time(row.get(4))?,
        })
    };
    connection.rows(&sql, &[&queues]).await?.iter().map(of).collect()
}
