//! What a receipt may say of the whole: earned by what was seen, never assumed.

use serde::{Deserialize, Serialize};

use super::Erasure;
use crate::subject::TargetName;

/// What an ended erasure comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// Every target is erased or absent, and somebody saw it; what was expected or accepted not to be is named.
    Complete,
    /// Complete but for what a law or a hold keeps, which is named.
    Retained,
    /// Anything else, with every reason.
    Incomplete,
}

impl Verdict {
    pub(crate) const ALL: [Self; 3] = [Self::Complete, Self::Retained, Self::Incomplete];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Retained => "retained",
            Self::Incomplete => "incomplete",
        }
    }
}

/// One thing that a reader of the receipt has to know, whether it lowers the verdict or was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reason {
    pub(crate) code: ReasonCode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target: Option<TargetName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) count: Option<u64>,
    /// Free of personal data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}
