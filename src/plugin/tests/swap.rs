//! Plugins that are replaced while calls are under way.

use std::sync::Arc;

use serde_json::json;

use super::supervisor::{Running, call, installed, process};
use super::*;
use crate::erasure::Outcome;
use crate::target::{Target as _, TargetError};

/// Settings of a library at a fixed path, where another one can be put.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { folder: TempDir::new().expect("a folder") };
        place.put(&Compiled::wayward().library);
        place
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("plugin.so")
    }

    /// As a careful installation does it.
    fn put(&self, file: &Path) {
        let new = self.folder.path().join("new");
        std::fs::copy(file, &new).expect("copied");
        std::fs::rename(new, self.file()).expect("moved");
    }

    fn settings(&self) -> PluginSettings {
        settings(&self.file())
    }
}

/// Waits for something that tasks of this test have to do; the test's own limit is the longest wait.
async fn until(done: impl Fn() -> bool) {
    while !done() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn version_two() -> Compiled {
    Compiled::new("wayward.c", &["-DVERSION=\"2\""])
}

fn version(host: &PluginHost) -> String {
    match host.state() {
        PluginState::Up(info) => info.version,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_call_under_way_ends_in_the_old_process_and_the_next_one_runs_in_the_new() {
    let place = Place::new();
    let running = Running::with(place.settings(), None).await;
    let old = process(&running.erase("ann").await.expect("an answer"));
    let host = Arc::clone(&running.host);
    let waiting = tokio::spawn(async move { host.erase(&call("linger")).await });
    until(|| running.host.view().calls > 0).await;

    place.put(&version_two().library);
    let info = running.host.reload(installed(place.settings())).await.expect("replaced");
    assert_eq!((info.version.as_str(), version(&running.host).as_str()), ("2", "2"));
    assert_ne!(process(&running.erase("ann").await.expect("an answer")), old);
    let lingered = waiting.await.expect("ends").expect("an answer");
    assert_eq!((lingered.outcome, process(&lingered)), (Outcome::Erased, old));
    until(|| !super::supervisor::is_alive(old)).await;
    assert_eq!(running.host.view().restarts, 1);
    running.stop().await;
}

#[tokio::test]
async fn calls_go_on_without_a_failure_while_a_plugin_is_replaced_again_and_again() {
    let place = Place::new();
    let running = Running::with(place.settings(), None).await;
    let calls: Vec<_> = (0..8)
        .map(|caller| {
            let host = Arc::clone(&running.host);
            tokio::spawn(async move {
                for n in 0..200 {
                    host.erase(&call(&format!("ann {caller} {n}"))).await.expect("no call fails");
                }
            })
        })
        .collect();
    for _ in 0..5 {
        running.host.reload(installed(place.settings())).await.expect("replaced");
    }
    for caller in calls {
        caller.await.expect("ends");
    }
    running.stop().await;
}

#[tokio::test]
async fn what_is_no_better_does_not_take_over() {
    let place = Place::new();
    let running = Running::with(place.settings(), None).await;
    let old = process(&running.erase("ann").await.expect("an answer"));
    let change = |change: serde_json::Value| {
        let mut settings = serde_json::json!({ "name": "wayward", "library": place.file(), "grants": ["name"] });
        settings.as_object_mut().expect("an object").extend(change.as_object().cloned().unwrap_or_default());
        installed(serde_json::from_value(settings).expect("settings"))
    };
    let table = [
        (json!({ "config": { "mood": "bad" } }), "in a bad mood"),
        (json!({ "config": { "mood": "sick" } }), "not healthy: feeling sick"),
        (json!({ "config": { "mood": 7 } }), "config.mood"),
        (json!({ "grants": ["email"] }), "requires `name`"),
        (json!({ "sha256": "ab".repeat(32) }), "is wanted (`sha256`)"),
    ];
    for (candidate, expected) in table {
        let refused = running.host.reload(change(candidate)).await.expect_err("refused");
        assert!(refused.contains(expected), "{refused}");
        assert_eq!(process(&running.erase("ann").await.expect("it goes on")), old);
    }
    let last = running.host.view().last_error.expect("noted");
    assert!(last.why.contains("not replaced: "), "{}", last.why);
    running.stop().await;
}

#[tokio::test]
async fn another_file_takes_over_by_itself_and_a_broken_one_does_not() {
    let place = Place::new();
    let running = Running::with(place.settings(), None).await;
    let broken = place.folder.path().join("broken");
    std::fs::write(&broken, "not a library").expect("written");
    place.put(&broken);
    let noted = || running.host.view().last_error.is_some_and(|error| error.why.contains("not replaced"));
    until(noted).await;
    assert_eq!(version(&running.host), "1");
    running.erase("ann").await.expect("it goes on");

    place.put(&version_two().library);
    until(|| version(&running.host) == "2").await;
    running.stop().await;
}

#[tokio::test]
async fn a_library_that_is_written_over_harms_nobody() {
    let place = Place::new();
    let running = Running::with(place.settings(), None).await;
    let old = process(&running.erase("ann").await.expect("an answer"));
    // In place, as a careless installation does it: the pages of a mapped file would be gone.
    std::fs::File::create(place.file()).expect("truncated");
    assert_eq!(process(&running.erase("ann").await.expect("it goes on")), old);
    assert!(matches!(running.erase("crash").await, Err(TargetError::Retryable(_))));
    std::fs::copy(version_two().library, place.file()).expect("written over");
    until(|| matches!(running.host.state(), PluginState::Up(info) if info.version == "2")).await;
    running.erase("ann").await.expect("it works again");
    running.stop().await;
}

#[tokio::test]
async fn a_plugin_that_cannot_work_is_brought_back_by_a_reload() {
    let place = Place::new();
    let mut settings = place.settings();
    settings.config = json!({ "mood": "bad" });
    let running = Running::with(settings, None).await;
    assert!(matches!(running.host.state(), PluginState::Failed(_)));
    running.host.reload(installed(place.settings())).await.expect("mended");
    running.erase("ann").await.expect("it works");
    running.stop().await;
}

#[tokio::test]
async fn a_process_that_is_lost_while_another_one_starts_is_told_of() {
    let place = Place::new();
    let running = Running::with(place.settings(), None).await;
    let mut slow = place.settings();
    slow.config = json!({ "mood": "slow" });
    let host = Arc::clone(&running.host);
    let replacing = tokio::spawn(async move { host.reload(installed(slow)).await });
    until(|| running.host.view().restarts == 1).await;
    assert!(running.erase("crash").await.is_err());
    until(|| matches!(running.host.state(), PluginState::Restarting(_))).await;
    assert!(running.host.view().last_error.expect("noted").why.contains("signal 6"));
    replacing.await.expect("ends").expect("it takes over all the same");
    running.erase("ann").await.expect("it works");
    running.stop().await;
}
