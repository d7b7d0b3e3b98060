//! Why a session is the person's, in the reader's language. Plans keep it in English words, which are taken apart here; what nobody knows
//! stands as it is, and says which language it is.

use maud::{Markup, html};

use super::parts::kind;
use super::view::View;
use crate::subject::Kind;

const ADDRESS_ALONE: &str = ", but only an address is proved, and it is not there";
const BEFORE: &str = ", before it was erased";

pub(super) fn why_theirs(view: &View, reason: &str) -> Markup {
    match in_words(view, reason) {
        Some(known) => html! { (known) },
        None => html! { span lang="en" { (reason) } },
    }
}

fn in_words(view: &View, reason: &str) -> Option<String> {
    let w = view.words();
    let whole = match reason {
        "same guest, and nothing is known any more to compare it with" => Some(w.why_guest_lost),
        "same guest, but several people use it and too little says who this was" => Some(w.why_guest_shared),
        "same guest, and read for the first time" => Some(w.why_guest_first),
        "same guest, but only an address is proved, and it is not there" => Some(w.why_guest_address),
        "named by its number" => Some(w.why_number),
        "the demand came from it" => Some(w.why_demand),
        "of a department that no source is for" => Some(w.why_department),
        "nothing to compare" => Some(w.why_nothing),
        _ => None,
    };
    if let Some(sentence) = whole {
        return Some(view.say(sentence, &[]));
    }
    let begins = [
        ("read at mluvii: ", w.why_read),
        ("listed by mluvii: ", w.why_listed),
        ("same guest, and somebody else's identifiers: ", w.why_guest_other),
        ("same guest, and nothing contradicts: ", w.why_guest_fits),
    ];
    for (begin, sentence) in begins {
        if let Some(rest) = reason.strip_prefix(begin) {
            return Some(view.say(sentence, &[("rest", &in_words(view, rest)?)]));
        }
    }
    for (end, sentence) in [(ADDRESS_ALONE, w.why_address), (BEFORE, w.before_erased)] {
        if let Some(rest) = reason.strip_suffix(end) {
            return Some(view.say(sentence, &[("rest", &in_words(view, rest)?)]));
        }
    }
    compared(view, reason)
}

/// `email, name agree, phone differ`.
fn compared(view: &View, reason: &str) -> Option<String> {
    let w = view.words();
    let (agreeing, differing) = match reason.split_once(" agree, ") {
        Some((agreeing, rest)) => (Some(agreeing), Some(rest.strip_suffix(" differ")?)),
        None => (reason.strip_suffix(" agree"), reason.strip_suffix(" differ")),
    };
    let part = |kinds: Option<&str>, sentence: &str| {
        let Some(kinds) = kinds else { return Some(String::new()) };
        Some(view.say(sentence, &[("kinds", &listed(view, kinds)?)]))
    };
    let parts = [part(agreeing, w.why_agree)?, part(differing, w.why_differ)?];
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Words of kinds; nothing where one of them can be none.
fn listed(view: &View, kinds: &str) -> Option<String> {
    let all: Option<Vec<_>> =
        kinds.split(", ").map(|word| word.parse::<Kind>().ok().map(|one| kind(view, &one))).collect();
    all.map(|all| all.join(", "))
}
