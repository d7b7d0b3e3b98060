//! What the routes need of the configuration at work.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::problem::{Code, Problem};
use super::settings::AdminSettings;
use super::spent::Spent;
use crate::http::{ServerSettings, address_of, is_from_proxy};
use crate::keys::CapsuleKey;
use crate::lock::Replaceable;
use crate::operations::Operations;
use crate::operations::accounts::SignInLimits;
use crate::operations::configuration::RunningConfiguration;
use crate::operations::plugins::RunningPlugins;

/// What the routes need of the configuration at work.
pub(crate) struct Admin {
    /// By whatever configuration there is when somebody asks.
    operations: OperationsNow,
    /// Of the listener.
    settings: AdminSettings,
    /// The bounds of what is received.
    server: Arc<Replaceable<ServerSettings>>,
    plans: Semaphore,
    trials: Semaphore,
    /// What a page hands out to come back within minutes is sealed under it; with the process it is gone.
    pub(super) passing: CapsuleKey,
    /// What was handed out under it for one order, and was used.
    pub(super) spent: Spent,
    sign_ins: SignInLimits,
    /// What is ordered of this process itself.
    plugins: RunningPlugins,
    configuration: RunningConfiguration,
}

/// Operations by the configuration at work.
type OperationsNow = Box<dyn Fn() -> Arc<Operations> + Send + Sync>;

/// Plans that are made at once: each asks mluvii for every session of a person, and every target.
const PLANS_AT_ONCE: usize = 2;

/// How long another one waits for its turn.
const PLAN_WAIT_MAX: Duration = Duration::from_secs(5);

/// Trials of rules at once: each reads every session.
const TRIALS_AT_ONCE: usize = 1;

impl Admin {
    pub(crate) fn new(
        operations: OperationsNow,
        settings: AdminSettings,
        server: Arc<Replaceable<ServerSettings>>,
        (plugins, configuration): (RunningPlugins, RunningConfiguration),
    ) -> Self {
        Self {
            operations,
            settings,
            server,
            plans: Semaphore::new(PLANS_AT_ONCE),
            trials: Semaphore::new(TRIALS_AT_ONCE),
            passing: CapsuleKey::generate(),
            spent: Spent::default(),
            sign_ins: SignInLimits::default(),
            plugins,
            configuration,
        }
    }

    /// The plugins of this process.
    pub(super) fn plugins(&self) -> &RunningPlugins {
        &self.plugins
    }

    /// The configuration by which this process works.
    pub(super) fn configuration(&self) -> &RunningConfiguration {
        &self.configuration
    }

    pub(super) fn operations(&self) -> Arc<Operations> {
        (self.operations)()
    }

    /// Whether whoever comes has come over TLS up to a proxy.
    pub(super) fn behind_proxy(&self) -> bool {
        self.settings.behind_proxy
    }

    /// Who has to wait before they try a password once more.
    pub(super) fn sign_ins(&self) -> &SignInLimits {
        &self.sign_ins
    }

    /// From where a request came; `None` where a trusted proxy names it illegibly.
    pub(super) fn address_of(&self, request: &Parts) -> Option<IpAddr> {
        address_of(request, &self.server.current())
    }

    /// The turn to make a plan, until it is dropped.
    pub(super) async fn turn_to_plan(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(PLAN_WAIT_MAX, self.plans.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            // It is never closed.
            Ok(Err(_)) | Err(_) => Err(Problem::new(
                Code::Unavailable,
                "other plans are being made just now; nothing was begun of this one",
            )),
        }
    }

    /// The turn to try rules, until it is dropped.
    pub(super) async fn turn_to_try(&self) -> Result<SemaphorePermit<'_>, Problem> {
        match timeout(PLAN_WAIT_MAX, self.trials.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            // The semaphore is never closed: either way, the wait was too long.
            Ok(Err(_)) | Err(_) => Err(Problem::new(Code::Unavailable, "rules are being tried just now; ask again")),
        }
    }

    pub(super) fn body_read_max(&self) -> Duration {
        self.server.current().body_read_max.0
    }

    /// Refuses what has come through a proxy, and not over TLS up to there: its token has passed a network in clear. Only the word of a
    /// trusted proxy counts: anyone else who can connect to the listener can send that header, too.
    pub(super) fn must_be_private(&self, headers: &HeaderMap, extensions: &Extensions) -> Result<(), Problem> {
        if !self.settings.behind_proxy {
            return Ok(());
        }
        if !is_from_proxy(extensions, &self.server.current()) {
            return Err(Problem::new(Code::NotHttps, "it does not come from one of `server.trusted_proxies`"));
        }
        let mut said = headers.get_all("x-forwarded-proto").iter();
        let only = said.next().filter(|_| said.next().is_none());
        match only.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https")) {
            true => Ok(()),
            false => Err(Problem::new(Code::NotHttps, "`X-Forwarded-Proto` does not say `https`")),
        }
    }
}
