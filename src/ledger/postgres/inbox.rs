//! Expanding: rows of the inbox become tasks, as fast as the workers take them.

use super::columns::millis;
use super::tx::Tx;
use super::{LedgerError, Names, QueueName, line};

/// Makes tasks of the installation's oldest rows until `most` are ready; a row that another process is expanding is passed
/// over.
pub(super) async fn expand(
    tx: &Tx,
    sources: &Names,
    queue: &QueueName,
    installation: i64,
    most: usize,
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
        let Some(count) = expand_oldest(tx, sources, queue, installation).await? else { break };
        missing -= count;
    }
    Ok(())
}

async fn expand_oldest(
    tx: &Tx,
    sources: &Names,
    queue: &QueueName,
    installation: i64,
) -> Result<Option<i64>, LedgerError> {
    let oldest = tx
        .maybe(
            "DELETE FROM inbox
             WHERE seq = (SELECT seq FROM inbox WHERE installation = $1 ORDER BY seq LIMIT 1 FOR UPDATE SKIP LOCKED)
             RETURNING received, events",
            &[&installation],
        )
        .await?;
    let Some(oldest) = oldest else { return Ok(None) };
    let (received, lines): (i64, &[u8]) = (oldest.get(0), oldest.get(1));
    let events: Vec<&[u8]> = lines.split(|byte| *byte == b'\n').collect();
    forget_announcements(tx, sources, &events).await?;
    // Due when they came: they go before later ones, and the status tells how long they have waited. But not later than now,
    // where the clock was put back since.
    let due = received.min(millis(tx.now));
    tx.execute(
        "INSERT INTO task (queue, due, began, since, event) SELECT $1, $2, $2, $3, event FROM unnest($4::BYTEA[]) AS event",
        &[&queue.name(), &due, &received, &events],
    )
    .await?;
    Ok(Some(events.len() as i64))
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
