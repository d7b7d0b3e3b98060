//! The oldest records of a chain leave, and a checkpoint takes their place.

use tokio::task::JoinSet;
use zeroize::Zeroizing;

use super::audit::audited_after;
use super::fixtures::*;
use crate::chain::Head;
use crate::erasure::{ErasureId, ErasureState, Outcome};
use crate::ledger::{Archived, AuditRange, Cursor, Held, Invariant, ReceiptRange};
use crate::receipt::sample::checkpoint;
use crate::receipt::{Chain, ChainName, Gap, GapCause, ReceiptKey, SignedGap};

/// Closes an erasure of a session, whose receipt is `retained` or incomplete.
async fn erased(ledger: &Shared, id: i64, outcome: Outcome) -> ErasureId {
    let erasure = begun(ledger, id, &["crm"]).await;
    step_end(ledger, "crm", ends(outcome)).await;
    close(ledger).await;
    erasure
}

async fn three_erased(ledger: &Shared) -> Vec<ErasureId> {
    let mut erasures = Vec::new();
    for id in 1..=3 {
        erasures.push(erased(ledger, id, Outcome::Retained).await);
    }
    erasures
}

async fn oldest(ledger: &Shared, chain: ChainName) -> Vec<(u64, Option<Held>)> {
    let oldest = ledger.oldest_records(chain, 99).await.expect("listed");
    oldest.iter().map(|record| (record.sequence, record.held)).collect()
}

async fn receipts(ledger: &Shared) -> Vec<u64> {
    let listed = ledger.receipts(&ReceiptRange::all(0, 99)).await.expect("listed").items;
    listed.iter().map(|receipt| receipt.statement.sequence).collect()
}

pub(crate) async fn archived_receipts_leave_and_the_chain_goes_on_after_them(ledger: Shared) {
    let erasures = three_erased(&ledger).await;
    assert_eq!(oldest(&ledger, ChainName::Receipts).await, [(1, None), (2, None), (3, None)]);
    let heads: Vec<_> = {
        let listed = ledger.receipts(&ReceiptRange::all(0, 9)).await.expect("listed").items;
        listed.iter().map(crate::receipt::Receipt::head).collect()
    };
    let archive = async |first, end: &Head| {
        ledger.archive(&checkpoint(ChainName::Receipts, first, end), &by()).await.expect("answered")
    };
    let other = Head { hash: "0".repeat(64), ..heads[1].clone() };
    assert_eq!(archive(1, &other).await, Archived::Overtaken, "the last one is another");
    assert_eq!(archive(2, &heads[1]).await, Archived::Overtaken, "there is an older one");
    assert_eq!(archive(1, &Head { sequence: 9, ..heads[2].clone() }).await, Archived::Overtaken, "more than there are");
    assert_eq!(receipts(&ledger).await, [1, 2, 3], "nothing has changed");
    assert!(ledger.checkpoints(ChainName::Receipts).await.expect("listed").is_empty());

    let two = checkpoint(ChainName::Receipts, 1, &heads[1]);
    assert_eq!(ledger.archive(&two, &by()).await.expect("answered"), Archived::Done);
    assert_eq!(ledger.archive(&two, &by()).await.expect("answered"), Archived::Overtaken);
    assert_eq!(receipts(&ledger).await, [3]);
    assert_eq!(ledger.receipt_head().await.expect("read"), Some(heads[2].clone()));
    let counts = ledger.counts().await.expect("counted");
    assert_eq!((counts.receipts, counts.archived_receipts, counts.verdicts["retained"]), (1, 2, 1));
    assert_eq!(counts.erasures_in(ErasureState::Done), 3);
    for (erasure, number) in erasures.iter().zip([Some(1), Some(2), None]) {
        assert_eq!(ledger.archived_receipt_of(*erasure).await.expect("read"), number);
        assert_eq!(ledger.receipt_of(*erasure).await.expect("read").is_none(), number.is_some());
    }
    assert_eq!(ledger.archived_receipt_of(ErasureId([9; 16])).await.expect("read"), None);

    // All of them: the chain still knows where it is.
    assert_eq!(archive(3, &heads[2]).await, Archived::Done);
    assert_eq!(receipts(&ledger).await, [] as [u64; 0]);
    let end = ledger.receipt_end().await.expect("read");
    assert_eq!((end.head, end.gap), (Some(heads[2].clone()), None));
    erased(&ledger, 4, Outcome::Retained).await;
    let next = ledger.receipts(&ReceiptRange::all(0, 9)).await.expect("listed").items;
    let mut chain = Chain::under([ReceiptKey::new(&Zeroizing::new([2; 32])).public().as_str()]).expect("a key");
    chain.goes_on_after(heads[2].clone());
    assert!(next.len() == 1 && next[0].statement.sequence == 4);
    assert_eq!(chain.check(&next[0]), Ok(()));
    for invariant in Invariant::ALL {
        assert_eq!(ledger.count_broken(invariant).await.expect("counted"), 0, "{}", invariant.as_str());
    }
    let all = ledger.checkpoints(ChainName::Receipts).await.expect("listed");
    assert_eq!(all, [two, checkpoint(ChainName::Receipts, 3, &heads[2])]);
}

pub(crate) async fn a_gap_begins_at_the_end_of_an_archive(ledger: Shared) {
    erased(&ledger, 1, Outcome::Retained).await;
    let there = ledger.receipt_head().await.expect("read").expect("a receipt");
    let one = checkpoint(ChainName::Receipts, 1, &there);
    assert_eq!(ledger.archive(&one, &by()).await.expect("answered"), Archived::Done);
    let seen = Head { sequence: 5, hash: "5".repeat(64) };
    let gap = Gap::between(Some(&there), &seen, jiff::Timestamp::UNIX_EPOCH, by().to_string(), GapCause::Restored);
    let gap = SignedGap::sign(gap, &ReceiptKey::new(&Zeroizing::new([2; 32])));
    assert!(ledger.accept_gap(&gap, &by()).await.expect("answered"));
    let end = ledger.receipt_end().await.expect("read");
    assert_eq!((end.head, end.gap), (Some(seen), Some(gap)));
}

pub(crate) async fn a_receipt_that_needs_a_person_stays_and_is_archived_once_it_was_seen(ledger: Shared) {
    erased(&ledger, 1, Outcome::Retained).await;
    erased(&ledger, 2, Outcome::Unverifiable).await;
    assert_eq!(oldest(&ledger, ChainName::Receipts).await, [(1, None), (2, Some(Held::Unacknowledged))]);
    let end = ledger.receipt_head().await.expect("read").expect("receipts");
    let both = checkpoint(ChainName::Receipts, 1, &end);
    assert_eq!(ledger.archive(&both, &by()).await.expect("answered"), Archived::Overtaken);
    assert_eq!(receipts(&ledger).await, [1, 2]);
    ledger.acknowledge_receipts(None, &by()).await.expect("noted");
    assert_eq!(ledger.archive(&both, &by()).await.expect("answered"), Archived::Done);
    assert_eq!(receipts(&ledger).await, [] as [u64; 0]);
}

pub(crate) async fn those_who_archive_at_once_make_one_checkpoint(ledger: Shared) {
    three_erased(&ledger).await;
    let listed = ledger.receipts(&ReceiptRange::all(0, 9)).await.expect("listed").items;
    let mut tasks = JoinSet::new();
    for end in listed.iter().map(crate::receipt::Receipt::head) {
        let ledger = ledger.clone();
        let signed = checkpoint(ChainName::Receipts, 1, &end);
        tasks.spawn(async move { ledger.archive(&signed, &by()).await.expect("answered") });
    }
    let ended = tasks.join_all().await;
    assert_eq!(ended.iter().filter(|ended| **ended == Archived::Done).count(), 1, "{ended:?}");
    let all = ledger.checkpoints(ChainName::Receipts).await.expect("listed");
    let last = all[0].checkpoint.last;
    assert_eq!(all.len(), 1);
    assert_eq!(receipts(&ledger).await, (last + 1..=3).collect::<Vec<_>>());
}

pub(crate) async fn the_audit_is_archived_like_receipts_and_says_so(ledger: Shared) {
    for _ in 0..3 {
        ledger.retry_parked(&by()).await.expect("answered");
    }
    assert_eq!(oldest(&ledger, ChainName::Audit).await, [(1, None), (2, None), (3, None)]);
    let rows = ledger.audit(&AuditRange::all(Cursor::Up(1), 9)).await.expect("read").items;
    let signed = checkpoint(ChainName::Audit, 1, &rows[1].head());
    assert_eq!(ledger.archive(&signed, &by()).await.expect("answered"), Archived::Done);
    let left = audited_after(&ledger, Some(rows[1].head())).await;
    let said: Vec<_> = left.iter().map(|row| (row.statement.sequence, row.statement.act.as_str())).collect();
    assert_eq!(said, [(3, "work.retry"), (4, "audit.archive")]);
    let details = &left[1].statement.details;
    assert_eq!(
        (&details["first"], &details["last"], &details["file"]),
        (&1.into(), &2.into(), &"audit-1.jsonl".into())
    );
    assert_eq!(left[1].statement.result, "done");
    // All that is there: what the order itself leaves goes on after it.
    let rest = checkpoint(ChainName::Audit, 3, &left[1].head());
    assert_eq!(ledger.archive(&rest, &by()).await.expect("answered"), Archived::Done);
    let left = audited_after(&ledger, Some(left[1].head())).await;
    assert_eq!(left.iter().map(|row| row.statement.sequence).collect::<Vec<_>>(), [5]);
    assert!(ledger.checkpoints(ChainName::Receipts).await.expect("listed").is_empty());
}
