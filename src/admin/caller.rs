//! Who asks, and whether they may. What an operation needs can only be had by saying which permission it takes: [`By`] is the one way to the
//! operations, and documents what it asks for.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::{Arc, LazyLock};

use aide::OperationInput;
use aide::generate::GenContext;
use aide::openapi::{Operation, Response, StatusCode};
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use tracing::error;

use super::answer::{Has, problem_response, with_header};
use super::problem::{Code, Problem};
use super::state::Admin;
use crate::access::{Bearer, BearerKind, Companies, Permission};
use crate::audit::Actor;
use crate::http::{LogRateLimit, Seat};
use crate::ledger::LedgerError;
use crate::operations::accounts::{self, Identity};
use crate::operations::{InputError, Installation, OperationError, Operations};
use crate::subject::{InstallationName, SourceName};

/// The name of the security scheme in the API's description.
pub(super) const SCHEME: &str = "token";

/// A permission, as a type.
pub(super) trait Needs: Send + Sync {
    const PERMISSION: Permission;
}

macro_rules! needs {
    ($($name:ident),+) => {
        $(
            /// See [`Permission`].
            #[derive(Debug)]
            pub(super) enum $name {}

            impl Needs for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+
    };
}

needs!(See, Requests, SeePlans, Approve, Operate, Rules, SeeAccounts, Accounts, Own);

/// Somebody who may do what `N` takes, and the operations for it.
pub(super) struct By<N> {
    pub(super) on: Arc<Operations>,
    pub(super) identity: Identity,
    pub(super) admin: Arc<Admin>,
    needs: PhantomData<N>,
}

impl<N: Needs> By<N> {
    /// Somebody whom quietus knows by what they have sent, where their roles allow it.
    pub(super) fn of(
        on: Arc<Operations>,
        identity: Identity,
        admin: &Arc<Admin>,
        parts: &Parts,
    ) -> Result<Self, Problem> {
        // From now on no stranger's connection takes the place of this one.
        if let Some(seat) = parts.extensions.get::<Arc<Seat>>() {
            seat.known_to(&identity.account.as_str().into());
        }
        if !identity.roles.allow(N::PERMISSION) {
            let roles = identity.roles.to_string();
            return Err(Problem::new(
                Code::Forbidden,
                format!("it takes the permission `{}`, which the roles {roles} do not have", N::PERMISSION),
            ));
        }
        Ok(Self { on, identity, admin: Arc::clone(admin), needs: PhantomData })
    }
}

impl<N> By<N> {
    /// Who it is, for the audit.
    pub(super) fn actor(&self) -> Actor {
        self.identity.actor()
    }

    /// Whether the account may see anything of a company.
    pub(super) fn sees(&self, company: &InstallationName) -> bool {
        match &self.identity.companies {
            Companies::All => true,
            Companies::Only(these) => these.contains(company),
        }
    }

    /// Whether the account may see what comes from a source: one of a company that it may see. A source that the configuration does not name
    /// any more is nobody's, and seen by who may see all.
    pub(super) fn sees_source(&self, source: &SourceName) -> bool {
        let known = self.on.settings.sources.iter().find(|known| *known.name == *source.0);
        self.is_of_all() || known.and_then(|known| known.mluvii.as_ref()).is_some_and(|company| self.sees(company))
    }

    /// Those that the account may see, in the order of the configuration.
    fn companies(&self) -> impl Iterator<Item = &Installation> {
        self.on.settings.installations.iter().filter(|one| self.sees(&one.name))
    }

    /// The company of this name, or that of the source of this name, as far as the account may see it.
    pub(super) fn company(&self, name: &str) -> Result<InstallationName, Problem> {
        let named = InstallationName(name.into());
        let found = self.on.settings.installation(&named).ok().filter(|found| self.sees(&found.name));
        found.map(|found| found.name.clone()).ok_or_else(|| Problem::not_found(format_args!("company of this name")))
    }

    /// The company that is named, or the only one that the account may see.
    pub(super) fn company_or_only(&self, name: Option<&str>) -> Result<InstallationName, Problem> {
        if let Some(name) = name {
            return self.company(name);
        }
        let mut all = self.companies().map(|one| one.name.clone());
        match (all.next(), all.next()) {
            (Some(only), None) => Ok(only),
            _ => Err(self.name_one()),
        }
    }

    /// What a list is restricted to: the company that is named, or all where the account may see all of them.
    pub(super) fn listed(&self, name: Option<&str>) -> Result<Option<InstallationName>, Problem> {
        match (name, &self.identity.companies) {
            (None, Companies::All) => Ok(None),
            (name, _) => self.company_or_only(name).map(Some),
        }
    }

    /// Refuses accounts that may see some companies only, where what is asked for is of all of them.
    pub(super) fn sees_all(&self) -> Result<(), Problem> {
        match &self.identity.companies {
            Companies::All => Ok(()),
            Companies::Only(_) => {
                Err(Problem::new(Code::Forbidden, "it is of all companies, and the account may see some of them only"))
            }
        }
    }

    /// Whether it is let see all companies, also those that come later.
    pub(super) fn is_of_all(&self) -> bool {
        matches!(self.identity.companies, Companies::All)
    }

    /// Why something was not done. Who may see some companies only does not learn what else there is: other companies, and the names of
    /// sources, rules and targets.
    pub(super) fn told(&self, error: OperationError) -> Problem {
        if self.is_of_all() {
            return error.into();
        }
        match error {
            OperationError::NotFound(_) => Problem::not_found("such thing"),
            OperationError::Input(InputError::UnknownTarget { .. }) => {
                Problem::new(Code::Input, "one of the targets is not there")
            }
            OperationError::Input(
                InputError::UnknownInstallation { .. }
                | InputError::UnknownMluvii { .. }
                | InputError::OtherInstallation { .. }
                | InputError::InstallationNeeded { .. }
                | InputError::SeveralInstallations { .. }
                | InputError::AmbiguousNumber { .. },
            ) => Problem::not_found("such thing"),
            other => other.into(),
        }
    }

    fn name_one(&self) -> Problem {
        let known: BTreeSet<_> = self.companies().map(|one| one.name.to_string()).collect();
        let known: Vec<_> = known.into_iter().collect();
        Problem::new(
            Code::Input,
            format!("there are several companies; name one of them as `company`: {}", known.join(", ")),
        )
    }
}

impl<N: Needs> FromRequestParts<Arc<Admin>> for By<N> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, admin: &Arc<Admin>) -> Result<Self, Problem> {
        admin.must_be_private(&parts.headers, &parts.extensions)?;
        // The same for one that is not there, has expired, was revoked, or whose account is disabled.
        let unknown = || Problem::new(Code::Unauthenticated, "no valid token was sent");
        // What is none by its form is refused before anything is made or asked for it.
        let token = bearer(parts).filter(|text| Bearer::read(BearerKind::Token, text).is_some()).ok_or_else(unknown)?;
        let on = admin.operations();
        let identity = known(accounts::by_token(&on, token).await)?;
        let identity = identity.ok_or_else(unknown)?;
        Self::of(on, identity, admin, parts)
    }
}

/// Who it is; nobody where what is kept of a token, a session or its account is damaged.
pub(super) fn known(found: Result<Option<Identity>, OperationError>) -> Result<Option<Identity>, OperationError> {
    match found {
        Err(OperationError::Ledger(cause)) if is_damaged_row(&cause) => {
            if DAMAGED_LINES.passes() {
                error!(error = format!("{cause:#}"), "somebody is refused, as what is kept of them is damaged");
            }
            Ok(None)
        }
        known => known,
    }
}

/// How often it is logged that a token or its account is damaged.
static DAMAGED_LINES: LazyLock<LogRateLimit> = LazyLock::new(LogRateLimit::new);

/// Whether it is a single row that is not as it was written: what it said of a token or an account is not known.
fn is_damaged_row(cause: &anyhow::Error) -> bool {
    cause.downcast_ref::<LedgerError>().is_some_and(|error| error.of_this_work().is_some())
}

/// The token of `Authorization: Bearer TOKEN`, where it is sent once.
fn bearer(parts: &Parts) -> Option<&str> {
    let mut all = parts.headers.get_all(header::AUTHORIZATION).iter();
    let only = all.next().filter(|_| all.next().is_none())?.to_str().ok()?;
    let (scheme, token) = only.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The description of the answer to whoever has no valid token.
fn unauthenticated(ctx: &mut GenContext) -> Response {
    with_header(problem_response(ctx), Has::Always, header::WWW_AUTHENTICATE.as_str(), "how a token is sent")
}

impl<N: Needs> OperationInput for By<N> {
    fn operation_input(_: &mut GenContext, operation: &mut Operation) {
        operation.security.push([(SCHEME.to_owned(), vec![N::PERMISSION.to_string()])].into_iter().collect());
    }

    /// What takes more than to see can also be refused as things stand.
    fn inferred_early_responses(ctx: &mut GenContext, _: &mut Operation) -> Vec<(Option<StatusCode>, Response)> {
        let codes = match N::PERMISSION {
            Permission::See | Permission::SeeAccounts => &[403][..],
            _ => &[403, 409],
        };
        let mut all = vec![(Some(StatusCode::Code(401)), unauthenticated(ctx))];
        all.extend(codes.iter().map(|code| (Some(StatusCode::Code(*code)), problem_response(ctx))));
        all
    }
}
