//! From JSON to [`Plugin`] and back, without the C boundary. A panic of the plugin ends here. The thunks and the test host both
//! use this.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::call::{CallHost, Resumes};
use crate::checkpoint::InMemory;
use crate::protocol::{Answer, PluginError, Reply, Request, Sensitive, Setup, Sweep};
use crate::{Call, Manifest, Operation, Plugin, Secrets};

/// A plugin, and the secrets that its log must not show.
pub(crate) struct Configured<P> {
    plugin: P,
    secrets: Vec<Sensitive>,
    /// How far steps are, where the host does not store it.
    in_memory: InMemory,
    resumes: bool,
    finds: bool,
    sweeps: bool,
}

/// The manifest, with the configuration's schema; nothing when it panics.
pub(crate) fn manifest<P: Plugin>() -> Option<Manifest> {
    let made = catch_unwind(|| {
        let config_schema = schemars::schema_for!(P::Config).into();
        Manifest { config_schema, ..P::manifest() }
    });
    made.ok()
}

impl<P: Plugin> Configured<P> {
    /// Of the JSON of a [`Setup`].
    pub(crate) fn make(setup: &[u8]) -> Result<Self, PluginError> {
        catch_unwind(AssertUnwindSafe(|| configure::<P>(setup)))
            .unwrap_or_else(|_| Err(PluginError::permanent("the plugin panicked while it was configured")))
    }

    /// Makes one call, of the JSON of a [`Request`].
    pub(crate) fn call(&self, host: &dyn CallHost, id: u64, method: &[u8], request: &[u8]) -> Reply {
        let reply = catch_unwind(AssertUnwindSafe(|| self.dispatch(host, id, method, request)));
        // The panic's text may be personal, so it is not repeated.
        reply.unwrap_or_else(|_| Reply::Error { error: PluginError::retryable("the plugin panicked") })
    }

    fn dispatch(&self, host: &dyn CallHost, id: u64, method: &[u8], request: &[u8]) -> Reply {
        let answer = match method {
            b"erase" => parse::<Request>(request).and_then(|request| self.erase(&request, host, id)).map(in_json),
            b"verify" => parse::<Request>(request)
                .and_then(|request| self.plugin.verify(&request, &self.about(&request, host, id)))
                .map(in_json),
            b"find" if self.finds => parse::<Request>(request)
                .and_then(|request| self.plugin.find(&request, &self.about(&request, host, id)))
                .map(in_json),
            b"sweep" if self.sweeps => parse::<Sweep>(request)
                .and_then(|wanted| self.plugin.sweep(&wanted, &Call::new(host, id, None, &self.secrets)))
                .map(in_json),
            b"health" => self.plugin.health(&Call::new(host, id, None, &self.secrets)).map(|()| serde_json::json!({})),
            _ => return Reply::Unsupported,
        };
        match answer {
            Ok(result) => Reply::Result { result },
            Err(error) => Reply::Error { error },
        }
    }

    fn erase(&self, request: &Request, host: &dyn CallHost, id: u64) -> Result<Answer, PluginError> {
        // The host sends none; a plugin that never looks at `dry_run` would erase.
        if request.dry_run && !P::manifest().can(&Operation::DryRun) {
            return Err(PluginError::permanent("this plugin does not declare dry runs"));
        }
        self.plugin.erase(request, &self.about(request, host, id))
    }

    fn about<'c>(&'c self, request: &'c Request, host: &'c dyn CallHost, id: u64) -> Call<'c> {
        let resumes = Resumes { in_memory: &self.in_memory, declared: self.resumes };
        Call::new(host, id, Some(request), &self.secrets).resuming(resumes)
    }
}

fn configure<P: Plugin>(setup: &[u8]) -> Result<Configured<P>, PluginError> {
    // The parser's message could quote a value.
    let wrong = |e: serde_json::Error| {
        PluginError::permanent(format!("the configuration does not fit the plugin's type ({:?} error)", e.classify()))
    };
    let setup: Setup = serde_json::from_slice(setup).map_err(wrong)?;
    let secrets = setup.secrets.values().cloned().collect();
    let plugin = P::configure(serde_json::from_value(setup.config).map_err(wrong)?, Secrets::new(setup.secrets))?;
    let manifest = P::manifest();
    let resumes = manifest.can(&Operation::Resume);
    let finds = manifest.can(&Operation::Find);
    let sweeps = manifest.can(&Operation::Sweep);
    Ok(Configured { plugin, secrets, in_memory: InMemory::default(), resumes, finds, sweeps })
}

fn parse<R: DeserializeOwned>(request: &[u8]) -> Result<R, PluginError> {
    serde_json::from_slice(request).map_err(|_| PluginError::permanent("the request is not one that this plugin knows"))
}

fn in_json(answer: impl Serialize) -> serde_json::Value {
    serde_json::to_value(answer).unwrap_or_default()
}
