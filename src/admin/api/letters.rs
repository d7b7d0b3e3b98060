//! Letters: filled from a request and a receipt, or forms to be filled in.

use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::get_with;
use schemars::JsonSchema;
use serde::Deserialize;

use super::receipts::{self, Html};
use super::shown::read_if;
use crate::admin::caller::{By, Requests};
use crate::admin::given::Query;
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::operations::papers;
use crate::operations::requests::Named;
use crate::papers::{Lang, LetterKind};
use crate::request::RequestNumber;

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new().api_route(
        "/api/v1/letters",
        get_with(letter, |op| op.id("letter").summary("A letter, as HTML for A4; it names nobody")),
    )
}

/// Which letter, in which language, and from what it is filled.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "WriteLetter")]
struct Which {
    letter: LetterKind,
    lang: Lang,
    /// The number of the request that it answers. Without it and a receipt, it is a form to fill in.
    request: Option<String>,
    /// That of the request: needed where the account may see several companies.
    company: Option<String>,
    /// The number of the receipt of what was done; the newest of the request, where it is left out.
    receipt: Option<u64>,
}

async fn letter(by: By<Requests>, Query(which): Query<Which>) -> Result<Html, Problem> {
    if let Some(number) = which.receipt {
        receipts::seen(&by, number).await?;
    }
    let named = match read_if::<RequestNumber>("request", which.request.as_deref())? {
        Some(number) => {
            let installation = Some(by.company_or_only(which.company.as_deref())?);
            Some(Named { number, installation })
        }
        None => None,
    };
    let (letter, lang, actor) = (which.letter, which.lang, by.actor());
    let written = papers::letter(&by.on, letter, named.as_ref(), which.receipt, lang, &actor).await;
    written.map(Html).map_err(|error| by.told(error))
}
