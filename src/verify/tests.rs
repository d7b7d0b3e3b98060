use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Sha256, Sha512};

use super::*;
use crate::keys::{Secret, SecretError, SecretRef};

const NOW: i64 = 1_700_000_000;
const BODY: &[u8] = br#"{"eventType":"SessionEnded"}"#;

/// A secret's text is the name of the variable that it is said to be in.
fn read(reference: &SecretRef) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(text) => Ok(Secret::new(text.replace("EMPTY", ""))),
        _ => Err(SecretError::Wrong("it is not there".into())),
    }
}

fn settings(toml: &str) -> SourceSettings {
    use figment::providers::{Format as _, Toml};
    figment::Figment::from(Toml::string(toml)).extract().expect("settings")
}

fn source(auth: &str) -> Source {
    let settings = settings(&format!("name = 'acme'\nauth = [{auth}]"));
    Source::new(&settings, &read).expect("a source")
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let value = HeaderValue::from_bytes(value.as_bytes()).expect("a value");
        (name.parse::<HeaderName>().expect("a name"), value)
    };
    let mut all = HeaderMap::new();
    for (name, value) in pairs.iter().map(pair) {
        all.append(name, value);
    }
    all
}

fn now() -> Timestamp {
    Timestamp::from_second(NOW).expect("a time")
}

/// What the sender would get: `ok`, or the reason that is counted.
fn judge(source: &Source, headers: &HeaderMap, query: Option<&str>) -> &'static str {
    let request = Request { headers, query, body: BODY, client: None };
    match verify(source, &request, now()) {
        Ok(verified) => {
            assert_eq!(verified.body(), BODY);
            "ok"
        }
        Err(Refused::Unauthenticated(reason)) => reason,
        Err(Refused::NetworkNotAllowed) => "network",
    }
}

#[track_caller]
fn check(auth: &str, pairs: &[(&str, &str)], expected: &str) {
    assert_eq!(judge(&source(auth), &headers(pairs), None), expected);
}

#[track_caller]
fn check_query(auth: &str, query: Option<&str>, expected: &str) {
    assert_eq!(judge(&source(auth), &HeaderMap::new(), query), expected);
}

#[track_caller]
fn check_settings(toml: &str, error: &str) {
    let found = Source::new(&settings(toml), &read).err().map(|error| error.to_string());
    assert_eq!(found.as_deref(), Some(error));
}

#[test]
fn basic_takes_the_user_and_any_of_the_passwords() {
    let one = "{ basic = { user = 'mluvii', password = { env = 'pa:ss' } } }";
    let two = "{ basic = { user = 'mluvii', password = [{ env = 'old' }, { env = 'new' }] } }";
    let with = |auth, user: &[u8], scheme: &str, expected| {
        check(auth, &[("authorization", &format!("{scheme}{}", STANDARD.encode(user)))], expected);
    };
    with(one, b"mluvii:pa:ss", "Basic ", "ok");
    with(one, b"mluvii:pa:ss", "bAsIc  ", "ok");
    with(one, b"mluvii:pa", "Basic ", "wrong");
    with(one, b"mluvii", "Basic ", "wrong");
    with(one, b"mluvii:pa:ss:", "Basic ", "wrong");
    with(one, b"\xff\xfe:\x00", "Basic ", "wrong");
    with(one, b"mluvii:pa:ss", "Bearer ", "missing");
    with(one, b"mluvii:pa:ss", "Basic", "missing");
    with(one, b"", "", "garbled");
    with(two, b"mluvii:old", "Basic ", "ok");
    with("{ basic = { user = 'mluvii', password = { env = 'p@s/s%' } } }", b"mluvii:p%40s%2fs%25", "Basic ", "ok");
    with("{ basic = { user = 'mluvii', password = { env = 'p@s/s%' } } }", b"mluvii:p@s/s%", "Basic ", "ok");
    with("{ basic = { user = 'mluvii', password = { env = 'p%40' } } }", b"mluvii:p@", "Basic ", "wrong");
    let twice = [("authorization", "Basic bWx1dmlpOm5ldw=="), ("authorization", "Basic bWx1dmlpOm5ldw==")];
    check(two, &twice, "garbled");
    with(two, b"mluvii:new", "Basic ", "ok");
    with(two, b"other:new", "Basic ", "wrong");
    check(two, &[("authorization", "basic bWx1dmlpOm5ldw==")], "ok");
    check(two, &[("authorization", "basic bWx1dmlpOm5ldw")], "ok");
    check(one, &[("authorization", "Basic !!")], "garbled");
    check(one, &[("authorization", "Bäsic bWx1dmlp")], "missing");
    check(one, &[], "missing");
}

fn sha256(secret: &str, message: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn body() -> &'static str {
    std::str::from_utf8(BODY).expect("text")
}

#[test]
fn hmac_takes_a_signature_under_any_of_the_secrets() {
    let auth = "{ hmac = { header = 'X-Signature', prefix = 'sha256=', secrets = [{ env = 'a' }, { env = 'b' }] } }";
    let signature = |secret| hex::encode(sha256(secret, body()));
    check(auth, &[("x-signature", &format!("sha256={}", signature("a")))], "ok");
    check(auth, &[("x-signature", &format!("sha256={}", signature("b").to_uppercase()))], "ok");
    check(auth, &[("x-signature", &format!("sha256={}", signature("c")))], "wrong");
    check(auth, &[("x-signature", &signature("a"))], "garbled");
    check(auth, &[("x-signature", &format!("sha256={}", &signature("a")[1..]))], "garbled");
    check(auth, &[("x-signature", &format!("sha256={}", &signature("a")[2..]))], "wrong");
    check(auth, &[("x-signature", &format!("sha256={}", "ab".repeat(500)))], "garbled");
    check(auth, &[("x-signature", "sha256=")], "wrong");
    let [old, new, other] = ["a", "b", "c"].map(|secret| format!("sha256={}", signature(secret)));
    check(auth, &[("x-signature", &format!("{other}, {old}"))], "ok");
    check(auth, &[("x-signature", &other), ("x-signature", &new)], "ok");
    check(auth, &[("x-signature", &format!("{other},{other}"))], "wrong");
    check(auth, &[("x-signature", &format!("{}{new}", format!("{other},").repeat(16)))], "wrong");
    check(auth, &[("x-signature", "sha256=žž")], "garbled");
    check(auth, &[("x-signature", "")], "garbled");
    check(auth, &[], "missing");
}

#[test]
fn hmac_reads_other_algorithms_and_encodings() {
    let auth =
        "{ hmac = { header = 'X-Signature', algorithm = 'sha512', encoding = 'base64', secrets = { env = 'a' } } }";
    let mac = Hmac::<Sha512>::new_from_slice(b"a").expect("a key");
    let signature = STANDARD.encode(mac.chain_update(BODY).finalize().into_bytes());
    check(auth, &[("x-signature", &signature)], "ok");
    check(auth, &[("x-signature", signature.trim_end_matches('='))], "ok");
    check(auth, &[("x-signature", &STANDARD.encode(sha256("a", body())))], "wrong");
    check(auth, &[("x-signature", "not base64!")], "garbled");
}

#[test]
fn hmac_with_a_timestamp_refuses_what_is_sent_again_later() {
    let auth = "{ hmac = { header = 's', secrets = { env = 'a' }, timestamp = { header = 't', window = '5m' } } }";
    let with = |at: &str, expected| {
        let signature = hex::encode(sha256("a", &format!("{at}.{}", body())));
        check(auth, &[("s", &signature), ("t", at)], expected);
    };
    with("1700000000", "ok");
    with("1699999700", "ok");
    with("1700000300", "ok");
    with("1699999699", "stale");
    with("1700000301", "stale");
    with("-9223372036854775808", "stale");
    with("99999999999999999999", "garbled");
    with("now", "garbled");
    let body_only = hex::encode(sha256("a", body()));
    check(auth, &[("s", &body_only), ("t", "1700000000")], "wrong");
    check(auth, &[("s", &body_only)], "garbled");
}

#[test]
fn what_is_signed_with_a_timestamp_can_be_written_otherwise() {
    let auth = "{ hmac = { header = 's', prefix = 'v0=', secrets = { env = 'a' }, \
                timestamp = { header = 't', signed = 'v0:{timestamp}:{body}' } } }";
    let signature = format!("v0={}", hex::encode(sha256("a", &format!("v0:1700000000:{}", body()))));
    check(auth, &[("s", &signature), ("t", "1700000000")], "ok");
}

const STANDARD_AUTH: &str = "{ standard_webhooks = { secrets = [{ env = 'whsec_c2VjcmV0IG9uZSBvZiBzb21lIGxlbmd0aA==' }, { env = 'c2VjcmV0IHR3byBvZiBzb21lIGxlbmd0aA' }] } }";

#[track_caller]
fn check_standard(prefix: &str, at: &str, signatures: &str, expected: &str) {
    let [id, timestamp, signature] = ["id", "timestamp", "signature"].map(|name| format!("{prefix}-{name}"));
    check(STANDARD_AUTH, &[(&id, "msg_1"), (&timestamp, at), (&signature, signatures)], expected);
}

fn standard_signature(secret: &str, at: &str) -> String {
    format!("v1,{}", STANDARD.encode(sha256(secret, &format!("msg_1.{at}.{}", body()))))
}

#[test]
fn standard_webhooks_takes_any_of_several_signatures_under_any_of_the_secrets() {
    let at = "1700000000";
    let [one, two, other] = ["secret one of some length", "secret two of some length", "secret three"]
        .map(|secret| standard_signature(secret, at));
    check_standard("webhook", at, &one, "ok");
    check_standard("svix", at, &two, "ok");
    check_standard("webhook", at, &format!("v1a,xyz {other}  {two} v2,{other}"), "ok");
    check_standard("webhook", at, &other, "wrong");
    check_standard("webhook", at, &one.replace("v1,", "v2,"), "wrong");
    check_standard("webhook", at, one.trim_start_matches("v1,"), "wrong");
    check_standard("webhook", at, "v1,!", "wrong");
    check_standard("webhook", at, "", "wrong");
    check_standard("webhook", "1700000001", &one, "wrong");
    check_standard("other", at, &one, "missing");
}

#[test]
fn what_is_signed_stands_in_one_header() {
    let one = standard_signature("secret one of some length", "1700000000");
    let all = [("webhook-id", "msg_1"), ("webhook-timestamp", "1700000000"), ("webhook-signature", one.as_str())];
    for twice in all {
        let judged = judge(&source(STANDARD_AUTH), &headers(&[&all[..], &[twice]].concat()), None);
        assert_eq!(judged == "ok", twice.0 == "webhook-signature", "{}: {judged}", twice.0);
    }
}

#[test]
fn standard_webhooks_refuses_what_is_outside_the_window() {
    for (at, expected) in [("1699999700", "ok"), ("1699999699", "stale"), ("1700000300", "ok"), ("1700000301", "stale")]
    {
        check_standard("webhook", at, &standard_signature("secret one of some length", at), expected);
    }
    check_standard("webhook", "soon", &standard_signature("secret one of some length", "soon"), "garbled");
}

#[test]
fn standard_webhooks_agrees_with_the_specification_s_example() {
    // From the specification's own libraries: secret, id, timestamp, body and signature.
    let source = source("{ standard_webhooks = { secrets = { env = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' } } }");
    let headers = headers(&[
        ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
        ("webhook-timestamp", "1614265330"),
        ("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="),
    ]);
    let request = Request { headers: &headers, query: None, body: br#"{"test": 2432232314}"#, client: None };
    let then = Timestamp::from_second(1_614_265_330).expect("a time");
    assert!(verify(&source, &request, then).is_ok());
    assert_eq!(verify(&source, &request, now()).err(), Some(Refused::Unauthenticated("stale")));
}

#[test]
fn a_query_secret_is_percent_decoded() {
    let auth = "{ query = { parameter = 'secret', secrets = [{ env = 'a b+c&d' }, { env = 'ž' }] } }";
    check_query(auth, Some("secret=a%20b+c%26d"), "ok");
    check_query(auth, Some("x=1&secret=a%20b%2bc%26d&y"), "ok");
    check_query(auth, Some("%73ecret=%C5%BE"), "ok");
    check_query(auth, Some("secret=wrong&secret=%C5%BE"), "ok");
    check_query(auth, Some("secret=a"), "wrong");
    check_query(auth, Some("secret=%ff%"), "wrong");
    check_query(auth, Some("secret="), "wrong");
    check_query(auth, Some("secret"), "missing");
    check_query(auth, Some("Secret=%C5%BE"), "missing");
    check_query(auth, Some("&&="), "missing");
    check_query(auth, None, "missing");
}

#[test]
fn one_of_several_ways_is_enough() {
    let auth = "{ basic = { user = 'u', password = { env = 'p' } } }, { query = { parameter = 's', secrets = { env = 'q' } } }";
    check_query(auth, Some("s=q"), "ok");
    check(auth, &[("authorization", "Basic dTpw")], "ok");
    assert_eq!(judge(&source(auth), &headers(&[("authorization", "Basic dTpx")]), Some("s=q")), "ok");
    check(auth, &[], "missing");
}

#[test]
fn only_allowed_networks_may_send() {
    let toml = "name = 'a'\nallow = ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']\n\
                auth = [{ query = { parameter = 's', secrets = { env = 'q' } } }]";
    let source = Source::new(&settings(toml), &read).expect("a source");
    let headers = HeaderMap::new();
    let from = |client: Option<&str>| {
        let client = client.map(|client| client.parse().expect("an address"));
        verify(&source, &Request { headers: &headers, query: Some("s=q"), body: BODY, client }, now()).err()
    };
    for client in ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1", "192.0.2.7"] {
        assert_eq!(from(Some(client)), None, "{client}");
    }
    for client in [Some("11.0.0.1"), Some("192.0.2.8"), Some("::1"), None] {
        assert_eq!(from(client), Some(Refused::NetworkNotAllowed));
    }
}

#[test]
fn settings_that_cannot_be_used_are_refused_by_name() {
    let auth = "auth = [{ query = { parameter = 's', secrets = { env = 'q' } } }]";
    let name = "source `a b`: `name` must be 1 to 64 of a-z, A-Z, 0-9, `-` and `_`";
    check_settings(&format!("name = 'a b'\n{auth}"), name);
    check_settings("name = 'a'\nauth = []", "source `a`: `auth` must list at least one way to authenticate");
    let cases = BTreeMap::from([
        ("basic = { user = 'u:', password = { env = 'p' } }", "`auth.1.basic.user` must not contain `:`"),
        ("basic = { user = 'u', password = [] }", "`auth.1.basic.password` must list at least one secret"),
        ("basic = { user = 'u', password = [{ env = 'x' }, { env = 'EMPTY' }] }", "`auth.1.basic.password.2` is empty"),
        (
            "query = { parameter = 's', secrets = { file = 'f' } }",
            "`auth.1.query.secrets.1` cannot be read: it is not there",
        ),
        ("query = { parameter = '', secrets = { env = 'p' } }", "`auth.1.query.parameter` is empty"),
        ("hmac = { header = 'a b', secrets = { env = 'p' } }", "`auth.1.hmac.header` `a b` is not a name of a header"),
        (
            "hmac = { header = 'h', secrets = { env = 'p' }, timestamp = { header = 't', signed = '{body}{timestamp}' } }",
            "`auth.1.hmac.timestamp.signed` must contain `{timestamp}` and, after it, `{body}`",
        ),
        (
            "standard_webhooks = { secrets = { env = 'whsec_***' } }",
            "`auth.1.standard_webhooks.secrets.1` is not base64, with or without `whsec_` before it",
        ),
        ("standard_webhooks = { secrets = { env = 'whsec_' } }", "`auth.1.standard_webhooks.secrets.1` is empty"),
        (
            "standard_webhooks = { secrets = { env = 'whsec_c2VjcmV0IG9uZQ==' } }",
            "`auth.1.standard_webhooks.secrets.1` has fewer than 16 bytes behind its base64, and could be guessed; make it longer",
        ),
    ]);
    for (auth, error) in cases {
        check_settings(&format!("name = 'a'\nauth = [{{ {auth} }}]"), &format!("source `a`: {error}"));
    }
}

#[test]
fn a_body_survives_quarantine_and_stays_verified() {
    let key = SealKey::new(&Zeroizing::new([7; 32]));
    let [source, other] = ["acme", "globex"].map(|name| SourceName(name.into()));
    let mut sealed = None;
    for written in [
        Written::default(),
        Written { media_type: Some("text/json; charset=\"x\""), encoding: Some("gzip") },
        Written { media_type: None, encoding: Some("br") },
    ] {
        let sealed = sealed.insert(Verified { body: BODY, written }.seal(&source, &key));
        let reopened = Reopened::open(&source, sealed, &key).expect("opens");
        assert_eq!((reopened.verified().body(), reopened.verified().written()), (BODY, written));
    }
    assert!(Reopened::open(&other, &sealed.expect("was sealed"), &key).is_err(), "it is another source's");
}

#[test]
fn without_the_body_only_what_could_still_be_right_is_expected() {
    #[track_caller]
    fn check(auth: &str, pairs: &[(&'static str, &str)], expected: Option<&'static str>) {
        let head = Request { headers: &headers(pairs), query: None, body: b"", client: None };
        let found = expect(&source(auth), &head, now());
        let is_signed = pairs.iter().any(|(name, value)| *name == "x-signature" && *value == "00");
        let hoped = if is_signed { Expected::Later } else { Expected::Known };
        assert_eq!(found, expected.map_or(Ok(hoped), |reason| Err(Refused::Unauthenticated(reason))));
    }
    let basic = "{ basic = { user = 'u', password = { env = 'p' } } }";
    check(basic, &[], Some("missing"));
    check(basic, &[("authorization", "Basic dTpx")], Some("wrong"));
    check(basic, &[("authorization", "Basic dTpw")], None);
    let both = format!("{basic}, {{ hmac = {{ header = 'x-signature', secrets = {{ env = 'p' }} }} }}");
    check(&both, &[("authorization", "Basic dTpx")], Some("wrong"));
    check(&both, &[("authorization", "Basic dTpx"), ("x-signature", "z")], Some("wrong"));
    check(&both, &[("authorization", "Basic dTpx"), ("x-signature", "00")], None);
}
