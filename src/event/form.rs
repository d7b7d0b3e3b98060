//! Forms.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::Secret;

/// A submitted form. Personal: sealed before it is written, dropped with the decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// `hero_card`, `chatbot`, `call_script`, or the lower-case source of call params (`entry_form`, …).
    pub(crate) origin: String,
    pub(crate) id: Option<i64>,
    /// `false` when it was shown and cancelled.
    pub(crate) submitted: bool,
    pub(crate) by_client: Option<bool>,
    pub(crate) params: BTreeMap<String, Secret>,
    /// When it was filled in, where that is known: the newest of its params. Never when we looked.
    pub(crate) time: Option<Timestamp>,
}

/// A form as it stands inside a seal.
#[derive(Serialize, Deserialize)]
struct SealedForm {
    origin: String,
    id: Option<i64>,
    submitted: bool,
    by_client: Option<bool>,
    params: BTreeMap<String, zeroize::Zeroizing<String>>,
    time: Option<Timestamp>,
}

impl Form {
    pub(super) fn to_bytes(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let params = self.params.iter().map(|(name, value)| (name.clone(), value.expose().to_owned().into())).collect();
        let form = SealedForm {
            origin: self.origin.clone(),
            id: self.id,
            submitted: self.submitted,
            by_client: self.by_client,
            params,
            time: self.time,
        };
        serde_json::to_vec(&form).expect("a form is JSON").into()
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let SealedForm { origin, id, submitted, by_client, params, time } = serde_json::from_slice(bytes).ok()?;
        let params = params.into_iter().map(|(name, value)| (name, Secret::new(value.as_str()))).collect();
        Some(Self { origin, id, submitted, by_client, params, time })
    }
}
