//! What a caller and the supervisor exchange. Types only.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::plugin::info::PluginInfo;
use crate::plugin::installed::Installed;

/// A request to replace the process.
pub(super) struct Reload {
    pub(super) installed: Arc<Installed>,
    /// Who runs now, or why nothing was replaced.
    pub(super) answer: oneshot::Sender<Result<PluginInfo, String>>,
}
