//! Roles, and what they allow.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::subject::InstallationName;

/// What somebody does with quietus. Nobody is more than another: each may what the others may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Role {
    /// Sees to what persons ask for, and is the one who sees whom it is about.
    Officer,
    /// Says that what an officer has planned may go.
    Approver,
    /// Keeps quietus working; needs nobody's personal data for it.
    Operator,
}

impl Role {
    pub(crate) const ALL: [Self; 3] = [Self::Officer, Self::Approver, Self::Operator];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Approver => "approver",
            Self::Operator => "operator",
        }
    }

    fn allows(self, wanted: Permission) -> bool {
        use Permission::{Accounts, Approve, Operate, Own, Requests, Rules, See, SeeAccounts, SeePlans};
        match (self, wanted) {
            // Lists are free of personal data, and who cannot see what is under way asks others for more than that.
            (_, See | Own) => true,
            (Self::Officer, Requests | SeePlans | Rules) => true,
            // Only looks at what was planned: who could plan as well is given both roles, and then nobody approves their own.
            (Self::Approver, Approve | SeePlans | Rules) => true,
            // Is who is asked when somebody cannot sign in, or comes or goes. Who gives roles could give themselves every one of
            // them: what makes an officer or an approver takes two operators, and nobody's own account is theirs to change.
            (Self::Operator, Operate | SeeAccounts | Accounts) => true,
            (Self::Officer, Approve | Operate | SeeAccounts | Accounts)
            | (Self::Approver, Requests | Operate | SeeAccounts | Accounts)
            // What a rule demands is a decision on people's data, and none of how quietus runs.
            | (Self::Operator, Requests | SeePlans | Approve | Rules) => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a way in needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Permission {
    /// Lists and figures free of personal data.
    See,
    /// Enter requests, plan them, find people; holds, consent, papers, tasks.
    Requests,
    /// See which sessions a plan includes, and why: each look is in the audit.
    SeePlans,
    /// Approve plans and erasures.
    Approve,
    /// Retry work; targets, quarantine, plugins, webhooks, attention, reload, reconciliation.
    Operate,
    /// Confirm and reject rules.
    Rules,
    /// See who has an account and which tokens there are.
    SeeAccounts,
    /// Give and take accounts, roles and tokens: in a browser, with one's own password.
    Accounts,
    /// One's own password and sessions.
    Own,
}

impl Permission {
    pub(crate) const ALL: [Self; 9] = [
        Self::See,
        Self::Requests,
        Self::SeePlans,
        Self::Approve,
        Self::Operate,
        Self::Rules,
        Self::SeeAccounts,
        Self::Accounts,
        Self::Own,
    ];

    /// The name of it: part of the interface.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::See => "see",
            Self::Requests => "requests",
            Self::SeePlans => "see_plans",
            Self::Approve => "approve",
            Self::Operate => "operate",
            Self::Rules => "rules",
            Self::SeeAccounts => "see_accounts",
            Self::Accounts => "accounts",
            Self::Own => "own",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Some roles; never none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeSet<Role>", into = "BTreeSet<Role>")]
pub(crate) struct Roles(BTreeSet<Role>);

impl Roles {
    /// `None` where there is none.
    pub(crate) fn of(roles: impl IntoIterator<Item = Role>) -> Option<Self> {
        let roles: BTreeSet<_> = roles.into_iter().collect();
        (!roles.is_empty()).then_some(Self(roles))
    }

    /// Whether any of them allows it.
    pub(crate) fn allow(&self, wanted: Permission) -> bool {
        self.0.iter().any(|role| role.allows(wanted))
    }

    /// All that they allow.
    pub(crate) fn permissions(&self) -> impl Iterator<Item = Permission> {
        Permission::ALL.into_iter().filter(|wanted| self.allow(*wanted))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Those of them that the others have, too.
    pub(crate) fn within(&self, others: &Self) -> Option<Self> {
        Self::of(self.0.intersection(&others.0).copied())
    }

    pub(crate) fn are_within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Role::as_str).collect();
        f.write_str(&words.join(","))
    }
}

impl TryFrom<BTreeSet<Role>> for Roles {
    type Error = &'static str;

    fn try_from(roles: BTreeSet<Role>) -> Result<Self, &'static str> {
        Self::of(roles).ok_or("no role is given")
    }
}

impl From<Roles> for BTreeSet<Role> {
    fn from(roles: Roles) -> Self {
        roles.0
    }
}

/// The companies that somebody may see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Companies {
    /// Also those that come later.
    All,
    Only(BTreeSet<InstallationName>),
}

impl Companies {
    /// Those that are named, or all where none is.
    pub(crate) fn named(names: impl IntoIterator<Item = InstallationName>) -> Self {
        let names: BTreeSet<_> = names.into_iter().collect();
        if names.is_empty() { Self::All } else { Self::Only(names) }
    }

    /// Those of them that are among the others, too; `None` where there is none.
    pub(crate) fn within(&self, others: &Self) -> Option<Self> {
        match (self, others) {
            (Self::All, both) | (both, Self::All) => Some(both.clone()),
            (Self::Only(own), Self::Only(others)) => {
                let both: BTreeSet<_> = own.intersection(others).cloned().collect();
                (!both.is_empty()).then_some(Self::Only(both))
            }
        }
    }

    pub(crate) fn are_within(&self, others: &Self) -> bool {
        match (self, others) {
            (_, Self::All) => true,
            (Self::All, Self::Only(_)) => false,
            (Self::Only(own), Self::Only(others)) => own.is_subset(others),
        }
    }
}

impl fmt::Display for Companies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Only(names) => {
                let names: Vec<_> = names.iter().map(|name| &*name.0).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_allows_what_it_is_for_and_nothing_else() {
        let table = [
            // officer, approver, operator
            (Permission::See, [true, true, true]),
            (Permission::Requests, [true, false, false]),
            (Permission::SeePlans, [true, true, false]),
            (Permission::Approve, [false, true, false]),
            (Permission::Operate, [false, false, true]),
            (Permission::Rules, [true, true, false]),
            (Permission::SeeAccounts, [false, false, true]),
            (Permission::Accounts, [false, false, true]),
            (Permission::Own, [true, true, true]),
        ];
        assert_eq!(table.map(|(wanted, _)| wanted), Permission::ALL);
        for (wanted, expected) in table {
            for (role, expected) in Role::ALL.into_iter().zip(expected) {
                let alone = Roles::of([role]).expect("a role");
                assert_eq!(alone.allow(wanted), expected, "{role:?} {wanted:?}");
            }
            let all = Roles::of(Role::ALL).expect("roles");
            assert_eq!(all.allow(wanted), expected.contains(&true), "all {wanted:?}");
        }
        let both = Roles::of([Role::Officer, Role::Operator]).expect("roles");
        assert!(
            both.allow(Permission::Requests) && both.allow(Permission::Operate) && !both.allow(Permission::Approve)
        );
    }

    #[test]
    fn roles_are_words_and_never_none() {
        let both = Roles::of([Role::Operator, Role::Officer, Role::Officer]).expect("roles");
        assert_eq!(serde_json::to_string(&both).expect("JSON"), r#"["officer","operator"]"#);
        assert_eq!(serde_json::from_str::<Roles>(r#"["operator","officer"]"#).expect("roles"), both);
        assert!(serde_json::from_str::<Roles>("[]").is_err() && serde_json::from_str::<Roles>(r#"["root"]"#).is_err());
        assert_eq!(Roles::of([]), None);
        assert_eq!(both.to_string(), "officer,operator");
    }

    #[test]
    fn what_two_have_in_common_is_no_more_than_either_has() {
        let roles = |some: &[Role]| Roles::of(some.iter().copied()).expect("roles");
        let (own, others) = (roles(&[Role::Officer, Role::Operator]), roles(&[Role::Operator, Role::Approver]));
        assert_eq!(own.within(&others), Some(roles(&[Role::Operator])));
        assert_eq!(roles(&[Role::Officer]).within(&others), None);
        assert!(roles(&[Role::Officer]).are_within(&own) && !own.are_within(&others));
        let only = |names: &[&str]| Companies::named(names.iter().map(|name| InstallationName((*name).into())));
        let (acme, both) = (only(&["acme"]), only(&["acme", "globex"]));
        assert_eq!(only(&[]), Companies::All);
        assert_eq!(acme.within(&both), Some(acme.clone()));
        assert_eq!(Companies::All.within(&acme), Some(acme.clone()));
        assert_eq!(acme.within(&only(&["globex"])), None);
        assert!(acme.are_within(&both) && acme.are_within(&Companies::All));
        assert!(!both.are_within(&acme) && !Companies::All.are_within(&both));
        for companies in [Companies::All, both] {
            let text = serde_json::to_string(&companies).expect("JSON");
            assert_eq!(serde_json::from_str::<Companies>(&text).expect("companies"), companies, "{text}");
        }
    }
}
