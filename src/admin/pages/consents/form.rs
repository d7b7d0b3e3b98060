//! The form of a withdrawal: whose consents, how it came, and when it was said.

use jiff::civil::Date;
use maud::{Markup, html};

use crate::admin::caller::Requests;
use crate::admin::pages::days::{DayField, Within, day_field};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::parts::{MustChoose, choices};
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{self, Wrong, field};
use crate::consent::CameBy;
use crate::operations::GivenIdentifiers;
use crate::subject::SessionKey;

/// Whose consents.
pub(super) enum Whose {
    Session(SessionKey),
    /// As they were searched for.
    Person(GivenIdentifiers),
}

/// What was filled in, and stands in the form again.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) company: String,
    pub(super) came: Option<CameBy>,
    pub(super) day: Option<Date>,
}

impl Typed {
    pub(super) fn of(fields: &Fields) -> Self {
        Self {
            company: fields.text("company").to_owned(),
            came: CameBy::ALL.into_iter().find(|came| came.as_str() == fields.text("came")),
            day: fields.text("day").parse().ok(),
        }
    }
}

/// Whose consents it is, as the next form says it.
pub(super) fn whose_of(visitor: &Visitor<Requests>, whose: &Whose) -> Markup {
    match whose {
        Whose::Session(key) => html! {
            input type="hidden" name="company" value=(key.installation);
            input type="hidden" name="session" value=(key.session.0);
        },
        Whose::Person(identifiers) => whom::passed_on(&whom::carried(visitor, identifiers)),
    }
}

/// How and when it came, and whose it is.
pub(super) fn fields_of(visitor: &Visitor<Requests>, whose: &Whose, typed: &Typed, wrong: &[Wrong]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let words = (CameBy::as_str as fn(CameBy) -> &'static str, w.consents.came);
    html! {
        form.page method="post" action="/consents/withdraw/foresee" autocomplete="off" {
            (whose_of(visitor, whose))
            @if matches!(whose, Whose::Person(_)) { (whom::of_search(view)) }
            div.halves {
                @if matches!(whose, Whose::Person(_)) { (whom::company(visitor, wrong, &typed.company)) }
                (field(view, wrong, "came", w.how_it_came, None, |aria| {
                    choices("came", &CameBy::ALL, words, typed.came, Some(w.choose), MustChoose::Yes, aria)
                }))
                (day_field(view, wrong, &DayField {
                        id: "day",
                        name: "day",
                        label: w.consents.day,
                        hint: Some(w.consents.day_hint),
                        typed: typed.day,
                        within: Within::UntilToday,
                        must: MustChoose::No,
                    }))
            }
            div.actions { button { (w.consents.do_see) } }
        }
    }
}
