//! What the operator allows in a folder.

use crate::config::{Mode, Others};

/// What may be erased, and how.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) mode: Mode,
    pub(super) recursive: bool,
    pub(super) others: Others,
    pub(super) files_max: u64,
}
