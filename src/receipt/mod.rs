//! The record of a finished erasure: hash-chained, signed, free of personal data. Anyone who has the public key can verify
//! a list of them; neither the ledger nor the configuration is needed for that.

mod advice;
mod chain;
mod checkpoint;
mod gap;
mod key;
mod rotation;
#[cfg(test)]
pub(crate) mod sample;
mod statement;
mod trusted;

pub(crate) use crate::chain::Head as ReceiptHead;
pub(crate) use advice::{Advised, ForeseenAdvice, advised};
pub(crate) use chain::{Chain, ChainBroken, verify_chain};
pub(crate) use checkpoint::{ChainName, Checkpoint, Moved, SignedCheckpoint};
pub(crate) use gap::{ChainEnd, Gap, GapCause, SignedGap};
pub(crate) use key::{ReceiptKey, id_of_public_key};
pub(crate) use rotation::KeyRotation;
pub(crate) use statement::{FollowedStatement, ReasonStatement, Statement, StepStatement};
pub(crate) use trusted::TrustedKeys;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::chain::{Next, canonical, hash};
use crate::erasure::{Erasure, ErasureState, Findings, Outcome, judge};
use crate::subject::TargetName;
use key::PublicKey;
use statement::{ConfirmedStatement, FORMAT};

/// A signed statement.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    /// What the statement says, as far as this program knows its members. Only read: what is signed is the text.
    pub(crate) statement: Statement,
    /// The statement's JSON as it was signed, with every member, whether this program knows it or not.
    signed: Box<RawValue>,
    /// Of the canonical JSON, hex: the next receipt names it.
    hash: String,
    /// Ed25519 over the canonical JSON (RFC 8785) of the statement, hex.
    pub(crate) signature: String,
}

/// Why a text is no receipt. Names no content: the text may be anything.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAReceipt {
    #[error("it is not the JSON of a statement and its signature")]
    Shape,
    #[error("its format is {0}, and this program reads format {FORMAT}: use the quietus that wrote it")]
    Format(u64),
    #[error("its statement cannot be made canonical: {0}")]
    Canonical(serde_json::Error),
    #[error("its statement is not one of format {FORMAT}: see column {column} of the statement")]
    Statement { column: usize },
}

impl Receipt {
    /// The receipt of an erasure whose steps all have an outcome, as the successor of `head`; `gap` is what was lost just
    /// before it, `follows` the receipts of what it has erased again.
    pub(crate) fn issue(
        erasure: &Erasure,
        follows: &[FollowedStatement],
        head: Option<&ReceiptHead>,
        gap: Option<Gap>,
        key: &ReceiptKey,
        now: Timestamp,
    ) -> Result<Self, Unfinished> {
        let cancelled = erasure.state == ErasureState::Cancelled;
        let steps = erasure.steps.iter().map(|step| {
            let outcome = step.final_outcome().ok_or_else(|| Unfinished(step.target.clone()))?;
            // It is an outcome only where a person has ended the erasure as it is; else the receipt would close what is
            // still to be done.
            if outcome == Outcome::Parked && !cancelled {
                return Err(Unfinished(step.target.clone()));
            }
            Ok(StepStatement::of(step, outcome))
        });
        let (verdict, reasons) = judge(erasure);
        let unresolved = Findings::default();
        let findings = erasure.findings.as_ref().unwrap_or(&unresolved);
        let place = Next::after(head);
        let statement = Statement {
            format: FORMAT,
            sequence: place.sequence,
            previous: place.previous,
            key: key.id(),
            erasure: erasure.id,
            installation: erasure.subject.installation().clone(),
            scope: erasure.subject.scope(),
            subject: erasure.subject.key(),
            state: if cancelled { ErasureState::Cancelled } else { ErasureState::Done },
            verdict,
            reasons: reasons.into_iter().map(ReasonStatement::from).collect(),
            rules: erasure.rules.clone(),
            follows: follows.to_vec(),
            approved: erasure.approved,
            confirmed: ConfirmedStatement::of(erasure.confirmation.as_ref()),
            sessions: erasure.sessions,
            possible_left: findings.possible_left,
            possible_included: findings.possible_included,
            possible_excluded: findings.possible_excluded,
            excluded: findings.excluded,
            came_since: findings.came_since,
            unread: findings.unread,
            narrowed: findings.narrowed.map(|narrowed| narrowed.as_str().to_owned()),
            search: findings.search,
            consent_versions: findings.consent_versions.clone(),
            hold: None,
            gap,
            created: erasure.created,
            begun: erasure.begun,
            ended: now,
            steps: steps.collect::<Result<_, _>>()?,
        };
        Ok(Self::sign(statement, key))
    }

    /// Signs the canonical JSON of a statement, which is also how it is written.
    fn sign(statement: Statement, key: &ReceiptKey) -> Self {
        let json = serde_json::to_string(&statement).expect("a statement is JSON");
        let bytes = canonical::bytes(&json).expect("a statement holds no other numbers than integers below 2^53");
        let hash = hash(&bytes);
        let signature = key.sign(&bytes);
        let text = String::from_utf8(bytes).expect("canonical JSON is UTF-8");
        let signed = RawValue::from_string(text).expect("canonical JSON is JSON");
        Self { statement, signed, hash, signature }
    }

    /// Reads what serializing wrote. Whether it was signed by anyone is another question: see [`Chain`].
    pub(crate) fn read(text: &str) -> Result<Self, NotAReceipt> {
        serde_json::from_str::<Written>(text).map_err(|_| NotAReceipt::Shape)?.try_into()
    }

    /// The place of this receipt in the chain.
    pub(crate) fn head(&self) -> ReceiptHead {
        ReceiptHead { sequence: self.statement.sequence, hash: self.hash.clone() }
    }

    /// Whether the signature is of this statement under `key`.
    fn is_signed_by(&self, key: &PublicKey) -> bool {
        canonical::bytes(self.signed.get()).is_ok_and(|bytes| key.has_signed(&bytes, &self.signature))
    }
}

impl PartialEq for Receipt {
    fn eq(&self, other: &Self) -> bool {
        self.signed.get() == other.signed.get() && self.signature == other.signature
    }
}

impl Eq for Receipt {}

/// A receipt as it is written: what it says is not read here, so that the text of the statement stays as it is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    statement: Box<RawValue>,
    signature: String,
}

impl TryFrom<Written> for Receipt {
    type Error = NotAReceipt;

    fn try_from(written: Written) -> Result<Self, NotAReceipt> {
        #[derive(Deserialize)]
        struct Versioned {
            format: u64,
        }

        let text = written.statement.get();
        let misfit = |error: serde_json::Error| NotAReceipt::Statement { column: error.column() };
        // First: another format may have rules of its own.
        let Versioned { format } = serde_json::from_str(text).map_err(misfit)?;
        if format != FORMAT {
            return Err(NotAReceipt::Format(format));
        }
        let canonical = canonical::bytes(text).map_err(NotAReceipt::Canonical)?;
        let statement = serde_json::from_str(text).map_err(misfit)?;
        let Written { statement: signed, signature } = written;
        Ok(Self { statement, hash: hash(&canonical), signed, signature })
    }
}

impl Serialize for Receipt {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Writes<'a> {
            statement: &'a RawValue,
            signature: &'a str,
        }
        Writes { statement: &self.signed, signature: &self.signature }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Receipt {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Written::deserialize(deserializer)?.try_into().map_err(serde::de::Error::custom)
    }
}

/// A step without an outcome: there is no receipt for this.
#[derive(Debug, thiserror::Error)]
#[error("no receipt: the step at `{0}` has no final outcome")]
pub(crate) struct Unfinished(TargetName);

#[cfg(test)]
mod tests;
