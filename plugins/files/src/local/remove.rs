//! Erasing what was found, through open folders. What changed since then is met here as it is now: it is judged again, and
//! what somebody else has removed is not counted.

use quietus_plugin::PluginError;

use super::ahead::Ahead;
use super::find::{DEPTH_MAX, Found, is_empty_already, may_go, too_many};
use super::folder::{Folder, Node, NodeKind};
use super::rules::Rules;
use super::wipe;
use crate::config::Mode;
use crate::place::Job;

pub(super) fn remove(root: &Folder, found: &Found, rules: Rules, job: &mut Job<'_>) -> Result<(), PluginError> {
    let mut removal = Removal {
        rules,
        job,
        left: rules.files_max,
        ahead: Ahead::new(found.entries.values().flatten()),
        failed: None,
    };
    let ended = removal.all(root, found);
    let failed = removal.failed.take();
    // Also after an error: left unsure, what was only announced would count as erased if somebody else removed it
    // before the next attempt.
    removal.ahead.end(removal.job);
    // What ended it comes before what one file was refused for: the next attempt goes on.
    ended.and(failed.map_or(Ok(()), Err))
}

/// From the root to a folder below it; `None` when it is gone.
fn walk(root: &Folder, path: &[Vec<u8>]) -> Result<Option<Folder>, PluginError> {
    let Some((first, rest)) = path.split_first() else { return root.again().map(Some) };
    let mut folder = root.enter(first)?;
    for name in rest {
        let Some(open) = folder else { return Ok(None) };
        folder = open.enter(name)?;
    }
    Ok(folder)
}

struct Removal<'j, 'a> {
    rules: Rules,
    job: &'j mut Job<'a>,
    /// What may still be removed: a folder that grows meanwhile has an end.
    left: u64,
    ahead: Ahead<'j>,
    /// Why the first of those stays that could not be removed; the others go all the same.
    failed: Option<PluginError>,
}

impl Removal<'_, '_> {
    /// An error is one that ends the whole.
    fn all(&mut self, root: &Folder, found: &Found) -> Result<(), PluginError> {
        let entries: Vec<_> = found.entries.keys().collect();
        for siblings in entries.chunk_by(|one, other| one.parent == other.parent) {
            let Some(Some(folder)) = self.noted(walk(root, &siblings[0].parent)) else { continue };
            let done = siblings.iter().try_for_each(|entry| self.entry(&folder, &entry.name, 0));
            // Also when it ended early: what was removed must last.
            self.noted(folder.sync());
            done?;
        }
        Ok(())
    }

    fn entry(&mut self, parent: &Folder, name: &[u8], depth: usize) -> Result<(), PluginError> {
        self.job.go_on()?;
        let Some(Some(node)) = self.noted(to_remove(parent, name, self.rules)) else { return Ok(()) };
        if node.kind == NodeKind::Folder {
            return self.folder(parent, name, node, depth);
        }
        self.ahead.announce(name, node, self.job)?;
        let gone = match node.kind {
            NodeKind::File => self.file(parent, name, node),
            _ => parent.unlink(name),
        };
        self.settle(name, node, gone)
    }

    fn folder(&mut self, parent: &Folder, name: &[u8], node: Node, depth: usize) -> Result<(), PluginError> {
        let opened = match self.rules.recursive && depth < DEPTH_MAX {
            true => parent.enter(name),
            false => Err(PluginError::retryable("a folder stands by now where none was before")),
        };
        let Some(Some(folder)) = self.noted(opened) else { return Ok(()) };
        // Read to its end first, as in `find`: a listing under way holds a descriptor, and folders are nested.
        let names = folder.names().and_then(|names| names.collect::<Result<Vec<_>, _>>());
        let Some(names) = self.noted(names) else { return Ok(()) };
        for inner in names {
            self.entry(&folder, &inner, depth + 1)?;
        }
        if self.rules.mode == Mode::Empty {
            return Ok(());
        }
        self.ahead.announce(name, node, self.job)?;
        let gone = parent.remove_folder(name);
        self.settle(name, node, gone)
    }

    fn file(&self, parent: &Folder, name: &[u8], node: Node) -> Result<bool, PluginError> {
        if self.rules.mode == Mode::Delete {
            return parent.unlink(name);
        }
        let Some((file, opened)) = parent.open_to_write(name)? else { return Ok(false) };
        // What was judged is what may be overwritten: nobody has looked at another file that has this name by now.
        if opened.identity.0 != node.identity.0 || opened.identity.1 != node.identity.1 {
            return Err(PluginError::retryable("a file was replaced while it was being erased"));
        }
        wipe::wipe(&file, opened.bytes, self.job)?;
        if self.rules.mode == Mode::Empty { Ok(true) } else { parent.unlink(name) }
    }

    fn settle(&mut self, name: &[u8], node: Node, gone: Result<bool, PluginError>) -> Result<(), PluginError> {
        if self.noted(gone) == Some(true) {
            self.ahead.done(name, node, self.job);
            self.left = self.left.checked_sub(1).ok_or_else(|| too_many(self.rules))?;
        }
        Ok(())
    }

    fn noted<T>(&mut self, done: Result<T, PluginError>) -> Option<T> {
        match done {
            Ok(done) => Some(done),
            Err(error) => {
                self.failed.get_or_insert(error);
                None
            }
        }
    }
}

/// What stands there now, if it is to go.
fn to_remove(parent: &Folder, name: &[u8], rules: Rules) -> Result<Option<Node>, PluginError> {
    let node = parent.node(name)?.filter(|node| !is_empty_already(*node, rules.mode));
    node.map(|node| may_go(node, rules).map(|()| node)).transpose()
}
