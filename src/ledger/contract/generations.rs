//! Generations of the seal key: nothing is written under one that was followed, and one is in use as long as anything is sealed under it.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::fixtures::*;
use crate::erasure::life::Finds;
use crate::erasure::{Capsule, ErasureId, NewErasure, Outcome, Reportable, Stage, ToSeal};
use crate::event::StoredEvent;
use crate::keys::{Digest, KeyId, SealKey, Sealed, SealedAs};
use crate::ledger::{
    Claim, Cursor, ErasureFilter, Finished, GenerationState, LedgerError, PutAside, QuarantineId, QuarantineRange,
    Quarantined, Recorded, Reported, Resolution, StepEnd, Work,
};
use crate::subject::Whom;

/// A generation that seals from now on.
async fn generation(ledger: &Shared, byte: u8) -> SealKey {
    let key = SealKey::new(&Zeroizing::new([byte; 32]));
    ledger.begin_seal_generation(&key.id()).await.expect("noted");
    let all = ledger.seal_generations().await.expect("listed").into_iter();
    let open = all.map(|one| (one.id, one.state)).find(|(_, state)| *state == GenerationState::Open);
    let open = open.map(|(id, _)| id);
    assert!(ledger.open_seal_generation(&key.id(), open.as_ref()).await.expect("answered"));
    key
}

async fn states(ledger: &Shared) -> Vec<(KeyId, GenerationState, bool)> {
    let all = ledger.seal_generations().await.expect("listed").into_iter();
    all.map(|generation| (generation.id, generation.state, generation.in_use)).collect()
}

async fn in_use(ledger: &Shared, key: &SealKey) -> bool {
    let found = states(ledger).await.into_iter().find(|(id, ..)| *id == key.id());
    found.expect("it is known").2
}

fn sealed(key: &SealKey) -> Sealed {
    key.seal(&SealedAs::new("of a story", &[]), b"text")
}

fn with_form(id: i64, key: &SealKey) -> StoredEvent {
    StoredEvent { form: Some(sealed(key)), ..event(id, 1) }
}

fn in_quarantine(digest: u8, key: &SealKey) -> Quarantined {
    Quarantined { digest: Digest([digest; 16]), sealed: sealed(key), ..unreadable() }
}

fn demand(id: i64, key: &SealKey) -> NewErasure {
    NewErasure { capsule: ToSeal::of(whom("ann@x.cz"), key), ..due_erasure(id, &["crm"]) }
}

fn resolved_under(id: ErasureId, key: &SealKey) -> Resolution {
    Resolution { capsule: Capsule::seal(&Whom::default(), id, key), ..resolution(Vec::new()) }
}

/// The work of the only erasure that is to be resolved.
async fn to_begin(ledger: &Shared) -> (ErasureId, Claim) {
    let claim = only(claim(ledger, &to_resolve()).await);
    let Work::Resolve(work) = &claim.work else { panic!("{claim:?}") };
    (work.id, claim)
}

pub(crate) async fn what_is_sealed_under_a_generation_that_was_followed_is_refused_whatever_it_is(ledger: Shared) {
    let old = generation(&ledger, 1).await;
    let asked = ledger.request(demand(1, &old), &by()).await.expect("requested");
    let (id, claim) = to_begin(&ledger).await;
    let finds = Finds { first: [(target("crm"), 0)].into(), ..Finds::default() };
    let resolved = Resolution { finds, ..resolved_under(id, &old) };
    assert_eq!(ledger.resolved(claim, resolved).await.expect("resolved"), Finished::Done);
    let find = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &find.work else { panic!("not a step") };
    let held = find.step(work);
    let second = ledger.request(demand(2, &old), &by()).await.expect("requested");
    let (_, to_resolve) = to_begin(&ledger).await;
    let of = Reportable { erasure: asked, target: target("crm"), stage: Stage::Find, round: 0 };

    let new = generation(&ledger, 2).await;
    let found = StepEnd::Found { capsule: Some(Capsule::seal(&Whom::default(), asked, &old)), more: false };
    let recorded = ledger.record(with_form(1, &old)).await.map(drop);
    for (what, refused) in [
        ("a delivery", recorded),
        ("quarantine", ledger.quarantine(in_quarantine(1, &old)).await.map(drop)),
        ("a request", ledger.request(demand(3, &old), &by()).await.map(drop)),
        ("a resolution", ledger.resolved(to_resolve, resolved_under(second, &old)).await.map(drop)),
        ("a resume value", ledger.keep_resume(held.clone(), sealed(&old)).await.map(drop)),
        ("a report", ledger.report(&of, &key_ids("9").index, &sealed(&old)).await.map(drop)),
        ("what was found", ledger.stepped(find, found).await.map(drop)),
    ] {
        let error = refused.expect_err(what);
        assert_eq!(error.closed_seal(), Some(&new.id()), "{what}: {error:?}");
    }
    // Nothing was written; what is sealed under the present one is, and what is not sealed needs none.
    assert_eq!(ledger.record(event(9, 1)).await.expect("recorded"), Recorded::New);
    assert_eq!(ledger.record(with_form(1, &new)).await.expect("recorded"), Recorded::New);
    assert_eq!(ledger.quarantine(in_quarantine(1, &new)).await.expect("put aside"), PutAside::New);
    assert_eq!(ledger.keep_resume(held, sealed(&new)).await.expect("kept"), Finished::Done);
    ledger.request(demand(3, &new), &by()).await.expect("requested");
    assert_eq!(ledger.erasures(&ErasureFilter::newest(9)).await.expect("listed").items.len(), 3);
}

pub(crate) async fn a_generation_is_in_use_as_long_as_anything_is_sealed_under_it(ledger: Shared) {
    let key = generation(&ledger, 1).await;
    assert!(!in_use(&ledger, &key).await);
    // A form: in the inbox, then in its task.
    ledger.record(with_form(1, &key)).await.expect("recorded");
    assert!(in_use(&ledger, &key).await);
    let decide = only(claim(&ledger, &to_decide()).await);
    assert!(in_use(&ledger, &key).await);
    assert_eq!(ledger.decided(decide, decision(unchanged(1, 0))).await.expect("decided"), Finished::Done);
    assert!(!in_use(&ledger, &key).await);
    // Quarantine.
    ledger.quarantine(in_quarantine(1, &key)).await.expect("put aside");
    assert!(in_use(&ledger, &key).await);
    let id = ledger.quarantined(&QuarantineRange::all(Cursor::OLDEST, 1)).await.expect("listed").items[0].id;
    assert!(ledger.quarantine_drop(id, None, &by()).await.expect("dropped"));
    assert!(!in_use(&ledger, &key).await);
    // A demand, and what it is resolved to: under the next one already.
    ledger.request(demand(1, &key), &by()).await.expect("requested");
    assert!(in_use(&ledger, &key).await);
    let next = generation(&ledger, 2).await;
    let (id, claim) = to_begin(&ledger).await;
    assert_eq!(ledger.resolved(claim, resolved_under(id, &next)).await.expect("resolved"), Finished::Done);
    assert!(!in_use(&ledger, &key).await && in_use(&ledger, &next).await);
    // A report and a resume value, under one that follows.
    let third = generation(&ledger, 3).await;
    let mine = claim_step(&ledger, "crm").await;
    let Work::Step(work) = &mine.work else { panic!("not a step") };
    assert_eq!(ledger.keep_resume(mine.step(work), sealed(&third)).await.expect("kept"), Finished::Done);
    assert!(in_use(&ledger, &third).await);
    assert_eq!(ledger.stepped(mine, StepEnd::Await { within: HOUR }).await.expect("stepped"), Finished::Done);
    let fourth = generation(&ledger, 4).await;
    let of = Reportable { erasure: id, target: target("crm"), stage: Stage::Erase, round: 0 };
    let reported = ledger.report(&of, &key_ids("9").index, &sealed(&fourth)).await.expect("taken");
    assert_eq!(reported, Reported::Taken);
    assert!(in_use(&ledger, &fourth).await);
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    assert!(!in_use(&ledger, &third).await && !in_use(&ledger, &fourth).await);
    assert!(in_use(&ledger, &next).await, "the capsule, until the receipt");
    close(&ledger).await;
    assert!(!in_use(&ledger, &next).await);
}

pub(crate) async fn a_generation_is_opened_once_and_never_again(ledger: Shared) {
    use GenerationState::{Closed, Lost, New, Open};
    let [first, second] = [generation(&ledger, 1).await, generation(&ledger, 2).await];
    let third = SealKey::new(&Zeroizing::new([3; 32]));
    ledger.begin_seal_generation(&third.id()).await.expect("noted");
    let mut expected = vec![(first.id(), Closed, false), (second.id(), Open, false), (third.id(), New, false)];
    expected.sort_by_key(|(id, ..)| id.clone());
    let all = async || {
        let mut all = states(&ledger).await;
        all.sort_by_key(|(id, ..)| id.clone());
        all
    };
    assert_eq!(all().await, expected);
    for closed in [first.id(), second.id(), KeyId::written("0".repeat(16))] {
        assert!(!ledger.open_seal_generation(&closed, Some(&second.id())).await.expect("answered"), "{closed}");
    }
    assert!(
        !ledger.open_seal_generation(&third.id(), Some(&first.id())).await.expect("answered"),
        "another has followed"
    );
    assert!(!ledger.open_seal_generation(&third.id(), None).await.expect("answered"), "it is not the first");
    assert_eq!(ledger.seal_state(&third.id()).await.expect("read"), Some(New));
    assert_eq!(ledger.seal_state(&KeyId::written("0".repeat(16))).await.expect("read"), None);
    // One that was given up seals nothing, however late its maker comes.
    assert!(ledger.move_seal_generation(&third.id(), New, Closed).await.expect("moved"));
    assert!(!ledger.open_seal_generation(&third.id(), Some(&second.id())).await.expect("answered"));
    // What seals, or may seal, is not forgotten.
    for key in [&second, &third] {
        ledger.forget_seal_generation(&key.id()).await.expect("answered");
    }
    assert!(ledger.move_seal_generation(&first.id(), Closed, Lost).await.expect("moved"));
    let mut expected = vec![(first.id(), Lost, false), (second.id(), Open, false)];
    expected.sort_by_key(|(id, ..)| id.clone());
    assert_eq!(all().await, expected);
}

pub(crate) async fn those_who_seal_while_generations_follow_one_another_lose_nothing(ledger: Shared) {
    let first = generation(&ledger, 1).await;
    let mut writers = tokio::task::JoinSet::new();
    for id in 0..60_i64 {
        let ledger = Arc::clone(&ledger);
        let keys = [1, 2, 3].map(|byte| SealKey::new(&Zeroizing::new([byte; 32])));
        writers.spawn(async move {
            // The one that it knows of, then whichever it is told of.
            let mut key = &keys[0];
            loop {
                let written = match id % 3 {
                    0 => ledger.record(with_form(id, key)).await.map(drop),
                    1 => ledger.quarantine(in_quarantine(u8::try_from(id).expect("small"), key)).await.map(drop),
                    _ => ledger.request(demand(id, key), &by()).await.map(drop),
                };
                match written.as_ref().err().and_then(LedgerError::closed_seal) {
                    Some(open) => key = keys.iter().find(|key| key.id() == *open).expect("one of them"),
                    None => break written.expect("written"),
                }
            }
        });
    }
    generation(&ledger, 2).await;
    // From here on, nothing comes to the first.
    let before = in_use(&ledger, &first).await;
    generation(&ledger, 3).await;
    writers.join_all().await;
    assert!(before || !in_use(&ledger, &first).await);
    assert_eq!(ledger.quarantined(&QuarantineRange::all(Cursor::OLDEST, 99)).await.expect("listed").items.len(), 20);
    assert_eq!(claim(&ledger, &to_resolve()).await.len(), 20);
    assert_eq!(claim(&ledger, &to_decide()).await.len(), 20);
}

pub(crate) async fn quarantine_is_sealed_anew_under_the_generation_that_is_open(ledger: Shared) {
    let old = generation(&ledger, 1).await;
    for digest in [1, 2] {
        ledger.quarantine(in_quarantine(digest, &old)).await.expect("put aside");
    }
    let new = generation(&ledger, 2).await;
    let next = async |after| ledger.quarantined_under(&old.id(), after).await.expect("read");
    let (id, item) = next(QuarantineId(0)).await.expect("the first one");
    let refused = ledger.reseal_quarantined(id, &item.sealed, &sealed(&old)).await;
    assert!(refused.expect_err("it is closed").closed_seal().is_some());
    // One that was changed meanwhile stays as it is.
    ledger.reseal_quarantined(id, &sealed(&old), &sealed(&new)).await.expect("answered");
    assert!(in_use(&ledger, &old).await && !in_use(&ledger, &new).await);
    ledger.reseal_quarantined(id, &item.sealed, &sealed(&new)).await.expect("sealed anew");
    let (other, item) = next(QuarantineId(0)).await.expect("the second one");
    assert!(next(other).await.is_none());
    ledger.reseal_quarantined(other, &item.sealed, &sealed(&new)).await.expect("sealed anew");
    assert!(!in_use(&ledger, &old).await && in_use(&ledger, &new).await);
}
