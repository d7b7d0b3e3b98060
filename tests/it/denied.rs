//! Commands of an account that may not use what they need: they say which file, why, and what helps, and never that all is well.

use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output};

use crate::harness::{Away, Deployment, Server};

/// Who owns nothing.
const ORDINARY: u32 = 65_534;

/// Of what nothing is known.
const DENIED: Option<i32> = Some(10);

/// A ledger in a folder of its own, whose server has ended by this signal.
fn deployment(signal: &str) -> Deployment {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    assert_eq!(server.deliver_end(1), 204);
    server.leaves_work("mluvii is away");
    if signal == "KILL" {
        server.kill()
    } else {
        drop(server.stop())
    }
    std::fs::create_dir(deployment.path("data")).expect("made");
    for entry in std::fs::read_dir(deployment.folder()).expect("it is there") {
        let name = entry.expect("it is there").file_name().into_string().expect("UTF-8");
        if name.starts_with("quietus.db") {
            std::fs::rename(deployment.path(&name), deployment.path("data").join(name)).expect("moved");
        }
    }
    deployment.add("[ledger]\nurl = \"sqlite:data/quietus.db\"\n");
    mode(deployment.folder(), 0o755);
    deployment
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("root may");
}

/// Hands what is there to the ordinary account, or takes it back.
fn give(deployment: &Deployment, names: &[&str], to: u32) {
    for name in names {
        chown(deployment.path(name), Some(to), Some(to)).expect("root may");
    }
}

const LEDGER: [&str; 5] =
    ["data", "data/quietus.db", "data/quietus.db-wal", "data/quietus.db-shm", "data/quietus.db.lock"];

/// Runs a command as the ordinary account.
fn run(deployment: &Deployment, arguments: &[&str]) -> Output {
    let mut command = Command::new("setpriv");
    let id = ORDINARY;
    command.args([&format!("--reuid={id}"), &format!("--regid={id}"), "--clear-groups", "--"]);
    command.arg(env!("CARGO_BIN_EXE_quietus")).arg("--config").arg(deployment.path("quietus.toml")).args(arguments);
    command.stdin(std::process::Stdio::null()).output().expect("it runs")
}

fn said(output: &Output) -> String {
    [&*output.stdout, &output.stderr].map(String::from_utf8_lossy).concat()
}

/// It names the file and what helps, with the exit code that says no more than that nobody knows.
#[track_caller]
fn is_denied(deployment: &Deployment, file: &str) {
    for arguments in [&["status"][..], &["--json", "status"], &["attention", "list"], &["erasures", "list"]] {
        let output = run(deployment, arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), DENIED, "{arguments:?}: {said}");
        let path = deployment.path(file).display().to_string();
        assert!(said.contains(&format!("{path}: ")), "{arguments:?}: {path} is not named: {said}");
        assert!(said.contains("sudo -u"), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}: {said}");
        for never in ["nothing needs a person", "panicked", "damaged", "there is no ledger"] {
            assert!(!said.contains(never), "{arguments:?}: {said}");
        }
    }
}

#[test]
fn a_status_that_nobody_may_know_names_the_file_and_says_what_helps() {
    let deployment = deployment("KILL");
    // As it is in the server's hands alone.
    is_denied(&deployment, "data/quietus.db");
    give(&deployment, &LEDGER, ORDINARY);
    for name in LEDGER {
        let was = std::fs::metadata(deployment.path(name)).expect("it is there").permissions().mode();
        give(&deployment, &[name], 0);
        mode(&deployment.path(name), 0o000);
        is_denied(&deployment, name);
        mode(&deployment.path(name), was);
        give(&deployment, &[name], ORDINARY);
    }
    // What SQLite makes beside the file, in a folder in which it may not.
    for name in ["data/quietus.db-wal", "data/quietus.db-shm"] {
        std::fs::remove_file(deployment.path(name)).expect("it is there");
    }
    mode(&deployment.path("data"), 0o555);
    is_denied(&deployment, "data");
    mode(&deployment.path("data"), 0o755);
    mode(&deployment.path("quietus.toml"), 0o000);
    is_denied(&deployment, "quietus.toml");
}

/// Neither secrets, nor keys, nor the state, nor the generations of the seal key are needed for it.
#[test]
fn a_status_needs_no_secret_and_no_key() {
    let deployment = deployment("TERM");
    // The log is in the file.
    give(&deployment, &["data", "data/quietus.db", "data/quietus.db.lock"], ORDINARY);
    for name in ["webhook.secret", "api.secret", "crm.token", "keys", "quietus.state", "quietus.seals"] {
        mode(&deployment.path(name), 0o000);
    }
    let output = run(&deployment, &["status"]);
    // A person is needed: no server is there.
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("no server works on this ledger"), "{}", said(&output));
}

/// But for the password of a database.
#[test]
fn the_password_of_the_ledger_is_named_as_well() {
    let deployment = deployment("TERM");
    let config = deployment.configuration();
    let database = "url = \"postgres://quietus@127.0.0.1:1/quietus\"\npassword = { file = \"ledger.secret\" }";
    deployment.write("quietus.toml", &config.replace("url = \"sqlite:data/quietus.db\"", database));
    deployment.write("ledger.secret", "a-password-of-a-database");
    mode(&deployment.path("ledger.secret"), 0o600);
    is_denied(&deployment, "ledger.secret");
}

/// A server is told alike, and takes what it may not see for neither gone nor damaged.
#[test]
fn a_server_that_may_not_use_its_ledger_says_so() {
    let deployment = deployment("TERM");
    give(&deployment, &["keys"], ORDINARY);
    for key in std::fs::read_dir(deployment.path("keys")).expect("it is there") {
        chown(key.expect("it is there").path(), Some(ORDINARY), Some(ORDINARY)).expect("root may");
    }
    for file in ["data/quietus.db", "data"] {
        let output = run(&deployment, &["serve"]);
        assert_eq!(output.status.code(), DENIED, "{}", said(&output));
        let path = deployment.path(file).display().to_string();
        assert!(said(&output).contains(&format!("{path}: ")), "{}", said(&output));
        mode(&deployment.path("data"), 0o700);
    }
}
