//! Redaction: makes text of a plugin fit to be logged. A plugin is not trusted to leave personal data out.

use crate::keys::Secret;

/// As the plugin's side does it with what it knows: without the values, in one printable line of at most 500 characters.
pub(super) fn redact<'a>(text: &str, values: impl IntoIterator<Item = &'a Secret>) -> String {
    quietus_plugin::shown(text, values.into_iter().map(Secret::expose))
}
