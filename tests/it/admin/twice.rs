//! Orders that come again, because whoever has sent them has heard no answer.

use serde_json::{Value, json};

use super::{ADMIN, Answer, Api, token};
use crate::harness::{Deployment, Needles, Server, StandIn};

const ANN: &str = "ann.canary@example.com";

/// What is answered to an order with this key, and the headers of it.
fn keyed(api: &Api, key: &str, path: &str, body: &Value) -> (Answer, Vec<(String, String)>) {
    let request = api.asked("post", path).header("Idempotency-Key", key).json(body);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let response = request.send().await.expect("an answer");
        let status = response.status().as_u16();
        let headers = response.headers().iter();
        let headers =
            headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned())).collect();
        (Answer { status, text: response.text().await.expect("text") }, headers)
    })
}

fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

fn replayed(headers: &[(String, String)]) -> bool {
    header(headers, "idempotency-replayed") == Some("true")
}

fn count(api: &Api, path: &str) -> usize {
    api.get(path).is(200)["items"].as_array().expect("items").len()
}

#[test]
fn what_comes_again_with_its_key_is_done_once_and_answered_the_same() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let [first, second] = ["olga", "otto"].map(|name| token(&deployment, name, &["officer"], &[]));
    let olga = Api::of(&server, Some(&first));
    let otto = Api::of(&server, Some(&second));
    let person = json!([{ "kind": "email", "value": ANN }]);
    let letter = json!({ "came": "letter", "verified": "document", "identifiers": person });
    let (made, headers) = keyed(&olga, "order-1", "/api/v1/requests", &letter);
    assert_eq!(made.is(201)["number"], "R-1");
    assert!(!replayed(&headers));
    for _ in 0..2 {
        let (again, headers) = keyed(&olga, "order-1", "/api/v1/requests", &letter);
        assert_eq!((again.status, &again.text), (201, &made.text));
        assert!(replayed(&headers) && header(&headers, "content-type") == Some("application/json"), "{headers:?}");
    }
    assert_eq!(count(&olga, "/api/v1/requests"), 1);
    // It is the order that is known by its key, and not any other.
    let other = json!({ "came": "email", "identifiers": person, "anyway": true });
    keyed(&olga, "order-1", "/api/v1/requests", &other).0.refused(409, "conflict");
    let hold = json!({ "on": { "session": 7 }, "reason": "legal-claims" });
    keyed(&olga, "order-1", "/api/v1/holds", &hold).0.refused(409, "conflict");
    assert_eq!((count(&olga, "/api/v1/requests"), count(&olga, "/api/v1/holds")), (1, 0));

    // Another's key is another key; without one, everything is new.
    let holds = [&olga, &olga, &otto].map(|api| keyed(api, "order-2", "/api/v1/holds", &hold));
    let id = |index: usize| holds[index].0.is(201)["id"].clone();
    assert!(id(0) == id(1) && id(0) != id(2), "{holds:?}");
    assert!(replayed(&holds[1].1) && !replayed(&holds[2].1));
    for _ in 0..2 {
        olga.post("/api/v1/holds", &hold).is(201);
    }
    assert_eq!(count(&olga, "/api/v1/holds"), 4);

    // What was refused has changed nothing, and may be corrected.
    keyed(&olga, "order-3", "/api/v1/requests", &letter).0.refused(409, "duplicate");
    let corrected = json!({ "came": "letter", "verified": "document", "identifiers": person, "anyway": true });
    assert_eq!(keyed(&olga, "order-3", "/api/v1/requests", &corrected).0.is(201)["number"], "R-2");
    for wrong in ["", "two words", &"x".repeat(65)] {
        keyed(&olga, wrong, "/api/v1/requests", &letter).0.refused(400, "not_understood");
    }

    // By another process as well.
    server.stop();
    let server = Server::start(&deployment);
    let olga = Api::of(&server, Some(&first));
    let (again, headers) = keyed(&olga, "order-1", "/api/v1/requests", &letter);
    assert!(again.text == made.text && replayed(&headers), "{again:?}");
    let (_, log) = server.stop();
    let needles = Needles::of([ANN]);
    needles.must_be_absent("the log", log.join("\n").as_bytes());
    needles.must_be_absent_in(deployment.folder());
}

#[test]
fn who_sends_again_what_has_no_answer_is_told_to_wait_or_to_look() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let olga = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let hold = json!({ "on": { "session": 7 }, "reason": "legal-claims" });
    let send = || keyed(&olga, "order-1", "/api/v1/holds", &hold);
    send().0.is(201);
    let sql = |sql: &str| {
        let changed = deployment.ledger().execute(sql, []).expect("an update");
        assert_eq!(changed, 1, "{sql}");
    };
    // As the ledger is while it is done, and where the process that did it was killed.
    sql("UPDATE order_answer SET status = 0, answer = ''");
    let (under_way, headers) = send();
    under_way.refused(409, "conflict");
    assert!(header(&headers, "retry-after").is_some(), "{headers:?}");
    sql("UPDATE order_answer SET claimed = claimed - 3600000");
    let (unknown, headers) = send();
    let said = unknown.refused(409, "conflict")["detail"].to_string();
    assert!(said.contains("look whether it was done") && header(&headers, "retry-after").is_none(), "{said}");
    assert_eq!(count(&olga, "/api/v1/holds"), 1, "it is not done once more");
    // After a day, the key is nobody's.
    sql("UPDATE order_answer SET claimed = claimed - 86400000");
    send().0.is(201);
    assert_eq!(count(&olga, "/api/v1/holds"), 2);
}
