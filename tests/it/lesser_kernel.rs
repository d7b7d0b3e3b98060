//! What a plugin is told of and refused where the kernel offers less than it could.

use std::path::Path;
use std::process::Command;

use sha2::Digest as _;

use crate::harness::{Deployment, ERASE, Server, StandIn, wait_for};
use crate::hostile::compiled::Compiled;

const LANDLOCK: i64 = 444;
const MEMFD: i64 = if cfg!(target_arch = "x86_64") { 319 } else { 279 };

fn without(call: i64) -> Command {
    let mut python = Command::new("python3");
    python.args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/plugins/without.py"), &call.to_string()]);
    python
}

/// A deployment with one library.
fn deployment(standin: &StandIn, compiled: &Compiled, more: &str) -> Deployment {
    let library = compiled.library();
    let plugin = format!(
        "[[plugin]]\nname = \"one\"\nlibrary = {library:?}\ngrants = [\"email\"]\nsecrets = {{ token = {{ file = \"api.secret\" }} }}\n\
         config = {{ does = \"good\" }}\n{more}"
    );
    Deployment::new(standin, &format!("{ERASE}\n{plugin}"))
}

fn pin(file: &Path) -> String {
    format!("sha256 = \"{}\"\n", hex::encode(sha2::Sha256::digest(std::fs::read(file).expect("readable"))))
}

#[test]
fn status_says_when_a_plugin_runs_at_less_than_the_highest_level() {
    let (standin, compiled) = (StandIn::start(), Compiled::new());
    let deployment = deployment(&standin, &compiled, "");
    let server = Server::start_through(without(LANDLOCK), &deployment, &[]);
    wait_for("the level in status", || {
        let status = String::from_utf8_lossy(&deployment.run(&["status"]).stdout).into_owned();
        status.contains("plugin one works, but: its sandbox reaches the level `syscalls` only").then_some(())
    });
    let listed = deployment.json(&["plugin", "list"]);
    assert!(listed.to_string().contains("\"sandbox\":\"syscalls\""), "{listed}");
    server.stop();
}

#[test]
fn a_level_that_is_asked_for_is_not_undercut() {
    let (standin, compiled) = (StandIn::start(), Compiled::new());
    let deployment = deployment(&standin, &compiled, "sandbox = \"network\"\n");
    let server = Server::start_through(without(LANDLOCK), &deployment, &[]);
    wait_for("its refusal", || {
        let listed = deployment.run(&["--json", "plugin", "list"]);
        String::from_utf8_lossy(&listed.stdout).contains("`network` is wanted").then_some(())
    });
    server.stop();
}

#[test]
fn a_pinned_library_is_refused_where_there_is_no_sealed_copy() {
    let (standin, compiled) = (StandIn::start(), Compiled::new());
    let pinned = deployment(&standin, &compiled, &pin(&compiled.library()));
    let server = Server::start_through(without(MEMFD), &pinned, &[]);
    wait_for("its refusal", || {
        let listed = pinned.run(&["--json", "plugin", "list"]);
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        listed.contains("is pinned by `sha256`, and cannot be run as it was hashed").then_some(())
    });
    server.stop();
}
