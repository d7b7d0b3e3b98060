//! When has a session settled? A session ends before its operator concludes it, and recordings come later still.

use jiff::Timestamp;

use super::SettlingSettings;
use crate::ledger::SessionChange;
use crate::span::Span;

impl SettlingSettings {
    /// When the session is to be looked at: at its time limit, or soon when nothing more is expected. A session whose
    /// end is not known is looked at again after the limit.
    pub(super) fn look_at(&self, session: &SessionChange, now: Timestamp) -> Timestamp {
        if self.is_complete(session) {
            after(now, self.pause).min(self.limit_of(session, now))
        } else {
            self.limit_of(session, now)
        }
    }

    /// Whether the session has settled, asked when the time of [`SettlingSettings::look_at`] has come.
    pub(super) fn has_settled(&self, session: &SessionChange, now: Timestamp) -> bool {
        session.record.ended.is_some() && (self.is_complete(session) || self.limit_of(session, now) <= now)
    }

    fn limit_of(&self, session: &SessionChange, now: Timestamp) -> Timestamp {
        after(session.record.ended.unwrap_or(now).min(now), self.limit)
    }

    /// Whether nothing more is expected.
    fn is_complete(&self, session: &SessionChange) -> bool {
        let channel = session.record.channel.as_ref();
        let recorded = channel
            .is_some_and(|channel| self.recorded_channels.iter().any(|name| name.eq_ignore_ascii_case(&channel.0)));
        session.record.ended.is_some() && session.concluded && (session.recording_ready || !recorded)
    }
}

fn after(from: Timestamp, span: Span) -> Timestamp {
    from.saturating_add(span.get()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consent::ConsentRecord;
    use crate::event::Channel;
    use crate::subject::{InstallationName, SessionId, SessionKey};

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    const NOW: &str = "2026-01-01T12:00:00Z";

    fn settling() -> SettlingSettings {
        SettlingSettings {
            limit: "2h".parse().expect("a span"),
            pause: "1m".parse().expect("a span"),
            recorded_channels: vec!["Phone".into()],
            patience: "1h".parse().expect("a span"),
            unknown_share_max: 0.05,
        }
    }

    fn session(channel: &str, ended: Option<&str>, concluded: bool, recording_ready: bool) -> SessionChange {
        let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
        let mut record = ConsentRecord::new(session);
        record.channel = Some(Channel(channel.into()));
        record.ended = ended.map(at);
        SessionChange {
            read_version: 0,
            record,
            fingerprints: None,
            read_at: None,
            concluded,
            recording_ready,
            settle_at: None,
            forms_seen: Vec::new(),
        }
    }

    #[track_caller]
    fn check(channel: &str, ended: Option<&str>, concluded: bool, recording_ready: bool, expected: &str) {
        let session = session(channel, ended, concluded, recording_ready);
        assert_eq!(settling().look_at(&session, at(NOW)), at(expected));
    }

    #[test]
    fn a_session_settles_when_nothing_more_is_expected_or_its_limit_is_over() {
        let ended = Some("2026-01-01T11:30:00Z");
        check("Chat", ended, false, false, "2026-01-01T13:30:00Z");
        check("Chat", ended, true, false, "2026-01-01T12:01:00Z");
        check("Phone", ended, true, false, "2026-01-01T13:30:00Z");
        check("phone", ended, true, true, "2026-01-01T12:01:00Z");
        check("Chat", Some("2026-01-01T02:00:00Z"), false, false, "2026-01-01T04:00:00Z");
        check("Chat", None, true, true, "2026-01-01T14:00:00Z");
    }

    #[test]
    fn an_end_in_the_future_does_not_postpone_settling() {
        check("Chat", Some("2036-01-01T00:00:00Z"), false, false, "2026-01-01T14:00:00Z");
    }

    #[test]
    fn at_its_time_a_session_has_settled_unless_its_end_is_unknown() {
        let settled = |ended, concluded| settling().has_settled(&session("Chat", ended, concluded, false), at(NOW));
        assert!(settled(Some("2026-01-01T11:59:00Z"), true));
        assert!(settled(Some("2026-01-01T10:00:00Z"), false));
        assert!(!settled(Some("2026-01-01T10:00:01Z"), false));
        assert!(!settled(None, true));
    }
}
