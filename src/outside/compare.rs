//! Whether a ledger is the one that is known, and at least as new.

use super::{Known, StateFile};
use crate::ledger::{LedgerError, LedgerId, LedgerPlace, ReceiptRange, Records};
use crate::receipt::{ChainEnd, ChainName, Gap, ReceiptHead, SignedGap, TrustedKeys};

/// Why a ledger is not to be worked on: it would give out numbers of receipts a second time, and what was decided since is
/// missing in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Behind {
    #[error(
        "the ledger is gone: there is no file {path}, of which {sequence} receipts were seen. Put the file back, or restore the \
         newest backup with `quietus ledger restore`. Where it is to begin anew, with receipt 1, delete {state} as well"
    )]
    Gone { path: String, sequence: u64, state: String },
    #[error("this is another ledger: {known} was known here, with receipt {sequence}, and this one is {there}. {HELP}")]
    Other { known: LedgerId, sequence: u64, there: LedgerId },
    #[error(
        "the ledger is older than it was, or its newest receipts were cut off: receipt {known} was seen, and its newest is \
             {there}. {HELP}"
    )]
    Older { known: u64, there: u64 },
    #[error("the ledger has another receipt {0} than the one that was seen. {HELP}")]
    Differs(u64),
    #[error(
        "the ledger says that receipts up to {0} were lost, and that is not signed by the key of this deployment: \
             somebody else has written it. {HELP}"
    )]
    Unsigned(u64),
    #[error(
        "the ledger says that receipts up to {0} are in an archive, and that is not signed by the key of this deployment: \
             somebody else has written it. Put the right ledger in place, or restore the newest backup with `quietus ledger restore`"
    )]
    Forged(u64),
}

impl Behind {
    /// What is wrong, without what to do.
    pub(super) fn brief(&self) -> String {
        match self {
            Self::Gone { path, .. } => format!("there is no file {path}"),
            Self::Other { known, there, .. } => format!("it is the ledger {there}, and {known} was served"),
            Self::Older { known, there } if there < known => {
                format!("its newest receipt is {there}, and {known} was seen")
            }
            Self::Older { known, there } => format!("it goes on to receipt {there} without {known}, which was seen"),
            Self::Differs(sequence) => format!("its receipt {sequence} is another one than was seen"),
            Self::Unsigned(last) => {
                format!("it says that receipts up to {last} were lost, and the deployment's key has not signed that")
            }
            Self::Forged(last) => {
                format!("it says that receipts up to {last} are archived, and the deployment's key has not signed that")
            }
        }
    }
}

const HELP: &str = "Put the right ledger in place, or restore the newest backup with `quietus ledger restore`. To go on with \
                    this one all the same, `quietus ledger accept`: the next receipt then states what is missing";

/// Refuses a ledger whose file is gone before an empty one is made in its place.
pub(crate) fn must_be_there(place: &LedgerPlace, state: Option<&StateFile>) -> Result<(), anyhow::Error> {
    let (LedgerPlace::Sqlite(path), Some(state)) = (place, state) else { return Ok(()) };
    match state.read()? {
        Some(known) if !path.exists() => {
            let sequence = known.sequence();
            let state = state.path().display().to_string();
            Err(Behind::Gone { path: path.display().to_string(), sequence, state }.into())
        }
        _ => Ok(()),
    }
}

/// Compares a ledger with what is known of it; where nothing is known, only what it says itself. `public_keys` are those of
/// the deployment's receipts, hex, with the ones that were rotated.
pub(crate) async fn compare(
    known: Option<&Known>,
    ledger: &(impl Records + ?Sized),
    public_keys: &[String],
) -> Result<Result<(), Behind>, LedgerError> {
    let ChainEnd { head, gap } = ledger.receipt_end().await?;
    if let Some(gap) = gap.filter(|gap| !public_keys.iter().any(|key| gap.is_signed_by(key))) {
        return Ok(Err(Behind::Unsigned(gap.gap.last)));
    }
    let id = ledger.id().await?;
    let sequence = known.map_or(0, Known::sequence);
    let found = ledger.receipts(&ReceiptRange::all(sequence, 1)).await?.items;
    // After the receipt: it may move to an archive in between.
    let archived = ledger.checkpoints(ChainName::Receipts).await?.pop();
    if let Some(signed) = &archived {
        let keys = TrustedKeys::read(public_keys.iter().map(String::as_str));
        let is_ours = keys.is_some_and(|keys| keys.have_signed(signed)) && signed.checkpoint.ledger == id.0;
        if !is_ours {
            return Ok(Err(Behind::Forged(signed.checkpoint.last)));
        }
    }
    let Some(known) = known else { return Ok(Ok(())) };
    // What nobody of ours has signed explains nothing away.
    let is_ours = |gap: &SignedGap| public_keys.iter().any(|key| gap.is_signed_by(key));
    let gaps = ledger.receipt_gaps().await?;
    let there = There {
        head,
        of_known: found.iter().map(|receipt| receipt.head()).find(|head| head.sequence == sequence),
        archived: archived.map(|signed| signed.checkpoint.head()),
        gaps: gaps.into_iter().filter(is_ours).map(|signed| signed.gap).collect(),
        id,
    };
    Ok(judge(known, &there))
}

/// What a ledger says of itself.
struct There {
    id: LedgerId,
    /// What its next receipt follows.
    head: Option<ReceiptHead>,
    /// Its receipt with the number that is known.
    of_known: Option<ReceiptHead>,
    /// The last one that is in an archive, by a checkpoint that is signed.
    archived: Option<ReceiptHead>,
    gaps: Vec<Gap>,
}

fn judge(known: &Known, there: &There) -> Result<(), Behind> {
    let sequence = known.sequence();
    if known.ledger != there.id {
        return Err(Behind::Other { known: known.ledger.clone(), sequence, there: there.id.clone() });
    }
    let Some(seen) = &known.receipt else { return Ok(()) };
    let is_lost = |gap: &Gap| gap.has(seen);
    let newest = there.head.as_ref().map_or(0, |head| head.sequence);
    match &there.of_known {
        Some(found) if found == seen => Ok(()),
        Some(_) => Err(Behind::Differs(sequence)),
        None if there.gaps.iter().any(is_lost) => Ok(()),
        None => match &there.archived {
            Some(archived) if archived == seen || archived.sequence > sequence => Ok(()),
            Some(archived) if archived.sequence == sequence => Err(Behind::Differs(sequence)),
            _ => Err(Behind::Older { known: sequence, there: newest }),
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::outside::KnownKeys;
    use crate::receipt::GapCause;

    fn head(sequence: u64, hash: &str) -> ReceiptHead {
        ReceiptHead { sequence, hash: hash.to_owned() }
    }

    fn known(receipt: Option<ReceiptHead>) -> Known {
        let [index, seal, receipt_key] = [String::new(), String::new(), String::new()];
        Known::new(LedgerId("a".into()), receipt, KnownKeys { index, seal, receipt: receipt_key })
    }

    fn there(newest: u64, of_known: Option<ReceiptHead>) -> There {
        let head = (newest > 0).then(|| head(newest, "newest"));
        There { id: LedgerId("a".into()), head, of_known, archived: None, gaps: Vec::new() }
    }

    fn lost(after: u64, last: u64, hash: &str) -> Gap {
        let seen = head(last, hash);
        Gap::between(Some(&head(after, "x")), &seen, Timestamp::UNIX_EPOCH, "cli:root".into(), GapCause::Accepted)
    }

    #[track_caller]
    fn check(known: &Known, there: &There, expected: Result<(), Behind>) {
        assert_eq!(judge(known, there), expected);
    }

    #[test]
    fn a_ledger_is_as_new_as_it_was_when_it_has_the_receipt_that_was_seen() {
        let seen = known(Some(head(5, "five")));
        check(&known(None), &there(0, None), Ok(()));
        check(&seen, &there(5, Some(head(5, "five"))), Ok(()));
        check(&seen, &there(9, Some(head(5, "five"))), Ok(()));
        check(&seen, &there(4, None), Err(Behind::Older { known: 5, there: 4 }));
        check(&seen, &there(0, None), Err(Behind::Older { known: 5, there: 0 }));
        check(&seen, &there(5, Some(head(5, "other"))), Err(Behind::Differs(5)));
        check(&seen, &there(9, None), Err(Behind::Older { known: 5, there: 9 }));
    }

    #[test]
    fn what_is_in_an_archive_is_not_missed() {
        let seen = known(Some(head(5, "five")));
        let archived = |sequence, hash| There { archived: Some(head(sequence, hash)), ..there(9, None) };
        check(&seen, &archived(5, "five"), Ok(()));
        check(&seen, &archived(7, "seven"), Ok(()));
        check(&seen, &archived(5, "other"), Err(Behind::Differs(5)));
        check(&seen, &archived(4, "four"), Err(Behind::Older { known: 5, there: 9 }));
    }

    #[test]
    fn another_ledger_is_refused_also_where_no_receipt_was_seen() {
        let other = There { id: LedgerId("b".into()), ..there(9, Some(head(5, "five"))) };
        for (receipt, sequence) in [(None, 0), (Some(head(5, "five")), 5)] {
            let expected = Behind::Other { known: LedgerId("a".into()), sequence, there: LedgerId("b".into()) };
            check(&known(receipt), &other, Err(expected));
        }
    }

    #[test]
    fn what_a_gap_states_is_not_missed() {
        let seen = known(Some(head(5, "five")));
        let stated = |gaps: Vec<Gap>| There { gaps, ..there(9, None) };
        check(&seen, &stated(vec![lost(3, 5, "five")]), Ok(()));
        check(&seen, &stated(vec![lost(3, 7, "seven")]), Ok(()));
        check(&seen, &stated(vec![lost(3, 5, "other")]), Err(Behind::Older { known: 5, there: 9 }));
        check(&seen, &stated(vec![lost(5, 7, "seven"), lost(1, 4, "four")]), Err(Behind::Older { known: 5, there: 9 }));
    }
}
