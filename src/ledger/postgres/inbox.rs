//! Expanding: rows of the inbox become tasks, as fast as the workers take them.

use tracing::warn;

use super::claim::{EXPAND_PAUSE, Writes, refused_again};
use super::columns::{millis, unsigned};
use super::tx::{Connection, Tx};
use super::{LedgerError, Names, QueueName, line};
use crate::causes::with_causes;
use crate::erasure::life::after;

/// Makes tasks of the installation's oldest rows until `most` are ready; a row that another process is expanding is passed
/// over.
pub(super) async fn expand(
    tx: &Tx,
    sources: &Names,
    queue: &QueueName,
    installation: i64,
    most: usize,
    writes: Writes,
) -> Result<(), LedgerError> {
    let ready: i64 = tx
        .row(
            "SELECT COUNT(*) FROM (
               SELECT FROM task WHERE queue = $1 AND NOT parked AND due <= $2 LIMIT $3) AS ready",
            &[&queue.name(), &tx.now.as_millisecond(), &(most as i64)],
        )
        .await?
        .get(0);
    let mut missing = most as i64 - ready;
    while missing > 0 {
        let expanded = match writes {
            Writes::Together => expand_oldest(tx, sources, queue, installation).await?,
            Writes::Apart => expand_oldest_apart(tx, sources, queue, installation).await?,
        };
        let Some(count) = expanded else { break };
        missing -= count;
    }
    Ok(())
}

/// Rows of an installation that may become tasks now; the oldest.
const READY: &str = "installation = $1 AND NOT parked AND due <= $2 ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED";

async fn expand_oldest(
    tx: &Tx,
    sources: &Names,
    queue: &QueueName,
    installation: i64,
) -> Result<Option<i64>, LedgerError> {
    let sql = format!("DELETE FROM inbox WHERE seq = (SELECT seq FROM inbox WHERE {READY}) RETURNING received, events");
    let oldest = tx.maybe(&sql, &[&installation, &millis(tx.now)]).await?;
    let Some(oldest) = oldest else { return Ok(None) };
    let (received, lines): (i64, &[u8]) = (oldest.get(0), oldest.get(1));
    let events: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    add(tx, sources, queue, received, &events).await?;
    Ok(Some(events.len() as i64))
}

/// The same, each event for itself: one that the database does not let become a task is left in the row, and tried again after a pause.
async fn expand_oldest_apart(
    tx: &Tx,
    sources: &Names,
    queue: &QueueName,
    installation: i64,
) -> Result<Option<i64>, LedgerError> {
    let sql = format!("SELECT seq, received, events, refused FROM inbox WHERE {READY}");
    let Some(oldest) = tx.maybe(&sql, &[&installation, &millis(tx.now)]).await? else { return Ok(None) };
    let (seq, received, lines): (i64, i64, &[u8]) = (oldest.get(0), oldest.get(1), oldest.get(2));
    let (mut count, mut left) = (0, Vec::new());
    for event in lines.split(|byte| *byte == b'\n') {
        match tx.apart(add(tx, sources, queue, received, &[event])).await? {
            Ok(()) => count += 1,
            Err(error) => {
                warn!(error = %with_causes(&error), "the database refuses to have an event decided on");
                left.push(event);
            }
        }
    }
    if left.is_empty() {
        tx.execute("DELETE FROM inbox WHERE seq = $1", &[&seq]).await?;
    } else {
        let pause = refused_again(super::columns::small(oldest.get(3)), EXPAND_PAUSE);
        let due = millis(after(tx.now, pause.unwrap_or_default()));
        tx.execute(
            "UPDATE inbox SET events = $2, count = $3, refused = refused + 1, due = $4, parked = $5 WHERE seq = $1",
            &[&seq, &left.join(&b'\n'), &(left.len() as i64), &due, &pause.is_none()],
        )
        .await?;
    }
    Ok(Some(count))
}

/// Has what needs a person tried again; returns how many events that are.
pub(super) async fn retry_parked(tx: &Tx) -> Result<u64, LedgerError> {
    let sql = "UPDATE inbox SET refused = 0, due = 0, parked = FALSE WHERE parked RETURNING count";
    Ok(tx.rows(sql, &[]).await?.iter().map(|row| unsigned(row.get(0))).sum())
}

/// Some of what needs a person, by its sessions.
pub(super) async fn parked(connection: &Connection, most: usize) -> Result<Vec<String>, LedgerError> {
    let sql = "SELECT events FROM inbox WHERE parked ORDER BY seq LIMIT $1";
    let mut sessions = Vec::new();
    for row in connection.rows(sql, &[&(most as i64)]).await? {
        let read = row.get::<_, &[u8]>(0).split(|byte| *byte == b'\n').filter_map(|event| line::read(event).ok());
        sessions.extend(read.map(|event| event.head.session.to_string()));
    }
    sessions.truncate(most);
    Ok(sessions)
}

/// Adds tasks for events that came at `received`.
async fn add(tx: &Tx, sources: &Names, queue: &QueueName, received: i64, events: &[&[u8]]) -> Result<(), LedgerError> {
    forget_announcements(tx, sources, events).await?;
    // Due when they came: they go before later ones, and the status tells how long they have waited. But not later than now,
    // where the clock was put back since.
    let due = received.min(millis(tx.now));
    tx.execute(
        "INSERT INTO task (queue, due, began, since, event) SELECT $1, $2, $2, $3, event FROM unnest($4::BYTEA[]) AS event",
        &[&queue.name(), &due, &received, &events],
    )
    .await?;
    Ok(())
}

/// From here on the same body is a new event: the session is looked up only after this, so what it announces now will be
/// seen, and what it announces later would not be.
async fn forget_announcements(tx: &Tx, sources: &Names, events: &[&[u8]]) -> Result<(), LedgerError> {
    // One that cannot be read, or is not what was written, becomes a task like the others, is parked when it is claimed, and
    // stops nobody.
    let heads = events.iter().filter_map(|event| line::read(event).ok()).map(|event| event.head);
    let mut happened = vec![];
    let mut from = vec![];
    let mut sessions = vec![];
    let mut kinds = vec![];
    let mut digests = vec![];
    for head in heads.filter(|head| head.kind.is_announcement()) {
        if let Some(source) = sources.known(tx, &head.source.0).await? {
            happened.push(head.happened());
            from.push(source);
            sessions.push(head.session.session.0);
            kinds.push(head.kind.code());
            digests.push(head.digest.0.to_vec());
        }
    }
    if !from.is_empty() {
        tx.execute(
            "DELETE FROM event USING unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[])
                                     AS gone (happened, source, session, kind, digest)
             WHERE event.happened = gone.happened AND event.source = gone.source AND event.session = gone.session
               AND event.kind = gone.kind AND event.digest = gone.digest",
            &[&happened, &from, &sessions, &kinds, &digests],
        )
        .await?;
    }
    Ok(())
}
