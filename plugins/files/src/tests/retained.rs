//! What Object Lock keeps.

use super::*;

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
    let plugin = bucket.plugin(json!({}));
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
    let plugin = bucket.plugin(json!({}));
    let reason =
        "place `cloud`: Object Lock keeps 2 versions, 1 of them under a legal hold, others retained until 2999-12-24";
    // The marker goes.
    assert_eq!(plugin.dry_run(session("4711")), Ok(Answer::retained(reason).count("versions", 1)));
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::retained(reason).count("versions", 1)));
    assert_eq!(bucket.keys().len(), 2);
    assert_eq!(plugin.erase(session("4711")), Ok(Answer::retained(reason).count("versions", 1)), "asked again");
}
