//! The request that a paper answers, as far as it is known. Nothing in it names anybody.

use jiff::civil::Date;

/// A person's request. What is not known is a line to write on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// Our own number, or the company's.
    pub(crate) number: Option<String>,
    pub(crate) received: Option<Date>,
    pub(crate) came: Option<Came>,
    /// When and by what it was verified whose it is.
    pub(crate) verified: Option<(Date, VerifiedBy)>,
    /// Until when it has to be answered.
    pub(crate) due: Option<Date>,
    /// Why it is answered later than in a month; [`Case::due`] is the new date.
    pub(crate) extended: Option<ExtendedBecause>,
    pub(crate) rejected: Option<RejectedBecause>,
}

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Letter,
    Email,
    Phone,
    InPerson,
    Form,
}

/// How it is known that a request is the person's own (GDPR Art. 12(6)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VerifiedBy {
    Document,
    KnownContact,
    EmailLink,
}

/// Why a request is answered later than in a month (GDPR Art. 12(3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtendedBecause {
    Complexity,
    NumberOfRequests,
}

/// Why nothing is erased (GDPR Art. 12(4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RejectedBecause {
    NotIdentified,
    NotThePerson,
    Unfounded,
    Excessive,
    NoGround,
    Expression,
    LegalObligation,
    PublicHealth,
    Research,
    LegalClaims,
}
