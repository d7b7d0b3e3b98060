//! The letters and certificates of a request, to be printed: filled from it, and naming nobody.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::named;
use crate::access::Permission;
use crate::admin::caller::Requests;
use crate::admin::pages::paper::paper;
use crate::admin::pages::parts::request_path;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::requesting;
use crate::admin::problem::Problem;
use crate::language::Lang;
use crate::operations::papers;
use crate::operations::requests::{self, Shown};
use crate::papers::{Audience, LetterKind};

/// The letters that would be true of a request; none for who may write none.
pub(super) async fn possible<N>(visitor: &Visitor<N>, shown: &Shown) -> Result<Vec<LetterKind>, Problem> {
    match visitor.view.may(Permission::Requests) {
        true => Ok(papers::letters(&visitor.on, shown).await?),
        false => Ok(Vec::new()),
    }
}

/// Which of them can be opened, each in both languages: whom it is for may read another one than who writes it.
pub(super) fn listed<N>(visitor: &Visitor<N>, shown: &Shown, possible: &[LetterKind]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    if !view.may(Permission::Requests) {
        return html! {};
    }
    let path = request_path(&shown.request);
    let link = |kind: LetterKind, lang: Lang| {
        let word = match lang {
            Lang::Cs => w.letters.in_czech,
            Lang::En => w.letters.in_english,
        };
        html! {
            a href={ (path) "/letters/" (kind.as_str()) "/" (lang.as_str()) } hreflang=(lang.as_str()) {
                span.hidden { ((w.letters.kind)(kind)) ", " } (word)
            }
        }
    };
    let own = requesting(view.lang);
    let certificate = |sequence: u64, audience: Audience, lang: Lang| {
        let (whom, word) = match (audience, lang) {
            (Audience::Person, Lang::Cs) => (own.for_person, w.letters.in_czech),
            (Audience::Person, Lang::En) => (own.for_person, w.letters.in_english),
            (Audience::Authority, Lang::Cs) => (own.for_authority, w.letters.in_czech),
            (Audience::Authority, Lang::En) => (own.for_authority, w.letters.in_english),
        };
        html! {
            a href={ (path) "/certificates/" (sequence) "/" (audience.as_str()) "/" (lang.as_str()) } hreflang=(lang.as_str()) {
                span.hidden { (whom) ", " } (word)
            }
        }
    };
    let certificates = |sequence: u64| {
        let both = |audience: Audience, whom: &str| {
            html! {
                (whom) ": " (certificate(sequence, audience, Lang::Cs)) ", " (certificate(sequence, audience, Lang::En))
            }
        };
        html! {
            dt { (view.say(own.certificate_of, &[("number", &view.lang.number(sequence))])) }
            // One cell: the list has two columns, and a second one would move every letter below beside another one's name.
            dd { (both(Audience::Person, own.for_person)) br; (both(Audience::Authority, own.for_authority)) }
        }
    };
    html! {
        section aria-labelledby="h-letters" {
            h2 #h-letters { (w.letters.title) }
            p.intro { (view.say(w.letters.lead, &[])) }
            @if possible.is_empty() && shown.receipts.is_empty() { p { (w.letters.none) } } @else {
                dl.facts {
                    @for receipt in &shown.receipts { (certificates(receipt.sequence)) }
                    @for kind in possible {
                        dt { ((w.letters.kind)(*kind)) } dd { (link(*kind, Lang::Cs)) ", " (link(*kind, Lang::En)) }
                    }
                }
            }
        }
    }
}

/// A letter, as it is printed.
pub(super) async fn write(
    visitor: Visitor<Requests>,
    Path((company, number, kind, lang)): Path<(String, String, String, String)>,
) -> Response {
    let written = async {
        let named = named(&visitor, &(company, number))?;
        let kind = LetterKind::ALL.into_iter().find(|one| one.as_str() == kind);
        let lang = Lang::ALL.into_iter().find(|one| one.as_str() == lang);
        let (Some(kind), Some(lang)) = (kind, lang) else { return Err(Problem::not_found("letter of this name")) };
        let written = papers::letter(&visitor.on, kind, Some(&named), None, lang, &visitor.actor()).await;
        written.map_err(|error| visitor.told(error))
    };
    match written.await {
        Ok(html) => paper(html),
        Err(problem) => visitor.view.problem(&problem),
    }
}

/// The certificate of one of its receipts, as it is printed: filled from the request, too.
pub(super) async fn certify(
    visitor: Visitor<Requests>,
    Path((company, number, receipt, audience, lang)): Path<(String, String, String, String, String)>,
) -> Response {
    let made = async {
        let named = named(&visitor, &(company, number))?;
        let sequence: Option<u64> = receipt.parse().ok();
        let audience = [Audience::Person, Audience::Authority].into_iter().find(|one| one.as_str() == audience);
        let lang = Lang::ALL.into_iter().find(|one| one.as_str() == lang);
        let (Some(sequence), Some(audience), Some(lang)) = (sequence, audience, lang) else {
            return Err(Problem::not_found("certificate of this name"));
        };
        // What is no receipt of the request is as if it were not there: another company's is not told from none.
        let shown = requests::show(&visitor.on, &named).await?;
        if shown.receipts.iter().all(|receipt| receipt.sequence != sequence) {
            return Err(Problem::not_found("receipt of this request"));
        }
        let made = papers::certificate(&visitor.on, sequence, Some(&named), lang, audience, &visitor.actor()).await;
        made.map_err(|error| visitor.told(error))
    };
    match made.await {
        Ok(html) => paper(html),
        Err(problem) => visitor.view.problem(&problem),
    }
}
