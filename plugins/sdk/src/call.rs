//! One call, as the plugin sees it: a log, a deadline, a flag, and how far earlier calls of the same step were.

use std::time::Duration;

use crate::checkpoint::{InMemory, Kept, Stored};
use crate::protocol::{Level, PluginError, Request, ResumeValue, Sensitive};
use crate::redact::redact;

/// What a call asks of the host that runs it.
pub(crate) trait CallHost {
    fn log(&self, call: u64, level: Level, text: &str);
    fn cancelled(&self, call: u64) -> bool;
    /// Negative when the host knows no deadline.
    fn remaining_ms(&self, call: u64) -> i64;
    /// Returns when the value is stored, or will not be.
    fn checkpoint(&self, call: u64, value: &[u8]) -> Kept {
        let _ = (call, value);
        Kept::Nowhere
    }
}

/// What a plugin keeps from call to call of one step.
#[derive(Clone, Copy)]
pub(crate) struct Resumes<'a> {
    /// Where the host stores nothing.
    pub(crate) in_memory: &'a InMemory,
    /// Whether the manifest declares it.
    pub(crate) declared: bool,
}

/// A call under way.
///
/// ```
/// use quietus_plugin::*;
///
/// /// Looks at one record after the other, as long as somebody waits for it.
/// fn count(records: &[&str], email: &str, call: &Call) -> Result<u64, PluginError> {
///     let mut found = 0;
///     for record in records {
///         call.check()?;
///         found += u64::from(record.eq_ignore_ascii_case(email));
///     }
///     call.log(Level::Debug, format!("{found} of {} records", records.len()));
///     Ok(found)
/// }
///
/// assert_eq!(count(&["ann@x.cz", "bob@x.cz"], "ANN@x.cz", &Call::unattended()), Ok(1));
/// ```
pub struct Call<'a> {
    host: &'a dyn CallHost,
    id: u64,
    request: Option<&'a Request>,
    secrets: &'a [Sensitive],
    /// Of calls about a person.
    resumes: Option<Resumes<'a>>,
    resume: Option<ResumeValue>,
}

impl<'a> Call<'a> {
    pub(crate) fn new(host: &'a dyn CallHost, id: u64, request: Option<&'a Request>, secrets: &'a [Sensitive]) -> Self {
        Self { host, id, request, secrets, resumes: None, resume: None }
    }

    /// Goes on from what the host has stored, or from what is kept in memory.
    pub(crate) fn resuming(mut self, resumes: Resumes<'a>) -> Self {
        // A dry run is no part of the step: it must not go on from what was really done.
        let request = self.request.filter(|request| resumes.declared && !request.dry_run);
        self.resume = request
            .and_then(|request| request.resume.clone().or_else(|| resumes.in_memory.get(&request.idempotency_key)));
        self.resumes = Some(resumes);
        self
    }

    /// A call without a host: never cancelled, without a deadline, its log goes nowhere. For tests of single functions;
    /// [`TestHost`](crate::TestHost) tests a whole plugin.
    ///
    /// ```
    /// let call = quietus_plugin::Call::unattended();
    /// assert!(!call.cancelled());
    /// assert_eq!(call.remaining(), None);
    /// ```
    pub fn unattended() -> Call<'static> {
        Call { host: &Nobody, id: 0, request: None, secrets: &[], resumes: None, resume: None }
    }

    /// Writes a line into quietus's log. The values that this call was made with and the plugin's secrets are replaced
    /// before the text leaves the plugin, and once more by the host. Neither can know what else is personal, so do not say it.
    ///
    /// ```
    /// use quietus_plugin::{Call, Level};
    ///
    /// fn log_deleted(deleted: usize, call: &Call) {
    ///     call.log(Level::Info, format!("deleted {deleted} contacts"));
    /// }
    /// # log_deleted(2, &Call::unattended());
    /// ```
    pub fn log(&self, level: Level, text: impl AsRef<str>) {
        let said = self.request.into_iter().flat_map(Request::confidential);
        let values = said.chain(self.secrets).map(Sensitive::expose);
        self.host.log(self.id, level, &redact(text.as_ref(), values));
    }

    /// Whether the host no longer wants the answer.
    ///
    /// ```
    /// # let (call, mut pages) = (quietus_plugin::Call::unattended(), vec![1, 2, 3]);
    /// while !call.cancelled() && pages.pop().is_some() {}
    /// assert!(pages.is_empty());
    /// ```
    pub fn cancelled(&self) -> bool {
        self.host.cancelled(self.id)
    }

    /// Returns early with the right error when the host no longer wants the answer.
    ///
    /// ```
    /// use quietus_plugin::{Answer, Call, PluginError};
    ///
    /// fn sweep(tables: &[&str], call: &Call) -> Result<Answer, PluginError> {
    ///     for _table in tables {
    ///         call.check()?;
    ///     }
    ///     Ok(Answer::absent())
    /// }
    /// # sweep(&["contacts"], &Call::unattended()).expect("not cancelled");
    /// ```
    pub fn check(&self) -> Result<(), PluginError> {
        if self.cancelled() { Err(PluginError::cancelled()) } else { Ok(()) }
    }

    /// How long until the host gives up; `None` without a deadline.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # let call = quietus_plugin::Call::unattended();
    /// let patience = call.remaining().unwrap_or(Duration::MAX).min(Duration::from_secs(10));
    /// assert!(patience <= Duration::from_secs(10));
    /// ```
    pub fn remaining(&self) -> Option<Duration> {
        u64::try_from(self.host.remaining_ms(self.id)).ok().map(Duration::from_millis)
    }

    /// What an earlier call of this step stored last; `None` when this is the first one, or when nothing was stored. Whatever
    /// cannot be read may be of another version of the plugin: go on as if there were nothing.
    ///
    /// ```
    /// # use quietus_plugin::Call;
    /// fn deleted_before(call: &Call) -> u64 {
    ///     call.resume().and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?))).unwrap_or_default()
    /// }
    /// assert_eq!(deleted_before(&Call::unattended()), 0);
    /// ```
    pub fn resume(&self) -> Option<&[u8]> {
        self.resume.as_ref().map(ResumeValue::expose)
    }

    /// Stores how far this call is, in bytes that mean something to the plugin alone, at most
    /// [`ResumeValue::BYTES_MAX`]. Returns when they are stored. The next call of the same step finds the last ones in
    /// [`Self::resume`], whatever became of this process and of the server.
    ///
    /// Store *before* each act that cannot be undone what is about to be done, and *after* it that it is done. A host stores about
    /// ten values in a second; this call waits. An error means that it could not
    /// be stored, or that what is left is to stay, as somebody has held the person or stopped the erasure: return it, and act no further.
    ///
    /// ```
    /// use quietus_plugin::*;
    ///
    /// struct Crm;
    ///
    /// impl Plugin for Crm {
    /// #   type Config = ();
    ///     fn manifest() -> Manifest {
    ///         Manifest::new("crm", "1.0.0").requires(Kind::Email).resumes()
    ///     }
    /// #   fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    ///     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
    ///         let mut deleted = call.resume().map_or(0, |bytes| bytes.len() as u64);
    ///         for _contact in deleted..3 {
    ///             // Delete the contact, and then:
    ///             deleted += 1;
    ///             call.checkpoint(vec![b'x'; deleted as usize])?;
    ///         }
    ///         Ok(Answer::erased().count("contacts", deleted))
    ///     }
    /// }
    ///
    /// let host = TestHost::<Crm>::new(())?.stores_at_most(2);
    /// assert!(host.erase([("email", "ann@x.cz")]).is_err(), "the third one was not stored");
    /// let host = host.stores_at_most(9);
    /// assert_eq!(host.erase([("email", "ann@x.cz")]), Ok(Answer::erased().count("contacts", 3)));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn checkpoint(&self, value: impl Into<Vec<u8>>) -> Result<Stored, PluginError> {
        let value = ResumeValue::new(value);
        let bytes = value.expose().len();
        if bytes > ResumeValue::BYTES_MAX {
            let most = ResumeValue::BYTES_MAX;
            return Err(PluginError::permanent(format!("a checkpoint of {bytes} bytes; allowed are {most}")));
        }
        let (Some(request), Some(resumes)) = (self.request, self.resumes) else { return Ok(Stored::InMemory) };
        if request.dry_run {
            return Err(PluginError::permanent("a dry run changes nothing, so it has no checkpoints"));
        }
        if !resumes.declared {
            return Err(PluginError::permanent("the plugin's manifest does not declare `resume`"));
        }
        match self.host.checkpoint(self.id, value.expose()) {
            Kept::Stored => Ok(Stored::Durably),
            Kept::Refused => Err(PluginError::retryable("the host could not store how far the call is")),
            Kept::Nowhere => {
                resumes.in_memory.keep(&request.idempotency_key, value);
                Ok(Stored::InMemory)
            }
        }
    }
}

struct Nobody;

impl CallHost for Nobody {
    fn log(&self, _: u64, _: Level, _: &str) {}

    fn cancelled(&self, _: u64) -> bool {
        false
    }

    fn remaining_ms(&self, _: u64) -> i64 {
        -1
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl CallHost for Heard {
        fn log(&self, _: u64, _: Level, text: &str) {
            self.0.lock().expect("not poisoned").push(text.to_owned());
        }

        fn cancelled(&self, _: u64) -> bool {
            false
        }

        fn remaining_ms(&self, _: u64) -> i64 {
            -1
        }
    }

    #[test]
    fn what_is_logged_is_redacted_before_it_leaves_the_plugin() {
        let heard = Heard::default();
        let request = Request::from([("email", "ann@x.cz"), ("session_id", "4711")]);
        let secrets = [Sensitive::new("hunter2")];
        let call = Call::new(&heard, 1, Some(&request), &secrets);
        call.log(Level::Info, "GET /c?q=Ann%40x.cz with hunter2 in session 4711");
        call.log(Level::Info, "nothing\nof hers");
        let heard = heard.0.into_inner().expect("not poisoned");
        assert_eq!(heard, ["GET /c?q=[redacted] with [redacted] in session 4711", "nothing\nof hers"]);
    }
}
