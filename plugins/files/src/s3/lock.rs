//! What a storage must keep: finds versions under a legal hold or a retention (S3 Object Lock).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html>

use std::collections::BTreeSet;

use jiff::Timestamp;
use quietus_plugin::http::Response;
use quietus_plugin::{Call, Level, PluginError};

use super::bucket::Bucket;
use super::list::Item;
use super::{answer, xml};

/// Versions that are kept.
#[derive(Default)]
pub(super) struct Kept<'i> {
    /// Keys and versions.
    pub(super) items: BTreeSet<(&'i str, &'i str)>,
    held: u64,
    /// Until when the last of them is retained.
    until: Option<Timestamp>,
}

enum Lock {
    Hold,
    Until(Timestamp),
}

/// What the storage says of one version.
enum Said {
    Locked(Lock),
    Free,
    /// It does not let the user see.
    Denied(PluginError),
}

impl<'i> Kept<'i> {
    /// What a receipt says of them.
    pub(super) fn told(&self) -> Option<String> {
        let versions = self.items.len();
        let what = match (self.held, self.until) {
            (0, None) => return None,
            (0, Some(until)) => format!("retained until {}", until.strftime("%Y-%m-%d")),
            (_, None) => "under a legal hold".into(),
            (held, Some(until)) => {
                format!("{held} of them under a legal hold, others retained until {}", until.strftime("%Y-%m-%d"))
            }
        };
        Some(format!("Object Lock keeps {versions} versions, {what}"))
    }

    fn add(&mut self, item: &'i Item, lock: Lock) {
        self.items.insert((&item.key, &item.id));
        match lock {
            Lock::Hold => self.held += 1,
            Lock::Until(until) => self.until = self.until.max(Some(until)),
        }
    }
}

/// Of versions that are only looked at. Nothing where nobody can tell.
pub(super) fn all<'i>(bucket: &Bucket, versions: &'i [Item], call: &Call) -> Result<Option<Kept<'i>>, PluginError> {
    let mut kept = Kept::default();
    if versions.is_empty() {
        return Ok(Some(kept));
    }
    match is_on(bucket, call)? {
        Some(true) => {}
        Some(false) => return Ok(Some(kept)),
        None => return Ok(None),
    }
    for item in versions {
        call.check()?;
        match lock(bucket, item, call)? {
            Said::Locked(lock) => kept.add(item, lock),
            Said::Free => {}
            Said::Denied(error) => return Err(error),
        }
    }
    Ok(Some(kept))
}

/// Of versions that the storage denied to delete; of one that no lock keeps, its error.
pub(super) fn of_denied<'i>(
    bucket: &Bucket,
    denied: &[(&'i Item, PluginError)],
    call: &Call,
) -> Result<Kept<'i>, PluginError> {
    let mut kept = Kept::default();
    for (item, error) in denied {
        call.check()?;
        match lock(bucket, item, call)? {
            Said::Locked(lock) => kept.add(item, lock),
            Said::Free => return Err(error.clone()),
            // A policy may deny all of this one key. As an error that needs an operator, it would stop everybody.
            Said::Denied(_) => return Err(unexplained(error)),
        }
    }
    Ok(kept)
}

/// Whether the bucket has locks at all, if it may be asked.
fn is_on(bucket: &Bucket, call: &Call) -> Result<Option<bool>, PluginError> {
    let judge = |answer: &Response| if answer.status() == 403 { Ok(()) } else { has_or_not(answer) };
    let answer = bucket.send_judged(&bucket.get(None, &[("object-lock", "")])?, call, judge)?;
    match answer.status() {
        200 => {
            let configuration = xml::parse(answer.body(), "ObjectLockConfiguration")?;
            Ok(Some(configuration.text("ObjectLockEnabled") == Some("Enabled")))
        }
        403 => {
            let text = "cannot tell what Object Lock keeps: `s3:GetBucketObjectLockConfiguration` is not granted";
            call.log(Level::Warn, text);
            Ok(None)
        }
        _ => Ok(Some(false)),
    }
}

/// Of a version that the storage denied to delete, and to tell why.
fn unexplained(error: &PluginError) -> PluginError {
    let rights = "`s3:GetObjectLegalHold` and `s3:GetObjectRetention`";
    let message = format!("{}; whether a lock keeps it, the user may not see: grant {rights}", error.message);
    PluginError { message, ..error.clone() }
}

fn lock(bucket: &Bucket, item: &Item, call: &Call) -> Result<Said, PluginError> {
    let ask = |what: &str| {
        let mut query = [(what, ""), ("versionId", item.id.as_str())];
        query.sort_unstable();
        let judge = |answer: &Response| if is_denied(answer) { Ok(()) } else { has_or_not(answer) };
        let answer = bucket.send_judged(&bucket.get(Some(&item.key), &query)?, call, judge);
        answer.map_err(|failure| unseen(failure.error))
    };
    let denied = |answer: &Response| answer::judge(answer).err().map(unseen).filter(|_| is_denied(answer));
    let hold = ask("legal-hold")?;
    if let Some(error) = denied(&hold) {
        return Ok(Said::Denied(error));
    }
    if hold.status() == 200 && xml::parse(hold.body(), "LegalHold")?.text("Status") == Some("ON") {
        return Ok(Said::Locked(Lock::Hold));
    }
    let retention = ask("retention")?;
    if let Some(error) = denied(&retention) {
        return Ok(Said::Denied(error));
    }
    if retention.status() != 200 {
        return Ok(Said::Free);
    }
    let retention = xml::parse(retention.body(), "Retention")?;
    let Some(until) = retention.text("RetainUntilDate").filter(|date| !date.is_empty()) else { return Ok(Said::Free) };
    let until: Timestamp = until.parse().map_err(|_| xml::garbage("`RetainUntilDate` is no time"))?;
    Ok(if until > Timestamp::now() { Said::Locked(Lock::Until(until)) } else { Said::Free })
}

fn unseen(error: PluginError) -> PluginError {
    PluginError { message: format!("cannot see what keeps a version: {}", error.message), ..error }
}

fn is_denied(answer: &Response) -> bool {
    answer.status() == 403 && xml::error_code(answer.body()).as_deref() == Some("AccessDenied")
}

/// No lock, no such thing as locks, and a delete marker, which has none, are answers, too.
fn has_or_not(answer: &Response) -> Result<(), PluginError> {
    match answer.status() {
        400 | 404 | 405 | 501 => match xml::error_code(answer.body()).as_deref() {
            Some(
                "InvalidRequest"
                | "MethodNotAllowed"
                | "NoSuchKey"
                | "NoSuchObjectLockConfiguration"
                | "NoSuchVersion"
                | "NotImplemented"
                | "ObjectLockConfigurationNotFoundError",
            ) => Ok(()),
            _ => answer::judge(answer),
        },
        _ => answer::judge(answer),
    }
}
