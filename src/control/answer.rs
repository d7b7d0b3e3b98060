//! What both sides know of an answer.

use serde::{Deserialize, Serialize};

use crate::operations::configuration::NotReloaded;

/// What is answered when something is not done.
#[derive(Serialize, Deserialize)]
pub(super) struct NotDone {
    pub(super) why: String,
    /// Of a reload of the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) not_reloaded: Option<NotReloaded>,
}
