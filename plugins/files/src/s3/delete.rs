//! Deleting versions and uploads: returns those that the storage denies to delete. What it does not answer
//! is neither deleted nor not: the next attempt sees.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html>

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use quick_xml::escape::escape;
use quietus_plugin::PluginError;
use quietus_plugin::http::{Failure, Request, Response};
use rusty_s3::Method;

use super::answer;
use super::bucket::Bucket;
use super::code::of_code;
use super::keys::{Fate, Keys, object, version};
use super::list::Item;
use super::xml;
use crate::place::{AHEAD, Job};

/// Keys of one request, which S3 does not take more of.
const BATCH: usize = 1000;

const RIGHT: &str = "`s3:DeleteObject` and `s3:DeleteObjectVersion` on the objects";

/// Aborts uploads. One that is not there any more was completed or aborted by somebody else.
pub(super) fn uploads(bucket: &Bucket, uploads: &[Item], job: &mut Job<'_>) -> Result<(), PluginError> {
    let mark = |upload: &Item, job: &Job<'_>| job.mark(&[b"upload", upload.key.as_bytes(), upload.id.as_bytes()]);
    for some in uploads.chunks(AHEAD) {
        job.go_on()?;
        some.iter().for_each(|upload| job.announce("uploads", mark(upload, job)));
        job.store()?;
        let ended = some.iter().try_for_each(|upload| abort(bucket, upload, mark(upload, job), job));
        // Those that were not reached: left unsure, they would count as erased if somebody else ended them meanwhile.
        some.iter().for_each(|upload| job.not_begun("uploads", mark(upload, job)));
        ended?;
    }
    Ok(())
}

fn abort(bucket: &Bucket, upload: &Item, mark: u64, job: &mut Job<'_>) -> Result<(), PluginError> {
    job.go_on()?;
    let target = bucket.target(Method::Delete, Some(&upload.key), &[("uploadId", &upload.id)], &[])?;
    let request = Request::delete("", job.writes).at(&target);
    let sent = bucket.send(&request, "`s3:AbortMultipartUpload` on the objects", job.call);
    match sent {
        Ok(answer) if let Some(error) = answer::page(&answer) => {
            job.unsure("uploads", mark);
            return Err(error);
        }
        Ok(answer) if answer.erased() => job.done("uploads", mark),
        Ok(_) => job.refused("uploads", mark),
        Err(failure) => {
            if failure.unsure {
                job.unsure("uploads", mark);
            }
            return Err(failure.error);
        }
    }
    Ok(())
}

/// Deletes versions; those that the storage denies come back.
pub(super) fn versions<'i>(
    bucket: &Bucket,
    versions: &'i [Item],
    job: &mut Job<'_>,
) -> Result<Vec<(&'i Item, PluginError)>, PluginError> {
    let mut keys = Keys::of(versions);
    let (plain, odd): (Vec<_>, Vec<_>) = versions.iter().partition(|item| is_plain(&item.key));
    for batch in plain.chunks(BATCH) {
        job.go_on()?;
        keys.announce(batch, job)?;
        let fates = delete_batch(bucket, batch, job);
        keys.settle(batch, &fates, job)?;
    }
    for some in odd.chunks(AHEAD) {
        job.go_on()?;
        keys.announce(some, job)?;
        let ended = some.iter().try_for_each(|item| {
            job.go_on()?;
            let fate = delete_one(bucket, item, job);
            keys.settle(&[item], &[fate], job)
        });
        for item in some {
            job.not_begun("versions", version(item, job));
            job.not_begun("objects", object(&item.key, job));
        }
        ended?;
    }
    Ok(keys.denied)
}

/// Whether a key goes through XML unchanged, both ways.
fn is_plain(key: &str) -> bool {
    !key.chars().any(|c| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}'))
}

fn delete_batch(bucket: &Bucket, batch: &[&Item], job: &Job<'_>) -> Vec<Fate> {
    let sent = batch_request(bucket, batch, job).and_then(|request| bucket.send(&request, RIGHT, job.call));
    let answer = match sent {
        Ok(answer) => answer,
        Err(failure) => return vec![of_failure(failure); batch.len()],
    };
    match batch_fates(&answer, batch) {
        Ok(fates) => fates,
        Err(error) => vec![Fate::Unsure(error); batch.len()],
    }
}

fn batch_request(bucket: &Bucket, batch: &[&Item], job: &Job<'_>) -> Result<Request, Failure> {
    let object = |item: &&Item| {
        format!("<Object><Key>{}</Key><VersionId>{}</VersionId></Object>", escape(&item.key), escape(&item.id))
    };
    let objects: String = batch.iter().map(object).collect();
    let body = format!(r#"<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{objects}</Delete>"#);
    // A checksum must be there, and this is the one that all storages know.
    let md5 = STANDARD.encode(Md5::digest(&body));
    let target = bucket.target(Method::Post, None, &[("delete", "")], &[("content-md5", &md5)])?;
    let request =
        Request::post("", job.writes).at(&target).header("Content-MD5", &md5).header("Accept", "application/xml");
    Ok(request.bytes("application/xml", body).repeatable())
}

fn batch_fates(answer: &Response, batch: &[&Item]) -> Result<Vec<Fate>, PluginError> {
    let result = xml::parse(answer.body(), "DeleteResult")?;
    let mut deleted = BTreeSet::new();
    for entry in result.all("Deleted") {
        deleted.insert((entry.need("Key")?, entry.text("VersionId").unwrap_or("null")));
    }
    let mut refused = BTreeMap::new();
    for entry in result.all("Error") {
        let version = entry.text("VersionId").filter(|id| !id.is_empty());
        refused.insert((entry.need("Key")?, version), entry.need("Code")?);
    }
    let fate = |item: &&Item| {
        let key = item.key.as_str();
        let id = item.id.as_str();
        if deleted.contains(&(key, id)) {
            return Fate::Gone;
        }
        // Some storages do not say which version of the key it was.
        match refused.get(&(key, Some(id))).or_else(|| refused.get(&(key, None))) {
            // An attempt before, whose answer was lost, has deleted it.
            Some(&("NoSuchKey" | "NoSuchVersion")) if answer.unsure() => Fate::Gone,
            Some(&("NoSuchKey" | "NoSuchVersion")) => Fate::NotThere,
            Some(code) => denial(code).map_or_else(|| Fate::Failed(of_code(code)), Fate::Denied),
            None => Fate::Unsure(xml::garbage("it does not say whether a version is gone")),
        }
    };
    Ok(batch.iter().map(fate).collect())
}

fn delete_one(bucket: &Bucket, item: &Item, job: &Job<'_>) -> Fate {
    let target = bucket.target(Method::Delete, Some(&item.key), &[("versionId", &item.id)], &[]);
    let request = match target {
        Ok(target) => Request::delete("", job.writes).at(&target),
        Err(error) => return Fate::Failed(error),
    };
    // A lock is a refusal of this version, and not of everything.
    let denied = |answer: &Response| match answer.status() {
        400 | 403 => xml::error_code(answer.body()).as_deref().and_then(denial),
        _ => None,
    };
    let judge = |answer: &Response| if denied(answer).is_some() { Ok(()) } else { answer::judge(answer) };
    match bucket.send_judged(&request, job.call, judge) {
        Ok(answer) if let Some(error) = denied(&answer) => Fate::Denied(error),
        Ok(answer) if let Some(error) = answer::page(&answer) => Fate::Unsure(error),
        Ok(answer) if answer.erased() => Fate::Gone,
        Ok(_) => Fate::NotThere,
        Err(failure) => of_failure(failure),
    }
}

/// Whether a lock may be the reason, and the error where it is not. Amazon says `AccessDenied` of a locked version, MinIO
/// `InvalidRequest`: <https://github.com/minio/minio/blob/master/cmd/api-errors.go>.
fn denial(code: &str) -> Option<PluginError> {
    let text = "the storage denies to delete a version that no lock keeps; grant `s3:DeleteObjectVersion`";
    match code {
        // A policy may deny a single key, or all of them.
        "AccessDenied" => Some(PluginError::permanent(text)),
        "InvalidRequest" => Some(of_code(code)),
        _ => None,
    }
}

fn of_failure(failure: Failure) -> Fate {
    if failure.unsure { Fate::Unsure(failure.error) } else { Fate::Failed(failure.error) }
}
