//! The keys of a deployment, which are made once.

use std::path::Path;

use super::{OperationError, Operations, audit};
use crate::audit::{Act, ActResult, Actor, Object};
use crate::key_files::Keys;

/// Makes the keys in a folder that has none. Returns the public key of the receipts, hex. A new deployment has no ledger
/// yet in which that could be written down.
pub(crate) async fn create(dir: &Path, on: Option<&Operations>, by: &Actor) -> Result<String, OperationError> {
    let Some(on) = on else { return Ok(Keys::create(dir)?) };
    audit::begun(&*on.ledger, by, Act::CreateKeys, &Object::keys()).await?;
    let created = Keys::create(dir);
    let result = if created.is_ok() { ActResult::Done } else { ActResult::Failed };
    audit::ended(&*on.ledger, by, Act::CreateKeys, &Object::keys(), result).await;
    Ok(created?)
}
