//! Which rows of the audit a page shows. All of it stands in the address and can be combined: an act and who has ordered it, which are chosen
//! and not typed, and a day.

use std::collections::BTreeSet;

use maud::{Markup, html};

use crate::access::Permission;
use crate::admin::caller::See;
use crate::admin::pages::days::Since;
use crate::admin::pages::fields::Fields;
use crate::admin::pages::filters::{name_filter, query};
use crate::admin::pages::paging::{PAGE, no_such_list};
use crate::admin::pages::parts::actor;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::words::{act, lists};
use crate::admin::problem::{Code, Problem};
use crate::audit::{Act, Actor, AuditRow, is_of_accounts};
use crate::ledger::{AuditRange, Cursor};
use crate::operations::accounts;

/// The longest name of who has ordered something that is looked for, in bytes.
const NAME_BYTES_MAX: usize = 200;

pub(super) struct Filter {
    act: Option<Act>,
    /// As the audit names them; whoever it is where it is empty.
    actor: String,
    since: Option<Since>,
}

impl Filter {
    pub(super) fn read(visitor: &Visitor<See>, fields: &Fields) -> Result<Self, Problem> {
        let act = match fields.text("act") {
            "" => None,
            word => Some(word.parse::<Act>().map_err(|_| no_such_list())?),
        };
        if act.is_some_and(|act| !may_see(visitor, act)) {
            let detail =
                format!("what was done with accounts and tokens takes the permission `{}`", Permission::SeeAccounts);
            return Err(Problem::new(Code::Forbidden, detail));
        }
        let actor = fields.text("actor");
        if actor.len() > NAME_BYTES_MAX {
            return Err(no_such_list());
        }
        Ok(Self { act, actor: actor.to_owned(), since: Since::read(&visitor.view, fields)? })
    }

    pub(super) fn range(&self, cursor: Cursor) -> AuditRange {
        AuditRange {
            act: self.act,
            actor: (!self.actor.is_empty()).then(|| Actor::named(self.actor.clone())),
            since: self.since.map(|since| since.begin),
            ..AuditRange::all(cursor, PAGE)
        }
    }

    pub(super) fn is_everything(&self) -> bool {
        self.act.is_none() && self.actor.is_empty() && self.since.is_none()
    }

    /// What stands behind the `?` of an address.
    pub(super) fn query(&self) -> String {
        let (act, since) = (self.act.map_or("", Act::as_str), Since::word(self.since));
        query(&[("act", act), ("actor", self.actor.as_str()), ("since", since.as_str())])
    }

    /// The fields by which filters are combined.
    pub(super) fn form(&self, visitor: &Visitor<See>, actors: &BTreeSet<String>) -> Markup {
        let (view, w, l) = (&visitor.view, visitor.view.words(), lists(visitor.view.lang));
        let acts = Act::ALL.into_iter().filter(|one| may_see(visitor, *one));
        let acts: Vec<_> = acts.map(|one| (act(view.lang, one).to_owned(), one.as_str().to_owned())).collect();
        let actors: Vec<_> = actors.iter().map(|name| (actor(&Actor::named(name.clone())), name.clone())).collect();
        html! {
            details open[!self.is_everything()] {
                summary { (l.more_filters) }
                form.filters method="get" action="/audit" {
                    (name_filter(visitor, "act", w.audit_act, self.act.map_or("", Act::as_str), &acts))
                    (name_filter(visitor, "actor", w.audit_who, &self.actor, &actors))
                    (Since::field(view, self.since))
                    button { (l.do_filter) }
                }
            }
        }
    }
}

fn may_see(visitor: &Visitor<See>, act: Act) -> bool {
    visitor.view.may(Permission::SeeAccounts) || !is_of_accounts(act.as_str())
}

/// Who can be chosen: whoever looks, who has ordered what is shown, servers, and the accounts, for who may see which there are.
pub(super) async fn actors(visitor: &Visitor<See>, rows: &[AuditRow]) -> Result<BTreeSet<String>, Problem> {
    let servers = [Actor::retention(), Actor::watch(), Actor::signal(), Actor::changed()];
    let shown = rows.iter().map(|row| &row.statement.actor);
    let own = visitor.actor();
    let mut all: BTreeSet<String> =
        servers.iter().chain(shown).chain([&own]).map(|actor| actor.as_str().to_owned()).collect();
    if visitor.view.may(Permission::SeeAccounts) {
        let accounts = accounts::list(&visitor.on).await?;
        all.extend(accounts.iter().map(|one| Actor::user(&one.name).as_str().to_owned()));
    }
    Ok(all)
}
