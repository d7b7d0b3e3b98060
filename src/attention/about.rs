//! One thing that needs a person, put together.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Attention, Code, Severity};
use crate::audit::Object;

pub(super) fn found(code: Code, severity: Severity, object: Object, mark: String) -> Attention {
    Attention { code, severity, object, parameters: BTreeMap::new(), since: None, muted: None, mark }
}

pub(super) fn with(mut found: Attention, name: &'static str, value: Value) -> Attention {
    found.parameters.insert(name, value);
    found
}
