//! The words of a request's letters.

use super::part::words_of;
use crate::papers::LetterKind;

words_of! {
    /// What is said of letters.
    LettersWords
    texts { in_czech, in_english, lead, none, title }
    counts {}
    of { kind: LetterKind }
}
