//! Holds that are added and lifted at the instant at which somebody claims: the claim has written what it takes, and is not committed yet.

use std::future::Future;
use std::time::Instant;

use tokio::task::JoinHandle;
use tokio_postgres::NoTls;

use super::*;
use crate::hold::{HoldId, HoldOn, HoldReason, NewHold};
use crate::ledger::contract::{due_erasure, installation, resolution};
use crate::subject::SessionId;

/// Longer than anything here takes.
const MAX: Duration = Duration::from_secs(60);

fn hold() -> NewHold {
    NewHold {
        id: HoldId::generate(),
        installation: installation(),
        on: HoldOn::Session(SessionId(1)),
        reason: HoldReason::Review,
        case: None,
        until: None,
    }
}

/// Waits until so many wait for locks of others, or the last of them does not have to.
fn until_waiting<T>(cluster: &Cluster, many: usize, last: &JoinHandle<T>) {
    let until = Instant::now() + MAX;
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
    while cluster.sql(DATABASE, waiting) != many.to_string() && !last.is_finished() {
        assert!(Instant::now() < until, "nobody waits");
    }
}

/// Has a claim wait for what somebody else has locked, does something meanwhile, and lets both go on. Returns what they came to.
async fn while_a_claim_is_written<T: Send + 'static>(
    (ledger, cluster): (&Arc<PostgresLedger>, &Cluster),
    queue: QueueName,
    locked: &str,
    meanwhile: impl Future<Output = T> + Send + 'static,
) -> (Vec<Claim>, T) {
    let (holder, connection) = tokio_postgres::connect(&cluster.url(DATABASE), NoTls).await.expect("connects");
    tokio::spawn(async move { drop(connection.await) });
    holder.batch_execute(&format!("BEGIN; SELECT FROM quietus.{locked} FOR UPDATE")).await.expect("locked");
    let ledger = ledger.clone();
    let claiming = tokio::spawn(async move { claim(&ledger, &queue, 9).await });
    until_waiting(cluster, 1, &claiming);
    let doing = tokio::spawn(meanwhile);
    until_waiting(cluster, 2, &doing);
    holder.batch_execute("ROLLBACK").await.expect("given back");
    (claiming.await.expect("ran"), doing.await.expect("ran"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_put_on_hold_while_the_hold_is_lifted_goes_on_at_once() {
    let (ledger, cluster) = postgres().await;
    let hold = hold();
    ledger.add_hold(&hold, &by()).await.expect("added");
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let lifting = {
        let ledger = ledger.clone();
        async move { ledger.lift_hold(hold.id, &by()).await.expect("lifted") }
    };
    // That it waits for a hold is noted with the erasure.
    let (claims, lifted) = while_a_claim_is_written((&ledger, &cluster), to_resolve(), "erasure", lifting).await;
    assert!(claims.is_empty() && lifted, "{claims:?}");
    let goes_on = ledger.erasure(id).await.expect("read").expect("is there");
    assert!(!goes_on.held && goes_on.holds.len() == 1, "{goes_on:?}");
    assert_eq!(claim(&ledger, &to_resolve(), 9).await.len(), 1, "nobody waits for the next look");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_claimed_while_a_hold_is_added_is_told_of() {
    let (ledger, cluster) = postgres().await;
    let id = ledger.request(due_erasure(1, &["crm"]), &by()).await.expect("requested");
    let begins = claim(&ledger, &to_resolve(), 1).await.remove(0);
    assert_eq!(ledger.resolved(begins, resolution(Vec::new())).await.expect("resolved"), Finished::Done);
    let adding = {
        let ledger = ledger.clone();
        async move { ledger.add_hold(&hold(), &by()).await.expect("added") }
    };
    // That its target may be asked is noted with the step.
    let step = QueueName::Step(TargetName("crm".into()));
    let (claims, added) = while_a_claim_is_written((&ledger, &cluster), step, "step", adding).await;
    assert_eq!((claims.len(), added.under_way), (1, vec![id]));
}
