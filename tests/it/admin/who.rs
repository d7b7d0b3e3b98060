//! Every operation × every role: who may is let in, who may not learns nothing, and nothing changes.

use serde_json::{Value, json};

use super::{ADMIN, Api, ordered, token};
use crate::harness::{Deployment, Server, StandIn, company};

/// What each role may, written down once more: a change of either side has to be meant.
pub(super) const MAY: [(&str, &[&str]); 3] = [
    ("officer", &["own", "see", "requests", "see_plans", "rules"]),
    ("approver", &["own", "see", "see_plans", "approve", "rules"]),
    ("operator", &["own", "see", "operate", "see_accounts", "accounts"]),
];

/// Every operation of the description: its method, a path with names in it, and the permission that it takes.
fn operations(api: &Api) -> Vec<(String, String, String)> {
    let description = api.get("/api/v1/openapi.json").is(200);
    let mut all = Vec::new();
    for (path, item) in description["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            let needed = operation["security"][0]["token"][0].as_str().expect("a permission").to_owned();
            // Nothing has these names: whoever is let in is told so, or what is wrong with what they send.
            let path = path
                .replace("{company}", "acme")
                .replace("{number}", "404")
                .replace("{id}", "e-00000000000000000000000000000000")
                .replace("{target}", "nobody");
            all.push((method.clone(), path, needed));
        }
    }
    assert!(all.len() > 25, "{}", all.len());
    all
}

#[test]
fn every_operation_lets_in_whose_role_allows_it_and_nobody_else() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let nobody = Api::of(&server, None);
    let all = operations(&nobody);
    let roles = MAY.map(|(role, may)| {
        let token = token(&deployment, role, &[role], &[]);
        (role, may, Api::of(&server, Some(&token)))
    });
    let rows = ordered(&deployment);
    for (method, path, needed) in &all {
        for wrong in [None, Some("qt_000000000000_00000000000000000000000000000000000000000000000000000"), Some("")] {
            let answer =
                super::sent(Api { base: nobody.base.clone(), token: wrong.map(str::to_owned) }.asked(method, path));
            answer.refused(401, "unauthenticated");
        }
        for (role, may, api) in &roles {
            let answer = super::sent(api.asked(method, path));
            let place = format!("{method} {path} as {role}: {} {}", answer.status, answer.text);
            if may.contains(&needed.as_str()) {
                assert!(![401, 403, 405, 500, 503].contains(&answer.status), "{place}");
            } else {
                let problem = answer.refused(403, "forbidden");
                assert!(problem["detail"].as_str().is_some_and(|text| text.contains(needed.as_str())), "{place}");
            }
        }
    }
    assert_eq!(ordered(&deployment), rows, "nothing was ordered");
}

#[test]
fn a_token_ends_with_itself_its_account_and_its_roles() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let secret = token(&deployment, "jana", &["officer", "operator"], &[]);
    let api = Api::of(&server, Some(&secret));
    let me = api.get("/api/v1/me").is(200);
    assert_eq!((&me["account"], &me["roles"]), (&json!("jana"), &json!(["officer", "operator"])));
    assert!(me["actor"].as_str().is_some_and(|actor| actor.starts_with("token:jana/")), "{me}");

    super::done(&deployment.run(&["users", "change", "jana", "--role", "operator"]));
    api.post("/api/v1/requests/find", &json!({ "identifiers": [] })).refused(403, "forbidden");
    assert_eq!(api.get("/api/v1/me").is(200)["roles"], json!(["operator"]));
    super::done(&deployment.run(&["users", "disable", "jana"]));
    api.get("/api/v1/me").refused(401, "unauthenticated");
    super::done(&deployment.run(&["users", "enable", "jana"]));
    api.get("/api/v1/me").is(200);
    let id = secret.split('_').nth(1).expect("its id").to_owned();
    super::done(&deployment.run(&["tokens", "revoke", &id]));
    api.get("/api/v1/me").refused(401, "unauthenticated");

    // Twice, in another scheme, or beside another one: nobody guesses which is meant.
    let another = token(&deployment, "petr", &["operator"], &[]);
    let api = Api::of(&server, Some(&another));
    for headers in [vec![format!("Bearer {another}"), format!("Bearer {another}")], vec![format!("Basic {another}")]] {
        let mut request = Api::of(&server, None).asked("get", "/api/v1/me");
        for header in headers {
            request = request.header("Authorization", header);
        }
        super::sent(request).refused(401, "unauthenticated");
    }
    api.get("/api/v1/me").is(200);
    api.get(&format!("/api/v1/me?token={another}")).refused(400, "not_understood");
    let query = Api::of(&server, None).get(&format!("/api/v1/me?token={another}"));
    query.refused(401, "unauthenticated");
    let (_, log) = server.stop();
    let log = log.join("\n");
    assert!(!log.contains(&another) && !log.contains(&secret), "a token is in the log");
}

#[test]
fn what_is_another_companys_is_as_if_it_were_not_there() {
    let standin = StandIn::start();
    let beta = StandIn::start();
    let deployment = two_companies(&standin, &beta);
    let server = Server::start(&deployment);
    let acme = Api::by(&server, &deployment, "anna", &["officer", "approver", "operator"], &["acme"]);
    let both = Api::by(&server, &deployment, "both", &["officer"], &[]);
    let person = json!([{ "kind": "email", "value": "bob@example.com" }]);
    let asked = json!({ "company": "beta", "came": "letter", "verified": "document", "identifiers": person });
    let request = both.post("/api/v1/requests", &asked).is(201);
    let number = request["number"].as_str().expect("a number");
    let of_beta = format!("/api/v1/requests/beta/{number}");
    both.get(&of_beta).is(200);
    let hold = both
        .post("/api/v1/holds", &json!({ "company": "beta", "on": { "session": 7 }, "reason": "legal-claims" }))
        .is(201);
    let of_hold = format!("/api/v1/holds/{}", hold["id"].as_str().expect("an id"));
    both.get(&of_hold).is(200);

    // Of one company: the other's are not there, not listed and not found, and nothing is made there.
    for path in [&of_beta, &of_hold] {
        acme.get(path).refused(404, "not_found");
    }
    acme.post(&format!("{of_beta}/withdraw"), &json!({})).refused(404, "not_found");
    acme.post(&format!("{of_hold}/lift"), &json!({})).refused(404, "not_found");
    acme.post("/api/v1/requests", &asked).refused(404, "not_found");
    acme.get("/api/v1/requests?company=beta").refused(404, "not_found");
    assert_eq!(acme.get("/api/v1/requests?all=true").is(200)["items"], json!([]));
    assert_eq!(acme.get("/api/v1/holds?all=true").is(200)["items"], json!([]));
    assert_eq!(acme.post("/api/v1/requests/find", &json!({ "identifiers": person })).is(200)["items"], json!([]));
    for of_all in ["attention", "targets", "audit", "receipts", "status"] {
        acme.get(&format!("/api/v1/{of_all}")).refused(403, "forbidden");
    }
    // Of all companies: one has to be named where something is made.
    let unnamed = json!({ "came": "letter", "identifiers": person });
    both.post("/api/v1/requests", &unnamed).refused(400, "input");
    let found = both.post("/api/v1/requests/find", &json!({ "identifiers": person })).is(200);
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(both.get(&of_beta).is(200)["state"], "verified");
}

/// With a second company; each source names its own.
pub(super) fn two_companies(standin: &StandIn, beta: &StandIn) -> Deployment {
    let deployment = Deployment::bare(&standin.mluvii, &format!("{}{ADMIN}", company("beta", &beta.mluvii, 63, "")));
    deployment.names_companies();
    deployment
}

#[test]
fn a_proxy_has_to_say_that_it_takes_tls_only() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, "\n[admin]\nlisten = \"0.0.0.0:0\"\n");
    let refused = deployment.run(&["config", "show"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("admin.listen") && said.contains("behind_proxy"), "{said}");

    let unnamed = "\n[admin]\nlisten = \"127.0.0.1:0\"\nbehind_proxy = true\n";
    let refused = Deployment::bare(&standin.mluvii, unnamed).run(&["config", "show"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    let is_named = said.contains("server.trusted_proxies") && said.contains("no proxy is named");
    assert!(!refused.status.success() && is_named, "{said}");

    let deployment = Deployment::bare(&standin.mluvii, "");
    deployment.stands_behind_proxy();
    let server = Server::start(&deployment);
    let api = Api::by(&server, &deployment, "jana", &["officer"], &[]);
    api.get("/api/v1/me").refused(403, "not_https");
    let with = |schemes: &[&str]| {
        let asked = schemes
            .iter()
            .fold(api.asked("get", "/api/v1/me"), |asked, scheme| asked.header("X-Forwarded-Proto", *scheme));
        super::sent(asked)
    };
    with(&["http"]).refused(403, "not_https");
    // Somebody before the proxy has written one of them.
    with(&["https", "http"]).refused(403, "not_https");
    with(&["http, https"]).refused(403, "not_https");
    let me: Value = with(&["https"]).is(200);
    assert_eq!(me["account"], "jana");
}
