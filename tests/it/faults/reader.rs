//! Another program that reads the ledger's file and does not end: its log cannot start over, and grows.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::harness::{Away, Deployment, Server, wait_for};
use crate::interop::python;

/// From so much on a person is told.
const LONG: u64 = 256 << 20;

/// A process that has begun to read; it ends when it is dropped.
struct Reader(Child);

impl Reader {
    fn of(deployment: &Deployment) -> Self {
        let script = "import sqlite3, sys\n\
                      reader = sqlite3.connect(sys.argv[1], isolation_level=None)\n\
                      reader.execute('BEGIN')\n\
                      print(reader.execute('SELECT count(*) FROM event').fetchone()[0], flush=True)\n\
                      sys.stdin.read()";
        let mut python = Command::new(python());
        python.args(["-c", script]).arg(deployment.path("quietus.db"));
        let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("Python runs");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("it tells what it reads");
        assert_eq!(line.trim(), "1");
        Self(child)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// What `quietus attention list` says of the log.
fn told(deployment: &Deployment) -> Option<Value> {
    let all = deployment.json(&["attention", "list"]);
    all.as_array().expect("a list").iter().find(|found| found["code"] == "log_long").cloned()
}

/// The length of the log, as the server counts it.
fn counted(server: &Server) -> u64 {
    let metrics = server.metrics();
    let line = metrics.lines().find_map(|line| line.strip_prefix("quietus_ledger_log_bytes "));
    line.expect("it is counted").parse().expect("a number")
}

#[test]
fn a_foreign_reader_that_lets_the_log_grow_needs_a_person_for_as_long_as_it_is_there() {
    let mluvii = Away::new();
    let deployment = Deployment::bare(&mluvii.url(), "");
    let server = Server::start(&deployment);
    server.leaves_work("its mluvii is away");
    assert_eq!(server.deliver_end(1), 204);
    let reader = Reader::of(&deployment);
    assert_eq!(told(&deployment), None);

    // As much as a server writes in a minute under load.
    let filler = deployment.ledger();
    filler.execute_batch("PRAGMA synchronous = OFF").expect("set");
    let log = || deployment.path("quietus.db-wal").metadata().expect("the log").len();
    while log() < LONG {
        filler.execute("REPLACE INTO meta VALUES ('filler', randomblob(60000000))", []).expect("written");
    }
    filler.execute("DELETE FROM meta WHERE name = 'filler'", []).expect("deleted");
    drop(filler);
    let found = wait_for("a server to see it", || told(&deployment).filter(|found| !found["since"].is_null()));
    assert_eq!((&found["severity"], &found["object"]), (&"attention".into(), &"ledger".into()), "{found}");
    assert!(found["parameters"]["bytes"].as_u64().expect("a number") >= LONG, "{found}");
    wait_for("it to be counted", || (counted(&server) >= LONG).then_some(()));
    assert_eq!(server.deliver_end(2), 204, "receiving goes on");

    drop(reader);
    wait_for("the log to shrink", || (log() < LONG).then_some(()));
    assert_eq!(told(&deployment), None);
    wait_for("it to be counted", || (counted(&server) < LONG).then_some(()));
    assert_eq!(deployment.events(), 2);
}
