//! The receipt, and what ends with it.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::fixtures::*;
use crate::consent::{Consent, ConsentState};
use crate::erasure::{ErasureId, ErasureState, Findings, NewErasure, Outcome, Step, Verdict};
use crate::keys::Digest;
use crate::ledger::{
    Claim, Closed, Closing, EndedErasure, EndedMark, Finished, Keep, QueueName, ReceiptRange, SessionChange, Work,
};
use crate::receipt::{ChainEnd, Gap, GapCause, Receipt, ReceiptHead, ReceiptKey, SignedGap, verify_chain};
use crate::subject::{GuestId, InstallationName, Kind, SessionKey};

pub(crate) async fn a_closed_erasure_has_its_receipt_and_its_sessions_are_marked(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![email(1)]);
    decide(&ledger, change).await;
    let id = begun(&ledger, 1, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;

    let receipts = ledger.receipts(&ReceiptRange::all(0, 9)).await.expect("listed").items;
    let done = shown(&ledger, id).await;
    assert_eq!((done.state, done.ended.is_some(), done.sessions), (ErasureState::Done, true, 1));
    assert_eq!((done.findings, done.verdict), (Some(Findings::default()), Some(receipts[0].statement.verdict)));
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert!(view.erased_at.is_some() && view.fingerprints.is_empty());
    assert_eq!(view.version, 2);
    assert!(ledger.sessions_with(&installation(), &[email(1)]).await.expect("searched").is_empty());
    assert_eq!(receipts.iter().map(|receipt| receipt.statement.erasure).collect::<Vec<_>>(), [id]);
    assert_eq!(ledger.receipt_head().await.expect("read"), Some(receipts[0].head()));
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.receipts, counts.erasures_in(ErasureState::Done)), (1, 1));
    assert!(claim(&ledger, &QueueName::Close).await.is_empty());
}

pub(crate) async fn sessions_that_mluvii_was_not_asked_to_erase_are_still_found(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![email(1)]);
    decide(&ledger, change).await;
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
    let found = ledger.sessions_with(&installation(), &[email(1)]).await.expect("searched");
    assert!(found.len() == 1 && found[0].erased_at.is_none());
}

/// A session in which this person left an address, and agreed to a text.
async fn agreed(ledger: &Shared, id: i64, address: u8, version: &str) {
    decide(ledger, consented(id, address, version)).await;
}

fn consented(id: i64, address: u8, version: &str) -> SessionChange {
    let mut change = unchanged(id, 0);
    change.fingerprints = Some(vec![email(address), print(Kind::Name, 3)]);
    change.record.consent = Consent { state: ConsentState::Given, version: Some(version.into()), ..Consent::default() };
    change
}

async fn erased(ledger: &Shared, id: i64) {
    begun(ledger, id, &["mluvii"]).await;
    step_end(ledger, "mluvii", ends(Outcome::Erased)).await;
    close(ledger).await;
}

pub(crate) async fn whose_consent_it_was_is_told_after_an_erasure_as_long_as_fingerprints_are_kept(ledger: Shared) {
    agreed(&ledger, 1, 1, "v3").await;
    agreed(&ledger, 2, 2, "v4").await;
    let mut without = unchanged(3, 0);
    without.fingerprints = Some(vec![email(1)]);
    without.record.consent.state = ConsentState::Absent;
    decide(&ledger, without).await;
    let of = async |installation: &InstallationName, address| {
        let prints = [email(address)];
        ledger.erased_sessions_with(installation, &prints).await.expect("searched")
    };
    assert!(of(&installation(), 1).await.is_empty(), "it is still there");
    for id in 1..=3 {
        erased(&ledger, id).await;
    }
    assert!(ledger.sessions_with(&installation(), &[email(1)]).await.expect("searched").is_empty());
    assert!(ledger.session(&session(1)).await.expect("read").expect("is there").fingerprints.is_empty());
    let found = of(&installation(), 1).await;
    assert_eq!(
        found.iter().map(|view| view.record.session.clone()).collect::<Vec<_>>(),
        [session(1)],
        "3 proves nothing"
    );
    assert_eq!((found[0].record.consent.version.as_deref(), found[0].erased_at.is_some()), (Some("v3"), true));
    assert_eq!(found[0].fingerprints.iter().cloned().collect::<BTreeSet<_>>(), [email(1), print(Kind::Name, 3)].into());
    let of_name = ledger.erased_sessions_with(&installation(), &[print(Kind::Name, 3)]).await;
    assert_eq!(of_name.expect("searched").len(), 2);
    assert!(of(&other(), 1).await.is_empty() && of(&installation(), 9).await.is_empty());

    // What mluvii shows of it meanwhile names nobody any more.
    agreed(&ledger, 4, 4, "v6").await;
    begun(&ledger, 4, &["mluvii"]).await;
    let view = ledger.session(&session(4)).await.expect("read").expect("is there");
    let shown = SessionChange { record: view.record, fingerprints: Some(Vec::new()), ..unchanged(4, view.version) };
    decide(&ledger, shown).await;
    assert!(of(&installation(), 4).await.is_empty(), "it is still there");
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert_eq!(of(&installation(), 4).await.len(), 1);

    // One that was not erased goes on, and comes to be somebody else's before it is.
    agreed(&ledger, 5, 5, "v7").await;
    begun(&ledger, 5, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Erased)).await;
    close(&ledger).await;
    let view = ledger.session(&session(5)).await.expect("read").expect("is there");
    let others =
        SessionChange { record: view.record, fingerprints: Some(vec![email(6)]), ..unchanged(5, view.version) };
    decide(&ledger, others).await;
    erased(&ledger, 5).await;
    assert!(of(&installation(), 5).await.is_empty(), "it is not theirs any more");
    assert_eq!(of(&installation(), 6).await.len(), 1);

    ledger.maintain(Keep { fingerprints: Some(HOUR), ..KEEP }).await.expect("maintained");
    assert_eq!(of(&installation(), 1).await.len(), 1);
    while !of(&installation(), 1).await.is_empty() || !of(&installation(), 2).await.is_empty() {
        ledger.maintain(Keep { fingerprints: Some(Duration::ZERO), ..KEEP }).await.expect("maintained");
    }
    let proof = ledger.session(&session(1)).await.expect("read").expect("its number still finds it");
    assert_eq!(proof.record.consent.version.as_deref(), Some("v3"));
}

pub(crate) async fn a_consent_that_is_over_is_found_by_nothing(ledger: Shared) {
    agreed(&ledger, 1, 1, "v3").await;
    erased(&ledger, 1).await;
    tokio::time::sleep(Duration::from_millis(2)).await;
    let over = Keep { sessions: Some(Duration::ZERO), consents: Some(Duration::ZERO), ..KEEP };
    ledger.maintain(over).await.expect("maintained");
    assert!(ledger.session(&session(1)).await.expect("read").is_none());
    // The number may come again, of whomever.
    let claim = recorded(&ledger, event(1, 60)).await;
    assert_eq!(ledger.decided(claim, decision(consented(1, 2, "v5"))).await.expect("decided"), Finished::Done);
    let found = ledger.erased_sessions_with(&installation(), &[email(1)]).await.expect("searched");
    assert!(found.is_empty(), "{found:?}");
}

/// Those of which something is left to compare, and those of which nothing is; of one company, in the order of their ends.
pub(crate) async fn ended_erasures_are_walked_through_with_what_is_kept_of_their_persons(ledger: Shared) {
    let since = ledger.clock().await.expect("read").now;
    let all = async |after, most| ledger.ended_erasures(&installation(), after, most).await.expect("listed");
    let beginning = EndedMark::before(since);
    assert!(all(beginning, 9).await.is_empty());
    let mut ids = Vec::new();
    for session in 1..=3 {
        let erasure = NewErasure {
            fingerprints: vec![print(Kind::Name, 3), email(u8::try_from(session).expect("small"))],
            ..due_erasure(session, &["crm"])
        };
        ids.push(ledger.request(erasure, &by()).await.expect("asked for"));
        resolve(&ledger, Vec::new()).await;
        assert!(all(beginning, 9).await.len() < ids.len(), "one that is under way is not over");
        step_end(&ledger, "crm", ends(Outcome::Erased)).await;
        close(&ledger).await;
    }
    let ended = all(beginning, 9).await;
    let mark = |n: usize| EndedMark { at: ended[n].erasure.ended.expect("over"), erasure: ended[n].erasure.id };
    // Several may end in one moment.
    assert!(mark(0) < mark(1) && mark(1) < mark(2));
    let second = ended.iter().find(|ended| ended.erasure.id == ids[1]).expect("it is among them");
    assert_eq!(second.fingerprints.iter().cloned().collect::<BTreeSet<_>>(), [email(2), print(Kind::Name, 3)].into());
    assert_eq!(second.erasure.steps[0].outcome(), Some(Outcome::Erased));
    let [first, last] = [all(beginning, 2).await, all(mark(1), 2).await];
    assert_eq!(first.into_iter().chain(last).collect::<Vec<_>>(), ended, "by pages");
    assert!(all(mark(2), 9).await.is_empty());
    assert!(ledger.ended_erasures(&other(), beginning, 9).await.expect("listed").is_empty(), "another company");
    let forgotten = async || all(beginning, 9).await.iter().all(|ended| ended.fingerprints.is_empty());
    while !forgotten().await {
        ledger.maintain(Keep { fingerprints: Some(Duration::ZERO), ..KEEP }).await.expect("maintained");
    }
    assert_eq!(all(beginning, 9).await.len(), 3, "they stay without their fingerprints");
}

pub(crate) async fn a_receipt_joins_the_heads_chain_only(ledger: Shared) {
    let mut claims = to_close(&ledger, 3).await;
    let third = claims.pop().expect("three");
    let second = claims.pop().expect("two");
    let first = claims.pop().expect("one");
    let one = receipt(&ledger, &first).await;
    let also_one = receipt(&ledger, &second).await;
    closed(&ledger, vec![Closing { claim: first, receipt: one }]).await;
    let second = only(again(&ledger, vec![Closing { claim: second, receipt: also_one }]).await);

    let mut unlinked = receipt(&ledger, &third).await;
    unlinked.statement.previous = "0".repeat(64);
    let two = receipt(&ledger, &second).await;
    let third = only(again(&ledger, vec![Closing { claim: third, receipt: unlinked }]).await);
    closed(&ledger, vec![Closing { claim: second, receipt: two }]).await;
    let three = receipt(&ledger, &third).await;
    closed(&ledger, vec![Closing { claim: third, receipt: three }]).await;

    let range = ReceiptRange::all(2, 1);
    let listed = ledger.receipts(&range).await.expect("listed").items;
    assert_eq!(listed.iter().map(|receipt| receipt.statement.sequence).collect::<Vec<_>>(), [2]);
    assert_eq!(ledger.counts().await.expect("counted").receipts, 3);
}

pub(crate) async fn a_chain_goes_on_after_what_was_lost(ledger: Shared) {
    let key = ReceiptKey::new(&Zeroizing::new([2; 32]));
    let gap = |there: Option<&ReceiptHead>, last: u64| {
        let seen = ReceiptHead { sequence: last, hash: format!("{last:064}") };
        SignedGap::sign(Gap::between(there, &seen, Timestamp::UNIX_EPOCH, by().to_string(), GapCause::Accepted), &key)
    };
    let mut claims = to_close(&ledger, 3).await;
    let first = claims.remove(0);
    let one = receipt(&ledger, &first).await;
    let there = one.head();
    closed(&ledger, vec![Closing { claim: first, receipt: one.clone() }]).await;

    let accept = async |gap: &SignedGap| ledger.accept_gap(gap, &by()).await.expect("answered");
    assert!(!accept(&gap(None, 7)).await, "it does not begin at the newest receipt");
    assert!(!accept(&gap(Some(&there), 1)).await, "nothing is missing");
    assert!(accept(&gap(Some(&there), 5)).await);
    // A greater one takes its place, and an equal one; a smaller one would give numbers out a second time.
    let lost = gap(Some(&there), 7);
    for accepted in [accept(&lost).await, accept(&lost).await, !accept(&gap(Some(&there), 6)).await] {
        assert!(accepted);
    }
    assert_eq!(ledger.receipt_head().await.expect("read"), Some(lost.gap.head()));
    let end = ledger.receipt_end().await.expect("read");
    assert_eq!(end, ChainEnd { head: Some(lost.gap.head()), gap: Some(lost.clone()) });

    // Nobody says nothing of it, nor says it twice.
    let [second, third]: [Claim; 2] = claims.try_into().expect("two");
    let silent = receipt(&ledger, &second).await;
    let second = only(again(&ledger, vec![Closing { claim: second, receipt: silent }]).await);
    let two = receipt_at(&second, &end);
    let twice = receipt_at(&third, &ChainEnd { head: Some(two.head()), ..end.clone() });
    let closing = vec![Closing { claim: second, receipt: two.clone() }, Closing { claim: third, receipt: twice }];
    let [second, third]: [Claim; 2] = again(&ledger, closing).await.try_into().expect("both hold");
    let three = receipt_at(&third, &ChainEnd { head: Some(two.head()), gap: None });
    let closing =
        vec![Closing { claim: second, receipt: two.clone() }, Closing { claim: third, receipt: three.clone() }];
    closed(&ledger, closing).await;

    let listed = ledger.receipts(&ReceiptRange::all(0, 9)).await.expect("listed").items;
    assert_eq!(listed.iter().map(|receipt| receipt.statement.sequence).collect::<Vec<_>>(), [1, 8, 9]);
    assert_eq!(verify_chain(&listed, &key.public()), Ok(3));
    assert_eq!(ledger.counts().await.expect("counted").receipts, 3, "what is lost does not count");
    assert_eq!(ledger.receipt_end().await.expect("read"), ChainEnd { head: Some(three.head()), gap: None });
    let last: Vec<_> = ledger.receipt_gaps().await.expect("listed").iter().map(|gap| gap.gap.last).collect();
    assert_eq!(last, [5, 7]);
    assert!(!accept(&lost).await, "the chain has gone on");
}

pub(crate) async fn erasures_are_closed_together_or_not_at_all(ledger: Shared) {
    for id in 1..=3 {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    }
    let lost = claim_for_no_time(&ledger, &QueueName::Close).await;
    let all = claim(&ledger, &QueueName::Close).await;
    assert_eq!(all.len(), 3, "its lease has ended");
    let (of_lost, mut others): (Vec<_>, Vec<_>) = all.into_iter().partition(|claim| claim.task == lost.task);
    others.push(lost);
    let held = again(&ledger, chained(&ledger, others).await).await;
    assert_eq!(held.len(), 2, "the lost one is somebody else's");
    assert!(ledger.receipt_head().await.expect("read").is_none());
    closed(&ledger, chained(&ledger, held.into_iter().chain(of_lost).collect()).await).await;
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.receipts, counts.erasures_in(ErasureState::Done)), (3, 3));
}

pub(crate) async fn claims_that_come_back_from_a_closing_hold(ledger: Shared) {
    for id in 1..=2 {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    }
    let lost = claim_for_no_time(&ledger, &QueueName::Close).await;
    let also_lost = claim_for_no_time(&ledger, &QueueName::Close).await;
    let mut all = claim(&ledger, &QueueName::Close).await;
    all.push(lost);
    let mut held = again(&ledger, chained(&ledger, all).await).await;
    assert_eq!(held.len(), 2, "the newer claim on the same work is another");
    let first = held.pop().expect("two");
    held.push(also_lost);
    let late = chained(&ledger, held).await;
    closed(&ledger, chained(&ledger, vec![first]).await).await;
    let held = again(&ledger, late).await;
    assert_eq!(held.len(), 1, "the lost one is not given back for being late");
    closed(&ledger, chained(&ledger, held).await).await;
}

pub(crate) async fn a_session_that_two_reached_who_are_closed_together_changes_once(ledger: Shared) {
    decide(&ledger, unchanged(1, 0)).await;
    for _ in 0..2 {
        begun(&ledger, 1, &["mluvii"]).await;
        step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    }
    let claims = claim(&ledger, &QueueName::Close).await;
    closed(&ledger, chained(&ledger, claims).await).await;
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert_eq!((view.version, view.erased_at.is_some()), (2, true));
}

pub(crate) async fn those_who_close_at_once_make_one_chain(ledger: Shared) {
    let claims = to_close(&ledger, 40).await;
    let mut closers = JoinSet::new();
    let mut claims = claims.into_iter().peekable();
    while claims.peek().is_some() {
        let ledger = ledger.clone();
        let mut mine = claims.by_ref().take(5).collect::<Vec<_>>();
        closers.spawn(async move {
            while !mine.is_empty() {
                let closing = chained(&ledger, mine).await;
                mine = match ledger.closed(closing).await.expect("answered") {
                    Closed::Done => Vec::new(),
                    Closed::Again(held) => held,
                    Closed::Refused(_, error) => panic!("{error:?}"),
                };
            }
        });
    }
    closers.join_all().await;
    let receipts = ledger.receipts(&ReceiptRange::all(1, 100)).await.expect("listed").items;
    assert_eq!(receipts.len(), 40);
    let public = ReceiptKey::new(&Zeroizing::new([2; 32])).public();
    assert_eq!(verify_chain(&receipts, &public), Ok(40));
    assert_eq!(ledger.receipt_head().await.expect("read"), receipts.last().map(Receipt::head));
}

/// Claims on erasures that are to be closed.
async fn to_close(ledger: &Shared, count: i64) -> Vec<Claim> {
    for id in 1..=count {
        begun(ledger, id, &["crm"]).await;
        step_end(ledger, "crm", ends(Outcome::Absent)).await;
    }
    claim(ledger, &QueueName::Close).await
}

/// Receipts that follow one another.
pub(super) async fn chained(ledger: &Shared, claims: Vec<Claim>) -> Vec<Closing> {
    let mut head = ledger.receipt_head().await.expect("read");
    let closing = claims.into_iter().map(|claim| {
        let Work::Close(erasure) = &claim.work else { panic!("not an erasure to close") };
        let receipt = receipt_after(erasure, head.as_ref());
        head = Some(receipt.head());
        Closing { claim, receipt }
    });
    closing.collect()
}

async fn closed(ledger: &Shared, closing: Vec<Closing>) {
    assert!(matches!(ledger.closed(closing).await.expect("closed"), Closed::Done));
}

async fn again(ledger: &Shared, closing: Vec<Closing>) -> Vec<Claim> {
    match ledger.closed(closing).await.expect("answered") {
        Closed::Again(held) => held,
        other => panic!("{other:?}"),
    }
}

pub(crate) async fn a_parked_erasure_that_is_cancelled_is_closed_as_cancelled(ledger: Shared) {
    let mut change = unchanged(1, 0);
    change.fingerprints = Some(vec![email(1)]);
    decide(&ledger, change).await;
    let id = begun(&ledger, 1, &["crm", "mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    let mine = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(mine, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    assert!(ledger.cancel_erasure(id, &by()).await.expect("cancelled"));
    assert!(!ledger.cancel_erasure(id, &by()).await.expect("it is over"));
    assert!(!ledger.retry_erasure(id, None, &by()).await.expect("it is over"));

    let mine = claim_for_no_time(&ledger, &QueueName::Close).await;
    let Work::Close(erasure) = &mine.work else { panic!("not an erasure") };
    assert_eq!(erasure.state, ErasureState::Cancelled);
    let outcomes: Vec<_> = erasure.steps.iter().map(|step| (step.stage(), step.outcome())).collect();
    assert_eq!(outcomes, [(None, Some(Outcome::Parked)), (None, Some(Outcome::Erased))]);
    close(&ledger).await;
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Cancelled);
    assert!(shown(&ledger, id).await.ended.is_some());
    let view = ledger.session(&session(1)).await.expect("read").expect("is there");
    assert!(view.erased_at.is_none() && !view.fingerprints.is_empty());
    assert!(ledger.counts().await.expect("counted").parked_steps.is_empty());

    // Who was erased at one of its targets can be found there again; one that has never begun says nothing of anybody.
    let never_begun = ledger.request(due_erasure(2, &["crm"]), &by()).await.expect("asked for");
    assert!(ledger.cancel_erasure(never_begun, &by()).await.expect("cancelled"));
    let beginning = EndedMark::before(Timestamp::UNIX_EPOCH);
    let ended = ledger.ended_erasures(&installation(), beginning, 9).await.expect("listed");
    let outcomes = |ended: &EndedErasure| ended.erasure.steps.iter().map(Step::outcome).collect::<Vec<_>>();
    let ended: Vec<_> = ended.iter().map(|ended| (ended.erasure.id, outcomes(ended))).collect();
    assert_eq!(ended, [(id, vec![Some(Outcome::Parked), Some(Outcome::Erased)])]);
}

pub(crate) async fn an_erasure_under_way_is_not_cancelled(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    assert!(!ledger.cancel_erasure(id, &by()).await.expect("answered"));
    step_end(&ledger, "crm", ends(Outcome::Erased)).await;
    assert!(!ledger.cancel_erasure(id, &by()).await.expect("answered"));
    close(&ledger).await;
    assert!(!ledger.cancel_erasure(id, &by()).await.expect("answered"));
    assert_eq!(shown(&ledger, id).await.state, ErasureState::Done);
}

pub(crate) async fn an_erased_session_keeps_the_digest_of_its_guest_and_nothing_else(ledger: Shared) {
    let with_guest = |read_version| {
        let mut change = unchanged(1, read_version);
        change.record.guest = Some(GuestId("g-1".into()));
        change.record.guest_digest = Some(Digest([7; 16]));
        change.fingerprints = Some(vec![email(1)]);
        change
    };
    decide(&ledger, with_guest(0)).await;
    let mut erasure = due_erasure(1, &["mluvii"]);
    erasure.fingerprints = vec![email(1)];
    let id = ledger.request(erasure, &by()).await.expect("requested");
    resolve(&ledger, vec![reached(1)]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    let view = async || ledger.session(&session(1)).await.expect("read").expect("is there");
    let erased = view().await;
    assert_eq!((erased.record.guest, erased.record.guest_digest), (None, Some(Digest([7; 16]))));
    assert!(erased.fingerprints.is_empty());
    assert_eq!(ledger.sessions_of_guest(&installation(), Digest([7; 16])).await.expect("found").len(), 1);
    // The erasure is still found by whom it was about.
    let found = ledger.erasures_with(&[email(1).fingerprint]).await.expect("found");
    assert_eq!(found.into_iter().map(|erasure| erasure.id).collect::<Vec<_>>(), [id]);
    // Nor does what is decided later bring the id back.
    decide(&ledger, with_guest(2)).await;
    assert_eq!((view().await.record.guest, view().await.version), (None, 3));
    ledger.maintain(Keep { fingerprints: Some(Duration::ZERO), ..KEEP }).await.expect("maintained");
    assert!(ledger.erasures_with(&[email(1).fingerprint]).await.expect("found").is_empty());
}

pub(crate) async fn an_erasure_reaches_the_sessions_of_its_own_company_only(ledger: Shared) {
    let theirs = SessionKey { installation: other(), session: session(1).session };
    let mut event = event(1, 9);
    event.head.session = theirs.clone();
    ledger.record(event).await.expect("recorded");
    let mine = only(claim(&ledger, &QueueName::Decide(other())).await);
    let mut change = unchanged(1, 0);
    change.record.session = theirs.clone();
    assert_eq!(ledger.decided(mine, decision(change)).await.expect("decided"), Finished::Done);
    decide(&ledger, unchanged(1, 0)).await;
    begun(&ledger, 1, &["mluvii"]).await;
    step_end(&ledger, "mluvii", ends(Outcome::Erased)).await;
    close(&ledger).await;
    assert!(ledger.session(&session(1)).await.expect("read").expect("is there").erased_at.is_some());
    assert!(ledger.session(&theirs).await.expect("read").expect("is there").erased_at.is_none());
}

pub(crate) async fn receipts_come_back_as_they_were_signed(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm"]).await;
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    let mine = only(claim(&ledger, &QueueName::Close).await);
    let signed = receipt(&ledger, &mine).await;
    closed(&ledger, vec![Closing { claim: mine, receipt: signed.clone() }]).await;
    assert_eq!(ledger.receipt_of(id).await.expect("read"), Some(signed.clone()));
    assert_eq!(ledger.receipts(&ReceiptRange::all(1, 9)).await.expect("listed").items, [signed]);
    assert!(ledger.receipt_of(ErasureId([9; 16])).await.expect("read").is_none());
}

pub(crate) async fn incomplete_receipts_are_counted_until_a_person_has_seen_them(ledger: Shared) {
    for (id, outcome) in [(1, Outcome::Unverifiable), (2, Outcome::Retained), (3, Outcome::Unverifiable)] {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(outcome)).await;
        close(&ledger).await;
    }
    let of = async |verdict| {
        let range = ReceiptRange { verdict: Some(verdict), ..ReceiptRange::all(0, 9) };
        let receipts = ledger.receipts(&range).await.expect("listed").items;
        receipts.into_iter().map(|receipt| receipt.statement.sequence).collect::<Vec<_>>()
    };
    assert_eq!(of(Verdict::Incomplete).await, [1, 3]);
    assert_eq!(of(Verdict::Retained).await, [2]);
    assert_eq!(of(Verdict::Complete).await, [] as [u64; 0]);
    let counts = async || ledger.counts().await.expect("counted");
    assert_eq!(counts().await.verdicts, [("complete", 0), ("retained", 1), ("incomplete", 2)].into());
    assert_eq!(counts().await.incomplete_unacknowledged, 2);
    assert_eq!(ledger.acknowledge_receipts(Some(&[2, 3, 9]), &by()).await.expect("noted"), 1);
    assert_eq!(ledger.acknowledge_receipts(Some(&[3]), &by()).await.expect("noted"), 0);
    assert_eq!(counts().await.incomplete_unacknowledged, 1);
    assert_eq!(ledger.acknowledge_receipts(None, &by()).await.expect("noted"), 1);
    assert_eq!((counts().await.incomplete_unacknowledged, counts().await.verdicts["incomplete"]), (0, 2));
}
