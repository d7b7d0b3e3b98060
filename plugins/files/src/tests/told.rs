//! What an answer says of the search: no more than was looked at, and what a place is known to keep.

use quietus_plugin::http::test::{Reply, Server};
use quietus_plugin::unsaid;

use super::standin::{asked, cloud, error, no_uploads, versions, xml};
use super::*;
use crate::told;

const FILES: [&str; 2] = [told::OTHER_FILES, told::COPIES_OF_FILES];
const OBJECTS: [&str; 2] = [told::OTHER_OBJECTS, told::COPIES_OF_OBJECTS];

fn lines(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// `verify` keeps silent about what is kept, so that what was said before stays.
#[test]
fn what_a_deletion_leaves_on_the_disk_is_said_of_deleted_files_only() {
    for (mode, keeps) in [("delete", Some(lines(&[told::DELETED_FILES]))), ("overwrite", None), ("empty", None)] {
        let root = Root::new();
        root.file("4711.wav");
        let plugin = root.plugin(json!({ "mode": mode })).0;
        let looked = (lines(&["files by names made of session_id (place `disk`)"]), lines(&FILES));
        for answer in [plugin.dry_run(session("4711")), plugin.erase(session("4711"))] {
            let answer = answer.expect("an answer");
            assert_eq!((answer.looked_at, answer.not_looked_at), looked, "{mode}");
            assert_eq!(answer.keeps, keeps, "{mode}");
        }
        let again = plugin.verify(session("4711")).expect("an answer");
        assert_eq!((again.outcome, again.keeps), (Outcome::Absent, None));
        assert_eq!((again.looked_at, again.not_looked_at), looked, "{mode}");
        let nobody = plugin.erase(super::again(session("4712"))).expect("an answer");
        assert_eq!((nobody.outcome, nobody.keeps), (Outcome::Absent, None), "nothing went");
    }
}

#[test]
fn what_was_not_listed_in_a_bucket_is_not_told_as_looked_at() {
    let server = || {
        Server::start(|seen| match asked(seen) {
            "versions" => versions("rec/4711.wav", &[]),
            "uploads" => no_uploads(),
            what => panic!("{what}"),
        })
    };
    let of = |settings| {
        let server = server();
        let answer = cloud(&server, settings).0.verify(session("4711")).expect("an answer");
        (answer.looked_at, answer.not_looked_at)
    };
    let all = "versions, delete markers and incomplete uploads of objects by keys made of session_id (place `cloud`)";
    assert_eq!(of(json!({})), (lines(&[all]), lines(&OBJECTS)));
    let without = [&OBJECTS[..], &["incomplete uploads (place `cloud`, `uploads = false`)"]].concat();
    let some = "versions and delete markers of objects by keys made of session_id (place `cloud`)";
    assert_eq!(of(json!({ "uploads": false })), (lines(&[some]), lines(&without)));
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html>: it needs a right of its own.
#[test]
fn a_lock_that_nobody_may_ask_about_is_told() {
    let server = Server::start(|seen| match asked(seen) {
        "versions" => versions("rec/4711.wav", &["v1"]),
        "uploads" => no_uploads(),
        "object-lock" => error(403, "AccessDenied"),
        what => panic!("{what}"),
    });
    let answer = cloud(&server, json!({})).0.dry_run(session("4711")).expect("an answer");
    let locks = "what Object Lock keeps (place `cloud`): `s3:GetBucketObjectLockConfiguration` is not granted";
    assert_eq!(answer.not_looked_at, lines(&[&OBJECTS[..], &[locks]].concat()));
}

#[test]
fn a_place_that_was_passed_over_and_a_name_that_cannot_be_are_told() {
    let root = Root::new();
    let place = |name: &str, path: &str| json!({ "name": name, "local": root.place(json!({ "path": path })) });
    let plugin =
        plugin(json!([place("disk", "{session_id}.wav"), place("mail", "{email}.eml")])).expect("configured").0;
    let answer = plugin.erase(session("4711")).expect("an answer");
    assert_eq!(answer.looked_at, lines(&["files by names made of session_id (place `disk`)"]));
    let passed = "place `mail`: its names need email, of which the person has not all";
    assert_eq!(answer.not_looked_at, lines(&[&FILES[..], &[passed]].concat()));
    let answer = plugin.erase(super::again(session("47/11"))).expect("an answer");
    assert_eq!((answer.outcome, answer.looked_at.len()), (Outcome::Unverifiable, 0));
    assert_eq!(
        answer.not_looked_at,
        lines(&[passed, "what is named after 1 identifiers that cannot be part of a name here"])
    );
}

/// Rights as Amazon's policies name them:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>.
#[test]
fn a_missing_right_is_named_by_health_and_by_what_needs_it() {
    let denying = |denied: &'static str| {
        Server::start(move |seen| match asked(seen) {
            what if what == denied => error(403, "AccessDenied"),
            "versions" => versions("rec/4711.wav", &["v1"]),
            "uploads" => {
                xml("<ListMultipartUploadsResult><IsTruncated>false</IsTruncated><Upload><Key>rec/4711.wav</Key>\
                 <UploadId>u1</UploadId></Upload></ListMultipartUploadsResult>")
            }
            "something else" if seen.method == "DELETE" && denied == "abort" => error(403, "AccessDenied"),
            "something else" if seen.method == "DELETE" => Reply::empty(204),
            "object-lock" => error(404, "ObjectLockConfigurationNotFoundError"),
            what => panic!("{what}"),
        })
    };
    for (denied, right, in_health) in [
        ("versions", "grant `s3:ListBucketVersions` on the bucket", true),
        ("uploads", "grant `s3:ListBucketMultipartUploads` on the bucket", true),
        ("abort", "grant `s3:AbortMultipartUpload` on the objects", false),
        ("delete", "grant `s3:DeleteObject` and `s3:DeleteObjectVersion` on the objects", false),
    ] {
        let server = denying(denied);
        let plugin = cloud(&server, json!({}));
        fails(plugin.erase(session("4711")), ErrorClass::NeedsOperator, right);
        match in_health {
            true => fails(plugin.health().map(|()| Answer::absent()), ErrorClass::NeedsOperator, right),
            false => assert_eq!(plugin.health(), Ok(()), "only a deletion tells"),
        }
    }
}

/// A receipt's sentences about limits are the README's, so that neither says more than the other.
#[test]
fn the_readme_has_each_sentence_that_a_receipt_may_have() {
    let place = "recordings";
    let sentences = [
        told::OTHER_FILES.to_owned(),
        told::COPIES_OF_FILES.to_owned(),
        told::DELETED_FILES.to_owned(),
        told::OTHER_OBJECTS.to_owned(),
        told::COPIES_OF_OBJECTS.to_owned(),
        told::files(place, "session_id"),
        told::objects("cloud", "session_id"),
        told::objects_and_uploads("cloud", "session_id"),
        told::no_uploads("cloud"),
        told::locks("cloud"),
        told::closed("recordings", 1),
        told::passed_over("exports", "email"),
        told::unusable(1),
    ];
    assert_eq!(unsaid(include_str!("../../README.md"), sentences), [""; 0]);
}
