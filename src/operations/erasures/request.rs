//! Asking for an erasure. It is written into the ledger; a running server carries it through.

use jiff::Timestamp;

use super::acts::show;
use super::checked::{Checked, Request};
use super::reach::{self, Reach};
use crate::audit::Actor;
use crate::erasure::{Erasure, ErasureId, NewErasure, ToSeal};
use crate::key_files::Keys;
use crate::ledger::sealing;
use crate::operations::{OperationError, Operations};
use crate::policy::REQUEST;

/// A request, and what stands for it in the ledger.
#[derive(Debug)]
pub(crate) struct Requested {
    pub(crate) erasure: Erasure,
    /// Another erasure of the same subject was there before and stands for it.
    pub(crate) merged: bool,
    /// Which sessions it reaches, as far as that could be told when it was asked for.
    pub(crate) reach: Result<Reach, OperationError>,
}

/// Asks for an erasure.
pub(crate) async fn request(on: &Operations, request: Request, by: &Actor) -> Result<Requested, OperationError> {
    let keys = on.keys().await?;
    let seal = on.seal_key(&keys).await?;
    let after = request.after;
    let checked = Checked::read(on, &keys, request)?;
    // A server resolves it anew when it begins; that this cannot be told now does not keep a request from being made.
    let reach = reach_of(on, &keys, &checked).await;
    let now = Timestamp::now();
    let id = ErasureId::generate(now);
    let Checked { subject, whom, fingerprints, selection, targets } = checked;
    let erasure = NewErasure {
        id,
        subject,
        rule: REQUEST.to_owned(),
        version: None,
        targets,
        due: now.saturating_add(after).unwrap_or(Timestamp::MAX),
        // Somebody who asks by hand has looked at whom it reaches, so nobody else has to approve it, unless that is wanted.
        approve: on.settings.four_eyes,
        approved: None,
        confirm: None,
        origin: None,
        selection,
        capsule: ToSeal::of(whom, &seal),
        fingerprints,
    };
    let stands = sealing(&seal, || on.ledger.request(erasure.clone(), by)).await?;
    Ok(Requested { erasure: show(on, stands).await?, merged: stands != id, reach })
}

async fn reach_of(on: &Operations, keys: &Keys, checked: &Checked) -> Result<Reach, OperationError> {
    let client = on.client(checked.subject.installation())?;
    reach::find(on, keys, checked, &client).await
}
