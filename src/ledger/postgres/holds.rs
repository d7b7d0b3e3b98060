//! Holds: added, lifted, listed, and asked before anything is erased. What many erasures and many holds have in common is asked in as many
//! statements as if there were one of each.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio_postgres::types::ToSql;

use super::claim::STEP_QUEUES;
use super::columns::{erasure_id, ids, json, json_at, maybe_millis, millis, time};
use super::row::Row as _;
use super::tx::{Connection, NOW_MS, Tx};
use super::{LedgerError, broken};
use crate::audit::Actor;
use crate::erasure::{ErasureId, Subject};
use crate::hold::{HeldBy, HoldId, HoldOn, NewHold};
use crate::keys::Digest;
use crate::ledger::clock::began;
use crate::ledger::holding::{
    self, Asked, HOLD, Hold, HoldAdded, HoldsListed, MaybeHeld, Reached, SHOWN_GUEST, STEP_IS_ACCEPTED, Wait,
    fingerprinted, in_force,
};
use crate::subject::{Fingerprinted, SessionId};

/// What somebody asks about, and the sessions that it reaches: an erasure's, one, and those of a guest. `$1` to `$4` are erasures,
/// installations, sessions and guests, one of each for each that is asked about; `place` counts these from 1 on.
const REACHED: &str = "WITH asked (erasure, installation, session, guest, place) AS (
                         SELECT * FROM unnest($1::BYTEA[], $2::BIGINT[], $3::BIGINT[], $4::BYTEA[]) WITH ORDINALITY
                       ), reached (place, installation, session) AS (
                         SELECT asked.place, erasure_session.installation, erasure_session.session
                           FROM asked JOIN erasure_session ON erasure_session.erasure = asked.erasure
                         UNION SELECT place, installation, session FROM asked WHERE session IS NOT NULL
                         UNION SELECT asked.place, session.installation, session.session
                           FROM asked JOIN session ON session.installation = asked.installation AND session.guest = asked.guest)";

/// The column of [`in_force_at`] behind those of [`HOLD`].
const INSTALLATION: usize = 13;

type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Before a claim of what may erase takes any other lock: any number of claims have it together.
pub(super) async fn lock_for_claim(tx: &Tx) -> Result<(), LedgerError> {
    tx.execute("SELECT pg_advisory_xact_lock_shared(7521974406301415)", &[]).await?;
    Ok(())
}

/// The same before a hold is added or lifted, which has it alone. Whoever claims at this instant has done so before, and is told of as under
/// way or looks again; or claims afterwards, and sees what has become of the hold. Nothing else that anybody does waits for it.
async fn lock(tx: &Tx) -> Result<(), LedgerError> {
    tx.execute("SELECT pg_advisory_xact_lock(7521974406301415)", &[]).await?;
    Ok(())
}

/// `installation` is the number of the hold's own.
pub(super) async fn add(tx: &mut Tx, installation: i64, new: &NewHold, by: &Actor) -> Result<HoldAdded, LedgerError> {
    lock(tx).await?;
    let (mut session, mut guest, mut rule) = (None, None, None);
    match &new.on {
        HoldOn::Session(id) => session = Some(id.0),
        HoldOn::Guest(digest) => guest = Some(digest.0.as_slice()),
        HoldOn::Rule(name) => rule = Some(name.as_str()),
        HoldOn::Person(fingerprints) => add_fingerprints(tx, new.id, fingerprints).await?,
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
    let asked = asked_of(tx, &erasing(tx, installation).await?).await?;
    let concerned = kept(tx, &asked, &[(installation, &new.on)]).await?;
    let is_kept = |(asked, by): (&Asked, &Vec<usize>)| asked.erasure.filter(|_| !by.is_empty());
    Ok(HoldAdded { under_way: asked.iter().zip(&concerned).filter_map(is_kept).collect() })
}

async fn add_fingerprints(tx: &Tx, id: HoldId, fingerprints: &[Fingerprinted]) -> Result<(), LedgerError> {
    let values: Vec<&[u8]> = fingerprints.iter().map(|one| one.fingerprint.0.as_slice()).collect();
    let versions: Vec<i64> = fingerprints.iter().map(|one| i64::from(one.version)).collect();
    let kinds: Vec<&str> = fingerprints.iter().map(|one| one.kind.as_str()).collect();
    let sql = "INSERT INTO hold_fingerprint (fingerprint, hold, version, kind)
               SELECT fingerprint, $1, version, kind FROM unnest($2::BYTEA[], $3::BIGINT[], $4::TEXT[])
                                                          AS new (fingerprint, version, kind)
               ON CONFLICT DO NOTHING";
    tx.execute(sql, &[&id.to_string(), &values, &versions, &kinds]).await?;
    Ok(())
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
    lock(tx).await?;
    let sql = format!("UPDATE hold SET lifted = $2, lifted_by = $3 WHERE id = $1 AND {}", in_force("$2"));
    let lifted = tx.execute(&sql, &[&id.to_string(), &millis(tx.now), &by.as_str()]).await?;
    if lifted == 0 {
        return Ok(false);
    }
    let sql = format!("{} RETURNING queue", holding::let_go("$1::TEXT", "$2"));
    for row in tx.rows(&sql, &[&id.to_string(), &millis(tx.now)]).await? {
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

/// Those of these that are in force, and when each ends by itself.
pub(super) async fn ends(
    connection: &Connection,
    all: &BTreeSet<HoldId>,
    now: Timestamp,
) -> Result<BTreeMap<HoldId, Option<Timestamp>>, LedgerError> {
    // Almost always there are none.
    if all.is_empty() {
        return Ok(BTreeMap::new());
    }
    let all: Vec<String> = all.iter().map(HoldId::to_string).collect();
    let sql = format!("SELECT id, until FROM hold WHERE id = ANY($1) AND {}", in_force("$2"));
    let rows = connection.rows(&sql, &[&all, &millis(now)]).await?;
    rows.iter().map(|row| Ok((holding::id(row.get(0))?, row.maybe_time(1)?))).collect()
}

async fn read(connection: &Connection, sql: &str, values: Values<'_>) -> Result<Vec<Hold>, LedgerError> {
    let rows = connection.rows(sql, values).await?;
    let mut holds = rows.iter().map(holding::hold).collect::<Result<Vec<_>, _>>()?;
    name_persons(connection, &mut holds).await?;
    Ok(holds)
}

/// The fingerprints of those that are on persons, which stand elsewhere.
async fn name_persons(connection: &Connection, holds: &mut [Hold]) -> Result<(), LedgerError> {
    let mut persons = BTreeMap::new();
    for hold in holds {
        if let Hold { hold: NewHold { id, on: HoldOn::Person(fingerprints), .. }, .. } = hold {
            persons.insert(id.to_string(), fingerprints);
        }
    }
    if persons.is_empty() {
        return Ok(());
    }
    let all: Vec<String> = persons.keys().cloned().collect();
    let sql = "SELECT fingerprint, version, kind, hold FROM hold_fingerprint WHERE hold = ANY($1)
               ORDER BY hold, kind, fingerprint, version";
    for row in connection.rows(sql, &[&all]).await? {
        if let Some(fingerprints) = persons.get_mut(row.get::<_, &str>(3)) {
            fingerprints.push(fingerprinted(&row, 0)?);
        }
    }
    Ok(())
}

/// The erasures that wait for a hold, at most so many.
pub(super) async fn waiting(connection: &Connection, id: HoldId, most: u32) -> Result<Vec<ErasureId>, LedgerError> {
    let sql = holding::waiting_for("$1", NOW_MS, "$2");
    let rows = connection.rows(&sql, &[&id.to_string(), &i64::from(most)]).await?;
    rows.iter().map(|row| erasure_id(row.get(0))).collect()
}

/// By which holds in force each of these erasures is kept; those that none keeps are left out.
pub(super) async fn keeping(
    connection: &Connection,
    all: &BTreeSet<ErasureId>,
    now: Timestamp,
) -> Result<BTreeMap<ErasureId, Vec<Hold>>, LedgerError> {
    if all.is_empty() || !are_there(connection, now).await? {
        return Ok(BTreeMap::new());
    }
    let all: Vec<ErasureId> = all.iter().copied().collect();
    let asked = asked_of(connection, &all).await?;
    let kept_by = kept_by(connection, &asked, now).await?;
    let of_erasure = |(asked, kept_by): (Asked, Vec<Hold>)| Some((asked.erasure?, kept_by));
    let each = asked.into_iter().zip(kept_by).filter_map(of_erasure);
    Ok(each.filter(|(_, kept_by)| !kept_by.is_empty()).collect())
}

/// The holds that keep one erasure, as they are named.
pub(super) async fn named(tx: &Tx, erasure: ErasureId) -> Result<Vec<HeldBy>, LedgerError> {
    let kept_by = keeping(tx, &BTreeSet::from([erasure]), tx.now).await?;
    Ok(kept_by.into_values().flatten().map(|hold| hold.hold.named()).collect())
}

/// Almost always there are none.
async fn are_there(connection: &Connection, now: Timestamp) -> Result<bool, LedgerError> {
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
    let kept_by = kept_by(connection, &[asked], now).await?;
    Ok(kept_by.iter().flatten().map(|hold| hold.hold.named()).collect())
}

/// What holds are asked about of erasures; those that are not there are left out.
async fn asked_of(connection: &Connection, all: &[ErasureId]) -> Result<Vec<Asked>, LedgerError> {
    let mut asked = BTreeMap::new();
    let sql = "SELECT id, installation, subject, rules FROM erasure WHERE id = ANY($1)";
    for row in connection.rows(sql, &[&ids(all)]).await? {
        let id = erasure_id(row.get(0))?;
        let (mut session, mut guest) = (None, None);
        match json_at::<Subject>(&row, 2)? {
            Subject::Session(key) => session = Some(key.session),
            Subject::Guest { digest, .. } => guest = Some(digest),
            Subject::Person { .. } => {}
        }
        let (rules, identifiers) = (json_at(&row, 3)?, Vec::new());
        asked.insert(id, Asked { installation: row.get(1), erasure: Some(id), session, guest, rules, identifiers });
    }
    let sql = "SELECT fingerprint, version, kind, erasure FROM erasure_fingerprint WHERE erasure = ANY($1)";
    for row in connection.rows(sql, &[&ids(all)]).await? {
        if let Some(asked) = asked.get_mut(&erasure_id(row.get(3))?) {
            asked.identifiers.push(fingerprinted(&row, 0)?);
        }
    }
    Ok(asked.into_values().collect())
}

/// The holds in force that keep each of what is asked about.
async fn kept_by(connection: &Connection, asked: &[Asked], now: Timestamp) -> Result<Vec<Vec<Hold>>, LedgerError> {
    let installations: BTreeSet<i64> = asked.iter().map(|asked| asked.installation).collect();
    let sql = format!(
        "SELECT {HOLD}, hold.installation FROM hold WHERE hold.installation = ANY($1) AND {} ORDER BY hold.added, hold.id",
        in_force("$2")
    );
    let installations: Vec<i64> = installations.into_iter().collect();
    let rows = connection.rows(&sql, &[&installations, &millis(now)]).await?;
    let mut holds = rows.iter().map(holding::hold).collect::<Result<Vec<_>, _>>()?;
    name_persons(connection, &mut holds).await?;
    let of: Vec<(i64, &HoldOn)> =
        rows.iter().zip(&holds).map(|(row, hold)| (row.get(INSTALLATION), &hold.hold.on)).collect();
    let kept = kept(connection, asked, &of).await?;
    Ok(kept.iter().map(|by| by.iter().map(|place| holds[*place].clone()).collect()).collect())
}

/// Which holds keep each of what is asked about, by their places. With each hold stands the number of its installation.
async fn kept(
    connection: &Connection,
    asked: &[Asked],
    holds: &[(i64, &HoldOn)],
) -> Result<Vec<Vec<usize>>, LedgerError> {
    if asked.is_empty() || holds.is_empty() {
        return Ok(vec![Vec::new(); asked.len()]);
    }
    let reached = reached(connection, asked, holds).await?;
    let by = |asked: &Asked, reached: &Reached| {
        let keeps =
            |(installation, on): &(i64, &HoldOn)| *installation == asked.installation && asked.is_kept(on, reached);
        holds.iter().enumerate().filter(|(_, hold)| keeps(hold)).map(|(place, _)| place).collect()
    };
    Ok(asked.iter().zip(&reached).map(|(asked, reached)| by(asked, reached)).collect())
}

/// What is known of the sessions that are reached, as far as these holds may be about them.
async fn reached(
    connection: &Connection,
    asked: &[Asked],
    holds: &[(i64, &HoldOn)],
) -> Result<Vec<Reached>, LedgerError> {
    let (mut sessions, mut guests, mut prints) = (Vec::new(), Vec::new(), BTreeSet::new());
    for (_, on) in holds {
        match on {
            HoldOn::Session(session) => sessions.push(session.0),
            HoldOn::Guest(digest) => guests.push(digest.0.as_slice()),
            HoldOn::Person(held) => prints.extend(held.iter().map(|one| one.fingerprint.0.as_slice())),
            HoldOn::Rule(_) => {}
        }
    }
    let prints: Vec<&[u8]> = prints.into_iter().collect();
    let erasures: Vec<_> = asked.iter().map(|one| one.erasure.as_ref().map(|id| id.0.as_slice())).collect();
    let installations: Vec<i64> = asked.iter().map(|one| one.installation).collect();
    let own: Vec<Option<i64>> = asked.iter().map(|one| one.session.map(|session| session.0)).collect();
    let of_guests: Vec<_> = asked.iter().map(|one| one.guest.as_ref().map(|digest| digest.0.as_slice())).collect();
    let mut all: Vec<Reached> = asked.iter().map(|_| Reached::default()).collect();
    let place = |place: i64| usize::try_from(place - 1).unwrap_or(usize::MAX);
    if !sessions.is_empty() {
        let sql = format!("{REACHED} SELECT place, session FROM reached WHERE session = ANY($5)");
        let values: Values<'_> = &[&erasures, &installations, &own, &of_guests, &sessions];
        for row in connection.rows(&sql, values).await? {
            all[place(row.get(0))].sessions.insert(SessionId(row.get(1)));
        }
    }
    if !guests.is_empty() {
        let sql = format!(
            "{REACHED} SELECT place, session.guest FROM reached JOIN session USING (installation, session)
                       WHERE session.guest = ANY($5)
                       UNION SELECT place, digest FROM asked JOIN erasure_shown ON erasure_shown.erasure = asked.erasure
                       WHERE digest = ANY($5) AND kind = $6"
        );
        let values: Values<'_> = &[&erasures, &installations, &own, &of_guests, &guests, &SHOWN_GUEST];
        for row in connection.rows(&sql, values).await? {
            all[place(row.get(0))].guests.insert(digest(row.get(1))?);
        }
    }
    if !prints.is_empty() {
        // Only of sessions that have anything in common with them, and of these all that is known.
        let sql = format!(
            "{REACHED} SELECT fingerprint, version, kind, supplementary, place, session
                       FROM reached JOIN fingerprint USING (installation, session)
                       WHERE EXISTS (SELECT FROM fingerprint AS own
                                     WHERE own.installation = reached.installation AND own.session = reached.session
                                       AND own.fingerprint = ANY($5))
                       UNION ALL SELECT digest, version, kind, supplementary, place, erasure_shown.session
                       FROM asked JOIN erasure_shown ON erasure_shown.erasure = asked.erasure WHERE kind <> $6"
        );
        let values: Values<'_> = &[&erasures, &installations, &own, &of_guests, &prints, &SHOWN_GUEST];
        for row in connection.rows(&sql, values).await? {
            let one = Fingerprinted { supplementary: row.truth(3)?, ..fingerprinted(&row, 0)? };
            all[place(row.get(4))].people.entry(SessionId(row.get(5))).or_default().push(one);
        }
    }
    Ok(all)
}

fn digest(bytes: &[u8]) -> Result<Digest, LedgerError> {
    bytes.try_into().map(Digest).map_err(|_| broken("a guest's digest is none"))
}

/// Has claimed work wait, as these holds keep its erasure.
pub(super) async fn wait(tx: &Tx, task: i64, erasure: ErasureId, kept_by: &[Hold]) -> Result<(), LedgerError> {
    let wait = Wait::of(kept_by, tx.now);
    let sql =
        "UPDATE task SET due = $2, began = $3, holder = NULL, deaths = 0, reason = NULL, held_by = $4, held_until = $5
               WHERE id = $1";
    let began = maybe_millis(began(wait.due, tx.now));
    let until = maybe_millis(wait.held_until);
    tx.execute(sql, &[&task, &millis(wait.due), &began, &wait.held_by, &until]).await?;
    note(tx, erasure, &wait.named).await
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
