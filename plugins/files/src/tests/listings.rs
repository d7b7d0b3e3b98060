//! What is sent to a storage, and its listings: their pages, their order, their encoding.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use quietus_plugin::http::test::{Reply, Server};

use super::standin::{asked, cloud, deleting, no_uploads, versions, xml};
use super::*;

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
