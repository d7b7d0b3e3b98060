//! Carrying over to a new index key what stands under the one that it replaced. The key does not leave this process: rows come
//! here and go back.

use tokio_postgres::Row;

use super::columns::{erasure_id, json};
use super::row::Row as _;
use super::sum::{OF_ERASURE, OF_SESSION};
use super::tx::Tx;
use super::{LedgerError, sum};
use crate::keys::Carry;
use crate::ledger::carry::SummedSession;

/// Rows that come at once.
const ROWS: usize = 1_000;

/// Everything, in this transaction.
pub(super) async fn carry(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    // Whoever claims or schedules at this instant is before all of this, or sees the new key.
    tx.execute("LOCK TABLE waiting, task, session, confirmation_link IN EXCLUSIVE MODE", &[]).await?;
    // What a process holds that does not know of the new key is taken from it.
    tx.execute("UPDATE task SET fence = fence + 1, holder = NULL WHERE holder IS NOT NULL", &[]).await?;
    subjects(tx, carry).await?;
    events(tx, carry).await?;
    digests(tx, carry).await?;
    sessions(tx, carry).await?;
    fingerprints(tx, carry).await?;
    links(tx, carry).await?;
    holds(tx, carry).await?;
    keys_of_events(tx, carry).await
}

/// The rows of a query, some at a time, as they were when it began: what is written meanwhile does not come again.
struct Walk<'a> {
    tx: &'a Tx,
    name: &'static str,
}

impl<'a> Walk<'a> {
    async fn begin(tx: &'a Tx, name: &'static str, query: &str) -> Result<Self, LedgerError> {
        tx.execute(&format!("DECLARE {name} NO SCROLL CURSOR FOR {query}"), &[]).await?;
        Ok(Self { tx, name })
    }

    async fn next(&self) -> Result<Option<Vec<Row>>, LedgerError> {
        let rows = self.tx.rows(&format!("FETCH {ROWS} FROM {}", self.name), &[]).await?;
        Ok((!rows.is_empty()).then_some(rows))
    }
}

/// A column of numbers.
fn numbers(rows: &[Row], column: usize) -> Vec<i64> {
    rows.iter().map(|row| row.get(column)).collect()
}

/// A column of bytes as it is.
fn bytes(rows: &[Row], column: usize) -> Vec<&[u8]> {
    rows.iter().map(|row| row.get(column)).collect()
}

/// A column of digests or fingerprints, carried over.
fn carried(rows: &[Row], column: usize, carry: &Carry) -> Result<Vec<Vec<u8>>, LedgerError> {
    bytes(rows, column).into_iter().map(|digest| carry.bytes(digest)).collect()
}

/// Of erasures that are not over: what ended stands on its receipt as it was.
async fn subjects(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let query = format!("SELECT {OF_ERASURE}, id, merge_key FROM erasure WHERE ended IS NULL");
    let walk = Walk::begin(tx, "carry_erasure", &query).await?;
    while let Some(rows) = walk.next().await? {
        for row in rows {
            let id: &[u8] = row.get(4);
            let erasure = erasure_id(id)?;
            // One that is damaged stays so, and nothing is done by it.
            if sum::erasure_is_whole(erasure, &row).is_err() {
                continue;
            }
            let Some((subject, merge_key)) = carry.subject(&row.json(1)?, row.get(5)) else { continue };
            let text = json(&subject)?;
            let sum = sum::of_erasure(erasure, row.get(0), &text, row.get(2));
            let sql = "UPDATE erasure SET subject = $2, subject_key = $3, merge_key = $4, sum = $5 WHERE id = $1";
            tx.execute(sql, &[&id, &text, &subject.key(), &merge_key, &sum]).await?;
            let sql = "UPDATE waiting SET subject_key = $2, merge_key = $3 WHERE erasure = $1";
            tx.execute(sql, &[&id, &subject.key(), &merge_key]).await?;
        }
    }
    Ok(())
}

/// Events that nobody has decided on.
async fn events(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let walk = Walk::begin(tx, "carry_task", "SELECT id, event FROM task WHERE event IS NOT NULL").await?;
    while let Some(rows) = walk.next().await? {
        let events = bytes(&rows, 1).into_iter().map(|event| carry.events(event)).collect::<Result<Vec<_>, _>>()?;
        let sql = "UPDATE task SET event = new.event FROM unnest($1::BIGINT[], $2::BYTEA[]) AS new (id, event)
                   WHERE task.id = new.id";
        tx.execute(sql, &[&numbers(&rows, 0), &events]).await?;
    }
    let walk = Walk::begin(tx, "carry_inbox", "SELECT seq, events FROM inbox").await?;
    while let Some(rows) = walk.next().await? {
        let events = bytes(&rows, 1).into_iter().map(|events| carry.events(events)).collect::<Result<Vec<_>, _>>()?;
        let sql = "UPDATE inbox SET events = new.events FROM unnest($1::BIGINT[], $2::BYTEA[]) AS new (seq, events)
                   WHERE inbox.seq = new.seq";
        tx.execute(sql, &[&numbers(&rows, 0), &events]).await?;
    }
    Ok(())
}

async fn digests(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let walk = Walk::begin(tx, "carry_quarantine", "SELECT id, digest FROM quarantine").await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE quarantine SET digest = new.digest FROM unnest($1::BIGINT[], $2::BYTEA[]) AS new (id, digest)
                   WHERE quarantine.id = new.id";
        tx.execute(sql, &[&numbers(&rows, 0), &carried(&rows, 1, carry)?]).await?;
    }
    let walk = Walk::begin(tx, "carry_guest", "SELECT installation, guest FROM shared_guest").await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE shared_guest SET guest = new.guest
                   FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BYTEA[]) AS new (installation, before, guest)
                   WHERE shared_guest.installation = new.installation AND shared_guest.guest = new.before";
        tx.execute(sql, &[&numbers(&rows, 0), &bytes(&rows, 1), &carried(&rows, 1, carry)?]).await?;
    }
    Ok(())
}

async fn sessions(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let walk = Walk::begin(tx, "carry_session", &format!("SELECT {OF_SESSION} FROM session")).await?;
    while let Some(rows) = walk.next().await? {
        let guest = |row: &Row| row.get::<_, Option<&[u8]>>(3).map(|guest| carry.bytes(guest)).transpose();
        let guests = rows.iter().map(guest).collect::<Result<Vec<_>, _>>()?;
        let sum = |row: &Row| {
            carry.session_sum(SummedSession {
                installation: row.get(0),
                session: row.get(1),
                record: row.try_get(2).ok(),
                guest: row.get(3),
                forms: row.get(4),
                sum: row.get(5),
            })
        };
        let sums = rows.iter().map(sum).collect::<Result<Vec<_>, _>>()?;
        let forms: Vec<_> = bytes(&rows, 4).into_iter().map(|forms| carry.digests(forms)).collect();
        // A decision on what a session was before is none on what it is now.
        let sql =
            "UPDATE session SET version = version + 1, guest = new.guest, forms_seen = new.forms_seen, sum = new.sum
                   FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BYTEA[], $4::BYTEA[], $5::BIGINT[])
                        AS new (installation, session, guest, forms_seen, sum)
                   WHERE session.installation = new.installation AND session.session = new.session";
        tx.execute(sql, &[&numbers(&rows, 0), &numbers(&rows, 1), &guests, &forms, &sums]).await?;
    }
    Ok(())
}

async fn fingerprints(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let query = "SELECT fingerprint, installation, session, version FROM fingerprint";
    let walk = Walk::begin(tx, "carry_fingerprint", query).await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE fingerprint SET fingerprint = new.fingerprint
                   FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[])
                        AS new (before, fingerprint, installation, session, version)
                   WHERE fingerprint.fingerprint = new.before AND fingerprint.installation = new.installation
                     AND fingerprint.session = new.session AND fingerprint.version = new.version";
        let [installations, sessions, versions] = [1, 2, 3].map(|column| numbers(&rows, column));
        let carried = carried(&rows, 0, carry)?;
        tx.execute(sql, &[&bytes(&rows, 0), &carried, &installations, &sessions, &versions]).await?;
    }
    let query = "SELECT fingerprint, installation, session, version FROM consent_fingerprint";
    let walk = Walk::begin(tx, "carry_consent_fingerprint", query).await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE consent_fingerprint AS print SET fingerprint = new.fingerprint
                   FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BIGINT[], $4::BIGINT[], $5::BIGINT[])
                        AS new (before, fingerprint, installation, session, version)
                   WHERE print.fingerprint = new.before AND print.installation = new.installation
                     AND print.session = new.session AND print.version = new.version";
        let [installations, sessions, versions] = [1, 2, 3].map(|column| numbers(&rows, column));
        let carried = carried(&rows, 0, carry)?;
        tx.execute(sql, &[&bytes(&rows, 0), &carried, &installations, &sessions, &versions]).await?;
    }
    let query = "SELECT fingerprint, erasure, version FROM erasure_fingerprint";
    let walk = Walk::begin(tx, "carry_erasure_fingerprint", query).await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE erasure_fingerprint SET fingerprint = new.fingerprint
                   FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BYTEA[], $4::BIGINT[])
                        AS new (before, fingerprint, erasure, version)
                   WHERE erasure_fingerprint.fingerprint = new.before AND erasure_fingerprint.erasure = new.erasure
                     AND erasure_fingerprint.version = new.version";
        let carried = carried(&rows, 0, carry)?;
        tx.execute(sql, &[&bytes(&rows, 0), &carried, &bytes(&rows, 1), &numbers(&rows, 2)]).await?;
    }
    let walk = Walk::begin(tx, "carry_shown", "SELECT digest, erasure, session, version FROM erasure_shown").await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE erasure_shown SET digest = new.digest
                   FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BYTEA[], $4::BIGINT[], $5::BIGINT[])
                        AS new (before, digest, erasure, session, version)
                   WHERE erasure_shown.digest = new.before AND erasure_shown.erasure = new.erasure
                     AND erasure_shown.session = new.session AND erasure_shown.version = new.version";
        let carried = carried(&rows, 0, carry)?;
        let [sessions, versions] = [2, 3].map(|column| numbers(&rows, column));
        tx.execute(sql, &[&bytes(&rows, 0), &carried, &bytes(&rows, 1), &sessions, &versions]).await?;
    }
    let query = "SELECT fingerprint, request, version FROM request_fingerprint";
    let walk = Walk::begin(tx, "carry_request_fingerprint", query).await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE request_fingerprint SET fingerprint = new.fingerprint
                   FROM unnest($1::BYTEA[], $2::BYTEA[], $3::BYTEA[], $4::BIGINT[])
                        AS new (before, fingerprint, request, version)
                   WHERE request_fingerprint.fingerprint = new.before AND request_fingerprint.request = new.request
                     AND request_fingerprint.version = new.version";
        let carried = carried(&rows, 0, carry)?;
        tx.execute(sql, &[&bytes(&rows, 0), &carried, &bytes(&rows, 1), &numbers(&rows, 2)]).await?;
    }
    Ok(())
}

/// Links that confirm, and whose mail is counted.
async fn links(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let walk = Walk::begin(tx, "carry_link", "SELECT id, address, token, bound FROM confirmation_link").await?;
    while let Some(rows) = walk.next().await? {
        let maybe = |column: usize| {
            let digest = |row: &Row| row.get::<_, Option<&[u8]>>(column).map(|digest| carry.bytes(digest)).transpose();
            rows.iter().map(digest).collect::<Result<Vec<_>, _>>()
        };
        let sql = "UPDATE confirmation_link AS link SET address = new.address, token = new.token, bound = new.bound
                   FROM unnest($1::BIGINT[], $2::BYTEA[], $3::BYTEA[], $4::BYTEA[]) AS new (id, address, token, bound)
                   WHERE link.id = new.id";
        tx.execute(sql, &[&numbers(&rows, 0), &carried(&rows, 1, carry)?, &maybe(2)?, &maybe(3)?]).await?;
    }
    Ok(())
}

/// What is held, by a digest or by fingerprints.
async fn holds(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let walk = Walk::begin(tx, "carry_hold", "SELECT id, guest FROM hold WHERE guest IS NOT NULL").await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE hold SET guest = new.guest FROM unnest($1::TEXT[], $2::BYTEA[]) AS new (id, guest)
                   WHERE hold.id = new.id";
        let ids: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
        tx.execute(sql, &[&ids, &carried(&rows, 1, carry)?]).await?;
    }
    let walk =
        Walk::begin(tx, "carry_hold_fingerprint", "SELECT fingerprint, hold, version FROM hold_fingerprint").await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE hold_fingerprint SET fingerprint = new.fingerprint
                   FROM unnest($1::BYTEA[], $2::BYTEA[], $3::TEXT[], $4::BIGINT[]) AS new (before, fingerprint, hold, version)
                   WHERE hold_fingerprint.fingerprint = new.before AND hold_fingerprint.hold = new.hold
                     AND hold_fingerprint.version = new.version";
        let ids: Vec<&str> = rows.iter().map(|row| row.get(1)).collect();
        tx.execute(sql, &[&bytes(&rows, 0), &carried(&rows, 0, carry)?, &ids, &numbers(&rows, 2)]).await?;
    }
    Ok(())
}

/// By which duplicates are found.
async fn keys_of_events(tx: &Tx, carry: &Carry) -> Result<(), LedgerError> {
    let walk = Walk::begin(tx, "carry_event", "SELECT happened, source, session, kind, digest FROM event").await?;
    while let Some(rows) = walk.next().await? {
        let sql = "UPDATE event SET digest = new.digest
                   FROM unnest($1::BIGINT[], $2::BIGINT[], $3::BIGINT[], $4::BIGINT[], $5::BYTEA[], $6::BYTEA[])
                        AS new (happened, source, session, kind, before, digest)
                   WHERE event.happened = new.happened AND event.source = new.source AND event.session = new.session
                     AND event.kind = new.kind AND event.digest = new.before";
        let [happened, sources, sessions, kinds] = [0, 1, 2, 3].map(|column| numbers(&rows, column));
        let carried = carried(&rows, 4, carry)?;
        tx.execute(sql, &[&happened, &sources, &sessions, &kinds, &bytes(&rows, 4), &carried]).await?;
    }
    Ok(())
}
