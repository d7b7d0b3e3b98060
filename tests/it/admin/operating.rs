//! What operators do over the API: quarantine, plugins, webhooks, the configuration, and who has an account.

use serde_json::{Value, json};

use super::{ADMIN, Api, token};
use crate::harness::{Deployment, Server, StandIn, wait_for};

/// The server's own address, as mluvii is to call it.
const PUBLIC: &str = "public_url = \"http://127.0.0.1:9\"";

pub(super) fn deployment(standin: &StandIn) -> Deployment {
    let deployment = Deployment::new(standin, ADMIN);
    deployment.replace("[server]\n", &format!("[server]\n{PUBLIC}\n"));
    deployment
}

/// An operator, an officer, and an operator of one company alone.
fn callers(server: &Server, deployment: &Deployment) -> [Api; 3] {
    let by = |name, role, companies: &[&str]| Api::by(server, deployment, name, &[role], companies);
    [by("otto", "operator", &[]), by("olga", "officer", &[]), by("anna", "operator", &["acme"])]
}

fn len(page: &Value) -> Option<usize> {
    page["items"].as_array().map(Vec::len)
}

#[test]
fn a_delivery_that_cannot_be_read_is_shown_without_its_values_and_stays_until_it_is_dropped() {
    let standin = StandIn::start();
    let deployment = deployment(&standin);
    let server = Server::start(&deployment);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    for number in [77, 78] {
        let data = json!({ "sessionNumber": number, "guest": "ann@example.com" });
        assert_eq!(server.deliver(&json!({ "eventType": "SessionEnded", "data": data })), 202);
    }
    let listed = officer.get("/api/v1/quarantine?source=acme&limit=1").is(200);
    let next = listed["next"].as_str().expect("there is more");
    assert_eq!(len(&officer.get(&format!("/api/v1/quarantine?cursor={next}")).is(200)), Some(1));
    assert_eq!(len(&officer.get("/api/v1/quarantine?source=another").is(200)), Some(0));

    let at = format!("/api/v1/quarantine/{}", listed["items"][0]["number"]);
    let shown = operator.get(&at).is(200);
    let shape = shown["shape"].as_str().expect("a text");
    assert!(shape.contains("sessionNumber") && shape.contains("SessionEnded"), "{shape}");
    assert!(!shape.contains("ann@") && !shape.contains("77"), "{shape}");
    officer.get(&at).refused(403, "forbidden");
    let stays = operator.post(&format!("{at}/replay"), &json!({})).refused(409, "conflict");
    assert!(stays["detail"].as_str().is_some_and(|text| text.contains("it stays")), "{stays}");
    officer.post(&format!("{at}/drop"), &json!({})).refused(403, "forbidden");
    assert_eq!(len(&officer.get("/api/v1/quarantine").is(200)), Some(2));
    operator.post(&format!("{at}/drop"), &json!({})).is(200);
    for gone in ["drop", "replay"] {
        operator.post(&format!("{at}/{gone}"), &json!({})).refused(404, "not_found");
    }
    operator.get(&at).refused(404, "not_found");
    assert_eq!(len(&officer.get("/api/v1/quarantine").is(200)), Some(1));
    // One look, and what was read again or dropped was looked at by nobody.
    let looks = officer.get("/api/v1/audit?act=quarantine.view").is(200);
    assert_eq!((len(&looks), &looks["items"][0]["details"]), (Some(1), &json!({ "shown": "shape" })), "{looks}");
    let rows = officer.get("/api/v1/audit?act=quarantine.drop").is(200);
    assert!(rows["items"][0]["actor"].as_str().is_some_and(|actor| actor.starts_with("token:otto/")), "{rows}");
}

#[test]
fn plugins_are_listed_and_replaced_and_webhooks_registered_and_deleted() {
    let standin = StandIn::start();
    let deployment = deployment(&standin);
    let server = Server::start(&deployment);
    let [operator, officer, of_one] = callers(&server, &deployment);

    let plugins = wait_for("the plugin to be up", || {
        Some(operator.get("/api/v1/plugins").is(200)).filter(|plugins| plugins["items"][0]["state"] == "up")
    });
    assert_eq!(plugins["items"][0]["target"], "crm", "{plugins}");
    officer.get("/api/v1/plugins").refused(403, "forbidden");
    of_one.get("/api/v1/plugins").refused(403, "forbidden");
    let reloaded = operator.post("/api/v1/plugins/crm/reload", &json!({})).is(200);
    assert_eq!(reloaded["name"], plugins["items"][0]["name"], "{reloaded}");
    operator.post("/api/v1/plugins/nobody/reload", &json!({})).refused(404, "not_found");
    let rows = operator.get("/api/v1/audit?act=plugin.reload").is(200);
    let results: Vec<_> = rows["items"].as_array().expect("rows").iter().map(|row| &row["result"]).collect();
    assert_eq!(results, ["done", "begun"], "{rows}");

    let state = |api: &Api| api.get("/api/v1/webhooks").is(200)["items"][0]["state"].clone();
    assert_eq!(state(&operator), "missing");
    let source = json!({ "source": "acme" });
    officer.post("/api/v1/webhooks/register", &source).refused(403, "forbidden");
    operator.post("/api/v1/webhooks/register", &json!({ "source": "another" })).refused(404, "not_found");
    assert_eq!(state(&of_one), "missing", "nothing was done");
    assert_eq!(of_one.post("/api/v1/webhooks/register", &source).is(200)["change"], "registered");
    assert_eq!(state(&operator), "right");
    assert_eq!(operator.post("/api/v1/webhooks/register", &source).is(200)["change"], "none");
    let shown = operator.get("/api/v1/webhooks");
    assert!(!shown.text.contains("mluvii:"), "with credentials: {}", shown.text);
    assert_eq!(operator.post("/api/v1/webhooks/unregister", &source).is(200)["deleted"], 1);
    assert_eq!(state(&operator), "missing");
}

#[test]
fn a_configuration_is_taken_whole_or_not_at_all_and_only_where_that_is_meant() {
    let standin = StandIn::start();
    let deployment = deployment(&standin);
    let server = Server::start(&deployment);
    let [operator, officer, of_one] = callers(&server, &deployment);
    let at = "/api/v1/configuration/reload";
    deployment.replace(PUBLIC, &format!("{PUBLIC}\nbody_bytes_max = 2000"));
    super::sent(operator.asked("post", at)).refused(415, "not_json");
    officer.post(at, &json!({})).refused(403, "forbidden");
    of_one.post(at, &json!({})).refused(403, "forbidden");
    assert_eq!(operator.get("/api/v1/audit?act=configuration.reload").is(200)["items"], json!([]));
    assert_eq!(operator.post(at, &json!({})).is(200)["changed"], json!(["server.body_bytes_max"]));
    assert_eq!(operator.post(at, &json!({})).is(200)["changed"], json!([]));

    deployment.replace(PUBLIC, &format!("{PUBLIC}\nnonsense = 1"));
    let refused = operator.post(at, &json!({})).refused(409, "conflict");
    assert!(refused["detail"].as_str().is_some_and(|text| text.contains("nonsense")), "{refused}");
    operator.get("/api/v1/me").is(200);
}

#[test]
fn who_has_an_account_is_seen_by_operators_and_no_secret_by_anybody() {
    let standin = StandIn::start();
    let deployment = deployment(&standin);
    let server = Server::start(&deployment);
    let secret = token(&deployment, "otto", &["operator"], &[]);
    let operator = Api::of(&server, Some(&secret));
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &["acme"]);
    let of_one = Api::by(&server, &deployment, "anna", &["operator"], &["acme"]);
    let accounts = operator.get("/api/v1/accounts").is(200);
    let olga = accounts["items"].as_array().expect("a list").iter().find(|one| one["name"] == "olga");
    let olga = olga.unwrap_or_else(|| panic!("{accounts}"));
    assert_eq!((&olga["roles"], &olga["companies"]), (&json!(["officer"]), &json!(["acme"])));
    let tokens = operator.get("/api/v1/tokens").is(200);
    let otto = tokens["items"].as_array().expect("a list").iter().find(|one| one["account"] == "otto");
    let mut parts = secret.split('_').skip(1);
    assert_eq!(otto.map(|one| one["id"].as_str()), Some(parts.next()), "{tokens}");
    assert!(!tokens.to_string().contains(parts.next().expect("the secret")), "{tokens}");
    for path in ["/api/v1/accounts", "/api/v1/tokens"] {
        officer.get(path).refused(403, "forbidden");
        of_one.get(path).refused(403, "forbidden");
    }
}
