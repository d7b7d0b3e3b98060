//! A session's record as a ledger keeps it. There are more of these than of anything else, so names are letters, times are
//! numbers, and what a column holds is not repeated.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::consent::{Consent, ConsentRecord, ConsentState, UnknownCause};
use crate::event::{Channel, SessionSource};
use crate::keys::Digest;
use crate::policy::Evaluated;
use crate::subject::{GuestId, SessionKey, SourceName, TenantId};

/// All of a record but the session and the digest of its guest's id, and what is kept of the evaluations of its rules.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredRecord {
    #[serde(rename = "s", default, skip_serializing_if = "Option::is_none")]
    source: Option<SourceName>,
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
    #[serde(rename = "g", default, skip_serializing_if = "Option::is_none")]
    guest: Option<GuestId>,
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    channel: Option<Channel>,
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    session_source: Option<SessionSource>,
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    started: Option<Moment>,
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    ended: Option<Moment>,
    #[serde(rename = "n", default, skip_serializing_if = "std::ops::Not::not")]
    end_told: bool,
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    settled: Option<Moment>,
    #[serde(rename = "r", default, skip_serializing_if = "std::ops::Not::not")]
    reconciled: bool,
    #[serde(rename = "k")]
    consent: ConsentState,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    consent_version: Option<String>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    consent_origin: Option<String>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    consent_form: Option<i64>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    consent_since: Option<Moment>,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    unknown_cause: Option<UnknownCause>,
    #[serde(rename = "x", default, skip_serializing_if = "Vec::is_empty")]
    evaluated: Vec<Evaluated>,
    #[serde(rename = "y", default, skip_serializing_if = "Vec::is_empty")]
    earlier: Vec<Earlier>,
    #[serde(rename = "z", default, skip_serializing_if = "Option::is_none")]
    earlier_left_out: Option<u32>,
}

/// What the consent was before.
#[derive(Debug, Serialize, Deserialize)]
struct Earlier {
    #[serde(rename = "k")]
    state: ConsentState,
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    form: Option<i64>,
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    since: Option<Moment>,
}

impl From<Consent> for Earlier {
    fn from(consent: Consent) -> Self {
        let Consent { state, version, origin, form_id, since, cause: _ } = consent;
        Self { state, version, origin, form: form_id, since: since.map(Moment::of) }
    }
}

impl From<Earlier> for Consent {
    fn from(earlier: Earlier) -> Self {
        let Earlier { state, version, origin, form, since } = earlier;
        Self { state, version, origin, form_id: form, since: since.and_then(Moment::time), cause: None }
    }
}

/// A time, in microseconds since 1970 where that is all of it: what mluvii says is compared with what it says again, to the
/// last digit.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(untagged)]
enum Moment {
    Micros(i64),
    Exact(Timestamp),
}

impl Moment {
    fn of(time: Timestamp) -> Self {
        let micros = time.as_microsecond();
        if Timestamp::from_microsecond(micros).is_ok_and(|whole| whole == time) {
            Self::Micros(micros)
        } else {
            Self::Exact(time)
        }
    }

    fn time(self) -> Option<Timestamp> {
        match self {
            Self::Micros(micros) => Timestamp::from_microsecond(micros).ok(),
            Self::Exact(time) => Some(time),
        }
    }
}

impl StoredRecord {
    pub(super) fn of(record: ConsentRecord, evaluated: Vec<Evaluated>) -> Self {
        let ConsentRecord { source, tenant, guest, channel, session_source, consent, earlier, .. } = record;
        Self {
            source,
            tenant,
            guest,
            channel,
            session_source,
            started: record.started.map(Moment::of),
            ended: record.ended.map(Moment::of),
            end_told: record.end_told,
            // By our own clock, and compared with nothing.
            settled: record.settled.map(|settled| Moment::Micros(settled.as_microsecond())),
            reconciled: record.reconciled,
            consent: consent.state,
            consent_version: consent.version,
            consent_origin: consent.origin,
            consent_form: consent.form_id,
            consent_since: consent.since.map(Moment::of),
            unknown_cause: consent.cause,
            evaluated,
            earlier: earlier.into_iter().map(Earlier::from).collect(),
            earlier_left_out: Some(record.earlier_left_out).filter(|left_out| *left_out > 0),
        }
    }

    /// What is kept of the evaluations of its rules.
    pub(super) fn take_evaluated(&mut self) -> Vec<Evaluated> {
        std::mem::take(&mut self.evaluated)
    }

    /// The record, with what the columns hold.
    pub(super) fn record(self, session: SessionKey, guest_digest: Option<Digest>) -> ConsentRecord {
        let time = |moment: Option<Moment>| moment.and_then(Moment::time);
        ConsentRecord {
            session,
            source: self.source,
            tenant: self.tenant,
            guest: self.guest,
            guest_digest,
            channel: self.channel,
            session_source: self.session_source,
            started: time(self.started),
            ended: time(self.ended),
            end_told: self.end_told,
            settled: time(self.settled),
            reconciled: self.reconciled,
            consent: Consent {
                state: self.consent,
                version: self.consent_version,
                origin: self.consent_origin,
                form_id: self.consent_form,
                since: time(self.consent_since),
                cause: self.unknown_cause,
            },
            earlier: self.earlier.into_iter().map(Consent::from).collect(),
            earlier_left_out: self.earlier_left_out.unwrap_or_default(),
        }
    }

    /// Of a session of which nothing is known.
    pub(super) fn empty() -> Self {
        Self {
            source: None,
            tenant: None,
            guest: None,
            channel: None,
            session_source: None,
            started: None,
            ended: None,
            end_told: false,
            settled: None,
            reconciled: false,
            consent: ConsentState::Unknown,
            consent_version: None,
            consent_origin: None,
            consent_form: None,
            consent_since: None,
            unknown_cause: None,
            evaluated: Vec::new(),
            earlier: Vec::new(),
            earlier_left_out: None,
        }
    }

    /// Whether it says of any time that a consent was given.
    pub(super) fn proves_consent(&self) -> bool {
        self.consent.is_proof() || self.earlier.iter().any(|earlier| earlier.state.is_proof())
    }

    /// Of an erased session: the digest of the guest's id stays, the id itself does not.
    pub(super) fn without_guest(self) -> Self {
        Self { guest: None, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::contract::session;

    fn at(text: &str) -> Option<Timestamp> {
        Some(text.parse().expect("a timestamp"))
    }

    #[test]
    fn a_record_comes_back_as_it_was() {
        let digest = Some(Digest([7; 16]));
        let whole = ConsentRecord {
            source: Some(SourceName("acme".into())),
            tenant: Some(TenantId(62)),
            guest: Some(GuestId("g-1".into())),
            guest_digest: digest,
            channel: Some(Channel("Chat".into())),
            session_source: Some(SessionSource("Default".into())),
            started: at("2026-01-01T10:00:00Z"),
            // As mluvii writes it.
            ended: at("2026-01-01T10:07:31.1234567Z"),
            end_told: true,
            settled: at("2026-01-01T12:00:00.001002Z"),
            reconciled: true,
            consent: Consent {
                state: ConsentState::Withdrawn,
                version: Some("v3".into()),
                origin: Some("hero_card".into()),
                form_id: Some(4711),
                since: at("2026-01-01T10:05:00.5Z"),
                cause: Some(UnknownCause::NotFound),
            },
            earlier: vec![
                Consent { state: ConsentState::Absent, ..Consent::default() },
                Consent {
                    state: ConsentState::Given,
                    version: Some("v2".into()),
                    origin: Some("entry_form".into()),
                    form_id: Some(7),
                    since: at("2026-01-01T10:01:00.5Z"),
                    cause: None,
                },
            ],
            earlier_left_out: 3,
            ..ConsentRecord::new(session(1))
        };
        let evaluated: Vec<Evaluated> = vec![
            serde_json::from_str(r#"{"o":"session-settled","a":1,"k":"absent","p":"01234567","r":["a rule"]}"#)
                .expect("is read"),
        ];
        for (record, evaluated) in [(whole, evaluated), (ConsentRecord::new(session(1)), Vec::new())] {
            let text = serde_json::to_string(&StoredRecord::of(record.clone(), evaluated.clone())).expect("JSON");
            let mut stored: StoredRecord = serde_json::from_str(&text).expect("is read");
            assert_eq!(stored.take_evaluated(), evaluated);
            assert_eq!(stored.record(session(1), record.guest_digest), record, "{text}");
        }
        let text = serde_json::to_string(&StoredRecord::of(ConsentRecord::new(session(1)), Vec::new())).expect("JSON");
        assert_eq!(text, r#"{"k":"unknown"}"#);
    }
}
