//! The fields of what is ordered of an account, and what they say.

use maud::{Markup, html};

use crate::access::{AccountName, Companies, Role, Roles, one_line};
use crate::admin::pages::fields::Fields;
use crate::admin::pages::view::View;
use crate::admin::pages::visitor::Visitor;
use crate::admin::pages::whom::{Wrong, field};
use crate::operations::accounts::AccountOrder;
use crate::subject::InstallationName;

/// Characters of a text that is shown as a line.
const LINE_CHARS_MAX: u16 = 80;

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
    let mut wrong = Vec::new();
    let name = typed.name.parse::<AccountName>();
    let named = |order: fn(AccountName) -> AccountOrder| name.clone().map(order).map_err(|_| Unread::Unknown);
    match typed.act.as_str() {
        "password" => return named(|name| AccountOrder::Password { name }),
        "enable" => return named(|name| AccountOrder::Enable { name }),
        "disable" => return named(|name| AccountOrder::Disable { name }),
        "sign_out" => return named(|name| AccountOrder::SignOut { name }),
        "revoke" => {
            let id = fields.text("id").to_owned();
            return name.map(|name| AccountOrder::RevokeToken { name, id }).map_err(|_| Unread::Unknown);
        }
        "add" | "change" | "token" => {}
        _ => return Err(Unread::Unknown),
    }
    let ids = if typed.act == "token" { OF_TOKEN } else { OF_ACCOUNT };
    let given = given(visitor, &typed, ids, &mut wrong);
    let w = visitor.view.words();
    let mut line = |text: &str, field: &'static str, sentence: &str| {
        let read = one_line(text);
        if read.is_err() {
            wrong.push(Wrong { field, text: visitor.view.say(sentence, &[]) });
        }
        read.ok()
    };
    let order = match typed.act.as_str() {
        "token" => {
            let purpose = line(&typed.purpose, "purpose", w.giving.purpose_wrong);
            let days = typed.days.parse::<u16>().ok().filter(|days| (1..=DAYS_MAX).contains(days));
            if days.is_none() {
                wrong.push(Wrong { field: "days", text: visitor.view.say(w.giving.days_wrong, &[]) });
            }
            let name = name.map_err(|_| Unread::Unknown)?;
            given.zip(purpose).zip(days).map(|(((roles, companies), purpose), days)| AccountOrder::IssueToken {
                name,
                roles,
                companies,
                purpose,
                days,
            })
        }
        act => {
            let is_new = act == "add";
            let shown_as = line(&typed.shown_as, "shown_as", w.giving.shown_as_wrong);
            if name.is_err() && is_new {
                wrong.push(Wrong { field: "name", text: visitor.view.say(w.giving.name_wrong, &[]) });
            }
            let name = match name {
                Ok(name) => Some(name),
                Err(_) if is_new => None,
                Err(_) => return Err(Unread::Unknown),
            };
            name.zip(shown_as).zip(given).map(|((name, shown_as), (roles, companies))| match is_new {
                true => AccountOrder::Add { name, shown_as, roles, companies },
                false => AccountOrder::Change { name, shown_as, roles, companies },
            })
        }
    };
    match order {
        Some(order) if wrong.is_empty() => Ok(order),
        _ => Err(Unread::Wrong(Box::new(typed), wrong)),
    }
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
            label.pick { input type="checkbox" name="companies" value="all" checked[typed.is_of_all]; " " (w.giving.companies_all) }
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
        (group(view, wrong, ids.companies, w.giving.companies, None, &chosen))
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
