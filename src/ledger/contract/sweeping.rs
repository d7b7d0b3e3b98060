//! Sweeps of `erase-again`: how far one is stays sealed until it is over, and who was asked for is known in the commit that asks.

use zeroize::Zeroizing;

use super::fixtures::*;
use super::rechecking::again;
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::erasure::ErasureId;
use crate::keys::SealKey;
use crate::ledger::{
    AskedAgain, AuditRange, Cursor, ErasureFilter, KeptProgress, LedgerError, Restarted, StoredSweepJob, SweepJob,
    SweepState, SweepThen,
};

/// A sweep that was just ordered.
pub(super) fn sweep_job() -> SweepJob {
    SweepJob {
        target: target("crm"),
        mluvii: installation(),
        since: in_hours(-9),
        then: SweepThen::Erase { plan: "01234567".into() },
        by: by(),
        begun: in_hours(-1),
        state: SweepState::Sweeping,
        records: 7,
        swept: in_hours(-1),
        moved: in_hours(-1),
        tries: 1,
        decides: "01234567".into(),
        restarts: 1,
        restarted: Some(Restarted::CursorRefused),
        reason: Some("it is out".into()),
        went_on: Vec::new(),
        planned: vec![ErasureId([1; 16])],
        asked: Vec::new(),
        result: None,
    }
}

async fn only_job(ledger: &Shared) -> StoredSweepJob {
    let all = ledger.sweep_jobs().await.expect("read");
    assert_eq!(all.len(), 1, "{all:?}");
    stored(ledger, &all[0].job).await
}

/// The newest one of its target and installation.
async fn stored(ledger: &Shared, of: &SweepJob) -> StoredSweepJob {
    ledger.sweep_job(&of.target, &of.mluvii).await.expect("read").expect("it is there")
}

async fn added(ledger: &Shared, job: &SweepJob) -> StoredSweepJob {
    ledger.add_sweep_job(job, 0).await.expect("answered").expect("added")
}

pub(crate) async fn a_sweep_is_changed_by_one_at_a_time_and_sealed_until_it_is_over(ledger: Shared) {
    assert!(ledger.sweep_jobs().await.expect("read").is_empty());
    let job = sweep_job();
    let sealed = || job.seal(b"ann@x.cz", &seal());
    let first = added(&ledger, &job).await;
    assert_eq!(only_job(&ledger).await, first);
    assert_eq!((&first.job, &first.progress), (&job, &None));
    assert_eq!(ledger.add_sweep_job(&job, 0).await.expect("answered"), None, "there is one");
    // Another company's is another one.
    let other = SweepJob { mluvii: other(), ..job.clone() };
    let other = added(&ledger, &other).await;
    assert_eq!(ledger.sweep_jobs().await.expect("read").len(), 2);
    let over = StoredSweepJob { job: SweepJob { state: SweepState::Done, ..other.job }, ..other };
    assert!(ledger.save_sweep_job(&over, &KeptProgress::New(sealed()), None).await.expect("saved"));

    assert_eq!(ledger.open_sweeps().await.expect("read"), [(job.target.clone(), installation())]);

    let one = async || stored(&ledger, &job).await;
    assert!(ledger.save_sweep_job(&first, &KeptProgress::New(sealed()), None).await.expect("saved"));
    assert!(
        !ledger.save_sweep_job(&first, &KeptProgress::Nothing, None).await.expect("answered"),
        "somebody has changed it"
    );
    let kept = one().await;
    let opened = kept.progress.as_ref().map(|capsule| job.open(capsule, &seal()));
    assert_eq!(&opened.expect("kept").expect("opens")[..], b"ann@x.cz");
    // A change that says nothing of it leaves it as it is.
    assert!(ledger.save_sweep_job(&kept, &KeptProgress::Same, None).await.expect("saved"));
    let same = one().await;
    assert_eq!((same.version, &same.progress), (kept.version + 1, &kept.progress));
    assert!(ledger.save_sweep_job(&same, &KeptProgress::Nothing, None).await.expect("saved"));
    assert_eq!(one().await.progress, None);
    // What is over keeps nothing, whatever is said.
    let open = one().await;
    assert!(ledger.save_sweep_job(&open, &KeptProgress::New(sealed()), None).await.expect("saved"));
    let open = one().await;
    let over = StoredSweepJob { job: SweepJob { state: SweepState::Cancelled, ..open.job.clone() }, ..open };
    assert!(ledger.save_sweep_job(&over, &KeptProgress::Same, None).await.expect("saved"));
    let over = one().await;
    assert_eq!((over.job.state, &over.progress), (SweepState::Cancelled, &None));
    assert!(ledger.open_sweeps().await.expect("read").is_empty());
    let states: Vec<_> = ledger.sweep_jobs().await.expect("read").iter().map(|listed| listed.job.state).collect();
    assert_eq!(states, [SweepState::Cancelled, SweepState::Done]);
    // Only what was read is replaced.
    assert_eq!(ledger.add_sweep_job(&job, over.version - 1).await.expect("answered"), None);
    let next = ledger.add_sweep_job(&job, over.version).await.expect("answered").expect("added");
    assert_eq!((next.version, one().await), (over.version + 1, next.clone()));
    assert!(!ledger.save_sweep_job(&over, &KeptProgress::Nothing, None).await.expect("answered"), "another one by now");
}

pub(crate) async fn who_was_found_is_asked_for_in_the_commit_that_says_so(ledger: Shared) {
    let count = async || ledger.erasures(&ErasureFilter::newest(9)).await.expect("listed").items.len();
    let before = ErasureId([9; 16]);
    let bob = Actor::cli("bob");
    let ordered = SweepJob { went_on: vec![bob.clone()], ..sweep_job() };
    let read = added(&ledger, &ordered).await;
    let id = ledger.request_again(&read, before, again(before, 1), &by()).await.expect("answered").expect("asked for");
    let now = only_job(&ledger).await;
    assert_eq!((now.job.again(before), now.version), (Some(id), read.version + 1));
    assert_eq!(count().await, 1);
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 9)).await.expect("listed").items;
    let said: Vec<_> = rows.iter().map(|row| (row.statement.act.as_str(), &row.statement.actor)).collect();
    let (asks, follows) = (Act::RequestErasure.as_str(), Act::ReopenErasure.as_str());
    // Whoever has gone on with it has asked for it as well, so that somebody else has to approve it.
    assert_eq!(said, [(asks, &by()), (asks, &bob), (follows, &by())]);
    assert!(rows.iter().all(|row| row.statement.object == Object::erasure(id)), "{rows:?}");
    // Who was away while somebody else went on asks for nobody, also not for whom that one has not come to yet.
    for found in [before, ErasureId([8; 16])] {
        let late = ledger.request_again(&read, found, again(found, 2), &by()).await.expect("answered");
        assert_eq!(late, None);
    }
    assert_eq!((count().await, only_job(&ledger).await), (1, now.clone()));
    let rows = ledger.audit(&AuditRange::all(Cursor::OLDEST, 9)).await.expect("listed").items;
    assert_eq!(rows.len(), 3, "nothing was ordered");
    // So does whoever works on one that was cancelled.
    let cancelled = StoredSweepJob { job: SweepJob { state: SweepState::Cancelled, ..now.job.clone() }, ..now.clone() };
    assert!(ledger.save_sweep_job(&cancelled, &KeptProgress::Nothing, None).await.expect("saved"));
    let late = ledger.request_again(&now, ErasureId([8; 16]), again(ErasureId([8; 16]), 2), &by()).await;
    assert_eq!(late.expect("answered"), None);
    assert_eq!(count().await, 1);
}

pub(crate) async fn who_was_asked_for_stays_with_the_sweep_and_goes_with_it(ledger: Shared) {
    let people = [8, 9].map(|byte| ErasureId([byte; 16]));
    let mut read = added(&ledger, &sweep_job()).await;
    let mut asked = Vec::new();
    for (byte, erasure) in (1..).zip(people) {
        let new = again(erasure, byte);
        let again = ledger.request_again(&read, erasure, new, &by()).await.expect("answered").expect("asked for");
        asked.push(AskedAgain { erasure, again });
        read = stored(&ledger, &read.job).await;
    }
    assert_eq!(read.job.asked, asked);
    // Whoever writes something else of it, and knows of nobody, takes nobody away.
    let forgetful = StoredSweepJob { job: SweepJob { records: 9, asked: Vec::new(), ..read.job.clone() }, ..read };
    assert!(ledger.save_sweep_job(&forgetful, &KeptProgress::Same, None).await.expect("saved"));
    let read = only_job(&ledger).await;
    assert_eq!((read.job.records, &read.job.asked), (9, &asked));
    let listed = ledger.sweep_jobs().await.expect("read").remove(0);
    assert_eq!((listed.asked, listed.job.asked.len()), (2, 0), "a list says how many");
    // Another company's is nothing to it.
    let others = added(&ledger, &SweepJob { mluvii: other(), ..sweep_job() }).await;
    assert!(stored(&ledger, &others.job).await.job.asked.is_empty());
    // The next one of its target has asked for nobody.
    let over = StoredSweepJob { job: SweepJob { state: SweepState::Done, ..read.job.clone() }, ..read };
    assert!(ledger.save_sweep_job(&over, &KeptProgress::Nothing, None).await.expect("saved"));
    let next = ledger.add_sweep_job(&sweep_job(), over.version + 1).await.expect("answered").expect("added");
    assert_eq!(stored(&ledger, &next.job).await, next);
}

pub(crate) async fn an_act_on_a_sweep_and_its_row_in_the_audit_are_one_commit(ledger: Shared) {
    let read = added(&ledger, &sweep_job()).await;
    let over = StoredSweepJob { job: SweepJob { state: SweepState::Cancelled, ..read.job.clone() }, ..read.clone() };
    let entry = AuditEntry::new(&by(), Act::EraseAgain, Object::target(&target("crm")), ActResult::Done);
    let rows = async || ledger.audit(&AuditRange::all(Cursor::OLDEST, 9)).await.expect("listed").items.len();
    assert!(ledger.save_sweep_job(&over, &KeptProgress::Nothing, Some(&entry)).await.expect("saved"));
    assert_eq!((only_job(&ledger).await.job.state, rows().await), (SweepState::Cancelled, 1));
    assert!(!ledger.save_sweep_job(&over, &KeptProgress::Nothing, Some(&entry)).await.expect("answered"));
    assert_eq!(rows().await, 1, "it was not done");
}

pub(crate) async fn a_sweep_is_sealed_under_the_generation_that_is_open(ledger: Shared) {
    let key = |byte| SealKey::new(&Zeroizing::new([byte; 32]));
    let open = async |byte, replaced: Option<&SealKey>| {
        let key = key(byte);
        ledger.begin_seal_generation(&key.id()).await.expect("noted");
        let replaced = replaced.map(SealKey::id);
        assert!(ledger.open_seal_generation(&key.id(), replaced.as_ref()).await.expect("answered"));
        key
    };
    let in_use = async |key: &SealKey| {
        let all = ledger.seal_generations().await.expect("listed");
        all.into_iter().find(|one| one.id == key.id()).expect("it is known").in_use
    };
    let old = open(1, None).await;
    let job = added(&ledger, &sweep_job()).await;
    assert!(ledger.save_sweep_job(&job, &KeptProgress::New(job.job.seal(b"ann", &old)), None).await.expect("saved"));
    assert!(in_use(&old).await);
    let new = open(2, Some(&old)).await;
    let job = only_job(&ledger).await;
    let refused = ledger.save_sweep_job(&job, &KeptProgress::New(job.job.seal(b"ann", &old)), None).await;
    assert_eq!(refused.as_ref().err().and_then(LedgerError::closed_seal), Some(&new.id()), "{refused:?}");
    assert_eq!(only_job(&ledger).await, job, "nothing was written");
    assert!(ledger.save_sweep_job(&job, &KeptProgress::New(job.job.seal(b"ann", &new)), None).await.expect("saved"));
    assert!(!in_use(&old).await && in_use(&new).await);
    let job = only_job(&ledger).await;
    let over = StoredSweepJob { job: SweepJob { state: SweepState::Failed, ..job.job.clone() }, ..job };
    assert!(ledger.save_sweep_job(&over, &KeptProgress::Same, None).await.expect("saved"));
    assert!(!in_use(&new).await, "its key is destroyed");
}
