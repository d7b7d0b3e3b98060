//! How each page of links looks: the company, a heading, and what the page says below it. No script, no picture, nothing from elsewhere; one
//! style, which the page's policy names by its hash.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use crate::language::Lang;

/// The answer with a page.
pub(super) fn answer(
    status: StatusCode,
    language: Lang,
    company: &str,
    title: &str,
    content: &Markup,
) -> Response<Body> {
    let mut response = Response::new(Body::from(page(language, company, title, content).into_string()));
    *response.status_mut() = status;
    headers(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.as_str()));
    response
}

pub(super) fn page(language: Lang, company: &str, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang=(language.as_str()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                meta name="color-scheme" content="light dark";
                title { (title) " – " (company) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p.company { (company) }
                    h1 { (title) }
                    (content)
                }
            }
        }
    }
}

/// The colours and sizes of the design's tokens.
const STYLE: &str = "\
:root{color-scheme:light dark;--paper:#f6f4ef;--surface:#fff;--ink:#1d2026;--muted:#575c66;--line:#d8d4c9;--accent:#26487f;\
--strong:#1b3763;--on:#fff;--warn:#9a3412;--control:2.75rem}\
@media(prefers-color-scheme:dark){:root{--paper:#121419;--surface:#1a1d24;--ink:#e9e7e2;--muted:#a9adb7;--line:#343944;--accent:#9dbcf5;\
--strong:#c3d6fb;--on:#0e1726;--warn:#f5b58a}}\
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
h2{margin:.5rem 0 0;font-size:1.125rem}\
pre{margin:0;width:100%;font:inherit;white-space:pre-wrap;overflow-wrap:anywhere;padding:.75rem 1rem;border:1px solid var(--line);\
border-radius:.375rem}\
dl{margin:0;display:grid;gap:0 1rem;grid-template-columns:auto 1fr}dt{color:var(--muted)}dd{margin:0}\
form{width:100%;display:grid;gap:1rem;justify-items:start}fieldset{margin:0;padding:0;border:0;display:grid;gap:.25rem}\
legend{padding:0;font-weight:600}\
.choice{display:grid;grid-template-columns:auto 1fr;gap:.625rem;align-items:center;min-height:var(--control)}\
.choice input{width:1.25rem;height:1.25rem;margin:0;accent-color:var(--accent)}\
.field{width:100%;display:grid;gap:.25rem}.field label{font-weight:600}\
.field input{font:inherit;width:100%;min-height:var(--control);padding:.25rem .75rem;border:1px solid var(--muted);border-radius:.375rem;\
background:var(--surface);color:var(--ink)}\
.wrong,.wait{width:100%;padding:.75rem 1rem;border:1px solid var(--warn);border-left-width:.375rem;border-radius:.375rem}\
.wrong ul{margin:0;padding-left:1.25rem}.wrong a{color:inherit}.error{color:var(--warn);font-weight:600}\
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
