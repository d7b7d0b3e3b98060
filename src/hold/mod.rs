//! Holds: what stays for now, whoever demands that it goes. A hold names no person in clear: a session by its number, a guest by
//! the digest of their id, a person by fingerprints. And what a law keeps at a target (`law`). No I/O, no clock.

mod case;
mod law;

pub(crate) use case::CaseReference;
pub(crate) use law::{Exemptions, RetainedByLaw};

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::{Digest, fill_random};
use crate::subject::{Fingerprinted, InstallationName, SessionId};

/// A hold's id: 48 random bits, written as hex after `h-`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct HoldId(pub(crate) [u8; 6]);

impl HoldId {
    pub(crate) fn generate() -> Self {
        let mut bytes = [0; 6];
        fill_random(&mut bytes);
        Self(bytes)
    }
}

impl fmt::Display for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "h-{}", hex::encode(self.0))
    }
}

impl fmt::Debug for HoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for HoldId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 6];
        let digits = text.strip_prefix("h-").ok_or("a hold's id starts with `h-`")?;
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| "a hold's id is `h-` and 12 hex digits")?;
        Ok(Self(bytes))
    }
}

impl Serialize for HoldId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for HoldId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Why something is kept, as a word: it stands on receipts, where no free text of an officer belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum HoldReason {
    /// For legal claims: to establish, exercise or defend them (GDPR Art. 17(3)(e)).
    LegalClaims,
    /// A law obliges the company to keep it (Art. 17(3)(b)).
    LegalObligation,
    /// A court or an authority has ordered it.
    Authority,
    /// The person has asked for restriction in place of erasure, or its accuracy is contested (Art. 18(1)).
    Restriction,
    /// What a rule does is being looked at first.
    Review,
}

impl HoldReason {
    pub(crate) const ALL: [Self; 5] =
        [Self::LegalClaims, Self::LegalObligation, Self::Authority, Self::Restriction, Self::Review];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::LegalClaims => "legal-claims",
            Self::LegalObligation => "legal-obligation",
            Self::Authority => "authority",
            Self::Restriction => "restriction",
            Self::Review => "review",
        }
    }
}

/// What is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HoldOn {
    Session(SessionId),
    /// All sessions of a guest, by the digest of their id.
    Guest(Digest),
    /// Whoever may be the person with these identifiers.
    Person(Vec<Fingerprinted>),
    /// Whatever a rule demands, by its name.
    Rule(String),
}

impl HoldOn {
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Session(_) => "session",
            Self::Guest(_) => "guest",
            Self::Person(_) => "person",
            Self::Rule(_) => "rule",
        }
    }
}

/// A hold as it is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewHold {
    pub(crate) id: HoldId,
    /// It reaches no further than this company.
    pub(crate) installation: InstallationName,
    pub(crate) on: HoldOn,
    pub(crate) reason: HoldReason,
    pub(crate) case: Option<CaseReference>,
    /// When it ends by itself.
    pub(crate) until: Option<Timestamp>,
}

impl NewHold {
    /// What stands on a receipt of it.
    pub(crate) fn named(&self) -> HeldBy {
        HeldBy { hold: self.id, reason: self.reason, case: self.case.clone() }
    }
}

/// A hold that kept an erasure, as its receipt names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct HeldBy {
    pub(crate) hold: HoldId,
    pub(crate) reason: HoldReason,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) case: Option<CaseReference>,
}

impl fmt::Display for HeldBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}", self.hold, self.reason.as_str())?;
        if let Some(case) = &self.case {
            write!(f, ", {case}")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_as_it_is_written() {
        let id = HoldId([0xab, 0, 1, 2, 3, 0xff]);
        assert_eq!(id.to_string(), "h-ab00010203ff");
        assert_eq!("h-ab00010203ff".parse(), Ok(id));
        for wrong in ["ab00010203ff", "h-", "h-ab", "e-ab00010203ff", "h-ab00010203fg"] {
            assert!(wrong.parse::<HoldId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_receipt_names_a_hold_by_its_id_its_reason_and_its_case() {
        let case = "21 C 123/2024".parse().ok();
        let mut held = HeldBy { hold: HoldId([1; 6]), reason: HoldReason::LegalClaims, case };
        assert_eq!(held.to_string(), "h-010101010101 (legal-claims, 21 C 123/2024)");
        held.case = None;
        assert_eq!(held.to_string(), "h-010101010101 (legal-claims)");
        for reason in HoldReason::ALL {
            assert_eq!(serde_json::to_value(reason).expect("JSON"), reason.as_str());
        }
    }
}
