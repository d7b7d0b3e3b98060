//! A configuration at work: all that is made of it, which ends together when another one takes its place.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::loaded::Loaded;
use super::monitor::monitor;
use super::parts::{Before, MluviiClients, Notices, Parts};
use super::plugins::OwnedPlugins;
use super::process::Process;
use crate::monitoring::Monitor;
use crate::verify::Source;
use crate::worker::{Turn, Worker};

/// A configuration at work.
pub(super) struct Generation {
    pub(super) loaded: Arc<Loaded>,
    pub(super) mluvii: MluviiClients,
    pub(super) plugins: OwnedPlugins,
    pub(super) notices: Notices,
    pub(super) worker: Arc<Worker>,
    pub(super) monitor: Monitor,
    pub(super) turn: Turn,
}

impl Generation {
    /// What another one may take of it.
    pub(super) fn as_before(&self) -> Before<'_> {
        Before { loaded: &self.loaded, mluvii: &self.mluvii, plugins: &self.plugins }
    }

    /// Of what was built, in the place of `before`; nothing of it works yet. The sources are for who receives.
    pub(super) fn new(
        loaded: Arc<Loaded>,
        parts: Parts,
        process: &Process,
        reports: Option<SocketAddr>,
        before: Option<&Self>,
        stopping: &CancellationToken,
    ) -> (Arc<Self>, Vec<Source>) {
        let worker = parts.worker(&loaded.config, process, reports, before.map(|before| &*before.worker));
        let worker = Arc::new(worker);
        let monitor = monitor(&loaded, process, &worker, &parts.plugins);
        let turn = Turn { retired: stopping.child_token(), ..Turn::default() };
        let turn = match before {
            Some(before) => Turn { after: before.turn.decided.clone(), ..turn },
            None => {
                turn.after.cancel();
                turn
            }
        };
        let Parts { sources, mluvii, plugins, notices } = parts;
        (Arc::new(Self { loaded, mluvii, plugins, notices, worker, monitor, turn }), sources)
    }
}
