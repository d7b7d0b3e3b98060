//! Requests of persons.

use jiff::civil::Date;

use super::columns::{erasure_id, text, unsigned};
use super::tx::{Connection, Tx};
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
const NEXT: &str = "SELECT GREATEST((SELECT COALESCE(MAX(seq), 0) FROM request),
                 (SELECT convert_from(value, 'UTF8')::BIGINT FROM meta WHERE name = 'last request')) + 1";

const GIVEN: &str = "INSERT INTO meta (name, value) VALUES ('last request', convert_to(($1::BIGINT)::TEXT, 'UTF8'))
     ON CONFLICT (name) DO UPDATE SET value = excluded.value";

pub(super) async fn add(tx: &Tx, new: &NewRequest, by: &Actor) -> Result<EnteredAs, LedgerError> {
    // One at a time: the second sees the number, and the person, of the first.
    tx.maybe("SELECT FROM meta WHERE name = 'id' FOR UPDATE", &[]).await?;
    let installation = &*new.entered.mluvii.0;
    if let Some(number) = duplicate(tx, new).await?.filter(|_| !new.anyway) {
        return Ok(EnteredAs::Duplicate(number));
    }
    if let Some(number) = &new.entered.number
        && tx.maybe(request::IS_TAKEN, &[&installation, &number.as_str()]).await?.is_some()
    {
        return Ok(EnteredAs::NumberTaken);
    }
    let capsule = &new.capsule;
    generations::must_seal(tx, Some(&capsule.seal_key)).await?;
    let sequence: i64 = tx.row(NEXT, &[]).await?.get(0);
    tx.execute(GIVEN, &[&sequence]).await?;
    let stored = request::numbered(new, sequence, by, tx.now);
    let columns = Columns::of(&stored.request)?;
    tx.execute(
        request::INSERT,
        &[
            &columns.id,
            &sequence,
            &columns.installation,
            &columns.number,
            &columns.state,
            &columns.entered,
            &columns.due,
            &columns.ended,
            &columns.to_approve,
            &columns.targets,
            &text(&columns.text),
            &capsule.wrapped_key.0,
            &capsule.content.0,
            &capsule.seal_key.as_str(),
        ],
    )
    .await?;
    let values: Vec<&[u8]> = new.fingerprints.iter().map(|one| one.fingerprint.0.as_slice()).collect();
    let versions: Vec<i64> = new.fingerprints.iter().map(|one| i64::from(one.version)).collect();
    let kinds: Vec<&str> = new.fingerprints.iter().map(|one| one.kind.as_str()).collect();
    tx.execute(
        "INSERT INTO request_fingerprint (fingerprint, request, version, kind)
         SELECT fingerprint, $1, version, kind FROM unnest($2::BYTEA[], $3::BIGINT[], $4::TEXT[])
                                                    AS new (fingerprint, version, kind)
         ON CONFLICT DO NOTHING",
        &[&columns.id, &values, &versions, &kinds],
    )
    .await?;
    Ok(EnteredAs::New(Box::new(stored)))
}

/// The number of an open request of the same person.
async fn duplicate(tx: &Tx, new: &NewRequest) -> Result<Option<RequestNumber>, LedgerError> {
    for one in &new.fingerprints {
        let open = tx.rows(request::OPEN_WITH, &[&&*new.entered.mluvii.0, &one.fingerprint.0.as_slice()]).await?;
        for row in open {
            if request::is_same(new, &prints(tx, row.get(0)).await?) {
                return Ok(row.get::<_, &str>(1).parse().ok());
            }
        }
    }
    Ok(None)
}

async fn prints(connection: &Connection, request: &[u8]) -> Result<Vec<Fingerprinted>, LedgerError> {
    connection.rows(request::PRINTS_OF, &[&request]).await?.iter().map(request::print).collect()
}

/// `false` where somebody has changed it meanwhile.
pub(super) async fn change(tx: &Tx, change: &RequestChange) -> Result<bool, LedgerError> {
    write(tx, change.read_version, &change.request).await
}

/// The request of this id, as it is changed next: it is locked.
pub(super) async fn one(tx: &Tx, id: RequestId) -> Result<Option<StoredRequest>, LedgerError> {
    let sql = format!("{} FOR UPDATE", request::of_id());
    tx.maybe(&sql, &[&id.0.as_slice()]).await?.as_ref().map(request::stored).transpose()
}

pub(super) async fn write(tx: &Tx, read_version: i64, changed: &Request) -> Result<bool, LedgerError> {
    let columns = Columns::of(changed)?;
    let is_open = columns.ended.is_none();
    let values: super::tx::Values<'_> = &[
        &columns.state,
        &columns.due,
        &columns.ended,
        &columns.to_approve,
        &text(&columns.text),
        &is_open,
        &columns.id,
        &read_version,
    ];
    Ok(tx.execute(request::UPDATE, values).await? == 1)
}

/// A request has become an erasure, which may have joined another one than the one that was asked for.
pub(super) async fn became(
    tx: &Tx,
    change: &RequestChange,
    asked: ErasureId,
    actual: ErasureId,
) -> Result<(), LedgerError> {
    let mut changed = change.request.clone();
    if actual != asked {
        changed.erasures.retain(|id| *id != asked && *id != actual);
        changed.erasures.push(actual);
        write(tx, change.read_version + 1, &changed).await?;
    }
    let insert = "INSERT INTO request_erasure (erasure, request) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    tx.execute(insert, &[&actual.0.as_slice(), &changed.id.0.as_slice()]).await?;
    Ok(())
}

/// Erasures are over; see [`erasure_ended`].
pub(super) async fn erasures_ended(tx: &Tx, all: &[(ErasureId, Option<Rest>)]) -> Result<(), LedgerError> {
    let of_requests = "SELECT DISTINCT erasure FROM request_erasure WHERE erasure = ANY($1)";
    let ended: Vec<&[u8]> = all.iter().map(|(id, _)| id.0.as_slice()).collect();
    for row in tx.rows(of_requests, &[&ended]).await? {
        let ended = erasure_id(row.get(0))?;
        let receipt = all.iter().find(|(id, _)| *id == ended).and_then(|(_, receipt)| *receipt);
        erasure_ended(tx, ended, receipt).await?;
    }
    Ok(())
}

/// An erasure is over: with a receipt that leaves something or not; without one, it is as if it had not been asked for.
async fn erasure_ended(tx: &Tx, id: ErasureId, receipt: Option<Rest>) -> Result<(), LedgerError> {
    for StoredRequest { version, request, .. } in of_erasure_locked(tx, id).await? {
        let request = match receipt {
            Some(rest) => {
                let left = request::is_left_elsewhere("recheck.unsettled");
                let is_left = !tx.rows(&left, &[&request.id.0.as_slice()]).await?.is_empty();
                request.erased(id, request::rest(rest, is_left), tx.now)
            }
            None => {
                let delete = "DELETE FROM request_erasure WHERE erasure = $1 AND request = $2";
                tx.execute(delete, &[&id.0.as_slice(), &request.id.0.as_slice()]).await?;
                request.without(id)
            }
        };
        write(tx, version, &request).await?;
    }
    Ok(())
}

/// Something was found again that these erasures had erased: their requests are open once more. Returns those that were not before.
pub(super) async fn reopen(tx: &Tx, erasures: &[ErasureId], today: Date) -> Result<Vec<Request>, LedgerError> {
    let mut reopened = Vec::new();
    for id in erasures {
        for StoredRequest { version, request, .. } in of_erasure_locked(tx, *id).await? {
            let Some(request) = request.reopen(*id, tx.now, today) else { continue };
            write(tx, version, &request).await?;
            reopened.push(request);
        }
    }
    Ok(reopened)
}

/// What was erased by `before` is erased again by `id`: for the requests that wait for that, or have ended with `before`.
pub(super) async fn erased_again(tx: &Tx, before: &[ErasureId], id: ErasureId) -> Result<(), LedgerError> {
    let insert = "INSERT INTO request_erasure (erasure, request) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    for one in before {
        for StoredRequest { version, request, .. } in of_erasure_locked(tx, *one).await? {
            let Some(request) = request.erased_again_by(*one, id) else { continue };
            write(tx, version, &request).await?;
            tx.execute(insert, &[&id.0.as_slice(), &request.id.0.as_slice()]).await?;
        }
    }
    Ok(())
}

/// Locked.
async fn of_erasure_locked(tx: &Tx, id: ErasureId) -> Result<Vec<StoredRequest>, LedgerError> {
    let sql = format!("{} ORDER BY seq FOR UPDATE", request::of_erasure());
    tx.rows(&sql, &[&id.0.as_slice()]).await?.iter().map(request::stored).collect()
}

pub(super) async fn list(
    connection: &Connection,
    filter: &RequestFilter,
) -> Result<Page<StoredRequest, RequestCursor>, LedgerError> {
    let rows = connection.listed(&query::requests(filter)).await?;
    Ok(filter.page(rows.iter().map(request::stored).collect::<Result<_, _>>()?))
}

pub(super) async fn count_open(connection: &Connection, which: &CountedRequests) -> Result<OpenCounts, LedgerError> {
    let mut counts = OpenCounts::default();
    for row in &connection.listed(&query::open_requests(which)).await? {
        counts.add(row)?;
    }
    Ok(counts)
}

pub(super) async fn numbered(
    connection: &Connection,
    number: &RequestNumber,
) -> Result<Vec<StoredRequest>, LedgerError> {
    connection.rows(&request::of_number(), &[&number.as_str()]).await?.iter().map(request::stored).collect()
}

/// Those that carry any of the fingerprints, the newest first.
pub(super) async fn with(
    connection: &Connection,
    fingerprints: &[Fingerprint],
) -> Result<Vec<StoredRequest>, LedgerError> {
    let mut all = Vec::new();
    for fingerprint in fingerprints {
        for row in connection.rows(&request::with(), &[&fingerprint.0.as_slice()]).await? {
            all.push(request::stored(&row)?);
        }
    }
    Ok(request::newest_first(all))
}

/// Those of which an erasure is, the newest first.
pub(super) async fn of_erasure(connection: &Connection, id: ErasureId) -> Result<Vec<StoredRequest>, LedgerError> {
    let rows = connection.rows(&request::of_erasure(), &[&id.0.as_slice()]).await?;
    Ok(request::newest_first(rows.iter().map(request::stored).collect::<Result<_, _>>()?))
}

pub(super) async fn capsule(connection: &Connection, id: RequestId) -> Result<Option<Capsule>, LedgerError> {
    let sql = format!("SELECT {} FROM request WHERE id = $1", request::CAPSULE);
    connection.maybe(&sql, &[&id.0.as_slice()]).await?.map_or(Ok(None), |row| request::capsule(&row))
}

/// The next one after a place of which something is sealed under a generation.
pub(super) async fn under(
    connection: &Connection,
    generation: &str,
    after: u64,
) -> Result<Option<StoredRequest>, LedgerError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let row = connection.maybe(&request::under(), &[&generation, &after]).await?;
    row.as_ref().map(request::stored).transpose()
}

/// Puts what was sealed anew in the place of what it was, if it still is that.
pub(super) async fn reseal(tx: &Tx, id: RequestId, before: &Capsule, after: &Capsule) -> Result<(), LedgerError> {
    generations::must_seal(tx, Some(&after.seal_key)).await?;
    let values: super::tx::Values<'_> =
        &[&after.wrapped_key.0, &after.content.0, &after.seal_key.as_str(), &id.0.as_slice(), &before.wrapped_key.0];
    tx.execute(request::RESEAL, values).await?;
    Ok(())
}

pub(super) async fn open(connection: &Connection) -> Result<OpenRequests, LedgerError> {
    let soonest = connection.rows(&request::soonest(), &[]).await?;
    let first = connection.rows(&request::first(), &[]).await?;
    Ok(OpenRequests {
        soonest: soonest.iter().map(request::soon).collect::<Result<_, _>>()?,
        unverified: waiting(connection, &request::in_states(&request::UNVERIFIED)).await?,
        planned: waiting(connection, &request::to_approve()).await?,
        first: first.iter().map(|row| Ok(request::stored(row)?.request)).collect::<Result<_, LedgerError>>()?,
    })
}

async fn waiting(connection: &Connection, sql: &str) -> Result<Vec<OpenRequest>, LedgerError> {
    connection.rows(sql, &[]).await?.iter().map(request::open_request).collect()
}

/// How many there are in each state.
pub(super) async fn counts(connection: &Connection) -> Result<Vec<(String, u64)>, LedgerError> {
    let rows = connection.rows(request::BY_STATE, &[]).await?;
    Ok(rows.iter().map(|row| (row.get(0), unsigned(row.get(1)))).collect())
}

/// How many are late that have to be answered until before a day.
pub(super) async fn late(connection: &Connection, before: i64) -> Result<u64, LedgerError> {
    Ok(unsigned(connection.row(request::LATE, &[&before]).await?.get(0)))
}
