//! The keys of a deployment: made once, and one of them replaced.

use std::path::Path;

use super::{OperationError, Operations, audit};
use crate::audit::{Act, ActResult, Actor, Object};
use crate::key_files::{Keys, RotatedReceiptKey};
use crate::keys::{KeyIds, KeyKind};
use crate::ledger::RotatedKey;

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

/// Replaces the key that signs receipts; one that was begun before is finished. The old key signs the new one. A server that
/// runs signs with the old one until it is started again.
pub(crate) async fn rotate_receipt(on: &Operations, by: &Actor) -> Result<RotatedReceiptKey, OperationError> {
    let dir = &on.resources.keys_dir;
    let keys = Keys::read(dir)?;
    let noted = on.ledger.key_ids(&keys.ids()).await?;
    // The other two must be the ledger's. Of this one only the ledger's id counts, as a rotation may have been begun.
    keys.must_be(&KeyIds { receipt: keys.ids().receipt, ..noted.clone() }, dir)?;
    audit::begun(&*on.ledger, by, Act::RotateKey, &Object::keys()).await?;
    let rotation = match Keys::rotate_receipt(dir, &noted.receipt) {
        Ok(rotation) => rotation,
        Err(error) => {
            audit::ended(&*on.ledger, by, Act::RotateKey, &Object::keys(), ActResult::Failed).await;
            return Err(error.into());
        }
    };
    let RotatedReceiptKey { from, to, .. } = &rotation;
    let rotated = RotatedKey { kind: KeyKind::Receipt, from: from.clone(), to: to.clone() };
    if on.ledger.rotate_key(&rotated, by).await? {
        return Ok(rotation);
    }
    Err(OperationError::Conflict(
        "the ledger was told of another receipt key meanwhile; nothing has changed in it".into(),
    ))
}
