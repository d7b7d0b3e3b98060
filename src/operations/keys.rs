//! The keys of a deployment: made once, and replaced one by one.

use std::path::Path;

use super::{OperationError, Operations, audit};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::key_files::{Keys, Rotated};
use crate::keys::{KeyId, KeyKind};
use crate::ledger::{Ledger, RotatedKey};

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

/// A key that can be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotatable {
    /// A server that runs signs with the old one until it is started again. The old one signs the new one.
    Receipt,
    /// Servers go on: each write of something sealed looks which generation is open.
    Seal,
    /// No server may run: all that is compared is carried over to the new one, and one that knows the old one only would find
    /// nobody.
    Index,
}

impl Rotatable {
    fn kind(self) -> KeyKind {
        match self {
            Self::Receipt => KeyKind::Receipt,
            Self::Seal => KeyKind::Seal,
            Self::Index => KeyKind::Index,
        }
    }
}

/// Replaces a key, which stays beside the new one. A rotation that was begun before is finished.
pub(crate) async fn rotate(on: &Operations, key: Rotatable, by: &Actor) -> Result<Rotated, OperationError> {
    let dir = &on.resources.keys_dir;
    let kind = key.kind();
    let used = Keys::read(dir)?;
    let noted = on.ledger.key_ids(&used.ids()).await?;
    // The others must be the ledger's, or have replaced the ledger's: one that is older is led on one by one. Of this one only
    // the ledger's id counts, as a rotation may have been begun.
    used.must_follow(&noted.clone().with(kind, used.ids().of(kind).clone()), dir)?;
    if key == Rotatable::Index {
        nobody_works(on).await?;
    }
    audit::begun(&*on.ledger, by, Act::RotateKey, &Object::keys()).await?;
    let rotated = match key {
        Rotatable::Receipt => Keys::rotate_receipt(dir, &noted.receipt),
        Rotatable::Seal => return rotate_seal(on, &used, by).await,
        Rotatable::Index => Keys::rotate_index(dir, &noted.index),
    };
    let rotated = match rotated {
        Ok(rotated) => rotated,
        Err(error) => {
            audit::ended(&*on.ledger, by, Act::RotateKey, &Object::keys(), ActResult::Failed).await;
            return Err(error.into());
        }
    };
    if tell(&*on.ledger, &Keys::read(dir)?, kind, &rotated.from, by).await? {
        return Ok(rotated);
    }
    Err(told_another(kind))
}

/// Has another generation seal from now on. Those that nothing needs are destroyed at once; the others by a server, later.
async fn rotate_seal(on: &Operations, keys: &Keys, by: &Actor) -> Result<Rotated, OperationError> {
    let seals = on.seals(keys);
    let made = async {
        let seal = seals.open().await?;
        let rotated = seals.next(&seal, seal.id()).await?;
        Ok((seal, rotated))
    };
    let made: Result<_, OperationError> = made.await;
    let result = if made.is_ok() { ActResult::Done } else { ActResult::Failed };
    let mut entry = AuditEntry::new(by, Act::RotateKey, Object::keys(), result).with_word("key", KeyKind::Seal);
    if let Ok((_, Rotated { from, to })) = &made {
        entry = entry.with_word("from", from).with_word("to", to);
    }
    on.ledger.note(entry).await?;
    let (seal, rotated) = made?;
    // Another one seals by now, whatever becomes of those before it.
    seals.tend(&seal, None).await?;
    Ok(rotated)
}

/// Tells a ledger of the keys that have replaced those which it belongs to: it may be older than they are.
pub(super) async fn tell_all(ledger: &dyn Ledger, keys: &Keys, dir: &Path, by: &Actor) -> Result<(), OperationError> {
    let noted = ledger.key_ids(&keys.ids()).await?;
    keys.must_follow(&noted, dir)?;
    for kind in KeyKind::ALL {
        if noted.of(kind) != keys.ids().of(kind) && !tell(ledger, keys, kind, noted.of(kind), by).await? {
            return Err(told_another(kind));
        }
    }
    Ok(())
}

/// Tells a ledger of the key that has replaced this one, and carries over what stands under it; `false` where the ledger does
/// not belong to that.
async fn tell(
    ledger: &dyn Ledger,
    keys: &Keys,
    kind: KeyKind,
    from: &KeyId,
    by: &Actor,
) -> Result<bool, OperationError> {
    if kind == KeyKind::Index {
        // Both are of one file, so it has replaced it.
        let Some(carry) = keys.index.carry_from(from) else { return Ok(false) };
        return Ok(ledger.rotate_index(&carry, by).await?);
    }
    let told = RotatedKey { kind, from: from.clone(), to: keys.ids().of(kind).clone() };
    Ok(ledger.rotate_key(&told, by).await?)
}

fn told_another(kind: KeyKind) -> OperationError {
    OperationError::Conflict(format!("the ledger was told of another {kind} key meanwhile; nothing has changed in it"))
}

async fn nobody_works(on: &Operations) -> Result<(), OperationError> {
    let processes = on.ledger.processes().await?;
    match processes.iter().filter(|process| !process.is_lost()).count() {
        0 => Ok(()),
        count => Err(OperationError::Conflict(format!(
            "{count} processes work on the ledger, and do not know another key; stop them first"
        ))),
    }
}
