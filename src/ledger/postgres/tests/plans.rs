//! The statements find what they want by an index, whatever the tables hold.

use super::*;
use crate::ledger::postgres::plans as explained;

/// As many finished and pending things as fit into a test.
const FILL: &str = "
    INSERT INTO source (name) VALUES ('acme');
    INSERT INTO session (source, session, version, guest, concluded, recording_ready, record, forms_seen)
      SELECT 1, i, 1, 'g' || i, TRUE, FALSE, '{}', '' FROM generate_series(1, 50000) AS i;
    INSERT INTO fingerprint (fingerprint, source, session, kind)
      SELECT sha256(i::TEXT::BYTEA), 1, i, 'email' FROM generate_series(1, 50000) AS i;
    INSERT INTO erasure (id, subject, subject_key, rules, targets, state, created, due_rule, due, begun, ended)
      SELECT id_from(1790000000000 + i) || '\\x00000000000000000000', '{}', 's' || i, '[]', '[]', 'done', 0, 0, 0, 0, 0
      FROM generate_series(1, 50000) AS i;
    INSERT INTO step (erasure, target, outcome) SELECT id, 'crm', 'erased' FROM erasure;
    INSERT INTO event (happened, source, session, kind, digest, received)
      SELECT 1790000000000 + i, 1, i, 1, '\\x00', 0 FROM generate_series(1, 50000) AS i;
    INSERT INTO task (queue, due, erasure)
      SELECT 'step:crm', i, id_from(i) FROM generate_series(1, 50000) AS i;
    INSERT INTO task (queue, due, source, session, since)
      SELECT 'settle', 4000000000000 + i, 1, i, 0 FROM generate_series(1, 50000) AS i;
    INSERT INTO receipt (sequence, erasure, hash, receipt) SELECT i, id_from(i), '', '{}' FROM generate_series(1, 50000) AS i;
    ANALYZE;
";

/// Tables that stay small, and may be read whole.
const SMALL: [&str; 9] = ["chain", "inbox", "pace", "process", "source", "target", "tally", "meta", "quarantine"];

/// Does everything once, so that every statement is prepared.
async fn everything(ledger: &PostgresLedger) {
    use crate::ledger::contract::event;
    let bounds =
        Bounds { target: Some(TargetName::mluvii()), at_once: 9, calls_per_s: std::num::NonZeroU32::new(1_000) };
    ledger.record(event(1_000_000, 1)).await.expect("recorded");
    let mine = ledger.claim(&Queue::Decide, 1, HOUR, &bounds).await.expect("claimed").claims.remove(0);
    let _ = ledger.renew(&mine, HOUR).await.expect("renewed");
    let _ = ledger.retry(mine, Duration::ZERO, Attempt::Counts, "again").await.expect("put back");
    for queue in [Queue::Settle, Queue::Resolve, Queue::Close, Queue::Step(TargetName::mluvii())] {
        let _ = ledger.claim(&queue, 1, HOUR, &bounds).await.expect("claimed");
    }
    ledger.awaited_targets().await.expect("listed");
    ledger.sessions_with(&[Fingerprint([1; 32])]).await.expect("found");
    let source = SourceName("acme".into());
    ledger.sessions_of_guest(&source, &GuestId("g77".into())).await.expect_err("its record is no record");
    ledger.erasure(ErasureId([1; 16])).await.expect("read");
    ledger.erasures(&ErasureFilter { states: Vec::new(), limit: 3 }).await.expect_err("its subject is no subject");
    ledger.retry_erasure(ErasureId([1; 16])).await.expect("answered");
    ledger.cancel_erasure(ErasureId([1; 16])).await.expect("answered");
    ledger.receipts(&ReceiptRange { from: 40_000, limit: 0 }).await.expect("listed");
    ledger.receipt_head().await.expect("read");
    ledger
        .set_target(TargetHealth {
            target: TargetName::mluvii(),
            state: TargetState::Open,
            since: jiff::Timestamp::UNIX_EPOCH,
        })
        .await
        .expect("noted");
}

#[tokio::test]
async fn no_statement_of_the_daily_work_reads_a_whole_table() {
    let (ledger, cluster) = postgres().await;
    sql(&cluster, FILL);
    everything(&ledger).await;
    let plans = explained::of(&ledger).await.expect("explained");
    for plan in &plans {
        for line in &plan.lines {
            let whole = line.split_once("Seq Scan on ").map(|(_, table)| table.split(' ').next().unwrap_or_default());
            assert!(whole.is_none_or(|table| SMALL.contains(&table)), "{line}\nin {}", plan.statement);
        }
    }
    // A month that has just begun has no statistics; what is found by its id is found by that all the same.
    for plan in plans.iter().filter(|plan| plan.statement.contains("erasure")) {
        let by_id = !plan.statement.contains("state = $1 ORDER BY id");
        let walks = plan.lines.iter().find(|line| line.contains("_state_id_idx"));
        assert!(!by_id || walks.is_none(), "{walks:?}\nin {}", plan.statement);
    }
    assert!(plans.len() > 25, "{} statements", plans.len());
}
