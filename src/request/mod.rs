//! What a person has asked for, from the letter to the receipt: how it came, whose it is and how that is known, until when it has to
//! be answered, and what became of it. How one state leads to the next is pure ([`life`]). No name stands in a request: only which
//! kinds of identifiers were given, which are sealed beside it until it has ended.

mod capsule;
mod duplicate;
mod id;
mod life;
mod mask;
mod number;
mod plan;
mod settings;

pub(crate) use capsule::{open, seal};
pub(crate) use duplicate::is_of_same_person;
pub(crate) use id::RequestId;
pub(crate) use life::{Refused, Rest};
pub(crate) use mask::masked;
pub(crate) use number::{RequestNumber, shown};
pub(crate) use plan::{Choice, Chosen, ChosenBecause, Plan, PlannedSession};
pub(crate) use settings::RequestSettings;

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::audit::Actor;
use crate::deadline::{Calendar, EXTENDED_MONTHS_MAX, Term, days_left};
use crate::erasure::{ErasureId, Foreseen};
use crate::subject::{InstallationName, Kind, SessionKey, TargetName};

impl RequestId {
    pub(crate) fn generate(now: Timestamp) -> Self {
        Self(ErasureId::generate(now).0)
    }
}

/// Words that are written, listed and read alike.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $value:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum $name {
            $($(#[$of])* $value),+
        }

        impl $name {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$value),+];

            pub(crate) fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $word),+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let known = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                known.ok_or_else(|| {
                    let words: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
                    format!("it is none of {}", words.join(", "))
                })
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let words: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
                schemars::json_schema!({ "type": "string", "enum": words })
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
use words;

words! {
    /// How a request came.
    Came {
        Letter = "letter",
        Email = "email",
        Phone = "phone",
        InPerson = "in-person",
        Form = "form",
    }
}

words! {
    /// How it is known that a request is the person's own (GDPR Art. 12(6)).
    VerifiedBy {
        Document = "document",
        KnownContact = "known-contact",
        EmailLink = "email-link",
    }
}

words! {
    /// Why a request is answered later than in a month (GDPR Art. 12(3)). A word, and no text of one's own: names would stand there.
    ExtendedBecause {
        Complexity = "complexity",
        NumberOfRequests = "number-of-requests",
    }
}

words! {
    /// Why nothing is erased (GDPR Art. 12(4)).
    RejectedBecause {
        /// The person could not be identified (Art. 11(2), 12(2)).
        NotIdentified = "not-identified",
        /// It is somebody else's request (Art. 12(6)).
        NotThePerson = "not-the-person",
        /// It is manifestly unfounded (Art. 12(5)(b)).
        Unfounded = "unfounded",
        /// It is excessive, such as by being repeated (Art. 12(5)(b)).
        Excessive = "excessive",
        /// The data are still needed, and the law lets them be used (Art. 17(1)).
        NoGround = "no-ground",
        /// Freedom of expression and information (Art. 17(3)(a)).
        Expression = "expression",
        /// A legal obligation, or a task in the public interest (Art. 17(3)(b)).
        LegalObligation = "legal-obligation",
        /// Public health (Art. 17(3)(c)).
        PublicHealth = "public-health",
        /// Archives, research, statistics (Art. 17(3)(d)).
        Research = "research",
        /// Legal claims (Art. 17(3)(e)).
        LegalClaims = "legal-claims",
    }
}

words! {
    /// What a request came to that is neither erased, rejected nor withdrawn.
    ClosedBecause {
        /// Nothing about the person is there.
        NothingHeld = "nothing-held",
        /// What could be erased is, and the person is told what was not.
        Incomplete = "incomplete",
        /// Another request of the same person stands for it.
        Duplicate = "duplicate",
        /// It was answered without quietus.
        AnsweredElsewhere = "answered-elsewhere",
        /// It was entered by mistake.
        Mistake = "mistake",
    }
}

words! {
    /// Where a request stands.
    RequestState {
        /// Whose it is is not known for sure yet.
        Unverified = "unverified",
        /// More was asked for, to know whose it is; the deadline does not run.
        Asked = "asked",
        Verified = "verified",
        /// It was shown what would go.
        Planned = "planned",
        /// Somebody else has approved that.
        Approved = "approved",
        /// An erasure was asked for that has not ended.
        Erasing = "erasing",
        /// Something that was erased was found again, after its receipt.
        Reopened = "reopened",
        /// Its erasures have ended, with receipts.
        Done = "done",
        Rejected = "rejected",
        Withdrawn = "withdrawn",
        Closed = "closed",
    }
}

impl RequestState {
    /// Whether something is still to be done.
    pub(crate) fn is_open(self) -> bool {
        !matches!(self, Self::Done | Self::Rejected | Self::Withdrawn | Self::Closed)
    }
}

/// How it became known whose a request is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verification {
    pub(crate) how: VerifiedBy,
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
    /// The day on which it became known, which may be before it was noted; nothing where it was known as the request was entered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) on: Option<Date>,
}

/// That a request is answered later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extension {
    pub(crate) because: ExtendedBecause,
    pub(crate) by: Actor,
    pub(crate) at: Timestamp,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "as", content = "because")]
pub(crate) enum Ended {
    Done,
    Rejected(RejectedBecause),
    Withdrawn,
    Closed(ClosedBecause),
}

/// The end of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct End {
    #[serde(flatten)]
    pub(crate) ended: Ended,
    /// Nobody, where it ended with its receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Actor>,
    pub(crate) at: Timestamp,
}

/// That a request is open once more: something that was erased was found again. Whom it is about is known no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reopened {
    /// The erasure after which it was found.
    pub(crate) erasure: ErasureId,
    pub(crate) at: Timestamp,
    /// What its deadline follows from, in the place of the first one.
    #[serde(flatten)]
    pub(crate) term: Term,
}

/// A request as it is kept. Free of personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) number: RequestNumber,
    pub(crate) mluvii: InstallationName,
    pub(crate) came: Came,
    #[serde(flatten)]
    pub(crate) term: Term,
    pub(crate) entered: Timestamp,
    pub(crate) entered_by: Actor,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) verified: Option<Verification>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) extension: Option<Extension>,
    pub(crate) targets: Vec<TargetName>,
    /// Of the identifiers that were given.
    pub(crate) kinds: BTreeSet<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) plan: Option<Plan>,
    /// Who has made what is planned, or changed it: none of them approves it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) makers: Vec<Actor>,
    /// What was decided about single sessions, for this plan and the next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) include: Vec<Choice>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) exclude: Vec<Choice>,
    /// The oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) erasures: Vec<ErasureId>,
    /// Those of them that have ended, with receipts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) receipted: Vec<ErasureId>,
    /// Whether something is left that nobody has decided to leave: by a receipt, what has come since, is still there, or is not known; or what
    /// an erasure was to take that was cancelled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) more: bool,
    /// Whether some of that may be known to a target other than mluvii by the sessions alone that it was told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) elsewhere: bool,
    /// The sessions that its erasures were to take, until it ends.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) told: BTreeSet<SessionKey>,
    /// Whether more is proved of the person than its erasures knew: a further one has to be asked for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) widened: bool,
    /// What every target said when it was planned, of one that was closed as nothing is held: by that plan no session went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found_nothing: Option<Foreseen>,
    /// Kept beyond its end, until it is open once more again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) reopened: Option<Reopened>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) end: Option<End>,
}

/// A request that is to be entered, without what is sealed of it.
#[derive(Clone, Debug)]
pub(crate) struct Entered {
    pub(crate) id: RequestId,
    /// The company's own number of the case; without one, the ledger gives one.
    pub(crate) number: Option<RequestNumber>,
    pub(crate) mluvii: InstallationName,
    pub(crate) came: Came,
    pub(crate) received: Date,
    pub(crate) verified: Option<VerifiedBy>,
    pub(crate) targets: Vec<TargetName>,
    pub(crate) kinds: BTreeSet<Kind>,
}

impl Request {
    pub(crate) fn of(entered: Entered, number: RequestNumber, by: &Actor, now: Timestamp) -> Self {
        let Entered { id, number: _, mluvii, came, received, verified, targets, kinds } = entered;
        Self {
            id,
            number,
            mluvii,
            came,
            term: Term::of(received),
            entered: now,
            entered_by: by.clone(),
            verified: verified.map(|how| Verification { how, by: by.clone(), at: now, on: None }),
            extension: None,
            targets,
            kinds,
            plan: None,
            makers: Vec::new(),
            include: Vec::new(),
            exclude: Vec::new(),
            erasures: Vec::new(),
            receipted: Vec::new(),
            more: false,
            elsewhere: false,
            told: BTreeSet::new(),
            widened: false,
            found_nothing: None,
            reopened: None,
            end: None,
        }
    }

    pub(crate) fn state(&self) -> RequestState {
        match (&self.end, &self.verified, &self.plan) {
            (Some(end), ..) => match end.ended {
                Ended::Done => RequestState::Done,
                Ended::Rejected(_) => RequestState::Rejected,
                Ended::Withdrawn => RequestState::Withdrawn,
                Ended::Closed(_) => RequestState::Closed,
            },
            (None, None, _) if self.term.is_paused() => RequestState::Asked,
            (None, None, _) => RequestState::Unverified,
            // A plan goes with the erasure that is asked for by it.
            (None, Some(_), Some(plan)) if plan.approved.is_some() => RequestState::Approved,
            (None, Some(_), Some(_)) => RequestState::Planned,
            (None, Some(_), None) if self.erasing().is_some() => RequestState::Erasing,
            (None, Some(_), None) if self.reopened.is_some() => RequestState::Reopened,
            (None, Some(_), None) => RequestState::Verified,
        }
    }

    /// Whether nothing is proved of the person but the one e-mail address, by a link that was sent there.
    pub(crate) fn is_by_address_alone(&self) -> bool {
        self.verified.as_ref().is_some_and(|verified| verified.how == VerifiedBy::EmailLink)
    }

    /// An erasure of it that has not ended.
    pub(crate) fn erasing(&self) -> Option<ErasureId> {
        self.under_way().next()
    }

    /// All of them.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = ErasureId> + '_ {
        self.erasures.iter().copied().filter(|id| !self.receipted.contains(id))
    }

    /// As people know it.
    pub(crate) fn name(&self) -> String {
        shown(&self.mluvii.0, self.number.as_str())
    }

    /// The last day; `None` while it does not run.
    pub(crate) fn due(&self) -> Option<Date> {
        self.running_term().last_day()
    }

    /// The last day on which it can be extended, if it still can be.
    pub(crate) fn extendable_until(&self, today: Date) -> Option<Date> {
        let term = self.running_term();
        let first = term.first_month().filter(|_| self.end.is_none() && term.extended < EXTENDED_MONTHS_MAX)?;
        (today <= first).then_some(first)
    }

    /// The day until which the person had to be told of the refusal (GDPR Art. 12(4)), where it was rejected after it. An extension does not move it.
    pub(crate) fn refused_after(&self, calendar: &Calendar) -> Option<Date> {
        let end = self.end.as_ref().filter(|end| matches!(end.ended, Ended::Rejected(_)))?;
        self.running_term().first_month().filter(|first| *first < calendar.day(end.at))
    }

    /// What its deadline follows from now: since it is open once more, another one than at first.
    pub(crate) fn running_term(&self) -> &Term {
        self.reopened.as_ref().map_or(&self.term, |reopened| &reopened.term)
    }

    /// How many days are left; less than none where it is late, `None` where it does not run or has ended.
    pub(crate) fn days_left(&self, calendar: &Calendar, now: Timestamp) -> Option<i32> {
        let due = self.due().filter(|_| self.end.is_none())?;
        Some(days_left(calendar.day(now), due))
    }
}

#[cfg(test)]
mod tests;
