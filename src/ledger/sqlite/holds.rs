//! Holds: added, lifted, listed, and asked before anything is erased.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, params};

use super::LedgerError;
use super::claim::STEP_QUEUES;
use super::columns::{Json, Millis};
use super::job::Tx;
use super::names::Names;
use super::row::Row as _;
use crate::audit::Actor;
use crate::erasure::{ErasureId, Subject};
use crate::hold::{HeldBy, HoldId, HoldOn, NewHold};
use crate::ledger::clock::began;
use crate::ledger::holding::{
    self, Asked, HOLD, Hold, HoldAdded, HoldsListed, Keeps, MaybeHeld, SHOWN_GUEST, STEP_IS_ACCEPTED, Wait,
    fingerprinted, in_force, may_be,
};
use crate::subject::Fingerprinted;

/// What an erasure reaches, or a session, or those of a guest: `?1` to `?4` are the erasure, the installation, the session, the guest.
const REACHED: &str = "WITH reached (installation, session) AS (
                         SELECT installation, session FROM erasure_session WHERE erasure = ?1
                         UNION SELECT ?2, ?3 WHERE ?3 IS NOT NULL
                         UNION SELECT installation, session FROM session WHERE installation = ?2 AND guest = ?4)";

pub(super) fn add(tx: &Tx<'_>, new: &NewHold, by: &Actor) -> Result<HoldAdded, LedgerError> {
    let installation = Names::Installation.intern(tx, &new.installation.0)?;
    let (mut session, mut guest, mut rule) = (None, None, None);
    match &new.on {
        HoldOn::Session(id) => session = Some(id.0),
        HoldOn::Guest(digest) => guest = Some(*digest),
        HoldOn::Rule(name) => rule = Some(name),
        HoldOn::Person(fingerprints) => {
            let mut insert = tx.prepare_cached(
                "INSERT INTO hold_fingerprint (fingerprint, hold, version, kind) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            )?;
            for one in fingerprints {
                insert.execute(params![one.fingerprint, new.id.to_string(), one.version, one.kind.as_str()])?;
            }
        }
    }
    tx.prepare_cached(
        "INSERT INTO hold (id, installation, kind, session, guest, rule, reason, reference, until, added, actor)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        new.id.to_string(),
        installation,
        new.on.kind(),
        session,
        guest,
        rule,
        new.reason.as_str(),
        new.case.as_ref().map(ToString::to_string),
        new.until.map(Millis),
        Millis(tx.now),
        by.as_str()
    ])?;
    let mut under_way = Vec::new();
    for erasure in erasing(tx, installation)? {
        if keeping(tx, erasure, tx.now)?.iter().any(|hold| hold.hold.id == new.id) {
            under_way.push(erasure);
        }
    }
    Ok(HoldAdded { under_way })
}

/// The erasures of an installation of which a target is being asked to erase, or was, and nobody knows yet what came of it.
fn erasing(tx: &Tx<'_>, installation: i64) -> Result<Vec<ErasureId>, LedgerError> {
    let mut statement = tx.prepare_cached(&format!(
        "SELECT task.erasure FROM task
         JOIN erasure ON erasure.id = task.erasure AND erasure.installation = ?1
         JOIN step ON step.erasure = task.erasure AND 'step:' || step.called = task.queue AND step.stage = 'erase'
         WHERE task.holder IS NOT NULL AND {STEP_QUEUES}
         UNION SELECT step.erasure FROM step
         JOIN erasure ON erasure.id = step.erasure AND erasure.installation = ?1 WHERE {STEP_IS_ACCEPTED} ORDER BY 1"
    ))?;
    let erasures = statement.query_map([installation], |row| row.get(0))?;
    Ok(erasures.collect::<Result<_, _>>()?)
}

/// Ends a hold that is in force: what waited for it looks at once whether another one keeps it.
pub(super) fn lift(tx: &Tx<'_>, id: HoldId, by: &Actor) -> Result<bool, LedgerError> {
    let lifted = tx
        .prepare_cached(&format!("UPDATE hold SET lifted = ?2, lifted_by = ?3 WHERE id = ?1 AND {}", in_force("?2")))?
        .execute(params![id.to_string(), Millis(tx.now), by.as_str()])?;
    if lifted > 0 {
        tx.prepare_cached(&holding::let_go("?1", "?2"))?.execute(params![id.to_string(), Millis(tx.now)])?;
    }
    Ok(lifted > 0)
}

/// In the order in which they were added.
pub(super) fn list(connection: &Connection, which: HoldsListed, now: Timestamp) -> Result<Vec<Hold>, LedgerError> {
    let only = match which {
        HoldsListed::InForce => in_force("?1"),
        HoldsListed::All => "?1 IS NOT NULL".to_owned(),
    };
    read(
        connection,
        &format!("SELECT {HOLD} FROM hold WHERE {only} ORDER BY hold.added, hold.id"),
        params![Millis(now)],
    )
}

pub(super) fn one(connection: &Connection, id: HoldId) -> Result<Option<Hold>, LedgerError> {
    let found = read(connection, &format!("SELECT {HOLD} FROM hold WHERE hold.id = ?1"), params![id.to_string()])?;
    Ok(found.into_iter().next())
}

/// Those of these that are in force, and when each ends by itself.
pub(super) fn ends(
    connection: &Connection,
    all: &BTreeSet<HoldId>,
    now: Timestamp,
) -> Result<BTreeMap<HoldId, Option<Timestamp>>, LedgerError> {
    let sql = format!("SELECT until FROM hold WHERE id = ?1 AND {}", in_force("?2"));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut ends = BTreeMap::new();
    for id in all {
        let end = statement.query_row(params![id.to_string(), Millis(now)], |row| row.get::<_, Option<Millis>>(0));
        ends.extend(end.optional()?.map(|until| (*id, until.map(|until| until.0))));
    }
    Ok(ends)
}

fn read(connection: &Connection, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Hold>, LedgerError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut holds = Vec::new();
    while let Some(row) = rows.next()? {
        holds.push(holding::hold(row)?);
    }
    for hold in &mut holds {
        if let HoldOn::Person(fingerprints) = &mut hold.hold.on {
            *fingerprints = prints(
                connection,
                "SELECT fingerprint, version, kind FROM hold_fingerprint WHERE hold = ?1 ORDER BY kind, fingerprint, version",
                params![hold.hold.id.to_string()],
            )?;
        }
    }
    Ok(holds)
}

fn prints(
    connection: &Connection,
    sql: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<Fingerprinted>, LedgerError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut prints = Vec::new();
    while let Some(row) = rows.next()? {
        prints.push(fingerprinted(row, 0)?);
    }
    Ok(prints)
}

/// The erasures that wait for a hold, at most so many.
pub(super) fn waiting(
    connection: &Connection,
    id: HoldId,
    most: u32,
    now: Timestamp,
) -> Result<Vec<ErasureId>, LedgerError> {
    let mut statement = connection.prepare_cached(&holding::waiting_for("?1", "?2", "?3"))?;
    let erasures = statement.query_map(params![id.to_string(), Millis(now), most], |row| row.get(0))?;
    Ok(erasures.collect::<Result<_, _>>()?)
}

/// The holds in force that keep an erasure.
pub(super) fn keeping(connection: &Connection, id: ErasureId, now: Timestamp) -> Result<Vec<Hold>, LedgerError> {
    if !are_there(connection, now)? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare_cached("SELECT installation, subject, rules FROM erasure WHERE id = ?1")?;
    let found = statement
        .query_row([id], |row| {
            let (Json(subject), Json(rules)): (Json<Subject>, Json<Vec<String>>) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, subject, rules))
        })
        .optional()?;
    let Some((installation, subject, rules)) = found else { return Ok(Vec::new()) };
    let identifiers = prints(
        connection,
        "SELECT fingerprint, version, kind FROM erasure_fingerprint WHERE erasure = ?1",
        params![id],
    )?;
    let (mut session, mut guest) = (None, None);
    match subject {
        Subject::Session(key) => session = Some(key.session),
        Subject::Guest { digest, .. } => guest = Some(digest),
        Subject::Person { .. } => {}
    }
    kept(connection, &Asked { installation, erasure: Some(id), session, guest, rules, identifiers }, now)
}

/// The same, as they are named.
pub(super) fn named(tx: &Tx<'_>, erasure: ErasureId) -> Result<Vec<HeldBy>, LedgerError> {
    Ok(keeping(tx, erasure, tx.now)?.iter().map(|hold| hold.hold.named()).collect())
}

/// Almost always there are none.
fn are_there(connection: &Connection, now: Timestamp) -> Result<bool, LedgerError> {
    let mut statement = connection.prepare_cached(&format!("SELECT 1 FROM hold WHERE {} LIMIT 1", in_force("?1")))?;
    Ok(statement.exists([Millis(now)])?)
}

/// The holds in force that keep what somebody asks about.
pub(super) fn keeping_any(connection: &Connection, of: &MaybeHeld, now: Timestamp) -> Result<Vec<HeldBy>, LedgerError> {
    let Some(installation) = Names::Installation.known(connection, &of.installation.0)? else { return Ok(Vec::new()) };
    let MaybeHeld { session, guest, rules, identifiers, .. } = of.clone();
    let asked = Asked { installation, erasure: None, session, guest, rules, identifiers };
    Ok(kept(connection, &asked, now)?.iter().map(|hold| hold.hold.named()).collect())
}

fn kept(connection: &Connection, asked: &Asked, now: Timestamp) -> Result<Vec<Hold>, LedgerError> {
    let sql = format!(
        "SELECT {HOLD} FROM hold WHERE hold.installation = ?1 AND {} ORDER BY hold.added, hold.id",
        in_force("?2")
    );
    let mut kept = Vec::new();
    for hold in read(connection, &sql, params![asked.installation, Millis(now)])? {
        let keeps = match asked.is_kept_by(&hold.hold.on) {
            Keeps::Yes => true,
            Keeps::No => false,
            Keeps::ItsSessions => keeps_a_session(connection, asked, &hold)?,
        };
        if keeps {
            kept.push(hold);
        }
    }
    Ok(kept)
}

/// Whether one of the sessions that are reached is a hold's own.
fn keeps_a_session(connection: &Connection, asked: &Asked, hold: &Hold) -> Result<bool, LedgerError> {
    let Asked { installation, erasure, session, guest, .. } = asked;
    let session = session.map(|session| session.0);
    match &hold.hold.on {
        HoldOn::Session(held) => {
            let sql = format!("{REACHED} SELECT 1 FROM reached WHERE session = ?5");
            Ok(connection.prepare_cached(&sql)?.exists(params![erasure, installation, session, guest, held.0])?)
        }
        HoldOn::Guest(held) => {
            let sql = format!(
                "{REACHED} SELECT 1 FROM reached JOIN session USING (installation, session) WHERE session.guest = ?5 LIMIT 1"
            );
            let shown = "SELECT 1 FROM erasure_shown WHERE erasure = ?1 AND digest = ?2 AND kind = ?3";
            Ok(connection.prepare_cached(&sql)?.exists(params![erasure, installation, session, guest, held])?
                || connection.prepare_cached(shown)?.exists(params![erasure, held, SHOWN_GUEST])?)
        }
        HoldOn::Person(held) => {
            // Only those that have anything in common, and of them all that is known.
            let sql = format!(
                "{REACHED} SELECT fingerprint, version, kind, supplementary, session FROM reached
                 JOIN fingerprint USING (installation, session)
                 WHERE EXISTS (SELECT 1 FROM fingerprint AS own JOIN hold_fingerprint ON hold_fingerprint.fingerprint = own.fingerprint
                               WHERE hold_fingerprint.hold = ?5 AND own.installation = reached.installation
                                 AND own.session = reached.session)"
            );
            let mut sessions = BTreeMap::new();
            let mut statement = connection.prepare_cached(&sql)?;
            let id = hold.hold.id.to_string();
            add_by_session(statement.query(params![erasure, installation, session, guest, id])?, &mut sessions)?;
            let mut shown = connection.prepare_cached(
                "SELECT digest, version, kind, supplementary, session FROM erasure_shown WHERE erasure = ?1 AND kind <> ?2",
            )?;
            add_by_session(shown.query(params![erasure, SHOWN_GUEST])?, &mut sessions)?;
            Ok(sessions.values().any(|session| may_be(held, session)))
        }
        HoldOn::Rule(_) => Ok(false),
    }
}

fn add_by_session(
    mut rows: rusqlite::Rows<'_>,
    sessions: &mut BTreeMap<i64, Vec<Fingerprinted>>,
) -> Result<(), LedgerError> {
    while let Some(row) = rows.next()? {
        let one = Fingerprinted { supplementary: row.truth(3)?, ..fingerprinted(row, 0)? };
        sessions.entry(row.get(4)?).or_default().push(one);
    }
    Ok(())
}

/// Has claimed work wait where a hold keeps its erasure; `false` where none does.
pub(super) fn has_wait(tx: &Tx<'_>, task: i64, erasure: ErasureId) -> Result<bool, LedgerError> {
    let holds = keeping(tx, erasure, tx.now)?;
    if holds.is_empty() {
        return Ok(false);
    }
    let wait = Wait::of(&holds, tx.now);
    tx.prepare_cached(
        "UPDATE task SET due = ?2, began = ?3, holder = NULL, deaths = 0, reason = NULL, held_by = ?4, held_until = ?5
         WHERE id = ?1",
    )?
    .execute(params![
        task,
        Millis(wait.due),
        began(wait.due, tx.now).map(Millis),
        wait.held_by,
        wait.held_until.map(Millis)
    ])?;
    note(tx, erasure, &wait.named)?;
    Ok(true)
}

/// Notes with an erasure by which holds it was kept, for its receipt.
pub(super) fn note(tx: &Tx<'_>, erasure: ErasureId, named: &[HeldBy]) -> Result<(), LedgerError> {
    let mut before = tx.prepare_cached("SELECT holds FROM erasure WHERE id = ?1")?;
    let Json(before): Json<Vec<HeldBy>> = before.query_row([erasure], |row| row.get(0))?;
    if let Some(all) = holding::noted(&before, named) {
        tx.prepare_cached("UPDATE erasure SET holds = ?2 WHERE id = ?1")?.execute(params![erasure, Json(&all)])?;
    }
    Ok(())
}

/// Holds in force without an end, the oldest first, at most so many.
pub(super) fn endless(connection: &Connection, most: usize) -> Result<Vec<(HoldId, Timestamp)>, LedgerError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, added FROM hold WHERE lifted IS NULL AND until IS NULL ORDER BY added, id LIMIT ?1",
    )?;
    let rows = statement.query_map([most as i64], |row| Ok((row.get::<_, String>(0)?, row.get::<_, Millis>(1)?)))?;
    rows.map(|row| row.map_err(LedgerError::from).and_then(|(id, added)| Ok((holding::id(&id)?, added.0)))).collect()
}
