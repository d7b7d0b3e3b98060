//! Lists are read a page at a time, and by what is asked for.

use jiff::Timestamp;

use super::fixtures::*;
use crate::erasure::{ErasureId, ErasureState, NewErasure, Outcome, Subject, Verdict};
use crate::keys::Digest;
use crate::ledger::{Cursor, ErasureFilter, Finished, Invariant, QuarantineRange, Quarantined, ReceiptRange};
use crate::subject::SourceName;

/// Everything that a filter lists, by the first bytes of the ids, read in pages of its limit.
async fn listed(ledger: &Shared, filter: &ErasureFilter) -> Vec<u8> {
    let mut filter = filter.clone();
    let mut all = Vec::new();
    loop {
        let page = ledger.erasures(&filter).await.expect("listed");
        assert!(page.items.len() <= filter.limit as usize);
        assert!(page.next.is_none() || !page.items.is_empty(), "a page says that there is more and holds nothing");
        all.extend(page.items.iter().map(|erasure| erasure.id.0[15]));
        let Some(next) = page.next else { return all };
        filter.after = Some(next.to_string().parse().expect("a cursor"));
    }
}

/// An erasure of a person, told by the last byte of its id, that is due in so many hours.
fn of_person(byte: u8, targets: &[&str], hours: i64) -> NewErasure {
    let mut id = ErasureId::generate(Timestamp::now());
    // In one millisecond many are generated, and their order is to be known.
    id.0[6..].fill(byte);
    NewErasure { id, ..erasure_of(person(byte), targets, in_hours(hours)) }
}

pub(crate) async fn erasures_are_listed_a_page_at_a_time(ledger: Shared) {
    for byte in 1..=7 {
        let id = ledger.request(of_person(byte, &["crm"], 1), &by()).await.expect("requested");
        if byte % 3 == 0 {
            assert!(ledger.cancel_erasure(id, &by()).await.expect("cancelled"));
        }
    }
    for limit in [1, 2, 3, 7, 9] {
        assert_eq!(listed(&ledger, &ErasureFilter::newest(limit)).await, [7, 6, 5, 4, 3, 2, 1]);
        let cancelled = ErasureFilter { states: vec![ErasureState::Cancelled], ..ErasureFilter::newest(limit) };
        assert_eq!(listed(&ledger, &cancelled).await, [6, 3]);
    }
    let none = ledger.erasures(&ErasureFilter::newest(0)).await.expect("listed");
    assert!(none.items.is_empty() && none.next.is_none());
}

pub(crate) async fn erasures_are_listed_by_target_installation_and_time(ledger: Shared) {
    ledger.request(of_person(1, &["crm"], 1), &by()).await.expect("requested");
    ledger.request(of_person(2, &["crm-old", "mailbox"], 1), &by()).await.expect("requested");
    ledger.request(of_person(3, &["mluvii", "crm"], 1), &by()).await.expect("requested");
    let theirs = Subject::Person { installation: other(), digest: Digest([4; 16]) };
    let theirs = NewErasure { subject: theirs, ..of_person(4, &["crm"], 1) };
    ledger.request(theirs, &by()).await.expect("requested");
    let all = ErasureFilter::newest(9);
    let at = |name: &str| ErasureFilter { target: Some(target(name)), ..all.clone() };
    assert_eq!(listed(&ledger, &at("crm")).await, [4, 3, 1]);
    assert_eq!(listed(&ledger, &at("mailbox")).await, [2]);
    assert_eq!(listed(&ledger, &at("rm")).await, [] as [u8; 0]);
    let ours = ErasureFilter { installation: Some(installation()), ..at("crm") };
    assert_eq!(listed(&ledger, &ours).await, [3, 1]);
    assert_eq!(listed(&ledger, &ErasureFilter { installation: Some(other()), ..all.clone() }).await, [4]);
    let by_rule = NewErasure { rule: "retention".to_owned(), ..of_person(5, &["crm"], 1) };
    ledger.request(by_rule, &by()).await.expect("requested");
    let of_rule = |name: &str| ErasureFilter { rule: Some(name.to_owned()), ..all.clone() };
    assert_eq!(listed(&ledger, &of_rule("retention")).await, [5]);
    assert_eq!(listed(&ledger, &of_rule("etention")).await, [] as [u8; 0]);
    assert_eq!(
        listed(&ledger, &ErasureFilter { target: Some(target("mailbox")), ..of_rule("retention") }).await,
        [] as [u8; 0]
    );
    let since = |hours| ErasureFilter { since: Some(in_hours(hours)), limit: 2, ..all.clone() };
    assert_eq!(listed(&ledger, &since(-1)).await, [5, 4, 3, 2, 1]);
    assert_eq!(listed(&ledger, &since(1)).await, [] as [u8; 0]);
}

/// The ids of those in some of the states, or in any, of a rule and of a target, or of any where it is empty.
async fn found(ledger: &Shared, states: &[ErasureState], rule: &str, at: &str) -> Vec<ErasureId> {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = ErasureFilter {
        states: states.to_vec(),
        rule: some(rule),
        target: some(at).map(|name| target(&name)),
        ..ErasureFilter::newest(9)
    };
    let mut ids: Vec<_> = ledger.erasures(&filter).await.expect("listed").items.iter().map(|one| one.id).collect();
    ids.sort();
    ids
}

pub(crate) async fn erasures_are_found_by_rule_and_target_whatever_becomes_of_them(ledger: Shared) {
    use ErasureState::{Cancelled, Done, Erasing, Scheduled};
    let demanded = |rule: &str, targets: &[&str]| NewErasure { rule: rule.to_owned(), ..of_person(1, targets, 5) };
    let first = ledger.request(demanded("retention", &["crm"]), &by()).await.expect("requested");
    for (rule, at) in [("retention", ""), ("", "crm"), ("retention", "crm")] {
        assert_eq!(found(&ledger, &[], rule, at).await, [first], "{rule} {at}");
    }
    assert_eq!(found(&ledger, &[], "withdrawn", "").await, []);
    // What another rule demands of the same person elsewhere is one with it.
    let id = ErasureId::generate(Timestamp::now());
    let joining = NewErasure { id, ..demanded("withdrawn", &["mailbox"]) };
    assert_eq!(ledger.request(joining, &by()).await.expect("requested"), first);
    for (rule, at) in [("retention", ""), ("withdrawn", ""), ("", "crm"), ("", "mailbox"), ("withdrawn", "crm")] {
        assert_eq!(found(&ledger, &[], rule, at).await, [first], "{rule} {at}");
        assert_eq!(found(&ledger, &[Scheduled], rule, at).await, [first], "{rule} {at}");
    }
    for (rule, at) in [("request", ""), ("", "nowhere"), ("withdrawn", "nowhere"), ("nothing", "crm")] {
        assert_eq!(found(&ledger, &[], rule, at).await, [], "{rule} {at}");
    }
    assert!(ledger.cancel_erasure(first, &by()).await.expect("cancelled"));
    assert_eq!(found(&ledger, &[Scheduled], "withdrawn", "crm").await, []);
    assert_eq!(found(&ledger, &[Cancelled], "withdrawn", "crm").await, [first]);
    let done = begun(&ledger, 2, &["crm"]).await;
    assert_eq!(found(&ledger, &[Erasing], "", "crm").await, [done]);
    step_end(&ledger, "crm", ends(Outcome::Absent)).await;
    close(&ledger).await;
    assert_eq!(found(&ledger, &[Erasing, Scheduled], "", "crm").await, []);
    assert_eq!(found(&ledger, &[Done], "", "crm").await, [done]);
    let mut both = vec![first, done];
    both.sort();
    assert_eq!(found(&ledger, &[], "", "crm").await, both);
    assert_eq!(ledger.count_broken(Invariant::LabelHasErasure).await.expect("counted"), 0);
}

pub(crate) async fn open_erasures_that_are_due_are_listed_with_the_longest_due_first(ledger: Shared) {
    for (byte, hours) in [(1, -1), (2, -3), (3, 2), (4, -2), (5, -4)] {
        ledger.request(of_person(byte, &["crm"], hours), &by()).await.expect("requested");
    }
    let waits = NewErasure { approve: true, ..of_person(6, &["crm"], -5) };
    ledger.request(waits, &by()).await.expect("requested");
    let over = ledger.request(of_person(7, &["crm"], -6), &by()).await.expect("requested");
    assert!(ledger.cancel_erasure(over, &by()).await.expect("cancelled"));
    // Two that are due at once are told apart by their ids.
    let due = ledger.erasures(&ErasureFilter::newest(9)).await.expect("listed").items;
    let due = due.iter().find(|erasure| erasure.id.0[15] == 4).expect("is there").due;
    ledger.request(NewErasure { due, ..of_person(8, &["mailbox"], 0) }, &by()).await.expect("requested");
    for limit in [1, 2, 9] {
        let due = ErasureFilter { due_before: Some(in_hours(0)), ..ErasureFilter::newest(limit) };
        assert_eq!(listed(&ledger, &due).await, [6, 5, 2, 4, 8, 1]);
        let scheduled = ErasureFilter { states: vec![ErasureState::Scheduled], ..due.clone() };
        assert_eq!(listed(&ledger, &scheduled).await, [5, 2, 4, 8, 1]);
        assert_eq!(listed(&ledger, &ErasureFilter { target: Some(target("mailbox")), ..due }).await, [8]);
    }
}

pub(crate) async fn what_needs_a_person_is_found_beside_what_still_moves(ledger: Shared) {
    let id = begun(&ledger, 1, &["crm", "mluvii"]).await;
    begun(&ledger, 2, &["mailbox"]).await;
    // Which can be for a month, where a vendor takes so long.
    step_end(&ledger, "mluvii", verify_after(Outcome::Erased, 1)).await;
    let crm = claim_step(&ledger, "crm").await;
    assert_eq!(ledger.park(crm, Outcome::Parked, "403").await.expect("parked"), Finished::Done);
    let parked = ErasureFilter { states: vec![ErasureState::Parked], ..ErasureFilter::newest(9) };
    let found = ledger.erasures(&parked).await.expect("listed").items;
    assert_eq!(found.iter().map(|one| (one.id, one.state)).collect::<Vec<_>>(), [(id, ErasureState::Verifying)]);
    let due = ErasureFilter { due_before: Some(in_hours(1)), ..parked.clone() };
    assert_eq!(ledger.erasures(&due).await.expect("listed").items, found);
    let both = ErasureFilter { states: vec![ErasureState::Verifying, ErasureState::Parked], ..parked.clone() };
    assert_eq!(ledger.erasures(&both).await.expect("listed").items, found, "once");
    assert!(ledger.retry_erasure(id, None, &by()).await.expect("retried"));
    assert_eq!(ledger.erasures(&parked).await.expect("listed").items, []);
}

/// The sequence numbers of all receipts of a range, read in pages.
async fn receipts(ledger: &Shared, mut range: ReceiptRange) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        let page = ledger.receipts(&range).await.expect("listed");
        assert!(page.items.len() <= range.limit as usize);
        all.extend(page.items.iter().map(|receipt| receipt.statement.sequence));
        let Some(next) = page.next else { return all };
        range.cursor = next.to_string().parse().expect("a cursor");
    }
}

pub(crate) async fn receipts_are_listed_both_ways_by_verdict_and_time(ledger: Shared) {
    for id in 1..=5 {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(if id % 2 == 0 { Outcome::Retained } else { Outcome::Unverifiable })).await;
        close(&ledger).await;
    }
    for limit in [1, 2, 5, 9] {
        let all = ReceiptRange::all(1, limit);
        let newest = ReceiptRange { cursor: Cursor::NEWEST, ..all };
        assert_eq!(receipts(&ledger, all).await, [1, 2, 3, 4, 5]);
        assert_eq!(receipts(&ledger, newest).await, [5, 4, 3, 2, 1]);
        assert_eq!(receipts(&ledger, ReceiptRange { cursor: Cursor::Down(3), ..all }).await, [3, 2, 1]);
        let retained = ReceiptRange { verdict: Some(Verdict::Retained), ..newest };
        assert_eq!(receipts(&ledger, retained).await, [4, 2]);
        assert_eq!(receipts(&ledger, ReceiptRange { since: Some(in_hours(-1)), ..retained }).await, [4, 2]);
        assert_eq!(receipts(&ledger, ReceiptRange { since: Some(in_hours(1)), ..all }).await, [] as [u64; 0]);
    }
}

pub(crate) async fn the_quarantine_is_listed_by_source_a_page_at_a_time(ledger: Shared) {
    for (byte, source) in [(1, "acme"), (2, "other"), (3, "acme"), (4, "acme")] {
        let source = SourceName(source.into());
        let item = Quarantined { source, digest: Digest([byte; 16]), ..unreadable() };
        ledger.quarantine(item).await.expect("put aside");
    }
    let listed = async |mut range: QuarantineRange| {
        let mut sources = Vec::new();
        loop {
            let page = ledger.quarantined(&range).await.expect("listed");
            sources.extend(page.items.iter().map(|stored| stored.source.to_string()));
            let Some(next) = page.next else { return sources };
            range.cursor = next;
        }
    };
    for limit in [1, 2, 9] {
        let all = QuarantineRange::all(Cursor::OLDEST, limit);
        assert_eq!(listed(all.clone()).await, ["acme", "other", "acme", "acme"]);
        assert_eq!(
            listed(QuarantineRange { cursor: Cursor::NEWEST, ..all.clone() }).await,
            ["acme", "acme", "other", "acme"]
        );
        let of_other = QuarantineRange { source: Some(SourceName("other".into())), ..all.clone() };
        assert_eq!(listed(of_other).await, ["other"]);
        let because = |reason: &str| QuarantineRange { reason: Some(reason.to_owned()), ..all.clone() };
        assert_eq!(listed(because(&unreadable().reason)).await.len(), 4);
        assert_eq!(listed(because("another")).await, [] as [String; 0]);
        let of_nobody = QuarantineRange { source: Some(SourceName("nobody".into())), ..all.clone() };
        assert_eq!(listed(of_nobody).await, [] as [String; 0]);
    }
}
