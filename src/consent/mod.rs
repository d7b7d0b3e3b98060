//! What is kept of a session, and nothing more: the consent record. It has no field for names, addresses, texts, IPs or
//! URLs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{Channel, SessionSource};
use crate::keys::Digest;
use crate::subject::{GuestId, SessionKey, SourceName, TenantId};

/// Whether the person consented.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ConsentState {
    Given,
    /// mluvii knows the session and holds no consent for it.
    Absent,
    Refused,
    Withdrawn,
    /// Nothing is known: not read yet, not found, or not understood. Never a reason to act by itself.
    #[default]
    Unknown,
}

impl ConsentState {
    pub(crate) const ALL: [Self; 5] = [Self::Given, Self::Absent, Self::Refused, Self::Withdrawn, Self::Unknown];

    /// Whether it says that a consent was given, at some time.
    pub(crate) fn is_proof(self) -> bool {
        matches!(self, Self::Given | Self::Withdrawn)
    }
}

/// Why the consent of a session stayed unknown although there was time to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum UnknownCause {
    /// mluvii answered 404 for as long as `settling.patience`.
    NotFound,
    /// mluvii's replies could not be understood for as long as `settling.patience`: a missing key, an error document.
    NotUnderstood,
}

impl UnknownCause {
    pub(crate) const ALL: [Self; 2] = [Self::NotFound, Self::NotUnderstood];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::NotUnderstood => "not_understood",
        }
    }
}

impl ConsentState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Absent => "absent",
            Self::Refused => "refused",
            Self::Withdrawn => "withdrawn",
            Self::Unknown => "unknown",
        }
    }
}

/// A consent that was taken back outside of mluvii.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Withdrawal {
    pub(crate) came: CameBy,
    /// When the person said so; what was given later stands.
    pub(crate) at: Timestamp,
}

/// How a withdrawal reached the officer. The words are origins of a consent, and part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CameBy {
    Letter,
    Phone,
    Email,
    InPerson,
}

impl CameBy {
    pub(crate) const ALL: [Self; 4] = [Self::Letter, Self::Phone, Self::Email, Self::InPerson];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Letter => "officer-letter",
            Self::Phone => "officer-phone",
            Self::Email => "officer-email",
            Self::InPerson => "officer-in-person",
        }
    }
}

/// So many earlier consents are kept of a session: the first, and the newest.
const EARLIER_MAX: usize = 16;

/// What was said about consent, where and when.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Consent {
    pub(crate) state: ConsentState,
    /// The version of the consent text (`guest.gdprVersion`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) version: Option<String>,
    /// `session` when the look-up told, otherwise the form's origin, such as `entry_form` or `hero_card`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) origin: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) form_id: Option<i64>,
    /// When it was given or taken back, by mluvii's clock or the form's; never when we looked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// Why it is unknown, where looking did not help.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cause: Option<UnknownCause>,
}

impl Consent {
    /// The origin of a state that the look-up told.
    pub(crate) const SHOWN_BY_SESSION: &str = "session";

    /// The origin of a state that a rule set without a form.
    pub(crate) const SAID_BY_RULE: &str = "rule";

    /// What was said to an officer, who wrote it down.
    pub(crate) fn withdrawn(&self, withdrawal: Withdrawal) -> Self {
        Self {
            state: ConsentState::Withdrawn,
            version: self.version.clone(),
            origin: Some(withdrawal.came.as_str().to_owned()),
            form_id: None,
            since: Some(withdrawal.at),
            cause: None,
        }
    }

    /// Whether it is withdrawn because an officer has written that down.
    pub(crate) fn is_withdrawn_by_officer(&self) -> bool {
        let came = |came: CameBy| self.origin.as_deref() == Some(came.as_str());
        self.state == ConsentState::Withdrawn && CameBy::ALL.into_iter().any(came)
    }

    /// Whether there is anything in it that a withdrawal takes back: what was given after it stands, and so does what was withdrawn before.
    pub(crate) fn ends_by(&self, withdrawal: Withdrawal) -> bool {
        let is_later = self.since.is_some_and(|since| since > withdrawal.at);
        matches!(self.state, ConsentState::Given | ConsentState::Unknown) && !is_later
    }

    /// Whether it adds only the text's version to what was known before, such as where a form said it before the session was read.
    fn completes(&self, before: &Self) -> bool {
        let version = before.version.as_ref().or(self.version.as_ref());
        *self == Self { version: version.cloned(), ..before.clone() }
    }

    /// Whether it is what mluvii shows of the session, or nothing was said at all; what a form or a rule said stands above that.
    pub(crate) fn is_shown_by_session(&self) -> bool {
        self.origin.as_deref().is_none_or(|origin| origin == Self::SHOWN_BY_SESSION)
    }
}

/// The consent record of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ConsentRecord {
    #[serde(flatten)]
    pub(crate) session: SessionKey,
    /// The source of the first delivery about it.
    pub(crate) source: Option<SourceName>,
    pub(crate) tenant: Option<TenantId>,
    /// mluvii's id of the guest; gone once the session is erased.
    pub(crate) guest: Option<GuestId>,
    /// The digest of the guest's id ([`crate::subject::Fingerprinter::guest`]); it stays.
    pub(crate) guest_digest: Option<Digest>,
    pub(crate) channel: Option<Channel>,
    pub(crate) session_source: Option<SessionSource>,
    pub(crate) started: Option<Timestamp>,
    pub(crate) ended: Option<Timestamp>,
    /// An event told of its end, so that rules at the session's end were asked about it. A look-up may show an end of which none did.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) end_told: bool,
    /// When it settled for the first time since its end, by our clock; `None` before that, and again once it is continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) settled: Option<Timestamp>,
    /// Its end was found by a comparison with mluvii: nobody had told us.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) reconciled: bool,
    pub(crate) consent: Consent,
    /// What the consent was before, the oldest first: it proves what was agreed to at the time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) earlier: Vec<Consent>,
    /// How many are not among them, all of which came after the first.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) earlier_left_out: u32,
}

impl ConsentRecord {
    /// Takes the consent over, and keeps what it was. That nothing was known is not kept.
    pub(crate) fn turn_to(&mut self, consent: Consent) {
        let before = std::mem::replace(&mut self.consent, consent);
        if before.state == ConsentState::Unknown || self.consent.completes(&before) {
            return;
        }
        if self.earlier.len() >= EARLIER_MAX {
            self.earlier.remove(1);
            self.earlier_left_out = self.earlier_left_out.saturating_add(1);
        }
        self.earlier.push(before);
    }

    /// Whether it says of any time that a consent was given.
    pub(crate) fn proves_consent(&self) -> bool {
        self.consent.state.is_proof() || self.earlier.iter().any(|consent| consent.state.is_proof())
    }

    /// The record of an erased session: the digest of the guest's id stays, the id itself does not.
    pub(crate) fn without_guest(self) -> Self {
        Self { guest: None, ..self }
    }

    /// The record of a session of which nothing is known yet.
    pub(crate) fn new(session: SessionKey) -> Self {
        Self {
            session,
            source: None,
            tenant: None,
            guest: None,
            guest_digest: None,
            channel: None,
            session_source: None,
            started: None,
            ended: None,
            end_told: false,
            settled: None,
            reconciled: false,
            consent: Consent::default(),
            earlier: Vec::new(),
            earlier_left_out: 0,
        }
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Option<Timestamp> {
        Timestamp::from_second(second).ok()
    }

    fn consent(state: ConsentState, origin: &str, since: i64) -> Consent {
        Consent { state, origin: Some(origin.into()), since: at(since), ..Consent::default() }
    }

    fn record() -> ConsentRecord {
        let session = crate::subject::SessionId(1);
        ConsentRecord::new(SessionKey { installation: crate::subject::InstallationName("acme".into()), session })
    }

    #[test]
    fn what_a_consent_was_is_kept_and_what_only_completes_it_is_no_change() {
        let mut record = record();
        let given = consent(ConsentState::Given, "entry_form", 10);
        record.turn_to(given.clone());
        assert!(record.earlier.is_empty(), "that nothing was known is no consent");
        let with_version = Consent { version: Some("v3".into()), ..given.clone() };
        record.turn_to(with_version.clone());
        record.turn_to(with_version.clone());
        assert!(record.earlier.is_empty(), "{:?}", record.earlier);
        record.turn_to(Consent { version: Some("v4".into()), ..given });
        let withdrawn = record.consent.withdrawn(Withdrawal { came: CameBy::Letter, at: at(20).expect("a time") });
        record.turn_to(withdrawn.clone());
        assert_eq!(
            record.earlier.iter().map(|one| one.version.as_deref()).collect::<Vec<_>>(),
            [Some("v3"), Some("v4")]
        );
        assert_eq!(
            (record.consent.state, record.consent.origin.as_deref()),
            (ConsentState::Withdrawn, Some("officer-letter"))
        );
        assert_eq!(record.consent.version.as_deref(), Some("v4"), "which text was agreed to is not forgotten");
    }

    #[test]
    fn of_many_changes_the_first_and_the_newest_are_kept_and_the_others_counted() {
        let mut record = record();
        for second in 0..30 {
            record.turn_to(consent(ConsentState::Given, "hero_card", second));
        }
        assert_eq!((record.earlier.len(), record.earlier_left_out), (EARLIER_MAX, 13));
        assert_eq!((record.earlier[0].since, record.earlier[1].since), (at(0), at(14)));
        assert_eq!(record.earlier.last().and_then(|one| one.since), at(28));
    }

    #[test]
    fn a_withdrawal_ends_what_was_given_before_it_and_nothing_else() {
        let withdrawal = Withdrawal { came: CameBy::Phone, at: at(20).expect("a time") };
        for (state, since, ends) in [
            (ConsentState::Given, 10, true),
            (ConsentState::Given, 20, true),
            (ConsentState::Given, 21, false),
            (ConsentState::Unknown, 10, true),
            (ConsentState::Absent, 10, false),
            (ConsentState::Refused, 10, false),
            (ConsentState::Withdrawn, 10, false),
        ] {
            assert_eq!(consent(state, "session", since).ends_by(withdrawal), ends, "{state:?} since {since}");
        }
        assert!(Consent { since: None, ..consent(ConsentState::Given, "session", 0) }.ends_by(withdrawal));
    }

    #[test]
    fn a_record_proves_what_was_agreed_to_at_any_time() {
        let mut record = record();
        record.turn_to(consent(ConsentState::Absent, "session", 1));
        assert!(!record.proves_consent());
        record.turn_to(consent(ConsentState::Given, "session", 2));
        record.turn_to(consent(ConsentState::Refused, "hero_card", 3));
        assert!(record.proves_consent(), "it was given in between");
    }
}
