//! The sentences that an answer, and with it a receipt, may have about the search: what was looked at, what was not, and what a
//! place keeps. README.md has each of them, which a test compares.

use quietus_plugin::Answer;

/// Beside files that a place names.
pub(crate) const OTHER_FILES: &str = "files with other names, and what is in them";
pub(crate) const COPIES_OF_FILES: &str =
    "snapshots, backups and replicas of the file system, and copies that it or the disk has written elsewhere";

/// `unlink(2)`: <https://man7.org/linux/man-pages/man2/unlink.2.html>.
pub(crate) const DELETED_FILES: &str = "the content of deleted files, on the disk until its space is written over, and for programs \
    that have them open until they close them (Linux's manual, unlink(2))";

/// Beside objects that a place names.
pub(crate) const OTHER_OBJECTS: &str =
    "objects with other keys, what is in them, and inventories and access logs, in which keys stand";
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnt-replicated.html>
pub(crate) const COPIES_OF_OBJECTS: &str = "backups, and replicas of the bucket in other buckets, to which the deletion of a version \
    is not replicated (Amazon's documentation)";

/// What is known of one place, beside what was found there.
pub(crate) struct Told {
    pub(crate) looked_at: String,
    pub(crate) not_looked_at: Vec<String>,
    /// What it keeps of what went, and by which count it is known that something went.
    pub(crate) keeps: Option<(&'static str, &'static str)>,
}

pub(crate) fn files(place: &str, kinds: &str) -> String {
    format!("files by names made of {kinds} (place `{place}`)")
}

pub(crate) fn objects(place: &str, kinds: &str) -> String {
    format!("versions and delete markers of objects by keys made of {kinds} (place `{place}`)")
}

pub(crate) fn objects_and_uploads(place: &str, kinds: &str) -> String {
    format!("versions, delete markers and incomplete uploads of objects by keys made of {kinds} (place `{place}`)")
}

pub(crate) fn no_uploads(place: &str) -> String {
    format!("incomplete uploads (place `{place}`, `uploads = false`)")
}

pub(crate) fn locks(place: &str) -> String {
    format!("what Object Lock keeps (place `{place}`): `s3:GetBucketObjectLockConfiguration` is not granted")
}

/// Folders of many that nobody may look into.
pub(crate) fn closed(place: &str, how_many: u64) -> String {
    let why =
        "quietus's user may not enter them, another file system is mounted there, or a link stands in their place";
    format!("{how_many} folders by `*`: {why} (place `{place}`)")
}

/// A place of which the person has no name.
pub(crate) fn passed_over(place: &str, kinds: &str) -> String {
    format!("place `{place}`: its names need {kinds}, of which the person has not all")
}

pub(crate) fn unusable(how_many: u64) -> String {
    format!("what is named after {how_many} identifiers that cannot be part of a name here")
}

impl Told {
    pub(crate) fn say(self, answer: Answer) -> Answer {
        self.not_looked_at.into_iter().fold(answer.looked_at(self.looked_at), Answer::not_looked_at)
    }
}
