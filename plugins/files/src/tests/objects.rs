//! Objects in a real storage: all versions, all markers, all uploads of exactly the key that is meant.

use super::*;

/// Ann's key and those that begin or end alike.
fn filled(name: &str, keeps: Keeps) -> Bucket {
    let bucket = Bucket::new(name, keeps);
    for key in ["rec/4711.wav", "rec/4711.wav.bak", "rec/4711.wav/x", "rec/4711", "rec/47110.wav", "xrec/4711.wav"] {
        bucket.object(key);
    }
    bucket
}

const OTHERS: [&str; 5] = ["rec/4711", "rec/4711.wav.bak", "rec/4711.wav/x", "rec/47110.wav", "xrec/4711.wav"];

#[test]
fn all_versions_and_markers_of_a_key_go_and_look_alikes_stay() {
    let bucket = filled("versions", Keeps::Versions);
    bucket.object("rec/4711.wav");
    bucket.delete("rec/4711.wav");
    bucket.object("rec/4711.wav");
    bucket.delete("rec/4711.wav");
    let plugin = bucket.plugin(json!({}));
    let there = Answer::residual().count("objects", 1).count("versions", 5);
    assert_eq!(plugin.dry_run(session("4711")), Ok(there.clone()));
    assert_eq!(plugin.verify(session("4711")), Ok(there));
    assert_eq!(bucket.keys().len(), 10, "a dry run changes nothing");
    let erased = Answer::erased().count("objects", 1).count("versions", 5);
    assert_eq!(plugin.erase(session("4711")), Ok(erased.clone()));
    assert_eq!(bucket.keys(), OTHERS);
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::absent()));
    assert_eq!(plugin.erase(session("4711")), Ok(erased), "the same erasure, asked again");
    assert_eq!(plugin.erase(again(session("4711"))), Ok(Answer::absent()), "another erasure");
    assert_eq!(plugin.health(), Ok(()));
}

#[test]
fn a_bucket_without_versions_works_alike() {
    let bucket = filled("unversioned", Keeps::TheLatest);
    let plugin = bucket.plugin(json!({ "session_token": "token" }));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("objects", 1).count("versions", 1)));
    assert_eq!(bucket.keys(), OTHERS);
    assert_eq!(plugin.verify(session("4711")), Ok(Answer::absent()));
}

#[test]
fn incomplete_uploads_go_too_unless_they_are_not_to() {
    let bucket = Bucket::new("uploads", Keeps::Versions);
    bucket.upload("rec/4711.wav");
    bucket.upload("rec/4711.wav");
    bucket.upload("rec/4711.wav.bak");
    let blind = bucket.plugin(json!({ "uploads": false }));
    assert_eq!(blind.erase(session("4711")), Ok(Answer::absent()));
    let plugin = bucket.plugin(json!({}));
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::residual().count("uploads", 2)));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::erased().count("uploads", 2)));
    assert_eq!(bucket.keys(), ["rec/4711.wav.bak"]);
}

#[test]
fn all_objects_below_a_key_go_over_pages_and_batches() {
    let bucket = Bucket::new("below", Keeps::Versions);
    (0..1003).for_each(|n| bucket.object(&format!("ann/{n}")));
    bucket.object("ann/0");
    bucket.object("ann");
    bucket.object("anna/1");
    let narrow = bucket.plugin(json!({ "key": "{guest_id}/", "recursive": true }));
    fails(narrow.erase([("guest_id", "ann")]), ErrorClass::Permanent, "place `cloud`: one person has more versions");
    assert_eq!(bucket.keys().len(), 1000, "nothing is touched, as far as a page shows");
    let plugin = bucket.plugin(json!({ "key": "{guest_id}/", "recursive": true, "versions_max": 2000 }));
    let objects = 1003;
    let versions = 1004;
    let there = Answer::residual().count("objects", objects).count("versions", versions);
    assert_eq!(plugin.dry_run([("guest_id", "ann")]), Ok(there));
    let erased = Answer::erased().count("objects", objects).count("versions", versions);
    assert_eq!(plugin.erase([("guest_id", "ann")]), Ok(erased));
    assert_eq!(bucket.keys(), ["ann", "anna/1"]);
}

#[test]
fn a_bucket_that_is_not_there_needs_an_operator() {
    let bucket = Bucket::new("there", Keeps::TheLatest);
    let plugin = bucket.plugin(json!({ "bucket": "not-there" }));
    for result in [plugin.erase(session("4711")), plugin.verify(session("4711")), plugin.dry_run(session("4711"))] {
        fails(result, ErrorClass::NeedsOperator, "place `cloud`: the storage answered NoSuchBucket (status 404)");
    }
    assert_eq!(plugin.health().expect_err("sick").class, ErrorClass::NeedsOperator);
}

#[test]
fn a_storage_that_is_down_is_tried_again_later() {
    let storage = S3::start();
    let place = s3(&storage.url(), "bucket");
    let plugin = plugin(json!([{ "name": "cloud", "s3": place }])).expect("configured");
    fails(plugin.erase(session("4711")), ErrorClass::NeedsOperator, "NoSuchBucket");
    storage.stop();
    fails(
        plugin.erase(session("4711")),
        ErrorClass::Retryable,
        "place `cloud`: the connection failed: connection refused",
    );
    fails(plugin.verify(session("4711")), ErrorClass::Retryable, "place `cloud`");
}
