//! What a plugin says is not to be trusted with personal data: text of a plugin enters, text that may be logged leaves.

use crate::keys::Secret;

/// As the plugin's side does it with what it knows: without the values, in one printable line of at most 500 characters.
pub(super) fn redact<'a>(text: &str, values: impl IntoIterator<Item = &'a Secret>) -> String {
    quietus_plugin::shown(text, values.into_iter().map(Secret::expose))
}
