//! Every path of the description by whom it is not for: an account of another company, a bearer that is none, a method that is none.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ADMIN, Answer, Api, done, ordered, sent, token};
use crate::harness::{Deployment, ERASE, PASSWORD, Server, StandIn, client, company, http, receipts, wait_for};

pub(super) const EVERY: [&str; 3] = ["officer", "approver", "operator"];

/// Two companies, of which `beta` has one of everything.
pub(super) struct Beta {
    _standins: [StandIn; 2],
    pub(super) deployment: Deployment,
    pub(super) server: Server,
    pub(super) both: Api,
    pub(super) request: String,
    pub(super) erasure: String,
    pub(super) hold: String,
    pub(super) receipt: u64,
    pub(super) quarantined: String,
    pub(super) job: String,
}

pub(super) fn beta() -> Beta {
    let standins = [StandIn::start(), StandIn::start()];
    let [acme, beta] = &standins;
    let more = format!("{}{ERASE}{ADMIN}", company("beta", &beta.mluvii, 62, ""));
    let deployment = Deployment::bare(&acme.mluvii, &more);
    deployment.names_companies();
    let server = Server::start(&deployment);
    beta.register(&server.callback_of("beta"));
    beta.begin(101, "bob@example.com", Some("v1"));
    beta.end(101);
    deployment.settled(1);
    beta.begin(102, "eve@example.com", None);
    beta.just_end(102);
    let statement = receipts(&deployment, 1)[0]["statement"].clone();
    assert_eq!(statement["subject"], "session:beta/102", "{statement:#}");

    let both = Api::by(&server, &deployment, "both", &EVERY, &[]);
    let person = json!([{ "kind": "email", "value": "bob@example.com" }]);
    let asked = json!({ "company": "beta", "came": "letter", "verified": "document", "identifiers": person });
    let request = both.post("/api/v1/requests", &asked).is(201)["number"].as_str().expect("a number").to_owned();
    let planned = both.post(&format!("/api/v1/requests/beta/{request}/plan"), &json!({})).is(200);
    assert_eq!(planned["sessions"][0]["session"], "beta/101", "{planned:#}");
    let hold = json!({ "company": "beta", "on": { "session": 7 }, "reason": "legal-claims" });
    let hold = both.post("/api/v1/holds", &hold).is(201)["id"].as_str().expect("an id").to_owned();
    // One that can still be approved, stopped or cancelled.
    let erasure = deployment.json(&["erase", "--session", "beta/101", "--after", "30d"]);
    let erasure = erasure["id"].as_str().unwrap_or_else(|| panic!("{erasure:#}")).to_owned();
    let receipt = statement["sequence"].as_u64().expect("a number");
    let unreadable = client().post(server.url("/webhooks/beta")).basic_auth("mluvii", Some(PASSWORD)).body("[1, 2]");
    assert_eq!(http(unreadable).0, 202);
    let quarantined = both.get("/api/v1/quarantine").is(200)["items"][0]["number"].to_string();
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let order = json!({ "company": "beta", "since": yesterday });
    let job = both.post("/api/v1/past-jobs", &order).is(201)["number"].to_string();
    Beta { _standins: standins, deployment, server, both, request, erasure, hold, receipt, quarantined, job }
}

impl Beta {
    /// What is there, without what moves by itself.
    fn state(&self) -> Value {
        let of = |path: String, members: &[&str]| {
            let shown = self.both.get(&path).is(200);
            members.iter().map(|member| shown[*member].clone()).collect::<Vec<_>>()
        };
        json!([
            of(format!("/api/v1/requests/beta/{}", self.request), &["state", "ended", "erasures", "verified"]),
            of(format!("/api/v1/erasures/{}", self.erasure), &["state", "steps"]),
            of(format!("/api/v1/holds/{}", self.hold), &["ended", "lifted_by"]),
        ])
    }
}

/// Every method and path of the description, with the names in it.
pub(super) fn described(api: &Api) -> Vec<(String, String)> {
    let description = api.get("/api/v1/openapi.json").is(200);
    let paths = description["paths"].as_object().expect("paths").iter();
    let methods = |(path, item): (&String, &Value)| {
        let methods = item.as_object().expect("an item").keys();
        methods.map(|method| (method.clone(), path.clone())).collect::<Vec<_>>()
    };
    paths.flat_map(methods).collect()
}

/// What an operation takes, so that nothing but whom it is for is in the way.
fn asked(api: &Api, method: &str, path: &str) -> Answer {
    let none = "0000000000000000";
    let body = match path.rsplit('/').next().expect("a part") {
        _ if path.contains("/erasures/") && path.ends_with("/approve") => json!({ "version": none }),
        // The others take no body, whatever a request's operation of the same name takes.
        _ if path.contains("/erasures/") => json!({}),
        "certificate" => return sent(api.asked(method, &format!("{path}?lang=cs&for=person"))),
        "verify" => json!({ "verify": { "how": "document" } }),
        "extend" => json!({ "months": 1, "because": "complexity" }),
        "reject" => json!({ "because": "legal-claims" }),
        "close" => json!({ "because": "mistake" }),
        "approve" | "run" => json!({ "plan": none }),
        "pause" => json!({ "reason": "maintenance" }),
        "done" => json!({ "outcome": "erased" }),
        "confirm" if path.contains("/past-jobs/") => json!({ "shown": "2026-01-01T00:00:00Z" }),
        _ => json!({}),
    };
    if method == "get" { api.get(path) } else { api.post(path, &body) }
}

/// A path with these names in it.
pub(super) fn filled(path: &str, company: &str, id: &str) -> String {
    ["{number}", "{id}", "{target}"]
        .iter()
        .fold(path.replace("{company}", company), |path, name| path.replace(name, id))
}

/// Another id of the same form, which nothing has.
fn another(id: &str) -> String {
    let (rest, last) = id.split_at(id.len() - 1);
    format!("{rest}{}", if last == "0" { "1" } else { "0" })
}

#[test]
fn whose_account_is_of_another_company_cannot_tell_what_is_there_from_what_is_not() {
    let beta = beta();
    let acme = Api::of(&beta.server, Some(&token(&beta.deployment, "anna", &EVERY, &["acme"])));
    let before = beta.state();
    let rows = beta.deployment.json(&["audit", "list", "--limit", "200"]);
    let receipt = beta.receipt.to_string();
    let mut walked = BTreeSet::new();
    for (method, path) in described(&acme) {
        let (there, not_there) = match path.split('/').nth(3).expect("a part") {
            _ if !path.contains('{') => continue,
            "requests" => (("beta", beta.request.clone()), ("beta", "R-999".to_owned())),
            "erasures" => (("", beta.erasure.clone()), ("", another(&beta.erasure))),
            "holds" => (("", beta.hold.clone()), ("", another(&beta.hold))),
            "receipts" => (("", receipt.clone()), ("", "999".to_owned())),
            "quarantine" => (("", beta.quarantined.clone()), ("", "999".to_owned())),
            "past-jobs" => (("", beta.job.clone()), ("", "999".to_owned())),
            // Nobody is asked to erase by hand here.
            "tasks" => (("", "t-000000000000".to_owned()), ("", "t-000000000001".to_owned())),
            "targets" | "plugins" => (("", "mluvii".to_owned()), ("", "nobody".to_owned())),
            other => panic!("{other}: what of it is another company's?"),
        };
        let [answer, expected] =
            [&there, &not_there].map(|(company, id)| asked(&acme, &method, &filled(&path, company, id)));
        assert!([403, 404].contains(&answer.status), "{method} {path}: {answer:?}");
        assert_eq!((answer.status, &answer.text), (expected.status, &expected.text), "{method} {path}");
        if path.contains("{company}") {
            let of_nobody = asked(&acme, &method, &filled(&path, "nobody", &there.1));
            assert_eq!((answer.status, &answer.text), (of_nobody.status, &of_nobody.text), "{method} {path}");
        }
        walked.insert((method, path));
    }
    assert!(walked.len() > 20, "{walked:?}");
    assert_eq!(beta.deployment.json(&["audit", "list", "--limit", "200"]), rows, "nothing was ordered");

    // Nor where a company is named in a query, in a body, or by a session.
    let person = json!([{ "kind": "email", "value": "bob@example.com" }]);
    let own = json!({ "company": "acme", "came": "letter", "verified": "document", "identifiers": person });
    let own = acme.post("/api/v1/requests", &own).is(201)["number"].as_str().expect("a number").to_owned();
    let rows = beta.deployment.json(&["audit", "list", "--limit", "200"]);
    let named = |company: &str| {
        let session = |session: &str| json!({ "include": [{ "session": session, "because": "content" }] });
        [
            acme.get(&format!("/api/v1/requests?company={company}")),
            acme.get(&format!("/api/v1/erasures?company={company}")),
            acme.post("/api/v1/requests/find", &json!({ "company": company, "identifiers": person })),
            acme.post("/api/v1/receipts/find", &json!({ "company": company, "identifiers": person })),
            acme.post("/api/v1/consents/find", &json!({ "company": company, "on": { "person": person } })),
            acme.post("/api/v1/consents/find", &json!({ "company": company, "on": { "session": 101 } })),
            acme.post(
                "/api/v1/consents/foresee",
                &json!({ "company": company, "on": { "session": 101 }, "came": "letter" }),
            ),
            acme.get(&format!("/api/v1/consents/export?company={company}")),
            acme.get(&format!("/api/v1/tasks?company={company}")),
            acme.get(&format!("/api/v1/letters?letter=refusal&lang=cs&request=R-1&company={company}")),
            acme.post("/api/v1/past-jobs", &json!({ "company": company, "since": "2026-01-01T00:00:00Z" })),
            acme.post(
                "/api/v1/sweeps",
                &json!({ "company": company, "target": "mluvii", "since": "2026-01-01T00:00:00Z" }),
            ),
            acme.post("/api/v1/sweeps/cancel", &json!({ "company": company, "target": "mluvii" })),
            acme.post("/api/v1/webhooks/register", &json!({ "source": company })),
            acme.post("/api/v1/webhooks/unregister", &json!({ "source": company })),
            acme.post("/api/v1/requests", &json!({ "company": company, "came": "letter", "identifiers": person })),
            acme.post(
                "/api/v1/holds",
                &json!({ "company": company, "on": { "session": 7 }, "reason": "legal-claims" }),
            ),
            acme.post("/api/v1/erasures", &json!({ "company": company, "of": { "session": 101 } })),
            acme.post(
                "/api/v1/erasures/foresee",
                &json!({ "company": company, "of": { "guest": "guest-bob@example.com" } }),
            ),
            acme.post(&format!("/api/v1/requests/acme/{own}/plan"), &session(&format!("{company}/101"))),
        ]
    };
    for (of_beta, of_nobody) in named("beta").iter().zip(&named("nobody")) {
        of_beta.refused(404, "not_found");
        assert_eq!(of_beta.text, of_nobody.text);
    }
    let seen = |number: u64| {
        let answer = acme.post("/api/v1/receipts/acknowledge", &json!({ "which": { "these": [number] } }));
        answer.refused(404, "not_found");
        answer.text
    };
    assert_eq!(seen(beta.receipt), seen(999));
    // What is of all companies is ordered by nobody who sees one of them.
    for (of_all, body) in [
        ("receipts/acknowledge", json!({ "which": "all" })),
        ("undecided/retry", json!({})),
        ("attention/unmute", json!({ "code": "overdue" })),
    ] {
        acme.post(&format!("/api/v1/{of_all}"), &body).refused(403, "forbidden");
    }
    assert_eq!(
        beta.deployment.json(&["audit", "list", "--limit", "200"]),
        rows,
        "nothing was ordered, nobody looked for"
    );
    assert_eq!(beta.state(), before, "nothing has changed");

    // What is listed leaves out what is another company's, as if it were not there.
    for of_beta in ["/api/v1/quarantine", "/api/v1/past-jobs", "/api/v1/sweeps", "/api/v1/tasks"] {
        assert_eq!(acme.get(of_beta).is(200)["items"], json!([]), "{of_beta}");
    }
    let exported = acme.get("/api/v1/consents/export");
    assert!(exported.status == 200 && !exported.text.contains("beta"), "{}", exported.text);
    for of_all in ["rules", "rules/trial", "plugins", "accounts", "tokens", "receipts/export"] {
        acme.get(&format!("/api/v1/{of_all}")).refused(403, "forbidden");
    }

    // Whom it is for sees all of it.
    for path in [
        format!("/api/v1/requests/beta/{}/plan", beta.request),
        format!("/api/v1/erasures/{}", beta.erasure),
        format!("/api/v1/holds/{}", beta.hold),
        format!("/api/v1/receipts/{receipt}"),
        format!("/api/v1/quarantine/{}", beta.quarantined),
        format!("/api/v1/past-jobs/{}", beta.job),
    ] {
        beta.both.get(&path).is(200);
    }
}

#[test]
fn nothing_but_a_token_s_own_secret_opens_anything_and_no_other_method_does_anything() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let [jana, petr] = ["jana", "petr"].map(|name| token(&deployment, name, &EVERY, &[]));
    let api = Api::of(&server, Some(&jana));
    let with = |bearer: &str| Api { base: api.base.clone(), token: Some(bearer.to_owned()) };
    let issue = ["tokens", "issue", "jana", "--role", "officer", "--for", "a test", "--expires", "1s"];
    let issued = deployment.run(&issue);
    done(&issued);
    let expired = String::from_utf8(issued.stdout).expect("text").trim_end().to_owned();
    wait_for("the token to expire", || (with(&expired).get("/api/v1/me").status == 401).then_some(()));
    let rows = ordered(&deployment);

    let part = |token: &str, number: usize| token.split('_').nth(number).expect("a part").to_owned();
    let (id, secret) = (part(&jana, 1), part(&jana, 2));
    let unknown = with(&format!("qt_000000000000_{secret}")).get("/api/v1/me");
    unknown.refused(401, "unauthenticated");
    for wrong in [
        format!("qt_{id}_{}", part(&petr, 2)),
        format!("qs_{id}_{secret}"),
        format!("{id}_{secret}"),
        format!("qt_{id}"),
        secret.clone(),
        expired.clone(),
    ] {
        let answer = with(&wrong).get("/api/v1/me");
        assert_eq!((answer.status, &answer.text), (401, &unknown.text), "nobody learns what is wrong with it");
    }
    api.get("/api/v1/me").is(200);

    let nobody = Api { base: api.base.clone(), token: None };
    let all = described(&nobody);
    let paths: BTreeSet<_> = all.iter().map(|(_, path)| path).collect();
    for path in paths {
        let has = |method: &str| all.iter().any(|(one, other)| one == method && other == path);
        let at = filled(path, "acme", "404");
        for method in ["get", "post", "head", "options", "put", "patch", "delete"] {
            let place = format!("{method} {path}");
            let [without, by_token] = [&nobody, &api].map(|api| sent(api.asked(method, &at)));
            match method {
                // What would be read is said by its head alone.
                "head" if has("get") => {
                    assert_eq!((without.status, without.text.as_str()), (401, ""), "{place}");
                    assert_eq!(by_token.status, api.get(&at).status, "{place}");
                    assert!(by_token.text.is_empty(), "{place}");
                }
                known if has(known) => {
                    without.refused(401, "unauthenticated");
                    assert!(![401, 403, 405, 500, 503].contains(&by_token.status), "{place}: {by_token:?}");
                }
                // It has no body either way.
                "head" => assert_eq!((without.status, by_token.status), (405, 405), "{place}"),
                _ => {
                    without.refused(405, "no_such_method");
                    by_token.refused(405, "no_such_method");
                }
            }
        }
    }
    assert_eq!(ordered(&deployment), rows, "nothing was ordered");
    let (_, log) = server.stop();
    let log = log.join("\n");
    assert!(![&secret, &part(&petr, 2), &part(&expired, 2)].iter().any(|one| log.contains(one.as_str())), "in the log");
}
