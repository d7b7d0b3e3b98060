//! What is about to be removed: announced and stored some at a time, as one store for each file would take longer than the
//! file.

use std::collections::BTreeSet;

use quietus_plugin::PluginError;

use super::find::kind_of;
use super::folder::Node;
use crate::place::{AHEAD, Job};

/// What was found and is not announced yet.
pub(super) struct Ahead<'f> {
    found: Box<dyn Iterator<Item = &'f (Vec<u8>, Node)> + 'f>,
    /// By what they count as, and their marks: of this removal.
    announced: BTreeSet<(&'static str, u64)>,
}

impl<'f> Ahead<'f> {
    pub(super) fn new(found: impl Iterator<Item = &'f (Vec<u8>, Node)> + 'f) -> Self {
        Self { found: Box::new(found), announced: BTreeSet::new() }
    }

    /// Announces it, and with it what comes next, unless it is announced already.
    pub(super) fn announce(&mut self, name: &[u8], node: Node, job: &mut Job<'_>) -> Result<(), PluginError> {
        let mut new = self.add(name, node, job);
        if !new {
            return Ok(());
        }
        let mut count = 1;
        while count < AHEAD
            && let Some((name, node)) = self.found.next()
        {
            new = self.add(name, *node, job);
            count += usize::from(new);
        }
        job.store()
    }

    fn add(&mut self, name: &[u8], node: Node, job: &mut Job<'_>) -> bool {
        let mark = announced(name, node, job);
        let is_new = self.announced.insert((kind_of(node), mark));
        if is_new {
            job.announce(kind_of(node), mark);
        }
        is_new
    }

    /// It is gone.
    pub(super) fn done(&self, name: &[u8], node: Node, job: &mut Job<'_>) {
        let (device, number, changed, changed_ns) = node.identity;
        let gone =
            [&device.to_le_bytes()[..], &number.to_le_bytes(), &changed.to_le_bytes(), &changed_ns.to_le_bytes()];
        let gone = job.mark(&[&b"gone"[..], name].into_iter().chain(gone).collect::<Vec<_>>());
        // The announcement is withdrawn: settled beside the mark of what is gone, one file would count twice.
        job.refused(kind_of(node), announced(name, node, job));
        job.done(kind_of(node), gone);
    }

    /// What was announced and is not gone was left alone.
    pub(super) fn end(&self, job: &mut Job<'_>) {
        self.announced.iter().for_each(|(count, mark)| job.not_begun(count, *mark));
    }
}

/// What stands for it until it is gone. Not when it was changed: emptying a folder or a file changes that, so that what is
/// met again half-done would count twice. What is gone is told from a later one of the same name and number by it.
fn announced(name: &[u8], node: Node, job: &Job<'_>) -> u64 {
    let (device, number, ..) = node.identity;
    job.mark(&[b"announced", name, &device.to_le_bytes(), &number.to_le_bytes()])
}
