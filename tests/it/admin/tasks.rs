//! What people erase by hand, over the API: in parts, with a row for each look at whom it is about.

use serde_json::json;

use super::{ADMIN, Api};
use crate::harness::{Deployment, ERASE, Needles, Server, StandIn, receipts, wait_for};

const ANN: &str = "ann@example.com";
const MANUAL: &str = "\n[[manual]]\nname = \"legal\"\ntext = \"Shred the file.\"\ndeadline = \"21d\"\n";

#[test]
fn a_task_is_revealed_with_a_row_in_the_audit_and_done_as_somebody_s_word() {
    let standin = StandIn::start();
    let rules = ERASE.replace("[\"mluvii\"]", "[\"mluvii\", \"legal\"]");
    let deployment = Deployment::bare(&standin.mluvii, &format!("{rules}{MANUAL}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    for id in [101, 102] {
        standin.begin(id, ANN, None);
        standin.just_end(id);
    }
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let all = wait_for("two tasks", || {
        let listed = operator.get("/api/v1/tasks?target=legal").is(200);
        listed["items"].as_array().filter(|all| all.len() == 2).cloned()
    });
    let first = operator.get("/api/v1/tasks?limit=1").is(200);
    let next = first["next"].as_str().expect("there is more");
    let second = operator.get(&format!("/api/v1/tasks?limit=1&cursor={next}")).is(200);
    assert_eq!([&first["items"][0]["id"], &second["items"][0]["id"]], [&all[0]["id"], &all[1]["id"]]);
    assert!(second.get("next").is_none(), "{second}");
    operator.get("/api/v1/tasks?cursor=x").refused(400, "not_understood");
    operator.get("/api/v1/tasks?target=nobody").refused(400, "input");

    let at = format!("/api/v1/tasks/{}", all[0]["id"].as_str().expect("an id"));
    let shown = operator.get(&at).is(200);
    assert_eq!((&shown["state"], &shown["text"]), (&json!("open"), &json!("Shred the file.")), "{shown}");
    assert!(!shown.to_string().contains(ANN), "{shown}");
    operator.get("/api/v1/tasks/t-000000000000").refused(404, "not_found");
    operator.post(&format!("{at}/reveal"), &json!({})).refused(403, "forbidden");
    assert_eq!(officer.get("/api/v1/audit?act=task.reveal").is(200)["items"], json!([]));
    let revealed = officer.post(&format!("{at}/reveal"), &json!({})).is(200);
    assert!(revealed["identifiers"].to_string().contains(ANN), "{revealed}");
    let rows = officer.get("/api/v1/audit?act=task.reveal").is(200);
    assert!(rows["items"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:olga/")), "{rows}");

    let done = format!("{at}/done");
    operator.post(&done, &json!({ "outcome": "erased" })).refused(403, "forbidden");
    officer.post(&done, &json!({ "outcome": "retained" })).refused(400, "input");
    officer.post(&done, &json!({ "outcome": "unverifiable" })).refused(400, "not_understood");
    officer.post(&done, &json!({ "outcome": "erased" })).is(200);
    let again = officer.post(&done, &json!({ "outcome": "residual" }));
    assert!([404, 409].contains(&again.status), "it was confirmed: {}", again.text);
    let receipts = receipts(&deployment, 1);
    let steps = receipts[0]["statement"]["steps"].as_array().expect("steps");
    let step = steps.iter().find(|step| step["target"] == "legal").expect("people were asked");
    assert_eq!(step["outcome"], "unverifiable", "nobody but who says so has seen it");
    let reason = step["reason"].as_str().expect("who said so");
    assert!(reason.starts_with("token:olga/") && reason.ends_with("Z: erased"), "{reason}");

    let (_, log) = server.stop();
    Needles::of([ANN]).must_be_absent("the log", log.join("\n").as_bytes());
}
