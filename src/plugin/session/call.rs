//! One call to a plugin: what is asked, and how it ends. Types, and the message that carries it.

use std::sync::Arc;
use std::time::Duration;

use quietus_plugin::protocol::HostMessage;
use quietus_plugin::{PluginError, Request, Sweep};
use serde_json::Value;

use crate::keys::Secret;
use crate::target::Checkpoint;

/// What is asked of a plugin.
#[derive(Debug)]
pub(in crate::plugin) enum Ask {
    Erase(Request),
    Verify(Request),
    Find(Request),
    Sweep(Sweep),
    Health,
}

/// A call to be made.
#[derive(Debug)]
pub(in crate::plugin) struct Outgoing {
    pub(in crate::plugin) ask: Ask,
    /// When it is cancelled.
    pub(in crate::plugin) longest: Duration,
    pub(in crate::plugin) co_running: CoRunning,
    /// Where it stores how far it is, if that is stored at all.
    pub(in crate::plugin) checkpoint: Option<Arc<dyn Checkpoint>>,
}

/// Whether other calls may run beside this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::plugin) enum CoRunning {
    Allowed,
    /// The call is suspected of killing the process, so it runs where it can hurt no other call.
    Excluded,
}

/// How a call ended.
#[derive(Debug)]
pub(in crate::plugin) enum Ended {
    Result(Value),
    Failed(PluginError),
    Unsupported,
    /// The process was lost during the call.
    Lost(String),
    /// The process was killed during the call, because of a co-running one.
    KilledForAnother,
    /// No answer, even after it was cancelled; the process is killed.
    TimedOut,
    /// Never sent: too many others are under way.
    Busy,
    /// Never sent: the session has ended.
    NotSent,
    /// Never sent: larger than a message may be.
    TooLarge,
    /// The server shuts down.
    Stopped,
}

impl Ask {
    /// Whether text in the result is redacted. What was found is personal by its nature, and is logged nowhere.
    pub(super) fn redacts_result(&self) -> bool {
        !matches!(self, Self::Find(_) | Self::Sweep(_))
    }

    /// Whether what the plugin logs meanwhile is about people whose values are not known here, so that nothing of it could be redacted.
    pub(super) fn hides_log(&self) -> bool {
        matches!(self, Self::Sweep(_))
    }

    /// The values that must not appear in what the plugin says of this call.
    pub(super) fn confidential(&self) -> Vec<Secret> {
        match self {
            Self::Erase(request) | Self::Verify(request) | Self::Find(request) => {
                request.confidential().map(|value| Secret::new(value.expose())).collect()
            }
            Self::Sweep(_) | Self::Health => Vec::new(),
        }
    }

    pub(super) fn message(self, id: u64, longest: Duration) -> HostMessage {
        let timeout_ms = longest.as_millis().try_into().unwrap_or(u64::MAX);
        match self {
            Self::Erase(request) => HostMessage::Erase { id, timeout_ms, request },
            Self::Verify(request) => HostMessage::Verify { id, timeout_ms, request },
            Self::Find(request) => HostMessage::Find { id, timeout_ms, request },
            Self::Sweep(request) => HostMessage::Sweep { id, timeout_ms, request },
            Self::Health => HostMessage::Health { id, timeout_ms },
        }
    }
}
