//! The right person, and nothing but the truth: never act on what is missing, never attest what was not seen.

mod attest;
mod calls;
mod companies;
mod when;
mod who;

use serde_json::{Value, json};

use crate::harness::{Deployment, Server, StandIn, receipts, wait_for};

/// A person as a form or an entry form says it.
#[derive(Clone, Copy)]
struct Who {
    name: &'static str,
    email: &'static str,
    phone: &'static str,
}

const ANN: Who = Who { name: "Anna Nová", email: "ann@example.com", phone: "+420 602 111 222" };
/// Ann's husband, on the same telephone.
const BOB: Who = Who { name: "Bohumil Nový", email: "bob@example.com", phone: "+420 602 111 222" };

impl Who {
    fn call_params(&self) -> Value {
        let param = |name: &str, value: &str| json!({ "name": name, "value": value, "source": "ENTRY_FORM" });
        json!([
            param("oo1_guest_ident", self.name),
            param("oo1_guest_email", self.email),
            param("oo1_guest_phone", self.phone),
        ])
    }

    /// Has a conversation with consent, of this guest.
    fn talks(&self, standin: &StandIn, id: i64, guest: Option<&str>) {
        self.talks_with(standin, id, json!({ "guest": guest, "gdpr_version": "v3" }));
    }

    fn talks_with(&self, standin: &StandIn, id: i64, more: Value) {
        let mut conversation = json!({ "id": id, "tenant": 62, "call_params": self.call_params() });
        let (Some(into), Value::Object(more)) = (conversation.as_object_mut(), more) else { panic!("objects") };
        into.extend(more);
        standin.begin_with(conversation);
        standin.end(id);
    }

    /// Requests the erasure of the person, with further arguments.
    #[track_caller]
    fn asks(&self, deployment: &Deployment, more: &[&str]) -> String {
        let made = deployment.json(&[&self.arguments(deployment), more].concat());
        made["id"].as_str().unwrap_or_else(|| panic!("an id: {made}")).to_owned()
    }

    /// `erase` with all that identifies the person, in files.
    fn arguments(&self, deployment: &Deployment) -> Vec<&'static str> {
        let file = |name: &str, value: &str| -> &'static str {
            let name = format!("{name}-{}", self.email);
            deployment.write(&name, value);
            // Arguments live as long as the test.
            Box::leak(format!("@{}", deployment.path(&name).display()).into_boxed_str())
        };
        let (name, email, phone) = (file("name", self.name), file("email", self.email), file("phone", self.phone));
        vec!["erase", "--name", name, "--email", email, "--phone", phone]
    }
}

/// Sessions settle at once; nothing is erased by a rule.
const SETTLE: &str = "[settling]\nlimit = \"0s\"\npause = \"0s\"\n";

/// A person is who mluvii's documentation says, and the ledger alone is searched, as by default.
const DEFAULT_PERSON: &str = "match = [[\"name\", \"email\", \"phone\"]]";

/// The same, with the setting that accepts that the ledger alone is searched.
const LEDGER_ONLY: &str = "match = [[\"name\", \"email\", \"phone\"]]\naccept_ledger_only = true";

/// A company with a server.
struct Company {
    // In this order they end.
    server: Server,
    deployment: Deployment,
    standin: StandIn,
}

impl Company {
    /// With lines for `[[mluvii]]` and `[person]`, and more configuration.
    fn with(mluvii: &str, person: &str, more: &str) -> Self {
        let standin = StandIn::start();
        Self::on(standin, mluvii, person, more)
    }

    fn on(standin: StandIn, mluvii: &str, person: &str, more: &str) -> Self {
        let deployment = Deployment::tuned(&standin.mluvii, mluvii, person, more);
        let server = Server::start(&deployment);
        standin.register(&server.callback());
        Self { server, deployment, standin }
    }

    /// Waits until so many sessions are known, read and settled.
    #[track_caller]
    fn settled(&self, sessions: usize) {
        self.deployment.settled(sessions);
    }

    /// The statement of the receipt of an erasure.
    #[track_caller]
    fn receipt(&self, erasure: &str) -> Value {
        wait_for("the receipt", || {
            let receipts = self.deployment.json(&["receipts", "list"]);
            let all = receipts.as_array().expect("a list").iter().map(|receipt| &receipt["statement"]);
            all.into_iter().find(|statement| statement["erasure"] == erasure).cloned()
        })
    }

    /// The first receipts' statements, once there are so many.
    #[track_caller]
    fn receipts(&self, count: usize) -> Vec<Value> {
        receipts(&self.deployment, count).into_iter().map(|receipt| receipt["statement"].clone()).collect()
    }

    #[track_caller]
    fn needs_a_person_soon(&self) {
        wait_for("a person to be needed", || (self.deployment.run(&["status"]).status.code() == Some(1)).then_some(()));
    }

    #[track_caller]
    fn needs_a_person(&self, what: &str) {
        let status = self.deployment.run(&["status"]);
        let text = String::from_utf8_lossy(&status.stdout).into_owned();
        assert!(status.status.code() == Some(1) && text.contains(what), "{what}: {text}");
    }
}

/// The codes of a statement's reasons.
fn codes(statement: &Value) -> Vec<&str> {
    let reasons = statement["reasons"].as_array().expect("reasons");
    reasons.iter().map(|reason| reason["code"].as_str().expect("a code")).collect()
}

/// The step of a statement at a target.
#[track_caller]
fn step<'a>(statement: &'a Value, target: &str) -> &'a Value {
    let steps = statement["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["target"] == target).expect("a step at the target")
}

/// Session numbers that a dry run shows as going, or as possible and left.
fn shown(dry_run: &Value, certainty: &str) -> Vec<i64> {
    let sessions = dry_run["sessions"].as_array().expect("sessions");
    let of = sessions.iter().filter(|session| session["certainty"] == certainty);
    let number = |session: &Value| session["session"].as_str()?.rsplit_once('/')?.1.parse().ok();
    of.map(|session| number(session).expect("a session")).collect()
}
