//! What an author implements.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::protocol::{Answer, PluginError, Request, Sensitive};
use crate::{Call, Manifest};

/// A plugin: one system that data must leave. See the [crate's example](crate).
///
/// One instance serves all calls, up to [`Manifest::max_concurrency`] of them at once, each on a thread of its own that
/// may block. A panic fails the call that it happens in.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// The configuration. Its JSON Schema is part of the manifest, so that the host can check it beforehand.
    type Config: DeserializeOwned + JsonSchema;

    /// What the plugin says of itself.
    fn manifest() -> Manifest;

    /// Makes the plugin from its configuration. Checks what the schema cannot; calls nobody: that is what
    /// [`Plugin::health`] is for.
    fn configure(config: Self::Config, secrets: Secrets) -> Result<Self, PluginError>;

    /// Erases, and says what became of it.
    ///
    /// May be called again with the same [`Request::idempotency_key`] when an earlier call ended without an answer, so
    /// finding nothing is no error but [`Answer::absent`].
    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError>;

    /// Looks whether it is really gone: [`Answer::absent`] or [`Answer::residual`].
    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let _ = (request, call);
        Ok(Answer::unverifiable("this plugin cannot look again"))
    }

    /// Whether the system can be reached and accepts the credentials.
    fn health(&self, call: &Call) -> Result<(), PluginError> {
        let _ = call;
        Ok(())
    }
}

/// The secrets that the operator gave to the plugin, by name.
#[derive(Clone, Debug, Default)]
pub struct Secrets(BTreeMap<String, Sensitive>);

impl Secrets {
    /// Of a map; for tests of plugins.
    pub fn new(secrets: BTreeMap<String, Sensitive>) -> Self {
        Self(secrets)
    }

    /// The secret of this name, where there is one.
    pub fn get(&self, name: &str) -> Option<&Sensitive> {
        self.0.get(name)
    }

    /// The secret of this name, or an error that names it.
    pub fn require(&self, name: &str) -> Result<&Sensitive, PluginError> {
        self.get(name).ok_or_else(|| PluginError::needs_operator(format!("the secret `{name}` is not configured")))
    }
}
