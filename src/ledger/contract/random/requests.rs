//! Requests of persons: entered once for each person, planned, let go by somebody else, and run as erasures. What may be done next is said
//! by `request/life` alone; here it is asked, written, and what becomes of it compared.

use jiff::Timestamp;
use serde_json::json;

use super::super::fixtures::{Shared, by, email, session};
use super::super::requesting;
use super::action::Asked;
use super::compare::near_is_same;
use super::model::{Kept, Model, Refused};
use super::perform::{Run, same};
use crate::audit::{Act, Actor};
use crate::erasure::{ErasureId, NewErasure};
use crate::ledger::{Cursor, EnteredAs, NewRequest, RequestChange, RequestFilter, StoredRequest};
use crate::request::{Entered, Plan, Request, RequestId, Rest};

/// More than there are.
const MANY: u32 = 1_000;

/// Of each plan.
const HASH: &str = "aa";

impl Model {
    fn open_of(&self, person: u8) -> Option<&StoredRequest> {
        let open = self.requests.iter().find(|kept| kept.person == person && kept.stored.request.end.is_none());
        open.map(|kept| &kept.stored)
    }

    fn stored(&mut self, id: RequestId) -> &mut StoredRequest {
        let found = self.requests.iter_mut().find(|kept| kept.stored.request.id == id);
        &mut found.expect("it was chosen of those that there are").stored
    }

    /// An erasure is over; without a receipt, it is as if nobody had asked for it.
    pub(super) fn erasure_ended(&mut self, id: ErasureId, receipt: Option<Rest>, now: Timestamp) {
        for Kept { stored, .. } in &mut self.requests {
            if !stored.request.erasures.contains(&id) {
                continue;
            }
            let request = stored.request.clone();
            stored.request = match receipt {
                Some(rest) => request.erased(id, rest, now),
                None => request.without(id),
            };
            stored.version += 1;
        }
    }
}

impl Run {
    pub(super) async fn ask(&mut self, asked: Asked, now: Timestamp) {
        match asked {
            Asked::Enter { person, id } => self.enter(person, id).await,
            Asked::Plan { id, stale } => {
                let planned = |request: Request| request.planned(plan(), Vec::new(), Vec::new()).ok();
                self.change(id, stale, Act::PlanRequest, planned).await;
            }
            Asked::Approve { id, stale } => {
                let approved = |request: Request| request.approve(HASH, &Actor::cli("eve"), now).ok();
                self.change(id, stale, Act::ApproveRequest, approved).await;
            }
            Asked::Run { id, stale, erasure } => self.run(id, stale, *erasure, now).await,
        }
    }

    async fn enter(&mut self, person: u8, id: RequestId) {
        let new = requesting::new(person, vec![email(person)]);
        let new = NewRequest { entered: Entered { id, ..new.entered.clone() }, ..new };
        let expected = self.model.open_of(person).map(|open| EnteredAs::Duplicate(open.request.number.clone()));
        match (self.ledger.add_request(&new, &by()).await.expect("answered"), expected) {
            (EnteredAs::New(stored), None) => self.model.requests.push(Kept { person, stored: *stored }),
            (came, expected) => assert_eq!(Some(came), expected, "the ledger's answer, and the model's"),
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
        let Ok((request, _)) = self.model.stored(id).request.clone().run(HASH, erasure.id, true) else { return };
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
    let all = RequestFilter { states: Vec::new(), installation: None, cursor: Cursor::NEWEST, limit: MANY };
    let mut listed = ledger.requests(&all).await.expect("listed").items;
    listed.reverse();
    assert_eq!(listed.len(), model.requests.len(), "requests: {listed:?}");
    for (mut shown, Kept { stored, .. }) in listed.into_iter().zip(&model.requests) {
        // The ledger's clock says when the receipt came.
        if let (Some(shown), Some(mine)) = (&mut shown.request.end, &stored.request.end) {
            near_is_same(&mut shown.at, mine.at);
        }
        assert_eq!(shown, *stored, "what the ledger shows of a request, and the model");
    }
}
