//! One thing that needs a person, put together.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Attention, Code, Delay, Severity};
use crate::audit::Object;

pub(super) fn found(code: Code, severity: Severity, object: Object, mark: String) -> Attention {
    Attention { code, severity, object, parameters: BTreeMap::new(), since: None, muted: None, mark }
}

pub(super) fn with(mut found: Attention, name: &'static str, value: Value) -> Attention {
    found.parameters.insert(name, value);
    found
}

/// Why one of the things that are named is not over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Why {
    /// Its name.
    pub(super) of: String,
    pub(super) waits_for: Vec<Delay>,
}

/// With why those of them are not over that are meant; as it was where nothing is known of it.
pub(super) fn with_why(found: Attention, why: &[Why], is_meant: impl Fn(&str) -> bool) -> Attention {
    let these: Vec<_> = why.iter().filter(|one| is_meant(&one.of) && !one.waits_for.is_empty()).collect();
    if these.is_empty() { found } else { with(found, "why", json!(these)) }
}
