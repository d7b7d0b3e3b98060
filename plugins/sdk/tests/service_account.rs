//! Service accounts against a token endpoint that checks what is signed, as Google's does.
#![cfg(feature = "http")]

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quietus_plugin::http::test::{Reply, Server};
use quietus_plugin::http::{Auth, Client, Request, Settings};
use quietus_plugin::{Call, ErrorClass, PluginError, Secrets, Sensitive};
use ring::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// Made for these tests; it opens nothing.
const KEY: &str = include_str!("service_account/key.json");
/// The same key as PKCS#1.
const PEM: &str = include_str!("service_account/key.pem");
const EMAIL: &str = "eraser@quietus-test.iam.gserviceaccount.com";
const SCOPE: &str = "https://mail.google.com/";

/// The claims of an assertion that the account's key has signed.
fn claims(form: &str) -> Value {
    let form = form.strip_prefix("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=");
    let token = form.expect("the grant of RFC 7523, and an assertion");
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let (header, claims) = signed.split_once('.').expect("three parts");
    let part = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let header: Value = serde_json::from_slice(&part(header)).expect("JSON");
    assert_eq!(header["alg"], "RS256");
    let file: Value = serde_json::from_str(KEY).expect("JSON");
    let pem = file["private_key"].as_str().expect("a key");
    let key = PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).expect("PKCS#8");
    let pair = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).expect("an RSA key");
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref().to_vec());
    public.verify(signed.as_bytes(), &part(signature)).expect("signed by the account's key");
    serde_json::from_slice(&part(claims)).expect("JSON")
}

/// As an operator writes it.
fn auth(server: &Server, issuer: Option<&str>, subject: &str) -> Auth {
    let token_url = format!("{}/token", server.url);
    let account =
        json!({ "token_url": token_url, "secret": "key", "issuer": issuer, "subject": subject, "scope": SCOPE });
    serde_json::from_value(json!({ "service_account": account })).expect("settings")
}

fn client(server: &Server, secret: &str, auth: Auth) -> Result<Client, PluginError> {
    let secrets = Secrets::new([("key".to_owned(), Sensitive::new(secret))].into());
    let settings =
        Settings { base_url: server.url.clone(), rate: Some(1000.0), auth: Some(auth), ..Settings::default() };
    Client::new(&settings, &secrets)
}

/// Gives out the token `SUBJECT-N`, and takes only those from the Nth on.
fn google(from: usize, expires_in: u64) -> Server {
    let mut given = 0;
    Server::start(move |seen| {
        if seen.target == "/token" {
            given += 1;
            let token = format!("{}-{given}", claims(&seen.body)["sub"].as_str().expect("a subject"));
            return Reply::json(200, &json!({ "access_token": token, "expires_in": expires_in }));
        }
        let token = seen.header("authorization").and_then(|header| header.rsplit('-').next()?.parse().ok());
        Reply::empty(if token.is_some_and(|number: usize| number >= from) { 200 } else { 401 })
    })
}

fn get(client: &Client) -> Result<u16, PluginError> {
    Ok(client.send(&Request::get("/mail"), &Call::unattended())?.status())
}

#[test]
fn an_assertion_says_who_asks_for_whom_and_for_how_long() {
    let server = google(1, 3600);
    let client = client(&server, KEY, auth(&server, None, "support@x.cz")).expect("configured");
    assert_eq!(get(&client), Ok(200));
    let claims = claims(&server.seen()[0].body);
    assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some(EMAIL), Some("support@x.cz")));
    assert_eq!(claims["scope"], SCOPE);
    assert_eq!(claims["aud"], format!("{}/token", server.url), "not where the key's file says");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    let issued = claims["iat"].as_u64().expect("a time");
    let ends = claims["exp"].as_u64().expect("a time");
    assert!(issued < now.as_secs() && now.as_secs() < ends && ends - issued <= 3600, "{issued} {ends}");
}

#[test]
fn a_token_is_kept_renewed_early_and_after_it_is_refused_once() {
    let token_and_mail = |server: &Server| {
        let lines = server.lines();
        (lines.iter().filter(|line| line.contains("token")).count(), lines.len())
    };
    let server = google(2, 3600);
    let kept = client(&server, KEY, auth(&server, None, "support@x.cz")).expect("configured");
    assert_eq!((get(&kept), get(&kept)), (Ok(200), Ok(200)));
    assert_eq!(token_and_mail(&server), (2, 5), "refused, renewed, and then kept");

    let server = google(1, 60);
    let short = client(&server, KEY, auth(&server, None, "support@x.cz")).expect("configured");
    assert_eq!((get(&short), get(&short)), (Ok(200), Ok(200)));
    assert_eq!(token_and_mail(&server), (2, 4), "its last minute is not relied on");

    let server = google(99, 3600);
    let refused = client(&server, KEY, auth(&server, None, "support@x.cz")).expect("configured");
    assert_eq!(get(&refused).map_err(|error| error.class), Err(ErrorClass::NeedsOperator));
    assert_eq!(token_and_mail(&server), (2, 4), "renewed once, not for ever");
}

#[test]
fn each_subject_has_a_token_of_its_own() {
    let server = google(1, 3600);
    for subject in ["support@x.cz", "sales@x.cz"] {
        let client = client(&server, KEY, auth(&server, None, subject)).expect("configured");
        assert_eq!(get(&client), Ok(200));
    }
    let tokens: Vec<_> =
        server.seen().iter().filter_map(|seen| seen.header("authorization").map(str::to_owned)).collect();
    assert_eq!(tokens, ["Bearer support@x.cz-1", "Bearer sales@x.cz-2"]);
}

#[test]
fn a_key_in_pem_is_taken_with_its_issuer() {
    let server = google(1, 3600);
    let client = client(&server, PEM, auth(&server, Some("me@x.cz"), "support@x.cz")).expect("configured");
    assert_eq!(get(&client), Ok(200));
    assert_eq!(claims(&server.seen()[0].body)["iss"], "me@x.cz");
}

#[test]
fn what_is_no_key_is_refused_and_not_quoted() {
    let server = Server::start(|_| Reply::empty(500));
    #[track_caller]
    fn check(server: &Server, secret: &str, issuer: Option<&str>, expected: &str) {
        let error = client(server, secret, auth(server, issuer, "support@x.cz")).err().expect("refused");
        assert_eq!(error, PluginError::needs_operator(format!("auth.service_account: {expected}")));
    }
    let no_key = "the secret holds no RSA private key of 2048 bits or more in PEM";
    check(&server, PEM, None, "`issuer` is needed beside a key in PEM");
    check(&server, "hunter2", Some("me@x.cz"), no_key);
    check(&server, "", Some("me@x.cz"), no_key);
    check(&server, &KEY.replace("BEGIN", "BEG"), None, no_key);
    check(&server, r#"{ "private_key": "hunter2" }"#, None, "the secret is JSON, but no key of a service account");
    assert!(server.lines().is_empty());
}

#[test]
fn an_account_that_may_not_speak_for_its_subject_needs_an_operator() {
    let server =
        Server::start(|_| Reply::text(401, r#"{"error":"unauthorized_client","error_description":"support@x.cz"}"#));
    let client = client(&server, KEY, auth(&server, None, "support@x.cz")).expect("configured");
    let error = client.log_in(&Call::unattended()).expect_err("refused");
    assert_eq!(error, PluginError::needs_operator("no token: status 401, unauthorized_client"));
}

#[test]
fn a_manifest_opens_the_port_of_the_token_url() {
    let manifest = quietus_plugin::Manifest::new("gmail", "1").http("/http");
    assert!(manifest.ports_from.contains(&"/http/auth/service_account/token_url".to_owned()));
}
