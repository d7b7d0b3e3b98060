//! The page that a link which confirms leads to: a heading, a sentence, and a button or none. What is said of tries in vain is of other links,
//! too.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use maud::{Markup, html};

use super::layout;
use crate::language::Lang;

/// What the page says. Before the click it is the same for every link, and after it for every one that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// The button.
    Asks,
    Confirmed,
    NotValid,
    /// Too many were tried.
    Limited {
        seconds: u64,
    },
    /// It cannot be said now.
    Later,
}

struct Words {
    title: &'static str,
    text: &'static str,
    button: Option<&'static str>,
    note: Option<&'static str>,
}

impl Said {
    fn status(self) -> StatusCode {
        match self {
            Self::Asks | Self::Confirmed => StatusCode::OK,
            Self::NotValid => StatusCode::NOT_FOUND,
            Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Later => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn words(self, language: Lang) -> Words {
        let said = |title, text| Words { title, text, button: None, note: None };
        match (self, language) {
            (Self::Asks, Lang::Cs) => Words {
                title: "Potvrzení žádosti",
                text: "Odkaz na tuto stránku vám přišel e-mailem, protože někdo žádá o výmaz údajů a uvedl vaši adresu, ve formuláři \
                       v chatu nebo jinak. Pokud jste to byli vy, potvrďte to.",
                button: Some("Potvrdit žádost"),
                note: Some("Pokud jste to nebyli vy, stránku zavřete. Nic se tím nemaže."),
            },
            (Self::Asks, Lang::En) => Words {
                title: "Confirm the request",
                text: "The link to this page came by e-mail, because somebody asks for data to be erased and has given your address, in a \
                       form in the chat or otherwise. If that was you, confirm it.",
                button: Some("Confirm the request"),
                note: Some("If it was not you, close this page. Nothing is erased by that."),
            },
            (Self::Confirmed, Lang::Cs) => said(
                "Žádost je potvrzena",
                "Děkujeme. Žádost se teď vyřizuje, nic dalšího dělat nemusíte. Stránku můžete zavřít.",
            ),
            (Self::Confirmed, Lang::En) => said(
                "The request is confirmed",
                "Thank you. The request goes on now, and you need not do anything else. You can close this page.",
            ),
            (Self::NotValid, Lang::Cs) => said(
                "Odkaz neplatí",
                "Jeho platnost mohla skončit, mohl už být použit, mohl ho nahradit novější, nebo se nezkopíroval celý. Žádost můžete podat znovu.",
            ),
            (Self::NotValid, Lang::En) => said(
                "The link is not valid",
                "It may have expired, have been used already, have been replaced by a newer one, or not have been copied as a whole. You can make the request again.",
            ),
            (Self::Limited { .. }, Lang::Cs) => {
                said("Příliš mnoho pokusů", "Zkuste to prosím znovu za minutu. Váš odkaz zůstává v platnosti.")
            }
            (Self::Limited { .. }, Lang::En) => {
                said("Too many attempts", "Please try again in a minute. Your link stays as it is.")
            }
            (Self::Later, Lang::Cs) => {
                said("Teď to nejde", "Zkuste to prosím za chvíli znovu. Váš odkaz zůstává v platnosti.")
            }
            (Self::Later, Lang::En) => said("Not just now", "Please try again in a moment. Your link stays as it is."),
        }
    }

    /// The answer with this page.
    pub(super) fn page(self, language: Lang, company: &str) -> Response<Body> {
        let words = self.words(language);
        let mut response = layout::answer(self.status(), language, company, words.title, &content(&words));
        if let Self::Limited { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn content(words: &Words) -> Markup {
    html! {
        p { (words.text) }
        @if let Some(button) = words.button { form method="post" { button type="submit" { (button) } } }
        @if let Some(note) = words.note { p.note { (note) } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(said: Said, language: Lang, company: &str) -> String {
        let words = said.words(language);
        layout::page(language, company, words.title, &content(&words)).into_string()
    }

    const ALL: [Said; 5] = [Said::Asks, Said::Confirmed, Said::NotValid, Said::Limited { seconds: 60 }, Said::Later];

    #[test]
    fn the_page_needs_no_script_and_nothing_from_elsewhere() {
        for (said, language) in ALL.into_iter().flat_map(|said| Lang::ALL.map(|language| (said, language))) {
            let html = shown(said, language, "Acme");
            for wrong in ["<script", "http:", "https:", "src=", "href=", "url(", "@import", "onclick"] {
                assert!(!html.contains(wrong), "{wrong}: {html}");
            }
            assert_eq!(html.contains("<button"), said == Said::Asks, "{html}");
        }
    }

    #[test]
    fn a_companys_name_is_text_wherever_it_stands() {
        let said = shown(Said::Asks, Lang::En, "<b>Acme & Söhne</b> \"x\"");
        assert!(said.contains("&lt;b&gt;Acme &amp; Söhne&lt;/b&gt; &quot;x&quot;") && !said.contains("<b>"), "{said}");
    }
}
