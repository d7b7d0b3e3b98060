//! Holds: what stays, whoever demands that it goes.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use quietus_plugin::Span;

use super::attention::limits;
use super::audit::audited;
use super::fixtures::*;
use super::requesting::one_that_is_erased;
use crate::attention::sample::request_limits;
use crate::attention::{Attention, Code, Limits, RequestLimits};
use crate::erasure::{ErasureId, ErasureState, Halt, NewErasure, Outcome, Subject, Verdict};
use crate::hold::{HoldId, HoldOn, NewHold};
use crate::keys::Digest;
use crate::ledger::{
    Attempt, Bounds, Finished, HoldsListed, MaybeHeld, QueueName, Resolution, ShownSession, StepEnd, Stopped, Work,
};
use crate::subject::{Fingerprinted, Kind, SessionId};

async fn add(ledger: &Shared, hold: NewHold) -> HoldId {
    let added = ledger.add_hold(&hold, &by()).await.expect("added");
    assert_eq!(added.under_way, [], "nothing is under way");
    hold.id
}

async fn on_hold(ledger: &Shared, id: HoldId) -> Vec<ErasureId> {
    ledger.erasures_on_hold(id, 9).await.expect("listed")
}

/// Asks for a due erasure of a session, and says whether it begins.
async fn begins(ledger: &Shared, session: i64) -> bool {
    ledger.request(due_erasure(session, &["crm"]), &by()).await.expect("requested");
    !claim(ledger, &to_resolve()).await.is_empty()
}

async fn known(ledger: &Shared, session: i64, fingerprints: Vec<Fingerprinted>, guest: Option<Digest>) {
    let mut change = unchanged(session, 0);
    change.fingerprints = Some(fingerprints);
    change.read_at = Some(in_hours(-1));
    change.record.guest_digest = guest;
    decide(ledger, change).await;
}

pub(crate) async fn what_is_held_begins_once_its_hold_is_lifted(ledger: Shared) {
    let held = hold(HoldOn::Session(SessionId(1)));
    let (first, named) = (add(&ledger, held.clone()).await, held.named());
    let second = add(&ledger, hold(HoldOn::Session(SessionId(1)))).await;
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    assert!(!shown(&ledger, id).await.held, "nobody has looked yet");
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    let waits = shown(&ledger, id).await;
    assert!(waits.held && waits.state == ErasureState::Scheduled && waits.holds.contains(&named), "{waits:?}");
    assert_eq!((on_hold(&ledger, first).await, on_hold(&ledger, second).await), (vec![id], vec![id]));
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("made due"));
    assert!(claim(&ledger, &to_resolve()).await.is_empty(), "nothing goes around a hold");

    assert!(ledger.lift_hold(first, &by()).await.expect("lifted"));
    assert!(!ledger.lift_hold(first, &by()).await.expect("answered"));
    assert!(shown(&ledger, id).await.held, "by the other one, before anybody looks");
    assert_eq!((on_hold(&ledger, first).await, on_hold(&ledger, second).await), (vec![], vec![id]));
    assert!(claim(&ledger, &to_resolve()).await.is_empty(), "another one keeps it");
    assert!(ledger.lift_hold(second, &by()).await.expect("lifted"));
    assert!(!shown(&ledger, id).await.held);
    resolve(&ledger, vec![reached(1)]).await;
    let going = shown(&ledger, id).await;
    assert_eq!((going.held, going.holds.len(), going.state), (false, 2, ErasureState::Erasing));
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;
    let receipt = ledger.receipt_of(id).await.expect("read").expect("is there");
    let told: Vec<_> = receipt.statement.reasons.iter().map(|reason| (&*reason.code, reason.detail.clone())).collect();
    assert!(told.contains(&("held", Some(named.to_string()))), "{told:?}");
}

pub(crate) async fn what_is_told_of_what_is_held_names_the_holds_that_have_not_ended(ledger: Shared) {
    let of_session = || hold(HoldOn::Session(SessionId(1)));
    let lifted = add(&ledger, of_session()).await;
    let lasting = add(&ledger, NewHold { until: Some(in_hours(5)), ..of_session() }).await;
    one_that_is_erased(&ledger, due_erasure(1, &["crm"])).await;
    assert!(claim(&ledger, &to_resolve()).await.is_empty(), "it is held");
    let why = async || {
        let requests = RequestLimits { warn_before: Span::from_secs(9_999 * 86_400), ..request_limits() };
        let limits = Limits { requests, ..limits() };
        let told = ledger.attention_untried(&limits).await.expect("read");
        let is_due = |found: &&Attention| matches!(found.code, Code::RequestsDueSoon | Code::RequestsLate);
        told.iter().find(is_due).expect("it is told").parameters["why"][0]["waits_for"][0].clone()
    };
    let both = why().await;
    assert!([lifted, lasting].iter().all(|id| both["reason"].to_string().contains(&id.to_string())), "{both}");
    assert!(both.get("until").is_none(), "one of them has no end: {both}");
    assert!(ledger.lift_hold(lifted, &by()).await.expect("lifted"));
    let one = why().await;
    assert!(one["reason"].to_string().contains(&lasting.to_string()), "{one}");
    assert!(!one["reason"].to_string().contains(&lifted.to_string()) && one["until"].is_string(), "{one}");
}

pub(crate) async fn a_hold_that_comes_later_lets_calls_end_and_begins_none(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mailbox"]).await;
    let called = claim_step(&ledger, "crm").await;
    let held = hold(HoldOn::Session(SessionId(1)));
    let added = ledger.add_hold(&held, &by()).await.expect("added");
    assert_eq!(added.under_way, [id]);
    assert!(claim(&ledger, &steps_at("mailbox")).await.is_empty(), "no further call begins");
    assert!(shown(&ledger, id).await.held);
    assert_eq!(ledger.stepped(called, verify_after(Outcome::Erased, 1)).await.expect("ended"), Finished::Done);
    // To look whether it is gone erases nothing.
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;

    assert_eq!(ledger.stop_erasure(id, &by()).await.expect("stopped"), Stopped::AtOnce);
    close(&ledger).await;
    let over = shown(&ledger, id).await;
    assert_eq!((over.state, over.held), (ErasureState::Done, false));
    let outcomes: Vec<_> = over.steps.iter().map(|step| step.final_outcome()).collect();
    assert_eq!(outcomes, [Some(Outcome::Erased), Some(Outcome::Retained)]);
    let kept = over.steps[1].reason.clone().expect("a reason");
    assert!(kept.contains(&held.named().to_string()), "{kept}");
    assert_ne!(over.verdict, Some(Verdict::Complete));
}

pub(crate) async fn a_call_under_way_must_erase_no_further_while_a_hold_keeps_its_erasure(ledger: Shared) {
    let guest = |byte| Digest([byte; 16]);
    known(&ledger, 1, vec![email(1)], Some(guest(1))).await;
    let id = begun(&ledger, 1, &["crm"]).await;
    let called = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &called.work else { panic!("not a step") };
    let step = called.step(work);
    let halted = async || ledger.halted(step.clone()).await.expect("answered");
    assert_eq!(halted().await, None, "nothing is held");
    let of_other = NewHold { installation: other(), ..hold(HoldOn::Session(SessionId(1))) };
    for elsewhere in [hold(HoldOn::Session(SessionId(2))), hold(HoldOn::Person(vec![email(2)])), of_other] {
        add(&ledger, elsewhere).await;
    }
    assert_eq!(halted().await, None, "others are held");
    let all = [HoldOn::Session(SessionId(1)), HoldOn::Guest(guest(1)), HoldOn::Person(vec![email(1)])];
    for held in all.map(hold) {
        assert_eq!(ledger.add_hold(&held, &by()).await.expect("added").under_way, [id]);
        assert_eq!(halted().await, Some(Halt::Held));
        assert!(ledger.lift_hold(held.id, &by()).await.expect("lifted"));
        assert_eq!(halted().await, None);
    }

    let last = hold(HoldOn::Session(SessionId(1)));
    ledger.add_hold(&last, &by()).await.expect("added");
    assert_eq!(halted().await, Some(Halt::Held));
    put_back(&ledger, called).await;
    assert_eq!(halted().await, Some(Halt::LeaseLost), "its claim has ended");
    assert!(claim(&ledger, &steps_at("crm")).await.is_empty());
    assert!(ledger.lift_hold(last.id, &by()).await.expect("lifted"));
    // What goes on is another claim.
    let goes_on = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &goes_on.work else { panic!("not a step") };
    assert_eq!(ledger.halted(goes_on.step(work)).await.expect("answered"), None);
    assert_eq!(halted().await, Some(Halt::LeaseLost));
    assert_eq!(ledger.stepped(goes_on, verify_after(Outcome::Erased, 1)).await.expect("ended"), Finished::Done);
}

pub(crate) async fn whoever_may_be_a_person_that_is_held_is_kept(ledger: Shared) {
    let name = || print(Kind::Name, 7);
    known(&ledger, 1, vec![email(1)], None).await;
    known(&ledger, 2, vec![email(2)], None).await;
    known(&ledger, 3, vec![email(3), name()], None).await;
    known(&ledger, 4, vec![name()], None).await;
    add(&ledger, hold(HoldOn::Person(vec![email(1), name()]))).await;
    add(&ledger, NewHold { installation: other(), ..hold(HoldOn::Person(vec![email(2)])) }).await;
    assert!(!begins(&ledger, 1).await, "the address agrees");
    assert!(begins(&ledger, 2).await, "another company's hold is about nobody here, whatever they are known by");
    assert!(begins(&ledger, 3).await, "somebody else of the same name");
    assert!(!begins(&ledger, 4).await, "it may be the same person");

    let mut asked = NewErasure { fingerprints: vec![email(1)], ..erasure_of(person(1), &["crm"], in_hours(-1)) };
    ledger.request(asked.clone(), &by()).await.expect("requested");
    assert!(claim(&ledger, &to_resolve()).await.is_empty(), "by what the person is named");
    asked = NewErasure { id: ErasureId([8; 16]), subject: person(2), fingerprints: vec![email(2)], ..asked };
    ledger.request(asked, &by()).await.expect("requested");
    resolve(&ledger, vec![reached(2), reached(4)]).await;
    assert!(claim(&ledger, &steps_at("crm")).await.is_empty(), "one of its sessions may be theirs");
    let of = MaybeHeld {
        installation: installation(),
        session: Some(SessionId(4)),
        guest: None,
        rules: Vec::new(),
        identifiers: Vec::new(),
    };
    assert_eq!(ledger.holds_on(&of).await.expect("asked").len(), 1);
    let nobody = MaybeHeld { session: Some(SessionId(2)), identifiers: vec![email(2)], ..of };
    assert_eq!(ledger.holds_on(&nobody).await.expect("asked"), []);
}

pub(crate) async fn what_a_guest_or_a_rule_is_held_by_waits_and_nothing_else_does(ledger: Shared) {
    let guest = Digest([7; 16]);
    known(&ledger, 1, Vec::new(), Some(guest)).await;
    known(&ledger, 2, Vec::new(), Some(Digest([8; 16]))).await;
    add(&ledger, hold(HoldOn::Guest(guest))).await;
    add(&ledger, NewHold { installation: other(), ..hold(HoldOn::Session(SessionId(2))) }).await;
    assert!(!begins(&ledger, 1).await);
    assert!(begins(&ledger, 2).await, "another company's hold is about another session");
    let of_guest = erasure_of(Subject::Guest { installation: installation(), digest: guest }, &["crm"], in_hours(-1));
    ledger.request(of_guest, &by()).await.expect("requested");
    assert!(claim(&ledger, &to_resolve()).await.is_empty());

    add(&ledger, hold(HoldOn::Rule("left".into()))).await;
    for (session, rule, goes) in [(3, "left", false), (4, "refused", true)] {
        let demanded = NewErasure { rule: rule.into(), ..due_erasure(session, &["crm"]) };
        ledger.request(demanded, &by()).await.expect("requested");
        assert_eq!(!claim(&ledger, &to_resolve()).await.is_empty(), goes, "{rule}");
    }
}

pub(crate) async fn a_session_that_is_held_by_its_number_is_kept_under_whoever_it_is_found(ledger: Shared) {
    let guest = Digest([7; 16]);
    add(&ledger, hold(HoldOn::Session(SessionId(5)))).await;
    assert!(ledger.session(&session(5)).await.expect("read").is_none(), "nobody has told of it");
    let of_guest = erasure_of(Subject::Guest { installation: installation(), digest: guest }, &["crm"], in_hours(-1));
    let begun = ledger.request(of_guest, &by()).await.expect("requested");
    resolve(&ledger, vec![reached(6)]).await;
    assert!(!shown(&ledger, begun).await.held, "it is not known to be the guest's");
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;

    known(&ledger, 5, vec![email(5)], Some(guest)).await;
    let of_guest = NewErasure {
        id: ErasureId([8; 16]),
        ..erasure_of(Subject::Guest { installation: installation(), digest: guest }, &["crm"], in_hours(-1))
    };
    let waits = ledger.request(of_guest, &by()).await.expect("requested");
    let of_person = NewErasure { id: ErasureId([9; 16]), ..erasure_of(person(5), &["crm"], in_hours(-1)) };
    let reaches = ledger.request(of_person, &by()).await.expect("requested");
    // The guest's waits before it begins, the person's once it is known whom it reaches.
    resolve(&ledger, vec![reached(5)]).await;
    assert!(claim(&ledger, &steps_at("crm")).await.is_empty());
    for id in [waits, reaches] {
        assert!(shown(&ledger, id).await.held, "{id}");
    }
}

pub(crate) async fn what_mluvii_showed_of_a_session_without_a_record_is_held_by(ledger: Shared) {
    let guest = Digest([7; 16]);
    let shown = ShownSession { session: SessionId(5), guests: [guest].into(), fingerprints: vec![email(5)] };
    ledger.request(erasure_of(person(1), &["crm"], in_hours(-1)), &by()).await.expect("requested");
    let mine = only(claim(&ledger, &to_resolve()).await);
    let resolved = Resolution { shown: vec![shown], ..resolution(vec![reached(5)]) };
    assert_eq!(ledger.resolved(mine, resolved).await.expect("resolved"), Finished::Done);
    assert!(ledger.session(&session(5)).await.expect("read").is_none());
    for on in [HoldOn::Guest(guest), HoldOn::Person(vec![email(5)])] {
        let id = add(&ledger, hold(on.clone())).await;
        assert!(claim(&ledger, &steps_at("crm")).await.is_empty(), "{on:?}");
        assert!(ledger.lift_hold(id, &by()).await.expect("lifted"));
    }
    for on in [HoldOn::Guest(Digest([8; 16])), HoldOn::Person(vec![email(6)])] {
        add(&ledger, hold(on)).await;
    }
    step_end(&ledger, "crm", verify_after(Outcome::Erased, 1)).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;
}

pub(crate) async fn a_hold_names_what_a_target_has_accepted_and_not_reported(ledger: Shared) {
    let open = begun(&ledger, 1, &["legal"]).await;
    step_end(&ledger, "legal", StepEnd::Await { within: HOUR }).await;
    let late = begun(&ledger, 2, &["legal"]).await;
    step_end(&ledger, "legal", StepEnd::Await { within: Duration::ZERO }).await;
    let under_way = async |session: i64| {
        let added = ledger.add_hold(&hold(HoldOn::Session(SessionId(session))), &by()).await.expect("added");
        added.under_way
    };
    assert_eq!((under_way(1).await, under_way(2).await), (vec![open], vec![late]));
    // Its time is over, and whoever has it may still do it.
    step_end(&ledger, "legal", StepEnd::NotReported).await;
    assert_eq!((under_way(1).await, under_way(2).await), (vec![open], vec![late]));
    assert_eq!(under_way(3).await, []);
}

pub(crate) async fn a_hold_ends_by_itself_and_is_forgotten_in_time(ledger: Shared) {
    let until = jiff::Timestamp::now() + SignedDuration::from_secs(2);
    let id = add(&ledger, NewHold { until: Some(until), ..hold(HoldOn::Session(SessionId(1))) }).await;
    assert!(!begins(&ledger, 1).await);
    assert_eq!(ledger.holds(HoldsListed::InForce).await.expect("listed").len(), 1);
    let ends = async |all: BTreeSet<HoldId>| ledger.hold_ends(&all).await.expect("read");
    let millis = |end: &Option<jiff::Timestamp>| end.map(jiff::Timestamp::as_millisecond);
    assert_eq!(ends([id].into()).await.get(&id).map(millis), Some(Some(until.as_millisecond())));
    assert!(ends([HoldId([9; 6])].into()).await.is_empty(), "it was asked about another one");
    let begun = tokio::time::timeout(Duration::from_secs(60), async {
        while claim(&ledger, &to_resolve()).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    begun.await.expect("what waited is due with its end");
    assert_eq!(ledger.holds(HoldsListed::InForce).await.expect("listed"), []);
    assert!(!ledger.lift_hold(id, &by()).await.expect("answered"), "it has ended");
    let stays = add(&ledger, hold(HoldOn::Person(vec![email(1)]))).await;
    assert_eq!(ends([id, stays].into()).await, [(stays, None)].into());
    ledger.maintain(KEEP).await.expect("maintained");
    assert_eq!(ledger.holds(HoldsListed::All).await.expect("listed").len(), 2);
    ledger.maintain(KEEP_NOTHING).await.expect("maintained");
    let left = ledger.holds(HoldsListed::All).await.expect("listed");
    assert_eq!(left.iter().map(|hold| hold.hold.id).collect::<Vec<_>>(), [stays]);
    let HoldOn::Person(prints) = &left[0].hold.on else { panic!("{left:?}") };
    assert_eq!(*prints, [email(1)]);
    assert!(ledger.hold(id).await.expect("read").is_none());
}

pub(crate) async fn a_hold_that_is_over_keeps_nothing_though_nobody_has_looked(ledger: Shared) {
    let ends = |seconds| Some(jiff::Timestamp::now() + SignedDuration::from_secs(seconds));
    let mut held = Vec::new();
    for until in [ends(1), ends(4)] {
        held.push(add(&ledger, NewHold { until, ..hold(HoldOn::Session(SessionId(1))) }).await);
    }
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    assert!(claim(&ledger, &to_resolve()).await.is_empty());
    assert!(shown(&ledger, id).await.held);
    assert_eq!(ledger.counts().await.expect("counted").oldest_due, None, "what is held is not overdue");
    let over = tokio::time::timeout(Duration::from_secs(60), async {
        while shown(&ledger, id).await.held {
            assert_eq!(ledger.counts().await.expect("counted").sessions, 0);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    over.await.expect("it is held no longer");
    assert!(ledger.counts().await.expect("counted").oldest_due.is_some());
    for one in held {
        assert_eq!(on_hold(&ledger, one).await, []);
    }
    resolve(&ledger, vec![reached(1)]).await;
}

pub(crate) async fn what_a_target_says_is_no_hold(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    let called = claim_step(&ledger, "crm").await;
    let failed = ledger.retry(called, HOUR, Attempt::Counts, "held by h-010101010101 (legal-claims)").await;
    assert_eq!(failed.expect("ended"), Finished::Done);
    let waits = shown(&ledger, id).await;
    assert!(!waits.held && waits.steps[0].reason.is_some(), "{waits:?}");
    assert!(ledger.counts().await.expect("counted").oldest_due.is_some());
}

pub(crate) async fn an_erase_call_that_is_lost_with_its_server_may_have_been_made(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mailbox"]).await;
    let _lost = claim_for_no_time(&ledger, &steps_at("crm")).await;
    let held = hold(HoldOn::Session(SessionId(1)));
    assert_eq!(ledger.add_hold(&held, &by()).await.expect("added").under_way, [id]);
    for target in ["crm", "mailbox"] {
        assert!(claim(&ledger, &steps_at(target)).await.is_empty(), "whoever takes it over waits");
    }
    assert_eq!(ledger.stop_erasure(id, &by()).await.expect("stopped"), Stopped::AtOnce);
    let steps = shown(&ledger, id).await.steps;
    let outcomes: Vec<_> = steps.iter().map(|step| step.final_outcome()).collect();
    assert_eq!(outcomes, [Some(Outcome::Unverifiable), Some(Outcome::Retained)]);
    let reason = steps[0].reason.clone().expect("a reason");
    assert!(reason.contains("may have been asked to erase"), "{reason}");
    close(&ledger).await;
}

pub(crate) async fn many_holds_and_many_erasures_each_find_their_own(ledger: Shared) {
    const MANY: i64 = 40;
    let byte = |number: i64| u8::try_from(number).expect("small");
    let called: Vec<_> = (1..=MANY).map(|session| (session, ["crm"])).collect();
    let mut ids = Vec::new();
    for (session, targets) in &called {
        known(&ledger, *session, vec![email(byte(*session))], Some(Digest([byte(*session); 16]))).await;
        ids.push(begun(&ledger, *session, targets).await);
    }
    let claims = ledger.claim(&steps_at("crm"), 100, HOUR, &Bounds::NONE).await.expect("claims").claims;
    assert_eq!(claims.len(), ids.len());
    for number in 1..=MANY {
        let on = match number % 3 {
            0 => HoldOn::Session(SessionId(number)),
            1 => HoldOn::Guest(Digest([byte(number); 16])),
            _ => HoldOn::Person(vec![email(byte(number)), email(200)]),
        };
        let added = ledger.add_hold(&hold(on), &by()).await.expect("added");
        assert_eq!(added.under_way, [ids[usize::try_from(number - 1).expect("small")]]);
    }
    for claim in claims {
        put_back(&ledger, claim).await;
    }
    assert!(ledger.claim(&steps_at("crm"), 100, HOUR, &Bounds::NONE).await.expect("claims").claims.is_empty());
    for id in ids {
        let waits = shown(&ledger, id).await;
        assert!(waits.held && waits.holds.len() == 1, "{waits:?}");
    }
}

pub(crate) async fn a_session_that_is_held_outlives_its_retention(ledger: Shared) {
    let guest = Digest([7; 16]);
    known(&ledger, 1, Vec::new(), None).await;
    known(&ledger, 2, vec![email(2)], None).await;
    known(&ledger, 3, Vec::new(), Some(guest)).await;
    known(&ledger, 4, vec![email(4)], None).await;
    let mut holds = Vec::new();
    for on in [HoldOn::Session(SessionId(1)), HoldOn::Person(vec![email(2)]), HoldOn::Guest(guest)] {
        holds.push(add(&ledger, hold(on)).await);
    }
    tokio::time::sleep(Duration::from_millis(2)).await;
    let there = async || {
        ledger.maintain(KEEP_NOTHING).await.expect("maintained");
        let mut there = Vec::new();
        for id in 1..=4 {
            there.extend(ledger.session(&session(id)).await.expect("read").map(|_| id));
        }
        there
    };
    assert_eq!(there().await, [1, 2, 3]);
    for hold in holds {
        assert!(ledger.lift_hold(hold, &by()).await.expect("lifted"));
    }
    assert!(there().await.is_empty());
}

pub(crate) async fn each_hold_and_its_end_leaves_a_row(ledger: Shared) {
    let held = hold(HoldOn::Person(vec![email(1)]));
    add(&ledger, held.clone()).await;
    for expected in [true, false] {
        assert_eq!(ledger.lift_hold(held.id, &by()).await.expect("answered"), expected);
    }
    let rows = audited(&ledger).await;
    let said: Vec<_> = rows.iter().map(|row| (&*row.statement.act, &*row.statement.result)).collect();
    assert_eq!(said, [("hold.add", "done"), ("hold.lift", "done"), ("hold.lift", "unchanged")]);
    assert!(rows.iter().all(|row| row.statement.object.to_string() == format!("hold:{}", held.id)));
    assert_eq!(rows[0].statement.details["on"].to_string(), "\"person\"");
    let listed = ledger.hold(held.id).await.expect("read").expect("is there");
    assert_eq!((listed.hold, listed.by), (held, by()));
    assert_eq!(listed.lifted.map(|(_, who)| who), Some(by()));
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
}
