//! Several processes on one database.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use super::*;
use crate::erasure::Evidence;
use crate::ledger::contract::{due_erasure, event, installation, resolution};

/// So many ledgers on one database, each as a process has it.
async fn fleet(size: usize) -> (Vec<Arc<PostgresLedger>>, Cluster) {
    let (first, cluster) = postgres().await;
    let mut fleet = vec![first];
    while fleet.len() < size {
        fleet.push(at(&place(&cluster.url(DATABASE))).await);
    }
    (fleet, cluster)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn duplicates_that_reach_different_processes_at_once_make_one_event() {
    const DISTINCT: i64 = 300;
    let (fleet, cluster) = fleet(3).await;
    let mut deliveries = JoinSet::new();
    for (round, process) in fleet.iter().enumerate() {
        // In another order at each, as they would block each other if they were written so.
        for id in 0..DISTINCT {
            let ledger = process.clone();
            let id = if round == 1 { DISTINCT - 1 - id } else { id };
            deliveries.spawn(async move { ledger.record(event(id, 1)).await.expect("recorded") });
        }
    }
    let recorded = deliveries.join_all().await;
    assert_eq!(recorded.iter().filter(|recorded| **recorded == Recorded::New).count(), DISTINCT as usize);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM event"), DISTINCT.to_string());
    let mut claimers = JoinSet::new();
    for ledger in fleet {
        claimers.spawn(async move {
            let mut mine = Vec::new();
            loop {
                let claims = claim(&ledger, &to_decide(), 7).await;
                if claims.is_empty() {
                    return mine;
                }
                mine.extend(claims.into_iter().map(|claim| match claim.work {
                    Work::Decide(work) => work.event.head.session.session.0,
                    other => panic!("not an event: {other:?}"),
                }));
            }
        });
    }
    let all = claimers.join_all().await.concat();
    assert_eq!(all.len(), DISTINCT as usize);
    assert_eq!(BTreeSet::from_iter(all).len(), DISTINCT as usize);
}

fn erasure_of(id: i64, targets: &[&str]) -> NewErasure {
    NewErasure { id: ErasureId::generate(jiff::Timestamp::now()), ..due_erasure(id, targets) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_of_one_subject_at_different_processes_become_one_erasure() {
    let (fleet, cluster) = fleet(3).await;
    let mut requests = JoinSet::new();
    for i in 0..60 {
        let ledger = fleet[i % 3].clone();
        let erasure = erasure_of(i as i64 % 5, &[["crm", "mailbox", "mluvii"][i % 3]]);
        requests.spawn(async move { ledger.request(erasure, &by()).await.expect("requested") });
    }
    let ids: BTreeSet<_> = requests.join_all().await.into_iter().collect();
    assert_eq!(ids.len(), 5);
    assert_eq!(sql(&cluster, "SELECT count(*) FROM erasure"), "5");
    let merged = fleet[0].erasures(&ErasureFilter::newest(9)).await.expect("listed").items;
    assert!(merged.iter().all(|erasure| erasure.steps.len() == 3), "{merged:?}");
    assert_eq!(fleet[1].counts().await.expect("counted").erasures["scheduled"], 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn steps_of_one_erasure_that_end_at_once_let_it_be_closed() {
    let (fleet, _cluster) = fleet(2).await;
    for id in 0..40 {
        fleet[0].request(erasure_of(id, &["crm", "mailbox"]), &by()).await.expect("requested");
    }
    for mine in claim(&fleet[0], &to_resolve(), 40).await {
        assert_eq!(fleet[0].resolved(mine, resolution(Vec::new())).await.expect("resolved"), Finished::Done);
    }
    let queue = |name: &str| QueueName::Step(TargetName(name.into()));
    let crm = claim(&fleet[0], &queue("crm"), 40).await;
    let mailbox = claim(&fleet[1], &queue("mailbox"), 40).await;
    let mut ends = JoinSet::new();
    for (ledger, claims) in [(&fleet[0], crm), (&fleet[1], mailbox)] {
        for claim in claims {
            let ledger = ledger.clone();
            let end = StepEnd::Final {
                outcome: Outcome::Absent,
                reason: None,
                counts: Default::default(),
                evidence: Evidence::default(),
            };
            ends.spawn(async move { ledger.stepped(claim, end).await.expect("stepped") });
        }
    }
    assert!(ends.join_all().await.into_iter().all(|finished| finished == Finished::Done));
    assert_eq!(claim(&fleet[0], &QueueName::Close, 100).await.len(), 40);
    assert_eq!(fleet[0].counts().await.expect("counted").erasures["verifying"], 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_bounds_of_a_target_are_those_of_the_fleet() {
    let (fleet, _cluster) = fleet(3).await;
    for id in 0..30 {
        fleet[0].record(event(id, 1)).await.expect("recorded");
    }
    let mluvii = TargetName::mluvii_of(&installation());
    let bounds = Bounds { target: Some(mluvii.clone()), at_once: 7, calls_per_s: None };
    let mut claimers = JoinSet::new();
    for i in 0..12 {
        let ledger = fleet[i % 3].clone();
        let bounds = bounds.clone();
        claimers.spawn(async move { ledger.claim(&to_decide(), 7, HOUR, &bounds).await.expect("claimed").claims });
    }
    let claimed: usize = claimers.join_all().await.iter().map(Vec::len).sum();
    assert_eq!(claimed, 7);
    let rest = BreakerLimits { failures: 3, pause: HOUR };
    for ledger in &fleet {
        let away = CallEnd::Unavailable { reason: "503".into() };
        ledger.call_ended(&mluvii, &away, rest).await.expect("noted");
    }
    assert_eq!(fleet[0].targets().await.expect("listed").len(), 1, "one failure at each of three");
}

#[tokio::test]
async fn the_fleet_is_listed() {
    let (fleet, cluster) = fleet(2).await;
    for (i, ledger) in fleet.iter().enumerate() {
        let process = ProcessInfo { version: format!("1.{i}.0"), place: format!("web-{i}/1"), targets: Vec::new() };
        ledger.register(&process).await.expect("entered");
    }
    fleet[0].record(event(1, 1)).await.expect("recorded");
    assert_eq!(claim(&fleet[1], &to_decide(), 9).await.len(), 1);
    sql(&cluster, "UPDATE process SET seen = seen - 60000 WHERE version = '1.0.0'");
    let listed = fleet[0].processes().await.expect("listed");
    let shown: Vec<_> = listed.iter().map(|one| (&*one.version, one.is_lost(), one.holds.len())).collect();
    assert_eq!(shown, [("1.0.0", true, 0), ("1.1.0", false, 1)]);
}
