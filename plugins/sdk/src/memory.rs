//! What is remembered of erasures that were begun, so that one that is tried again tells what it erased in all. Keys and
//! numbers only; lost with the process, after which a receipt may count less than was erased, never more.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::Mutex;

use crate::lock::lock;

/// Marks that are remembered, of all erasures: some ten bytes each. Large mailboxes have many.
const MARKS_MAX: usize = 2_000_000;

/// Begun erasures by idempotency key, the latest last: one for all calls of a plugin.
///
/// ```
/// use quietus_plugin::*;
///
/// #[derive(Default)]
/// struct Crm { memory: Memory }
///
/// impl Crm {
/// #     fn found(&self) -> Vec<u64> { vec![7, 8] }
/// #     fn delete(&self, _: u64) -> Result<(), PluginError> { Ok(()) }
///     fn erase(&self, request: &Request) -> Result<Answer, PluginError> {
///         let mut progress = self.memory.recall(&request.idempotency_key);
///         let ended = self.delete_all(&mut progress);
///         // Also after success: the answer may not reach the host, which then asks again.
///         self.memory.keep(&request.idempotency_key, progress.clone());
///         ended?;
///         let counts = progress.counts();
///         let answer = if counts.is_empty() { Answer::absent() } else { Answer::erased() };
///         Ok(counts.into_iter().fold(answer, |answer, (what, count)| answer.count(what, count)))
///     }
///
///     fn delete_all(&self, progress: &mut Progress) -> Result<(), PluginError> {
///         for id in self.found() {
///             self.delete(id)?;
///             progress.done("contacts", &[self.memory.mark(&id)]);
///         }
///         Ok(progress.settle())
///     }
/// }
/// assert_eq!(Crm::default().erase(&[("email", "ann@x.cz")].into()), Ok(Answer::erased().count("contacts", 2)));
/// ```
#[derive(Default)]
pub struct Memory {
    begun: Mutex<VecDeque<(String, Progress)>>,
    hasher: RandomState,
}

impl Memory {
    /// Erasures that are remembered; the oldest is forgotten for a new one.
    ///
    /// ```
    /// # use quietus_plugin::{Memory, Progress};
    /// let memory = Memory::default();
    /// for n in 0..=Memory::ERASURES_MAX {
    ///     let mut progress = Progress::default();
    ///     progress.done("contacts", &[memory.mark(&n)]);
    ///     memory.keep(&n.to_string(), progress);
    /// }
    /// assert!(memory.recall("0").counts().is_empty());
    /// assert_eq!(memory.recall("1").counts()["contacts"], 1);
    /// ```
    pub const ERASURES_MAX: usize = 1024;

    /// What earlier calls of this erasure came to.
    ///
    /// ```
    /// # use quietus_plugin::Memory;
    /// assert!(Memory::default().recall("k-1").counts().is_empty(), "nothing yet");
    /// ```
    pub fn recall(&self, idempotency_key: &str) -> Progress {
        let begun = lock(&self.begun);
        begun
            .iter()
            .find(|(known, _)| known == idempotency_key)
            .map(|(_, progress)| progress.clone())
            .unwrap_or_default()
    }

    /// Remembers what this erasure came to so far.
    ///
    /// ```
    /// # use quietus_plugin::{Memory, Progress};
    /// let (memory, mut progress) = (Memory::default(), Progress::default());
    /// progress.done("contacts", &[memory.mark("7")]);
    /// memory.keep("k-1", progress);
    /// assert_eq!(memory.recall("k-1").counts()["contacts"], 1);
    /// ```
    pub fn keep(&self, idempotency_key: &str, progress: Progress) {
        let mut begun = lock(&self.begun);
        begun.retain(|(known, _)| known != idempotency_key);
        if progress.0.is_empty() {
            return;
        }
        begun.push_back((idempotency_key.to_owned(), progress));
        let mut marks: usize = begun.iter().map(|(_, progress)| progress.marks()).sum();
        while begun.len() > Self::ERASURES_MAX || marks > MARKS_MAX && begun.len() > 1 {
            let oldest = begun.pop_front();
            marks -= oldest.map_or(0, |(_, progress)| progress.marks());
        }
    }

    /// A number that stands for what is erased, such as a record's id, in this process only.
    ///
    /// ```
    /// # use quietus_plugin::Memory;
    /// let memory = Memory::default();
    /// assert_eq!(memory.mark(&("contacts", 7)), memory.mark(&("contacts", 7)));
    /// assert_ne!(memory.mark(&("contacts", 7)), memory.mark(&("notes", 7)));
    /// ```
    pub fn mark<T: Hash + ?Sized>(&self, what: &T) -> u64 {
        self.hasher.hash_one(what)
    }
}

/// What one erasure has come to: marks of what it erased, by what they count as.
///
/// ```
/// use quietus_plugin::{Memory, Progress};
///
/// let (memory, mut progress) = (Memory::default(), Progress::default());
/// progress.done("contacts", &[memory.mark("7")]);
/// progress.unsure("contacts", &[memory.mark("8")]);
/// assert_eq!(progress.counts()["contacts"], 1);
/// progress.settle();
/// assert_eq!(progress.counts()["contacts"], 2, "8 was not met again");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Progress(BTreeMap<String, Marks>);

#[derive(Clone, Debug, Default)]
struct Marks {
    done: BTreeSet<u64>,
    /// The system was asked, and did not say whether it did.
    unsure: BTreeSet<u64>,
}

impl Progress {
    /// It was done; doing it again does not count again.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::default();
    /// progress.done("contacts", &[7, 8]);
    /// progress.done("contacts", &[7]);
    /// assert_eq!(progress.counts()["contacts"], 2);
    /// ```
    pub fn done(&mut self, count: &str, marks: &[u64]) {
        let known = self.0.entry(count.to_owned()).or_default();
        for mark in marks {
            known.unsure.remove(mark);
            known.done.insert(*mark);
        }
    }

    /// Whether it was done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::default();
    /// progress.done("contacts", &[7]);
    /// assert!(progress.is_done("contacts", 7) && !progress.is_done("notes", 7));
    /// ```
    pub fn is_done(&self, count: &str, mark: u64) -> bool {
        self.0.get(count).is_some_and(|known| known.done.contains(&mark))
    }

    /// It may have been done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::default();
    /// progress.unsure("contacts", &[7]);
    /// assert!(progress.counts().is_empty());
    /// ```
    pub fn unsure(&mut self, count: &str, marks: &[u64]) {
        let known = self.0.entry(count.to_owned()).or_default();
        known.unsure.extend(marks.iter().filter(|mark| !known.done.contains(mark)));
    }

    /// It was not done, neither now nor before.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::default();
    /// progress.unsure("contacts", &[7]);
    /// progress.refused("contacts", &[7]);
    /// progress.settle();
    /// assert!(progress.counts().is_empty());
    /// ```
    pub fn refused(&mut self, count: &str, marks: &[u64]) {
        if let Some(known) = self.0.get_mut(count) {
            known.unsure.retain(|mark| !marks.contains(mark));
        }
    }

    /// It is still there, whatever the system has said of it.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::default();
    /// progress.done("messages", &[7, 8]);
    /// progress.undone("messages", &[7]);
    /// assert_eq!(progress.counts()["messages"], 1, "a second look has met 7 again");
    /// ```
    pub fn undone(&mut self, count: &str, marks: &[u64]) {
        self.refused(count, marks);
        if let Some(known) = self.0.get_mut(count) {
            known.done.retain(|mark| !marks.contains(mark));
        }
    }

    /// All is through: what was unsure and was not met again was done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::default();
    /// progress.unsure("contacts", &[7]);
    /// progress.settle();
    /// assert_eq!(progress.counts()["contacts"], 1);
    /// ```
    pub fn settle(&mut self) {
        for known in self.0.values_mut() {
            known.done.append(&mut known.unsure);
        }
    }

    fn marks(&self) -> usize {
        self.0.values().map(|known| known.done.len() + known.unsure.len()).sum()
    }

    /// What was done.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Progress};
    /// let mut progress = Progress::default();
    /// progress.done("notes", &[1, 2]);
    /// let answer = progress.counts().into_iter().fold(Answer::erased(), |answer, (what, n)| answer.count(what, n));
    /// assert_eq!(answer, Answer::erased().count("notes", 2));
    /// ```
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let done = self.0.iter().filter(|(_, known)| !known.done.is_empty());
        done.map(|(count, known)| (count.clone(), known.done.len() as u64)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_when_all_have_too_many_marks() {
        let memory = Memory::default();
        let half: Vec<u64> = (0..MARKS_MAX as u64 / 2).collect();
        for (key, marks) in [("first", &half[..]), ("second", &half[..]), ("third", &half[..1])] {
            let mut progress = Progress::default();
            progress.done("messages", marks);
            memory.keep(key, progress);
        }
        assert!(memory.recall("first").counts().is_empty());
        assert_eq!(memory.recall("second").counts()["messages"], half.len() as u64);
        assert_eq!(memory.recall("third").counts()["messages"], 1);
    }
}
