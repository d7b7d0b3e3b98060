//! The start: what is inspected, what is remembered of it, and how many processes that takes.

use serde_json::json;

use super::exec::wayward as program_settings;
use super::supervisor::{Running, call, installed, is_alive, process};
use super::*;
use crate::plugin::launch::Level;
use crate::target::Target as _;

/// The program that becomes a child, which counts how often it was started.
struct Counted {
    folder: TempDir,
}

impl Counted {
    fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let this = std::env::current_exe().expect("known");
        let script =
            format!("#!/bin/sh\necho >> '{}/starts'\nexec '{}' \"$@\"\n", folder.path().display(), this.display());
        std::fs::write(folder.path().join("program"), script).expect("written");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path().join("program"), mode).expect("changed");
        Self { folder }
    }

    fn program(&self) -> Program {
        Program::new(self.folder.path().join("program"), [CHILD, "--exact"])
    }

    fn starts(&self) -> usize {
        std::fs::read_to_string(self.folder.path().join("starts")).expect("started").lines().count()
    }
}

#[tokio::test]
async fn a_restart_takes_one_process_as_the_file_is_known_by_its_hash() {
    let wayward = Compiled::wayward();
    let counted = Counted::new();
    let running = Running::supervised(installed(wayward.settings()), counted.program()).await;
    let before = process(&running.host.erase(&call("ann")).await.expect("an answer"));
    assert_eq!(counted.starts(), 3, "launched, inspected, and its configuration validated");

    running.host.erase(&call("crash")).await.expect_err("a crash");
    let after = process(&running.host.erase(&call("ann")).await.expect("it was restarted"));
    assert_ne!(before, after);
    assert_eq!(counted.starts(), 4, "launched");
    running.stop().await;
}

#[tokio::test]
async fn a_program_whose_modules_changed_its_manifest_is_inspected_again() {
    let folder = TempDir::new().expect("a folder");
    let module = folder.path().join("module");
    std::fs::write(&module, "1").expect("written");
    let settings = json!({ "args": ["--version-from", module], "reads": [folder.path()] });
    let running = Running::supervised(installed(program_settings(settings)), program()).await;
    assert_eq!(running.info().version, "1");

    std::fs::write(&module, "2").expect("written");
    running.host.erase(&call("crash")).await.expect_err("a crash");
    running.host.erase(&call("ann")).await.expect("it was restarted");
    assert_eq!(running.info().version, "2", "its hash is the same, its manifest is not");
    running.stop().await;
}

#[tokio::test]
async fn a_process_with_another_manifest_than_its_inspection_found_is_refused() {
    let running = Running::supervised(installed(program_settings(json!({ "args": ["--fickle"] }))), program()).await;
    let PluginState::Failed(why) = running.host.state() else { panic!("{:?}", running.host.state()) };
    assert!(why.contains("another one than its inspection found"), "{why}");
    running.stop().await;
}

#[tokio::test]
async fn an_inspection_may_not_write_where_the_plugin_may() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("file");
    let settings = json!({ "args": ["--write", file], "writes": [folder.path()] });
    let inspected = TestedPlugin {
        installed: installed(program_settings(settings.clone())),
        program: program(),
        identifiers: Vec::new(),
        region: None,
        calls: 0,
    };
    let introduction = introduce(&inspected).await.expect("introduced");
    if introduction.sandbox >= Level::Files {
        assert_eq!(introduction.facts["write"], libc::EACCES.to_string());
    }
    let running = Running::supervised(installed(program_settings(settings)), program()).await;
    assert_eq!(running.info().facts["write"], "0");
    let launched = i32::try_from(running.info().process).expect("a process id");
    running.stop().await;
    assert!(!is_alive(launched));
}
