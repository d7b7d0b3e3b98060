//! One call, as the plugin sees it: a log, a deadline, a flag.

use std::time::Duration;

use crate::protocol::{Level, PluginError, Request, Sensitive};
use crate::redact::redact;

/// What a call asks of the host that runs it.
pub(crate) trait CallHost {
    fn log(&self, call: u64, level: Level, text: &str);
    fn cancelled(&self, call: u64) -> bool;
    /// Negative when the host knows no deadline.
    fn remaining_ms(&self, call: u64) -> i64;
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
}

impl<'a> Call<'a> {
    pub(crate) fn new(host: &'a dyn CallHost, id: u64, request: Option<&'a Request>, secrets: &'a [Sensitive]) -> Self {
        Self { host, id, request, secrets }
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
        Call { host: &Nobody, id: 0, request: None, secrets: &[] }
    }

    /// Writes a line into quietus's log. The values that this call was made with and the plugin's secrets are replaced
    /// before the text leaves the plugin, and once more by the host. Neither can know what else is personal, so say it not.
    ///
    /// ```
    /// use quietus_plugin::{Call, Level};
    ///
    /// fn report(deleted: usize, call: &Call) {
    ///     call.log(Level::Info, format!("deleted {deleted} contacts"));
    /// }
    /// # report(2, &Call::unattended());
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
