//! The statements find what they want by an index, whatever the tables hold.

use quietus_plugin::Span;

use super::*;
use crate::access::Companies;
use crate::attention::{Limits, MuteEnd};
use crate::audit::{Act, Object};
use crate::erasure::confirmation::LinkMailEnd;
use crate::erasure::{ErasureState, Verdict};
use crate::ledger::contract::{
    Shared, calendar, email, erase_a_guest, event, installation, link_of_request, link_to_send, session,
};
use crate::ledger::postgres::plans as explained;
use crate::ledger::{Confirmed, CountedRequests, RequestFilter, RequestOrder};
use crate::subject::{Fingerprinted, Kind, SourceName};

/// As many finished and pending things as fit into a test.
const FILL: &str = "
    INSERT INTO installation (name) VALUES ('acme');
    INSERT INTO session (installation, session, version, guest, unread_since, read_at, concluded, recording_ready, record,
                         forms_seen)
      SELECT 1, i, 1, substr(sha256(i::TEXT::BYTEA), 1, 16), i, i, TRUE, FALSE, '{}', '' FROM generate_series(2, 50000) AS i;
    INSERT INTO fingerprint (fingerprint, installation, session, version, kind, supplementary)
      SELECT sha256(i::TEXT::BYTEA), 1, i, 1, 'email', FALSE FROM generate_series(1, 50000) AS i;
    INSERT INTO consent_fingerprint (fingerprint, installation, session, version, kind, supplementary, since)
      SELECT sha256(i::TEXT::BYTEA), 1, i, 1, 'email', FALSE, 4000000000000 FROM generate_series(1, 50000) AS i;
    INSERT INTO erasure (id, installation, subject, subject_key, merge_key, selection, rules, targets, state, created,
                         due_rule, due, begun, ended)
      SELECT id_from(1790000000000 + i) || '\\x00000000000000000000', 1, '{}', 's' || i, 's' || i, '{}', '[\"old\"]', '[\"crm\"]', 'done',
             0, 0, 0, 0, 0
      FROM generate_series(1, 50000) AS i;
    INSERT INTO erasure_fingerprint (fingerprint, erasure, version, kind, ended)
      SELECT sha256(id), id, 1, 'email', 4000000000000 FROM erasure;
    INSERT INTO step (erasure, target, called, outcome) SELECT id, 'crm', 'crm', 'erased' FROM erasure;
    INSERT INTO event (happened, source, session, kind, digest, received)
      SELECT 1790000000000 + i, 1, i, 1, '\\x00', 0 FROM generate_series(1, 50000) AS i;
    INSERT INTO task (queue, due, erasure)
      SELECT 'step:crm', i, id_from(i) FROM generate_series(1, 50000) AS i;
    INSERT INTO task (queue, due, installation, session, since)
      SELECT 'settle:acme', 4000000000000 + i, 1, i, 0 FROM generate_series(1, 50000) AS i;
    INSERT INTO waiting (merge_key, subject_key, erasure) SELECT 'w' || i, 'w' || i, id_from(i) FROM generate_series(1, 50000) AS i;
    INSERT INTO receipt (sequence, erasure, hash, receipt, verdict, ended)
      SELECT i, id_from(i), '', '{}', 'complete', i FROM generate_series(1, 50000) AS i;
    INSERT INTO audit (sequence, at, actor, act, object, hash, entry)
      SELECT i, i, 'cli:' || i % 100, 'erasure.cancel', 'erasure:' || i, '', '{}' FROM generate_series(1, 50000) AS i;
    INSERT INTO confirmation_link (erasure, state, address, token, bound, due, attempts, again, mailed, expires, ended)
      SELECT id_from(i), 'used', sha256(i::TEXT::BYTEA), sha256(i::TEXT::BYTEA), '', i, 1, FALSE, i, 4000000000000 + i,
             4000000000000 + i
      FROM generate_series(1, 50000) AS i;
    UPDATE chain SET sequence = 50000 WHERE name = 'audit';
    ANALYZE;
";

/// From a decision to a receipt.
async fn whole_erasure(ledger: &Arc<PostgresLedger>) {
    let shared: Arc<dyn Ledger> = ledger.clone();
    erase_a_guest(&shared, "g-1", || async {}).await;
}

/// Does everything once, so that every statement is prepared.
async fn everything(ledger: &Arc<PostgresLedger>) {
    whole_erasure(ledger).await;
    let mluvii = TargetName::mluvii_of(&installation());
    let bounds = Bounds { target: Some(mluvii.clone()), at_once: 9, calls_per_s: NonZeroU32::new(1_000) };
    ledger.record(event(1_000_000, 1)).await.expect("recorded");
    let mine = ledger.claim(&to_decide(), 1, HOUR, &bounds).await.expect("claimed").claims.remove(0);
    let _ = ledger.renew(&mine, HOUR).await.expect("renewed");
    let _ = ledger.retry(mine, Duration::ZERO, Attempt::Counts, "again").await.expect("put back");
    for queue in [to_settle(), to_resolve(), QueueName::Close, QueueName::Step(mluvii.clone())] {
        let _ = ledger.claim(&queue, 1, HOUR, &bounds).await.expect("claimed");
    }
    ledger.awaited_targets().await.expect("listed");
    let person = [email(1), Fingerprinted { kind: Kind::Name, ..email(2) }];
    ledger.sessions_with(&installation(), &person).await.expect("found");
    ledger.erased_sessions_with(&installation(), &person).await.expect("found");
    ledger.sessions_of_guest(&installation(), Digest([1; 16])).await.expect("found");
    ledger.unread_sessions(&installation(), 9).await.expect("listed");
    ledger.session(&session(1_000_001)).await.expect("read");
    ledger.installation(&installation()).await.expect("read");
    ledger.erasure(ErasureId([1; 16])).await.expect("read");
    lists(ledger).await;
    ledger.parked_marks(&[ErasureId([1; 16])]).await.expect("read");
    ledger.retry_erasure(ErasureId([1; 16]), None, &by()).await.expect("answered");
    ledger.cancel_erasure(ErasureId([1; 16]), &by()).await.expect("answered");
    ledger.approve_erasure(ErasureId([1; 16]), None, &by()).await.expect("answered");
    links(ledger).await;
    ledger.erasures_with(&[Fingerprint([1; 32])]).await.expect("found");
    let beginning = crate::ledger::EndedMark::before(Timestamp::UNIX_EPOCH);
    // What was filled in cannot be read as an erasure.
    let _ = ledger.ended_erasures(&installation(), beginning, 9).await;
    ledger.receipt_of(ErasureId([1; 16])).await.expect("read");
    ledger.requests_of_erasure(ErasureId([1; 16])).await.expect("read");
    ledger.receipt_head().await.expect("read");
    ledger.acknowledge_receipts(Some(&[1, 2]), &by()).await.expect("noted");
    ledger.acknowledge_receipts(None, &by()).await.expect("noted");
    ledger.charge(&mluvii, 2, NonZeroU32::MIN).await.expect("counted");
    ledger.counts().await.expect("counted");
    ledger.watch_clock(HOUR).await.expect("looked");
    ledger.clock().await.expect("read");
    ledger.maintain(KEEP).await.expect("maintained");
    orders(ledger).await;
    let limits = BreakerLimits { failures: 1, pause: HOUR };
    for end in [CallEnd::Denied { reason: "401".into() }, CallEnd::Answered { sort: "erase" }] {
        ledger.call_ended(&mluvii, &end, limits).await.expect("noted");
    }
}

/// Links that confirm, from the form to the click.
async fn links(ledger: &Arc<PostgresLedger>) {
    let shared: Shared = ledger.clone();
    let (id, proof) = link_to_send(&shared).await;
    ledger.link_mail_ended(&proof, LinkMailEnd::Sent).await.expect("noted");
    assert_eq!(ledger.use_link(&proof, &calendar()).await.expect("answered"), Confirmed::Done(id));
    assert_eq!(ledger.use_link(&proof, &calendar()).await.expect("answered"), Confirmed::Already);
    ledger.erasure(id).await.expect("read");
    assert_eq!(ledger.link_due().await.expect("read"), None);
    let (id, proof) = link_of_request(&shared).await;
    ledger.links_of_requests(&[id]).await.expect("read");
    assert_eq!(ledger.use_link(&proof, &calendar()).await.expect("answered"), Confirmed::Verified(id));
}

/// What people order beside what is ordered above.
async fn orders(ledger: &Arc<PostgresLedger>) {
    ledger.reject_erasure(ErasureId([1; 16]), &by()).await.expect("answered");
    ledger.resume_target(&TargetName("crm".into()), &by()).await.expect("answered");
    ledger.quarantine_drop(QuarantineId(1), None, &by()).await.expect("answered");
    ledger.accept_clock(&by()).await.expect("answered");
    let limits = Limits {
        calendar: crate::deadline::Calendar::late_after_s(0),
        warn_before: Span::from_secs(0),
        unknown_share_max: 0.0,
        requests: crate::attention::sample::request_limits(),
        remind_after: Default::default(),
    };
    let shown = ledger.attention(&limits).await.expect("read");
    let first = shown.first().expect("steps are due since 1970");
    ledger.mute_attention(first, MuteEnd::Changed, &by()).await.expect("muted");
    ledger.unmute_attention(first.code, &first.object, &by()).await.expect("unmuted");
}

/// Reads every list by everything that it can be asked for. What comes of it does not matter: what was filled in is neither a
/// receipt nor an erasure that can be read.
async fn lists(ledger: &Arc<PostgresLedger>) {
    let now = Some(jiff::Timestamp::now());
    let due: ErasureCursor = format!("0-{}", "00".repeat(16)).parse().expect("a cursor");
    let newest = ErasureFilter::newest(3);
    let of =
        ErasureFilter { installation: Some(installation()), target: Some(TargetName("crm".into())), ..newest.clone() };
    let since = ErasureFilter { since: now, after: Some(due), rule: Some("request".to_owned()), ..of.clone() };
    let of_rule = ErasureFilter { rule: Some("old".to_owned()), ..newest.clone() };
    let of_both = ErasureFilter { target: of.target.clone(), ..of_rule.clone() };
    let at_target = ErasureFilter { target: of.target.clone(), ..newest.clone() };
    let states = vec![ErasureState::Scheduled, ErasureState::Requested];
    let parked = ErasureFilter { states: vec![ErasureState::Parked], ..newest.clone() };
    let due_parked = ErasureFilter { due_before: now, ..parked.clone() };
    let due = ErasureFilter { due_before: now, after: Some(due), states, ..of.clone() };
    for filter in [newest, of, of_rule, of_both, at_target, since, due, parked, due_parked] {
        let _ = ledger.erasures(&filter).await;
    }
    let (companies, target) = (Companies::All, Some(TargetName("crm".into())));
    let requests = RequestFilter {
        states: Vec::new(),
        companies: Companies::Only([installation()].into()),
        target: target.clone(),
        due: None,
        cursor: RequestOrder::Due.beginning(),
        limit: 9,
    };
    ledger.requests(&requests).await.expect("listed");
    let today = jiff::civil::date(2026, 12, 1);
    let which = CountedRequests { companies, target, today, soon_before: today };
    ledger.count_open_requests(&which).await.expect("counted");
    let all = ReceiptRange::all(40_000, 9);
    let incomplete = ReceiptRange { verdict: Some(Verdict::Incomplete), ..all };
    for range in [all, incomplete, ReceiptRange { since: now, cursor: Cursor::NEWEST, ..all }] {
        let _ = ledger.receipts(&range).await;
    }
    let all = AuditRange::all(Cursor::NEWEST, 9);
    let by_actor = AuditRange { actor: Some(by()), ..all.clone() };
    let by_act = AuditRange { act: Some(Act::CancelErasure), ..all.clone() };
    let by_object = AuditRange { object: Some(Object::receipts()), ..all.clone() };
    for range in [by_actor, by_act, by_object, AuditRange { since: now, ..all.clone() }, all] {
        let _ = ledger.audit(&range).await;
    }
    let _ = ledger.sessions_up_to(&installation(), crate::subject::SessionId(40_000), 9).await;
    let now = jiff::Timestamp::now();
    let hour = jiff::SignedDuration::from_hours(1);
    ledger.days(&[now - hour, now, now + hour]).await.expect("counted");
    let all = QuarantineRange::all(Cursor::OLDEST, 9);
    let of_source = QuarantineRange { source: Some(SourceName("acme".into())), ..all.clone() };
    let because = QuarantineRange { reason: Some("no_json".to_owned()), ..all.clone() };
    for range in [all, of_source, because] {
        ledger.quarantined(&range).await.expect("listed");
    }
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
            assert!(
                whole.is_none_or(|table| explained::SMALL_TABLES.contains(&table)),
                "{line}\nin {}",
                plan.statement
            );
        }
    }
    let labelled: Vec<_> = plans.iter().filter(|plan| plan.statement.contains("FROM erasure_label AS label")).collect();
    assert!(labelled.len() > 2, "{} statements", labelled.len());
    for plan in labelled {
        let is_by_label =
            plan.lines.iter().any(|line| line.contains("using erasure_label_pkey on erasure_label label"));
        assert!(is_by_label, "{:?}\nin {}", plan.lines, plan.statement);
    }
    // What is held is few, and the index of it full of what was held before.
    let ends_a_claim = |statement: &str| statement.contains("fence = $2") || statement.contains("(id, fence) IN");
    for plan in plans.iter().filter(|plan| ends_a_claim(&plan.statement)) {
        assert!(!plan.lines.iter().any(|line| line.contains("task_held")), "{:?}\nin {}", plan.lines, plan.statement);
    }
    // A month that has just begun has no statistics; what is found by its id is found by that all the same.
    for plan in plans.iter().filter(|plan| plan.statement.contains("erasure")) {
        let by_id = !plan.statement.contains("WHERE state = ") && !plan.statement.contains("state IN");
        let walks = plan.lines.iter().find(|line| line.contains("_state_id_idx"));
        assert!(!by_id || walks.is_none(), "{walks:?}\nin {}", plan.statement);
    }
    assert!(plans.len() > 25, "{} statements", plans.len());
}
