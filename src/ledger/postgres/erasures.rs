//! Erasures as they are shown, and their state.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tokio_postgres::Row;

use super::columns::{
    erasure_id, fingerprint, ids, json_at, maybe_time, maybe_word, millis, of_json, small, time, word,
};
use super::place::Place;
use super::tx::{Connection, NOW_MS};
use super::{
    EndedErasure, EndedMark, ErasureCursor, ErasureFilter, LedgerError, Page, confirming, query, sessions, steps,
};
use crate::erasure::{Confirmation, Erasure, ErasureId, Step};
use crate::keys::Fingerprint;
use crate::ledger::holding::erasure_is_on_hold;
use crate::subject::Fingerprinted;

/// The erasures with these ids; those that are not there are left out, and one that cannot be read is an error of its own.
pub(super) async fn many(
    connection: &Connection,
    all: &[ErasureId],
) -> Result<HashMap<ErasureId, Result<Erasure, LedgerError>>, LedgerError> {
    let rows = connection
        .rows(
            &format!(
                "SELECT id, subject, rules, targets, state, created, due, approved, begun, ended, sessions, findings, verdict,
                        rejected, confirm, confirmed, holds, {}, demands
                 FROM erasure WHERE id = ANY($1)",
                erasure_is_on_hold(NOW_MS)
            ),
            &[&ids(all)],
        )
        .await?;
    let mut begun = steps::shown(connection, all).await?;
    let confirmable: Vec<_> = rows.iter().filter(|row| row.get::<_, Option<&str>>(14).is_some()).collect();
    let confirmable = confirmable.into_iter().map(|row| erasure_id(row.get(0))).collect::<Result<Vec<_>, _>>()?;
    let mut links = match confirmable.as_slice() {
        [] => HashMap::new(),
        some => confirming::newest(connection, some).await?,
    };
    let mut erasures = HashMap::with_capacity(rows.len());
    for row in rows {
        let id = erasure_id(row.get(0))?;
        let steps = begun.remove(&id);
        let link = links.remove(&id);
        let whole = || {
            let mut erasure = read(&row)?;
            if let Some(confirmation) = &mut erasure.confirmation {
                confirmation.link = link.map(Into::into);
            }
            erasure.steps = match erasure.begun {
                Some(_) => steps.unwrap_or_else(|| Ok(Vec::new()))?,
                None => {
                    let targets = json_at::<Vec<_>>(&row, 3)?;
                    let installation = erasure.subject.installation();
                    targets.into_iter().map(|target| Step::planned(target, installation)).collect()
                }
            };
            Ok(erasure)
        };
        erasures.insert(id, whole());
    }
    Ok(erasures)
}

/// Those of them that can be read: what is wrong with another one is told elsewhere.
pub(super) async fn readable(
    connection: &Connection,
    all: BTreeSet<ErasureId>,
) -> Result<BTreeMap<ErasureId, Erasure>, LedgerError> {
    if all.is_empty() {
        return Ok(BTreeMap::new());
    }
    let all: Vec<_> = all.into_iter().collect();
    let read = many(connection, &all).await?;
    Ok(read.into_iter().filter_map(|(id, erasure)| Some((id, erasure.ok()?))).collect())
}

pub(super) async fn one(connection: &Connection, id: ErasureId) -> Result<Option<Erasure>, LedgerError> {
    many(connection, &[id]).await?.remove(&id).transpose()
}

pub(super) async fn list(
    connection: &Connection,
    filter: &ErasureFilter,
) -> Result<Page<Erasure, ErasureCursor>, LedgerError> {
    let mut found: Vec<ErasureId> = Vec::new();
    for statement in query::erasures(filter, "parked") {
        for row in connection.listed(&statement).await? {
            found.push(erasure_id(row.get(0))?);
        }
    }
    let (ids, there_are_more) = filter.page_of(found);
    let items = in_order(connection, &ids).await?;
    let next = ErasureCursor::after(&items).filter(|_| there_are_more);
    Ok(Page { items, next })
}

/// Those whose identifiers have any of the fingerprints, newest first.
pub(super) async fn with(connection: &Connection, fingerprints: &[Fingerprint]) -> Result<Vec<Erasure>, LedgerError> {
    let all: Vec<&[u8]> = fingerprints.iter().map(|fingerprint| fingerprint.0.as_slice()).collect();
    let rows = connection
        .rows(
            "SELECT DISTINCT erasure FROM erasure_fingerprint WHERE fingerprint = ANY($1) ORDER BY erasure DESC",
            &[&all],
        )
        .await?;
    let newest = rows.iter().map(|row| erasure_id(row.get(0))).collect::<Result<Vec<_>, _>>()?;
    in_order(connection, &newest).await
}

/// Those of these subjects, and those under way that reach the session, the oldest first. A walk over all of them.
pub(super) async fn of_session(
    connection: &Connection,
    place: Place,
    subjects: &[String],
) -> Result<Vec<Erasure>, LedgerError> {
    let rows = connection
        .rows(
            "SELECT erasure FROM erasure_session
             WHERE installation = $1 AND session = $2 AND read_before IS NOT NULL
             UNION SELECT id FROM erasure WHERE subject_key = ANY($3)
             ORDER BY 1",
            &[&place.installation, &place.session, &subjects],
        )
        .await?;
    let oldest = rows.iter().map(|row| erasure_id(row.get(0))).collect::<Result<Vec<_>, _>>()?;
    in_order(connection, &oldest).await
}

/// Those of an installation that are over and have a receipt, done or cancelled, by when.
pub(super) async fn ended(
    connection: &Connection,
    number: i64,
    after: EndedMark,
    most: u32,
) -> Result<Vec<EndedErasure>, LedgerError> {
    let sql = "SELECT id FROM erasure
               WHERE (ended, id) > ($1, $2) AND ended IS NOT NULL AND installation = $3 AND verdict IS NOT NULL
               ORDER BY ended, id LIMIT $4";
    let after_id = after.erasure.0.as_slice();
    let rows = connection.rows(sql, &[&millis(after.at), &after_id, &number, &i64::from(most)]).await?;
    let all = rows.iter().map(|row| erasure_id(row.get(0))).collect::<Result<Vec<_>, _>>()?;
    let sql =
        "SELECT erasure, fingerprint, version, kind FROM erasure_fingerprint WHERE erasure = ANY($1) ORDER BY 4, 2";
    let mut kept: HashMap<ErasureId, Vec<Fingerprinted>> = HashMap::new();
    for row in connection.rows(sql, &[&ids(&all)]).await? {
        let one = Fingerprinted {
            kind: row.get::<_, &str>(3).into(),
            fingerprint: fingerprint(row.get(1))?,
            version: sessions::version(row.get(2))?,
            supplementary: false,
        };
        kept.entry(erasure_id(row.get(0))?).or_default().push(one);
    }
    let erasures = in_order(connection, &all).await?.into_iter();
    Ok(erasures
        .map(|erasure| EndedErasure { fingerprints: kept.remove(&erasure.id).unwrap_or_default(), erasure })
        .collect())
}

pub(super) async fn in_order(connection: &Connection, all: &[ErasureId]) -> Result<Vec<Erasure>, LedgerError> {
    let mut erasures = many(connection, all).await?;
    all.iter().filter_map(|id| erasures.remove(id)).collect()
}

fn read(row: &Row) -> Result<Erasure, LedgerError> {
    Ok(Erasure {
        id: erasure_id(row.get(0))?,
        subject: json_at(row, 1)?,
        rules: json_at(row, 2)?,
        rejected: json_at(row, 13)?,
        demands: json_at(row, 18)?,
        state: word(row.get(4))?,
        created: time(row.get(5))?,
        due: time(row.get(6))?,
        approved: maybe_time(row.get(7))?,
        begun: maybe_time(row.get(8))?,
        ended: maybe_time(row.get(9))?,
        confirmation: Confirmation::of(maybe_word(row.get(14))?, maybe_time(row.get(15))?),
        sessions: small(row.get(10)),
        findings: row.get::<_, Option<&str>>(11).map(|findings| of_json(findings.as_bytes())).transpose()?,
        verdict: maybe_word(row.get(12))?,
        holds: json_at(row, 16)?,
        held: row.get(17),
        steps: Vec::new(),
    })
}
