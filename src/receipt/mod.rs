//! The record of a finished erasure: hash-chained, signed, free of personal data. A closed erasure and the chain's head
//! enter, a [`Receipt`] leaves; a list of them can be verified by anyone who has the public key.

mod canonical;
mod chain;

pub(crate) use chain::{ChainBroken, verify_chain};

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::erasure::{Erasure, ErasureId, ErasureState, Outcome, Subject};
use crate::keys::IndexKey;
use crate::subject::{Scope, TargetName};

/// The format's version, in every receipt.
const FORMAT: u32 = 1;

/// What a receipt says. The signature and the next receipt's `previous` cover all of it, as canonical JSON (RFC 8785).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statement {
    pub(crate) format: u32,
    /// From 1, without a gap.
    pub(crate) sequence: u64,
    /// SHA-256 of the preceding statement, hex; of nothing for the first.
    pub(crate) previous: String,
    pub(crate) erasure: ErasureId,
    pub(crate) scope: Scope,
    /// A session's key; of a guest or a person a keyed digest.
    pub(crate) subject: String,
    /// `done`, or `cancelled` when a person closed it with steps unfinished.
    pub(crate) state: ErasureState,
    pub(crate) rules: Vec<String>,
    pub(crate) sessions: u32,
    pub(crate) created: Timestamp,
    pub(crate) begun: Option<Timestamp>,
    pub(crate) ended: Timestamp,
    pub(crate) steps: Vec<StepStatement>,
}

/// What became of the data at one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StepStatement {
    pub(crate) target: TargetName,
    pub(crate) outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reason: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) counts: BTreeMap<String, u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verified_at: Option<Timestamp>,
}

/// A signed statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Receipt {
    pub(crate) statement: Statement,
    /// Ed25519 over the canonical JSON of the statement, hex.
    pub(crate) signature: String,
}

/// The newest receipt's place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReceiptHead {
    pub(crate) sequence: u64,
    pub(crate) hash: String,
}

/// The key that signs receipts.
#[derive(Clone)]
pub(crate) struct ReceiptKey(SigningKey);

impl ReceiptKey {
    pub(crate) fn new(seed: &Zeroizing<[u8; 32]>) -> Self {
        Self(SigningKey::from_bytes(seed))
    }

    /// The public key, hex.
    pub(crate) fn public(&self) -> String {
        hex::encode(self.0.verifying_key().as_bytes())
    }
}

impl Receipt {
    /// The receipt of an erasure whose steps all have an outcome, as the successor of `head`.
    pub(crate) fn issue(
        erasure: &Erasure,
        state: ErasureState,
        head: Option<&ReceiptHead>,
        index: &IndexKey,
        key: &ReceiptKey,
        now: Timestamp,
    ) -> Result<Self, Unfinished> {
        let steps = erasure.steps.iter().map(|step| {
            let outcome = step.outcome.ok_or_else(|| Unfinished(step.target.clone()))?;
            if outcome == Outcome::Parked && state == ErasureState::Done {
                return Err(Unfinished(step.target.clone()));
            }
            Ok(StepStatement {
                target: step.target.clone(),
                outcome,
                reason: step.reason.clone(),
                counts: step.counts.clone(),
                erased_at: step.erased_at,
                verified_at: step.verified_at,
            })
        });
        let statement = Statement {
            format: FORMAT,
            sequence: head.map_or(0, |head| head.sequence) + 1,
            previous: head.map_or_else(|| hex::encode(Sha256::digest([])), |head| head.hash.clone()),
            erasure: erasure.id,
            scope: erasure.subject.scope(),
            subject: subject(&erasure.subject, index),
            state,
            rules: erasure.rules.clone(),
            sessions: erasure.sessions,
            created: erasure.created,
            begun: erasure.begun,
            ended: now,
            steps: steps.collect::<Result<_, _>>()?,
        };
        let signature = hex::encode(key.0.sign(&canonical::bytes(&statement)).to_bytes());
        Ok(Self { statement, signature })
    }

    /// The place of this receipt in the chain.
    pub(crate) fn head(&self) -> ReceiptHead {
        let hash = hex::encode(Sha256::digest(canonical::bytes(&self.statement)));
        ReceiptHead { sequence: self.statement.sequence, hash }
    }

    /// Whether the signature is of this statement under `public`.
    fn is_signed_by(&self, public: &VerifyingKey) -> bool {
        let mut signature = [0; 64];
        hex::decode_to_slice(&self.signature, &mut signature).is_ok()
            && public.verify_strict(&canonical::bytes(&self.statement), &Signature::from_bytes(&signature)).is_ok()
    }
}

/// A step without an outcome: there is no receipt for this.
#[derive(Debug, thiserror::Error)]
#[error("no receipt: the step at `{0}` has no final outcome")]
pub(crate) struct Unfinished(TargetName);

/// A session's key is mluvii's own number; a guest's id could be a tenant's customer number, so it is digested.
fn subject(subject: &Subject, index: &IndexKey) -> String {
    match subject {
        Subject::Session(_) | Subject::Person { .. } => subject.key(),
        Subject::Guest { source, guest } => {
            format!("guest:{}", hex::encode(index.seen(&[source.0.as_bytes(), guest.0.as_bytes()]).0))
        }
    }
}

#[cfg(test)]
mod tests;
