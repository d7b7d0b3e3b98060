//! Requests of persons: entered once, changed by one at a time, erased by an erasure, and over with its receipt.

use std::time::Duration;

use jiff::civil::date;
use zeroize::Zeroizing;

use super::fixtures::*;
use super::rechecking::{again, look, looked, told};
use crate::access::Companies;
use crate::attention::Code;
use crate::audit::Act;
use crate::deadline::Calendar;
use crate::erasure::{
    Capsule, ErasureState, Evidence, Findings, MluviiSearch, NewErasure, Outcome, Recheck, RecheckOutcome,
};
use crate::keys::SealKey;
use crate::ledger::{
    AuditRange, Cursor, EnteredAs, Finished, GenerationState, Keep, NewRequest, ReceiptRange, RequestChange,
    RequestFilter, RequestOrder, Resolution, StepEnd, StoredRequest,
};
use crate::request::{
    self, Came, Ended, Entered, RejectedBecause, Request, RequestId, RequestNumber, RequestState, VerifiedBy,
};
use crate::subject::{Fingerprinted, InstallationName, Kind};

pub(super) fn new(byte: u8, fingerprints: Vec<Fingerprinted>) -> NewRequest {
    let id = RequestId([byte; 16]);
    let entered = Entered {
        id,
        number: None,
        mluvii: installation(),
        came: Came::Letter,
        received: date(2026, 11, 3),
        verified: Some(VerifiedBy::Document),
        targets: vec![target("crm")],
        kinds: fingerprints.iter().map(|one| one.kind.clone()).collect(),
    };
    NewRequest { entered, capsule: request::seal(&whom("ann@x.cz"), id, &seal()), fingerprints, anyway: false }
}

fn numbered(byte: u8, number: &str, mluvii: InstallationName) -> NewRequest {
    let new = new(byte, vec![email(byte)]);
    let number = Some(number.parse().expect("a number"));
    NewRequest { entered: Entered { number, mluvii, ..new.entered.clone() }, ..new }
}

pub(super) async fn enter(ledger: &Shared, new: &NewRequest) -> StoredRequest {
    match ledger.add_request(new, &by()).await.expect("answered") {
        EnteredAs::New(stored) => *stored,
        other => panic!("{other:?}"),
    }
}

pub(super) async fn there(ledger: &Shared, number: &str) -> StoredRequest {
    let number: RequestNumber = number.parse().expect("a number");
    only(ledger.requests_numbered(&number).await.expect("read"))
}

fn change(read: &StoredRequest, request: Request, act: Act) -> RequestChange {
    RequestChange { read_version: read.version, request, act, details: vec![("count", 1.into())] }
}

pub(super) fn rejected(read: &StoredRequest) -> RequestChange {
    let ended = Ended::Rejected(RejectedBecause::LegalClaims);
    let request = read.request.clone().end(ended, &by(), jiff::Timestamp::now()).expect("ended");
    change(read, request, Act::RejectRequest)
}

fn newest(limit: u32) -> RequestFilter {
    RequestFilter {
        states: Vec::new(),
        companies: Companies::All,
        target: None,
        due: None,
        cursor: RequestOrder::Entered.beginning(),
        limit,
    }
}

/// The order in which they were entered, the newest first.
async fn listed(ledger: &Shared, states: &[RequestState]) -> Vec<String> {
    let filter = RequestFilter { states: states.to_vec(), ..newest(10) };
    let page = ledger.requests(&filter).await.expect("listed");
    page.items.iter().map(|stored| stored.request.number.to_string()).collect()
}

pub(crate) async fn a_request_has_a_number_of_its_own_or_the_companys(ledger: Shared) {
    let first = enter(&ledger, &new(1, vec![email(1)])).await;
    assert_eq!((first.request.number.as_str(), first.version, first.sequence), ("R-1", 1, 1));
    assert_eq!(enter(&ledger, &numbered(2, "2026/9", installation())).await.request.number.as_str(), "2026/9");
    let taken = numbered(3, "2026/9", installation());
    assert_eq!(ledger.add_request(&taken, &by()).await.expect("answered"), EnteredAs::NumberTaken);
    // The same person under it again is the same request; that the number is taken says nothing of anybody else.
    let again = numbered(2, "2026/9", installation());
    let duplicate = EnteredAs::Duplicate("2026/9".parse().expect("a number"));
    assert_eq!(ledger.add_request(&again, &by()).await.expect("answered"), duplicate);
    let others = enter(&ledger, &numbered(4, "2026/9", other())).await;
    let number = "2026/9".parse().expect("a number");
    assert_eq!(ledger.requests_numbered(&number).await.expect("read").len(), 2);
    assert_eq!(enter(&ledger, &new(5, vec![email(5)])).await.request.number.as_str(), "R-4");
    assert_eq!(listed(&ledger, &[]).await, ["R-4", "2026/9", "2026/9", "R-1"]);
    assert_eq!(listed(&ledger, &[RequestState::Unverified]).await, [""; 0]);

    let companies = Companies::Only([other()].into());
    let page = ledger.requests(&RequestFilter { companies, ..newest(1) }).await.expect("listed");
    assert_eq!((page.items, page.next), (vec![others], None));
    let page = ledger.requests(&newest(1)).await.expect("listed");
    let cursor = page.next.expect("there are more");
    let page = ledger.requests(&RequestFilter { cursor, ..newest(1) }).await.expect("listed");
    assert_eq!(page.items[0].sequence, 3);
}

pub(crate) async fn an_open_request_of_the_same_person_is_known(ledger: Shared) {
    let family = |byte, name| new(byte, vec![print(Kind::Name, name), print(Kind::Phone, 7)]);
    let ann = enter(&ledger, &family(1, 1)).await;
    // Somebody else with the same phone.
    enter(&ledger, &family(2, 2)).await;
    let again = family(3, 1);
    let duplicate = EnteredAs::Duplicate(ann.request.number.clone());
    assert_eq!(ledger.add_request(&again, &by()).await.expect("answered"), duplicate);
    // In another company, or because somebody says so.
    let elsewhere = NewRequest { entered: Entered { mluvii: other(), ..again.entered.clone() }, ..again.clone() };
    enter(&ledger, &elsewhere).await;
    let anyway =
        NewRequest { anyway: true, entered: Entered { id: RequestId([4; 16]), ..again.entered.clone() }, ..again };
    enter(&ledger, &anyway).await;
    // One that has ended stands for nobody.
    let fifth = new(5, vec![email(5)]);
    let ended = enter(&ledger, &fifth).await;
    assert!(ledger.change_request(&rejected(&ended), &by()).await.expect("answered"));
    enter(&ledger, &NewRequest { entered: Entered { id: RequestId([6; 16]), ..fifth.entered.clone() }, ..fifth }).await;
}

pub(crate) async fn a_request_is_changed_by_one_at_a_time_and_sealed_until_its_end(ledger: Shared) {
    let stored = enter(&ledger, &new(1, vec![email(1), print(Kind::Name, 3)])).await;
    let id = stored.request.id;
    let sealed = ledger.request_capsule(id).await.expect("read").expect("it is open");
    assert_eq!(request::open(&sealed, id, &seal()).expect("opens"), whom("ann@x.cz"));
    let extended = stored.request.clone().extend(
        1,
        request::ExtendedBecause::Complexity,
        &by(),
        jiff::Timestamp::now(),
        date(2026, 11, 5),
    );
    let extended = change(&stored, extended.expect("extended"), Act::ExtendRequest);
    assert!(ledger.change_request(&extended, &by()).await.expect("answered"));
    assert!(!ledger.change_request(&rejected(&stored), &by()).await.expect("answered"), "somebody has changed it");
    let now = there(&ledger, "R-1").await;
    assert_eq!((now.version, now.request.due()), (2, Some(date(2027, 1, 4))));
    assert!(ledger.request_capsule(id).await.expect("read").is_some());
    assert!(ledger.change_request(&rejected(&now), &by()).await.expect("answered"));
    assert_eq!(ledger.request_capsule(id).await.expect("read"), None, "with the end, it is destroyed");
    // Found by any of its identifiers, as long as they are kept.
    let found = ledger.requests_with(&[email(1).fingerprint, print(Kind::Name, 3).fingerprint]).await.expect("found");
    assert_eq!(only(found).request.state(), RequestState::Rejected);
    assert!(ledger.requests_with(&[email(2).fingerprint]).await.expect("found").is_empty());

    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 9)).await.expect("read").items;
    let said = |row: &crate::audit::AuditRow| {
        let text: serde_json::Value = serde_json::from_str(row.text()).expect("JSON");
        let word = |name: &str| text[name].as_str().unwrap_or_default().to_owned();
        format!("{} {} {}", word("act"), word("object"), word("result"))
    };
    let object = format!("request:{}/R-1", installation());
    let expected =
        ["request.enter", "request.extend", "request.reject", "request.reject"].map(|act| format!("{act} {object}"));
    let results = ["done", "done", "unchanged", "done"];
    let expected: Vec<_> = expected.iter().zip(results).map(|(said, result)| format!("{said} {result}")).collect();
    assert_eq!(rows.iter().map(said).collect::<Vec<_>>(), expected);
}

/// Asks for the erasure of a request.
async fn run(ledger: &Shared, read: &StoredRequest, erasure: NewErasure) -> Option<crate::erasure::ErasureId> {
    let request = Request { erasures: vec![erasure.id], more: false, ..read.request.clone() };
    ledger.run_request(&change(read, request, Act::RunRequest), erasure, &by()).await.expect("answered")
}

/// One that has become an erasure.
pub(super) async fn one_that_is_erased(ledger: &Shared, erasure: NewErasure) {
    let stored = enter(ledger, &new(91, vec![email(91)])).await;
    run(ledger, &stored, erasure).await.expect("asked for");
}

pub(crate) async fn a_request_ends_with_the_receipt_of_its_erasure(ledger: Shared) {
    let stored = enter(&ledger, &new(1, vec![email(1)])).await;
    let erasure = erasure_of(person(1), &["crm"], in_hours(-1));
    let id = run(&ledger, &stored, erasure.clone()).await.expect("asked for");
    assert_eq!(id, erasure.id);
    let now = there(&ledger, "R-1").await;
    assert_eq!((now.request.state(), &now.request.erasures[..]), (RequestState::Erasing, &[id][..]));
    // Who has read it before asks for nothing.
    let late = erasure_of(person(2), &["crm"], in_hours(-1));
    assert_eq!(run(&ledger, &stored, late.clone()).await, None);
    assert!(ledger.erasure(late.id).await.expect("read").is_none());

    resolve_as(&ledger, Findings::default()).await;
    assert!(ledger.request_capsule(now.request.id).await.expect("read").is_some());
    step_end(&ledger, "crm", searched(Outcome::Absent)).await;
    close(&ledger).await;
    let done = there(&ledger, "R-1").await;
    assert_eq!((done.request.state(), &done.request.receipted[..]), (RequestState::Done, &[id][..]));
    assert!(done.request.end.is_some_and(|end| end.by.is_none()));
    assert_eq!(ledger.request_capsule(now.request.id).await.expect("read"), None);
}

/// Resolves the erasure that is due, as one whose person was searched at mluvii.
async fn resolve_as(ledger: &Shared, findings: Findings) {
    let claim = only(claim(ledger, &to_resolve()).await);
    let findings = Findings { search: MluviiSearch::Done, ..findings };
    let resolution = Resolution { findings, ..resolution(Vec::new()) };
    assert_eq!(ledger.resolved(claim, resolution).await.expect("resolved"), Finished::Done);
}

/// A step's end at a target that says where it has looked.
fn searched(outcome: Outcome) -> StepEnd {
    let evidence = Evidence { looked_at: vec!["contacts".into()], ..Evidence::default() };
    StepEnd::Final { outcome, reason: None, counts: counts(0), evidence }
}

pub(crate) async fn a_request_stays_open_where_its_receipt_leaves_what_nobody_decided_on(ledger: Shared) {
    let left = Findings { excluded: 2, ..Findings::default() };
    let came = Findings { came_since: 1, ..Findings::default() };
    for (byte, findings, outcome, state) in [
        (1, Findings::default(), Outcome::Residual, RequestState::Verified),
        (2, came, Outcome::Absent, RequestState::Verified),
        (3, left.clone(), Outcome::Absent, RequestState::Done),
        (4, left, Outcome::Unverifiable, RequestState::Verified),
        (5, Findings::default(), Outcome::Retained, RequestState::Done),
    ] {
        let stored = enter(&ledger, &new(byte, vec![email(byte)])).await;
        let number = stored.request.number.to_string();
        run(&ledger, &stored, erasure_of(person(byte), &["crm"], in_hours(-1))).await.expect("asked for");
        resolve_as(&ledger, findings).await;
        step_end(&ledger, "crm", searched(outcome)).await;
        close(&ledger).await;
        let ended = there(&ledger, &number).await;
        let is_open = state == RequestState::Verified;
        assert_eq!((ended.request.state(), ended.request.more), (state, is_open), "{number}");
        let is_at_crm = matches!(outcome, Outcome::Residual | Outcome::Unverifiable);
        assert_eq!(ended.request.elsewhere, is_at_crm, "{number}");
        let capsule = ledger.request_capsule(ended.request.id).await.expect("read");
        assert_eq!((capsule.is_some(), ended.request.end.is_none()), (is_open, is_open), "{number}");
    }
    // A further one takes the rest.
    let open = there(&ledger, "R-1").await;
    run(&ledger, &open, erasure_of(person(1), &["crm"], in_hours(-1))).await.expect("asked for");
    resolve_as(&ledger, Findings::default()).await;
    step_end(&ledger, "crm", searched(Outcome::Absent)).await;
    close(&ledger).await;
    assert_eq!(there(&ledger, "R-1").await.request.state(), RequestState::Done);
}

pub(crate) async fn an_erasure_that_is_cancelled_gives_its_request_back(ledger: Shared) {
    let [one, other] = [1, 2].map(|byte| new(byte, vec![email(byte)]));
    let (one, other) = (enter(&ledger, &one).await, enter(&ledger, &other).await);
    let erasure = erasure_of(person(1), &["crm"], in_hours(5));
    let id = run(&ledger, &one, erasure.clone()).await.expect("asked for");
    // The same person, by another request: one erasure stands for both.
    let again = NewErasure { id: crate::erasure::ErasureId([9; 16]), ..erasure };
    assert_eq!(run(&ledger, &other, again).await, Some(id));
    let both = ["R-1", "R-2"];
    for number in both {
        assert_eq!(there(&ledger, number).await.request.erasures, [id]);
    }
    let of_it = async |id: crate::erasure::ErasureId| {
        let found = ledger.requests_of_erasure(id).await.expect("read");
        found.iter().map(|stored| stored.request.number.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(of_it(id).await, ["R-2", "R-1"], "the newest first");
    assert!(of_it(crate::erasure::ErasureId([8; 16])).await.is_empty());
    assert!(ledger.cancel_erasure(id, &by()).await.expect("answered"));
    for number in both {
        let back = there(&ledger, number).await;
        assert_eq!((back.request.state(), back.request.erasures.len()), (RequestState::Verified, 0), "{number}");
        assert!(ledger.request_capsule(back.request.id).await.expect("read").is_some());
    }
}

pub(crate) async fn when_its_plan_was_approved_stands_on_the_receipt_of_a_requests_erasure(ledger: Shared) {
    let [one, other] = [1, 2].map(|byte| new(byte, vec![email(byte)]));
    let (one, other) = (enter(&ledger, &one).await, enter(&ledger, &other).await);
    let unapproved = erasure_of(person(1), &["crm"], in_hours(5));
    run(&ledger, &one, unapproved.clone()).await.expect("asked for");
    let id = crate::erasure::ErasureId([9; 16]);
    let approved = Some(jiff::Timestamp::from_second(1_700_000_000).expect("a time"));
    let erasure = NewErasure { id, approved, due: in_hours(-1), ..unapproved.clone() };
    assert_eq!(run(&ledger, &other, erasure).await, Some(id), "it does not become one that nobody has approved");
    // Nor does a further one that nobody has approved become one with it.
    assert_eq!(ledger.request(unapproved.clone(), &by()).await.expect("asked for"), unapproved.id);
    let is = shown(&ledger, id).await;
    assert_eq!((is.state, is.approved), (ErasureState::Scheduled, approved), "it waits for nobody else");
    assert_eq!(shown(&ledger, unapproved.id).await.approved, None);
    resolve_as(&ledger, Findings::default()).await;
    step_end(&ledger, "crm", searched(Outcome::Absent)).await;
    close(&ledger).await;
    let receipt = only(ledger.receipts(&ReceiptRange::all(0, 9)).await.expect("listed").items);
    assert_eq!((receipt.statement.erasure, receipt.statement.approved), (id, approved));
}

pub(crate) async fn a_request_is_open_once_more_until_what_came_back_is_erased_again(ledger: Shared) {
    let stored = enter(&ledger, &new(1, vec![email(1)])).await;
    let first = run(&ledger, &stored, erasure_of(person(1), &["crm"], in_hours(-1))).await.expect("asked for");
    let ends_at_crm = async || {
        resolve_as(&ledger, Findings::default()).await;
        step_end(&ledger, "crm", searched(Outcome::Absent)).await;
        close(&ledger).await;
    };
    ends_at_crm().await;
    let state = async || there(&ledger, "R-1").await.request.state();
    assert_eq!(state().await, RequestState::Done);
    assert_eq!(looked(&ledger, &[look(first, -3, RecheckOutcome::Gone)]).await, 0);
    assert_eq!(looked(&ledger, &[look(first, -2, RecheckOutcome::Unclear)]).await, 0, "nobody knows");
    assert_eq!(state().await, RequestState::Done);
    assert_eq!(looked(&ledger, &[look(first, -1, RecheckOutcome::Residual)]).await, 1);
    assert_eq!(looked(&ledger, &[look(first, 0, RecheckOutcome::Residual)]).await, 0, "it is open");
    let open = there(&ledger, "R-1").await.request;
    // A month from the day on which it was seen, over New Year; the letter's own day is still that of the letter.
    assert_eq!((open.state(), open.due()), (RequestState::Reopened, Some(date(2027, 1, 4))));
    assert_eq!(open.term.received, stored.request.term.received);
    assert_eq!(ledger.request_capsule(open.id).await.expect("read"), None, "whom it is about is known no more");

    let cancelled = again(first, 1);
    ledger.request(cancelled.clone(), &by()).await.expect("requested");
    assert_eq!(state().await, RequestState::Erasing);
    assert!(ledger.cancel_erasure(cancelled.id, &by()).await.expect("answered"));
    assert_eq!(state().await, RequestState::Reopened);
    assert_eq!(told(&ledger, Code::RecheckResidual).await, Some(1));
    let second = again(first, 1);
    ledger.request(second.clone(), &by()).await.expect("requested");
    ends_at_crm().await;
    let done = there(&ledger, "R-1").await.request;
    assert_eq!((done.state(), &done.erasures), (RequestState::Done, &vec![first, second.id]));
    assert_eq!(done.receipted, done.erasures);
    assert_eq!(told(&ledger, Code::RecheckResidual).await, None);
    // And once more, after the second one.
    assert_eq!(looked(&ledger, &[look(second.id, 1, RecheckOutcome::Residual)]).await, 1);
    assert_eq!(state().await, RequestState::Reopened);
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 99)).await.expect("read").items;
    let reopened = rows.iter().filter(|row| row.text().contains("request.reopen")).count();
    assert_eq!(reopened, 2);
}

pub(crate) async fn what_was_erased_again_while_its_request_was_over_opens_it_where_it_comes_back(ledger: Shared) {
    let stored = enter(&ledger, &new(1, vec![email(1)])).await;
    let first = run(&ledger, &stored, erasure_of(person(1), &["crm"], in_hours(-1))).await.expect("asked for");
    let ends_at_crm = async || {
        resolve_as(&ledger, Findings::default()).await;
        step_end(&ledger, "crm", searched(Outcome::Absent)).await;
        close(&ledger).await;
    };
    ends_at_crm().await;
    let request = async || there(&ledger, "R-1").await.request;
    let done = request().await;
    assert_eq!(done.state(), RequestState::Done);

    // Somebody has it erased again, as after a restore, before anybody has looked: the request stays as it is.
    let cancelled = again(first, 1);
    ledger.request(cancelled.clone(), &by()).await.expect("requested");
    assert_eq!(request().await.state(), RequestState::Done);
    assert!(ledger.cancel_erasure(cancelled.id, &by()).await.expect("answered"));
    let second = again(first, 1);
    ledger.request(second.clone(), &by()).await.expect("requested");
    ends_at_crm().await;
    let still = request().await;
    assert_eq!((still.state(), &still.end), (RequestState::Done, &done.end), "it has ended when it has");
    assert_eq!(still.receipted, [first, second.id]);
    assert_eq!(ledger.request_capsule(still.id).await.expect("read"), None);

    // What comes back after that is its person's, too.
    assert_eq!(looked(&ledger, &[look(second.id, 1, RecheckOutcome::Residual)]).await, 1);
    let open = request().await;
    assert_eq!((open.state(), open.due()), (RequestState::Reopened, Some(date(2027, 1, 4))));
    let third = again(second.id, 1);
    ledger.request(third.clone(), &by()).await.expect("requested");
    assert_eq!(request().await.state(), RequestState::Erasing);
    ends_at_crm().await;
    assert_eq!(request().await.state(), RequestState::Done);
    assert_eq!(told(&ledger, Code::RecheckResidual).await, None);
}

pub(crate) async fn a_request_is_not_done_while_something_came_back_elsewhere(ledger: Shared) {
    let stored = enter(&ledger, &new(1, vec![email(1)])).await;
    let both = erasure_of(person(1), &["crm", "mailbox"], in_hours(-1));
    let first = run(&ledger, &stored, both).await.expect("asked for");
    resolve_as(&ledger, Findings::default()).await;
    step_end(&ledger, "crm", searched(Outcome::Absent)).await;
    step_end(&ledger, "mailbox", searched(Outcome::Absent)).await;
    close(&ledger).await;
    let state = async || there(&ledger, "R-1").await.request.state();
    assert_eq!(state().await, RequestState::Done);
    let at_mailbox = Recheck { target: target("mailbox"), ..look(first, -2, RecheckOutcome::Residual) };
    assert_eq!(looked(&ledger, &[look(first, -3, RecheckOutcome::Residual), at_mailbox]).await, 1);
    for (name, byte, expected) in [("crm", 1, RequestState::Reopened), ("mailbox", 2, RequestState::Done)] {
        let again = NewErasure { targets: vec![target(name)], ..again(first, byte) };
        ledger.request(again, &by()).await.expect("requested");
        assert_eq!(state().await, RequestState::Erasing, "{name}");
        resolve_as(&ledger, Findings::default()).await;
        step_end(&ledger, name, searched(Outcome::Absent)).await;
        close(&ledger).await;
        assert_eq!(state().await, expected, "{name}");
    }
    assert_eq!(told(&ledger, Code::RecheckResidual).await, None);
}

pub(crate) async fn what_is_sealed_of_a_request_keeps_its_generation(ledger: Shared) {
    let key = |byte| SealKey::new(&Zeroizing::new([byte; 32]));
    let (first, second) = (key(11), key(12));
    ledger.begin_seal_generation(&first.id()).await.expect("noted");
    assert!(ledger.open_seal_generation(&first.id(), None).await.expect("answered"));
    let sealed = |byte, key: &SealKey| NewRequest {
        capsule: request::seal(&whom("ann@x.cz"), RequestId([byte; 16]), key),
        ..new(byte, vec![email(byte)])
    };
    let stored = enter(&ledger, &sealed(1, &first)).await;
    ledger.begin_seal_generation(&second.id()).await.expect("noted");
    assert!(ledger.open_seal_generation(&second.id(), Some(&first.id())).await.expect("answered"));
    let refused = ledger.add_request(&sealed(2, &first), &by()).await.expect_err("it was followed");
    assert!(refused.closed_seal().is_some());
    let in_use = async || {
        let all = ledger.seal_generations().await.expect("listed");
        all.into_iter().find(|one| one.state == GenerationState::Closed).expect("it is known").in_use
    };
    assert!(in_use().await);

    let found = ledger.request_under(&first.id(), 0).await.expect("read").expect("it is sealed under it");
    assert_eq!(found, stored);
    assert_eq!(ledger.request_under(&first.id(), found.sequence).await.expect("read"), None);
    let id = stored.request.id;
    let before = ledger.request_capsule(id).await.expect("read").expect("open");
    let anew: Capsule = request::seal(&whom("ann@x.cz"), id, &second);
    ledger.reseal_request(id, &anew, &anew).await.expect("answered");
    assert_eq!(ledger.request_capsule(id).await.expect("read").as_ref(), Some(&before), "it is not that any more");
    ledger.reseal_request(id, &before, &anew).await.expect("answered");
    assert_eq!(ledger.request_capsule(id).await.expect("read"), Some(anew));
    assert!(!in_use().await);
}

pub(crate) async fn requests_go_by_their_age_and_open_ones_stay(ledger: Shared) {
    let [ended, open] = [1, 2].map(|byte| new(byte, vec![email(byte)]));
    let (ended, _) = (enter(&ledger, &ended).await, enter(&ledger, &open).await);
    assert!(ledger.change_request(&rejected(&ended), &by()).await.expect("answered"));
    let found = async |byte| ledger.requests_with(&[email(byte).fingerprint]).await.expect("found").len();
    tokio::time::sleep(Duration::from_millis(2)).await;
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!((found(1).await, found(2).await), (1, 1));
    // Not found by its person any more, and still there.
    ledger.maintain(Keep { fingerprints: Some(Duration::ZERO), ..KEEP }).await.expect("maintained");
    assert_eq!((found(1).await, found(2).await), (0, 1));
    assert_eq!(listed(&ledger, &[]).await, ["R-2", "R-1"]);
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    assert_eq!((found(2).await, listed(&ledger, &[]).await), (1, vec!["R-2".to_owned()]));
    assert_eq!(ledger.counts().await.expect("counted").expired["requests"].deleted, 1);
    // The number of the newest one is not given again, although it is gone.
    assert!(ledger.change_request(&rejected(&there(&ledger, "R-2").await), &by()).await.expect("answered"));
    tokio::time::sleep(Duration::from_millis(2)).await;
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    assert_eq!(listed(&ledger, &[]).await, [""; 0]);
    let third = enter(&ledger, &new(3, vec![email(3)])).await;
    assert_eq!((third.request.number.as_str(), third.sequence), ("R-3", 3));
}

pub(crate) async fn open_requests_are_told_and_counted(ledger: Shared) {
    let unverified = |byte, number| {
        let new = numbered(byte, number, installation());
        NewRequest { entered: Entered { verified: None, ..new.entered.clone() }, ..new }
    };
    enter(&ledger, &unverified(1, "7/1")).await;
    enter(&ledger, &unverified(2, "7/2")).await;
    let third = enter(&ledger, &new(3, vec![email(3)])).await;
    assert!(ledger.change_request(&rejected(&third), &by()).await.expect("answered"));
    let limits = crate::attention::Limits {
        calendar: Calendar::late_after_s(1 << 31),
        requests: crate::attention::RequestLimits {
            verify_within: quietus_plugin::Span::from_secs(0),
            ..crate::attention::sample::request_limits()
        },
        ..super::attention::limits()
    };
    let all = ledger.attention_untried(&limits).await.expect("read");
    let found = all.iter().find(|one| one.code == crate::attention::Code::RequestsUnverified).expect("it is told");
    let named = |number: &str| request::shown(&installation().0, number);
    assert_eq!(found.parameters["ids"], serde_json::json!([named("7/1"), named("7/2")]));
    // What would erase nothing waits for nobody's approval.
    let all: [(u8, &[&str], usize); 5] =
        [(4, &["mluvii"], 0), (5, &["mluvii"], 1), (6, &["crm"], 0), (7, &[], 0), (8, &["mluvii", "crm"], 0)];
    for (byte, targets, sessions) in all {
        let new = new(byte, vec![email(byte)]);
        let targets = targets.iter().map(|name| target(name)).collect();
        let entered = Entered { targets, ..new.entered.clone() };
        let stored = enter(&ledger, &NewRequest { entered, ..new }).await;
        let session = serde_json::json!({ "session": session(1), "certainty": "certain", "reason": "email" });
        let plan = serde_json::json!({
            "hash": "aa", "sessions": vec![session; sessions], "by": by(), "at": "2026-11-10T00:00:00Z",
        });
        let plan = serde_json::from_value(plan).expect("a plan");
        let planned = stored.request.clone().planned(plan, request::Chosen::default()).expect("planned");
        assert!(ledger.change_request(&change(&stored, planned, Act::PlanRequest), &by()).await.expect("answered"));
    }
    let all = ledger.attention_untried(&limits).await.expect("read");
    let found = all.iter().find(|one| one.code == Code::RequestApprovalWaiting).expect("it is told");
    assert_eq!(found.parameters["ids"], serde_json::json!([named("R-5"), named("R-6"), named("R-8")]));
    // 3 December 2026 may lie behind or ahead; what ended is never late.
    let gauges = ledger.gauges(&[], &Calendar::late_after_s(1)).await.expect("read");
    assert_eq!((gauges.requests["unverified"], gauges.requests["rejected"], gauges.requests["done"]), (2, 1, 0));
    let is_late = Calendar::late_after_s(1).day(gauges.now) > date(2026, 12, 3);
    assert_eq!(gauges.requests_late, if is_late { 7 } else { 0 });
}
