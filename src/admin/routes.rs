//! What the listener's routes work with.

use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;

use super::problem::{Code, Problem};
use super::settings::AdminSettings;
use crate::http::ServerSettings;
use crate::lock::Replaceable;
use crate::operations::Operations;
use crate::operations::accounts::SignInLimits;

/// What the routes need of the configuration at work.
pub(crate) struct Admin {
    /// By whatever configuration there is when somebody asks.
    pub(crate) operations: Box<dyn Fn() -> Operations + Send + Sync>,
    /// Of the listener.
    pub(crate) settings: AdminSettings,
    /// The bounds of what is received.
    pub(crate) server: Arc<Replaceable<ServerSettings>>,
    /// Who has to wait before they try a password once more.
    pub(crate) sign_ins: SignInLimits,
}

impl Admin {
    pub(super) fn operations(&self) -> Operations {
        (self.operations)()
    }

    pub(super) fn body_read_max(&self) -> Duration {
        self.server.current().body_read_max.0
    }

    /// Refuses what has come through a proxy, and not over TLS up to there: its token has passed a network in clear.
    pub(super) fn must_be_private(&self, headers: &HeaderMap) -> Result<(), Problem> {
        if !self.settings.behind_proxy {
            return Ok(());
        }
        let mut said = headers.get_all("x-forwarded-proto").iter();
        let only = said.next().filter(|_| said.next().is_none());
        match only.is_some_and(|scheme| scheme.as_bytes().eq_ignore_ascii_case(b"https")) {
            true => Ok(()),
            false => Err(Problem::new(Code::NotHttps, "`X-Forwarded-Proto` does not say `https`")),
        }
    }
}
