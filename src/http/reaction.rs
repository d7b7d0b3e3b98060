//! How a delivery is reacted to; `routes.rs` makes the status of it.

use super::body::NoBody;

/// The result of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reaction {
    Recorded,
    Duplicate,
    Ignored,
    Quarantined,
    QuarantineFull,
    Unauthenticated,
    NetworkNotAllowed,
    /// Of a tenant that is not ours: acknowledged, and nothing of it is kept.
    ForeignTenant,
    TooLarge,
    Slow,
    Broken,
    OtherMethod,
    Busy,
    LedgerBroken,
    LedgerDamaged,
    Overloaded,
}

impl From<NoBody> for Reaction {
    fn from(none: NoBody) -> Self {
        match none {
            NoBody::TooLarge => Self::TooLarge,
            NoBody::Slow => Self::Slow,
            NoBody::Displaced => Self::Overloaded,
            NoBody::Broken => Self::Broken,
        }
    }
}

impl Reaction {
    /// In the order of their declaration.
    pub(super) const ALL: [Self; 16] = [
        Self::Recorded,
        Self::Duplicate,
        Self::Ignored,
        Self::Quarantined,
        Self::QuarantineFull,
        Self::Unauthenticated,
        Self::NetworkNotAllowed,
        Self::ForeignTenant,
        Self::TooLarge,
        Self::Slow,
        Self::Broken,
        Self::OtherMethod,
        Self::Busy,
        Self::LedgerBroken,
        Self::LedgerDamaged,
        Self::Overloaded,
    ];

    /// Whether it was acknowledged, whatever became of it: its sender is known, and has reached us.
    pub(super) fn is_taken(self) -> bool {
        matches!(self, Self::Recorded | Self::Duplicate | Self::Ignored | Self::Quarantined | Self::ForeignTenant)
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Recorded => "recorded",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Quarantined => "quarantined",
            Self::QuarantineFull => "quarantine_full",
            Self::Unauthenticated => "unauthenticated",
            Self::NetworkNotAllowed => "network_not_allowed",
            Self::ForeignTenant => "foreign_tenant",
            Self::TooLarge => "too_large",
            Self::Slow => "slow",
            Self::Broken => "broken",
            Self::OtherMethod => "other_method",
            Self::Busy => "busy",
            Self::LedgerBroken => "ledger_broken",
            Self::LedgerDamaged => "ledger_damaged",
            Self::Overloaded => "overloaded",
        }
    }
}
