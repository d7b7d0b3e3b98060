//! Requests of persons.

use jiff::civil::Date;
use rusqlite::{Connection, params, params_from_iter};

use super::job::Tx;
use super::{LedgerError, Page, generations, query};
use crate::attention::{OpenRequest, OpenRequests};
use crate::audit::Actor;
use crate::erasure::{Capsule, ErasureId};
use crate::keys::Fingerprint;
use crate::ledger::request::{self, Columns};
use crate::ledger::{
    CountedRequests, EnteredAs, NewRequest, OpenCounts, RequestChange, RequestCursor, RequestFilter, StoredRequest,
};
use crate::request::{Request, RequestId, RequestNumber, Rest};
use crate::subject::Fingerprinted;

/// The next place: behind all that there are, and behind the last one that was given, whose request may be gone. No number is given twice.
const NEXT: &str = "SELECT MAX(COALESCE((SELECT MAX(seq) FROM request), 0),
            COALESCE((SELECT CAST(CAST(value AS TEXT) AS INTEGER) FROM meta WHERE name = 'last request'), 0)) + 1";

/// As bytes, like everything else that stands there.
const GIVEN: &str = "REPLACE INTO meta (name, value) VALUES ('last request', CAST(CAST(?1 AS TEXT) AS BLOB))";

pub(super) fn add(tx: &Tx<'_>, new: &NewRequest, by: &Actor) -> Result<EnteredAs, LedgerError> {
    let installation = &*new.entered.mluvii.0;
    // The person first: a number that is taken says nothing of who is entered under it.
    if let Some(number) = duplicate(tx, new)?.filter(|_| !new.anyway) {
        return Ok(EnteredAs::Duplicate(number));
    }
    if let Some(number) = &new.entered.number
        && tx.prepare_cached(request::IS_TAKEN)?.exists(params![installation, number.as_str()])?
    {
        return Ok(EnteredAs::NumberTaken);
    }
    let capsule = &new.capsule;
    generations::must_seal(tx, Some(&capsule.seal_key))?;
    let sequence: i64 = tx.prepare_cached(NEXT)?.query_row([], |row| row.get(0))?;
    tx.prepare_cached(GIVEN)?.execute([sequence])?;
    let stored = request::numbered(new, sequence, by, tx.now);
    let columns = Columns::of(&stored.request)?;
    tx.prepare_cached(request::INSERT)?.execute(params![
        columns.id,
        sequence,
        columns.installation,
        columns.number,
        columns.state,
        columns.entered,
        columns.due,
        columns.ended,
        columns.to_approve,
        columns.targets,
        columns.text,
        capsule.wrapped_key.0,
        capsule.content.0,
        capsule.seal_key.as_str(),
    ])?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO request_fingerprint (fingerprint, request, version, kind) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO NOTHING",
    )?;
    for one in &new.fingerprints {
        insert.execute(params![one.fingerprint, columns.id, one.version, one.kind.as_str()])?;
    }
    Ok(EnteredAs::New(Box::new(stored)))
}

/// The number of an open request of the same person.
fn duplicate(tx: &Tx<'_>, new: &NewRequest) -> Result<Option<RequestNumber>, LedgerError> {
    let mut open = tx.prepare_cached(request::OPEN_WITH)?;
    for one in &new.fingerprints {
        let found = open.query_map(params![&*new.entered.mluvii.0, one.fingerprint], |row| {
            Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, String>(1)?))
        })?;
        for (id, number) in found.collect::<Result<Vec<_>, _>>()? {
            if request::is_same(new, &prints(tx, &id)?) {
                return Ok(number.parse().ok());
            }
        }
    }
    Ok(None)
}

fn prints(connection: &Connection, request: &[u8]) -> Result<Vec<Fingerprinted>, LedgerError> {
    let mut statement = connection.prepare_cached(request::PRINTS_OF)?;
    let mut rows = statement.query([request])?;
    let mut prints = Vec::new();
    while let Some(row) = rows.next()? {
        prints.push(request::print(row)?);
    }
    Ok(prints)
}

/// `false` where somebody has changed it meanwhile.
pub(super) fn change(tx: &Tx<'_>, change: &RequestChange) -> Result<bool, LedgerError> {
    write(tx, change.read_version, &change.request)
}

/// The request of this id, as it is changed next.
pub(super) fn one(tx: &Tx<'_>, id: RequestId) -> Result<Option<StoredRequest>, LedgerError> {
    Ok(many(tx, &request::of_id(), [id.0])?.pop())
}

pub(super) fn write(tx: &Tx<'_>, read_version: i64, changed: &Request) -> Result<bool, LedgerError> {
    let columns = Columns::of(changed)?;
    let is_open = columns.ended.is_none();
    let changed = tx.prepare_cached(request::UPDATE)?.execute(params![
        columns.state,
        columns.due,
        columns.ended,
        columns.to_approve,
        columns.text,
        is_open,
        columns.id,
        read_version
    ])?;
    Ok(changed == 1)
}

/// A request has become an erasure, which may have joined another one than the one that was asked for.
pub(super) fn became(
    tx: &Tx<'_>,
    change: &RequestChange,
    asked: ErasureId,
    actual: ErasureId,
) -> Result<(), LedgerError> {
    let mut changed = change.request.clone();
    if actual != asked {
        changed.erasures.retain(|id| *id != asked && *id != actual);
        changed.erasures.push(actual);
        write(tx, change.read_version + 1, &changed)?;
    }
    tx.prepare_cached("INSERT INTO request_erasure (erasure, request) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![actual, changed.id.0])?;
    Ok(())
}

/// An erasure is over: with a receipt that leaves something or not; without one, it is as if it had not been asked for.
pub(super) fn erasure_ended(tx: &Tx<'_>, id: ErasureId, receipt: Option<Rest>) -> Result<(), LedgerError> {
    for stored in many(tx, &request::of_erasure(), params![id])? {
        let StoredRequest { version, request, .. } = stored;
        let request = match receipt {
            Some(rest) => {
                let is_left = tx
                    .prepare_cached(&request::is_left_elsewhere("recheck.unsettled = 1"))?
                    .exists(params![request.id.0])?;
                request.erased(id, request::rest(rest, is_left), tx.now)
            }
            None => {
                tx.prepare_cached("DELETE FROM request_erasure WHERE erasure = ?1 AND request = ?2")?
                    .execute(params![id, request.id.0])?;
                request.without(id)
            }
        };
        write(tx, version, &request)?;
    }
    Ok(())
}

/// Something was found again that these erasures had erased: their requests are open once more. Returns those that were not before.
pub(super) fn reopen(tx: &Tx<'_>, erasures: &[ErasureId], today: Date) -> Result<Vec<Request>, LedgerError> {
    let mut reopened = Vec::new();
    for id in erasures {
        for StoredRequest { version, request, .. } in many(tx, &request::of_erasure(), params![id])? {
            let Some(request) = request.reopen(*id, tx.now, today) else { continue };
            write(tx, version, &request)?;
            reopened.push(request);
        }
    }
    Ok(reopened)
}

/// What was erased by `before` is erased again by `id`: for the requests that wait for that, or have ended with `before`.
pub(super) fn erased_again(tx: &Tx<'_>, before: &[ErasureId], id: ErasureId) -> Result<(), LedgerError> {
    for one in before {
        for StoredRequest { version, request, .. } in many(tx, &request::of_erasure(), params![one])? {
            let Some(request) = request.erased_again_by(*one, id) else { continue };
            write(tx, version, &request)?;
            tx.prepare_cached("INSERT INTO request_erasure (erasure, request) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
                .execute(params![id, request.id.0])?;
        }
    }
    Ok(())
}

fn many(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> Result<Vec<StoredRequest>, LedgerError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        all.push(request::stored(row)?);
    }
    Ok(all)
}

pub(super) fn list(
    connection: &Connection,
    filter: &RequestFilter,
) -> Result<Page<StoredRequest, RequestCursor>, LedgerError> {
    let query::Statement { sql, values } = query::requests(filter);
    Ok(filter.page(many(connection, &sql, params_from_iter(values))?))
}

pub(super) fn count_open(connection: &Connection, which: &CountedRequests) -> Result<OpenCounts, LedgerError> {
    let query::Statement { sql, values } = query::open_requests(which);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut counts = OpenCounts::default();
    while let Some(row) = rows.next()? {
        counts.add(row)?;
    }
    Ok(counts)
}

pub(super) fn numbered(connection: &Connection, number: &RequestNumber) -> Result<Vec<StoredRequest>, LedgerError> {
    many(connection, &request::of_number(), [number.as_str()])
}

/// Those that carry any of the fingerprints, the newest first.
pub(super) fn with(connection: &Connection, fingerprints: &[Fingerprint]) -> Result<Vec<StoredRequest>, LedgerError> {
    let mut all = Vec::new();
    for fingerprint in fingerprints {
        all.extend(many(connection, &request::with(), params![fingerprint])?);
    }
    Ok(request::newest_first(all))
}

/// Those of which an erasure is, the newest first.
pub(super) fn of_erasure(connection: &Connection, id: ErasureId) -> Result<Vec<StoredRequest>, LedgerError> {
    Ok(request::newest_first(many(connection, &request::of_erasure(), params![id])?))
}

pub(super) fn capsule(connection: &Connection, id: RequestId) -> Result<Option<Capsule>, LedgerError> {
    let sql = format!("SELECT {} FROM request WHERE id = ?1", request::CAPSULE);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([id.0])?;
    match rows.next()? {
        Some(row) => request::capsule(row),
        None => Ok(None),
    }
}

/// The next one after a place of which something is sealed under a generation.
pub(super) fn under(
    connection: &Connection,
    generation: &str,
    after: u64,
) -> Result<Option<StoredRequest>, LedgerError> {
    let values = params![generation, i64::try_from(after).unwrap_or(i64::MAX)];
    Ok(many(connection, &request::under(), values)?.pop())
}

/// Puts what was sealed anew in the place of what it was, if it still is that.
pub(super) fn reseal(tx: &Tx<'_>, id: RequestId, before: &Capsule, after: &Capsule) -> Result<(), LedgerError> {
    generations::must_seal(tx, Some(&after.seal_key))?;
    tx.prepare_cached(request::RESEAL)?.execute(params![
        after.wrapped_key.0,
        after.content.0,
        after.seal_key.as_str(),
        id.0,
        before.wrapped_key.0
    ])?;
    Ok(())
}

pub(super) fn open(connection: &Connection) -> Result<OpenRequests, LedgerError> {
    let mut statement = connection.prepare_cached(&request::soonest())?;
    let mut rows = statement.query([])?;
    let mut soonest = Vec::new();
    while let Some(row) = rows.next()? {
        soonest.push(request::soon(row)?);
    }
    let waiting = |sql: &str| -> Result<Vec<OpenRequest>, LedgerError> {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(request::open_request(row)?);
        }
        Ok(found)
    };
    let first = many(connection, &request::first(), [])?.into_iter().map(|stored| stored.request);
    Ok(OpenRequests {
        soonest,
        unverified: waiting(&request::in_states(&request::UNVERIFIED))?,
        planned: waiting(&request::to_approve())?,
        first: first.collect(),
    })
}

/// How many there are in each state.
pub(super) fn counts(connection: &Connection) -> Result<Vec<(String, u64)>, LedgerError> {
    let mut statement = connection.prepare_cached(request::BY_STATE)?;
    let counts = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
    Ok(counts.collect::<Result<_, _>>()?)
}

/// How many are late that have to be answered until before a day.
pub(super) fn late(connection: &Connection, before: i64) -> Result<u64, LedgerError> {
    Ok(connection.prepare_cached(request::LATE)?.query_row([before], |row| row.get::<_, i64>(0))?.unsigned_abs())
}
