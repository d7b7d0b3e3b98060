//! Each order leaves one row in the audit.

use tokio::task::JoinSet;

use super::fixtures::*;
use crate::audit::{Act, ActResult, Actor, AuditEntry, AuditRow, Object, verify_chain};
use crate::chain::Head;
use crate::erasure::{ErasureId, NewErasure, Outcome};
use crate::ledger::{AuditRange, Cursor, Finished, QuarantineId, QuarantineRange};

/// All rows, verified from the chain's beginning to its head.
pub(super) async fn audited(ledger: &Shared) -> Vec<AuditRow> {
    audited_after(ledger, None).await
}

/// The same, of a chain that goes on after an archive.
pub(super) async fn audited_after(ledger: &Shared, archived: Option<Head>) -> Vec<AuditRow> {
    let rows = ledger.audit(&AuditRange::all(Cursor::Up(1), 1_000)).await.expect("read").items;
    let head = verify_chain(archived, &rows).expect("a chain");
    assert_eq!(head, ledger.audit_head().await.expect("read"));
    rows
}

/// The one row that came after `before` rows: its act, object and result.
async fn last(ledger: &Shared, before: usize) -> (String, String, String) {
    let rows = audited(ledger).await;
    assert_eq!(rows.len(), before + 1, "one row for each order");
    let said = &rows[before].statement;
    assert_eq!(said.actor, by());
    (said.act.clone(), said.object.to_string(), said.result.clone())
}

fn said(act: &str, object: impl ToString, result: &str) -> (String, String, String) {
    (act.to_owned(), object.to_string(), result.to_owned())
}

/// An erasure that waits for approval.
fn to_approve(byte: u8) -> NewErasure {
    NewErasure { id: ErasureId([byte; 16]), approve: true, ..erasure_of(person(byte), &["crm"], in_hours(-1)) }
}

pub(crate) async fn an_order_on_an_erasure_leaves_one_row_whatever_came_of_it(ledger: Shared) {
    let mut rows = 0;
    let mut next = async |expected| {
        assert_eq!(last(&ledger, rows).await, expected);
        rows += 1;
    };
    let one = ErasureId([1; 16]);
    let two = ErasureId([2; 16]);
    ledger.request(to_approve(1), &by()).await.expect("requested");
    next(said("erasure.request", Object::erasure(one), "done")).await;
    ledger.request(NewErasure { id: ErasureId([9; 16]), ..to_approve(1) }, &by()).await.expect("requested");
    next(said("erasure.request", Object::erasure(one), "joined")).await;
    for result in ["done", "unchanged"] {
        let approved = ledger.approve_erasure(one, None, &by()).await.expect("answered");
        assert_eq!(approved, result == "done");
        next(said("erasure.approve", Object::erasure(one), result)).await;
    }
    assert!(!ledger.reject_erasure(one, &by()).await.expect("answered"), "it waits for nobody any more");
    next(said("erasure.reject", Object::erasure(one), "unchanged")).await;
    assert!(ledger.retry_erasure(one, None, &by()).await.expect("made due"));
    next(said("erasure.retry", Object::erasure(one), "done")).await;
    assert!(!ledger.retry_erasure(two, None, &by()).await.expect("there is none"));
    next(said("erasure.retry", Object::erasure(two), "unchanged")).await;
    for result in ["done", "unchanged"] {
        let cancelled = ledger.cancel_erasure(one, &by()).await.expect("answered");
        assert_eq!(cancelled, result == "done");
        next(said("erasure.cancel", Object::erasure(one), result)).await;
    }
    ledger.request(to_approve(2), &by()).await.expect("requested");
    next(said("erasure.request", Object::erasure(two), "done")).await;
    assert!(ledger.reject_erasure(two, &by()).await.expect("rejected"));
    next(said("erasure.reject", Object::erasure(two), "done")).await;
    assert_eq!(shown(&ledger, two).await.state, crate::erasure::ErasureState::Cancelled);
}

pub(crate) async fn an_order_on_anything_else_leaves_one_row_whatever_came_of_it(ledger: Shared) {
    let work = recorded(&ledger, event(1, 1)).await;
    assert_eq!(ledger.park(work, Outcome::Parked, "what is it?").await.expect("parked"), Finished::Done);
    for (rows, count) in [(0, 1), (1, 0)] {
        assert_eq!(ledger.retry_parked(&by()).await.expect("retried"), count);
        assert_eq!(last(&ledger, rows).await, said("work.retry", "work", if count > 0 { "done" } else { "unchanged" }));
    }
    put_out(&ledger, "crm").await;
    for (rows, result) in [(2, "done"), (3, "unchanged")] {
        assert_eq!(ledger.resume_target(&target("crm"), &by()).await.expect("resumed"), result == "done");
        assert_eq!(last(&ledger, rows).await, said("target.resume", "target:crm", result));
    }
    assert!(ledger.targets().await.expect("listed").is_empty());
    assert!(!ledger.quarantine_drop(QuarantineId(7), None, &by()).await.expect("nothing there"));
    assert_eq!(last(&ledger, 4).await, said("quarantine.drop", "quarantine", "unchanged"));
    ledger.quarantine(unreadable()).await.expect("put aside");
    let id = ledger.quarantined(&QuarantineRange::all(Cursor::OLDEST, 9)).await.expect("listed").items[0].id;
    assert!(ledger.quarantine_drop(id, None, &by()).await.expect("dropped"));
    assert_eq!(last(&ledger, 5).await, said("quarantine.drop", Object::quarantined(id.0), "done"));
    for result in [ActResult::Begun, ActResult::Failed] {
        let entry = AuditEntry::new(&by(), Act::ReloadPlugin, Object::plugin(&target("crm")), result);
        ledger.note(entry).await.expect("noted");
    }
    let rows = audited(&ledger).await;
    let results: Vec<_> = rows[6..].iter().map(|row| (&*row.statement.act, &*row.statement.result)).collect();
    assert_eq!(results, [("plugin.reload", "begun"), ("plugin.reload", "failed")]);
}

pub(crate) async fn receipts_that_were_acknowledged_are_named_in_the_audit(ledger: Shared) {
    for id in 1..=3 {
        begun(&ledger, id, &["crm"]).await;
        step_end(&ledger, "crm", ends(if id == 2 { Outcome::Retained } else { Outcome::Unverifiable })).await;
        close(&ledger).await;
    }
    let before = audited(&ledger).await.len();
    assert_eq!(ledger.acknowledge_receipts(Some(&[3, 2, 9]), &by()).await.expect("noted"), 1);
    assert_eq!(last(&ledger, before).await, said("receipts.acknowledge", "receipts", "done"));
    assert_eq!(ledger.acknowledge_receipts(None, &by()).await.expect("noted"), 1);
    assert_eq!(ledger.acknowledge_receipts(None, &by()).await.expect("noted"), 0);
    let rows = audited(&ledger).await;
    let named: Vec<_> = rows[before..].iter().map(|row| row.statement.details["receipts"].to_string()).collect();
    assert_eq!(named, ["[3]", "[1]", "[]"]);
}

pub(crate) async fn an_order_that_fails_leaves_no_row_and_what_a_rule_decides_is_no_order(ledger: Shared) {
    let without_targets = NewErasure { targets: Vec::new(), ..due_erasure(1, &["crm"]) };
    ledger.request(without_targets, &by()).await.expect_err("it has no targets");
    let work = recorded(&ledger, event(1, 1)).await;
    let mut decided = decision(unchanged(1, 0));
    decided.erasures.push(due_erasure(1, &["crm"]));
    assert_eq!(ledger.decided(work, decided).await.expect("decided"), Finished::Done);
    assert!(audited(&ledger).await.is_empty());
}

pub(crate) async fn those_who_order_at_once_make_one_chain(ledger: Shared) {
    let mut orders = JoinSet::new();
    for id in 0..40 {
        let ledger = ledger.clone();
        orders.spawn(async move {
            ledger.request(due_erasure(id, &["crm"]), &by()).await.expect("requested");
            ledger.retry_parked(&by()).await.expect("answered");
        });
    }
    orders.join_all().await;
    assert_eq!(audited(&ledger).await.len(), 80);
}

pub(crate) async fn the_audit_is_read_both_ways_and_by_actor_act_object_and_time(ledger: Shared) {
    let begin = in_hours(-1);
    for byte in 1..=3 {
        ledger.request(to_approve(byte), &by()).await.expect("requested");
        ledger.approve_erasure(ErasureId([byte; 16]), None, &Actor::cli("eve")).await.expect("approved");
    }
    let read = async |range: AuditRange| {
        let rows = ledger.audit(&range).await.expect("read").items;
        rows.iter().map(|row| row.statement.sequence).collect::<Vec<_>>()
    };
    let newest = AuditRange::all(Cursor::NEWEST, 9);
    assert_eq!(read(AuditRange::all(Cursor::Up(3), 2)).await, [3, 4]);
    assert_eq!(read(AuditRange { limit: 2, ..newest.clone() }).await, [6, 5]);
    assert_eq!(read(AuditRange { cursor: Cursor::Down(4), ..newest.clone() }).await, [4, 3, 2, 1]);
    assert_eq!(read(AuditRange { actor: Some(Actor::cli("eve")), ..newest.clone() }).await, [6, 4, 2]);
    assert_eq!(read(AuditRange { act: Some(Act::RequestErasure), ..newest.clone() }).await, [5, 3, 1]);
    let of_two = Some(Object::erasure(ErasureId([2; 16])));
    assert_eq!(read(AuditRange { object: of_two.clone(), ..newest.clone() }).await, [4, 3]);
    let one = AuditRange { object: of_two, act: Some(Act::ApproveErasure), since: Some(begin), ..newest.clone() };
    assert_eq!(read(one).await, [4]);
    assert_eq!(read(AuditRange { since: Some(begin), ..newest.clone() }).await.len(), 6);
    assert_eq!(read(AuditRange { since: Some(in_hours(1)), ..newest }).await, [] as [u64; 0]);
    let head = ledger.audit_head().await.expect("read");
    assert!(matches!(head, Some(Head { sequence: 6, .. })), "{head:?}");
}
