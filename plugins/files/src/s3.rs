//! Objects in S3 and in storages that speak like it: names enter as keys; all versions and delete markers of exactly these
//! keys, or of all keys below one, leave the bucket, and so do incomplete uploads. What Object Lock keeps is told.

mod answer;
mod bucket;
mod code;
mod delete;
mod keys;
mod list;
mod lock;
mod xml;

use std::collections::BTreeSet;

use quietus_plugin::{Call, PluginError, Secrets};

use crate::config::S3;
use crate::place::{Job, Left, Place, Sight};
use crate::template::{Name, Naming, Template, key};
use crate::told::{self, Told};
use bucket::Bucket;
use list::{Item, Listing, Scope};

/// Versions of one person, unless the operator says otherwise.
const VERSIONS_MAX: u64 = 1000;

/// A bucket.
struct Storage {
    bucket: Bucket,
    recursive: bool,
    uploads: bool,
    versions_max: u64,
    /// What all keys begin with.
    beginning: String,
}

/// What is there of a person.
struct Found {
    versions: Vec<Item>,
    uploads: Vec<Item>,
}

/// The error says which setting is wrong.
pub(crate) fn make(config: S3, kinds: &[String], secrets: &Secrets) -> Result<(Template, Box<dyn Place>), String> {
    let template = Template::parse(&config.key, Naming::Objects, kinds).map_err(|why| format!("key: {why}"))?;
    match (config.recursive, config.key.ends_with('/')) {
        (true, false) => return Err("key: with `recursive` it ends in `/`, as others would begin alike".into()),
        (false, true) => return Err("key: it ends in `/`; does `recursive` miss, to take all objects below it?".into()),
        _ => {}
    }
    let versions_max = config.versions_max.unwrap_or(VERSIONS_MAX);
    if versions_max == 0 {
        return Err("versions_max: it is at least 1".into());
    }
    let storage = Storage {
        bucket: Bucket::make(&config, secrets)?,
        recursive: config.recursive,
        uploads: config.uploads.unwrap_or(true),
        versions_max,
        beginning: template.beginning(),
    };
    Ok((template, Box::new(storage)))
}

impl Place for Storage {
    fn look(&self, names: &[Name], call: &Call) -> Result<Sight, PluginError> {
        let found = self.find(names, call)?;
        let locks = lock::all(&self.bucket, &found.versions, call)?;
        let unseen = locks.is_none();
        let kept = locks.unwrap_or_default();
        let is_free = |item: &&Item| !kept.items.contains(&(item.key.as_str(), item.id.as_str()));
        let kept_keys: BTreeSet<_> = kept.items.iter().map(|(key, _)| *key).collect();
        let keys: BTreeSet<_> = found.versions.iter().map(|item| item.key.as_str()).collect();
        let mut sight = Sight::default();
        sight.count("objects", keys.difference(&kept_keys).count() as u64);
        sight.count("versions", found.versions.iter().filter(is_free).count() as u64);
        sight.count("uploads", found.uploads.len() as u64);
        sight.kept = kept.told();
        sight.holds_unseen = unseen;
        Ok(sight)
    }

    fn erase(&self, names: &[Name], job: &mut Job<'_>) -> Result<Left, PluginError> {
        let found = self.find(names, job.call)?;
        // First, so that none of them becomes a version behind our back.
        delete::uploads(&self.bucket, &found.uploads, job)?;
        let denied = delete::versions(&self.bucket, &found.versions, job)?;
        let kept = lock::of_denied(&self.bucket, &denied, job.call)?;
        Ok(Left { kept: kept.told(), ..Left::default() })
    }

    fn told(&self, place: &str, kinds: &str) -> Told {
        let mut not_looked_at = vec![told::OTHER_OBJECTS.to_owned(), told::COPIES_OF_OBJECTS.to_owned()];
        let looked_at = match self.uploads {
            true => told::objects_and_uploads(place, kinds),
            false => {
                not_looked_at.push(told::no_uploads(place));
                told::objects(place, kinds)
            }
        };
        Told { looked_at, not_looked_at, keeps: None }
    }

    /// All that is listed later. Whether the user may delete, only a deletion tells.
    fn health(&self, call: &Call) -> Result<(), PluginError> {
        list::one(&self.bucket, Listing::Versions, &self.beginning, call)?;
        match self.uploads {
            true => list::one(&self.bucket, Listing::Uploads, &self.beginning, call),
            false => Ok(()),
        }
    }
}

impl Storage {
    fn find(&self, names: &[Name], call: &Call) -> Result<Found, PluginError> {
        let mut found = Found { versions: Vec::new(), uploads: Vec::new() };
        let mut left = self.versions_max;
        for key in names.iter().map(key) {
            let scope = if self.recursive { Scope::Below(&key) } else { Scope::Exactly(&key) };
            found.versions.extend(list::all(&self.bucket, Listing::Versions, scope, &mut left, call)?);
            if self.uploads {
                found.uploads.extend(list::all(&self.bucket, Listing::Uploads, scope, &mut left, call)?);
            }
        }
        Ok(found)
    }
}
