//! Why a session is the person's, in the reader's language. Plans keep it in English words, which are taken apart here; what nobody knows
//! stands as it is, and says which language it is.

use maud::{Markup, html};

use super::parts::kind_in;
use super::view::View;
use super::words::{filled, words};
use crate::language::Lang;
use crate::subject::Kind;

const ADDRESS_ALONE: &str = ", but only an address is proved, and it is not there";
const BEFORE: &str = ", before it was erased";

pub(super) fn why_theirs(view: &View, reason: &str) -> Markup {
    match in_words(view.lang, reason) {
        Some(known) => html! { (known) },
        None => html! { span lang="en" { (reason) } },
    }
}

/// Whether a session is surely the person's, by the word that consents are found with, and why.
pub(super) fn meant(view: &View, certainty: &str, reason: &str) -> Markup {
    let w = view.words();
    let how = match certainty {
        "certain" => w.certainly_theirs,
        "possible" => w.possibly_theirs,
        _ => w.not_known,
    };
    html! { (how) small { (why_theirs(view, reason)) } }
}

fn in_words(lang: Lang, reason: &str) -> Option<String> {
    let w = words(lang);
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
        return Some(filled(lang, sentence, &[]));
    }
    let begins = [
        ("read at mluvii: ", w.why_read),
        ("listed by mluvii: ", w.why_listed),
        ("same guest, and somebody else's identifiers: ", w.why_guest_other),
        ("same guest, and nothing contradicts: ", w.why_guest_fits),
    ];
    for (begin, sentence) in begins {
        if let Some(rest) = reason.strip_prefix(begin) {
            return Some(filled(lang, sentence, &[("rest", &in_words(lang, rest)?)]));
        }
    }
    for (end, sentence) in [(ADDRESS_ALONE, w.why_address), (BEFORE, w.before_erased)] {
        if let Some(rest) = reason.strip_suffix(end) {
            return Some(filled(lang, sentence, &[("rest", &in_words(lang, rest)?)]));
        }
    }
    compared(lang, reason)
}

/// `email, name agree, phone differ`.
fn compared(lang: Lang, reason: &str) -> Option<String> {
    let w = words(lang);
    let (agreeing, differing) = match reason.split_once(" agree, ") {
        Some((agreeing, rest)) => (Some(agreeing), Some(rest.strip_suffix(" differ")?)),
        None => (reason.strip_suffix(" agree"), reason.strip_suffix(" differ")),
    };
    let part = |kinds: Option<&str>, sentence: &str| {
        let Some(kinds) = kinds else { return Some(String::new()) };
        Some(filled(lang, sentence, &[("kinds", &listed(lang, kinds)?)]))
    };
    let parts = [part(agreeing, w.why_agree)?, part(differing, w.why_differ)?];
    let said: Vec<_> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    (!said.is_empty()).then(|| said.join("; "))
}

/// Words of kinds; nothing where one of them can be none.
fn listed(lang: Lang, kinds: &str) -> Option<String> {
    let w = words(lang);
    let all: Option<Vec<_>> =
        kinds.split(", ").map(|word| word.parse::<Kind>().ok().map(|one| kind_in(w, &one).to_owned())).collect();
    all.map(|all| all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::Fingerprint;
    use crate::policy::Comparison;
    use crate::subject::Fingerprinted;
    use crate::worker::judge_guest;

    fn print(kind: Kind, value: u8) -> Fingerprinted {
        Fingerprinted { kind, fingerprint: Fingerprint([value; 32]), version: 1, supplementary: false }
    }

    fn said(lang: Lang, reason: &str) -> String {
        let said = in_words(lang, reason).unwrap_or_else(|| panic!("nobody knows {reason:?}"));
        said.replace('\u{a0}', " ")
    }

    #[test]
    fn what_the_search_says_is_known_in_both_languages() {
        let person = [print(Kind::Email, 1), print(Kind::Name, 2)];
        let other = [print(Kind::Email, 1), print(Kind::Name, 3)];
        let alike = Comparison::of(&person, &person);
        let differing = Comparison::of(&person, &other);
        let of_guest = [
            judge_guest(&alike, false, false, &person),
            judge_guest(&differing, false, false, &other),
            judge_guest(&Comparison::default(), true, false, &[]),
            judge_guest(&Comparison::default(), false, true, &other),
            judge_guest(&Comparison::default(), false, false, &[]),
        ];
        let mut reasons: Vec<String> = of_guest.into_iter().map(|(_, why)| why).collect();
        reasons.push(alike.to_string());
        reasons.push(format!("read at mluvii: {differing}"));
        reasons.push(format!("{alike}, before it was erased"));
        for reason in &reasons {
            assert_ne!(said(Lang::Cs, reason), said(Lang::En, reason), "{reason}");
        }
        assert_eq!(said(Lang::En, &differing.to_string()), "same: e-mail address; different: name");
        assert_eq!(said(Lang::Cs, &alike.to_string()), "souhlasí: e-mailová adresa, jméno");
    }

    #[test]
    fn what_nobody_knows_is_left_as_it_is() {
        for reason in ["", "it is theirs", "E-mail agree", "email agree, and more", "read at mluvii: who knows"] {
            assert_eq!(in_words(Lang::Cs, reason), None, "{reason}");
        }
    }
}
