//! A sheet of A4: its frame, its head, and lines to write on.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Lang;

const STYLE: &str = include_str!("paper.css");

/// Whose paper it is. What is not said is a line to write on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Letterhead {
    /// The controller's name.
    pub(crate) controller: Option<String>,
    /// Its address, in one line.
    pub(crate) address: Option<String>,
    /// Where to reach the officer.
    pub(crate) contact: Option<String>,
}

/// A whole document. The title stands in the browser's window and in the names of files, so it names nobody.
pub(super) fn page(lang: Lang, title: &str, class: &str, content: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang=(lang.as_str()) {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main class={ "paper " (class) } { (content) } }
        }
    };
    page.into_string()
}

/// The controller on the left, what the paper is filed under on the right.
pub(super) fn head(lang: Lang, letterhead: &Letterhead, filed: &[String]) -> Markup {
    html! {
        header {
            div {
                p.controller { (said(letterhead.controller.as_deref(), "long")) }
                @if let Some(address) = &letterhead.address { p { (address) } }
                p {
                    (lang.say("Pověřenec pro ochranu osobních údajů", "Data protection officer"))
                    @if let Some(contact) = &letterhead.contact { ", " (contact) }
                }
            }
            div.filed { @for line in filed { p { (line) } } }
        }
    }
}

/// What is known, or a line to write on.
pub(super) fn said(text: Option<&str>, width: &str) -> Markup {
    html! {
        @match text {
            Some(text) => (text),
            None => span class={ "blank " (width) } {},
        }
    }
}

/// A line to write on inside a sentence.
pub(super) fn blank(width: &str) -> Markup {
    html! { span class={ "blank " (width) } {} }
}

/// Name and address of the person, to be written in by hand.
pub(super) fn person(lang: Lang) -> Markup {
    html! {
        div.fill.keep {
            span { (lang.say("Jméno a příjmení", "Name")) } span {}
            span { (lang.say("Adresa", "Address")) } span {}
        }
    }
}

/// Place, date and signature.
pub(super) fn signature(lang: Lang) -> Markup {
    html! {
        div.sign.keep {
            p { (lang.say("Místo a datum", "Place and date")) }
            p { (lang.say("Podpis", "Signature")) }
        }
    }
}
