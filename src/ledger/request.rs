//! Requests of persons in a ledger: their columns and statements, the same for both backends, and what is asked of them.

use jiff::Timestamp;
use jiff::civil::Date;

use super::row::Row;
use super::{LedgerError, broken};
use crate::attention::{EXPLAINED_MAX, NAMED_MAX, OpenRequest};
use crate::audit::{Act, Actor, Detail};
use crate::erasure::Capsule;
use crate::keys::{Fingerprint, KeyId, Sealed};
use crate::request::{Entered, Request, RequestNumber, RequestState, Rest, is_of_same_person, shown};
use crate::subject::Fingerprinted;

/// A request that is to be entered.
#[derive(Clone, Debug)]
pub(crate) struct NewRequest {
    pub(crate) entered: Entered,
    /// Of all identifiers that were given.
    pub(crate) fingerprints: Vec<Fingerprinted>,
    /// Whom it is about.
    pub(crate) capsule: Capsule,
    /// Whether it is entered although an open one is of the same person.
    pub(crate) anyway: bool,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EnteredAs {
    New(Box<StoredRequest>),
    /// Its installation has a request with this number; nothing has changed.
    NumberTaken,
    /// An open request of the same installation is of the same person; nothing has changed.
    Duplicate(RequestNumber),
}

/// A request as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredRequest {
    /// Grows with each change of it.
    pub(crate) version: i64,
    /// Its place in the order in which requests were entered.
    pub(crate) sequence: u64,
    pub(crate) request: Request,
}

/// A change of a request: what was read, what it is to be, and by which act. Only ids and numbers stand in `details`.
#[derive(Clone, Debug)]
pub(crate) struct RequestChange {
    pub(crate) read_version: i64,
    pub(crate) request: Request,
    pub(crate) act: Act,
    pub(crate) details: Vec<(&'static str, Detail)>,
}

/// The columns of [`stored`].
pub(super) const STORED: &str = "version, seq, request";

pub(super) fn stored(row: &impl Row) -> Result<StoredRequest, LedgerError> {
    let number = |column| row.number(column)?.ok_or_else(|| broken("a request has no number"));
    Ok(StoredRequest { version: number(0)?, sequence: number(1)?.unsigned_abs(), request: row.json(2)? })
}

/// The columns of [`capsule`].
pub(super) const CAPSULE: &str = "wrapped_key, content, seal_key";

/// `None` once the request has ended.
pub(super) fn capsule(row: &impl Row) -> Result<Option<Capsule>, LedgerError> {
    let (Some(key), Some(content), Some(seal_key)) = (row.bytes(0)?, row.bytes(1)?, row.text(2)?) else {
        return Ok(None);
    };
    let [wrapped_key, content] = [key, content].map(|bytes| Sealed(bytes.to_vec()));
    Ok(Some(Capsule { wrapped_key, content, seal_key: KeyId::written(seal_key.to_owned()) }))
}

/// What stands beside a request's JSON, to find it by.
pub(super) struct Columns {
    pub(super) id: Vec<u8>,
    pub(super) installation: String,
    pub(super) number: String,
    pub(super) state: &'static str,
    pub(super) entered: i64,
    /// Days since 1970.
    pub(super) due: Option<i64>,
    pub(super) ended: Option<i64>,
    /// Its plan waits for an approval, where one is needed. One that would erase nothing cannot be approved.
    pub(super) to_approve: bool,
    /// As JSON.
    pub(super) targets: String,
    pub(super) text: String,
}

impl Columns {
    pub(super) fn of(request: &Request) -> Result<Self, LedgerError> {
        let json = |json: serde_json::Result<String>| json.map_err(|error| LedgerError::Broken(error.into()));
        let erases = request.plan.as_ref().is_some_and(|plan| !request.is_nothing(plan));
        Ok(Self {
            id: request.id.0.to_vec(),
            installation: request.mluvii.to_string(),
            number: request.number.to_string(),
            state: request.state().as_str(),
            entered: request.entered.as_millisecond(),
            due: open_due(request).map(|due| days(due).into()),
            ended: request.end.as_ref().map(|end| end.at.as_millisecond()),
            to_approve: erases && request.state() == RequestState::Planned,
            targets: json(serde_json::to_string(&request.targets))?,
            text: json(serde_json::to_string(request))?,
        })
    }
}

/// A request with its place and its number.
pub(super) fn numbered(new: &NewRequest, sequence: i64, by: &Actor, now: Timestamp) -> StoredRequest {
    let number = new.entered.number.clone().unwrap_or_else(|| RequestNumber::own(sequence));
    let request = Request::of(new.entered.clone(), number, by, now);
    StoredRequest { version: 1, sequence: sequence.unsigned_abs(), request }
}

pub(super) const INSERT: &str =
    "INSERT INTO request (id, seq, installation, number, version, state, entered, due, ended, to_approve, targets, request,
                                                     wrapped_key, content, seal_key)
                                 VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";

/// Places are numbered in the order in which they stand, as one backend counts them. Nothing where somebody has changed it meanwhile. What is sealed goes with the end.
pub(super) const UPDATE: &str =
    "UPDATE request SET version = version + 1, state = $1, due = $2, ended = $3, to_approve = $4, request = $5,
                                   wrapped_key = CASE WHEN $6 THEN wrapped_key END,
                                   content = CASE WHEN $6 THEN content END,
                                   seal_key = CASE WHEN $6 THEN seal_key END
                                 WHERE id = $7 AND version = $8";

pub(super) const IS_TAKEN: &str = "SELECT 1 FROM request WHERE installation = $1 AND number = $2";

pub(super) const PRINTS_OF: &str = "SELECT fingerprint, version, kind FROM request_fingerprint WHERE request = $1";

/// Open requests of an installation that carry a fingerprint.
pub(super) const OPEN_WITH: &str = "SELECT id, number FROM request
     WHERE installation = $1 AND ended IS NULL AND id IN (SELECT request FROM request_fingerprint WHERE fingerprint = $2)";

/// Requests that carry a fingerprint, open or not.
pub(super) fn with() -> String {
    format!("SELECT {STORED} FROM request WHERE id IN (SELECT request FROM request_fingerprint WHERE fingerprint = $1)")
}

pub(super) fn of_number() -> String {
    format!("SELECT {STORED} FROM request WHERE number = $1 ORDER BY seq")
}

pub(super) fn of_id() -> String {
    format!("SELECT {STORED} FROM request WHERE id = $1")
}

/// Those of which an erasure is.
pub(super) fn of_erasure() -> String {
    format!("SELECT {STORED} FROM request WHERE id IN (SELECT request FROM request_erasure WHERE erasure = $1)")
}

/// Whether something is certainly there again that any erasure of a request had erased, and nothing has followed; `unsettled` is how a
/// backend writes that.
pub(super) fn is_left_elsewhere(unsettled: &str) -> String {
    format!(
        "SELECT 1 FROM recheck JOIN request_erasure ON request_erasure.erasure = recheck.erasure
         WHERE request_erasure.request = $1 AND {unsettled} AND recheck.outcome = 'residual' LIMIT 1"
    )
}

/// What a receipt leaves of a request, where something is left elsewhere or not.
pub(super) fn rest(of_receipt: Rest, is_left_elsewhere: bool) -> Rest {
    match of_receipt {
        Rest::Nothing if is_left_elsewhere => Rest::Again,
        rest => rest,
    }
}

/// A fingerprint of [`PRINTS_OF`].
pub(super) fn print(row: &impl Row) -> Result<Fingerprinted, LedgerError> {
    let wrong = || broken("a fingerprint of a request is none");
    let bytes = row.bytes(0)?.and_then(|bytes| bytes.try_into().ok()).ok_or_else(wrong)?;
    Ok(Fingerprinted {
        fingerprint: Fingerprint(bytes),
        version: u16::try_from(row.small(1)?).map_err(|_| wrong())?,
        kind: row.text(2)?.and_then(|kind| kind.parse().ok()).ok_or_else(wrong)?,
        supplementary: false,
    })
}

/// Whether one that carries these is of the same person as the new one.
pub(super) fn is_same(new: &NewRequest, prints: &[Fingerprinted]) -> bool {
    is_of_same_person(&new.fingerprints, prints)
}

/// How many there are in each state.
pub(super) const BY_STATE: &str = "SELECT state, COUNT(*) FROM request GROUP BY state";

/// Open requests by their last day, and those of a state by when they were entered: the columns of [`open_request`].
pub(super) fn soonest() -> String {
    format!(
        "SELECT installation, number, due FROM request WHERE ended IS NULL AND due IS NOT NULL ORDER BY due, number LIMIT {NAMED_MAX}"
    )
}

/// The first of them, whole.
pub(super) fn first() -> String {
    format!(
        "SELECT {STORED} FROM request WHERE ended IS NULL AND due IS NOT NULL ORDER BY due, number LIMIT {EXPLAINED_MAX}"
    )
}

pub(super) fn in_states(states: &[RequestState]) -> String {
    let states: Vec<_> = states.iter().map(|state| format!("'{state}'")).collect();
    let states = states.join(", ");
    format!(
        "SELECT installation, number, entered FROM request WHERE state IN ({states}) ORDER BY entered, seq LIMIT {NAMED_MAX}"
    )
}

/// Those whose person is not known for sure.
pub(super) const UNVERIFIED: [RequestState; 2] = [RequestState::Unverified, RequestState::Asked];

/// Those whose plan waits for an approval, where one is needed.
pub(super) fn to_approve() -> String {
    format!(
        "SELECT installation, number, entered FROM request WHERE to_approve ORDER BY entered, seq LIMIT {NAMED_MAX}"
    )
}

/// One of [`soonest`], with its last day.
pub(super) fn soon(row: &impl Row) -> Result<(Date, String), LedgerError> {
    let due =
        row.number(2)?.and_then(|number| day(number).ok()).ok_or_else(|| broken("a request's last day is none"))?;
    Ok((due, name(row)?))
}

/// One of [`in_states`].
pub(super) fn open_request(row: &impl Row) -> Result<OpenRequest, LedgerError> {
    Ok(OpenRequest { name: name(row)?, since: row.time(2)? })
}

fn name(row: &impl Row) -> Result<String, LedgerError> {
    let text = |column| row.text(column).map(Option::unwrap_or_default);
    Ok(shown(text(0)?, text(1)?))
}

const EPOCH: Date = jiff::civil::date(1970, 1, 1);

/// The last day of an open request that runs.
fn open_due(request: &Request) -> Option<Date> {
    request.due().filter(|_| request.end.is_none())
}

/// The days since 1970 that stand for a request that does not run: it comes after all that do.
const NEVER: i64 = 2_147_483_647;

/// A request's last day, by which the open ones are listed: as [`last_day`] says, and an index of both backends has it.
pub(super) const LAST_DAY: &str = "COALESCE(due, 2147483647)";

/// What [`LAST_DAY`] is of a request.
pub(super) fn last_day(request: &Request) -> i64 {
    open_due(request).map_or(NEVER, |due| days(due).into())
}

/// Days since 1970.
pub(super) fn days(day: Date) -> i32 {
    crate::deadline::days_left(EPOCH, day)
}

fn day(number: i64) -> Result<Date, jiff::Error> {
    EPOCH.checked_add(jiff::Span::new().try_days(number)?)
}

/// How many have to be answered until before a day, `$1`, and are not.
pub(super) const LATE: &str = "SELECT COUNT(*) FROM request WHERE ended IS NULL AND due < $1";

/// The next one after a place, `$2`, of which something is sealed under a generation, `$1`.
pub(super) fn under() -> String {
    format!("SELECT {STORED} FROM request WHERE seal_key = $1 AND seq > $2 ORDER BY seq LIMIT 1")
}

/// Only where it is still what it was.
pub(super) const RESEAL: &str =
    "UPDATE request SET wrapped_key = $1, content = $2, seal_key = $3 WHERE id = $4 AND wrapped_key = $5";

/// Each once.
pub(super) fn newest_first(mut all: Vec<StoredRequest>) -> Vec<StoredRequest> {
    all.sort_by_key(|stored| std::cmp::Reverse(stored.sequence));
    all.dedup_by_key(|stored| stored.sequence);
    all
}
