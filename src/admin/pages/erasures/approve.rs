//! Approving what a page has shown. What has joined it since is a reason to look again, at the page as it is now.

use axum::extract::Path;
use axum::response::Response;

use super::found;
use super::one::changed;
use crate::admin::caller::Approve;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::visitor::Visitor;
use crate::admin::problem::{Code, Problem};
use crate::operations::{NotApproved, erasures};

pub(super) async fn approve(visitor: Visitor<Approve>, Path(id): Path<String>, fields: Fields) -> Response {
    let done = async {
        let erasure = found(&visitor, &id).await?;
        let seen = fields.text("seen");
        if seen.is_empty() {
            return Err(Problem::new(Code::NotUnderstood, "it is not said what was seen of the erasure"));
        }
        erasures::approve(&visitor.on, erasure.id, seen, &visitor.actor()).await?;
        Ok::<_, Problem>(format!("/erasures/{}", erasure.id))
    };
    match done.await {
        Err(problem) if problem.not_approved() == Some(&NotApproved::Changed) => {
            visitor.view.answer(changed(&visitor, &id).await)
        }
        done => visitor.view.done(done),
    }
}
