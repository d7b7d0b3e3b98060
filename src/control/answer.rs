//! What both sides know of an answer.

use serde::{Deserialize, Serialize};

/// What is answered when something is not done.
#[derive(Serialize, Deserialize)]
pub(super) struct NotDone {
    pub(super) why: String,
}
