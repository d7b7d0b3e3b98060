//! The keys of a deployment, which are made once.

use std::path::Path;

use super::OperationError;
use crate::key_files::Keys;

/// Makes the keys in a folder that has none. Returns the public key of the receipts, hex.
pub(crate) fn create(dir: &Path) -> Result<String, OperationError> {
    Ok(Keys::create(dir)?)
}
