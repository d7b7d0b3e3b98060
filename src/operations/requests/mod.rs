//! Requests of persons: entered, looked at, decided about, planned and run. A request is erased by an erasure like any other; what
//! stands here is who asked for it, how that is known, and until when they have to be answered.

mod acts;
mod enter;
mod file;
mod known;
mod lines;
mod nothing;
mod plan;
mod show;

pub(crate) use acts::{answered, approve, ask, askers, close, extend, reject, send_link, verify, withdraw};
pub(crate) use enter::{Asked, enter};
pub(crate) use file::{BYTE_ORDER_MARK, BadColumns, BadLine, Columns, FIRST_LINE, not_entered, reader, stops_all};
pub(crate) use known::{KnownHold, KnownOfPlan, known_of};
pub(crate) use lines::LineKey;
pub(super) use nothing::{nothing_held, receipts_of};
pub(crate) use plan::{Planned, Purge, Ran, plan, run};
pub(super) use show::of_person;
pub(crate) use show::{Shown, ShownReceipt, count_open, ended_with, find, list, show, show_with_plan, view_plan};

use jiff::Timestamp;
use jiff::civil::Date;

use super::{InputError, OperationError, Operations, RequestRefused};
use crate::key_files::Keys;
use crate::ledger::StoredRequest;
use crate::request::{self, Refused, Request, RequestNumber};
use crate::subject::{InstallationName, Whom};

/// A request as somebody names it.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) number: RequestNumber,
    /// Needed where several installations have a request of this number; it may be named by one of its sources.
    pub(crate) installation: Option<InstallationName>,
}

/// The request that is named.
async fn one(on: &Operations, named: &Named) -> Result<StoredRequest, OperationError> {
    let mut all = on.ledger.requests_numbered(&named.number).await?;
    if let Some(name) = &named.installation {
        let installation = &on.installation(name)?.name;
        all.retain(|stored| stored.request.mluvii == *installation);
    }
    if all.len() > 1 {
        let known: Vec<_> = all.iter().map(|stored| stored.request.mluvii.to_string()).collect();
        let (number, known) = (named.number.to_string(), known.join(", "));
        return Err(InputError::AmbiguousNumber { number, known }.into());
    }
    all.pop().ok_or_else(|| OperationError::NotFound(format!("there is no request {}", named.number)))
}

/// Whom an open request is about.
async fn whom(on: &Operations, keys: &Keys, request: &Request) -> Result<Whom, OperationError> {
    let ended = || refused(&request.number, Refused::Ended(request.state()));
    let capsule = on.ledger.request_capsule(request.id).await?.ok_or_else(ended)?;
    let seal = on.seal_key(keys).await?;
    request::open(&capsule, request.id, &seal).map_err(|error| OperationError::Ledger(error.into()))
}

/// Today, where the deployment is.
fn today(on: &Operations, now: Timestamp) -> Date {
    on.settings.limits.calendar.day(now)
}

/// A day that was said, or today; never one that is still to come.
fn past_day(said: Option<Date>, today: Date) -> Result<Date, InputError> {
    match said {
        Some(day) if day > today => Err(InputError::FutureDay { day, today }),
        day => Ok(day.unwrap_or(today)),
    }
}

fn refused(number: &RequestNumber, why: Refused) -> OperationError {
    OperationError::Refused(Box::new(RequestRefused { number: number.clone(), why }))
}

fn changed_meanwhile(number: &RequestNumber) -> OperationError {
    refused(number, Refused::ChangedMeanwhile)
}
