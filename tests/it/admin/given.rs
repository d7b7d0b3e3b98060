//! What is given and cannot be read: it is refused with where, and what stood there is neither answered nor logged.

use serde_json::json;

use super::{ADMIN, Api, sent, token};
use crate::harness::{Deployment, Needles, Server, StandIn};

const CANARY: &str = "canary-7f3a@example.com";

#[test]
fn what_cannot_be_read_changes_nothing_and_is_not_repeated() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let api = Api::of(&server, Some(&token(&deployment, "jana", &["officer"], &[])));
    let rows = deployment.json(&["audit", "list"]);
    let at = "/api/v1/requests";
    let bodies = [
        format!("{{\"came\": \"{CANARY}\", \"identifiers\": []}}"),
        format!("{{\"came\": \"letter\", \"identifiers\": \"{CANARY}\"}}"),
        format!("{{\"came\": \"letter\", \"identifiers\": [{{\"kind\": \"email\", \"value\": \"{CANARY}\"}}"),
        format!(
            "{{\"came\": \"letter\", \"identifiers\": [{{\"kind\": \"email\", \"value\": \"{CANARY}\", \"x\": 1}}]}}"
        ),
        format!("{{\"came\": \"letter\", \"received\": \"{CANARY}\", \"identifiers\": []}}"),
        CANARY.to_owned(),
        String::new(),
    ];
    for body in bodies {
        let asked = api.asked("post", at).header("Content-Type", "application/json").body(body.clone());
        let answer = sent(asked);
        let problem = answer.refused(400, "not_understood");
        assert!(!problem.to_string().contains(CANARY), "{body}: {problem}");
    }
    let person = json!([{ "kind": "email", "value": CANARY }]);
    let valid = json!({ "came": "letter", "identifiers": person });
    // In another form a page of somebody else's could send it without asking anybody.
    for media in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let asked = api.asked("post", at).header("Content-Type", media).body(valid.to_string());
        sent(asked).refused(400, "not_understood");
    }
    let large = json!({ "came": "letter", "identifiers": [{ "kind": "email", "value": "x".repeat(300_000) }] });
    api.post(at, &large).refused(413, "too_large");
    let of = |kind: &str, value: &str| json!({ "came": "letter", "identifiers": [{ "kind": kind, "value": value }] });
    api.post(at, &of("email", " ")).refused(400, "input");
    api.post(at, &of("session", "7")).refused(400, "input");
    api.post(at, &json!({ "came": "letter", "identifiers": [] })).refused(400, "input");
    api.post(at, &json!({ "came": "letter", "verified": "email-link", "identifiers": person })).refused(400, "input");
    // A filter that is not understood must not list more.
    for query in
        ["states=planned", "state=plnned", "limit=0", "limit=501", "limit=-1", "cursor=x", "all=true&state=done"]
    {
        api.get(&format!("{at}?{query}")).refused(400, "not_understood");
    }
    api.get("/api/v1/nothing").refused(404, "no_such_path");
    sent(api.asked("delete", at)).refused(405, "no_such_method");
    for number in ["R-999", "..%2F..%2Fetc", "%00", "a%0d%0ab"] {
        let answer = api.get(&format!("{at}/acme/{number}"));
        assert!([400, 404].contains(&answer.status), "{number}: {answer:?}");
    }
    assert_eq!(deployment.json(&["audit", "list"]), rows, "nothing was ordered");
    let (_, log) = server.stop();
    let needles = Needles::of([CANARY]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}

#[test]
fn an_answer_is_kept_by_nobody_and_used_by_no_page() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let api = Api::of(&server, Some(&token(&deployment, "jana", &["officer"], &[])));
    for (path, origin) in
        [("/api/v1/me", None), ("/api/v1/nothing", None), ("/api/v1/me", Some("https://evil.example"))]
    {
        let mut request = api.asked("get", path);
        if let Some(origin) = origin {
            request = request.header("Origin", origin);
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let response = runtime.block_on(request.send()).expect("an answer");
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header("cache-control").as_deref(), Some("no-store"), "{path}");
        assert_eq!(header("x-content-type-options").as_deref(), Some("nosniff"));
        assert!(header("content-security-policy").is_some_and(|policy| policy.contains("default-src 'none'")));
        for name in ["access-control-allow-origin", "set-cookie", "server"] {
            assert_eq!(header(name), None, "{name}");
        }
    }
}
