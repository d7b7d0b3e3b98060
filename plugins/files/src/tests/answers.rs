//! A storage's answers, also those that a good one seldom gives.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quietus_plugin::http::test::{Reply, Seen, Server};

use super::*;

fn cloud(server: &Server, settings: Value) -> TestHost<Files> {
    plugin(json!([{ "name": "cloud", "s3": with(s3(&server.url, "b"), settings) }])).expect("configured")
}

fn xml(body: &str) -> Reply {
    Reply::text(200, &format!("<?xml version=\"1.0\"?>{body}"))
}

fn error(status: u16, code: &str) -> Reply {
    Reply::text(status, &format!("<Error><Code>{code}</Code><Message>of rec/4711.wav</Message></Error>"))
}

/// A listing of versions of a key, all on one page.
fn versions(key: &str, ids: &[&str]) -> Reply {
    let version = |id: &&str| format!("<Version><Key>{key}</Key><VersionId>{id}</VersionId></Version>");
    let versions: String = ids.iter().map(version).collect();
    xml(&format!("<ListVersionsResult><IsTruncated>false</IsTruncated>{versions}</ListVersionsResult>"))
}

fn no_uploads() -> Reply {
    xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated></ListMultipartUploadsResult>")
}

/// What a request asks for.
fn asked(seen: &Seen) -> &'static str {
    let query = seen.target.split_once('?').map_or("", |(_, query)| query);
    let has = |name: &str| query.split('&').any(|pair| pair.split('=').next() == Some(name));
    match seen.method.as_str() {
        "GET" => ["versions", "uploads", "object-lock", "legal-hold", "retention"].into_iter().find(|name| has(name)),
        "POST" => has("delete").then_some("delete"),
        "DELETE" => has("versionId").then_some("delete one"),
        _ => None,
    }
    .unwrap_or("something else")
}

/// A storage with versions `v1` and `v2` of the key, whose deletion is answered so.
fn deleting(answer: impl Fn() -> Reply + Send + 'static) -> Server {
    Server::start(move |seen| match asked(seen) {
        "versions" => versions("rec/4711.wav", &["v1", "v2"]),
        "uploads" => no_uploads(),
        "object-lock" => error(404, "ObjectLockConfigurationNotFoundError"),
        "legal-hold" | "retention" => error(400, "InvalidRequest"),
        "delete" => answer(),
        what => panic!("{what}"),
    })
}

#[test]
fn refusals_have_their_reactions() {
    #[track_caller]
    fn check(reply: impl Fn() -> Reply + Send + 'static, class: ErrorClass, retry_after_ms: Option<u64>, text: &str) {
        let server = Server::start(move |_| reply());
        let error = cloud(&server, json!({})).erase(session("4711")).expect_err("an error");
        assert_eq!((error.class, error.retry_after_ms), (class, retry_after_ms), "{error}");
        assert!(error.message.contains(text) && !error.message.contains("4711"), "{error}");
    }
    use ErrorClass::{NeedsOperator, Permanent, RateLimited, Retryable};
    check(|| Reply::empty(429).with("Retry-After", "30"), RateLimited, Some(30_000), "status 429");
    check(|| Reply::empty(429), RateLimited, None, "status 429");
    check(|| error(503, "SlowDown"), RateLimited, None, "SlowDown (status 503)");
    check(|| error(503, "SlowDown").with("Retry-After", "60"), RateLimited, Some(60_000), "SlowDown");
    check(|| error(503, "ServiceUnavailable"), Retryable, None, "ServiceUnavailable");
    check(|| error(500, "InternalError"), Retryable, None, "InternalError");
    check(|| Reply::empty(502), Retryable, None, "status 502");
    check(|| Reply::HangUp, Retryable, None, "");
    check(|| error(403, "AccessDenied"), NeedsOperator, None, "AccessDenied");
    check(|| error(403, "SignatureDoesNotMatch"), NeedsOperator, None, "SignatureDoesNotMatch");
    check(|| Reply::empty(401), NeedsOperator, None, "status 401");
    check(|| error(400, "ExpiredToken"), NeedsOperator, None, "ExpiredToken");
    check(|| error(400, "AuthorizationHeaderMalformed"), NeedsOperator, None, "AuthorizationHeaderMalformed");
    check(|| error(301, "PermanentRedirect"), NeedsOperator, None, "PermanentRedirect");
    check(|| error(501, "NotImplemented"), NeedsOperator, None, "NotImplemented");
    check(|| Reply::empty(404), NeedsOperator, None, "status 404");
    check(|| error(404, "NoSuchKey"), Permanent, None, "NoSuchKey");
    check(|| error(400, "KeyTooLongError"), Permanent, None, "KeyTooLongError");
    check(|| error(400, "<b>rec/4711.wav</b>"), Permanent, None, "status 400");
    check(|| Reply::text(200, "<html>log in as 4711</html>"), Retryable, None, "cannot be read");
    check(|| xml("<ListVersionsResult><IsTruncated>false</IsTruncated>"), Retryable, None, "it is not XML");
    check(|| xml("<ListVersionsResult></ListVersionsResult>"), Retryable, None, "`IsTruncated`");
    check(
        || xml("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
        Retryable,
        None,
        "it is not a",
    );
    check(|| Reply::empty(200), Retryable, None, "it is not XML");
    check(|| error(200, "InternalError"), Retryable, None, "InternalError");
}

#[test]
fn no_answer_in_time_is_tried_again() {
    let server = Server::start(|_| Reply::Silence);
    let plugin = cloud(&server, json!({ "timeout": "100ms" }));
    fails(plugin.erase(session("4711")), ErrorClass::Retryable, "did not answer in time");
    assert_eq!(server.lines().len(), 3);
}

#[test]
fn an_error_for_one_version_within_a_success_is_read() {
    #[track_caller]
    fn check(result: &'static str, class: ErrorClass, text: &str) {
        let server = deleting(move || xml(&format!("<DeleteResult>{result}</DeleteResult>")));
        fails(cloud(&server, json!({})).erase(session("4711")), class, text);
    }
    let gone = "<Deleted><Key>rec/4711.wav</Key><VersionId>v1</VersionId></Deleted>";
    let error = |code: &str| {
        let text = format!("{gone}<Error><Key>rec/4711.wav</Key><VersionId>v2</VersionId><Code>{code}</Code></Error>");
        &*Box::leak(text.into_boxed_str())
    };
    check(error("InternalError"), ErrorClass::Retryable, "InternalError");
    check(error("SlowDown"), ErrorClass::RateLimited, "SlowDown");
    check(error("MethodNotAllowed"), ErrorClass::NeedsOperator, "MethodNotAllowed");
    check(error("Odd"), ErrorClass::Permanent, "Odd");
    check(error("AccessDenied"), ErrorClass::NeedsOperator, "grant `s3:DeleteObjectVersion`");
    check(gone, ErrorClass::Retryable, "it does not say what became of a version");
    check("", ErrorClass::Retryable, "it does not say what became of a version");
}

#[test]
fn a_version_that_is_gone_meanwhile_is_not_counted() {
    let server = deleting(|| {
        let gone = "<Deleted><Key>rec/4711.wav</Key><VersionId>v1</VersionId></Deleted>";
        let not_there = "<Error><Key>rec/4711.wav</Key><VersionId>v2</VersionId><Code>NoSuchVersion</Code></Error>";
        xml(&format!("<DeleteResult>{gone}{not_there}</DeleteResult>"))
    });
    let erased = Answer::erased().count("objects", 1).count("versions", 1);
    assert_eq!(cloud(&server, json!({})).erase(session("4711")), Ok(erased));
}

#[test]
fn accepted_but_not_done_is_residual_when_looked_at_again() {
    let server = deleting(|| {
        let gone = |id| format!("<Deleted><Key>rec/4711.wav</Key><VersionId>{id}</VersionId></Deleted>");
        xml(&format!("<DeleteResult>{}{}</DeleteResult>", gone("v1"), gone("v2")))
    });
    let plugin = cloud(&server, json!({}));
    let erased = Answer::erased().count("objects", 1).count("versions", 2);
    assert_eq!(plugin.erase(session("4711")), Ok(erased.clone()));
    let there = Answer::residual().count("objects", 1).count("versions", 2);
    assert_eq!(plugin.verify(session("4711")), Ok(there));
    assert_eq!(plugin.erase(session("4711")), Ok(erased), "no version twice");
}

#[test]
fn what_is_sent_is_signed_and_names_versions() {
    let server = deleting(|| Reply::empty(500));
    let plugin = cloud(&server, json!({ "session_token": "token", "region": "eu-central-1" }));
    let _ = plugin.erase(session("4711"));
    let seen = server.seen();
    let of = |what| seen.iter().find(|seen| asked(seen) == what).unwrap_or_else(|| panic!("{what}"));
    for request in ["versions", "uploads", "delete"].map(of) {
        let target = &request.target;
        assert!(target.starts_with("/b?X-Amz-Algorithm=AWS4-HMAC-SHA256&"), "{target}");
        assert!(target.contains("%2Feu-central-1%2Fs3%2Faws4_request&"), "{target}");
        assert!(
            target.contains("&X-Amz-Security-Token=t%2Fo%2Bk%3D&") && target.contains("&X-Amz-Signature="),
            "{target}"
        );
    }
    let delete = of("delete");
    assert!(delete.target.contains("&X-Amz-SignedHeaders=content-md5%3Bhost&"), "{}", delete.target);
    assert!(delete.header("content-md5").is_some_and(|sum| sum.len() == 24));
    assert_eq!(delete.header("content-type"), Some("application/xml"));
    let object = |id| format!("<Object><Key>rec/4711.wav</Key><VersionId>{id}</VersionId></Object>");
    let objects = format!("{}{}", object("v1"), object("v2"));
    assert_eq!(delete.body, format!("<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{objects}</Delete>"));
    assert!(seen.iter().all(|seen| !seen.target.contains("hunter2")));
}

#[test]
fn a_dry_run_sends_nothing_that_changes_anything() {
    let server = deleting(|| Reply::empty(500));
    let there = Answer::residual().count("objects", 1).count("versions", 2);
    assert_eq!(cloud(&server, json!({})).dry_run(session("4711")), Ok(there));
    assert!(server.seen().iter().all(|seen| seen.method == "GET"), "{:?}", server.lines());
}

/// Keys as `encoding-type=url` has them; the odd ones, which cannot stand in XML, are deleted one by one.
#[test]
fn encoded_keys_are_compared_decoded() {
    let mut there = vec!["rec/a+b%0A c.wav", "rec/a%2Bb%0A+c.wav", "rec/a%2Bb%0A%20c.wav.x"];
    let server = Server::start(move |seen| match asked(seen) {
        "versions" => {
            assert!(seen.target.contains("&encoding-type=url&"), "{}", seen.target);
            let version = |key: &&str| format!("<Version><Key>{key}</Key><VersionId>null</VersionId></Version>");
            let all: String = there.iter().map(version).collect();
            xml(&format!(
                "<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{all}</ListVersionsResult>"
            ))
        }
        "uploads" => no_uploads(),
        "delete one" => {
            assert!(seen.target.starts_with("/b/rec/a%2Bb%0A%20c.wav?"), "{}", seen.target);
            assert!(seen.target.contains("&versionId=null&"), "{}", seen.target);
            there.remove(1);
            Reply::empty(204)
        }
        what => panic!("{what}"),
    });
    let plugin = cloud(&server, json!({}));
    let erased = Answer::erased().count("objects", 1).count("versions", 1);
    assert_eq!(plugin.erase(session("a+b\n c")), Ok(erased));
    assert_eq!(plugin.verify(session("a+b\n c")), Ok(Answer::absent()));
}

#[test]
fn a_listing_ends_where_no_more_of_the_key_can_come() {
    let pages = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&pages);
    let server = Server::start(move |seen| match asked(seen) {
        "versions" => {
            let page = counted.fetch_add(1, Ordering::Relaxed);
            let key = if page == 0 { "rec/4711.wav" } else { "rec/4711.wav.bak" };
            xml(&format!(
                "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>{key}</NextKeyMarker>\
                 <NextVersionIdMarker>m{page}</NextVersionIdMarker>\
                 <DeleteMarker><Key>{key}</Key><VersionId>v{page}</VersionId></DeleteMarker></ListVersionsResult>"
            ))
        }
        "object-lock" => Reply::text(403, "<Error><Code>AccessDenied</Code></Error>"),
        _ => no_uploads(),
    });
    let there = Answer::residual().count("objects", 1).count("versions", 1);
    let plugin = cloud(&server, json!({}));
    assert_eq!(plugin.verify(session("4711")), Ok(there));
    assert_eq!(pages.load(Ordering::Relaxed), 2, "the second page is past it");
    assert!(server.lines()[1].contains("key-marker=rec%2F4711.wav&"), "{:?}", server.lines());
    assert!(server.lines()[1].contains("&version-id-marker=m0&"), "{:?}", server.lines());
    assert!(plugin.log().iter().any(|(_, line)| line.contains("s3:GetBucketObjectLockConfiguration")));

    let endless = Server::start(|seen| match asked(seen) {
        "versions" => xml(
            "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a</NextKeyMarker></ListVersionsResult>",
        ),
        _ => no_uploads(),
    });
    fails(cloud(&endless, json!({})).verify(session("4711")), ErrorClass::Retryable, "its next page is the same page");
    let mut page = 0;
    let endless = Server::start(move |seen| match asked(seen) {
        "versions" => {
            page += 1;
            xml(&format!(
                "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>a{page}</NextKeyMarker></ListVersionsResult>"
            ))
        }
        _ => no_uploads(),
    });
    fails(cloud(&endless, json!({})).verify(session("4711")), ErrorClass::NeedsOperator, "lists without end");
}

#[test]
fn a_busy_storage_is_asked_again_within_the_call() {
    let mut busy = 2;
    let server = Server::start(move |seen| match asked(seen) {
        "versions" if busy > 0 => {
            busy -= 1;
            Reply::empty(503)
        }
        "versions" => versions("rec/4711.wav", &[]),
        _ => no_uploads(),
    });
    let plugin = cloud(&server, json!({})).call_max(Duration::from_secs(60));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::absent()));
}
