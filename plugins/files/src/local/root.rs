//! The folder that is never left, as the operator has described it. Where what the operator has named is not there, nobody can look,
//! and nothing is absent: a folder on which nothing is mounted is empty.

use std::path::{Component, PathBuf};

use quietus_plugin::PluginError;

use super::folder::Folder;
use super::trouble::for_everybody;
use crate::config::Local;
use crate::template::Template;

/// A root.
pub(super) struct Root {
    path: PathBuf,
    /// Folders below it that all names begin with.
    fixed: Vec<String>,
    /// How many names of `path` are everybody's.
    shared: usize,
    /// What is always in it.
    marker: Option<String>,
}

impl Root {
    /// The error says which setting is wrong.
    pub(super) fn make(config: &Local, template: &Template) -> Result<Self, String> {
        let path = config.root.clone();
        let leads_elsewhere = |part: Component<'_>| !matches!(part, Component::RootDir | Component::Normal(_));
        if !path.is_absolute() || path.components().any(leads_elsewhere) {
            return Err("root: it is not an absolute path without `..`".into());
        }
        if path.parent().is_none() {
            return Err("root: `/` is too much; name the folder that the files are in".into());
        }
        let marker = config.marker.clone();
        if marker.as_deref().is_some_and(|name| matches!(name, "" | "." | "..") || name.contains(['/', '\0'])) {
            return Err("marker: it is one name, of a file or folder in `root`".into());
        }
        Ok(Self { path, fixed: template.fixed(), shared: template.shared(), marker })
    }

    pub(super) fn open(&self) -> Result<Folder, PluginError> {
        let root = Folder::root(&self.path)?;
        // One that may be listed need not be one that shows its files.
        root.node(b".").map_err(for_everybody)?;
        match &self.marker {
            Some(marker) if root.node(marker.as_bytes()).map_err(for_everybody)?.is_none() => {
                Err(PluginError::needs_operator(format!("the marker `{marker}` is not in the root: is it mounted?")))
            }
            _ => Ok(root),
        }
    }

    /// Whether it could be searched and changed.
    pub(super) fn health(&self) -> Result<(), PluginError> {
        let mut folder = self.open()?;
        folder.must_be_writable()?;
        for name in &self.fixed {
            folder = folder.enter_fixed(name.as_bytes())?;
        }
        Ok(())
    }

    /// Whether a folder so deep below the root is one that all names begin with.
    pub(super) fn is_fixed(&self, depth: usize) -> bool {
        depth < self.fixed.len()
    }

    /// Whether what a folder so deep is named after is no identifier.
    pub(super) fn is_shared(&self, depth: usize) -> bool {
        depth < self.shared
    }

    /// Whether this is what shows that the root is mounted. Who has its name for an identifier must not take it away.
    pub(super) fn is_marker(&self, parent: &[Vec<u8>], name: &[u8]) -> bool {
        parent.is_empty() && self.marker.as_ref().is_some_and(|marker| marker.as_bytes() == name)
    }
}
