//! The database goes away, in every way it can, and comes back.

use test_servers::postgres::{Cut, Mode, Proxy};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::*;
use crate::ledger::contract::{BREAKER, due_erasure, ends, event, installation, receipt_after, resolution};

/// A ledger behind a proxy that can cut its connections.
async fn behind_a_proxy() -> (Arc<PostgresLedger>, Proxy, Cluster) {
    let (ledger, cluster) = postgres().await;
    ledger.shutdown().await;
    let proxy = Proxy::to(cluster.port());
    let ledger = at(&place(&proxy.url(DATABASE))).await;
    (ledger, proxy, cluster)
}

/// As it is called.
fn mluvii() -> TargetName {
    TargetName::mluvii_of(&installation())
}

async fn in_time<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(60), what).await.expect("in time")
}

/// The moments at which a commit leaves its outcome unknown.
const CUTS: [Cut; 2] = [Cut::BeforeCommitReaches, Cut::AfterCommitBeforeAnswer];

fn unavailable() -> CallEnd {
    CallEnd::Unavailable { reason: "502".into() }
}

/// The statement that records deliveries.
const RECORDING: &str = "INSERT INTO inbox";

#[tokio::test]
async fn a_delivery_whose_outcome_is_unknown_is_recorded_once() {
    let (ledger, proxy, cluster) = behind_a_proxy().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    for (id, cut) in [(2, Cut::BeforeCommitReaches), (3, Cut::AfterCommitBeforeAnswer)] {
        proxy.cut_statement(RECORDING, cut);
        let recorded = in_time(ledger.record(event(id, 1))).await.expect("recorded");
        assert!(proxy.has_cut());
        // Committed and not told, it is found again by its key.
        let expected = if cut == Cut::BeforeCommitReaches { Recorded::New } else { Recorded::Duplicate };
        assert_eq!(recorded, expected);
    }
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event"), "3");
    assert_eq!(sql(&cluster, "SELECT sum(count) FROM inbox"), "3");
    assert_eq!(claim(&ledger, &to_decide(), 9).await.len(), 3);
}

#[tokio::test]
async fn the_end_of_work_whose_outcome_is_unknown_is_written_once() {
    for cut in CUTS {
        let (ledger, proxy, _cluster) = behind_a_proxy().await;
        ledger.record(event(1, 1)).await.expect("recorded");
        let mine = claim(&ledger, &to_decide(), 1).await.remove(0);
        proxy.cut_at(cut);
        let parked = in_time(ledger.park(mine, Outcome::Parked, "no such rule")).await.expect("ended");
        assert!(proxy.has_cut());
        assert_eq!(parked, Finished::Done, "{cut:?}");
        assert_eq!(ledger.counts().await.expect("counted").parked_work, 1);
    }
}

#[tokio::test]
async fn how_a_call_ended_is_counted_once_for_its_target() {
    let (ledger, proxy, cluster) = behind_a_proxy().await;
    for (counted, cut) in [1, 2].into_iter().zip(CUTS) {
        proxy.cut_at(cut);
        in_time(ledger.call_ended(&mluvii(), &unavailable(), BREAKER)).await.expect("noted");
        assert!(proxy.has_cut());
        assert_eq!(sql(&cluster, "SELECT failures FROM pace"), counted.to_string(), "{cut:?}");
    }
}

#[tokio::test]
async fn an_order_whose_outcome_is_unknown_is_carried_out_once_and_leaves_one_row() {
    let (ledger, proxy, cluster) = behind_a_proxy().await;
    for (ordered, cut) in [1, 2].into_iter().zip(CUTS) {
        proxy.cut_at(cut);
        in_time(ledger.request(due_erasure(ordered, &["crm"]), &by())).await.expect("requested");
        assert!(proxy.has_cut());
        assert_eq!(sql(&cluster, "SELECT count(*) FROM erasure"), ordered.to_string(), "{cut:?}");
        assert_eq!(sql(&cluster, "SELECT count(*) FROM audit"), ordered.to_string(), "{cut:?}");
        assert_eq!(ledger.counts().await.expect("counted").erasures["scheduled"], ordered as u64, "{cut:?}");
    }
}

#[tokio::test]
async fn a_receipt_whose_commit_was_not_answered_is_known_to_be_written() {
    for cut in CUTS {
        let (ledger, proxy, _cluster) = behind_a_proxy().await;
        let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
        let mine = claim(&ledger, &to_resolve(), 1).await.remove(0);
        assert_eq!(ledger.resolved(mine, resolution(Vec::new())).await.expect("resolved"), Finished::Done);
        let mine = claim(&ledger, &QueueName::Step(TargetName("crm".into())), 1).await.remove(0);
        assert_eq!(ledger.stepped(mine, ends(Outcome::Absent)).await.expect("stepped"), Finished::Done);
        let claim = claim(&ledger, &QueueName::Close, 1).await.remove(0);
        let Work::Close(erasure) = &claim.work else { panic!("not an erasure to close") };
        let receipt = receipt_after(erasure, None);
        proxy.cut_at(cut);
        let closed = in_time(ledger.closed(vec![Closing { claim, receipt }])).await.expect("closed");
        assert!(proxy.has_cut());
        assert!(matches!(closed, Closed::Done), "{cut:?}: {closed:?}");
        assert!(ledger.receipt_of(id).await.expect("read").is_some());
        let counts = ledger.counts().await.expect("counted");
        assert_eq!((counts.receipts, counts.erasures["done"], counts.erasures["verifying"]), (1, 1, 0));
    }
}

#[tokio::test]
async fn a_call_whose_end_is_written_again_counts_once() {
    let (ledger, proxy, _cluster) = behind_a_proxy().await;
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let mine = claim(&ledger, &to_resolve(), 1).await.remove(0);
    assert_eq!(ledger.resolved(mine, resolution(Vec::new())).await.expect("resolved"), Finished::Done);
    let mine = claim(&ledger, &QueueName::Step(TargetName("crm".into())), 1).await.remove(0);
    proxy.cut_at(Cut::AfterCommitBeforeAnswer);
    let ended = in_time(ledger.stepped(mine, StepEnd::EraseAgain { pause: Duration::ZERO })).await.expect("ended");
    assert!(proxy.has_cut());
    assert_eq!(ended, Finished::Done, "it was put back, and not by somebody else");
    assert_eq!(ledger.erasure(id).await.expect("read").expect("is there").steps[0].rounds, 1);
}

#[tokio::test]
async fn the_end_of_work_outlasts_a_moment_without_a_database() {
    let (ledger, proxy, _cluster) = behind_a_proxy().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    let mine = claim(&ledger, &to_decide(), 1).await.remove(0);
    proxy.refuse();
    proxy.cut();
    let ended = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.park(mine, Outcome::Parked, "no such rule").await }
    });
    while !matches!(ledger.writable().await, Err(LedgerError::Busy(_))) {}
    proxy.accept();
    assert_eq!(in_time(ended).await.expect("ran").expect("ended"), Finished::Done);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restarted_database_loses_nothing_and_work_resumes_by_itself() {
    let (ledger, cluster) = postgres().await;
    let mut deliveries = JoinSet::new();
    for id in 0..400 {
        let ledger = ledger.clone();
        deliveries.spawn(async move { in_time(ledger.record(event(id, 1))).await });
        if id == 200 {
            cluster.stop(Mode::Immediate);
        }
    }
    let away = ledger.counts().await;
    assert!(matches!(away, Err(LedgerError::Busy(_))), "{away:?}");
    cluster.start_again();
    for recorded in deliveries.join_all().await {
        recorded.expect("recorded");
    }
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event"), "400");
    let mut claimed = 0;
    while claimed < 400 {
        claimed += claim(&ledger, &to_decide(), 100).await.len();
    }
    assert_eq!(claimed, 400);
}

#[tokio::test]
async fn a_new_primary_at_another_address_is_found() {
    let (ledger, cluster) = postgres().await;
    ledger.shutdown().await;
    let old = Proxy::to(cluster.port());
    let new = Proxy::to(cluster.port());
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", old.port(), new.port());
    let ledger = at(&place(&format!("postgres://postgres@{hosts}/{DATABASE}"))).await;
    ledger.record(event(1, 1)).await.expect("recorded");
    old.refuse();
    old.cut();
    assert_eq!(in_time(ledger.record(event(2, 1))).await.expect("recorded"), Recorded::New);
    let claimed = async {
        let mut claimed = 0;
        while claimed < 2 {
            // The first use of a connection that was cut tells of it.
            if let Ok(found) = ledger.claim(&to_decide(), 9, HOUR, &Bounds::NONE).await {
                claimed += found.claims.len();
            }
        }
    };
    in_time(claimed).await;
}

#[tokio::test]
async fn a_server_that_can_only_be_read_is_left_for_one_that_can_be_written() {
    let (ledger, cluster) = postgres().await;
    ledger.writable().await.expect("writable");
    // As a primary that has become a standby: its sessions go on, and may no longer write.
    sql(&cluster, "ALTER DATABASE quietus SET default_transaction_read_only = on");
    assert!(cluster.kill_backends(DATABASE) > 0);
    let refused = in_time(async {
        loop {
            match ledger.writable().await {
                Err(LedgerError::Busy(_)) => return,
                other => other.expect("busy, or not noticed yet"),
            }
        }
    });
    refused.await;
    cluster.sql("postgres", "ALTER DATABASE quietus RESET default_transaction_read_only");
    in_time(async { while ledger.writable().await.is_err() {} }).await;
    assert_eq!(in_time(ledger.record(event(1, 1))).await.expect("recorded"), Recorded::New);
}

#[tokio::test]
async fn callers_that_gave_up_while_it_was_away_are_left_out() {
    let (ledger, proxy, cluster) = behind_a_proxy().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    proxy.refuse();
    proxy.cut();
    let gave_up = timeout(Duration::from_millis(300), ledger.record(event(2, 1))).await;
    assert!(gave_up.is_err());
    proxy.accept();
    assert_eq!(in_time(ledger.record(event(3, 1))).await.expect("recorded"), Recorded::New);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event WHERE session = 2"), "0");
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_given_up_and_asked_again() {
    let (cluster_ledger, cluster) = postgres().await;
    cluster_ledger.shutdown().await;
    let proxy = Proxy::to(cluster.port());
    let mut impatient = place(&proxy.url(DATABASE));
    impatient.statement_max = Duration::from_millis(200);
    let ledger = at(&impatient).await;
    ledger.record(event(1, 1)).await.expect("recorded");
    proxy.stall();
    let waiting = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.record(event(2, 1)).await }
    });
    // Longer than a statement may take, so that the connection is given up.
    assert!(timeout(Duration::from_millis(1_500), ledger.record(event(3, 1))).await.is_err());
    proxy.go_on();
    in_time(waiting).await.expect("ran").expect("recorded");
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event WHERE session = 2"), "1");
}

#[tokio::test]
async fn news_reaches_others_and_is_heard_again_after_the_connection_was_cut() {
    let (mine, proxy, cluster) = behind_a_proxy().await;
    let theirs = at(&place(&cluster.url(DATABASE))).await;
    let queue = to_decide();
    let heard = async |id| {
        // Until the listener is there, news is lost; polling is for that.
        let mut digest = 0;
        loop {
            let wait = mine.changed(&queue);
            digest += 1;
            theirs.record(event(id, digest)).await.expect("recorded");
            if timeout(Duration::from_millis(500), wait).await.is_ok() {
                return;
            }
        }
    };
    in_time(heard(1)).await;
    proxy.cut();
    in_time(heard(2)).await;
}

#[tokio::test]
async fn a_process_that_stands_still_in_a_transaction_does_not_keep_the_others_waiting() {
    let (ledger, cluster) = postgres().await;
    ledger.record(event(1, 1)).await.expect("recorded");
    let bounds = Bounds { target: Some(mluvii()), at_once: 9, calls_per_s: None };
    let _first = ledger.claim(&to_decide(), 1, Duration::ZERO, &bounds).await.expect("claimed");
    // It has locked the row that everyone needs who claims for mluvii.
    let frozen = at(&place(&cluster.url(DATABASE))).await;
    let tx = Tx::begin(&frozen.work).await.expect("begun");
    targets::lock(&tx, &mluvii()).await.expect("locked");
    let claimed = async {
        loop {
            if let Ok(claimed) = ledger.claim(&to_decide(), 1, HOUR, &bounds).await
                && !claimed.claims.is_empty()
            {
                return;
            }
        }
    };
    in_time(claimed).await;
    assert!(matches!(tx.commit(&frozen.work).await, Err(LedgerError::Busy(_))), "the server has ended its session");
}
