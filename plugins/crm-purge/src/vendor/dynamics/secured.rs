//! Columns that people are searched by and that column security may keep from the user, who sees them as empty ones then.
//!
//! <https://learn.microsoft.com/en-us/power-apps/developer/data-platform/column-level-security>

use serde_json::Value;

use super::{ADDRESSES, NUMBERS, columns, read_by};
use crate::choice::By;

/// The secured ones of a table: names and ids. `None` where its definition does not tell it of each of them.
pub(super) fn secured<'d>(definition: &'d Value, by: &[By]) -> Option<Vec<(&'static str, &'d str)>> {
    let told = definition["Attributes"].as_array()?;
    let mut secured = Vec::new();
    for name in columns(&read_by(by, ADDRESSES, NUMBERS)) {
        let column = told.iter().find(|column| column["LogicalName"] == name)?;
        if column["IsSecured"].as_bool()? {
            secured.push((name, column["MetadataId"].as_str()?));
        }
    }
    Some(secured)
}

/// Those of them that the user may not read.
pub(super) fn not_readable(definition: &Value, by: &[By], answer: Option<&Value>) -> Option<Vec<&'static str>> {
    /// As in the option set `field_security_permission_type`.
    const ALLOWED: u64 = 4;
    let privileges: Vec<&Value> =
        answer.and_then(|answer| answer["AttributePrivileges"].as_array()).into_iter().flatten().collect();
    let may_read = |id: &str| {
        let of_column = privileges.iter().find(|privilege| privilege["AttributeId"].as_str() == Some(id));
        of_column.is_some_and(|privilege| privilege["CanRead"].as_u64() == Some(ALLOWED))
    };
    let hidden = secured(definition, by)?.into_iter().filter(|(_, id)| !may_read(id));
    Some(hidden.map(|(name, _)| name).collect())
}
