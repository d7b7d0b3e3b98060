//! forward in the real sandbox and behind the real server: what is handed on, and what is reported of it later.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quietus_plugin::http::test::{Reply, Seen, Server as Endpoint};
use serde_json::{Value, json};

use super::bench::Bench;
use crate::harness::{Deployment, Server, StandIn, client, http, oracle, receipts, wait_for};

const SIGNING: &str = "whsec_a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=";

#[test]
fn forward_passes_the_kit_and_tells_what_it_is_told() {
    let tickets = Arc::new(AtomicU32::new(2));
    let held = Arc::clone(&tickets);
    let endpoint = Endpoint::start(move |seen: &Seen| match is_message(seen).then(|| seen.json()["type"].clone()) {
        // What `health` asks.
        None => Reply::empty(405),
        Some(of) if of == "erasure.demanded" => {
            let gone = held.swap(0, Ordering::Relaxed);
            let outcome = if gone > 0 { "erased" } else { "absent" };
            Reply::json(200, &json!({ "outcome": outcome, "counts": { "tickets": gone } }))
        }
        _ => Reply::json(
            200,
            &json!({ "outcome": if held.load(Ordering::Relaxed) > 0 { "residual" } else { "absent" } }),
        ),
    });
    let config = json!({ "verify": true, "http": { "url": endpoint.url, "signing": ["signing"] } });
    let bench = Bench::new("libforward.so", config, &[("signing", SIGNING)], &["--email", "ann@x.cz"]);
    assert_eq!(bench.answer("erase"), ("erased".to_owned(), json!({ "tickets": 2 })));
    assert_eq!(bench.answer("verify").0, "absent");
    // Whom the kit erases has to be there.
    tickets.store(2, Ordering::Relaxed);
    bench.passes_the_kit();
}

fn is_message(seen: &Seen) -> bool {
    seen.method == "POST"
}

/// Sessions without consent are erased once, when they have ended.
const ERASE: &str = r#"
[settling]
limit = "2h"
pause = "0s"

[[rule]]
name = "no consent, nothing kept"
on = "session-settled"
when = "consent.state == 'absent'"
erase = "session"
targets = ["mluvii", "warehouse"]
"#;

/// A server whose erasures of sessions are handed on to an endpoint that accepts and says no more.
struct Company {
    server: Server,
    deployment: Deployment,
    standin: StandIn,
    endpoint: Endpoint,
}

impl Company {
    fn new(report_within: &str) -> Self {
        let standin = StandIn::start();
        let endpoint = Endpoint::start(|_| Reply::empty(202));
        let more = format!(
            "{ERASE}\n[[plugin]]\nname = \"warehouse\"\nlibrary = \"libforward.so\"\ngrants = [\"email\"]\n\
             secrets = {{ signing = {{ file = \"signing\" }} }}\n[plugin.config]\nverify = true\n\
             report_within = \"{report_within}\"\nhttp = {{ url = \"{}\", signing = [\"signing\"] }}\n",
            endpoint.url
        );
        let deployment = Deployment::new(&standin, &more);
        deployment.write("signing", SIGNING);
        let server = start(&deployment);
        standin.register(&server.callback());
        Self { server, deployment, standin, endpoint }
    }

    /// A session of Ann's ends; the message that is handed on.
    fn demanded(&self, session: i64) -> Value {
        self.standin.begin(session, "ann@example.com", None);
        self.standin.end(session);
        let demanded = self.message("erasure.demanded");
        assert_eq!(demanded["data"]["identifiers"], json!([{ "kind": "email", "value": "ann@example.com" }]));
        demanded
    }

    /// The last message of a type.
    #[track_caller]
    fn message(&self, kind: &str) -> Value {
        wait_for("the message", || {
            let messages = self.endpoint.seen().into_iter().filter(is_message).map(|seen| seen.json());
            messages.rev().find(|message| message["type"] == kind)
        })
    }

    /// What the only receipt says of the warehouse.
    #[track_caller]
    fn receipt(&self) -> Value {
        let receipts = receipts(&self.deployment, 1);
        let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
        steps.iter().find(|step| step["target"] == "warehouse").expect("the warehouse's").clone()
    }

    /// The step's state at the warehouse.
    #[track_caller]
    fn step(&self, is_so: impl Fn(&Value) -> bool) -> Value {
        wait_for("the step", || {
            let id = self.message("erasure.demanded")["data"]["erasure"].as_str()?.to_owned();
            let erasure = self.deployment.json(&["erasures", "show", &id]);
            let steps = erasure["steps"].as_array()?;
            steps.iter().find(|step| step["target"] == "warehouse").filter(|step| is_so(step)).cloned()
        })
    }
}

fn start(deployment: &Deployment) -> Server {
    Server::start_with(deployment, &[("SERVER__REPORTS_LISTEN", "127.0.0.1:0")])
}

/// Where a server takes reports.
fn reports_address(server: &Server) -> String {
    wait_for("where reports are taken", || {
        let lines = server.log().into_iter().filter_map(|line| serde_json::from_str::<Value>(&line).ok());
        lines.filter_map(|line| Some(line["fields"]["reports_listen"].as_str()?.to_owned())).next()
    })
}

/// Reports to where the message says; the answer's status.
fn report(message: &Value, at: Option<&Server>, outcome: &Value) -> u16 {
    let report = &message["data"]["report"];
    let url = report["url"].as_str().expect("an address").to_owned();
    let url = match at {
        Some(server) => {
            let (_, path) = url.split_once("/v1/").expect("its path");
            format!("http://{}/v1/{path}", reports_address(server))
        }
        None => url,
    };
    let token = report["token"].as_str().expect("a token");
    http(client().post(url).bearer_auth(token).json(outcome)).0
}

#[test]
fn a_step_waits_for_its_report_and_the_receipt_says_what_it_said() {
    let company = Company::new("1h");
    let demanded = company.demanded(101);
    let waits = company.step(|step| step["report_by"].is_string());
    assert_eq!(waits["stage"], "erase");
    let reason = "Ann (ann@example.com) had two tickets";
    let outcome = json!({ "outcome": "erased", "reason": reason, "counts": { "tickets": 2 } });
    let stranger = json!({ "data": { "report": { "url": demanded["data"]["report"]["url"], "token": "erase-0-00" } } });
    assert_eq!(report(&stranger, None, &outcome), 401);
    assert_eq!(report(&demanded, None, &outcome), 204);
    assert_eq!(report(&demanded, None, &outcome), 200, "the same again");

    let verification = company.message("erasure.verification");
    assert_ne!(verification["data"]["report"]["token"], demanded["data"]["report"]["token"]);
    company.step(|step| step["stage"] == "verify" && step["report_by"].is_string());
    assert_eq!(report(&verification, None, &json!({ "outcome": "absent" })), 204);
    let step = company.receipt();
    assert_eq!((&step["outcome"], &step["counts"]), (&json!("erased"), &json!({ "tickets": 2 })));
    // What a stranger's system says is not trusted with personal data.
    assert_eq!(step["reason"], "Ann ([redacted]) had two tickets");
    assert!(step["verified_at"].is_string());
    assert_eq!(report(&verification, None, &json!({ "outcome": "residual" })), 200, "too late");
    oracle::the_receipts_verify(&company.deployment);
}

#[test]
fn a_killed_server_still_takes_the_report() {
    let company = Company::new("1h");
    let demanded = company.demanded(101);
    company.step(|step| step["report_by"].is_string());
    let Company { server, deployment, standin, endpoint } = company;
    server.kill();
    let server = start(&deployment);
    let company = Company { server, deployment, standin, endpoint };
    assert_eq!(report(&demanded, Some(&company.server), &json!({ "outcome": "retained", "reason": "a tax law" })), 204);
    let step = company.receipt();
    assert_eq!((&step["outcome"], &step["reason"]), (&json!("retained"), &json!("a tax law")));
    let demands = company.endpoint.seen().into_iter().filter(is_message);
    let demands = demands.filter(|seen| seen.json()["type"] == "erasure.demanded").count();
    assert_eq!(demands, 1, "it was not demanded again");
}

#[test]
fn what_was_handed_on_before_a_new_index_key_is_reported_with_its_token() {
    let company = Company::new("1h");
    let demanded = company.demanded(101);
    company.step(|step| step["report_by"].is_string());
    let Company { server, deployment, standin, endpoint } = company;
    server.leaves_work("it waits for its report");
    assert!(server.stop().0.success());
    deployment.json(&["keys", "rotate", "index"]);
    let server = start(&deployment);
    let company = Company { server, deployment, standin, endpoint };
    let outcome = json!({ "outcome": "erased" });
    assert_eq!(report(&demanded, Some(&company.server), &outcome), 204);
    // What it is asked next is of the same erasure, and so of the same key.
    let verification = company.message("erasure.verification");
    company.step(|step| step["stage"] == "verify" && step["report_by"].is_string());
    assert_eq!(report(&verification, Some(&company.server), &json!({ "outcome": "absent" })), 204);
    assert_eq!(company.receipt()["outcome"], "erased");
}

#[test]
fn without_a_report_a_person_is_told_and_a_late_one_is_taken() {
    let company = Company::new("1s");
    let demanded = company.demanded(101);
    let parked = company.step(|step| step["outcome"] == "parked");
    let reason = parked["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("it was accepted, and its outcome was not reported by "), "{reason}");
    assert_eq!(company.deployment.json(&["receipts", "list"]), json!([]));
    assert_eq!(report(&demanded, None, &json!({ "outcome": "absent" })), 204);
    company.step(|step| step["stage"] == "verify");
}
