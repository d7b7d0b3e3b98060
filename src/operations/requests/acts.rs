//! What is decided about a request before anything is erased.

use jiff::Timestamp;
use jiff::civil::Date;

use super::nothing::{nothing_held, receipts_of};
use super::show::show;
use super::{Named, Shown, changed_meanwhile, one, past_day, refused, today, whom};
use crate::audit::{Act, Actor, Detail, Object};
use crate::erasure::confirmation::mailbox_of;
use crate::ledger::{AuditRange, Cursor, PAGE_MAX, RequestChange, StoredRequest};
use crate::operations::accounts::{Asker, why_not};
use crate::operations::{ApprovalRefused, InputError, NotApproved, OperationError, Operations};
use crate::request::{
    ClosedBecause, Ended, ExtendedBecause, Refused, RejectedBecause, Request, RequestNumber, VerifiedBy,
};
use crate::subject::{Identifiers, Kind};

/// Particulars of an act for the audit.
type Details = Vec<(&'static str, Detail)>;

fn word(name: &'static str, word: impl std::fmt::Display) -> (&'static str, Detail) {
    (name, Detail::Word(word.to_string()))
}

/// Changes what was read, if nobody else has meanwhile.
pub(super) async fn change(
    on: &Operations,
    read: StoredRequest,
    changed: Result<Request, Refused>,
    act: Act,
    details: Details,
    by: &Actor,
) -> Result<Shown, OperationError> {
    let number = read.request.number.clone();
    let request = changed.map_err(|why| refused(&number, why))?;
    let change = RequestChange { read_version: read.version, request: request.clone(), act, details };
    if !on.ledger.change_request(&change, by).await? {
        return Err(changed_meanwhile(&number));
    }
    let stored = StoredRequest { version: read.version + 1, request, ..read };
    super::show::explained_one(on, stored).await.map_err(OperationError::after_the_act)
}

/// It is known whose it is. An answer to what was asked for came on the day that is said, or today.
pub(crate) async fn verify(
    on: &Operations,
    named: &Named,
    how: VerifiedBy,
    day: Option<Date>,
    by: &Actor,
) -> Result<Shown, OperationError> {
    if how == VerifiedBy::EmailLink {
        return Err(InputError::LinkByOrder.into());
    }
    let now = Timestamp::now();
    let day = past_day(day, today(on, now))?;
    let read = one(on, named).await?;
    let verified = read.request.clone().verify(how, day, by, now);
    change(on, read, verified, Act::VerifyRequest, vec![word("verified", how), word("on", day)], by).await
}

/// A link is to show whose it is: it is mailed to the one address that the request names, and the older ones are good for nothing then.
pub(crate) async fn send_link(on: &Operations, named: &Named, by: &Actor) -> Result<Shown, OperationError> {
    if !on.settings.sends_links {
        return Err(InputError::NoLinks.into());
    }
    let read = one(on, named).await?;
    let number = read.request.number.clone();
    let request = read.request.wants_link().map_err(|why| refused(&number, why))?;
    let keys = on.keys().await?;
    let whom = whom(on, &keys, &request).await?;
    let mailbox = mailbox_of(&whom.identifiers).ok_or_else(|| no_mailbox(&number, &whom.identifiers))?;
    let to = on.fingerprinter(&keys, &request.mluvii).address(&mailbox);
    let details = vec![word("link", "wanted")];
    let change = RequestChange { read_version: read.version, request, act: Act::VerifyRequest, details };
    if !on.ledger.want_request_link(&change, to, by).await? {
        return Err(changed_meanwhile(&number));
    }
    show(on, named).await.map_err(OperationError::after_the_act)
}

/// Why no link can be mailed to whom a request names.
fn no_mailbox(number: &RequestNumber, given: &Identifiers) -> OperationError {
    let names = match given.of_kind(&Kind::Email).count() {
        0 => "it names no e-mail address",
        1 => "no mail can be sent to the e-mail address that it names",
        _ => "it names several e-mail addresses, and who reads one of them need not read the others",
    };
    OperationError::Conflict(format!(
        "request {number}: {names}: verify it otherwise (`--how`), or close it (`--because mistake`) and enter it with one address"
    ))
}

/// More was asked for, to know whose it is: the deadline does not run from that day on.
pub(crate) async fn ask(
    on: &Operations,
    named: &Named,
    day: Option<Date>,
    by: &Actor,
) -> Result<Shown, OperationError> {
    let today = today(on, Timestamp::now());
    let day = past_day(day, today)?;
    let read = one(on, named).await?;
    let asked = read.request.clone().ask(day, today);
    change(on, read, asked, Act::VerifyRequest, vec![word("asked", day)], by).await
}

/// There is an answer that does not show whose it is; the deadline runs on from that day.
pub(crate) async fn answered(
    on: &Operations,
    named: &Named,
    day: Option<Date>,
    by: &Actor,
) -> Result<Shown, OperationError> {
    let today = today(on, Timestamp::now());
    let day = past_day(day, today)?;
    let read = one(on, named).await?;
    let answered = read.request.clone().answered(day, today);
    change(on, read, answered, Act::VerifyRequest, vec![word("answered", day)], by).await
}

/// It is answered one or two months later.
pub(crate) async fn extend(
    on: &Operations,
    named: &Named,
    months: u8,
    because: ExtendedBecause,
    by: &Actor,
) -> Result<Shown, OperationError> {
    let now = Timestamp::now();
    let read = one(on, named).await?;
    let extended = read.request.clone().extend(months, because, by, now, today(on, now));
    let details = vec![("months", u64::from(months).into()), word("because", because)];
    change(on, read, extended, Act::ExtendRequest, details, by).await
}

/// Nothing is erased, for a reason of the law.
pub(crate) async fn reject(
    on: &Operations,
    named: &Named,
    because: RejectedBecause,
    by: &Actor,
) -> Result<Shown, OperationError> {
    end(on, named, Ended::Rejected(because), Act::RejectRequest, vec![word("because", because)], by).await
}

/// The person wants nothing any more.
pub(crate) async fn withdraw(on: &Operations, named: &Named, by: &Actor) -> Result<Shown, OperationError> {
    end(on, named, Ended::Withdrawn, Act::WithdrawRequest, Vec::new(), by).await
}

/// It ends otherwise. That nothing is held is no end of one of which nobody has seen it.
pub(crate) async fn close(
    on: &Operations,
    named: &Named,
    because: ClosedBecause,
    by: &Actor,
) -> Result<Shown, OperationError> {
    let read = one(on, named).await?;
    let ended = read.request.clone().end(Ended::Closed(because), by, Timestamp::now());
    let ended = match ended {
        Ok(ended) if because == ClosedBecause::NothingHeld => {
            let all = receipts_of(on, &read.request).await?;
            let shown = nothing_held(&read.request, &all, None, &on.settings.targets);
            shown.map(|_| ended).map_err(|missing| Refused::NothingShown(missing.join("; ")))
        }
        ended => ended,
    };
    change(on, read, ended, Act::CloseRequest, vec![word("because", because)], by).await
}

async fn end(
    on: &Operations,
    named: &Named,
    ended: Ended,
    act: Act,
    details: Details,
    by: &Actor,
) -> Result<Shown, OperationError> {
    let read = one(on, named).await?;
    let ended = read.request.clone().end(ended, by, Timestamp::now());
    change(on, read, ended, act, details, by).await
}

/// Somebody else than who has entered it or made its plan lets what was shown go.
pub(crate) async fn approve(on: &Operations, named: &Named, hash: &str, by: &Actor) -> Result<Shown, OperationError> {
    let read = one(on, named).await?;
    let approved = read.request.clone().approve(hash, by, Timestamp::now());
    // What is refused anyway is told first. Nobody else has changed what was read, or this changes nothing.
    if approved.is_ok()
        && let Some(why) = why_not(on, by, &askers(on, &read.request).await?).await?
    {
        let what = format!("request {}", read.request.number);
        let why = NotApproved::NotApart(why);
        return Err(OperationError::NotApproved(Box::new(ApprovalRefused { what, why })));
    }
    change(on, read, approved, Act::ApproveRequest, vec![word("plan", hash)], by).await
}

/// Who has entered a request, or made its plan or changed it, each in every row of the audit that says so: the same account may have been
/// somebody else's each time.
pub(crate) async fn askers(on: &Operations, request: &Request) -> Result<Vec<Asker>, OperationError> {
    let mut of_it = AuditRange {
        object: Some(Object::request(&request.mluvii, &request.number)),
        ..AuditRange::all(Cursor::NEWEST, PAGE_MAX)
    };
    let own = request.askers();
    let mut all = Vec::new();
    'rows: loop {
        let page = on.ledger.audit(&of_it).await?;
        for row in page.items.iter().filter(|row| row.statement.is_done()) {
            let act = row.statement.act.as_str();
            let is_entry = act == Act::EnterRequest.as_str();
            if (is_entry || act == Act::PlanRequest.as_str()) && own.contains(&row.statement.actor) {
                all.push(Asker::of(row));
            }
            // What is older is of another request, which had the same number.
            if is_entry {
                break 'rows;
            }
        }
        let Some(next) = page.next else { break };
        of_it.cursor = next;
    }
    let missing = own.iter().filter(|actor| all.iter().all(|one: &Asker| one.actor != **actor));
    let missing: Vec<_> = missing.map(Asker::forgotten).collect();
    all.extend(missing);
    Ok(all)
}
