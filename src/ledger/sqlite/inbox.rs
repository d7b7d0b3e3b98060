//! Expanding: rows of the inbox become tasks, as fast as the workers take them.

use rusqlite::{OptionalExtension as _, params};

use super::job::Tx;
use super::names::Names;
use super::{LedgerError, QueueName, line};
use crate::event::StoredEvent;
use crate::subject::InstallationName;

/// Makes tasks of the installation's oldest rows until `most` are ready.
pub(super) fn expand(tx: &Tx<'_>, installation: &InstallationName, most: usize) -> Result<(), LedgerError> {
    let Some(id) = Names::Installation.known(tx, &installation.0)? else { return Ok(()) };
    let queue = QueueName::Decide(installation.clone()).name();
    let ready: i64 = tx
        .prepare_cached(
            "SELECT COUNT(*) FROM (SELECT 1 FROM task WHERE queue = ?1 AND parked = 0 AND due <= ?2 LIMIT ?3)",
        )?
        .query_row(params![queue, tx.now.as_millisecond(), most as i64], |row| row.get(0))?;
    let mut missing = most as i64 - ready;
    while missing > 0 {
        let Some(count) = expand_oldest(tx, id, &queue)? else { break };
        missing -= count;
    }
    Ok(())
}

/// Whether the inbox has something for the queue.
pub(super) fn has_more(tx: &Tx<'_>, queue: &QueueName) -> Result<bool, LedgerError> {
    let QueueName::Decide(installation) = queue else { return Ok(false) };
    let Some(id) = Names::Installation.known(tx, &installation.0)? else { return Ok(false) };
    Ok(tx.prepare_cached("SELECT 1 FROM inbox WHERE installation = ?1 LIMIT 1")?.exists([id])?)
}

fn expand_oldest(tx: &Tx<'_>, installation: i64, queue: &str) -> Result<Option<i64>, LedgerError> {
    let oldest = tx
        .prepare_cached("SELECT seq, received, events FROM inbox WHERE installation = ?1 ORDER BY seq LIMIT 1")?
        .query_row([installation], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?)))
        .optional()?;
    let Some((seq, received, events)) = oldest else { return Ok(None) };
    // Due when they came: they go before later ones, and the status tells how long they have waited. But not later than now,
    // where the clock was put back since.
    let due = received.min(tx.now.as_millisecond());
    let mut task =
        tx.prepare_cached("INSERT INTO task (queue, due, began, since, event) VALUES (?1, ?2, ?2, ?3, ?4)")?;
    let mut count = 0;
    for event in events.split(|byte| *byte == b'\n') {
        forget_announcement(tx, event)?;
        task.execute(params![queue, due, received, event])?;
        count += 1;
    }
    tx.prepare_cached("DELETE FROM inbox WHERE seq = ?1")?.execute([seq])?;
    Ok(Some(count))
}

/// From here on the same body is a new event: the session is looked up only after this, so what it announces now will be
/// seen, and what it announces later would not be.
fn forget_announcement(tx: &Tx<'_>, event: &[u8]) -> Result<(), LedgerError> {
    // One that cannot be read, or is not what was written, becomes a task like the others, is parked when it is claimed, and
    // stops nobody.
    let Ok(StoredEvent { head, .. }) = line::read(event) else { return Ok(()) };
    if !head.kind.is_announcement() {
        return Ok(());
    }
    let source = Names::Source.intern(tx, &head.source.0)?;
    tx.prepare_cached("DELETE FROM event WHERE source = ?1 AND session = ?2 AND kind = ?3 AND digest = ?4")?
        .execute(params![source, head.session.session.0, head.kind.code(), head.digest])?;
    Ok(())
}
