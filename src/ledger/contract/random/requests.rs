//! Requests of persons: entered once for each person, verified by a document or a link, extended, planned, let go by somebody else, run as
//! erasures, ended by order, and open once more where something is found again. What may be done next is said by `request/life` alone; here it is asked, written,
//! and what becomes of it compared.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde_json::json;

use super::super::fixtures::{Shared, by, email, session};
use super::super::rechecking::{look, looked};
use super::super::requesting;
use super::action::Asked;
use super::compare::near_is_same;
use super::model::{Kept, Model, Refused};
use super::perform::{Run, same};
use crate::access::Companies;
use crate::audit::{Act, Actor};
use crate::erasure::{ErasureId, NewErasure, RecheckOutcome};
use crate::keys::Digest;
use crate::ledger::{EnteredAs, NewRequest, RequestChange, RequestFilter, RequestOrder, StoredRequest};
use crate::request::{Chosen, Ended, Entered, ExtendedBecause, Plan, Request, RequestId, Rest, VerifiedBy};

/// More than there are.
const MANY: u32 = 1_000;

/// When something is done about a request that came on the third, so that its month is not over.
const TODAY: Date = date(2026, 11, 10);

/// Of each plan.
const HASH: &str = "aa";

impl Model {
    /// Several only where one is open once more, and another one was entered meanwhile.
    fn open_of(&self, person: u8) -> Vec<EnteredAs> {
        let open = self.requests.iter().filter(|kept| kept.person == person && kept.stored.request.end.is_none());
        open.map(|kept| EnteredAs::Duplicate(kept.stored.request.number.clone())).collect()
    }

    fn request_of(&mut self, id: RequestId) -> &mut Kept {
        let found = self.requests.iter_mut().find(|kept| kept.stored.request.id == id);
        found.expect("it was chosen of those that there are")
    }

    fn stored(&mut self, id: RequestId) -> &mut StoredRequest {
        &mut self.request_of(id).stored
    }

    /// An erasure is over; without a receipt, it is as if nobody had asked for it.
    pub(super) fn erasure_ended(&mut self, id: ErasureId, receipt: Option<Rest>, now: Timestamp) {
        let residual = &self.residual;
        for Kept { stored, .. } in &mut self.requests {
            if !stored.request.erasures.contains(&id) {
                continue;
            }
            let request = stored.request.clone();
            let is_there_again = request.erasures.iter().any(|erasure| residual.contains(erasure));
            stored.request = match receipt {
                // This one leaves nothing, but another one has come to naught.
                Some(Rest::Nothing) if is_there_again => request.erased(id, Rest::Again, now),
                Some(rest) => request.erased(id, rest, now),
                None => request.without(id),
            };
            stored.version += 1;
        }
    }

    /// Returns how many requests are open once more.
    fn looked_again(&mut self, erasure: ErasureId, found: bool, now: Timestamp) -> u64 {
        if !found {
            self.residual.remove(&erasure);
            return 0;
        }
        self.residual.insert(erasure);
        let mut reopened = 0;
        for Kept { stored, .. } in
            self.requests.iter_mut().filter(|kept| kept.stored.request.erasures.contains(&erasure))
        {
            // The day that `looked` says.
            if let Some(request) = stored.request.clone().reopen(erasure, now, date(2026, 12, 1)) {
                stored.request = request;
                stored.version += 1;
                reopened += 1;
            }
        }
        reopened
    }
}

impl Run {
    pub(super) async fn ask(&mut self, asked: Asked, now: Timestamp) {
        match asked {
            Asked::Enter { person, id, verified } => self.enter(person, id, verified).await,
            Asked::Verify { id, stale } => {
                let verified = |request: Request| request.verify(VerifiedBy::Document, TODAY, &by(), now).ok();
                self.change(id, stale, Act::VerifyRequest, verified).await;
            }
            Asked::WantLink { id, stale } => self.want_link(id, stale, now).await,
            Asked::Extend { id, stale, months } => {
                let because = ExtendedBecause::Complexity;
                let extended = |request: Request| request.extend(months, because, &by(), now, TODAY).ok();
                self.change(id, stale, Act::ExtendRequest, extended).await;
            }
            Asked::Plan { id, stale } => {
                let planned = |request: Request| request.planned(plan(), Chosen::default()).ok();
                self.change(id, stale, Act::PlanRequest, planned).await;
            }
            Asked::Approve { id, stale, by } => {
                let approved = |request: Request| {
                    let approved = request.approve(HASH, &Actor::cli(by), now).ok();
                    assert!(approved.is_none() || by == "eve", "who has entered or planned it approves it");
                    approved
                };
                self.change(id, stale, Act::ApproveRequest, approved).await;
            }
            Asked::End { id, stale, ended } => {
                let act = match ended {
                    Ended::Rejected(_) => Act::RejectRequest,
                    Ended::Withdrawn => Act::WithdrawRequest,
                    Ended::Closed(_) | Ended::Done => Act::CloseRequest,
                };
                self.change(id, stale, act, |request: Request| request.end(ended, &by(), now).ok()).await;
            }
            Asked::LookAgain { erasure, found } => {
                let outcome = if found { RecheckOutcome::Residual } else { RecheckOutcome::Gone };
                let reopened = looked(&self.ledger, &[look(erasure, -1, outcome)]).await;
                assert_eq!(reopened, self.model.looked_again(erasure, found, now), "requests that are open once more");
            }
            Asked::Run { id, stale, erasure } => self.run(id, stale, *erasure, now).await,
        }
    }

    async fn enter(&mut self, person: u8, id: RequestId, verified: bool) {
        let new = requesting::new(person, vec![email(person)]);
        let verified = new.entered.verified.filter(|_| verified);
        let new = NewRequest { entered: Entered { id, verified, ..new.entered.clone() }, ..new };
        let expected = self.model.open_of(person);
        match self.ledger.add_request(&new, &by()).await.expect("answered") {
            EnteredAs::New(stored) if expected.is_empty() => self.model.requests.push(Kept { person, stored: *stored }),
            came => assert!(expected.contains(&came), "the ledger's answer, {came:?}, and the model's: {expected:?}"),
        }
    }

    /// Of the address that forms of the same person name, too.
    async fn want_link(&mut self, id: RequestId, stale: bool, now: Timestamp) {
        let Ok(request) = self.model.stored(id).request.clone().wants_link() else { return };
        let address = Digest([self.model.request_of(id).person; 16]);
        let change = self.changed(id, stale, Act::VerifyRequest, request);
        same(self.ledger.want_request_link(&change, address, &by()).await, Ok(!stale));
        if !stale {
            self.model.stored(id).version += 1;
            self.model.want_link_anew(id, address, now);
        }
    }

    /// `stale`: somebody has changed it since it was read.
    fn changed(&mut self, id: RequestId, stale: bool, act: Act, request: Request) -> RequestChange {
        let read_version = self.model.stored(id).version - i64::from(stale);
        RequestChange { read_version, request, act, details: Vec::new() }
    }

    async fn change(&mut self, id: RequestId, stale: bool, act: Act, changes: impl FnOnce(Request) -> Option<Request>) {
        // What cannot be done is not asked of the ledger.
        let Some(request) = changes(self.model.stored(id).request.clone()) else { return };
        let change = self.changed(id, stale, act, request.clone());
        same(self.ledger.change_request(&change, &by()).await, Ok(!stale));
        if !stale {
            let stored = self.model.stored(id);
            stored.request = request;
            stored.version += 1;
        }
    }

    async fn run(&mut self, id: RequestId, stale: bool, erasure: NewErasure, now: Timestamp) {
        // One that nobody else has approved does not come to the ledger at all.
        let Ok((request, plan)) = self.model.stored(id).request.clone().run(HASH, erasure.id, true) else { return };
        // Of some nobody is told that it was approved, as where nobody had to: they may join one another.
        let approved = plan.approved.map(|approval| approval.at).filter(|_| !erasure.approve);
        let erasure = NewErasure { approved, ..erasure };
        let change = self.changed(id, stale, Act::RunRequest, request.clone());
        let expected =
            if stale { Ok(None) } else { self.model.requested(&erasure, now).map(Some).map_err(|_| Refused) };
        same(self.ledger.run_request(&change, erasure.clone(), &by()).await, expected);
        let Ok(Some(actual)) = expected else { return };
        let stored = self.model.stored(id);
        stored.request = request;
        stored.version += 1;
        if actual != erasure.id {
            let erasures = &mut stored.request.erasures;
            erasures.retain(|one| *one != erasure.id && *one != actual);
            erasures.push(actual);
            stored.version += 1;
        }
    }
}

/// By somebody else than who has entered it, and than who approves it.
fn plan() -> Plan {
    let session = json!({ "session": session(1), "certainty": "certain", "reason": "email" });
    let plan = json!({ "hash": HASH, "sessions": [session], "by": Actor::cli("bob"), "at": "2026-11-10T00:00:00Z" });
    serde_json::from_value(plan).expect("a plan")
}

/// Compares all that there are.
pub(super) async fn agree(ledger: &Shared, model: &Model) {
    let all = RequestFilter {
        states: Vec::new(),
        companies: Companies::All,
        target: None,
        due: None,
        cursor: RequestOrder::Entered.beginning(),
        limit: MANY,
    };
    let mut listed = ledger.requests(&all).await.expect("listed").items;
    listed.reverse();
    assert_eq!(listed.len(), model.requests.len(), "requests: {listed:?}");
    for (mut shown, Kept { stored, .. }) in listed.into_iter().zip(&model.requests) {
        // The ledger's clock says when the receipt came.
        if let (Some(shown), Some(mine)) = (&mut shown.request.end, &stored.request.end) {
            near_is_same(&mut shown.at, mine.at);
        }
        if let (Some(shown), Some(mine)) = (&mut shown.request.verified, &stored.request.verified) {
            near_is_same(&mut shown.at, mine.at);
            // The ledger knows the number of a link.
            if is_link(&shown.by) && is_link(&mine.by) {
                shown.by = mine.by.clone();
            }
        }
        if let (Some(shown), Some(mine)) = (&mut shown.request.reopened, &stored.request.reopened) {
            near_is_same(&mut shown.at, mine.at);
        }
        assert_eq!(shown, *stored, "what the ledger shows of a request, and the model");
    }
}

fn is_link(by: &Actor) -> bool {
    by.as_str().starts_with("link:")
}
