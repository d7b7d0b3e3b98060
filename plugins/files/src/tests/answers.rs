//! A storage's answers to what it is to erase, also those that a good one seldom gives.

use quietus_plugin::http::test::{Reply, Server};

use super::standin::{asked, cloud, deleting, error, no_uploads, versions, xml};
use super::*;

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
    check(|| Reply::empty(404), Retryable, None, "status 404");
    check(|| Reply::text(404, "<html>not here</html>"), Retryable, None, "status 404");
    check(|| error(404, "NoSuchBucket"), NeedsOperator, None, "NoSuchBucket");
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
    check(error("InvalidRequest"), ErrorClass::Permanent, "InvalidRequest");
    check(error("AccessDenied"), ErrorClass::Permanent, "grant `s3:DeleteObjectVersion`");
    check(gone, ErrorClass::Retryable, "it does not say whether a version is gone");
    check("", ErrorClass::Retryable, "it does not say whether a version is gone");
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

/// Keys as `encoding-type=url` has them; the odd ones, which cannot stand in XML, are deleted one by one.
#[test]
fn a_version_that_is_deleted_alone_may_be_kept_too() {
    let server = |locked: bool| {
        Server::start(move |seen| match asked(seen) {
            "versions" => versions("rec/a&#9;b.wav", &["v1"]),
            "uploads" => no_uploads(),
            "delete one" => error(403, "AccessDenied"),
            "legal-hold" if locked => xml("<LegalHold><Status>ON</Status></LegalHold>"),
            "legal-hold" | "retention" => error(404, "NoSuchObjectLockConfiguration"),
            what => panic!("{what}"),
        })
    };
    let held = Answer::retained("place `cloud`: Object Lock keeps 1 versions, under a legal hold");
    assert_eq!(cloud(&server(true), json!({})).erase(session("a\tb")), Ok(held));
    let denied = cloud(&server(false), json!({})).erase(session("a\tb"));
    fails(denied, ErrorClass::Permanent, "grant `s3:DeleteObjectVersion`");
}

/// A policy may deny all of one key.
#[test]
fn a_denial_whose_reason_nobody_may_see_is_of_its_key_alone() {
    for seen in ["nothing", "no hold"] {
        let server = Server::start(move |request| match asked(request) {
            "versions" => versions("rec/4711.wav", &["v1"]),
            "uploads" => no_uploads(),
            "legal-hold" if seen == "no hold" => error(404, "NoSuchObjectLockConfiguration"),
            "legal-hold" | "retention" => error(403, "AccessDenied"),
            "delete" => xml("<DeleteResult><Error><Key>rec/4711.wav</Key><VersionId>v1</VersionId>\
                 <Code>AccessDenied</Code></Error></DeleteResult>"),
            what => panic!("{what}"),
        });
        let denied = cloud(&server, json!({})).erase(session("4711"));
        fails(denied.clone(), ErrorClass::Permanent, "grant `s3:DeleteObjectVersion`");
        let rights = "may not see: grant `s3:GetObjectLegalHold` and `s3:GetObjectRetention`";
        fails(denied, ErrorClass::Permanent, rights);
    }
}

#[test]
fn an_upload_that_is_gone_meanwhile_is_not_counted() {
    let server = Server::start(|seen| match asked(seen) {
        "versions" => versions("rec/4711.wav", &[]),
        "uploads" => {
            let upload = |key, id| format!("<Upload><Key>{key}</Key><UploadId>{id}</UploadId></Upload>");
            let ours = upload("rec/4711.wav", "u1");
            let gone = upload("rec/4711.wav", "u2");
            let other = upload("rec/4711.wav2", "u3");
            xml(&format!(
                "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{ours}{gone}{other}</ListMultipartUploadsResult>"
            ))
        }
        _ if seen.method == "DELETE" && seen.target.contains("&uploadId=u1&") => Reply::empty(204),
        _ if seen.method == "DELETE" && seen.target.contains("&uploadId=u2&") => error(404, "NoSuchUpload"),
        what => panic!("{what}"),
    });
    assert_eq!(cloud(&server, json!({})).erase(session("4711")), Ok(Answer::erased().count("uploads", 1)));
}

#[test]
fn a_lock_is_found_whichever_code_the_storage_has_for_it() {
    for code in ["AccessDenied", "InvalidRequest"] {
        let server = Server::start(move |seen| match asked(seen) {
            "versions" => versions("rec/4711.wav", &["v1", "v2"]),
            "uploads" => no_uploads(),
            "legal-hold" => error(400, "NoSuchObjectLockConfiguration"),
            "retention" => {
                Reply::text(200, "<Retention><RetainUntilDate>2999-12-24T00:00:00Z</RetainUntilDate></Retention>")
            }
            "delete" => xml(&format!(
                "<DeleteResult><Deleted><Key>rec/4711.wav</Key><VersionId>v1</VersionId></Deleted><Error><Key>rec/4711.wav\
                 </Key><VersionId>v2</VersionId><Code>{code}</Code></Error></DeleteResult>"
            )),
            what => panic!("{what}"),
        });
        let kept = "place `cloud`: Object Lock keeps 1 versions, retained until 2999-12-24";
        let answer = cloud(&server, json!({})).erase(session("4711"));
        assert_eq!(answer, Ok(Answer::retained(kept).count("versions", 1)), "{code}");
    }
}

/// A gateway that answers so after so many requests, to so many.
fn meets(reply: fn() -> Reply, from: usize, count: usize) {
    let versions_left = std::sync::Arc::new(std::sync::Mutex::new(vec!["v1", "v2"]));
    let shared = std::sync::Arc::clone(&versions_left);
    let mut met = 0;
    let server = Server::start(move |seen| {
        met += 1;
        if met > from && met <= from + count {
            return reply();
        }
        let mut left = shared.lock().expect("not poisoned");
        match asked(seen) {
            "versions" => versions("rec/4711.wav", &left),
            "uploads" => no_uploads(),
            "object-lock" => error(404, "ObjectLockConfigurationNotFoundError"),
            "delete" => {
                let deleted = |id| format!("<Deleted><Key>rec/4711.wav</Key><VersionId>{id}</VersionId></Deleted>");
                let gone: String = left.drain(..).map(deleted).collect();
                xml(&format!("<DeleteResult>{gone}</DeleteResult>"))
            }
            // Of somebody who still asks a server that had this port before.
            _ => Reply::empty(404),
        }
    });
    let plugin = cloud(&server, json!({ "rate": 1000 }));
    let answer = (0..40).find_map(|_| plugin.erase(session("4711")).ok()).expect("an answer in the end");
    assert_eq!(answer.outcome, Outcome::Erased, "from {from} for {count}: {answer:?}");
    assert!(versions_left.lock().expect("not poisoned").is_empty(), "from {from} for {count}");
}

#[test]
fn wherever_a_gateway_begins_and_ends_the_answer_is_true() {
    let replies: [fn() -> Reply; 3] =
        [|| Reply::empty(404), || Reply::text(404, "<html>"), || Reply::text(200, "<!DOCTYPE html>")];
    // All at once, as each waits for a moment before it asks again.
    std::thread::scope(|cases| {
        for reply in replies {
            for from in 0..6 {
                for count in [1, 2, 3, 20] {
                    cases.spawn(move || meets(reply, from, count));
                }
            }
        }
    });
}

#[test]
fn a_page_of_html_aborts_no_upload() {
    let server = Server::start(|seen| match (asked(seen), seen.method.as_str()) {
        ("versions", _) => versions("rec/4711.wav", &[]),
        ("uploads", _) => {
            xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>rec/4711.wav</Key>\
             <UploadId>u1</UploadId></Upload></ListMultipartUploadsResult>")
        }
        (_, "DELETE") => Reply::text(200, "<html>please log in</html>"),
        _ => error(404, "ObjectLockConfigurationNotFoundError"),
    });
    fails(cloud(&server, json!({})).erase(session("4711")), ErrorClass::Retryable, "a page of HTML");
}
