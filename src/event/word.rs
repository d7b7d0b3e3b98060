//! mluvii's words: names that are kept, and spellings that have changed over the years.

use serde::{Deserialize, Serialize};

/// The way a conversation was held, as mluvii spells it; `unknown` where it is not a plain word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Channel(pub(crate) String);

/// How a session came about, as mluvii spells it; `unknown` where it is not a plain word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct SessionSource(pub(crate) String);

/// The longest word that is kept, in bytes: longer ones could carry personal data.
const WORD_BYTES_MAX: usize = 40;

/// Stands for a name that is not a plain word.
pub(crate) const UNKNOWN_WORD: &str = "unknown";

/// The text as it is, or `unknown` where it is more than a word.
pub(crate) fn plain_word(text: &str) -> &str {
    let plain = text.len() <= WORD_BYTES_MAX
        && text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { text } else { UNKNOWN_WORD }
}

/// Whether two words of mluvii's are the same: it has changed their spelling over the years, and `REJECTED_USER` became
/// `RejectedUser`.
pub(crate) fn same_word(one: &str, other: &str) -> bool {
    fn letters(word: &str) -> impl Iterator<Item = u8> {
        word.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
    }
    letters(one).eq(letters(other))
}
