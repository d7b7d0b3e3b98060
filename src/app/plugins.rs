//! The plugins of a server: their supervisors as targets, as states to show, and as tasks to own.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::http::TargetStates;
use crate::keys::ReadSecret;
use crate::subject::TargetName;
use crate::target::Target;

/// The plugins of a server, by name.
#[derive(Clone)]
pub(crate) struct Plugins(BTreeMap<TargetName, Arc<dyn Target>>);

impl Plugins {
    pub(crate) fn build(_config: &Config, _read: ReadSecret<'_>) -> anyhow::Result<Self> {
        Ok(Self(BTreeMap::new()))
    }
    pub(crate) fn run(&self, _shutdown: &CancellationToken) -> JoinSet<()> {
        JoinSet::new()
    }
    pub(crate) fn targets(&self) -> BTreeMap<TargetName, Arc<dyn Target>> {
        self.0.clone()
    }
    pub(crate) fn states(&self) -> TargetStates {
        Box::new(BTreeMap::new)
    }
}
