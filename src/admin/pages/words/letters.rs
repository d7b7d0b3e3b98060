//! The words of a request's letters.

use crate::papers::LetterKind;

words! {
    /// What is said of letters.
    LettersWords:
    texts { in_czech, in_english, lead, none, title }
    counts {}
    of { kind: LetterKind }
    with {}
}
