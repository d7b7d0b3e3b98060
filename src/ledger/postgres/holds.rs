//! Holds: added, lifted, listed, and asked before anything is erased.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::LedgerError;
use super::claim::STEP_QUEUES;
use super::columns::{erasure_id, json, json_at, maybe_millis, millis, time};
use super::row::Row as _;
use super::tx::{Connection, Tx};
use crate::audit::Actor;
use crate::erasure::{ErasureId, Subject};
use crate::hold::{HeldBy, HoldId, HoldOn, NewHold};
use crate::ledger::clock::began;
use crate::ledger::holding::{
    self, Asked, HOLD, Hold, HoldAdded, HoldsListed, IS_ON_HOLD, Keeps, MaybeHeld, SHOWN_GUEST, STEP_IS_ACCEPTED, Wait,
    fingerprinted, in_force, may_be,
};
use crate::subject::Fingerprinted;

/// What an erasure reaches, or a session, or those of a guest: `$1` to `$4` are the erasure, the installation, the session, the guest.
const REACHED: &str = "WITH reached (installation, session) AS (
                         SELECT installation, session FROM erasure_session
                         WHERE erasure = $1::BYTEA AND read_before IS NOT NULL
                         UNION SELECT $2::BIGINT, $3::BIGINT WHERE $3::BIGINT IS NOT NULL
                         UNION SELECT installation, session FROM session WHERE installation = $2 AND guest = $4::BYTEA)";

type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// `installation` is the number of the hold's own.
pub(super) async fn add(tx: &mut Tx, installation: i64, new: &NewHold, by: &Actor) -> Result<HoldAdded, LedgerError> {
    // Whoever claims at this instant is before all of this, and told of as under way, or sees the hold.
    tx.execute("LOCK TABLE task IN EXCLUSIVE MODE", &[]).await?;
    let (mut session, mut guest, mut rule) = (None, None, None);
    match &new.on {
        HoldOn::Session(id) => session = Some(id.0),
        HoldOn::Guest(digest) => guest = Some(digest.0.as_slice()),
        HoldOn::Rule(name) => rule = Some(name.as_str()),
        HoldOn::Person(fingerprints) => {
            for one in fingerprints {
                let sql = "INSERT INTO hold_fingerprint (fingerprint, hold, version, kind) VALUES ($1, $2, $3, $4)
                           ON CONFLICT DO NOTHING";
                let version = i64::from(one.version);
                let values: Values<'_> =
                    &[&one.fingerprint.0.as_slice(), &new.id.to_string(), &version, &one.kind.as_str()];
                tx.execute(sql, values).await?;
            }
        }
    }
    tx.execute(
        "INSERT INTO hold (id, installation, kind, session, guest, rule, reason, reference, until, added, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        &[
            &new.id.to_string(),
            &installation,
            &new.on.kind(),
            &session,
            &guest,
            &rule,
            &new.reason.as_str(),
            &new.case.as_ref().map(ToString::to_string),
            &maybe_millis(new.until),
            &millis(tx.now),
            &by.as_str(),
        ],
    )
    .await?;
    let mut under_way = Vec::new();
    for erasure in erasing(tx, installation).await? {
        if keeping(tx, erasure, tx.now).await?.iter().any(|hold| hold.hold.id == new.id) {
            under_way.push(erasure);
        }
    }
    Ok(HoldAdded { under_way })
}

/// The erasures of an installation of which a target is being asked to erase, or was, and nobody knows yet what came of it.
async fn erasing(tx: &Tx, installation: i64) -> Result<Vec<ErasureId>, LedgerError> {
    let sql = format!(
        "SELECT task.erasure FROM task
         JOIN erasure ON erasure.id = task.erasure AND erasure.installation = $1
         JOIN step ON step.erasure = task.erasure AND 'step:' || step.called = task.queue AND step.stage = 'erase'
         WHERE task.holder IS NOT NULL AND {STEP_QUEUES}
         UNION SELECT step.erasure FROM step
         JOIN erasure ON erasure.id = step.erasure AND erasure.installation = $1 WHERE {STEP_IS_ACCEPTED} ORDER BY 1"
    );
    tx.rows(&sql, &[&installation]).await?.iter().map(|row| erasure_id(row.get(0))).collect()
}

/// Ends a hold that is in force: what waited for it looks at once whether another one keeps it.
pub(super) async fn lift(tx: &mut Tx, id: HoldId, by: &Actor) -> Result<bool, LedgerError> {
    let sql = format!("UPDATE hold SET lifted = $2, lifted_by = $3 WHERE id = $1 AND {}", in_force("$2"));
    let lifted = tx.execute(&sql, &[&id.to_string(), &millis(tx.now), &by.as_str()]).await?;
    if lifted == 0 {
        return Ok(false);
    }
    let sql = format!(
        "UPDATE task SET due = $1, began = $1, reason = NULL
         WHERE {IS_ON_HOLD} AND NOT parked AND POSITION($2 IN task.reason) > 0 RETURNING queue"
    );
    for row in tx.rows(&sql, &[&millis(tx.now), &id.to_string()]).await? {
        tx.news.push(row.get(0));
    }
    Ok(true)
}

/// In the order in which they were added.
pub(super) async fn list(
    connection: &Connection,
    which: HoldsListed,
    now: Timestamp,
) -> Result<Vec<Hold>, LedgerError> {
    let only = match which {
        HoldsListed::InForce => in_force("$1"),
        HoldsListed::All => "$1::BIGINT IS NOT NULL".to_owned(),
    };
    let sql = format!("SELECT {HOLD} FROM hold WHERE {only} ORDER BY hold.added, hold.id");
    read(connection, &sql, &[&millis(now)]).await
}

pub(super) async fn one(connection: &Connection, id: HoldId) -> Result<Option<Hold>, LedgerError> {
    let sql = format!("SELECT {HOLD} FROM hold WHERE hold.id = $1");
    Ok(read(connection, &sql, &[&id.to_string()]).await?.into_iter().next())
}

async fn read(connection: &Connection, sql: &str, values: Values<'_>) -> Result<Vec<Hold>, LedgerError> {
    let rows = connection.rows(sql, values).await?;
    let mut holds = rows.iter().map(holding::hold).collect::<Result<Vec<_>, _>>()?;
    for hold in &mut holds {
        if let HoldOn::Person(fingerprints) = &mut hold.hold.on {
            let sql = "SELECT fingerprint, version, kind FROM hold_fingerprint WHERE hold = $1 ORDER BY kind, fingerprint, version";
            *fingerprints = prints(connection, sql, &[&hold.hold.id.to_string()]).await?;
        }
    }
    Ok(holds)
}

async fn prints(connection: &Connection, sql: &str, values: Values<'_>) -> Result<Vec<Fingerprinted>, LedgerError> {
    connection.rows(sql, values).await?.iter().map(|row| fingerprinted(row, 0)).collect()
}

/// The erasures that wait for a hold, at most so many.
pub(super) async fn waiting(connection: &Connection, id: HoldId, most: u32) -> Result<Vec<ErasureId>, LedgerError> {
    let sql = format!(
        "SELECT DISTINCT task.erasure FROM task
         WHERE {IS_ON_HOLD} AND POSITION($1 IN task.reason) > 0 AND task.erasure IS NOT NULL ORDER BY task.erasure LIMIT $2"
    );
    let rows = connection.rows(&sql, &[&id.to_string(), &i64::from(most)]).await?;
    rows.iter().map(|row| erasure_id(row.get(0))).collect()
}

/// The holds in force that keep an erasure.
pub(super) async fn keeping(connection: &Connection, id: ErasureId, now: Timestamp) -> Result<Vec<Hold>, LedgerError> {
    if !are_there(connection, now).await? {
        return Ok(Vec::new());
    }
    let erasure = id.0.as_slice();
    let sql = "SELECT installation, subject, rules FROM erasure WHERE id = $1";
    let Some(row) = connection.maybe(sql, &[&erasure]).await? else { return Ok(Vec::new()) };
    let sql = "SELECT fingerprint, version, kind FROM erasure_fingerprint WHERE erasure = $1";
    let identifiers = prints(connection, sql, &[&erasure]).await?;
    let (mut session, mut guest) = (None, None);
    match json_at::<Subject>(&row, 1)? {
        Subject::Session(key) => session = Some(key.session),
        Subject::Guest { digest, .. } => guest = Some(digest),
        Subject::Person { .. } => {}
    }
    let rules = json_at(&row, 2)?;
    let asked = Asked { installation: row.get(0), erasure: Some(id), session, guest, rules, identifiers };
    kept(connection, &asked, now).await
}

/// The same, as they are named.
pub(super) async fn named(tx: &Tx, erasure: ErasureId) -> Result<Vec<HeldBy>, LedgerError> {
    Ok(keeping(tx, erasure, tx.now).await?.iter().map(|hold| hold.hold.named()).collect())
}

/// Almost always there are none.
pub(super) async fn are_there(connection: &Connection, now: Timestamp) -> Result<bool, LedgerError> {
    let sql = format!("SELECT FROM hold WHERE {} LIMIT 1", in_force("$1"));
    Ok(connection.maybe(&sql, &[&millis(now)]).await?.is_some())
}

/// The holds in force that keep what somebody asks about. `installation` is the number of its own.
pub(super) async fn keeping_any(
    connection: &Connection,
    installation: i64,
    of: &MaybeHeld,
    now: Timestamp,
) -> Result<Vec<HeldBy>, LedgerError> {
    let MaybeHeld { session, guest, rules, identifiers, .. } = of.clone();
    let asked = Asked { installation, erasure: None, session, guest, rules, identifiers };
    Ok(kept(connection, &asked, now).await?.iter().map(|hold| hold.hold.named()).collect())
}

async fn kept(connection: &Connection, asked: &Asked, now: Timestamp) -> Result<Vec<Hold>, LedgerError> {
    let sql = format!(
        "SELECT {HOLD} FROM hold WHERE hold.installation = $1 AND {} ORDER BY hold.added, hold.id",
        in_force("$2")
    );
    let mut kept = Vec::new();
    for hold in read(connection, &sql, &[&asked.installation, &millis(now)]).await? {
        let keeps = match asked.is_kept_by(&hold.hold.on) {
            Keeps::Yes => true,
            Keeps::No => false,
            Keeps::ItsSessions => keeps_a_session(connection, asked, &hold).await?,
        };
        if keeps {
            kept.push(hold);
        }
    }
    Ok(kept)
}

/// Whether one of the sessions that are reached is a hold's own.
async fn keeps_a_session(connection: &Connection, asked: &Asked, hold: &Hold) -> Result<bool, LedgerError> {
    let erasure = asked.erasure.as_ref().map(|id| id.0.as_slice());
    let session = asked.session.map(|session| session.0);
    let guest = asked.guest.as_ref().map(|digest| digest.0.as_slice());
    match &hold.hold.on {
        HoldOn::Session(held) => {
            let sql = format!("{REACHED} SELECT FROM reached WHERE session = $5 LIMIT 1");
            let values: Values<'_> = &[&erasure, &asked.installation, &session, &guest, &held.0];
            Ok(connection.maybe(&sql, values).await?.is_some())
        }
        HoldOn::Guest(held) => {
            let sql = format!(
                "{REACHED} SELECT FROM reached JOIN session USING (installation, session) WHERE session.guest = $5 LIMIT 1"
            );
            let held = held.0.as_slice();
            let values: Values<'_> = &[&erasure, &asked.installation, &session, &guest, &held];
            if connection.maybe(&sql, values).await?.is_some() {
                return Ok(true);
            }
            let sql = "SELECT FROM erasure_shown WHERE erasure = $1 AND digest = $2 AND kind = $3 LIMIT 1";
            Ok(connection.maybe(sql, &[&erasure, &held, &SHOWN_GUEST]).await?.is_some())
        }
        HoldOn::Person(held) => {
            // Only those that have anything in common, and of them all that is known.
            let sql = format!(
                "{REACHED} SELECT fingerprint, version, kind, supplementary, session FROM reached
                 JOIN fingerprint USING (installation, session)
                 WHERE EXISTS (SELECT FROM fingerprint AS own JOIN hold_fingerprint ON hold_fingerprint.fingerprint = own.fingerprint
                               WHERE hold_fingerprint.hold = $5 AND own.installation = reached.installation
                                 AND own.session = reached.session)"
            );
            let id = hold.hold.id.to_string();
            let values: Values<'_> = &[&erasure, &asked.installation, &session, &guest, &id];
            let mut sessions: BTreeMap<i64, Vec<Fingerprinted>> = BTreeMap::new();
            let mut rows = connection.rows(&sql, values).await?;
            let sql = "SELECT digest, version, kind, supplementary, session FROM erasure_shown
                       WHERE erasure = $1 AND kind <> $2";
            rows.extend(connection.rows(sql, &[&erasure, &SHOWN_GUEST]).await?);
            for row in rows {
                let one = Fingerprinted { supplementary: row.truth(3)?, ..fingerprinted(&row, 0)? };
                sessions.entry(row.get(4)).or_default().push(one);
            }
            Ok(sessions.values().any(|session| may_be(held, session)))
        }
        HoldOn::Rule(_) => Ok(false),
    }
}

/// Has claimed work wait where a hold keeps its erasure; `false` where none does.
pub(super) async fn has_wait(tx: &Tx, task: i64, erasure: ErasureId) -> Result<bool, LedgerError> {
    let holds = keeping(tx, erasure, tx.now).await?;
    if holds.is_empty() {
        return Ok(false);
    }
    let wait = Wait::of(&holds, tx.now);
    let sql = "UPDATE task SET due = $2, began = $3, holder = NULL, deaths = 0, reason = $4 WHERE id = $1";
    let began = maybe_millis(began(wait.due, tx.now));
    tx.execute(sql, &[&task, &millis(wait.due), &began, &wait.reason]).await?;
    note(tx, erasure, &wait.named).await?;
    Ok(true)
}

/// Notes with an erasure by which holds it was kept, for its receipt.
pub(super) async fn note(tx: &Tx, erasure: ErasureId, named: &[HeldBy]) -> Result<(), LedgerError> {
    let id = erasure.0.as_slice();
    let row = tx.row("SELECT holds FROM erasure WHERE id = $1", &[&id]).await?;
    if let Some(all) = holding::noted(&json_at::<Vec<HeldBy>>(&row, 0)?, named) {
        tx.execute("UPDATE erasure SET holds = $2 WHERE id = $1", &[&id, &json(&all)?]).await?;
    }
    Ok(())
}

/// Holds in force without an end, the oldest first, at most so many.
pub(super) async fn endless(connection: &Connection, most: usize) -> Result<Vec<(HoldId, Timestamp)>, LedgerError> {
    let sql = "SELECT id, added FROM hold WHERE lifted IS NULL AND until IS NULL ORDER BY added, id LIMIT $1";
    let rows = connection.rows(sql, &[&(most as i64)]).await?;
    rows.iter().map(|row| Ok((holding::id(row.get(0))?, time(row.get(1))?))).collect()
}
