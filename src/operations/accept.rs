//! Going on with a ledger that is older than it was, or another one: a person says so, and the chain of receipts goes on after
//! what is missing.

use std::path::Path;

use jiff::Timestamp;

use super::{OperationError, Operations};
use crate::audit::{Act, ActResult, Actor, AuditEntry, Object};
use crate::chain::Next;
use crate::key_files::{Keys, read_public_keys};
use crate::keys::KeyId;
use crate::ledger::{Cursor, Ledger, ReceiptRange};
use crate::outside::{Behind, Known, KnownKeys, StateError, StateFile, compare};
use crate::receipt::{ChainName, Gap, GapCause, ReceiptHead, SignedGap};

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Accepted {
    /// Nothing is remembered that it could be compared with.
    NothingKnown,
    /// The ledger is the one that is known, and as new as it was.
    Unchanged,
    /// It was not, and is from here on; with what is missing, where receipts are.
    Done(Option<Gap>),
}

/// Accepts a ledger that a server refuses, as it is behind what is known of it. Nobody may work on it meanwhile.
/// Also that keys are gone under which something is sealed in it, which are returned; all of them only where `seals_gone` says so.
pub(crate) async fn accept(
    on: &Operations,
    seals_gone: bool,
    cause: GapCause,
    by: &Actor,
) -> Result<(Accepted, Vec<KeyId>), OperationError> {
    let at_work = on.ledger.processes().await?.iter().filter(|process| !process.is_lost()).count();
    if at_work > 0 {
        return Err(OperationError::Conflict(format!("{at_work} processes work on the ledger; stop them first")));
    }
    let state = on.resources.state.as_ref();
    let known = state.map_or(Ok(None), StateFile::read)?;
    let keys = on.keys().await?;
    let accepted = go_on(&*on.ledger, known, &on.resources.keys_dir, state, cause, by).await?;
    Ok((accepted, on.seals(&keys).accept_and_note(seals_gone, Act::AcceptLedger, by).await?))
}

/// The same for a ledger on which nobody works, with what is known of it and where that is remembered.
pub(super) async fn go_on(
    ledger: &dyn Ledger,
    known: Option<Known>,
    keys_dir: &Path,
    state: Option<&StateFile>,
    cause: GapCause,
    by: &Actor,
) -> Result<Accepted, OperationError> {
    let keys = Keys::load(keys_dir)?;
    let behind = compare(known.as_ref(), ledger, &read_public_keys(keys_dir)?).await?;
    let there = newest(ledger).await?;
    let newest_there = there.as_ref().map_or(0, |there| there.sequence);
    let issued = known.as_ref().map_or(0, Known::issued_up_to);
    // A backup can have the newest receipt that was seen, and not one that was issued at the last instant.
    let may_lack = cause == GapCause::Restored && issued > newest_there;
    if behind.is_ok() && !may_lack {
        // Receipts alone do not show that nothing else was lost; where nothing was, somebody signs in once more.
        if known.is_some() {
            ledger.forget_sessions().await?;
        } else {
            suspend_accounts(ledger, by).await?;
        }
        ledger.note(AuditEntry::new(by, Act::AcceptLedger, Object::ledger(), ActResult::Unchanged)).await?;
        return Ok(if known.is_some() { Accepted::Unchanged } else { Accepted::NothingKnown });
    }
    // Nobody's word makes it true: what the archive was is not known.
    if let Err(forged @ Behind::Forged(_)) = &behind {
        return Err(OperationError::Conflict(forged.to_string()));
    }
    // It is older than it was: who was signed out, disabled or given another password since, and tokens that were revoked, would be good again.
    suspend_accounts(ledger, by).await?;
    // What the ledger says was lost is believed again only because a person says so; it ends no earlier than what was seen.
    let stated = ledger.receipt_end().await?.gap.map(|signed| signed.gap.head());
    let seen = [stated, known.and_then(|known| known.receipt)].into_iter().flatten();
    // Where the ledger has a number that is as great, it was given out twice already, and nothing can undo that.
    let beyond = seen.filter(|seen| newest_there < seen.sequence);
    let seen = beyond.max_by_key(|seen| seen.sequence);
    let seen = seen.or_else(|| (issued > newest_there).then(|| there.clone().unwrap_or_else(none)));
    let gap = match seen {
        Some(seen) => {
            let gap = Gap::between(there.as_ref(), &seen, Timestamp::now(), by.to_string(), cause).up_to(issued);
            if !ledger.accept_gap(&SignedGap::sign(gap.clone(), &keys.receipt), by).await? {
                let what = "receipts were written meanwhile: a server works on the ledger; stop it first";
                return Err(OperationError::Conflict(what.to_owned()));
            }
            Some(gap)
        }
        None => {
            ledger.note(AuditEntry::new(by, Act::AcceptLedger, Object::ledger(), ActResult::Done)).await?;
            None
        }
    };
    // Last: where this is not reached, the same again does it all.
    if let Some(state) = state {
        let now = Known::new(ledger.id().await?, ledger.receipt_head().await?, KnownKeys::of(&keys));
        state.replace(&now)?;
    }
    Ok(Accepted::Done(gap))
}

/// Nobody signs in, and no token is taken, until a person has looked at each account.
pub(super) async fn suspend_accounts(ledger: &dyn Ledger, by: &Actor) -> Result<(), OperationError> {
    let accounts = ledger.suspend_accounts(by).await?;
    if accounts > 0 {
        tracing::warn!(
            accounts,
            "accounts are disabled, with their tokens, as the ledger may be older than it was: see `quietus users list` and \
             `quietus tokens list`, revoke what was revoked, and `quietus users enable` who may go on"
        );
    }
    Ok(())
}

/// What the first receipt follows.
fn none() -> ReceiptHead {
    ReceiptHead { sequence: 0, hash: Next::after(None).previous }
}

/// The newest receipt that is there, or in an archive, whatever was lost behind it.
async fn newest(ledger: &dyn Ledger) -> Result<Option<ReceiptHead>, OperationError> {
    let newest = ReceiptRange { cursor: Cursor::NEWEST, ..ReceiptRange::all(0, 1) };
    if let Some(receipt) = ledger.receipts(&newest).await?.items.first() {
        return Ok(Some(receipt.head()));
    }
    Ok(ledger.checkpoints(ChainName::Receipts).await?.pop().map(|newest| newest.checkpoint.head()))
}

impl From<StateError> for OperationError {
    fn from(error: StateError) -> Self {
        Self::Failed(error.into())
    }
}
