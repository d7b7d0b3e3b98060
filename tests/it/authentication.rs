//! Who may deliver: every way to authenticate, with what is right, wrong, missing, changed over and sent again.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use serde_json::json;
use sha2::{Sha256, Sha512};

use super::harness::{Away, Deployment, Server, client, http, session_ended};

/// A server whose source `gate` authenticates as told. Two secrets are there: `old.secret` and `new.secret`.
struct Gate {
    _mluvii: Away,
    deployment: Deployment,
    server: Server,
    body: String,
}

/// An answer, without the time at which it was given.
#[derive(Debug, PartialEq)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: String,
}

const OLD: &str = "old secret";
const NEW: &str = "new: secret";
/// Base64 of `standard webhooks secret`.
const STANDARD_OLD: &str = "c3RhbmRhcmQgd2ViaG9va3Mgc2VjcmV0";
/// Base64 of `another standard secret.`.
const STANDARD_NEW: &str = "YW5vdGhlciBzdGFuZGFyZCBzZWNyZXQu";

const BOTH: &str = "[{ file = 'old.secret' }, { file = 'new.secret' }]";

impl Gate {
    fn new(auth: &str) -> Self {
        Self::with(&format!("auth = [{auth}]"), &[])
    }

    fn with(source: &str, settings: &[(&str, &str)]) -> Self {
        let mluvii = Away::new();
        let deployment = Deployment::bare(&mluvii.url(), &format!("[[source]]\nname = 'gate'\n{source}"));
        deployment.write("old.secret", OLD);
        deployment.write("new.secret", NEW);
        deployment.write("standard.old", STANDARD_OLD);
        deployment.write("standard.new", &format!("whsec_{STANDARD_NEW}"));
        let server = Server::start_with(&deployment, settings);
        server.leaves_work("its mluvii is away");
        Self { _mluvii: mluvii, deployment, server, body: session_ended(1).to_string() }
    }

    fn answer(&self, query: &str, headers: &[(&str, String)]) -> Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut request = client().post(self.server.url("/webhooks/gate") + query).body(self.body.clone());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        runtime.block_on(async {
            let response = request.send().await.expect("the server answers");
            let (status, mut headers) = (response.status().as_u16(), response.headers().clone());
            headers.remove("date");
            Answer { status, headers, body: response.text().await.expect("a body of text") }
        })
    }

    fn post(&self, headers: &[(&str, String)]) -> u16 {
        self.answer("", headers).status
    }

    #[track_caller]
    fn takes(&self, headers: &[(&str, String)]) {
        assert_eq!(self.post(headers), 204, "{headers:?}");
    }

    #[track_caller]
    fn refuses(&self, headers: &[(&str, String)]) {
        assert_eq!(self.post(headers), 401, "{headers:?}");
    }

    fn basic(&self, scheme: &str, pair: &str) -> u16 {
        self.post(&[("authorization", format!("{scheme} {}", STANDARD.encode(pair)))])
    }
}

fn hmac256(key: &[u8], message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("a key");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn hmac512(key: &[u8], message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha512>::new_from_slice(key).expect("a key");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

/// The present, and so many seconds.
fn now(plus: i64) -> String {
    (Timestamp::now().as_second() + plus).to_string()
}

#[test]
fn basic_takes_the_right_password_and_nothing_else() {
    let gate = Gate::new("{ basic = { user = 'mluvii', password = { file = 'new.secret' } } }");
    let right = format!("mluvii:{NEW}");
    for wrong in
        ["mluvii:", "mluvii", "", "mluvii:new", "other:new: secret", "mluvii:new: secret ", "mluvii:NEW: SECRET"]
    {
        assert_eq!(gate.basic("Basic", wrong), 401, "{wrong}");
    }
    assert_eq!(gate.basic("Bearer", &right), 401);
    assert_eq!(gate.basic("Digest", &right), 401);
    gate.refuses(&[]);
    gate.refuses(&[("authorization", right.clone())]);
    gate.refuses(&[("authorization", format!("Basic {right}"))]);
    assert_eq!(gate.deployment.events(), 0, "what is refused leaves no trace");

    // The colon in it is the password's own.
    assert_eq!(gate.basic("Basic", &right), 204);
    assert_eq!(gate.basic("bAsIc", &right), 204);
    assert_eq!(gate.basic("Basic  ", &right), 204);
    assert_eq!(gate.deployment.events(), 1);
}

#[test]
fn two_passwords_are_good_while_they_are_changed() {
    let auth = format!("{{ basic = {{ user = 'mluvii', password = {BOTH} }} }}");
    let gate = Gate::new(&auth);
    assert_eq!(gate.basic("Basic", &format!("mluvii:{OLD}")), 204);
    assert_eq!(gate.basic("Basic", &format!("mluvii:{NEW}")), 204);
    assert_eq!(gate.basic("Basic", &format!("mluvii:{OLD}{NEW}")), 401);
}

#[test]
fn a_url_with_credentials_is_how_mluvii_delivers() {
    let gate = Gate::new("{ basic = { user = 'mluvii', password = { file = 'new.secret' } } }");
    let url = format!("http://mluvii:new%3A%20secret@{}/webhooks/gate", gate.server.address);
    let (status, _) = super::harness::http(client().post(url).body(gate.body.clone()));
    assert_eq!(status, 204);
}

#[test]
fn an_hmac_is_that_of_this_body_under_one_of_the_secrets() {
    let gate = Gate::new(&format!("{{ hmac = {{ header = 'X-Signature', secrets = {BOTH} }} }}"));
    let signature = |secret: &str, body: &str| hex::encode(hmac256(secret.as_bytes(), body));
    let good = signature(OLD, &gate.body);
    for bad in [
        signature("wrong secret", &gate.body),
        signature(OLD, &gate.body.replace('1', "2")),
        hex::encode(hmac512(OLD.as_bytes(), &gate.body)),
        STANDARD.encode(hmac256(OLD.as_bytes(), &gate.body)),
        good[..62].to_owned(),
        format!("sha256={good}"),
        String::new(),
    ] {
        gate.refuses(&[("x-signature", bad)]);
    }
    gate.refuses(&[]);
    gate.refuses(&[("x-other-signature", good.clone())]);
    assert_eq!(gate.deployment.events(), 0);

    gate.takes(&[("x-signature", good.clone())]);
    gate.takes(&[("x-signature", good.to_uppercase())]);
    gate.takes(&[("x-signature", signature(NEW, &gate.body))]);
    assert_eq!(gate.deployment.events(), 1);
}

#[test]
fn an_hmac_can_be_sha512_base64_and_have_a_prefix() {
    let secret = "secrets = { file = 'old.secret' }";
    let base64 = format!("{{ hmac = {{ header = 'x-512', algorithm = 'sha512', encoding = 'base64', {secret} }} }}");
    let prefix = format!("{{ hmac = {{ header = 'x-256', prefix = 'sha256=', encoding = 'hex', {secret} }} }}");
    let short = format!("{{ hmac = {{ header = 'x-64', encoding = 'base64', {secret} }} }}");
    // A delivery must pass one of them.
    let gate = Gate::new(&[base64, prefix, short].join(", "));
    let long = hmac512(OLD.as_bytes(), &gate.body);
    let tag = hmac256(OLD.as_bytes(), &gate.body);

    gate.refuses(&[("x-512", hex::encode(&long))]);
    gate.refuses(&[("x-512", STANDARD.encode(&tag))]);
    gate.refuses(&[("x-512", STANDARD.encode(&long[..32]))]);
    gate.refuses(&[("x-256", hex::encode(&tag))]);
    gate.refuses(&[("x-256", format!("sha512={}", hex::encode(&tag)))]);
    gate.refuses(&[("x-64", STANDARD.encode(&long))]);
    assert_eq!(gate.deployment.events(), 0);

    gate.takes(&[("x-512", STANDARD.encode(&long))]);
    gate.takes(&[("x-512", STANDARD.encode(&long).trim_end_matches('=').to_owned())]);
    gate.takes(&[("x-256", format!("sha256={}", hex::encode(&tag)))]);
    gate.takes(&[("x-64", STANDARD.encode(&tag))]);
    gate.takes(&[("x-64", "wrong".into()), ("x-512", STANDARD.encode(&long))]);
}

#[test]
fn a_signed_delivery_cannot_be_sent_again_after_its_window() {
    let auth = format!(
        "{{ hmac = {{ header = 'x-signature', secrets = {BOTH}, timestamp = {{ header = 'x-time', window = '2m' }} }} }}"
    );
    let gate = Gate::new(&auth);
    let signed = |time: &str| {
        let signature = hex::encode(hmac256(OLD.as_bytes(), &format!("{time}.{}", gate.body)));
        [("x-time", time.to_owned()), ("x-signature", signature)]
    };
    let [time, signature] = signed(&now(0));
    gate.refuses(std::slice::from_ref(&signature));
    gate.refuses(&[("x-time", now(1)), signature.clone()]);
    gate.refuses(&[time, ("x-signature", hex::encode(hmac256(OLD.as_bytes(), &gate.body)))]);
    gate.refuses(&signed(&now(-125)));
    // A minute later this would be within the window.
    gate.refuses(&signed(&now(180)));
    gate.refuses(&signed(""));
    gate.refuses(&signed("yesterday"));
    assert_eq!(gate.deployment.events(), 0);

    gate.takes(&signed(&now(0)));
    gate.takes(&signed(&now(-60)));
    gate.takes(&signed(&now(60)));
}

#[test]
fn standard_webhooks_are_taken_by_the_specification() {
    let both = "[{ file = 'standard.old' }, { file = 'standard.new' }]";
    let gate = Gate::new(&format!("{{ standard_webhooks = {{ secrets = {both} }} }}"));
    let key = |secret: &str| STANDARD.decode(secret).expect("base64");
    let sign = |secret: &str, id: &str, time: &str, body: &str| {
        format!("v1,{}", STANDARD.encode(hmac256(&key(secret), &format!("{id}.{time}.{body}"))))
    };
    let headers = |prefix: &'static [&'static str; 3], time: &str, signature: String| {
        [(prefix[0], "msg_1".to_owned()), (prefix[1], time.to_owned()), (prefix[2], signature)]
    };
    const PLAIN: [&str; 3] = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    const SVIX: [&str; 3] = ["svix-id", "svix-timestamp", "svix-signature"];
    let time = now(0);
    let good = sign(STANDARD_OLD, "msg_1", &time, &gate.body);
    for bad in [
        sign("d3Jvbmc=", "msg_1", &time, &gate.body),
        sign(STANDARD_OLD, "msg_2", &time, &gate.body),
        sign(STANDARD_OLD, "msg_1", &now(1), &gate.body),
        sign(STANDARD_OLD, "msg_1", &time, &gate.body.replace("62", "63")),
        good.replace("v1,", "v1a,"),
        good.replace("v1,", ""),
        String::new(),
    ] {
        gate.refuses(&headers(&PLAIN, &time, bad));
    }
    gate.refuses(&headers(&PLAIN, &time, good.clone())[..2]);
    gate.refuses(&headers(&PLAIN, &time, good.clone())[1..]);
    for stale in [now(-301), now(360)] {
        gate.refuses(&headers(&PLAIN, &stale, sign(STANDARD_OLD, "msg_1", &stale, &gate.body)));
    }
    assert_eq!(gate.deployment.events(), 0);

    gate.takes(&headers(&PLAIN, &time, good.clone()));
    gate.takes(&headers(&SVIX, &time, good.clone()));
    gate.takes(&headers(&PLAIN, &time, sign(STANDARD_NEW, "msg_1", &time, &gate.body)));
    gate.takes(&headers(&PLAIN, &time, format!("v1,d3Jvbmc= v2,unknown {good}")));
    let earlier = now(-240);
    gate.takes(&headers(&PLAIN, &earlier, sign(STANDARD_OLD, "msg_1", &earlier, &gate.body)));
}

#[test]
fn a_secret_in_the_query_is_taken_and_never_logged() {
    let auth = format!("{{ query = {{ parameter = 'secret', secrets = {BOTH} }} }}");
    let gate = Gate::with(&format!("auth = [{auth}]"), &[("LOG__LEVEL", "trace")]);
    let answer = |query: &str| gate.answer(query, &[]).status;
    for wrong in ["", "?", "?secret", "?secret=", "?secret=wrong", "?Secret=old%20secret", "?secrets=old%20secret"] {
        assert_eq!(answer(wrong), 401, "{wrong}");
    }
    assert_eq!(answer("?secret=old%20secret"), 204);
    assert_eq!(answer("?a=b&secret=new%3A%20secret"), 204);
    assert_eq!(answer("?secret=new:%20secret&a=b"), 204);
    assert_eq!(answer("?secret=wrong&secret=old%20secret"), 204);

    let (status, log) = gate.server.stop();
    assert!(status.success());
    assert!(log.len() > 20, "it is verbose");
    let told: Vec<_> = log.iter().filter(|line| line.contains("secret=") || line.contains("%20secret")).collect();
    assert!(told.is_empty(), "{told:#?}");
    let told: Vec<_> = log.iter().filter(|line| line.contains(OLD) || line.contains(NEW)).collect();
    assert!(told.is_empty(), "{told:#?}");
}

#[test]
fn a_refusal_gives_no_hint_of_its_reason() {
    let basic = format!("{{ basic = {{ user = 'mluvii', password = {BOTH} }} }}");
    let hmac =
        format!("{{ hmac = {{ header = 'x-signature', secrets = {BOTH}, timestamp = {{ header = 'x-time' }} }} }}");
    let gate = Gate::new(&[basic, hmac].join(", "));
    let stale = now(-3600);
    let stale_signature = hex::encode(hmac256(OLD.as_bytes(), &format!("{stale}.{}", gate.body)));
    let missing = gate.answer("", &[]);
    assert_eq!((missing.status, missing.body.as_str()), (401, ""));
    for other in [
        vec![("authorization", format!("Basic {}", STANDARD.encode("mluvii:wrong")))],
        vec![("authorization", "Basic !!".to_owned())],
        vec![("x-signature", "not hex".to_owned())],
        vec![("x-signature", hex::encode(hmac256(b"wrong", &gate.body))), ("x-time", now(0))],
        vec![("x-signature", stale_signature), ("x-time", stale)],
    ] {
        assert_eq!(gate.answer("", &other), missing, "{other:?}");
    }
    // We are told.
    let metrics = gate.server.metrics();
    for reason in ["missing", "garbled", "wrong", "stale"] {
        let counted = format!("quietus_refusals_total{{source=\"gate\",reason=\"{reason}\"}}");
        assert!(metrics.contains(&counted), "{counted} in {metrics}");
    }
}

#[test]
fn a_network_that_is_not_allowed_is_refused_before_its_credentials() {
    let source = "allow = ['10.0.0.0/8']\nauth = [{ basic = { user = 'mluvii', password = { file = 'old.secret' } } }]";
    let authorization = ("authorization", format!("Basic {}", STANDARD.encode(format!("mluvii:{OLD}"))));
    let from = |address: &str| [authorization.clone(), ("x-forwarded-for", address.to_owned())];

    let gate = Gate::with(source, &[]);
    assert_eq!(gate.post(std::slice::from_ref(&authorization)), 403);
    assert_eq!(gate.post(&[]), 403, "no hint whether the credentials would have been right");
    assert_eq!(gate.post(&from("10.1.2.3")), 403, "anybody can write such a header");

    let gate = Gate::with(source, &[("SERVER__TRUSTED_PROXIES", "[\"127.0.0.1\"]")]);
    assert_eq!(gate.post(&from("10.1.2.3")), 204);
    assert_eq!(gate.post(&from("192.0.2.1, 10.1.2.3")), 204);
    assert_eq!(gate.post(&from("10.1.2.3, 192.0.2.1")), 403);
    assert_eq!(gate.post(&from("unknown")), 403);
    assert_eq!(gate.post(std::slice::from_ref(&authorization)), 403);
    assert_eq!(gate.post(&[("x-forwarded-for", "10.1.2.3".into())]), 401);
}

#[test]
fn each_source_has_credentials_of_its_own() {
    let gate = Gate::new("{ basic = { user = 'mluvii', password = { file = 'old.secret' } } }");
    assert_eq!(gate.server.deliver_end(1), 204);
    let acme = super::harness::PASSWORD;
    assert_eq!(gate.basic("Basic", &format!("mluvii:{acme}")), 401);
    let (status, _) =
        super::harness::http(client().post(gate.server.url("/webhooks/other")).basic_auth("mluvii", Some(acme)));
    assert_eq!(status, 404);
}

#[test]
fn what_is_refused_is_worth_knowing_and_makes_nobody_come() {
    let gate = Gate::new("{ basic = { user = 'mluvii', password = { file = 'new.secret' } } }");
    let wrong = [("authorization", format!("Basic {}", STANDARD.encode("mluvii:wrong")))];
    assert_eq!(gate.answer("", &wrong).status, 401);
    for path in ["/webhooks/gata", "/webhook/gate", "/webhooks/", "/webhooks/ann@example.com"] {
        let (status, _) = http(client().post(gate.server.url(path)).body(gate.body.clone()));
        assert_eq!(status, 404, "{path}");
    }
    let slash =
        client().post(gate.server.url("/webhooks/gate/")).basic_auth("mluvii", Some(NEW)).body(gate.body.clone());
    assert_eq!(http(slash).0, 204, "a slash at the end is no other source");
    let metrics = gate.server.metrics();
    assert!(metrics.contains("quietus_unknown_paths_total{nearest=\"gate\"} 2\n"), "{metrics}");
    // It is written at most once a minute, and at the end.
    let Gate { _mluvii, deployment, server, .. } = gate;
    assert!(server.stop().0.success());
    let status = deployment.json(&["status"]);
    let notices = status["attention"].as_array().expect("a list").iter().filter(|found| found["severity"] == "notice");
    let notices: Vec<_> = notices
        .map(|found| json!([found["code"], found["parameters"]["count"], found["parameters"]["nearest"]]))
        .collect();
    let expected = [
        json!(["deliveries_refused", 1, null]),
        json!(["paths_unknown", 2, "gate"]),
        json!(["paths_unknown", 2, null]),
    ];
    assert_eq!(notices, expected);
    assert_eq!(status["needs_a_person"].as_array().map(Vec::len), Some(1), "only that no server works: {status}");
    assert!(!status.to_string().contains("ann@"), "{status}");
}
