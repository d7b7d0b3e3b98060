//! An index key takes another one's place: what stood under the old one is found under the new one.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::fixtures::*;
use super::requesting;
use crate::consent::ConsentState;
use crate::erasure::{ErasureId, NewErasure, Outcome, Reportable, Stage, StepEnd, Subject};
use crate::event::{EventKind, StoredEvent};
use crate::hold::{HoldOn, NewHold};
use crate::keys::{Digest, Fingerprint, IndexKey, KeyIds};
use crate::ledger::{
    AuditRange, Bounds, Cursor, EnteredAs, Finished, KeptAnswer, KeyedOrder, OrderClaim, PutAside, Recorded, Reported,
    Resolution, ShownSession, StepWork, Work,
};
use crate::subject::{Fingerprinted, GuestId, Kind, SessionId};

/// A key, and the one that has replaced it twice: a ledger may be as old as that.
fn replaced() -> [IndexKey; 2] {
    let [first, second, third] = [1, 2, 3].map(|byte| Zeroizing::new([byte; 32]));
    let first = IndexKey::new(&first);
    [first.clone(), first.replaced_by(&second).replaced_by(&third)]
}

fn ids_with(key: &IndexKey) -> KeyIds {
    KeyIds { index: key.id().clone(), ..key_ids("1") }
}

fn print_of(key: &IndexKey, email: &str) -> Fingerprint {
    key.fingerprint("email", &crate::keys::Secret::new(email))
}

fn email_of(key: &IndexKey) -> Fingerprinted {
    Fingerprinted { fingerprint: print_of(key, "ann@x.cz"), ..email(1) }
}

fn guest_of(key: &IndexKey, guest: &str) -> Digest {
    key.seen(&[guest.as_bytes()])
}

/// An erasure of the guest that is not due yet.
fn of_guest(key: &IndexKey, id: u8) -> NewErasure {
    let subject = Subject::Guest { installation: installation(), digest: guest_of(key, "g-1") };
    let fingerprint = print_of(key, "ann@x.cz");
    let email = Fingerprinted { kind: Kind::Email, fingerprint, version: 1, supplementary: false };
    NewErasure {
        id: ErasureId([id; 16]),
        fingerprints: vec![email],
        origin: Some(Digest([3; 16])),
        ..erasure_of(subject, &["crm"], in_hours(5))
    }
}

/// A delivery of the session, with a digest of its own.
fn delivery(key: &IndexKey, id: i64, kind: EventKind) -> StoredEvent {
    let mut event = event(id, 0);
    event.head.kind = kind;
    event.head.digest = key.body(&id.to_be_bytes());
    event
}

async fn step_work(ledger: &Shared, name: &str) -> StepWork {
    let Work::Step(work) = claim_step(ledger, name).await.work else { panic!("not a step") };
    work
}

pub(crate) async fn an_order_that_came_before_its_index_key_was_replaced_is_the_same_one(ledger: Shared) {
    let [old, new] = replaced();
    ledger.key_ids(&ids_with(&old)).await.expect("noted");
    let order = |key: &IndexKey, what: &[u8]| KeyedOrder::new("ann and her key".into(), key, &[b"POST", what]);
    let answer = KeptAnswer { status: 201, body: "{}".into() };
    let first = order(&old, b"a request");
    assert!(matches!(ledger.claim_order(&first).await.expect("claimed"), OrderClaim::New));
    ledger.keep_answer(&first, &answer).await.expect("kept");
    assert!(ledger.rotate_index(&new.carry_from(old.id()).expect("it was replaced"), &by()).await.expect("answered"));
    let OrderClaim::Known(again) = ledger.claim_order(&order(&new, b"a request")).await.expect("answered") else {
        panic!("it would be done once more");
    };
    assert!(again.is_same && again.answer == Some(answer), "{again:?}");
    let OrderClaim::Known(other) = ledger.claim_order(&order(&new, b"another")).await.expect("answered") else {
        panic!("its key is taken");
    };
    assert!(!other.is_same, "{other:?}");
}

pub(crate) async fn what_stands_under_an_index_key_is_found_under_the_one_that_replaced_it(ledger: Shared) {
    let [old, new] = replaced();
    ledger.key_ids(&ids_with(&old)).await.expect("noted");
    // A session whose guest's id is shared, and an erasure that has begun and was handed on.
    let mut change = unchanged(1, 0);
    change.record.guest = Some(GuestId("g-1".into()));
    change.record.guest_digest = Some(guest_of(&old, "g-1"));
    change.fingerprints = Some(of_guest(&old, 1).fingerprints);
    change.forms_seen = vec![old.seen(&[b"a form"]), old.seen(&[b"another"])];
    decide(&ledger, change).await;
    let begun = ledger.request(due_erasure(1, &["queue"]), &by()).await.expect("requested");
    let shared_guests = vec![guest_of(&old, "g-1")];
    let guests = [guest_of(&old, "g-9")].into();
    let known = ShownSession { session: SessionId(1), guests, fingerprints: Vec::new() };
    let index_key = old.id().clone();
    let resolved = Resolution { shared_guests, shown: vec![known], index_key, ..resolution(vec![reached(1)]) };
    let mine = only(claim(&ledger, &to_resolve()).await);
    assert_eq!(ledger.resolved(mine, resolved).await.expect("resolved"), Finished::Done);
    step_end(&ledger, "queue", StepEnd::Await { within: HOUR }).await;
    // One that waits, deliveries that nobody has looked at, one that somebody has in hand, and one that cannot be read.
    ledger.request(of_guest(&old, 8), &by()).await.expect("requested");
    let announced = |key| delivery(key, 4, EventKind::SessionCallParamsUpdated);
    let ended = |key| delivery(key, 5, EventKind::SessionEnded);
    let held = recorded(&ledger, delivery(&old, 3, EventKind::SessionEnded)).await;
    for event in [announced(&old), ended(&old)] {
        assert_eq!(ledger.record(event).await.expect("recorded"), Recorded::New);
    }
    let put_aside = |key: &IndexKey| crate::ledger::Quarantined { digest: key.body(b"?"), ..unreadable() };
    assert_eq!(ledger.quarantine(put_aside(&old)).await.expect("put aside"), PutAside::New);

    let carry = new.carry_from(old.id()).expect("it was replaced");
    assert!(ledger.rotate_index(&carry, &by()).await.expect("answered"));
    assert!(!ledger.rotate_index(&carry, &by()).await.expect("answered"), "it belongs to the new one now");
    assert_eq!(ledger.key_ids(&ids_with(&new)).await.expect("noted"), ids_with(&new));
    let rows = ledger.audit(&AuditRange::all(Cursor::NEWEST, 2)).await.expect("listed").items;
    let results: Vec<_> = rows.iter().map(|row| (&*row.statement.act, &*row.statement.result)).collect();
    assert_eq!(results, [("keys.rotate", "unchanged"), ("keys.rotate", "done")]);
    let named = |name: &str| rows[1].statement.details[name].as_str().unwrap_or_default().to_owned();
    assert_eq!((named("from"), named("to")), (old.id().to_string(), new.id().to_string()));

    for (key, found) in [(&old, 0), (&new, 1)] {
        let of_guest = ledger.sessions_of_guest(&installation(), guest_of(key, "g-1")).await.expect("read");
        let with = ledger.sessions_with(&installation(), &[email_of(key)]).await.expect("read");
        let erasures = ledger.erasures_with(&[print_of(key, "ann@x.cz")]).await.expect("read");
        assert_eq!([of_guest.len(), with.len(), erasures.len()], [found; 3]);
        let is_shared = ledger.is_shared_guest(&installation(), guest_of(key, "g-1")).await.expect("read");
        assert_eq!(is_shared, found == 1);
        let held = hold(HoldOn::Guest(guest_of(key, "g-9")));
        let added = ledger.add_hold(&held, &by()).await.expect("added");
        assert_eq!(added.under_way.contains(&begun), found == 1, "what mluvii showed of its sessions");
        assert!(ledger.lift_hold(held.id, &by()).await.expect("lifted"));
    }
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!(view.record.guest_digest, Some(guest_of(&new, "g-1")));
    assert_eq!(view.fingerprints, of_guest(&new, 1).fingerprints);
    assert_eq!(view.forms_seen, [new.seen(&[b"a form"]), new.seen(&[b"another"])]);
    // Duplicates are found, and what waits is joined.
    assert_eq!(ledger.record(ended(&new)).await.expect("recorded"), Recorded::Duplicate);
    assert_eq!(ledger.quarantine(put_aside(&new)).await.expect("put aside"), PutAside::Duplicate);
    let again = ledger.request(of_guest(&new, 9), &by()).await.expect("requested");
    assert_eq!(again, ErasureId([8; 16]));
    assert_eq!(shown(&ledger, again).await.subject, of_guest(&new, 8).subject);
    // Who had something in hand has lost it, and what was announced is forgotten as it always is.
    assert_eq!(ledger.decided(held, decision(unchanged(3, 0))).await.expect("answered"), Finished::LeaseLost);
    let claims = ledger.claim(&to_decide(), 9, HOUR, &Bounds::NONE).await.expect("claims").claims;
    let digests = claims.iter().map(|claim| match &claim.work {
        Work::Decide(work) => work.event.head.digest,
        other => panic!("not an event: {other:?}"),
    });
    let digests: BTreeSet<_> = digests.collect();
    assert_eq!(digests, [4_i64, 5].map(|id| new.body(&id.to_be_bytes())).into());
    assert_eq!(ledger.record(announced(&new)).await.expect("recorded"), Recorded::New);
    // What was begun under the old key goes on under it.
    let of = Reportable { erasure: begun, target: target("queue"), stage: Stage::Erase, round: 0 };
    let report = crate::keys::Sealed(b"erased".to_vec());
    for (key, expected) in [(&new, Reported::Stranger), (&old, Reported::Taken)] {
        assert_eq!(ledger.report(&of, key.id(), &report).await.expect("answered"), expected);
    }
    assert_eq!(step_work(&ledger, "queue").await.index_key, *old.id());
}

/// A session that shows Ann's address, or is of a guest.
async fn known(ledger: &Shared, id: i64, ann: Option<Fingerprinted>, guest: Option<Digest>) {
    let mut change = unchanged(id, 0);
    change.fingerprints = Some(ann.into_iter().collect());
    change.read_at = Some(in_hours(-1));
    change.record.guest_digest = guest;
    decide(ledger, change).await;
}

pub(crate) async fn the_consent_of_an_erased_session_is_found_under_a_new_index_key(ledger: Shared) {
    let [old, new] = replaced();
    ledger.key_ids(&ids_with(&old)).await.expect("noted");
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(of_guest(&old, 1).fingerprints);
    change.record.consent.state = ConsentState::Given;
    decide(&ledger, change).await;
    begun(&ledger, 1, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    let carry = new.carry_from(old.id()).expect("it was replaced");
    assert!(ledger.rotate_index(&carry, &by()).await.expect("answered"));
    for (key, found) in [(&old, 0), (&new, 1)] {
        let with = ledger.erased_sessions_with(&installation(), &[email_of(key)]).await.expect("read");
        assert_eq!(with.len(), found);
    }
}

pub(crate) async fn a_request_is_found_and_a_hold_keeps_under_a_new_index_key(ledger: Shared) {
    let [old, new] = replaced();
    let ann = |key: &IndexKey| {
        let fingerprint = print_of(key, "ann@x.cz");
        Fingerprinted { kind: Kind::Email, fingerprint, version: 1, supplementary: false }
    };
    ledger.key_ids(&ids_with(&old)).await.expect("noted");
    known(&ledger, 1, Some(ann(&old)), None).await;
    known(&ledger, 2, None, Some(guest_of(&old, "g-1"))).await;
    let entered = requesting::enter(&ledger, &requesting::new(1, vec![ann(&old)])).await;
    let [of_ann, of_guest] = [HoldOn::Person(vec![ann(&old)]), HoldOn::Guest(guest_of(&old, "g-1"))].map(hold);
    for hold in [&of_ann, &of_guest] {
        ledger.add_hold(hold, &by()).await.expect("added");
    }

    let carry = new.carry_from(old.id()).expect("it was replaced");
    assert!(ledger.rotate_index(&carry, &by()).await.expect("answered"));
    ledger.key_ids(&ids_with(&new)).await.expect("noted");
    for (key, found) in [(&old, 0), (&new, 1)] {
        let with = ledger.requests_with(&[ann(key).fingerprint]).await.expect("found");
        assert_eq!(with.len(), found);
    }
    let again = ledger.add_request(&requesting::new(2, vec![ann(&new)]), &by()).await.expect("answered");
    assert_eq!(again, EnteredAs::Duplicate(entered.request.number));
    let kept = async |hold: &NewHold| ledger.hold(hold.id).await.expect("read").expect("is there").hold.on;
    assert_eq!(kept(&of_ann).await, HoldOn::Person(vec![ann(&new)]));
    assert_eq!(kept(&of_guest).await, HoldOn::Guest(guest_of(&new, "g-1")));

    // Whoever was known before, and who comes later.
    known(&ledger, 3, Some(ann(&new)), None).await;
    known(&ledger, 4, None, Some(guest_of(&new, "g-1"))).await;
    known(&ledger, 5, None, Some(guest_of(&new, "g-2"))).await;
    for session in 1..=4 {
        ledger.request(due_erasure(session, &["crm"]), &by()).await.expect("requested");
    }
    assert!(claim(&ledger, &to_resolve()).await.is_empty(), "all four are held");
    ledger.request(due_erasure(5, &["crm"]), &by()).await.expect("requested");
    let _ = only(claim(&ledger, &to_resolve()).await);
    assert!(ledger.lift_hold(of_ann.id, &by()).await.expect("lifted"));
    assert_eq!(claim(&ledger, &to_resolve()).await.len(), 2, "those of the guest are still held");
    assert!(ledger.lift_hold(of_guest.id, &by()).await.expect("lifted"));
    assert_eq!(claim(&ledger, &to_resolve()).await.len(), 2);
}

pub(crate) async fn who_knows_only_of_a_replaced_index_key_neither_claims_nor_requests(ledger: Shared) {
    let [old, new] = replaced();
    ledger.key_ids(&ids_with(&old)).await.expect("noted");
    ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let carry = new.carry_from(old.id()).expect("it was replaced");
    assert!(ledger.rotate_index(&carry, &by()).await.expect("answered"));
    let claimed = ledger.claim(&to_resolve(), 9, HOUR, &Bounds::NONE).await;
    let why = format!("{:#}", anyhow::Error::from(claimed.expect_err("it knows of the old one")));
    assert!(why.contains(old.id().as_str()) && why.contains("start it again"), "{why}");
    assert!(ledger.request(due_erasure(2, &["crm"]), &by()).await.is_err());
    // Nothing is lost by it.
    ledger.key_ids(&ids_with(&new)).await.expect("noted");
    let _ = only(claim(&ledger, &to_resolve()).await);
}
