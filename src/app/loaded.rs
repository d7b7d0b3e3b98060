//! A configuration as it was read, with what stood behind what it refers to: by both it is seen later what has changed.

use std::collections::BTreeMap;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::config::{Config, Schemas, TextDigest, is_within, needs_restart};
use crate::keys::{Digest, IndexKey, fill_random};
use crate::operations::configuration::Changed;

/// Digests secrets under a key that is in the memory of this process only.
#[derive(Clone)]
pub(super) struct Digester(IndexKey);

impl Digester {
    pub(super) fn new() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        fill_random(&mut *key);
        Self(IndexKey::new(&key))
    }
}

/// A configuration, and what stood behind it.
pub(super) struct Loaded {
    pub(super) config: Arc<Config>,
    behind: BTreeMap<String, Option<Digest>>,
}

/// By which it is seen that what was read has changed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Signature {
    text: Option<TextDigest>,
    behind: BTreeMap<String, Option<Digest>>,
}

impl Loaded {
    pub(super) fn of(config: Config, by: &Digester) -> Self {
        // Before anything behind it is used: what changes in between is seen as a change then, and not missed.
        let behind = config.behind(&by.0);
        Self { config: Arc::new(config), behind }
    }

    /// The keys by which another one differs, or what stands behind them.
    pub(super) fn difference(&self, other: &Self, schemas: &Schemas) -> Vec<Changed> {
        let mut changed = self.config.difference(&other.config, schemas);
        for (key, digest) in &other.behind {
            if self.behind.get(key).is_some_and(|before| before != digest) && !is_told(&changed, key) {
                let needs_restart = needs_restart(key);
                changed.push(Changed { key: key.clone(), before: None, after: None, needs_restart, is_behind: true });
            }
        }
        changed
    }

    /// Whether an element of a list is what it was in another one, with all that it refers to.
    pub(super) fn has_as_before(&self, before: &Self, list: &str, name: &str) -> bool {
        let Some((key, now)) = self.config.element(list, name) else { return false };
        let Some((_, was)) = before.config.element(list, name) else { return false };
        let within = |(other, _): &(&String, _)| is_within(other, &key);
        now == was && self.behind.iter().filter(within).eq(before.behind.iter().filter(within))
    }

    /// As it was when it was read.
    pub(super) fn signature(&self) -> Signature {
        Signature { text: Some(self.config.text.clone()), behind: self.behind.clone() }
    }

    /// As it is on the disk now.
    pub(super) fn signature_now(&self, by: &Digester) -> Signature {
        Signature { text: TextDigest::of_file(&self.config.file), behind: self.config.behind(&by.0) }
    }
}

fn is_told(changed: &[Changed], key: &str) -> bool {
    changed.iter().any(|changed| is_within(key, &changed.key) || is_within(&changed.key, key))
}
