//! The state of versions, and of the objects that they are versions of: before they go and after.

use std::collections::BTreeMap;

use quietus_plugin::PluginError;

use super::list::Item;
use crate::place::Job;

/// The state of one version.
#[derive(Clone)]
pub(super) enum Fate {
    Gone,
    NotThere,
    /// A lock may keep it; otherwise the error is the reason.
    Denied(PluginError),
    /// It may be gone.
    Unsure(PluginError),
    /// It is there.
    Failed(PluginError),
}

/// What is left of each key: it is an object that is erased when nothing is.
pub(super) struct Keys<'i> {
    left: BTreeMap<&'i str, Left>,
    pub(super) denied: Vec<(&'i Item, PluginError)>,
}

#[derive(Default)]
struct Left {
    versions: u64,
    gone: bool,
    unsure: bool,
    refused: bool,
}

impl<'i> Keys<'i> {
    pub(super) fn of(versions: &'i [Item]) -> Self {
        let mut left: BTreeMap<_, Left> = BTreeMap::new();
        for item in versions {
            left.entry(item.key.as_str()).or_default().versions += 1;
        }
        Self { left, denied: Vec::new() }
    }

    /// Stores that these are about to go, and the objects of which nothing is left then.
    pub(super) fn announce(&self, batch: &[&'i Item], job: &mut Job<'_>) -> Result<(), PluginError> {
        let mut going: BTreeMap<_, u64> = BTreeMap::new();
        for item in batch {
            *going.entry(item.key.as_str()).or_default() += 1;
            job.announce("versions", version(item, job));
        }
        for (key, going) in going {
            if self.left.get(key).is_some_and(|left| left.versions == going) {
                job.announce("objects", object(key, job));
            }
        }
        job.store()
    }

    /// Notes all fates; the error is the first of those that failed.
    pub(super) fn settle(&mut self, batch: &[&'i Item], fates: &[Fate], job: &mut Job<'_>) -> Result<(), PluginError> {
        let mut failed = None;
        for (item, fate) in batch.iter().zip(fates) {
            let mark = version(item, job);
            let left = self.left.entry(item.key.as_str()).or_default();
            left.versions = left.versions.saturating_sub(1);
            match fate {
                Fate::Gone => {
                    left.gone = true;
                    job.done("versions", mark);
                }
                Fate::NotThere => job.refused("versions", mark),
                Fate::Denied(error) => {
                    left.refused = true;
                    job.refused("versions", mark);
                    self.denied.push((item, error.clone()));
                }
                Fate::Unsure(error) => {
                    left.unsure = true;
                    job.unsure("versions", mark);
                    failed.get_or_insert_with(|| error.clone());
                }
                Fate::Failed(error) => {
                    left.refused = true;
                    job.refused("versions", mark);
                    failed.get_or_insert_with(|| error.clone());
                }
            }
            let mark = object(&item.key, job);
            match left {
                // First: a version that was refused keeps the object, however many of the others are gone.
                Left { refused: true, .. } => job.refused("objects", mark),
                Left { versions: 0, unsure: true, .. } => job.unsure("objects", mark),
                Left { versions: 0, gone: true, .. } => job.done("objects", mark),
                // None of its versions went by this erasure: somebody else has erased the object, and it must not
                // count.
                Left { versions: 0, .. } => job.not_begun("objects", mark),
                Left { .. } => {}
            }
        }
        failed.map_or(Ok(()), Err)
    }
}

/// What stands for a version.
pub(super) fn version(item: &Item, job: &Job<'_>) -> u64 {
    job.mark(&[b"version", item.key.as_bytes(), item.id.as_bytes(), item.made.as_bytes()])
}

/// What stands for all versions of a key.
pub(super) fn object(key: &str, job: &Job<'_>) -> u64 {
    job.mark(&[b"object", key.as_bytes()])
}
