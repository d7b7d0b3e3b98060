//! The request that a paper answers, as far as it is known. Nothing in it names anybody.

use jiff::civil::Date;

use crate::request::{Came, Ended, ExtendedBecause, RejectedBecause, Request, VerifiedBy};

/// A person's request. What is not known is a line to write on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// Our own number, or the company's.
    pub(crate) number: Option<String>,
    pub(crate) received: Option<Date>,
    pub(crate) came: Option<Came>,
    /// By what it was verified whose it is. Not when: of that, only the day is known on which somebody has typed it.
    pub(crate) verified: Option<VerifiedBy>,
    /// Until when it has to be answered.
    pub(crate) due: Option<Date>,
    /// Why it is answered later than in a month; [`Case::due`] is the new date.
    pub(crate) extended: Option<ExtendedBecause>,
    pub(crate) rejected: Option<RejectedBecause>,
}

impl Case {
    /// What is known of a request.
    pub(crate) fn of(request: &Request) -> Self {
        let rejected = match request.end.as_ref().map(|end| end.ended) {
            Some(Ended::Rejected(because)) => Some(because),
            _ => None,
        };
        Self {
            number: Some(request.number.to_string()),
            received: Some(request.term.received),
            came: Some(request.came),
            verified: request.verified.as_ref().map(|verified| verified.how),
            due: request.due(),
            extended: request.extension.as_ref().map(|extension| extension.because),
            rejected,
        }
    }
}
