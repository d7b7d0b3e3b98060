//! What the test's host stores of how far a step is, or does not.

use super::watch::Policy;
use super::{TestHost, judge};
use crate::Plugin;
use crate::dispatch::Configured;
use crate::protocol::{PluginError, ResumeValue};

impl<P: Plugin> TestHost<P> {
    /// Stores this many checkpoints more, and then refuses, as a host whose ledger is away: what is not stored is not done, and
    /// the next call goes on from the last one that was.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").resumes() }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
    /// #         call.checkpoint("deleting 7").map(|_| Answer::erased())
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?.stores_at_most(0);
    /// assert_eq!(host.erase([("email", "ann@x.cz")]).map_err(|error| error.class), Err(ErrorClass::Retryable));
    /// # Ok::<(), PluginError>(())
    /// ```
    #[must_use]
    pub fn stores_at_most(mut self, checkpoints: u64) -> Self {
        self.watch.checkpoints.set(Policy::AtMost(checkpoints));
        self
    }

    /// Stores no checkpoint, as a host of protocol 1.0: they stay in the plugin's memory.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").resumes() }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
    /// #         assert_eq!(call.checkpoint("deleting 7")?, Stored::InMemory);
    /// #         Ok(Answer::erased())
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?.stores_nothing();
    /// assert_eq!(host.erase([("email", "ann@x.cz")]), Ok(Answer::erased()));
    /// assert_eq!(host.stored("k-test"), None);
    /// # Ok::<(), PluginError>(())
    /// ```
    #[must_use]
    pub fn stores_nothing(mut self) -> Self {
        self.watch.checkpoints.set(Policy::Nothing);
        self
    }

    /// What was stored last for this idempotency key; requests of arrays have the key `k-test`.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").resumes() }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
    /// #         call.checkpoint("deleted 7").map(|_| Answer::erased())
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?;
    /// host.erase([("email", "ann@x.cz")])?;
    /// assert_eq!(host.stored("k-test"), Some(ResumeValue::new(*b"deleted 7")));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn stored(&self, idempotency_key: &str) -> Option<ResumeValue> {
        self.watch.checkpoints.stored(idempotency_key)
    }

    /// The same host after the plugin's process or the server was killed: the plugin is configured anew, and what it had in memory is
    /// gone. What is stored is there. After [`Self::stores_at_most`] and the error that comes of it, this is a kill between two acts.
    ///
    /// ```
    /// # use quietus_plugin::*;
    /// # struct Crm;
    /// # impl Plugin for Crm {
    /// #     type Config = ();
    /// #     fn manifest() -> Manifest { Manifest::new("crm", "1.0.0").requires("email").resumes() }
    /// #     fn configure(_: (), _: Secrets) -> Result<Self, PluginError> { Ok(Self) }
    /// #     fn erase(&self, _: &Request, call: &Call) -> Result<Answer, PluginError> {
    /// #         let mut progress = Progress::<()>::of(call);
    /// #         for id in progress.counts().get("contacts").copied().unwrap_or_default()..3 {
    /// #             progress.begin(call, "contacts", &[id])?;
    /// #             progress.done("contacts", &[id]);
    /// #         }
    /// #         progress.store(call)?;
    /// #         Ok(Answer::erased().count("contacts", progress.counts()["contacts"]))
    /// #     }
    /// # }
    /// let host = TestHost::<Crm>::new(())?.stores_at_most(2);
    /// assert!(host.erase([("email", "ann@x.cz")]).is_err(), "killed before it deletes the third of three");
    /// let host = host.restarted()?.stores_at_most(9);
    /// assert_eq!(host.erase([("email", "ann@x.cz")]), Ok(Answer::erased().count("contacts", 3)));
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn restarted(self) -> Result<Self, PluginError> {
        let plugin = Configured::make(&self.setup).map_err(|error| judge::error(error, None, &self.secrets))?;
        Ok(Self { plugin, ..self })
    }
}
