//! Programs that are plugins.

use libc::{EACCES, EPERM};
use serde_json::json;

use super::supervisor::{Running, is_alive};
use super::*;
use crate::plugin::launch::Level;
use crate::target::{Target as _, TargetError};

async fn start(more: serde_json::Value) -> Running {
    Running::with(wayward(more), None).await
}

pub(super) fn wayward(more: serde_json::Value) -> PluginSettings {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/wayward.py");
    let mut settings = json!({ "name": "wayward", "exec": program, "grants": ["name"] });
    settings.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    serde_json::from_value(settings).expect("settings")
}

impl Running {
    pub(super) async fn number(&self, what: &str) -> i32 {
        let answer = self.erase(what).await.expect("an answer");
        i32::try_from(answer.counts["number"]).expect("a number")
    }
}

#[tokio::test]
async fn a_program_speaks_the_protocol_and_is_confined_like_a_library() {
    let running = start(json!({})).await;
    let PluginState::Up(info) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert_eq!((info.name.as_str(), info.facts["python"].as_str()), ("wayward-exec", "yes"));
    assert_eq!(info.facts["sha256"].len(), 64, "what the host found out is not overwritten");
    running.host.health().await.expect("healthy");
    assert_eq!(running.number("session").await, EPERM);
    assert_eq!(running.number("environment").await, 0);
    assert_eq!(running.number("descriptors").await, 0);
    if info.sandbox >= Level::Files {
        assert_eq!(running.number("read /etc/passwd").await, EACCES);
        assert_eq!(running.number("write /tmp/of-a-plugin").await, EACCES);
    }
    running.stop().await;
}

#[tokio::test]
async fn what_a_program_has_started_ends_with_it() {
    let running = start(json!({})).await;
    let left = running.number("leave").await;
    assert!(is_alive(left));
    running.stop().await;
    eventually("what it left behind ends", || {
        std::fs::read_to_string(format!("/proc/{left}/stat")).map_or(true, |stat| stat.contains(") Z "))
    });
}

#[tokio::test]
async fn a_program_that_crashes_is_started_again() {
    let running = start(json!({})).await;
    let crashed = running.erase("crash").await;
    assert!(matches!(&crashed, Err(TargetError::Retryable(why)) if why.contains("its process ended")), "{crashed:?}");
    running.erase("ann").await.expect("it was started again");
    running.stop().await;
}

#[tokio::test]
async fn a_call_that_the_program_cancels_by_itself_has_failed_and_is_not_made_twice_where_that_could_be_too_often() {
    let running = start(json!({})).await;
    let cancelled = running.erase("cancel").await;
    assert!(matches!(&cancelled, Err(TargetError::Retryable(why)) if why.contains("cancelled")), "{cancelled:?}");
    running.stop().await;
    let once = start(json!({ "args": ["--once"] })).await;
    let cancelled = once.erase("cancel").await;
    assert!(matches!(&cancelled, Err(TargetError::Permanent(why)) if why.contains("asked twice")), "{cancelled:?}");
    once.stop().await;
}

#[tokio::test]
async fn frames_that_are_none_cost_the_program_its_life() {
    let frames = [
        ("nothing", "00000000"),
        ("four gigabytes", "ffffffff"),
        ("not JSON", "000000027b7b"),
        ("not UTF-8", "00000004fffefdfc"),
        ("no object", "000000025b5d"),
        ("a hello", "000000147b2274797065223a227265616479227d2020202020"),
    ];
    for (what, frame) in frames {
        let running = start(json!({})).await;
        let broken = running.erase(&format!("raw {frame}")).await;
        let Err(TargetError::Retryable(why)) = &broken else { panic!("{what}: {broken:?}") };
        assert!(why.contains("broke the protocol"), "{what}: {why}");
        let is_frame = what == "a hello";
        assert!(is_frame || why.contains("belongs on its standard error"), "{what}: {why}");
        running.stop().await;
    }
}

#[tokio::test]
async fn a_program_that_is_none_is_refused_by_name() {
    let folder = TempDir::new().expect("a folder");
    let script = |name: &str, text: &str, mode| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("changed");
        path
    };
    let table = [
        (script("plain.sh", "#!/bin/sh\n", 0o644), "is it executable? chmod +x"),
        (script("lost.py", "#!/nowhere/python\n", 0o755), "the interpreter in its first line is not there"),
    ];
    for (path, expected) in table {
        let running = Running::with(wayward(json!({ "exec": path })), None).await;
        let PluginState::Failed(why) = running.host.state() else { panic!("{:?}", running.host.state()) };
        assert!(why.contains(expected) && why.contains(&*path.to_string_lossy()), "{why}");
        running.stop().await;
    }
    for (name, text) in [("true.sh", "#!/bin/sh\nexit 3\n"), ("loud.sh", "#!/bin/sh\necho hello\nexit 3\n")] {
        let lost = Running::with(wayward(json!({ "exec": script(name, text, 0o755) })), None).await;
        let PluginState::Restarting(why) = lost.host.state() else { panic!("{:?}", lost.host.state()) };
        assert!(why.contains("what it prints belongs on its standard error"), "{why}");
        lost.stop().await;
    }
}

#[test]
fn a_plugin_is_a_library_or_a_program() {
    let refused = |more| {
        let settings = wayward(more);
        super::Installed::find(settings, Path::new("."), &super::supervisor::read)
            .err()
            .map(|e| e.why)
            .unwrap_or_default()
    };
    assert!(refused(json!({ "library": "x.so" })).contains("both `library` and `exec`"));
    assert!(refused(json!({ "exec": null })).contains("neither `library` nor `exec`"));
    assert!(refused(json!({ "exec": null, "library": "x.so", "args": ["-v"] })).contains("`args` are for `exec`"));
    assert!(refused(json!({ "sha256": "abc" })).contains("64 hexadecimal digits"));
}
