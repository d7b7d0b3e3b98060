//! Generations of the seal key, as a ledger knows them: which one seals, and under which something still is. One is closed for
//! sealing before anybody may find that nothing is left under it, and every write of something sealed checks, in its own
//! transaction, that its generation is not closed. So a key is never destroyed that anything needs, whatever other
//! processes do meanwhile, and whatever clocks show.

use jiff::SignedDuration;

use super::LedgerError;
use crate::keys::{KeyId, SealKey};

/// How often what is sealed is sealed anew, where each time another generation has followed.
const SEALED_AT_MOST: usize = 4;

/// A generation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SealGeneration {
    pub(crate) id: KeyId,
    pub(crate) state: GenerationState,
    /// How long it has been there, by the ledger's clock; less than nothing where that was put back.
    pub(crate) age: SignedDuration,
    /// Whether anything is sealed under it.
    pub(crate) in_use: bool,
}

impl SealGeneration {
    /// Whether its key has to be there.
    pub(crate) fn is_needed(&self) -> bool {
        self.in_use && self.state != GenerationState::Lost
    }
}

/// What a generation is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GenerationState {
    /// Its key is being written.
    New,
    /// The one that seals.
    Open,
    /// It opens, and seals nothing any more.
    Closed,
    /// Its key is gone, and a person has accepted that.
    Lost,
}

impl GenerationState {
    const ALL: [Self; 4] = [Self::New, Self::Open, Self::Closed, Self::Lost];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Open => "open",
            Self::Closed => "closed",
            Self::Lost => "lost",
        }
    }

    pub(super) fn read(word: &str) -> Result<Self, LedgerError> {
        let known = Self::ALL.into_iter().find(|state| state.as_str() == word);
        known.ok_or_else(|| super::broken("a generation of another state"))
    }
}

/// What was to be written is sealed under a generation that another one has followed.
#[derive(Debug, thiserror::Error)]
#[error("it is sealed under a key that was followed by {open}, and has to be sealed anew")]
pub(crate) struct SealClosed {
    open: KeyId,
}

/// Refuses what is sealed under another generation than the one that is open. A ledger that nobody has served knows of none.
pub(super) fn must_be_open(sealed: Option<&KeyId>, open: Option<KeyId>) -> Result<(), LedgerError> {
    match open {
        Some(open) if sealed != Some(&open) => Err(LedgerError::Broken(SealClosed { open }.into())),
        _ => Ok(()),
    }
}

impl LedgerError {
    /// The generation under which what was refused has to be sealed anew.
    pub(crate) fn closed_seal(&self) -> Option<&KeyId> {
        match self {
            Self::Broken(cause) => cause.downcast_ref::<SealClosed>().map(|closed| &closed.open),
            _ => None,
        }
    }
}

/// Seals under another generation from now on. Its key is read first, which can take as long as a disk or a program elsewhere does: on a
/// thread of its own, as everybody else is served meanwhile.
async fn turn(seal: SealKey, open: KeyId) -> Result<(), LedgerError> {
    let turned = tokio::task::spawn_blocking(move || seal.turn_to(&open)).await;
    turned.map_err(|panics| LedgerError::Busy(panics.into()))?.map_err(|none| LedgerError::Busy(none.into()))
}

/// Writes what it seals; again, where another process has made a new generation meanwhile.
pub(crate) async fn sealing<T, F: Future<Output = Result<T, LedgerError>>>(
    seal: &SealKey,
    write: impl Fn() -> F,
) -> Result<T, LedgerError> {
    // What nobody could open after a restart must not be acknowledged.
    seal.must_be_kept().map_err(|none| LedgerError::Busy(none.into()))?;
    for _ in 1..SEALED_AT_MOST {
        let written = write().await;
        match written.as_ref().err().and_then(LedgerError::closed_seal) {
            Some(open) => turn(seal.clone(), open.clone()).await?,
            None => return written,
        }
    }
    // Nothing is wrong with what is written: whoever sends it comes again.
    write().await.map_err(|error| match error {
        LedgerError::Broken(cause) if cause.is::<SealClosed>() => LedgerError::Busy(cause),
        error => error,
    })
}
