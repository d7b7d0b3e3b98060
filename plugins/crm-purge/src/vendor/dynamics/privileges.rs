//! What the application user may do, and with whose rows.
//!
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/security-concepts>

use std::collections::BTreeMap;

use serde_json::Value;

/// How far a privilege reaches: to the user's own rows, to those of a business unit, of those below it, of all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Depth {
    Basic,
    Local,
    Deep,
    Global,
}

/// Privileges by their names in small letters.
#[derive(Default)]
pub(super) struct Privileges(BTreeMap<String, Depth>);

/// The privileges that a table is read and deleted by.
#[derive(Default)]
pub(super) struct OfTable {
    pub(super) read: Option<String>,
    pub(super) delete: Option<String>,
}

impl Depth {
    /// By its name, or by its number in the SDK.
    fn of(value: &Value) -> Option<Self> {
        match (value.as_str(), value.as_u64()) {
            (Some("Basic"), _) | (_, Some(0)) => Some(Self::Basic),
            (Some("Local"), _) | (_, Some(1)) => Some(Self::Local),
            (Some("Deep"), _) | (_, Some(2)) => Some(Self::Deep),
            (Some("Global"), _) | (_, Some(3)) => Some(Self::Global),
            _ => None,
        }
    }
}

impl Privileges {
    /// Those of an answer, of several roles the one that reaches furthest. `None` where it does not tell.
    pub(super) fn of(answer: &Value) -> Option<Self> {
        let mut all = BTreeMap::new();
        for privilege in answer["RolePrivileges"].as_array()? {
            let (Some(name), Some(depth)) = (privilege["PrivilegeName"].as_str(), Depth::of(&privilege["Depth"]))
            else {
                continue;
            };
            let known = all.entry(name.to_ascii_lowercase()).or_insert(depth);
            *known = (*known).max(depth);
        }
        Some(Self(all))
    }

    pub(super) fn depth(&self, name: &str) -> Option<Depth> {
        self.0.get(&name.to_ascii_lowercase()).copied()
    }
}

impl OfTable {
    pub(super) fn of(definition: &Value) -> Self {
        let named = |what: &str| {
            let all = definition["Privileges"].as_array().into_iter().flatten();
            let found = all.into_iter().find(|privilege| privilege["PrivilegeType"] == what);
            found.and_then(|privilege| privilege["Name"].as_str()).map(str::to_owned)
        };
        Self { read: named("Read"), delete: named("Delete") }
    }
}
