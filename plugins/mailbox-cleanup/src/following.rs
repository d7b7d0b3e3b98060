//! What an answer says of the next page of its list: where nothing is said, the list is over. Anything else than a text is no word of that, and
//! an error: the people on further pages must not be treated as absent.

use serde::de::{Deserialize, Deserializer, Error as _};

/// For a member that is left out on the last page.
pub(crate) fn named<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    let named = String::deserialize(from)?;
    match named.is_empty() {
        true => Err(D::Error::custom("it names no page")),
        false => Ok(Some(named)),
    }
}
