//! A ledger's file that is damaged, gone, replaced, or wanted by a second server.

use std::fs::{self, OpenOptions};
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::harness::{
    Away, CONNECTIONS, Deployment, PASSWORD, Process, Server, client, http, quietus, runtime, send_end, sender,
    session_ended, wait_for,
};

const DAMAGED: &str = "its ledger is damaged";

/// A deployment whose server has received so many events and was stopped.
fn received(mluvii: &Away, events: i64) -> Deployment {
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    for session in 1..=events {
        assert_eq!(server.deliver_end(session), 204);
    }
    assert!(server.stop().0.success());
    deployment
}

/// The same, but it was killed: its events are in the log.
fn received_and_killed(mluvii: &Away, events: i64) -> Deployment {
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    for session in 1..=events {
        assert_eq!(server.deliver_end(session), 204);
    }
    server.kill();
    deployment
}

fn serve(deployment: &Deployment) -> Process {
    let mut command = quietus();
    command.arg("serve").arg("--config").arg(deployment.path("quietus.toml"));
    Process::spawn(command)
}

/// Where a server listens, once it does.
fn listens(process: &Process) -> Option<SocketAddr> {
    process.lines().iter().find_map(|line| {
        let line: Value = serde_json::from_str(line).ok()?;
        line["fields"]["listen"].as_str()?.parse().ok()
    })
}

fn deliver(address: SocketAddr, session: i64) -> u16 {
    let url = format!("http://{address}/webhooks/acme");
    http(client().post(url).basic_auth("mluvii", Some(PASSWORD)).json(&session_ended(session))).0
}

#[track_caller]
fn refused(deployment: &Deployment, arguments: &[&str], code: i32) -> String {
    let output = deployment.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}{}", String::from_utf8_lossy(&output.stdout));
    said
}

fn zero(file: &Path, page: i64) {
    let file = OpenOptions::new().write(true).open(file).expect("a ledger");
    file.write_all_at(&[0; 4_096], (page.unsigned_abs() - 1) * 4_096).expect("written");
}

#[test]
fn a_zeroed_page_stops_receiving_and_is_told_wherever_it_is() {
    let mluvii = Away::new();
    let whole = received(&mluvii, 20);
    let mut pages: Vec<(String, i64)> = vec![("the header".into(), 1)];
    let names = ["event", "inbox", "task", "session", "erasure", "receipt", "meta", "task_due", "receipt_unseen"];
    for name in names {
        let sql = format!("SELECT rootpage FROM sqlite_schema WHERE name = '{name}'");
        pages.push((name.into(), whole.count(&sql)));
    }
    for (what, page) in pages {
        let deployment = Deployment::bare(&mluvii.url(), "");
        fs::remove_dir_all(deployment.path("keys")).expect("removed");
        let mut copy = std::process::Command::new("cp");
        copy.arg("-r").args([whole.path("keys"), whole.path("quietus.seals")]).arg(deployment.folder());
        assert!(copy.status().expect("cp runs").success());
        fs::copy(whole.path("quietus.db"), deployment.path("quietus.db")).expect("copied");
        zero(&deployment.path("quietus.db"), page);

        let mut process = serve(&deployment);
        let red = |address: SocketAddr| http(client().get(format!("http://{address}/readyz"))).0 == 503;
        // It is found at the start, or by somebody who needs it, or by the check.
        let end = wait_for(&format!("the damage of {what}"), || match (process.has_ended(), listens(&process)) {
            (Some(status), _) => Some(Some(status)),
            (None, Some(address)) if red(address) => Some(None),
            _ => None,
        });
        if let Some(status) = end {
            assert_eq!(status.code(), Some(6), "{what}: {:#?}", process.lines());
            assert!(process.lines().iter().any(|line| line.contains("is damaged")), "{what}");
            continue;
        }
        let address = listens(&process).expect("it listens");
        assert_eq!(deliver(address, 1_000), 503, "{what}");
        let status = deployment.run(&["status"]);
        let said = format!("{}{}", String::from_utf8_lossy(&status.stdout), String::from_utf8_lossy(&status.stderr));
        match status.status.code() {
            Some(1) => assert!(said.contains("the ledger is damaged, and nothing is received"), "{what}: {said}"),
            code => assert_eq!((code, said.contains("damaged")), (Some(6), true), "{what}: {said}"),
        }
        let check = deployment.run(&["ledger", "check"]).status.code();
        assert!(matches!(check, Some(1 | 6)), "{what}: {check:?}");
        // Told once, and not again by everybody who comes upon it.
        for session in 1_001..1_010 {
            assert_eq!(deliver(address, session), 503, "{what}");
        }
        process.signal("TERM");
        assert!(process.end().success(), "{what}");
        let lines = process.lines();
        let told = lines.iter().filter(|line| line.contains("\"ERROR\"")).count();
        assert_eq!(told, 1, "{what}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("could not claim work")), "{what}: {lines:#?}");
        // Nobody serves it until it is mended.
        assert!(refused(&deployment, &["serve"], 6).contains("damaged"), "{what}");
    }
}

/// Sends from many connections at once, until told to stop. Keeps what was acknowledged.
struct Load {
    stop: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<i64>>>,
    refused: Arc<AtomicI64>,
    thread: std::thread::JoinHandle<()>,
}

impl Load {
    fn on(server: &Server) -> Self {
        let address = server.address;
        let stop = Arc::<AtomicBool>::default();
        let acknowledged = Arc::<Mutex<Vec<i64>>>::default();
        let refused = Arc::<AtomicI64>::default();
        let (stops, acked, not) = (Arc::clone(&stop), Arc::clone(&acknowledged), Arc::clone(&refused));
        let thread = std::thread::spawn(move || {
            runtime().block_on(async {
                let client = sender();
                let next = Arc::new(AtomicI64::new(1));
                let mut senders = tokio::task::JoinSet::new();
                for _ in 0..CONNECTIONS {
                    let (client, next) = (client.clone(), Arc::clone(&next));
                    let (stops, acked, not) = (Arc::clone(&stops), Arc::clone(&acked), Arc::clone(&not));
                    senders.spawn(async move {
                        while !stops.load(Ordering::Relaxed) {
                            let session = next.fetch_add(1, Ordering::Relaxed);
                            match send_end(&client, address, session).await {
                                Some(204) => acked.lock().expect("whole").push(session),
                                Some(503) => drop(not.fetch_add(1, Ordering::Relaxed)),
                                other => panic!("{other:?}"),
                            }
                        }
                    });
                }
                senders.join_all().await;
            });
        });
        let load = Self { stop, acknowledged, refused, thread };
        wait_for("some events", || (load.acknowledged.lock().expect("whole").len() > 200).then_some(()));
        load
    }

    /// Ends it once deliveries are refused; what was acknowledged.
    fn end(self) -> Vec<i64> {
        wait_for("deliveries to be refused", || (self.refused.load(Ordering::Relaxed) > 100).then_some(()));
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().expect("no sender panicked");
        Arc::into_inner(self.acknowledged).expect("they have ended").into_inner().expect("whole")
    }
}

#[track_caller]
fn all_in(ledger: &Path, acknowledged: &[i64]) {
    let ledger = Connection::open(ledger).expect("opens");
    let mut sessions = ledger.prepare("SELECT session FROM event").expect("a table");
    let sessions: std::collections::BTreeSet<i64> =
        sessions.query_map([], |row| row.get(0)).expect("read").collect::<Result<_, _>>().expect("read");
    let lost = acknowledged.iter().filter(|session| !sessions.contains(session)).count();
    assert_eq!(lost, 0, "of {} acknowledged events", acknowledged.len());
}

#[test]
fn what_is_moved_under_a_server_has_all_that_was_acknowledged() {
    let mluvii = Away::new();
    let whole = &["quietus.db", "quietus.db-wal"];
    for moved in [&["quietus.db"][..], &["quietus.db-wal"], whole, &["quietus.db-shm"], &["quietus.db.lock"]] {
        let deployment = Deployment::bare(&mluvii.url(), "");
        let server = Server::start(&deployment);
        server.leaves_work(DAMAGED);
        let load = Load::on(&server);
        let aside = deployment.path("aside");
        fs::create_dir(&aside).expect("made");
        for name in moved {
            fs::rename(deployment.path(name), aside.join(name)).expect("moved");
        }
        let acknowledged = load.end();
        wait_for("the server to say so", || (server.ready() == 503).then_some(()));
        // A kill takes nothing of it.
        server.kill();
        if moved.contains(&"quietus.db") {
            let said = refused(&deployment, &["status"], 6);
            assert!(said.contains("was removed or moved"), "{said}");
            // Its log is not needed, wherever that is.
            fs::create_dir(deployment.path("alone")).expect("made");
            fs::rename(aside.join("quietus.db"), deployment.path("alone/quietus.db")).expect("moved");
            all_in(&deployment.path("alone/quietus.db"), &acknowledged);
        } else {
            all_in(&deployment.path("quietus.db"), &acknowledged);
            // It is whole, so the next start goes on with it.
            let server = Server::start(&deployment);
            server.leaves_work("its mluvii is away");
            assert_eq!(server.deliver_end(1_000_000), 204);
        }
    }
}

#[test]
fn nothing_is_acknowledged_once_another_ledger_is_copied_over_the_file() {
    let mluvii = Away::new();
    let deployment = received(&mluvii, 20);
    let (ledger, old) = (deployment.path("quietus.db"), deployment.path("old.db"));
    fs::copy(&ledger, &old).expect("copied");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    (21..=40).for_each(|session| assert_eq!(server.deliver_end(session), 204));
    assert!(server.stop().0.success());
    let whole = fs::read(&ledger).expect("a ledger");

    for over in ["old.db", "quietus.db"] {
        fs::write(&ledger, &whole).expect("as it was");
        let server = Server::start(&deployment);
        server.leaves_work("its mluvii is away");
        assert_eq!(server.deliver_end(41), 204);
        // Also with the same bytes: what is in the log may not be in them.
        let copied = if over == "old.db" { fs::read(&old).expect("a ledger") } else { whole.clone() };
        fs::write(&ledger, copied).expect("copied over it");
        assert_eq!(server.deliver_end(42), 503, "{over}");
        wait_for("the server to be red", || (server.ready() == 503).then_some(()));
        wait_for("a person to be told", || {
            let status = deployment.run(&["status"]);
            let said = [status.stdout, status.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
            said.contains("was written by another program").then_some(())
        });
        server.stop();
        let said = refused(&deployment, &["serve"], 6);
        assert!(said.contains("quietus ledger restore"), "{said}");
        for beside in ["quietus.db-damage", "quietus.db-wal", "quietus.db-shm"] {
            drop(fs::remove_file(deployment.path(beside)));
        }
    }
}

#[test]
fn another_program_that_reads_and_writes_by_sqlite_is_no_damage() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    for session in 1..=5 {
        assert_eq!(server.deliver_end(session), 204, "{:#?}", server.log());
        let other = Connection::open(deployment.path("quietus.db")).expect("opens");
        other.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).expect("moved");
    }
    assert_eq!((server.deliver_end(6), server.ready()), (204, 200));
}

#[test]
fn a_second_server_by_another_name_of_the_file_is_refused() {
    let mluvii = Away::new();
    let deployment = received(&mluvii, 1);
    let other = deployment.path("other");
    fs::create_dir(&other).expect("made");
    let serve = |ledger: &Path| {
        let mut command = quietus();
        command.env("QUIETUS__LEDGER__URL", format!("sqlite:{}", ledger.display()));
        let output = command.arg("serve").arg("--config").arg(deployment.path("quietus.toml")).output().expect("runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    // By a symbolic link, it has the same lock.
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    std::os::unix::fs::symlink(deployment.path("quietus.db"), other.join("link.db")).expect("made");
    let (code, said) = serve(&other.join("link.db"));
    assert!(code == Some(4) && said.contains("is in use"), "{code:?}: {said}");
    assert!(server.stop().0.success());
    // By a hard link, it would have one of its own.
    fs::hard_link(deployment.path("quietus.db"), other.join("hard.db")).expect("made");
    for name in [other.join("hard.db"), deployment.path("quietus.db")] {
        let (code, said) = serve(&name);
        assert!(code == Some(4) && said.contains("2 names (hard links)"), "{code:?}: {said}");
    }
}

#[test]
fn nothing_is_acknowledged_once_the_folder_is_moved_in_which_the_server_was_started() {
    let mluvii = Away::new();
    let deployment = received(&mluvii, 1);
    let (here, there) = (deployment.path("here"), deployment.path("there"));
    fs::create_dir(&here).expect("made");
    for name in ["quietus.toml", "keys", "quietus.db", "quietus.seals", "quietus.state"] {
        fs::rename(deployment.path(name), here.join(name)).expect("moved");
    }
    for entry in fs::read_dir(deployment.folder()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            fs::copy(&path, here.join(path.file_name().expect("a name"))).expect("copied");
        }
    }
    let mut command = quietus();
    command.current_dir(&here).args(["serve", "--config", "quietus.toml"]);
    let process = Process::spawn(command);
    let address = wait_for("the server to listen", || listens(&process));
    assert_eq!(deliver(address, 2), 204);
    fs::rename(&here, &there).expect("moved");
    assert_eq!(deliver(address, 3), 503);
}

#[test]
fn nothing_is_acknowledged_once_the_ledger_is_removed() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work(DAMAGED);
    assert_eq!(server.deliver_end(1), 204);
    fs::remove_file(deployment.path("quietus.db")).expect("removed");
    for session in 2..10 {
        assert_eq!(server.deliver_end(session), 503);
    }
    assert_eq!(server.ready(), 503);
    assert_eq!(server.healthy(), 200);
    let (status, _) = server.stop();
    assert!(status.success());
    // Nor does an empty one take its place.
    let said = refused(&deployment, &["serve"], 6);
    assert!(said.contains("the ledger is gone"), "{said}");
    assert!(!deployment.path("quietus.db").exists());
}

#[test]
fn a_second_server_is_refused_and_a_stopped_one_keeps_its_ledger() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(1), 204);
    let holder = format!("process {}", server.id());
    let said = refused(&deployment, &["serve"], 4);
    assert!(said.contains(&holder), "{said}");

    server.signal("STOP");
    let said = refused(&deployment, &["serve"], 4);
    assert!(said.contains(&holder) && said.contains("stopped"), "{said}");
    let from = format!("sqlite:{}", deployment.path("quietus.db").display());
    let to = format!("sqlite:{}", deployment.path("copy.db").display());
    let said = refused(&deployment, &["ledger", "copy", "--from", &from, "--to", &to], 4);
    assert!(said.contains(&holder), "{said}");
    // Commands go on beside it.
    assert_eq!(deployment.json(&["status"])["processes"].as_array().map(Vec::len), Some(1));
    server.signal("CONT");
    assert_eq!(server.deliver_end(2), 204);
    assert!(server.stop().0.success());
    let copied = deployment.run(&["ledger", "copy", "--from", &from, "--to", &to]);
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}

#[test]
fn a_log_that_lost_events_is_not_replayed() {
    let mluvii = Away::new();
    let deployment = received_and_killed(&mluvii, 40);
    let log = deployment.path("quietus.db-wal");
    let whole = fs::read(&log).expect("a log");
    for (how, bytes) in [
        ("half", whole[..whole.len() / 2].to_vec()),
        ("nothing", Vec::new()),
        ("without its header", {
            let mut headless = whole.clone();
            headless[..32].fill(0);
            headless
        }),
        ("zeroed", {
            let mut zeroed = whole.clone();
            let middle = whole.len() / 2;
            zeroed[middle..middle + 4_096].fill(0);
            zeroed
        }),
    ] {
        fs::write(&log, bytes).expect("written");
        for command in [&["serve"][..], &["status"], &["ledger", "check"]] {
            let said = refused(&deployment, command, 6);
            assert!(said.contains("its log") && said.contains("restore a backup"), "{how}: {said}");
        }
    }
    fs::write(&log, &whole).expect("written back");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(deployment.events(), 40);
    assert_eq!(server.deliver_end(41), 204);
}

#[test]
fn a_ledger_that_is_whole_is_found_whole_beside_its_server() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(1), 204);
    let checked = deployment.run(&["ledger", "check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(0), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    assert!(said.contains("the ledger is whole"), "{said}");
    // Somebody took the work of a session away, which nobody would ever miss.
    wait_for("the event to be expanded", || (deployment.count("SELECT COUNT(*) FROM task") == 1).then_some(()));
    deployment
        .ledger()
        .execute_batch(
            "INSERT INTO session (installation, session, version, settle_at, concluded, recording_ready, record, forms_seen)
             VALUES (1, 77, 1, 1, 0, 0, '{}', x'')",
        )
        .expect("written");
    let checked = deployment.json(&["ledger", "check"]);
    assert_eq!(checked["findings"][0]["code"], "session_without_work", "{checked}");
    assert_eq!(deployment.run(&["ledger", "check"]).status.code(), Some(1));
    // Nobody may have needed it for a year.
    deployment.ledger().execute("UPDATE session SET sum = 1 WHERE session = 77", []).expect("written");
    let checked = deployment.json(&["ledger", "check"]);
    let [_, damaged] = checked["findings"].as_array().expect("findings").as_slice() else { panic!("{checked}") };
    assert_eq!((&damaged["code"], &damaged["count"]), (&json!("session_damaged"), &json!(1)), "{checked}");
    assert!(damaged["what"].as_str().is_some_and(|what| what.contains("session 77")), "{checked}");
}
