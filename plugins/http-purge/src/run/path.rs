//! Paths: a segment's template and its values enter, an encoded segment leaves, or the refusal of a value that could lead
//! out of it.

use quietus_plugin::PluginError;

use crate::template::{Template, Values, percent};

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

/// Whether there is a segment `.` or `..`, however often the text is decoded.
fn has_dots(text: &str) -> bool {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        plain.push(c.to_ascii_lowercase());
        for (encoded, decoded) in [("%25", '%'), ("%2e", '.'), ("%2f", '/'), ("%5c", '\\')] {
            if plain.ends_with(encoded) {
                plain.truncate(plain.len() - encoded.len());
                plain.push(decoded);
            }
        }
    }
    plain.split(['/', '\\']).any(|part| matches!(part, "." | ".."))
}
