//! How far attempts came that ran out of time, so that the next one does not look again where they were through. Keys and
//! numbers only; lost with the process, after which everything is looked at again.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use quietus_plugin::Memory;

/// Begun tasks by their key, the latest last.
#[derive(Default)]
pub(crate) struct Begun(Mutex<VecDeque<(String, Through)>>);

/// What one task has looked at, by marks of the places.
#[derive(Clone, Default)]
pub(crate) struct Through(BTreeMap<u64, Looked>);

/// What was seen in one place, such as a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Looked {
    /// All was looked at up to this number.
    pub(crate) up_to: u64,
    /// The numbers of the wanted messages among it.
    pub(crate) found: Vec<u64>,
    /// The numbers of messages that are too large to be looked into.
    pub(crate) untold: Vec<u64>,
    /// The numbers of messages that do not show whose they are.
    pub(crate) unclear: Vec<u64>,
}

impl Begun {
    pub(crate) fn recall(&self, key: &str) -> Through {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.iter().find(|(known, _)| known == key).map(|(_, through)| through.clone()).unwrap_or_default()
    }

    /// Remembers a task that goes on; one that is through is forgotten by [`Through::default`].
    pub(crate) fn keep(&self, key: &str, through: Through) {
        let mut begun = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        begun.retain(|(known, _)| known != key);
        if through.0.is_empty() {
            return;
        }
        if begun.len() >= Memory::ERASURES_MAX {
            begun.pop_front();
        }
        begun.push_back((key.to_owned(), through));
    }
}

impl Through {
    /// What was seen in a place so far; nothing yet is the beginning.
    pub(crate) fn at(&mut self, place: u64) -> &mut Looked {
        self.0.entry(place).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_begun_is_remembered_within_bounds() {
        let begun = Begun::default();
        for n in 0..=Memory::ERASURES_MAX {
            let mut through = Through::default();
            *through.at(7) = Looked { up_to: n as u64, found: vec![1], ..Looked::default() };
            begun.keep(&n.to_string(), through);
        }
        assert_eq!(*begun.recall("0").at(7), Looked::default(), "forgotten");
        assert_eq!(*begun.recall("1").at(7), Looked { up_to: 1, found: vec![1], ..Looked::default() });
        begun.keep("1", Through::default());
        assert_eq!(*begun.recall("1").at(7), Looked::default(), "through");
    }
}
