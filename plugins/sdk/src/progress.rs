//! What a step has come to in all its calls, stored by the host, so that each answer tells what was erased in all.

mod aged;
mod encoding;
mod marks;

use std::collections::BTreeMap;

use crate::Call;
use crate::protocol::{PluginError, ResumeValue};
use marks::Marks;

/// What a plugin stores beside the marks of a [`Progress`], in the same value. `()` is nothing.
///
/// ```
/// use quietus_plugin::{Call, Own, Progress};
///
/// /// The page that comes next.
/// #[derive(Default)]
/// struct Page(u32);
///
/// impl Own for Page {
///     fn to_bytes(&self, _: usize) -> Vec<u8> {
///         self.0.to_le_bytes().into()
///     }
///     fn of_bytes(bytes: &[u8]) -> Option<Self> {
///         Some(Self(u32::from_le_bytes(bytes.try_into().ok()?)))
///     }
/// }
///
/// let mut progress = Progress::<Page>::of(&Call::unattended());
/// progress.own.0 += 1;
/// progress.store(&Call::unattended())?;
/// # Ok::<(), quietus_plugin::PluginError>(())
/// ```
pub trait Own: Default {
    /// In so many bytes at most: leave out what can be found out again.
    ///
    /// ```
    /// # use quietus_plugin::Own;
    /// assert!(().to_bytes(1000).is_empty());
    /// ```
    fn to_bytes(&self, most: usize) -> Vec<u8>;

    /// What another version has stored may not be readable: then it is as if nothing was.
    ///
    /// ```
    /// # use quietus_plugin::Own;
    /// assert_eq!((<()>::of_bytes(b""), <()>::of_bytes(b"page 7")), (Some(()), None));
    /// ```
    fn of_bytes(bytes: &[u8]) -> Option<Self>;
}

impl Own for () {
    fn to_bytes(&self, _: usize) -> Vec<u8> {
        Vec::new()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.is_empty().then_some(())
    }
}

/// What all calls of one step have come to: [marks](crate::mark) of what they erased, by what they count as. It is stored with
/// [`Call::checkpoint`], before each act and after it, so that a call after a kill tells of what was erased before, and
/// counts it once. The manifest says [`resumes`](crate::Manifest::resumes).
///
/// ```
/// use quietus_plugin::*;
///
/// struct Crm;
///
/// impl Crm {
/// #     fn found(&self) -> Vec<&'static str> { vec!["7", "8"] }
/// #     fn delete(&self, _: &str) -> Result<(), PluginError> { Ok(()) }
///     fn delete_all(&self, progress: &mut Progress, call: &Call) -> Result<(), PluginError> {
///         for id in self.found() {
///             let marks = [mark(["contacts", id])];
///             // Stores that it is about to be done, and with it that the one before is.
///             progress.begin(call, "contacts", &marks)?;
///             self.delete(id)?;
///             progress.done("contacts", &marks);
///         }
///         Ok(progress.settle())
///     }
/// }
///
/// impl Plugin for Crm {
/// #     type Config = ();
/// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
///     fn manifest() -> Manifest {
///         Manifest::new("crm", "1.0.0").requires(Kind::Email).resumes()
///     }
///     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
///         let mut progress = Progress::of(call);
///         let ended = self.delete_all(&mut progress, call);
///         // Also after success: the answer may not reach the host, which then asks again.
///         let stored = progress.store(call);
///         ended.and(stored)?;
///         let counts = progress.counts();
///         let answer = if counts.is_empty() { Answer::absent() } else { Answer::erased() };
///         Ok(counts.into_iter().fold(answer, |answer, (what, count)| answer.count(what, count)))
///     }
/// }
/// let host = TestHost::<Crm>::new(())?;
/// assert_eq!(host.erase([("email", "ann@x.cz")]), Ok(Answer::erased().count("contacts", 2)));
/// # Ok::<(), PluginError>(())
/// ```
///
/// A value has at most [`ResumeValue::BYTES_MAX`] bytes, which is some 8,000 marks. Where there are more, the oldest that are done
/// become a mere number: the count stays right, but one of these that is done once more counts once more.
#[derive(Clone, Debug, Default)]
pub struct Progress<T = ()> {
    counts: BTreeMap<String, Marks>,
    /// What the plugin stores beside the marks.
    pub own: T,
    /// As it was stored last, or as it was found.
    stored: Option<ResumeValue>,
}

impl<T: Own> Progress<T> {
    /// What earlier calls of this step came to. A value that cannot be read is as none.
    ///
    /// ```
    /// # use quietus_plugin::{Call, Progress};
    /// assert!(Progress::<()>::of(&Call::unattended()).counts().is_empty(), "nothing yet");
    /// ```
    pub fn of(call: &Call<'_>) -> Self {
        call.resume().and_then(Self::of_bytes).unwrap_or_default()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        let (counts, own) = encoding::decode(bytes)?;
        Some(Self { counts, own: T::of_bytes(own)?, stored: Some(ResumeValue::new(bytes)) })
    }

    /// Stores it, unless nothing has changed. An error means that it is not stored: return it, and act no further. What was only
    /// [announced](Self::announce) is then as it was before that.
    ///
    /// ```
    /// use quietus_plugin::*;
    ///
    /// fn delete(ids: &[&str], progress: &mut Progress, call: &Call) -> Result<(), PluginError> {
    ///     for ids in ids.chunks(100) {
    ///         let marks: Vec<u64> = ids.iter().map(|id| mark(["contacts", id])).collect();
    ///         progress.announce("contacts", &marks);
    ///         progress.store(call)?;
    ///         // Delete them, and then:
    ///         progress.done("contacts", &marks);
    ///     }
    ///     progress.store(call)
    /// }
    /// # let mut progress = Progress::default();
    /// # delete(&["7"], &mut progress, &Call::unattended())?;
    /// # assert_eq!(progress.counts()["contacts"], 1);
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn store(&mut self, call: &Call<'_>) -> Result<(), PluginError> {
        let value = ResumeValue::new(self.fitting());
        let nothing = || ResumeValue::new(encoding::encode(&BTreeMap::new(), &T::default().to_bytes(0)));
        if value == self.stored.clone().unwrap_or_else(nothing) {
            return Ok(());
        }
        if let Err(error) = call.checkpoint(value.expose()) {
            self.counts.values_mut().for_each(Marks::nothing_begun);
            return Err(error);
        }
        self.stored = Some(value);
        Ok(())
    }

    /// [Announces](Self::announce) and [stores](Self::store): what is about to be done is known, whatever happens to this process.
    ///
    /// ```
    /// # use quietus_plugin::{Call, Progress, mark};
    /// let (mut progress, call) = (Progress::<()>::default(), Call::unattended());
    /// progress.begin(&call, "contacts", &[mark(["7"])])?;
    /// // Delete it, and then:
    /// progress.done("contacts", &[mark(["7"])]);
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn begin(&mut self, call: &Call<'_>, count: &str, marks: &[u64]) -> Result<(), PluginError> {
        self.announce(count, marks);
        self.store(call)
    }

    /// All of it, in as many bytes as a host stores. What is forgotten for that is forgotten here, too.
    fn fitting(&mut self) -> Vec<u8> {
        const MOST: usize = ResumeValue::BYTES_MAX;
        let marks = encoding::encode(&self.counts, &[]).len();
        // Half of the room at least is the plugin's own: nothing else may tell of it, while forgotten marks still
        // count.
        let own = self.own.to_bytes(MOST.saturating_sub(marks).max(MOST / 2));
        loop {
            let bytes = encoding::encode(&self.counts, &own);
            let over = bytes.len().saturating_sub(MOST).div_ceil(size_of::<u64>());
            if over == 0 || !self.forget(over) {
                return bytes;
            }
        }
    }

    /// Forgets so many marks; `false` when there are none.
    fn forget(&mut self, how_many: usize) -> bool {
        // Those that are done first: as a number they still count, and one that is unsure would be lost.
        let most_done = self.counts.values_mut().max_by_key(|marks| marks.done.len());
        if most_done.is_some_and(|marks| marks.count_only(how_many) > 0) {
            return true;
        }
        // Should even those be too many of which nobody knows: what is forgotten of them is not counted.
        let most_unsure = self.counts.values_mut().max_by_key(|marks| marks.unsure.len());
        most_unsure.is_some_and(|marks| marks.unsure.forget(how_many) > 0)
    }
}

impl<T> Progress<T> {
    /// It is about to be done: it counts as [unsure](Self::unsure) until one of the other functions says its result, and
    /// in the next call if none does. [Store](Self::store) it before it is done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.announce("contacts", &[7]);
    /// assert!(progress.counts().is_empty());
    /// progress.settle();
    /// assert_eq!(progress.counts()["contacts"], 1);
    /// ```
    pub fn announce(&mut self, count: &str, marks: &[u64]) {
        self.each(count, marks, Marks::announce);
    }

    /// It was done; doing it again does not count again.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.done("contacts", &[7, 8]);
    /// progress.done("contacts", &[7]);
    /// assert_eq!(progress.counts()["contacts"], 2);
    /// ```
    pub fn done(&mut self, count: &str, marks: &[u64]) {
        self.each(count, marks, Marks::done);
    }

    /// Whether it was done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.done("contacts", &[7]);
    /// assert!(progress.is_done("contacts", 7) && !progress.is_done("notes", 7));
    /// ```
    pub fn is_done(&self, count: &str, mark: u64) -> bool {
        self.counts.get(count).is_some_and(|marks| marks.done.contains(mark))
    }

    /// It may have been done: the system was asked, and did not say.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.unsure("contacts", &[7]);
    /// assert!(progress.counts().is_empty());
    /// ```
    pub fn unsure(&mut self, count: &str, marks: &[u64]) {
        self.each(count, marks, Marks::unsure);
    }

    /// Whether the system was asked for it, by this call or an earlier one, and did not say whether it was done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.unsure("contacts", &[7]);
    /// assert!(progress.is_unsure("contacts", 7) && !progress.is_unsure("contacts", 8));
    /// progress.done("contacts", &[7]);
    /// assert!(!progress.is_unsure("contacts", 7));
    /// ```
    pub fn is_unsure(&self, count: &str, mark: u64) -> bool {
        self.counts.get(count).is_some_and(|marks| marks.unsure.contains(mark))
    }

    /// What was announced was not done by this call, which says nothing of earlier ones.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.unsure("contacts", &[7]);
    /// progress.announce("contacts", &[7, 8]);
    /// progress.not_begun("contacts", &[7, 8]);
    /// progress.settle();
    /// assert_eq!(progress.counts()["contacts"], 1, "an earlier call may have done 7");
    /// ```
    pub fn not_begun(&mut self, count: &str, marks: &[u64]) {
        self.each(count, marks, Marks::not_begun);
    }

    /// It was not done, neither now nor before.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.unsure("contacts", &[7]);
    /// progress.refused("contacts", &[7]);
    /// progress.settle();
    /// assert!(progress.counts().is_empty());
    /// ```
    pub fn refused(&mut self, count: &str, marks: &[u64]) {
        self.each(count, marks, Marks::refused);
    }

    /// It is still there, whatever the system has said of it.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.done("messages", &[7, 8]);
    /// progress.undone("messages", &[7]);
    /// assert_eq!(progress.counts()["messages"], 1, "a second look has met 7 again");
    /// ```
    pub fn undone(&mut self, count: &str, marks: &[u64]) {
        self.each(count, marks, Marks::undone);
    }

    /// All is through: what was unsure and was not met again was done.
    ///
    /// ```
    /// # use quietus_plugin::Progress;
    /// let mut progress = Progress::<()>::default();
    /// progress.unsure("contacts", &[7]);
    /// progress.settle();
    /// assert_eq!(progress.counts()["contacts"], 1);
    /// ```
    pub fn settle(&mut self) {
        self.counts.values_mut().for_each(Marks::settle);
    }

    /// What was done.
    ///
    /// ```
    /// # use quietus_plugin::{Answer, Progress};
    /// let mut progress = Progress::<()>::default();
    /// progress.done("notes", &[1, 2]);
    /// let answer = progress.counts().into_iter().fold(Answer::erased(), |answer, (what, n)| answer.count(what, n));
    /// assert_eq!(answer, Answer::erased().count("notes", 2));
    /// ```
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let counts = self.counts.iter().map(|(count, marks)| (count.clone(), marks.count()));
        counts.filter(|(_, done)| *done > 0).collect()
    }

    fn each(&mut self, count: &str, marks: &[u64], become_so: fn(&mut Marks, u64)) {
        let known = self.counts.entry(count.to_owned()).or_default();
        marks.iter().for_each(|mark| become_so(known, *mark));
    }
}

#[cfg(test)]
mod tests;
