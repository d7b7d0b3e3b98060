//! What calls store while they are under way, and go on from; and what plugins find.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use quietus_plugin::ResumeValue;
use serde_json::json;
use tokio::sync::Semaphore;

use super::exec::wayward;
use super::supervisor::{Running, call, installed};
use super::*;
use crate::erasure::{Halt, Outcome};
use crate::target::{Answer, Checkpoint, NotStored, Target as _, TargetCall, TargetError};

/// Stores in memory what it has permits for, and refuses when it is closed.
#[derive(Debug)]
struct Store {
    values: Mutex<Vec<Vec<u8>>>,
    permits: Semaphore,
    asked: AtomicUsize,
    /// Why the call must erase no further.
    halt: Mutex<Option<Halt>>,
}

impl Store {
    fn with(permits: usize) -> Arc<Self> {
        let permits = Semaphore::new(permits);
        Arc::new(Self { values: Mutex::default(), permits, asked: AtomicUsize::new(0), halt: Mutex::default() })
    }

    fn halt(&self, why: Option<Halt>) {
        *self.halt.lock().expect("whole") = why;
    }

    fn last(&self) -> Option<ResumeValue> {
        self.values.lock().expect("whole").last().cloned().map(ResumeValue::new)
    }
}

#[async_trait]
impl Checkpoint for Store {
    async fn store(&self, value: &[u8]) -> Result<(), NotStored> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let permit =
            self.permits.acquire().await.map_err(|_| NotStored { why: "the ledger is away".into(), refused: false })?;
        permit.forget();
        self.values.lock().expect("whole").push(value.to_vec());
        match *self.halt.lock().expect("whole") {
            None => Ok(()),
            Some(why) => Err(NotStored { why: why.to_string(), refused: false }),
        }
    }

    async fn sending(&self) -> Result<(), NotStored> {
        Ok(())
    }

    async fn halted(&self) -> Result<Option<Halt>, NotStored> {
        Ok(*self.halt.lock().expect("whole"))
    }
}

/// `obedient.c` on a host that stores, and a file that it calls Ann.
struct Obedient {
    running: Running,
    folder: TempDir,
    _compiled: Compiled,
}

impl Obedient {
    async fn start(macros: &[&str], more: serde_json::Value) -> Self {
        Self::on(macros, more, Installed::storing_resume).await
    }

    async fn on(macros: &[&str], more: serde_json::Value, offer: fn(Installed) -> Installed) -> Self {
        let compiled = Compiled::new("obedient.c", macros);
        let folder = TempDir::new().expect("a folder");
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("changed");
        std::fs::write(folder.path().join(ANN), "Ann").expect("written");
        let mut settings = json!({
            "name": "obedient", "library": compiled.library, "grants": ["email"],
            "config": { "folder": folder.path() }, "secrets": { "token": { "env": "X" } },
        });
        settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
        let settings = serde_json::from_value(settings).expect("settings");
        let running = Running::supervised(offer(installed(settings)), program()).await;
        running.info();
        Self { running, folder, _compiled: compiled }
    }

    async fn erase(&self, store: &Arc<Store>, resume: Option<ResumeValue>) -> Result<Answer, TargetError> {
        let checkpoint = Arc::clone(store) as Arc<dyn Checkpoint>;
        self.running.host.erase(&TargetCall { resume, checkpoint, ..call("ann") }).await
    }

    fn has_file(&self) -> bool {
        self.folder.path().join(ANN).exists()
    }

    fn process(&self) -> u32 {
        self.running.info().process
    }
}

/// What `obedient.c` calls `ann@x.cz`: its FNV-1a hash.
const ANN: &str = "b4c6d00266c3e833";

#[tokio::test]
async fn what_a_killed_call_has_stored_comes_with_the_next_one() {
    let obedient = Obedient::start(&["-DDIES_DOING"], json!({})).await;
    let store = Store::with(9);
    let killed = obedient.erase(&store, None).await.expect_err("it died");
    assert!(matches!(&killed, TargetError::Retryable(why) if why.contains("signal 6")), "{killed:?}");
    assert_eq!(store.last(), Some(ResumeValue::new(*b"doing")));
    assert!(!obedient.has_file(), "it was erased, and nobody was told");

    let again = obedient.erase(&store, store.last()).await.expect("an answer");
    assert_eq!((again.outcome, again.counts["files"]), (Outcome::Erased, 1));
    obedient.running.stop().await;
}

#[tokio::test]
async fn a_call_goes_on_when_its_checkpoint_is_stored_and_no_sooner() {
    let obedient = Obedient::start(&[], json!({})).await;
    let store = Store::with(0);
    {
        let mut erasing = std::pin::pin!(obedient.erase(&store, None));
        while store.asked.load(Ordering::Relaxed) == 0 {
            let turn = tokio::time::timeout(Duration::from_millis(1), &mut erasing);
            assert!(turn.await.is_err(), "it did not wait");
        }
        assert!(obedient.has_file());
        store.permits.add_permits(1);
        assert_eq!(erasing.await.expect("an answer").outcome, Outcome::Erased);
    }
    assert!(!obedient.has_file());
    obedient.running.stop().await;
}

#[tokio::test]
async fn a_call_whose_checkpoint_is_not_stored_goes_no_further() {
    let obedient = Obedient::start(&[], json!({})).await;
    let store = Store::with(0);
    store.permits.close();
    let refused = obedient.erase(&store, None).await.expect_err("not stored");
    assert!(matches!(&refused, TargetError::Retryable(why) if why == "not stored"), "{refused:?}");
    assert!(obedient.has_file());
    obedient.running.stop().await;
}

#[tokio::test]
async fn a_call_that_must_erase_no_further_is_told_so_where_it_stores_how_far_it_is() {
    let obedient = Obedient::start(&[], json!({})).await;
    let store = Store::with(9);
    for why in [Halt::Held, Halt::Stopped] {
        store.halt(Some(why));
        let halted = obedient.erase(&store, None).await.expect_err("it goes no further");
        assert!(matches!(&halted, TargetError::Halted { why: said, .. } if *said == why), "{halted:?}");
        assert!(obedient.has_file());
        assert_eq!(store.last(), Some(ResumeValue::new(*b"doing")), "the next call goes on from there");
    }
    store.halt(None);
    let erased = obedient.erase(&store, store.last()).await.expect("an answer");
    assert_eq!((erased.outcome, erased.counts["files"]), (Outcome::Erased, 1));
    obedient.running.stop().await;
}

#[tokio::test]
async fn a_store_that_hangs_costs_the_call_its_time_and_no_process_its_life() {
    let obedient = Obedient::start(&[], json!({ "call_max": "1s" })).await;
    let before = obedient.process();
    let late = obedient.erase(&Store::with(0), None).await.expect_err("not stored");
    assert!(matches!(&late, TargetError::Retryable(why) if why == "not stored"), "{late:?}");
    assert_eq!(obedient.process(), before);
    assert!(obedient.has_file());
    obedient.running.stop().await;
}

#[tokio::test]
async fn a_dry_run_and_a_host_that_stores_nothing_store_nothing() {
    let obedient = Obedient::start(&[], json!({})).await;
    let store = Store::with(9);
    let checkpoint = Arc::clone(&store) as Arc<dyn Checkpoint>;
    let dry_run = TargetCall { dry_run: true, checkpoint, ..call("ann") };
    assert_eq!(obedient.running.host.erase(&dry_run).await.expect("an answer").outcome, Outcome::Residual);
    assert_eq!(store.asked.load(Ordering::Relaxed), 0);
    obedient.running.stop().await;

    let obedient = Obedient::on(&[], json!({}), |installed| installed).await;
    assert_eq!(obedient.erase(&store, None).await.expect("an answer").outcome, Outcome::Erased);
    assert_eq!(store.asked.load(Ordering::Relaxed), 0, "it is not offered");
    obedient.running.stop().await;

    let running = Running::with(wayward(json!({ "args": ["--resumes"] })), None).await;
    assert_eq!(running.number("resume 1").await, 2, "unsupported, as with a host of protocol 1.0");
    running.stop().await;
}

#[tokio::test]
async fn every_checkpoint_of_a_program_is_answered() {
    let running =
        Running::supervised(installed(wayward(json!({ "args": ["--resumes"] }))).storing_resume(), program()).await;
    let store = Store::with(99);
    let number = async |what: &str| {
        let checkpoint = Arc::clone(&store) as Arc<dyn Checkpoint>;
        let answer = running.host.erase(&TargetCall { checkpoint, ..call(what) }).await.expect("an answer");
        answer.counts["number"]
    };
    assert_eq!(number("resume 65536").await, 0);
    assert_eq!(number("resume 65537").await, 1, "too large");
    assert_eq!(number("resume-at-once").await, 1, "one at a time");
    assert_eq!(number("resume-of-none").await, 1, "there is no such call");
    assert_eq!(store.last().expect("stored").expose().len(), 0, "the last one was empty");
    running.stop().await;

    let undeclared = Running::supervised(installed(wayward(json!({}))).storing_resume(), program()).await;
    assert_eq!(undeclared.number("resume 1").await, 2, "it does not declare it");
    undeclared.stop().await;
}

#[tokio::test]
async fn what_is_found_is_of_the_kinds_that_were_declared_and_nothing_else_is_taken() {
    let obedient = Obedient::start(&[], json!({})).await;
    let found = obedient.running.host.find(&call("ann")).await.expect("found");
    let told: Vec<_> = found.identifiers.0.iter().map(|one| (one.kind.as_str(), one.value.expose())).collect();
    assert_eq!((told.as_slice(), found.more), (&[("customer_no", "4711")][..], false));
    assert!(obedient.has_file(), "it changes nothing");
    obedient.running.stop().await;

    let indiscreet = Obedient::start(&["-DTELLS_MORE"], json!({})).await;
    let refused = indiscreet.running.host.find(&call("ann")).await.expect_err("of an undeclared kind");
    assert!(matches!(&refused, TargetError::Retryable(why) if why.contains("`returns`")), "{refused:?}");
    indiscreet.running.stop().await;

    let silent = Running::with(wayward(json!({})), None).await;
    assert!(silent.host.find(&call("ann")).await.expect("nothing").identifiers.0.is_empty());
    silent.stop().await;
}
