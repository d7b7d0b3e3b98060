//! English, of letters.

use crate::admin::pages::words::letters::LettersWords;
use crate::papers::LetterKind;

pub(super) const WORDS: LettersWords = LettersWords {
    in_czech: "in Czech",
    in_english: "in English",
    lead: "Each is filled from the request and its receipts, names nobody and is to be printed. Only those are here that would be true as things stand. Each one that is opened is in the audit.",
    none: "No letter would be true as things stand.",
    title: "Letters",
    kind,
};

fn kind(one: LetterKind) -> &'static str {
    match one {
        LetterKind::Acknowledgement => "The request has come",
        LetterKind::Extension => "The answer takes longer",
        LetterKind::Confirmation => "What was erased",
        LetterKind::Refusal => "The request is refused",
        LetterKind::PartialRefusal => "What stays, and why",
        LetterKind::Recipients => "To others who were given the data",
        LetterKind::NothingHeld => "Nothing about the person was found",
    }
}
