//! The page that a link leads to: a heading, a sentence, and a button or none. No script, no picture, nothing from elsewhere; one style, which
//! the page's policy names by its hash.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

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
        let mut response = Response::new(Body::from(html(&self.words(language), language, company)));
        *response.status_mut() = self.status();
        headers(response.headers_mut());
        response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
        if let Self::Limited { seconds } = self {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

fn html(words: &Words, language: Lang, company: &str) -> String {
    let Words { title, text, button, note } = words;
    let company = escaped(company);
    let button = button.map_or_else(String::new, |button| {
        format!("<form method=\"post\"><button type=\"submit\">{}</button></form>\n", escaped(button))
    });
    let note = note.map_or_else(String::new, |note| format!("<p class=\"note\">{}</p>\n", escaped(note)));
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex, nofollow\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title} – {company}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n\
         <p class=\"company\">{company}</p>\n<h1>{}</h1>\n<p>{}</p>\n{button}{note}</main>\n</body>\n</html>\n",
        language.as_str(),
        escaped(title),
        escaped(text),
    )
}

fn escaped(text: &str) -> String {
    let mut all = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => all.push_str("&amp;"),
            '<' => all.push_str("&lt;"),
            '>' => all.push_str("&gt;"),
            '"' => all.push_str("&quot;"),
            '\'' => all.push_str("&#39;"),
            other => all.push(other),
        }
    }
    all
}

/// The colours and sizes of the design's tokens.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#f6f4ef;--surface:#fff;--ink:#1d2026;--muted:#575c66;--line:#d8d4c9;--accent:#26487f;\
--strong:#1b3763;--on:#fff;--control:2.75rem}\
@media(prefers-color-scheme:dark){:root{--paper:#121419;--surface:#1a1d24;--ink:#e9e7e2;--muted:#a9adb7;--line:#343944;--accent:#9dbcf5;\
--strong:#c3d6fb;--on:#0e1726}}\
*,*::before,*::after{box-sizing:border-box}\
html{font:100%/1.5 \"Segoe UI\",-apple-system,BlinkMacSystemFont,\"Noto Sans\",Roboto,\"Liberation Sans\",Arial,sans-serif;\
-webkit-text-size-adjust:100%}\
body{margin:0;background:var(--paper);color:var(--ink);overflow-wrap:break-word;min-height:100vh;display:grid;align-content:start;\
padding:1rem}\
main{width:100%;max-width:36rem;margin:6vh auto 0;padding:2rem;background:var(--surface);border:1px solid var(--line);\
border-radius:.375rem;display:grid;gap:1rem;justify-items:start}\
h1{margin:0;font:600 1.875rem/1.2 \"Iowan Old Style\",\"Sitka Text\",Charter,\"Noto Serif\",Cambria,Georgia,\"Liberation Serif\",serif;\
letter-spacing:-.01em;text-wrap:balance}\
p,form{margin:0}\
.company,.note{color:var(--muted)}.company{font-size:.875rem;font-weight:600}.note{font-size:.9375rem}\
button{font:inherit;font-weight:600;min-height:var(--control);padding:.25rem 1.25rem;border:1px solid var(--accent);border-radius:.375rem;\
background:var(--accent);color:var(--on);cursor:pointer}\
button:hover{background:var(--strong);border-color:var(--strong)}\
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}\
@media(max-width:30rem){body{padding:0;background:var(--surface)}main{margin:0;padding:1.5rem 1rem;border:0;border-radius:0}h1{font-size:1.5rem}\
form,button{width:100%}}";

/// Nothing but the page itself: no script, no other style, no frame around it, and no form that goes elsewhere.
static POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    );
    HeaderValue::from_str(&policy).expect("it is ASCII")
});

/// The path is a secret: it is told to nobody, and kept nowhere.
pub(super) fn headers(headers: &mut HeaderMap) {
    let fixed: [(HeaderName, &'static str); 8] = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::VARY, "accept-language"),
        (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY.clone());
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Said; 5] = [Said::Asks, Said::Confirmed, Said::NotValid, Said::Limited { seconds: 60 }, Said::Later];

    #[test]
    fn the_page_needs_no_script_and_nothing_from_elsewhere() {
        for (said, language) in ALL.into_iter().flat_map(|said| Lang::ALL.map(|language| (said, language))) {
            let html = html(&said.words(language), language, "Acme");
            for wrong in ["<script", "http:", "https:", "src=", "href=", "url(", "@import", "onclick"] {
                assert!(!html.contains(wrong), "{wrong}: {html}");
            }
            assert_eq!(html.contains("<button"), said == Said::Asks, "{html}");
        }
    }

    #[test]
    fn a_companys_name_is_text_wherever_it_stands() {
        let said = html(&Said::Asks.words(Lang::En), Lang::En, "<b>Acme & Söhne</b> \"x\"");
        assert!(said.contains("&lt;b&gt;Acme &amp; Söhne&lt;/b&gt; &quot;x&quot;") && !said.contains("<b>"), "{said}");
    }
}
