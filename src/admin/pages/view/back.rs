//! Back from a page that says why something was not done, to the list of what it was about. Nothing of the address is repeated.

use super::{Section, View};
use crate::access::{Companies, Permission};
use crate::admin::pages::words::{explained, operating, sweeping};

/// The list to which a path belongs.
pub(super) fn list_of(path: &str) -> Option<Section> {
    Some(match path.split('/').nth(1)? {
        "requests" => Section::Requests,
        "erasures" => Section::Erasures,
        "explain" => Section::Explain,
        "receipts" => Section::Receipts,
        "people" => Section::People,
        "consents" => Section::Consents,
        "holds" => Section::Holds,
        "tasks" => Section::Tasks,
        "quarantine" => Section::Quarantine,
        "targets" => Section::Targets,
        "rules" => Section::Rules,
        "mluvii" => Section::Mluvii,
        "sweeps" => Section::Sweeps,
        "audit" => Section::Audit,
        "accounts" => Section::Accounts,
        _ => return None,
    })
}

/// Where it is and how it is called, for whom it is shown: a way back that is refused is none.
pub(super) fn to(view: &View, list: Section) -> Option<(&'static str, &'static str)> {
    let (w, o) = (view.words(), operating(view.lang));
    let who = view.who.as_ref()?;
    let (path, name, may) = match list {
        Section::Requests => ("/requests", w.requests, true),
        Section::Erasures => ("/erasures", w.erasures, true),
        Section::Explain => ("/explain", explained(view.lang).nav, true),
        Section::Holds => ("/holds", w.holds, true),
        Section::People => ("/people", w.people, view.may(Permission::Requests)),
        Section::Consents => ("/consents", w.consents.title, view.may(Permission::Requests)),
        Section::Tasks => ("/tasks", w.tasks, view.may(Permission::Requests)),
        Section::Quarantine => ("/quarantine", o.quarantine, view.may(Permission::Operate)),
        Section::Mluvii => ("/mluvii", o.mluvii, view.may(Permission::Operate)),
        Section::Sweeps => ("/sweeps", sweeping(view.lang).title, view.may(Permission::Operate)),
        // These are of all companies.
        Section::Receipts => ("/receipts", w.receipts, who.companies == Companies::All),
        Section::Rules => ("/rules", w.rules.title, who.companies == Companies::All),
        Section::Audit => ("/audit", w.audit, who.companies == Companies::All),
        Section::Targets => ("/targets", w.targets, who.companies == Companies::All && view.may(Permission::Operate)),
        Section::Accounts => {
            ("/accounts", w.accounts, who.companies == Companies::All && view.may(Permission::SeeAccounts))
        }
        Section::Home | Section::Own => return None,
    };
    may.then_some((path, name))
}
