//! A plugin's status: for callers, for health pages, for the operator.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::plugin::info::PluginInfo;
use crate::plugin::session::Session;
use crate::subject::TargetName;

#[derive(Clone)]
pub(super) enum Status {
    Starting,
    Up(Arc<Session>),
    Restarting(String),
    Failed(String),
    Stopped,
}

impl Status {
    pub(super) fn state(&self) -> PluginState {
        match self {
            Self::Starting => PluginState::Starting,
            Self::Up(session) => PluginState::Up(session.info.clone()),
            Self::Restarting(why) => PluginState::Restarting(why.clone()),
            Self::Failed(why) => PluginState::Failed(why.clone()),
            Self::Stopped => PluginState::Stopped,
        }
    }

    /// Whether there is a session, or none to wait for.
    pub(super) fn is_settled(&self) -> bool {
        match self {
            Self::Up(session) => !session.is_closed(),
            Self::Starting | Self::Restarting(_) => false,
            Self::Failed(_) | Self::Stopped => true,
        }
    }

    pub(super) fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Up(session) => Some(session),
            _ => None,
        }
    }
}

/// A plugin's state, for `/readyz` and `quietus plugin list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", content = "detail", rename_all = "lowercase")]
pub(crate) enum PluginState {
    Starting,
    Up(PluginInfo),
    /// Its process was lost and will be restarted; why.
    Restarting(String),
    /// It cannot work until a person acts; why. It is retried each minute, and when its file changes.
    Failed(String),
    /// The server shuts down.
    Stopped,
}

impl PluginState {
    /// All that `as_str` says.
    pub(crate) const NAMES: [&str; 5] = ["starting", "up", "restarting", "failed", "stopped"];

    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Up(_) => "up",
            Self::Restarting(_) => "restarting",
            Self::Failed(_) => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// A plugin in `quietus plugin list`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PluginView {
    pub(crate) name: TargetName,
    pub(crate) file: PathBuf,
    pub(crate) state: PluginState,
    /// Under way.
    pub(crate) calls: usize,
    /// How often its process was started after the first time.
    pub(crate) restarts: u64,
    pub(crate) last_error: Option<LastError>,
}

/// What went wrong last; free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LastError {
    pub(crate) at: Timestamp,
    pub(crate) why: String,
}
