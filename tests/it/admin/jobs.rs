//! What takes long, over the API: ordered, looked at, and done once a person has seen what it comes to.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{ADMIN, Api, sent};
use crate::erasing_again::{PERSON, SINCE, System, before, erase};
use crate::harness::{Deployment, ERASE, Server, StandIn, receipts, wait_for};

fn ago(days: i64) -> Timestamp {
    Timestamp::now() - SignedDuration::from_hours(24 * days)
}

fn sum(by_month: &Value) -> u64 {
    by_month.as_object().expect("by month").values().map(|count| count.as_u64().expect("a number")).sum()
}

#[test]
fn a_comparison_of_the_past_is_shown_and_done_once_confirmed() {
    let standin = StandIn::start();
    for (id, consent) in [(90, None), (91, Some("v3")), (92, None)] {
        standin.begin_with(json!({
            "id": id, "tenant": 62, "ended": ago(50), "gdpr_version": consent,
            "call_params": [{ "name": "oo1_guest_email", "value": format!("g{id}@example.com"), "source": "ENTRY_FORM" }],
        }));
    }
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    standin.register(&server.callback());
    standin.begin(101, "ann@example.com", Some("v3"));
    standin.just_end(101);
    deployment.settled(1);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);

    let at = "/api/v1/past-jobs";
    officer.post(at, &json!({ "since": ago(60) })).refused(403, "forbidden");
    operator.post(at, &json!({ "since": ago(-1) })).refused(400, "input");
    operator.post(at, &json!({ "since": ago(2), "until": ago(3) })).refused(400, "input");
    assert_eq!(operator.get(at).is(200)["items"], json!([]));
    let order = json!({ "since": ago(60) });
    let with_key = || sent(operator.asked("post", at).header("Idempotency-Key", "a-key").json(&order));
    let number = with_key().is(201)["number"].clone();
    assert_eq!(with_key().is(201)["number"], number, "it was ordered once");
    operator.post(at, &order).refused(409, "conflict");
    let one = format!("{at}/{number}");
    let in_state =
        |state: &str| wait_for(state, || Some(officer.get(&one).is(200)).filter(|job| job["state"] == state));
    let shown = in_state("shown");
    assert_eq!((sum(&shown["found"]), sum(&shown["would_erase"])), (3, 2), "{shown:#}");
    assert_eq!(sum(&shown["by_rule"]["no consent, nothing kept"]), 2, "{shown:#}");
    assert_eq!(officer.get("/api/v1/erasures").is(200)["items"], json!([]), "nothing was done");
    let seen = json!({ "shown": shown["shown"] });
    officer.post(&format!("{one}/confirm"), &seen).refused(403, "forbidden");
    operator.post(&format!("{at}/999/confirm"), &seen).refused(404, "not_found");
    // What was shown at another time is not what is there now.
    operator.post(&format!("{one}/confirm"), &json!({ "shown": ago(1) })).refused(409, "conflict");
    operator.post(&format!("{one}/confirm"), &json!({})).refused(400, "not_understood");
    assert_eq!(officer.get("/api/v1/erasures").is(200)["items"], json!([]), "nothing was done");
    operator.post(&format!("{one}/confirm"), &seen).is(200);
    receipts(&deployment, 2);
    in_state("done");
    operator.post(&format!("{one}/confirm"), &seen).refused(409, "conflict");
    operator.post(&format!("{one}/cancel"), &json!({})).refused(409, "conflict");
}

#[test]
fn whom_a_restored_system_holds_again_is_counted_and_goes_by_the_plan_that_was_shown() {
    let (standin, crm) = (StandIn::start(), System::start());
    crm.holds(&[("ann@x.cz", "Ann", before())]);
    let more = format!("{}{ADMIN}", crm.plugin("crm"));
    let deployment = Deployment::tuned(&standin.mluvii, "", PERSON, &more);
    let server = Server::start(&deployment);
    let erasure = erase(&deployment, "ann@x.cz", "Ann", "crm", &[]);
    receipts(&deployment, 1);
    crm.holds(&[("ann@x.cz", "Ann", before())]);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);

    let at = "/api/v1/sweeps";
    let order = |plan: Value| json!({ "target": "crm", "since": format!("{SINCE}T00:00:00Z"), "plan": plan });
    let ended = |state: &str| {
        wait_for(state, || {
            let all = officer.get(at).is(200);
            all["items"].as_array()?.first().filter(|one| one["state"] == state).cloned()
        })
    };
    officer.post(at, &order(Value::Null)).refused(403, "forbidden");
    operator.post(at, &json!({ "target": "nobody", "since": ago(1) })).refused(400, "input");
    operator.post(at, &json!({ "target": "crm", "since": ago(-1) })).refused(400, "input");
    assert_eq!(officer.get(at).is(200)["items"], json!([]), "nothing was ordered");
    let with_key = |plan: Value| {
        let order = order(plan);
        sent(operator.asked("post", at).header("Idempotency-Key", "a-key").json(&order))
    };
    let first = with_key(Value::Null).is(201);
    let counted = ended("done");
    // Who asks again once it is over hears of that one, and the system is not gone through a second time.
    assert_eq!(with_key(Value::Null).is(201), first);
    let all = officer.get(at).is(200);
    assert_eq!((&all["items"][0]["begun"], &all["items"][0]["state"]), (&first["begun"], &json!("done")), "{all:#}");
    with_key(json!("0123")).refused(409, "conflict");
    assert_eq!((&counted["count"], &counted["asked"]), (&json!(true), &json!(0)), "{counted:#}");
    let found = &counted["result"]["found"][0];
    assert_eq!((&found["erasure"], &found["is"]), (&json!(erasure), &json!("again")), "{counted:#}");
    assert_eq!(crm.emails(), ["ann@x.cz"], "a look erases nobody");

    // By a plan that is another one, nobody goes.
    operator.post(at, &order(json!("0123"))).is(201);
    ended("failed");
    assert_eq!(crm.emails(), ["ann@x.cz"]);
    operator.post(at, &order(counted["result"]["plan"].clone())).is(201);
    receipts(&deployment, 2);
    assert_eq!(crm.emails(), Vec::<String>::new());
    assert_eq!(ended("done")["asked"], 1);
    operator.post(&format!("{at}/cancel"), &json!({ "target": "crm" })).refused(404, "not_found");
}
