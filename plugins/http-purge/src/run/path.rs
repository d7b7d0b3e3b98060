//! Paths: encodes a segment's template with its values, or refuses a value that could lead
//! out of it.

use quietus_plugin::PluginError;
use quietus_plugin::http::{has_dots, percent};

use crate::template::{Template, Values};

/// One segment of a path. A value stays within it: what separates is encoded. Refused are an empty value, which would
/// address the whole collection, and one with a segment `.` or `..`, which servers resolve, some after decoding.
pub(super) fn segment(template: &Template, values: &Values<'_>) -> Result<String, PluginError> {
    let text = template.render(values, |value| match value {
        "" => Err("is empty"),
        value => Ok(percent(value)),
    })?;
    if template.names().next().is_some() && has_dots(&text) {
        return Err(PluginError::permanent("a value would make a segment `.` or `..` in the path"));
    }
    Ok(text)
}
