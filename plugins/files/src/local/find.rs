//! What is there: the entries that names mean, with counts, and with what stands in the way of erasing
//! them. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use quietus_plugin::{Call, ErrorClass, PluginError};

use super::folder::{Folder, Node, NodeKind};
use super::root::Root;
use super::rules::Rules;
use crate::config::{Mode, Others};
use crate::place::Sight;
use crate::template::{Name, Pattern};

/// How deep folders in a folder may be: each holds a descriptor, of which a plugin has 256.
pub(super) const DEPTH_MAX: usize = 32;

/// Something that a name means.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    /// Names of folders, from the root on.
    pub(super) parent: Vec<Vec<u8>>,
    pub(super) name: Vec<u8>,
}

/// All that one person's names mean.
#[derive(Default)]
pub(super) struct Found {
    /// Sorted, so that those of one folder come together. With each what would go, by name, also within folders: a folder
    /// after what is in it.
    pub(super) entries: BTreeMap<Entry, Vec<(Vec<u8>, Node)>>,
    pub(super) sight: Sight,
}

/// Whether a name was written, or is one of those that a wildcard means.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meant {
    Exactly,
    ByWildcard,
}

struct Search<'a> {
    root: &'a Root,
    rules: Rules,
    call: &'a Call<'a>,
    found: Found,
    /// Of the entry that is looked at.
    nodes: Vec<(Vec<u8>, Node)>,
    counted: u64,
    /// Folders that may not be entered. Several names may lead through each.
    closed: BTreeSet<Vec<Vec<u8>>>,
}

/// `folder` is the root, opened.
pub(super) fn find(
    root: &Root,
    folder: &Folder,
    names: &[Name],
    rules: Rules,
    call: &Call,
) -> Result<Found, PluginError> {
    let mut search =
        Search { root, rules, call, found: Found::default(), nodes: Vec::new(), counted: 0, closed: BTreeSet::new() };
    for name in names {
        search.descend(folder, &mut Vec::new(), name)?;
    }
    search.found.sight.closed = search.closed.len() as u64;
    Ok(search.found)
}

impl Search<'_> {
    fn descend(&mut self, folder: &Folder, parent: &mut Vec<Vec<u8>>, name: &[Pattern]) -> Result<(), PluginError> {
        let Some((pattern, below)) = name.split_first() else { return Ok(()) };
        let candidates = match pattern.exact() {
            Some(exact) => vec![exact.as_bytes().to_vec()],
            None => self.matching(folder, pattern)?,
        };
        let meant = if pattern.is_wild() { Meant::ByWildcard } else { Meant::Exactly };
        for candidate in candidates {
            self.call.check()?;
            if below.is_empty() {
                self.entry(folder, parent, candidate, meant)?;
                continue;
            }
            if let Some(inner) = self.enter(folder, parent, &candidate, meant)? {
                parent.push(candidate);
                let done = self.descend(&inner, parent, below);
                parent.pop();
                done?;
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        folder: &Folder,
        parent: &[Vec<u8>],
        name: &[u8],
        meant: Meant,
    ) -> Result<Option<Folder>, PluginError> {
        match meant {
            Meant::Exactly if self.root.is_fixed(parent.len()) => return folder.enter_fixed(name).map(Some),
            Meant::Exactly if !self.root.is_shared(parent.len()) => return folder.enter(name),
            Meant::Exactly => {}
            // What links lead to among many is met at its own name, or is none of these files.
            Meant::ByWildcard if folder.node(name)?.is_none_or(|node| node.kind != NodeKind::Folder) => {
                return Ok(None);
            }
            Meant::ByWildcard => {}
        }
        match folder.enter_to_look(name) {
            // As an error, it would keep everybody's files from going; and it may be nobody's, such as `lost+found`.
            Err(error) if error.class == ErrorClass::Permanent => {
                self.closed.insert([parent, &[name.to_vec()]].concat());
                Ok(None)
            }
            entered => entered,
        }
    }

    fn matching(&self, folder: &Folder, pattern: &Pattern) -> Result<Vec<Vec<u8>>, PluginError> {
        let mut matching = Vec::new();
        for name in folder.names()? {
            self.call.check()?;
            let name = name?;
            if pattern.matches(&name) {
                matching.push(name);
            }
        }
        Ok(matching)
    }

    fn entry(&mut self, folder: &Folder, parent: &[Vec<u8>], name: Vec<u8>, meant: Meant) -> Result<(), PluginError> {
        if self.root.is_marker(parent, &name) {
            return Ok(());
        }
        let entry = Entry { parent: parent.to_vec(), name };
        // Two names may mean one file: it would count twice, also against `files_max`.
        if self.found.entries.contains_key(&entry) {
            return Ok(());
        }
        let name = &entry.name;
        let Some(node) = folder.node(name)? else { return Ok(()) };
        let there = match node.kind {
            NodeKind::Folder if self.rules.recursive => self.folder(folder, (name, node), 0)?,
            // A folder that merely matches a wildcard was not named; as an obstacle, it would keep the files beside it
            // from going.
            NodeKind::Folder if meant == Meant::ByWildcard => false,
            NodeKind::Folder => {
                let text = "a folder stands in place of a file; `recursive` would take it with all that is in it";
                self.obstacle(PluginError::permanent(text));
                self.count("folders")?;
                true
            }
            _ => self.leaf(name, node)?,
        };
        let nodes = std::mem::take(&mut self.nodes);
        if there {
            self.found.entries.insert(entry, nodes);
        }
        Ok(())
    }

    /// Counts what is in a folder, and itself; says whether there is anything to erase.
    fn folder(&mut self, above: &Folder, (name, node): (&[u8], Node), depth: usize) -> Result<bool, PluginError> {
        if depth >= DEPTH_MAX {
            let text = format!("folders are nested more than {DEPTH_MAX} deep; nothing was erased here");
            return Err(PluginError::permanent(text));
        }
        let Some(folder) = above.enter(name)? else { return Ok(false) };
        let mut there = false;
        // Read to its end first: a listing under way holds a descriptor, too.
        for inner in folder.names()?.collect::<Result<Vec<_>, _>>()? {
            self.call.check()?;
            there |= match folder.node(&inner)? {
                Some(node) if node.kind == NodeKind::Folder => self.folder(&folder, (&inner, node), depth + 1)?,
                Some(node) => self.leaf(&inner, node)?,
                None => false,
            };
        }
        if self.rules.mode != Mode::Empty {
            self.count("folders")?;
            self.nodes.push((name.to_vec(), node));
            there = true;
        }
        Ok(there)
    }

    fn leaf(&mut self, name: &[u8], node: Node) -> Result<bool, PluginError> {
        if is_empty_already(node, self.rules.mode) {
            return Ok(false);
        }
        if let Err(obstacle) = may_go(node, self.rules) {
            self.obstacle(obstacle);
        }
        self.count(kind_of(node))?;
        self.nodes.push((name.to_vec(), node));
        Ok(true)
    }

    fn count(&mut self, what: &'static str) -> Result<(), PluginError> {
        self.counted += 1;
        if self.counted > self.rules.files_max {
            return Err(too_many(self.rules));
        }
        self.found.sight.count(what, 1);
        Ok(())
    }

    fn obstacle(&mut self, error: PluginError) {
        self.found.sight.obstacle.get_or_insert(error);
    }
}

pub(super) fn too_many(rules: Rules) -> PluginError {
    let most = rules.files_max;
    PluginError::permanent(format!(
        "one person has more than {most} files here; see whether `path` is too broad, or raise `files_max`"
    ))
}

/// What it counts as.
pub(super) fn kind_of(node: Node) -> &'static str {
    match node.kind {
        NodeKind::File => "files",
        NodeKind::Folder => "folders",
        NodeKind::Link => "links",
        NodeKind::Special => "special files",
    }
}

/// Whether nothing is left to do, where files stay as empty ones.
pub(super) fn is_empty_already(node: Node, mode: Mode) -> bool {
    mode == Mode::Empty && node.kind == NodeKind::File && node.bytes == 0
}

/// Whether erasing it erases what it holds.
pub(super) fn may_go(node: Node, rules: Rules) -> Result<(), PluginError> {
    match node.kind {
        NodeKind::File if node.names > 1 && rules.mode == Mode::Delete => Err(PluginError::permanent(
            "a file has more than one name (hard links), and would survive under the others; `overwrite` erases its content",
        )),
        NodeKind::Link if rules.others == Others::Refuse => Err(PluginError::permanent(
            "a symbolic link stands in place of a file, and what it leads to would survive; see `others`",
        )),
        NodeKind::Special if rules.others == Others::Refuse => {
            Err(PluginError::permanent("a pipe, a socket or a device stands in place of a file; see `others`"))
        }
        _ => Ok(()),
    }
}
