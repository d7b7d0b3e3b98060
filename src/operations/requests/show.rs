//! Requests as they are shown: with where they stand, and how many days are left.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::super::person::{GivenIdentifiers, NamedPerson, note_search, of_all};
use super::{Named, one};
use crate::access::Companies;
use crate::attention::{Delay, Surroundings, delay};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::erasure::confirmation::ShownLink;
use crate::erasure::{Erasure, ErasureId, Seen, Verdict};
use crate::ledger::{CountedRequests, OpenCounts, Page, RequestCursor, RequestFilter, StoredRequest};
use crate::operations::recheck::{self, Rechecks};
use crate::operations::{OperationError, Operations, erasures};
use crate::receipt::{Advised, ForeseenAdvice, Statement, advised};
use crate::request::{Plan, Request, RequestState};
use crate::subject::InstallationName;

/// A request as it is shown. Free of personal data.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Shown {
    pub(crate) state: RequestState,
    /// Its last day; nothing while it does not run.
    pub(crate) due: Option<Date>,
    /// Less than none where it is late; nothing while it does not run, and once it has ended.
    pub(crate) days_left: Option<i32>,
    /// The day until which the person had to be told that it is refused, where it was rejected after it (GDPR Art. 12(4)).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refused_after: Option<Date>,
    /// The newest link that is to show whose it is, as long as that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<ShownLink>,
    /// Why it is not over.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) waits_for: Vec<Delay>,
    #[serde(flatten)]
    pub(crate) request: Request,
    /// What the receipt of its plan will have to say, by what was said when it was planned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) foreseen: Option<ForeseenAdvice>,
    /// Where one is shown: its receipts, as far as they are in the ledger, the oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) receipts: Vec<ShownReceipt>,
    /// Where one is shown.
    #[serde(skip_serializing_if = "Rechecks::is_empty")]
    pub(crate) rechecks: Rechecks,
}

/// A receipt of a request, with what lowers its verdict.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ShownReceipt {
    pub(crate) sequence: u64,
    pub(crate) erasure: ErasureId,
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Vec<Advised>,
    /// Whether somebody has seen all that the verdict says.
    #[serde(skip)]
    pub(crate) seen: Seen,
}

impl From<&Statement> for ShownReceipt {
    fn from(statement: &Statement) -> Self {
        let Statement { sequence, erasure, verdict, .. } = *statement;
        Self { sequence, erasure, verdict, reasons: advised(statement), seen: statement.seen() }
    }
}

impl Shown {
    /// Of one that was entered or changed just now: what its erasures wait for is left out.
    pub(super) fn of(on: &Operations, stored: StoredRequest, now: Timestamp) -> Self {
        Self::with(on, stored.request, &[], &Surroundings::default(), now)
    }

    fn with(on: &Operations, request: Request, erasures: &[&Erasure], around: &Surroundings, now: Timestamp) -> Self {
        let calendar = &on.settings.limits.calendar;
        let days_left = request.days_left(calendar, now);
        let waits_for = delay::of_request(&request, erasures, on.settings.four_eyes, around, calendar, now);
        Self {
            state: request.state(),
            due: request.due(),
            days_left,
            refused_after: request.refused_after(calendar),
            link: None,
            waits_for,
            foreseen: request.plan.as_ref().and_then(|plan| plan.foreseen.as_ref()).map(ForeseenAdvice::from),
            request,
            receipts: Vec::new(),
            rechecks: Rechecks::default(),
        }
    }

    /// As people know it.
    pub(crate) fn name(&self) -> String {
        self.request.name()
    }
}

/// With what their erasures wait for, and their links.
async fn explained(on: &Operations, all: Vec<StoredRequest>) -> Result<Vec<Shown>, OperationError> {
    let ids: Vec<_> = all.iter().flat_map(|stored| stored.request.under_way()).collect();
    let under_way = on.ledger.erasures_named(&ids).await?;
    let around = erasures::surroundings(on, &under_way.iter().collect::<Vec<_>>()).await?;
    let under_way: HashMap<ErasureId, Erasure> = under_way.into_iter().map(|erasure| (erasure.id, erasure)).collect();
    let now = Timestamp::now();
    let show = |stored: StoredRequest| {
        let own: Vec<_> = stored.request.under_way().filter_map(|id| under_way.get(&id)).collect();
        Shown::with(on, stored.request, &own, &around, now)
    };
    let mut shown: Vec<_> = all.into_iter().map(show).collect();
    with_links(on, &mut shown).await?;
    Ok(shown)
}

/// Of those of whom it is not known yet whose they are.
async fn with_links(on: &Operations, all: &mut [Shown]) -> Result<(), OperationError> {
    let waits = |shown: &&mut Shown| matches!(shown.state, RequestState::Unverified | RequestState::Asked);
    let ids: Vec<_> = all.iter_mut().filter(waits).map(|shown| shown.request.id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let mut links = on.ledger.links_of_requests(&ids).await?;
    let now = Timestamp::now();
    for shown in all.iter_mut().filter(waits) {
        shown.link = links.remove(&shown.request.id).map(|link| ShownLink::from(link).at(now));
    }
    Ok(())
}

/// Shows one as it is now.
pub(super) async fn explained_one(on: &Operations, stored: StoredRequest) -> Result<Shown, OperationError> {
    let mut shown = explained(on, vec![stored]).await?;
    Ok(shown.pop().expect("one was shown for one"))
}

/// Lists requests in the order of the filter's cursor. The filter may name an installation by its source.
pub(crate) async fn list(
    on: &Operations,
    mut filter: RequestFilter,
) -> Result<Page<Shown, RequestCursor>, OperationError> {
    filter.companies = meant(on, filter.companies)?;
    let Page { items, next } = on.ledger.requests(&filter).await?;
    Ok(Page { items: explained(on, items).await?, next })
}

/// How many open requests there are, by state, and by their last day.
pub(crate) async fn count_open(on: &Operations, mut which: CountedRequests) -> Result<OpenCounts, OperationError> {
    which.companies = meant(on, which.companies)?;
    Ok(on.ledger.count_open_requests(&which).await?)
}

/// The installations, each of which may be named by one of its sources.
fn meant(on: &Operations, companies: Companies) -> Result<Companies, OperationError> {
    let Companies::Only(names) = companies else { return Ok(companies) };
    let mut meant = BTreeSet::new();
    for name in &names {
        meant.insert(on.installation(name)?.name.clone());
    }
    Ok(Companies::Only(meant))
}

/// Shows one, with its receipts and what was looked at again after them.
pub(crate) async fn show(on: &Operations, named: &Named) -> Result<Shown, OperationError> {
    let mut shown = explained_one(on, one(on, named).await?).await?;
    let erasures = on.ledger.erasures_named(&shown.request.erasures).await?;
    for id in &shown.request.erasures {
        let receipt = on.ledger.receipt_of(*id).await?;
        shown.receipts.extend(receipt.iter().map(|receipt| ShownReceipt::from(&receipt.statement)));
    }
    for mut some in recheck::of(on, &erasures.iter().collect::<Vec<_>>()).await? {
        shown.rechecks.looked.append(&mut some.looked);
        shown.rechecks.to_come.append(&mut some.to_come);
    }
    Ok(shown)
}

/// The receipts of a request that has ended with them, the oldest first. `None` where one of them is not in the ledger any more: what the others
/// say is not all of it.
pub(crate) async fn ended_with(
    on: &Operations,
    request: &Request,
) -> Result<Option<Vec<ShownReceipt>>, OperationError> {
    let mut receipts = Vec::new();
    for id in &request.receipted {
        let Some(receipt) = on.ledger.receipt_of(*id).await? else { return Ok(None) };
        receipts.push(ShownReceipt::from(&receipt.statement));
    }
    Ok(Some(receipts))
}

/// Shows the sessions of a request's plan: a look of its own, which the audit names before anything is shown.
pub(crate) async fn view_plan(on: &Operations, named: &Named, by: &Actor) -> Result<Shown, OperationError> {
    let shown = explained_one(on, one(on, named).await?).await?;
    let Some(plan) = &shown.request.plan else {
        return Err(OperationError::Conflict(format!("request {}: nobody has planned it", shown.request.number)));
    };
    note_view(on, &shown.request, plan, by).await?;
    Ok(shown)
}

/// Shows one as [`show`] does, for who is shown the sessions of its plan with it: where it has any, the audit names the look before that.
pub(crate) async fn show_with_plan(on: &Operations, named: &Named, by: &Actor) -> Result<Shown, OperationError> {
    let shown = show(on, named).await?;
    if let Some(plan) = shown.request.plan.as_ref().filter(|plan| !plan.sessions.is_empty()) {
        note_view(on, &shown.request, plan, by).await?;
    }
    Ok(shown)
}

async fn note_view(on: &Operations, request: &Request, plan: &Plan, by: &Actor) -> Result<(), OperationError> {
    let object = Object::request(&request.mluvii, &request.number);
    let entry = AuditEntry::new(by, Act::ViewRequest, object, ActResult::Done);
    Ok(on.ledger.note(entry.with_word("plan", &plan.hash)).await?)
}

/// Finds the requests of a person in one installation, or in all. Values of one kind are alternatives; every kind that is given has to
/// agree. Ended ones are found as long as their fingerprints are kept; those are carried over whenever the index key is replaced. The audit
/// names the search before it is answered.
pub(crate) async fn find(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
    by: &Actor,
) -> Result<Vec<Shown>, OperationError> {
    let found = of_person(on, installation, identifiers).await?;
    note_search(on, "requests", installation, identifiers, found.len(), by).await?;
    Ok(found)
}

/// The same, for a search that the audit names as a whole.
pub(in crate::operations) async fn of_person(
    on: &Operations,
    installation: Option<&InstallationName>,
    identifiers: &GivenIdentifiers,
) -> Result<Vec<Shown>, OperationError> {
    let installations = match installation {
        Some(name) => std::slice::from_ref(on.installation(name)?),
        None => on.settings.installations.as_slice(),
    };
    let keys = on.keys().await?;
    let mut found = Vec::new();
    for installation in installations {
        let fingerprinter = on.fingerprinter(&keys, &installation.name);
        let person = NamedPerson::read(identifiers, &fingerprinter, on.settings.person.region)?;
        let mut with = Vec::new();
        for fingerprints in person.of_each_kind() {
            with.push(on.ledger.requests_with(&fingerprints).await?);
        }
        found.extend(of_all(with, |stored| stored.sequence));
    }
    explained(on, found).await
}
