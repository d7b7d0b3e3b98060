//! Consents over time: who agreed to which text when, and the end of one that a person has told an officer of.

mod export;
mod shown;

use std::collections::BTreeSet;
use std::sync::Arc;

use aide::axum::ApiRouter;
use aide::axum::routing::{get_with, post_with};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use self::shown::{Foreseen, Found, Withdrawn};
use super::shown::{GivenIdentifier, identifiers};
use crate::admin::answer::{Answer, Done};
use crate::admin::caller::{By, Requests};
use crate::admin::given::Body;
use crate::admin::keyed::{Keyed, Once};
use crate::admin::problem::Problem;
use crate::admin::state::Admin;
use crate::consent::CameBy;
use crate::operations::consent::{self, Asked};
use crate::operations::erasures::About;
use crate::subject::{GuestId, InstallationName, SessionId, SessionKey};

pub(super) fn routes() -> ApiRouter<Arc<Admin>> {
    ApiRouter::new()
        .api_route(
            "/api/v1/consents/find",
            post_with(find, |op| {
                op.id("find_consents")
                    .summary("Find the consents of a session, a guest or a person, and what they were before")
            }),
        )
        .api_route(
            "/api/v1/consents/foresee",
            post_with(foresee, |op| {
                op.id("foresee_withdrawal").summary("Say what the withdrawal of consents would do; nothing is changed")
            }),
        )
        .api_route(
            "/api/v1/consents/withdraw",
            post_with(withdraw, |op| {
                op.id("withdraw_consents").summary("Do what was shown of a withdrawal, and nothing else")
            }),
        )
        .api_route(
            "/api/v1/consents/export",
            get_with(export::export, |op| {
                op.id("export_consents").summary("All consents as JSON lines; the last line says that these are all")
            }),
        )
}

/// Whose consents.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
enum Whose {
    /// A session, by its number at mluvii.
    Session(i64),
    /// All sessions of a guest, by mluvii's id.
    Guest(String),
    /// The sessions that are a person's. Values of one kind are alternatives.
    Person(Vec<GivenIdentifier>),
}

impl Whose {
    fn of(self, installation: InstallationName) -> Result<About, Problem> {
        Ok(match self {
            Self::Session(number) => About::Session(SessionKey { installation, session: SessionId(number) }),
            Self::Guest(guest) => About::Guest { installation, guest: GuestId(guest) },
            Self::Person(given) => About::Person { installation: Some(installation), identifiers: identifiers(given)? },
        })
    }
}

/// Whose consents are found.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "FindConsents")]
struct Find {
    /// Needed where the account may see several companies; of a person, all are looked at where it may see all.
    company: Option<String>,
    on: Whose,
}

async fn find(by: By<Requests>, Body(find): Body<Find>) -> Answer<Found> {
    let company = find.company.as_deref();
    let about = match find.on {
        Whose::Person(given) => About::Person { installation: by.listed(company)?, identifiers: identifiers(given)? },
        one => one.of(by.company_or_only(company)?)?,
    };
    let shown = consent::show(&by.on, &about, &by.actor()).await.map_err(|error| by.told(error))?;
    Ok(Done(Found::from(&shown)))
}

/// How a withdrawal reached the officer.
#[derive(Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum WithdrawalCame {
    Letter,
    Phone,
    Email,
    InPerson,
}

impl From<WithdrawalCame> for CameBy {
    fn from(came: WithdrawalCame) -> Self {
        match came {
            WithdrawalCame::Letter => Self::Letter,
            WithdrawalCame::Phone => Self::Phone,
            WithdrawalCame::Email => Self::Email,
            WithdrawalCame::InPerson => Self::InPerson,
        }
    }
}

/// What an officer was told.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Withdrawal {
    /// Needed where the account may see several companies.
    company: Option<String>,
    on: Whose,
    /// Sessions that are only possibly meant, and are taken, by their numbers.
    #[serde(default)]
    #[schemars(with = "Vec<i64>")]
    include: BTreeSet<i64>,
    /// Sessions that are left.
    #[serde(default)]
    #[schemars(with = "Vec<i64>")]
    exclude: BTreeSet<i64>,
    came: WithdrawalCame,
    /// The day (UTC) on which the person said so: what was given after it stands. Now, where it is left out.
    #[schemars(with = "Option<String>")]
    day: Option<Date>,
}

impl Withdrawal {
    fn asked(self, by: &By<Requests>) -> Result<Asked, Problem> {
        let installation = by.company_or_only(self.company.as_deref())?;
        let keys = |numbers: BTreeSet<i64>| -> BTreeSet<SessionKey> {
            let key = |number| SessionKey { installation: installation.clone(), session: SessionId(number) };
            numbers.into_iter().map(key).collect()
        };
        let (include, exclude) = (keys(self.include), keys(self.exclude));
        let about = self.on.of(installation.clone())?;
        Ok(Asked { about, include, exclude, came: self.came.into(), on: self.day })
    }
}

async fn foresee(by: By<Requests>, Body(body): Body<Withdrawal>) -> Answer<Foreseen> {
    let asked = body.asked(&by)?;
    // It asks mluvii for every session, as a plan does.
    let _turn = by.admin.turn_to_plan().await?;
    let foreseen = consent::foresee(&by.on, &asked, &by.actor()).await.map_err(|error| by.told(error))?;
    Ok(Done(Foreseen::from(foreseen)))
}

/// A withdrawal, as it was shown.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ShownWithdrawal {
    withdrawal: Withdrawal,
    /// What it was shown under: where something else would be done by now, nothing is.
    hash: String,
}

async fn withdraw(by: By<Requests>, keyed: Keyed<ShownWithdrawal>) -> Result<Once<Done<Withdrawn>>, Problem> {
    let Keyed { body, order } = keyed;
    order.once(by, move |by| async move { withdrawn(&by, body).await }).await
}

async fn withdrawn(by: &By<Requests>, shown: ShownWithdrawal) -> Answer<Withdrawn> {
    let asked = shown.withdrawal.asked(by)?;
    let _turn = by.admin.turn_to_plan().await?;
    let done = consent::withdraw(&by.on, &asked, &shown.hash, &by.actor()).await;
    let (done, erasures) = done.map_err(|error| by.told(error))?;
    Ok(Done(Withdrawn { sessions: done.sessions.len(), erasures: erasures.len() }))
}
