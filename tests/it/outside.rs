//! What is known of the ledger outside of it: an older, an emptied or a cut ledger is noticed; backups are whole, and a
//! restored one goes on without a number twice.

mod archive;
mod backup;
mod bars;
mod postgres;
mod refused;
mod restore;
mod shared;
mod witness;

use serde_json::Value;

use crate::harness::{Deployment, Server, StandIn, receipts};

/// Sessions without consent are erased once, when they have settled: with a limit of no time, what comes later of one would have
/// it erased again.
const ERASE: &str = r#"
[settling]
limit = "2h"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii"]
"#;

/// A company whose sessions without consent are erased at mluvii, with a server or without.
struct Company {
    deployment: Deployment,
    standin: StandIn,
}

impl Company {
    fn new() -> Self {
        Self::with("")
    }

    /// With more in its configuration.
    fn with(more: &str) -> Self {
        let standin = StandIn::start();
        let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{more}"));
        Self { deployment, standin }
    }

    fn serve(&self) -> Server {
        let server = Server::start(&self.deployment);
        self.standin.register(&server.callback());
        server
    }

    /// Has a session erased, and returns all receipts, the newest last.
    #[track_caller]
    fn erase(&self, session: i64, receipts_then: usize) -> Vec<Value> {
        self.standin.begin(session, &format!("guest{session}@example.com"), None);
        self.standin.end(session);
        receipts(&self.deployment, receipts_then)
    }

    /// Serves, has sessions erased one after the other, and stops.
    #[track_caller]
    fn serve_and_erase(&self, sessions: &[i64], receipts_before: usize) -> Vec<Value> {
        let server = self.serve();
        let mut all = Vec::new();
        for (session, before) in sessions.iter().zip(receipts_before..) {
            all = self.erase(*session, before + 1);
        }
        assert!(server.stop().0.success());
        all
    }

    /// Runs a command that ends with this code, and returns all that it says.
    #[track_caller]
    fn says(&self, arguments: &[&str], code: i32) -> String {
        let output = self.deployment.run(arguments);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    fn path(&self, name: &str) -> String {
        self.deployment.path(name).to_str().expect("UTF-8").to_owned()
    }

    /// Exports all receipts into a file.
    #[track_caller]
    fn export(&self, name: &str) -> String {
        let file = self.path(name);
        self.says(&["receipts", "export", "--out", &file], 0);
        file
    }

    /// What is remembered of the ledger.
    fn known(&self) -> Value {
        let text = std::fs::read(self.deployment.path("quietus.state/ledger.json")).expect("it is remembered");
        serde_json::from_slice(&text).expect("JSON")
    }
}

fn sequences(receipts: &[Value]) -> Vec<u64> {
    receipts.iter().map(|receipt| receipt["statement"]["sequence"].as_u64().expect("a number")).collect()
}
