//! The fields of what is ordered of an account, and what they say.

use maud::{Markup, html};

use crate::access::{AccountName, Companies, LINE_CHARS_MAX, Role, Roles, one_line};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{Wrong, field};
use crate::operations::accounts::AccountOrder;
use crate::subject::InstallationName;

/// Days for which a token is good, at most and where nothing else is said.
const DAYS_MAX: u16 = 365;
const DAYS: u16 = 90;

/// The ids of roles and companies in a form: a page can have two of them.
#[derive(Clone, Copy)]
pub(super) struct Ids {
    pub(super) roles: &'static str,
    pub(super) companies: &'static str,
}

pub(super) const OF_ACCOUNT: Ids = Ids { roles: "roles", companies: "companies" };
pub(super) const OF_TOKEN: Ids = Ids { roles: "token-roles", companies: "token-companies" };

/// What was filled in, and stands in the form again.
#[derive(Clone, Default)]
pub(super) struct Typed {
    /// Of which act the form is.
    pub(super) act: String,
    pub(super) name: String,
    pub(super) shown_as: String,
    pub(super) roles: Vec<Role>,
    pub(super) is_of_all: bool,
    pub(super) companies: Vec<String>,
    pub(super) purpose: String,
    pub(super) days: String,
}

impl Typed {
    fn of(fields: &Fields) -> Self {
        let text = |name: &str| fields.text(name).to_owned();
        let chosen: Vec<_> = fields.all("role").map(|role| role.expose()).collect();
        Self {
            act: text("act"),
            name: text("name").to_ascii_lowercase(),
            shown_as: text("shown_as"),
            roles: Role::ALL.into_iter().filter(|role| chosen.contains(&role.as_str())).collect(),
            is_of_all: fields.text("companies") == "all",
            companies: fields.all("company").map(|company| company.expose().to_owned()).collect(),
            purpose: text("purpose"),
            days: text("days"),
        }
    }

    /// An account as it is.
    pub(super) fn known(roles: &Roles, companies: &Companies, shown_as: &str) -> Self {
        let companies = match companies {
            Companies::All => None,
            Companies::Only(these) => Some(these.iter().map(ToString::to_string).collect()),
        };
        Self {
            shown_as: shown_as.to_owned(),
            roles: roles.iter().collect(),
            is_of_all: companies.is_none(),
            companies: companies.unwrap_or_default(),
            days: DAYS.to_string(),
            ..Self::default()
        }
    }
}

/// Why nothing is ordered.
pub(super) enum Unread {
    /// It is of no account or no act that there is.
    Unknown,
    Wrong(Box<Typed>, Vec<Wrong>),
}

/// What is ordered, or every field that is wrong.
pub(super) fn read<N>(visitor: &Visitor<N>, fields: &Fields) -> Result<AccountOrder, Unread> {
    let typed = Typed::of(fields);
    let named = typed.name.parse::<AccountName>().ok();
    let name = || named.clone().ok_or(Unread::Unknown);
    let order =
        match typed.act.as_str() {
            "password" => Ok(AccountOrder::Password { name: name()? }),
            "enable" => Ok(AccountOrder::Enable { name: name()? }),
            "disable" => Ok(AccountOrder::Disable { name: name()? }),
            "sign_out" => Ok(AccountOrder::SignOut { name: name()? }),
            "revoke" => Ok(AccountOrder::RevokeToken { name: name()?, id: fields.text("id").to_owned() }),
            "token" => token(visitor, &typed, name()?),
            "change" => account(visitor, &typed, Some(name()?), |name, shown_as, roles, companies| {
                AccountOrder::Change { name, shown_as, roles, companies }
            }),
            // The name of a new account alone is typed.
            "add" => account(visitor, &typed, named.clone(), |name, shown_as, roles, companies| AccountOrder::Add {
                name,
                shown_as,
                roles,
                companies,
            }),
            _ => return Err(Unread::Unknown),
        };
    order.map_err(|wrong| Unread::Wrong(Box::new(typed), wrong))
}

/// An account as it is to be.
fn account<N>(
    visitor: &Visitor<N>,
    typed: &Typed,
    name: Option<AccountName>,
    order: impl FnOnce(AccountName, String, Roles, Vec<InstallationName>) -> AccountOrder,
) -> Result<AccountOrder, Vec<Wrong>> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let mut wrong = Vec::new();
    let given = given(visitor, typed, OF_ACCOUNT, &mut wrong);
    let shown_as = line(view, &mut wrong, "shown_as", &typed.shown_as, w.giving.shown_as_wrong);
    if name.is_none() {
        wrong.push(Wrong { field: "name", text: view.say(w.giving.name_wrong, &[]) });
    }
    match (name, shown_as, given) {
        (Some(name), Some(shown_as), Some((roles, companies))) => Ok(order(name, shown_as, roles, companies)),
        _ => Err(wrong),
    }
}

fn token<N>(visitor: &Visitor<N>, typed: &Typed, name: AccountName) -> Result<AccountOrder, Vec<Wrong>> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let mut wrong = Vec::new();
    let given = given(visitor, typed, OF_TOKEN, &mut wrong);
    let purpose = line(view, &mut wrong, "purpose", &typed.purpose, w.giving.purpose_wrong);
    let days = typed.days.parse::<u16>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
    if days.is_none() {
        wrong.push(Wrong { field: "days", text: view.say(w.giving.days_wrong, &[]) });
    }
    match (given, purpose, days) {
        (Some((roles, companies)), Some(purpose), Some(days)) => {
            Ok(AccountOrder::IssueToken { name, roles, companies, purpose, days })
        }
        _ => Err(wrong),
    }
}

/// A text of one line, or what is wrong with it.
fn line(view: &View, wrong: &mut Vec<Wrong>, field: &'static str, text: &str, sentence: &str) -> Option<String> {
    let read = one_line(text).ok();
    if read.is_none() {
        wrong.push(Wrong { field, text: view.say(sentence, &[]) });
    }
    read
}

/// Roles and companies. That all companies are meant is said, and follows from nothing that is missing.
fn given<N>(
    visitor: &Visitor<N>,
    typed: &Typed,
    ids: Ids,
    wrong: &mut Vec<Wrong>,
) -> Option<(Roles, Vec<InstallationName>)> {
    let (view, w) = (&visitor.view, visitor.view.words());
    let roles = Roles::of(typed.roles.iter().copied());
    if roles.is_none() {
        wrong.push(Wrong { field: ids.roles, text: view.say(w.giving.roles_needed, &[]) });
    }
    let named: Option<Vec<_>> = typed.companies.iter().map(|name| visitor.company(name).ok()).collect();
    let companies = match named {
        Some(named) if typed.is_of_all == named.is_empty() => Some(named),
        _ => None,
    };
    if companies.is_none() {
        wrong.push(Wrong { field: ids.companies, text: view.say(w.giving.companies_needed, &[]) });
    }
    roles.zip(companies)
}

/// A group of choices with its label, its hint and what is wrong with it.
fn group(view: &View, wrong: &[Wrong], id: &str, label: &str, hint: Option<&str>, choices: &Markup) -> Markup {
    let w = view.words();
    let wrong = wrong.iter().find(|wrong| wrong.field == id);
    html! {
        fieldset.wrong[wrong.is_some()] id=(id) tabindex="-1" {
            legend {
                (label)
                @if let Some(wrong) = wrong { " " span.error { span.hidden { (w.error_in_title) " " } (wrong.text) } }
            }
            @if let Some(hint) = hint { span.hint { (hint) } }
            (choices)
        }
    }
}

/// Which roles, and which companies.
pub(super) fn gives<N>(visitor: &Visitor<N>, wrong: &[Wrong], ids: Ids, typed: &Typed, roles: &[Role]) -> Markup {
    let (view, w) = (&visitor.view, visitor.view.words());
    let companies: Vec<_> = visitor.on.settings.installations.iter().map(|one| one.name.to_string()).collect();
    let roles = html! {
        div.picks { @for role in roles {
            label.pick {
                input type="checkbox" name="role" value=(role.as_str()) checked[typed.roles.contains(role)];
                " " ((w.role)(*role))
            }
        } }
    };
    let chosen = html! {
        div.picks {
            label.pick { input type="checkbox" name="companies" value="all" checked[typed.is_of_all]; " " (w.giving.reach_all) }
        }
        p.small { (w.giving.only_these) }
        div.picks { @for company in &companies {
            label.pick {
                input type="checkbox" name="company" value=(company) checked[typed.companies.contains(company)];
                " " (company)
            }
        } }
    };
    html! {
        (group(view, wrong, ids.roles, w.roles, Some(w.giving.roles_hint), &roles))
        (group(view, wrong, ids.companies, w.giving.reach, None, &chosen))
    }
}

/// The person's name.
pub(super) fn shown_as(view: &View, wrong: &[Wrong], value: &str) -> Markup {
    let w = view.words();
    field(view, wrong, "shown_as", w.giving.shown_as, Some(w.giving.shown_as_hint), |aria| {
        html! {
            input #shown_as name="shown_as" autocomplete="off" maxlength=(LINE_CHARS_MAX) value=(value) required
                aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
        }
    })
}

/// The account's name.
pub(super) fn name(view: &View, wrong: &[Wrong], value: &str) -> Markup {
    let w = view.words();
    field(view, wrong, "name", w.giving.name, Some(w.giving.name_hint), |aria| {
        html! {
            input #name name="name" autocomplete="off" autocapitalize="none" spellcheck="false" maxlength="32" value=(value) required
                aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
        }
    })
}

/// What a token is for, and for how long it is good.
pub(super) fn of_token(view: &View, wrong: &[Wrong], typed: &Typed) -> Markup {
    let w = view.words();
    html! {
        (field(view, wrong, "purpose", w.token_for, Some(w.giving.purpose_hint), |aria| html! {
            input #purpose name="purpose" autocomplete="off" maxlength=(LINE_CHARS_MAX) value=(typed.purpose) required
                aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
        }))
        (field(view, wrong, "days", w.giving.days, Some(w.giving.days_hint), |aria| html! {
            input #days name="days" type="number" min="1" max=(DAYS_MAX) value=(typed.days) required
                aria-invalid=[aria.invalid()] aria-describedby=[aria.described_by.as_ref()];
        }))
    }
}
