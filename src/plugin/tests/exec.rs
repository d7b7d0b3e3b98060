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

#[tokio::test]
async fn a_pinned_program_is_executed_as_it_was_hashed() {
    let program = Path::new("/bin/true");
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(program).expect("readable")));
    let running = Running::with(wayward(json!({ "exec": program, "sha256": hash })), None).await;
    let PluginState::Restarting(why) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(why.contains("its process ended"), "it ran: {why}");
    running.stop().await;
    let running = Running::with(wayward(json!({ "exec": program, "sha256": "ab".repeat(32) })), None).await;
    let PluginState::Failed(why) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(why.contains("is wanted (`sha256`)"), "{why}");
    running.stop().await;
}

/// A copy of `wayward.py` that somebody else runs.
fn script(folder: &Path, interpreter: &str) -> PathBuf {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plugins/wayward.py"));
    let (_, body) = text.as_deref().expect("there").split_once('\n').expect("a first line");
    let file = folder.join("plugin.py");
    std::fs::write(&file, format!("#!{interpreter}\n{body}")).expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("ours");
    file
}

fn hash(file: &Path) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(std::fs::read(file).expect("readable")))
}

#[tokio::test]
async fn a_pinned_script_is_run_from_the_copy_that_was_hashed() {
    let folder = TempDir::new().expect("a folder");
    let file = script(folder.path(), "/usr/bin/env python3");
    let running = Running::with(wayward(json!({ "exec": file, "sha256": hash(&file) })), None).await;
    let PluginState::Up(info) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert_eq!((running.number("file").await, info.doubts), (1, Vec::new()));
    running.stop().await;
    let running = Running::with(wayward(json!({ "exec": file })), None).await;
    assert_eq!(running.number("file").await, 0, "what is not pinned is where it is");
    running.stop().await;
}

#[tokio::test]
async fn where_a_pin_cannot_hold_it_is_said() {
    let folder = TempDir::new().expect("a folder");
    let other = folder.path().join("other");
    std::os::unix::fs::symlink("/bin/sh", &other).expect("made");
    // What it is called is what counts: nobody knows how it finds what it runs.
    let file = script(folder.path(), &other.display().to_string());
    let text = std::fs::read_to_string(&file).expect("there");
    let body = format!("#!{}\nexec python3 {:?}\n", other.display(), folder.path().join("body.py"));
    std::fs::write(folder.path().join("body.py"), text).expect("written");
    std::fs::write(&file, body).expect("written");
    let settings = json!({ "exec": file, "sha256": hash(&file), "reads": [folder.path()] });
    let running = Running::with(wayward(settings), None).await;
    let PluginState::Up(info) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(info.doubts.iter().any(|doubt| doubt.contains("cannot hold: `other` reads the file again")), "{info:?}");
    running.stop().await;
}

fn set(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("ours");
}

async fn refused(more: serde_json::Value, expected: &str) {
    let running = Running::with(wayward(more.clone()), None).await;
    let PluginState::Failed(why) = running.host.state() else { panic!("{more}: {:?}", running.host.state()) };
    assert!(why.contains(expected), "{more}: {why}");
    running.stop().await;
}

#[tokio::test]
async fn a_file_that_others_may_write_to_is_refused() {
    let above = TempDir::new().expect("a folder");
    let folder = above.path().join("plugins");
    std::fs::create_dir(&folder).expect("made");
    let file = script(&folder, "/usr/bin/env python3");
    let plugin = json!({ "exec": file });
    set(&file, 0o757);
    refused(plugin.clone(), "writable by every user").await;
    set(&file, 0o755);
    for place in [&*folder, above.path()] {
        set(place, 0o777);
        refused(plugin.clone(), &format!("{} is writable by every user", place.display())).await;
        set(place, 0o755);
    }
    // As `/tmp` is: there, nobody replaces what is another's.
    set(&folder, 0o1777);
    set(&file, 0o775);
    let running = Running::with(wayward(plugin.clone()), None).await;
    assert!(matches!(running.host.state(), PluginState::Up(_)), "the server's own group: {:?}", running.host.state());
    running.stop().await;
    if rustix::process::geteuid().is_root() {
        std::os::unix::fs::chown(&file, None, Some(65534)).expect("root may");
        set(&file, 0o775);
        refused(plugin.clone(), "writable by the group 65534").await;
        set(&file, 0o755);
        std::os::unix::fs::chown(&folder, None, Some(65534)).expect("root may");
        set(&folder, 0o775);
        refused(plugin, &format!("{} is writable by the group 65534", folder.display())).await;
    }
}

/// What runs in the end is what counts, however it is named: as an argument, as an interpreter, by a link.
#[tokio::test]
async fn whatever_a_plugin_runs_is_held_to_the_same() {
    let (folder, others) = (TempDir::new().expect("a folder"), TempDir::new().expect("a folder"));
    let file = script(folder.path(), "/usr/bin/env python3");
    let python = Path::new("/usr/bin/python3");
    let packed = folder.path().join("packed");
    std::fs::create_dir(&packed).expect("made");
    std::fs::copy(&file, packed.join("__main__.py")).expect("copied");
    let by = |args: serde_json::Value| json!({ "exec": python, "args": args, "reads": [folder.path()] });
    for (written, args) in [
        (&file, json!([file])),
        (&file, json!([format!("--script={}", file.display())])),
        (&packed.join("__main__.py"), json!(["-B", packed])),
    ] {
        set(written, 0o777);
        refused(by(args), &format!("{} is writable by every user", written.display())).await;
        set(written, 0o755);
    }
    let link = others.path().join("plugin.py");
    std::os::unix::fs::symlink(&file, &link).expect("made");
    set(others.path(), 0o777);
    refused(json!({ "exec": link }), "writable by every user").await;
    let interpreter = others.path().join("python3");
    std::fs::copy("/bin/sh", &interpreter).expect("copied");
    let file = script(folder.path(), &interpreter.display().to_string());
    refused(json!({ "exec": file }), "writable by every user").await;

    let file = script(folder.path(), "/usr/bin/env python3");
    let pinned = json!({ "exec": python, "sha256": hash(python), "args": ["-B", file], "reads": [folder.path()] });
    let running = Running::with(wayward(pinned), None).await;
    let doubts = running.info().doubts;
    let not_pinned = format!("alone, and not of {}", file.display());
    assert!(doubts.iter().any(|doubt| doubt.contains(&not_pinned)), "{doubts:?}");
    running.stop().await;
    let running = Running::with(wayward(json!({ "args": ["--none=1", "/dev/null"] })), None).await;
    assert_eq!(running.info().doubts, [""; 0], "what is no file is nobody's");
    running.stop().await;
}
