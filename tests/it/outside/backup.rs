//! `quietus ledger backup`.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use rusqlite::{Connection, OpenFlags};

use super::Company;
use crate::harness::{PATIENCE, quietus, runtime, send_end, sender};

/// The files in a folder whose backup is not whole.
fn partial(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).expect("listed").map(|entry| entry.expect("an entry").file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| name.contains(".partial-")).collect()
}

/// What a backup holds, read as any program would.
#[track_caller]
fn events_in(path: &Path) -> i64 {
    let backup = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).expect("opens");
    let text = |sql: &str| backup.query_row(sql, [], |row| row.get::<_, String>(0)).expect(sql);
    assert_eq!(text("PRAGMA integrity_check"), "ok");
    assert_eq!(text("PRAGMA journal_mode"), "delete", "it needs no log beside it");
    backup.query_row("SELECT count(*) FROM event", [], |row| row.get(0)).expect("counted")
}

#[test]
fn a_backup_that_is_made_under_load_holds_all_that_was_acknowledged_before_it() {
    let company = Company::new();
    let server = company.serve();
    server.leaves_work("mluvii has none of these sessions");
    let mut acknowledged = 0;
    let mut before = 0;
    let address = server.address;
    for round in 0..4 {
        let name = format!("backup-{round}.db");
        let to = company.path(&name);
        std::thread::scope(|scope| {
            let sent = scope.spawn(move || {
                let client = sender();
                let mut taken = 0;
                runtime().block_on(async {
                    for nth in 0..60 {
                        let answer = send_end(&client, address, 1_000 + round * 100 + nth).await;
                        taken += i64::from(answer == Some(204));
                    }
                });
                taken
            });
            company.says(&["ledger", "backup", "--to", &to], 0);
            acknowledged += sent.join().expect("sent");
        });
        let path = company.deployment.path(&name);
        assert_eq!(path.metadata().expect("is there").permissions().mode() & 0o777, 0o600);
        let held = events_in(&path);
        assert!(before <= held && held <= acknowledged, "{before} {held} {acknowledged}");
        before = acknowledged;
    }
    assert_eq!(acknowledged, 240);
    assert_eq!(partial(company.deployment.folder()), [] as [&str; 0]);

    let there = company.path("backup-0.db");
    let said = company.says(&["ledger", "backup", "--to", &there], 1);
    assert!(said.contains("is there already; a backup overwrites nothing"), "{said}");
    let acts = company.deployment.json(&["audit", "list", "--act", "ledger.backup"]);
    assert_eq!(acts.as_array().map(Vec::len), Some(8), "each was begun and done: {acts}");
}

/// A ledger of some size, on which nobody works.
fn with_a_large_ledger(bytes: u32) -> Company {
    let company = Company::new();
    company.serve_and_erase(&[101], 0);
    let fill = format!("INSERT INTO meta VALUES ('filler', randomblob({bytes}))");
    assert_eq!(company.deployment.ledger().execute(&fill, []).expect("written"), 1);
    company
}

#[test]
fn its_progress_is_shown_where_a_person_looks_and_only_there() {
    let company = with_a_large_ledger(400_000_000);
    let program = env!("CARGO_BIN_EXE_quietus");
    let backup = |to: &str| {
        format!("{program} --config {} ledger backup --to {}", company.path("quietus.toml"), company.path(to))
    };
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).env("TERM", "xterm").stdin(Stdio::null()).output();
        let output = output.expect("it runs");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success() && said.contains("wrote "), "{said}");
        said
    };
    // A terminal of its own, of a size.
    let watched = format!("stty cols 100 rows 30; exec {}", backup("watched.db"));
    let said = run("script", &["--quiet", "--return", "--command", &watched, "/dev/null"]);
    assert!(said.contains(" MiB, ") && said.contains(" left"), "{said:?}");
    let said = run("sh", &["-c", &backup("unwatched.db")]);
    assert!(!said.contains(" left") && !said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_backup_that_is_killed_midway_has_no_name() {
    let company = with_a_large_ledger(60_000_000);
    let to = company.path("backup.db");
    let mut backup = quietus();
    backup.arg("--config").arg(company.deployment.path("quietus.toml")).args(["ledger", "backup", "--to", &to]);
    let mut backup = backup.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("runs");
    // Asked without a pause: it takes a moment only.
    let until = Instant::now() + PATIENCE;
    while partial(company.deployment.folder()).is_empty() {
        assert!(Instant::now() < until, "it does not begin");
        std::thread::yield_now();
    }
    backup.kill().expect("it is ours");
    backup.wait().expect("it ends");
    assert!(!Path::new(&to).exists(), "half a backup has the name of a whole one");
    company.says(&["ledger", "backup", "--to", &to], 0);
    assert!(events_in(Path::new(&to)) > 0);
}

#[test]
fn a_backup_without_room_on_the_disk_has_no_name_and_leaves_nothing() {
    let company = with_a_large_ledger(60_000_000);
    let to = company.path("backup.db");
    // The signal is ignored, so that the write fails as on a full disk.
    let script = r#"trap '' XFSZ; ulimit -f 20000; exec "$0" "$@""#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_quietus"), "--config"]);
    shell.arg(company.deployment.path("quietus.toml")).args(["ledger", "backup", "--to", &to]);
    let output = shell.output().expect("runs");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(!Path::new(&to).exists() && partial(company.deployment.folder()).is_empty(), "{said}");
    let acts = company.deployment.json(&["audit", "list", "--act", "ledger.backup"]);
    let results: Vec<_> = acts.as_array().expect("rows").iter().map(|row| row["entry"]["result"].clone()).collect();
    assert!(results.contains(&"failed".into()), "{acts}");
}
