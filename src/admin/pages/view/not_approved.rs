//! Why an approval is not taken, or nobody gives one, in the reader's language: the real reason, and the way out.

use maud::{Markup, html};

use super::{View, actor};
use crate::admin::pages::words::approving;
use crate::audit::{Actor, NotApart, Whose};
use crate::operations::NotApproved;

/// Somebody, as the audit names them.
fn name(who: &Actor) -> Markup {
    html! { span.mono { (actor(who)) } }
}

impl View {
    /// Why an approval was not taken.
    pub(super) fn not_approved(&self, why: &NotApproved) -> Markup {
        let a = approving(self.lang);
        match why {
            NotApproved::NotApart(why) => self.not_apart(why),
            NotApproved::Changed => html! { (self.say(a.changed, &[])) },
            NotApproved::NotWaiting => html! { (self.say(a.not_waiting, &[])) },
            NotApproved::Lapsed => html! { (self.say(a.lapsed, &[])) },
        }
    }

    /// Why whoever looks does not approve what others have asked for. What comes next of what was asked for, the page says.
    pub(in crate::admin::pages) fn not_apart(&self, why: &NotApart) -> Markup {
        let a = approving(self.lang);
        match why {
            NotApart::Own(asked) => self.fill(a.own, &[("asked", &name(asked))]),
            NotApart::Nobodys(asked) | NotApart::UnknownAsker { asked, .. } => {
                self.fill(a.nothing_shows, &[("asked", &name(asked))])
            }
            NotApart::NoAccount { asked, account, .. } => html! {
                (self.fill(a.no_account, &[("asked", &name(asked))])) " "
                (self.say(a.no_account_way, &[("account", &account.to_string())]))
            },
            NotApart::UnknownApprover { by, .. } => self.fill(a.unknown_approver, &[("by", &name(by))]),
            NotApart::Given { giver, to, whose } => html! {
                (self.fill(a.given, &[("giver", &name(giver)), ("to", &name(to))])) " "
                (self.new_password(*whose, to))
            },
            NotApart::GivenBoth { giver, by, asked } => html! {
                (self.fill(a.given_both, &[("giver", &name(giver)), ("by", &name(by)), ("asked", &name(asked))])) " "
                (self.fill(a.given_both_way, &[("asked", &name(asked))]))
            },
            NotApart::Forgotten { to, whose } => html! {
                (self.fill(a.forgotten, &[("to", &name(to))])) " " (self.new_password(*whose, to))
            },
            NotApart::AskerForgotten => html! { (self.say(a.asker_forgotten, &[])) },
            NotApart::Withdrawn { by, why } => html! {
                (self.fill(a.withdrawn, &[("by", &name(by))])) " " (self.not_apart(why))
            },
        }
    }

    /// Whose token or password has to be another one, and what comes of that.
    fn new_password(&self, whose: Whose, to: &Actor) -> Markup {
        let a = approving(self.lang);
        match whose {
            Whose::Approvers => html! { (self.say(a.password_way, &[])) },
            Whose::Askers => self.fill(a.password_way_asker, &[("to", &name(to))]),
        }
    }
}
