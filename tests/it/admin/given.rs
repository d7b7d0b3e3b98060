//! What is given and cannot be read: it is refused with where, and what stood there is neither answered nor logged.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use serde_json::json;

use super::{ADMIN, Api, sent, talked, token};
use crate::harness::{Deployment, ERASE, Needles, PATIENCE, Server, StandIn, wait_for};

const CANARY: &str = "canary-7f3a@example.com";

#[test]
fn what_cannot_be_read_changes_nothing_and_is_not_repeated() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let api = Api::by(&server, &deployment, "jana", &["officer"], &[]);
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
        sent(asked).refused(415, "not_json");
    }
    let large = json!({ "came": "letter", "identifiers": [{ "kind": "email", "value": "x".repeat(300_000) }] });
    api.post(at, &large).refused(413, "too_large");
    let of = |kind: &str, value: &str| json!({ "came": "letter", "identifiers": [{ "kind": kind, "value": value }] });
    api.post(at, &of("email", " ")).refused(400, "input");
    api.post(at, &of("guest_id", "7")).refused(400, "input");
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
    let api = Api::by(&server, &deployment, "jana", &["officer"], &[]);
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

#[test]
fn an_order_with_a_wish_that_it_does_not_know_is_not_done() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let api = Api::by(&server, &deployment, "jana", &["officer"], &[]);
    let stop = "/api/v1/erasures/e-00000000000000000000000000000000/stop";
    sent(api.asked("post", stop)).refused(404, "not_found");
    api.post(stop, &json!({})).refused(404, "not_found");
    api.post(stop, &json!({ "dry_run": true })).refused(400, "not_understood");
    for body in ["[]", "null", "x", "{}{}"] {
        sent(api.asked("post", stop).body(body)).refused(400, "not_understood");
    }
    for path in [format!("{stop}?company=beta"), format!("{stop}?dry_run=true")] {
        api.post(&path, &json!({})).refused(400, "not_understood");
    }
    let person = json!([{ "kind": "email", "value": "ann@example.com" }]);
    let request = json!({ "came": "letter", "identifiers": person });
    api.post("/api/v1/requests?company=acme", &request).refused(400, "not_understood");
    assert_eq!(api.get("/api/v1/requests?all=true").is(200)["items"], json!([]));
    api.get("/api/v1/requests/acme/R-1?all=true").refused(400, "not_understood");
}

#[test]
fn what_waits_for_its_time_is_begun_early_by_an_officer_only() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, &format!("{ERASE}{ADMIN}"));
    let server = Server::start(&deployment);
    talked(&standin, &server, &deployment, "ann@example.com");
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let asked = deployment.json(&["erase", "--session", "acme/101", "--after", "30d"]);
    let at = format!("/api/v1/erasures/{}", asked["id"].as_str().unwrap_or_else(|| panic!("{asked:#}")));
    let none = json!({});
    operator.post(&format!("{at}/retry"), &none).refused(409, "conflict");
    operator.post(&format!("{at}/begin"), &none).refused(403, "forbidden");
    assert_eq!(officer.get(&at).is(200)["state"], "scheduled");
    officer.post(&format!("{at}/begin"), &none).is(200);
    wait_for("the erasure to be done", || (officer.get(&at).is(200)["state"] == "done").then_some(()));
    officer.post(&format!("{at}/begin"), &none).refused(409, "conflict");
}

#[test]
fn who_does_not_see_accounts_reads_the_audit_without_them() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let officer = Api::by(&server, &deployment, "olga", &["officer"], &[]);
    let person = json!([{ "kind": "email", "value": "ann@example.com" }]);
    officer.post("/api/v1/requests", &json!({ "came": "letter", "identifiers": person })).is(201);
    let operator = Api::by(&server, &deployment, "otto", &["operator"], &[]);
    let acts = |api: &Api| {
        let (mut acts, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = api.get(&format!("/api/v1/audit?limit=1{cursor}")).is(200);
            let items = page["items"].as_array().expect("items");
            acts.extend(items.iter().map(|row| row["act"].as_str().expect("an act").to_owned()));
            let Some(next) = page["next"].as_str() else { return acts };
            cursor = format!("&cursor={next}");
        }
    };
    let (seen, all) = (acts(&officer), acts(&operator));
    let is_of_accounts = |act: &&String| act.starts_with("account.") || act.starts_with("token.");
    assert_eq!(all.iter().filter(is_of_accounts).count(), 4, "{all:?}");
    assert_eq!(seen, all.iter().filter(|act| !is_of_accounts(act)).cloned().collect::<Vec<_>>());
    assert!(seen.contains(&"request.enter".to_owned()), "behind pages that have nothing: {seen:?}");
    officer.get("/api/v1/audit?act=token.issue").refused(403, "forbidden");
    assert_eq!(operator.get("/api/v1/audit?act=token.issue").is(200)["items"].as_array().map(Vec::len), Some(2));
}

/// The next answer of a connection: its first line.
fn next_answer(from: &mut BufReader<TcpStream>) -> String {
    let line = |from: &mut BufReader<TcpStream>| {
        let mut line = String::new();
        from.read_line(&mut line).expect("a line");
        line.trim_end().to_owned()
    };
    let first = line(from);
    let mut length = 0;
    loop {
        let header = line(from).to_lowercase();
        if header.is_empty() {
            break;
        }
        if let Some(said) = header.strip_prefix("content-length:") {
            length = said.trim().parse().expect("a length");
        }
    }
    from.read_exact(&mut vec![0; length]).expect("the body");
    first
}

#[test]
fn who_is_known_is_not_cut_off_for_connections_of_which_nobody_is() {
    let standin = StandIn::start();
    let deployment = Deployment::bare(&standin.mluvii, ADMIN);
    let server = Server::start(&deployment);
    let secret = token(&deployment, "jana", &["officer"], &[]);
    let api = Api::of(&server, Some(&secret));
    let address = api.base.strip_prefix("http://").expect("an address");
    let connect = || {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("it is set");
        stream
    };
    let mut known = connect();
    let mut answers = BufReader::new(known.try_clone().expect("the same connection"));
    let head = format!("Host: {address}\r\nAuthorization: Bearer {secret}\r\n");
    write!(known, "GET /api/v1/me HTTP/1.1\r\n{head}\r\n").expect("it is sent");
    assert_eq!(next_answer(&mut answers), "HTTP/1.1 200 OK");

    // Under way while more come than one address may have open.
    let body = json!({ "identifiers": [{ "kind": "email", "value": "ann@example.com" }] }).to_string();
    let length = body.len();
    write!(
        known,
        "POST /api/v1/requests/find HTTP/1.1\r\n{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    )
    .expect("it is sent");
    let mut idle: Vec<TcpStream> = (0..80).map(|_| connect()).collect();
    // The oldest of them has to make way, as would one that is older still and no better known.
    let closed = idle[0].read(&mut [0; 1]);
    assert!(!matches!(closed, Ok(1)), "{closed:?}");
    known.write_all(body.as_bytes()).expect("it is sent");
    assert_eq!(next_answer(&mut answers), "HTTP/1.1 200 OK");
}
