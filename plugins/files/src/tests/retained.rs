//! What Object Lock keeps.

use quietus_plugin::http::test::{Reply, Seen, Server};

use super::*;

/// The storage, and what this one does not know: it keeps by retention, but does not tell.
fn with_retention(bucket: &Bucket) -> (Server, Host) {
    let settings = Settings { base_url: storage().url(), rate: Some(1000.0), ..Settings::default() };
    let client = Client::new(&settings, &Default::default()).expect("a client");
    let server = Server::start(move |seen| match seen.target.contains("&retention=&") {
        true => retention(&client, &seen.target.replace("&retention=&", "&")),
        false => passed_on(&client, seen),
    });
    let place = with(s3(&server.url, &bucket.name), json!({}));
    let plugin = plugin(json!([{ "name": "cloud", "s3": place }])).expect("configured");
    (server, plugin)
}

fn retention(client: &Client, target: &str) -> Reply {
    let head = http::Request::new(Method::HEAD, "").at(target);
    let answer = client.exchange(&head, &Call::unattended()).expect("an answer");
    match answer.header("x-amz-object-lock-retain-until-date") {
        Some(until) => Reply::text(200, &format!("<Retention><RetainUntilDate>{until}</RetainUntilDate></Retention>")),
        None => Reply::text(404, "<Error><Code>NoSuchObjectLockConfiguration</Code></Error>"),
    }
}

fn passed_on(client: &Client, seen: &Seen) -> Reply {
    let allowed = Request::from([("email", "ann@x.cz")]);
    let method = Method::from_bytes(seen.method.as_bytes()).expect("a method");
    let mut request = http::Request::new(method, "").at(&seen.target).writes(allowed.writes().expect("no dry run"));
    if !seen.body.is_empty() {
        request = request.bytes("application/xml", seen.body.clone());
        request = request.header("Content-MD5", seen.header("content-md5").expect("a checksum"));
    }
    let answer = client.exchange(&request, &Call::unattended()).expect("an answer");
    Reply::text(answer.status(), std::str::from_utf8(answer.body()).expect("UTF-8"))
}

/// Puts an object under a lock; the storage wants a checksum with it.
fn locked(bucket: &Bucket, key: &str, headers: &[(&str, &str)]) {
    let request = bucket.at(key, "").bytes("application/octet-stream", "what was said");
    let request = request.header("x-amz-sdk-checksum-algorithm", "SHA256");
    bucket.send(headers.iter().fold(request, |request, (name, value)| request.header(name, value)));
}

const HOLD: &[(&str, &str)] = &[("x-amz-object-lock-legal-hold", "ON")];
const RETAINED: &[(&str, &str)] =
    &[("x-amz-object-lock-mode", "COMPLIANCE"), ("x-amz-object-lock-retain-until-date", "2999-12-24T00:00:00Z")];

#[test]
fn a_version_under_a_legal_hold_is_retained_and_the_others_go() {
    let bucket = Bucket::new("hold", Keeps::VersionsUnderLock);
    bucket.object("rec/4711.wav");
    locked(&bucket, "rec/4711.wav", HOLD);
    let (_server, plugin) = with_retention(&bucket);
    let reason = "place `cloud`: Object Lock keeps 1 versions, under a legal hold";
    let retained = Answer::retained(reason);
    // This storage does not say which version of a key it denied, and here it deleted the other first.
    assert_eq!(plugin.dry_run(session("4711")), Ok(retained.clone().count("versions", 1)));
    assert_eq!(plugin.erase(session("4711")), Ok(retained.clone().count("versions", 1)));
    assert_eq!(bucket.keys(), ["rec/4711.wav"]);
    assert_eq!(plugin.verify(session("4711")), Ok(retained));
}

#[test]
fn retention_is_told_with_its_end() {
    let bucket = Bucket::new("retention", Keeps::VersionsUnderLock);
    locked(&bucket, "rec/4711.wav", RETAINED);
    locked(&bucket, "rec/4711.wav", HOLD);
    bucket.delete("rec/4711.wav");
    let (_server, plugin) = with_retention(&bucket);
    let reason =
        "place `cloud`: Object Lock keeps 2 versions, 1 of them under a legal hold, others retained until 2999-12-24";
    // The marker goes.
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::retained(reason).count("versions", 1)));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::retained(reason).count("versions", 1)));
    assert_eq!(bucket.keys().len(), 2);
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::retained(reason).count("versions", 1)), "asked again");
}
