//! The fifth phase: when a session has settled, and when it is looked at next. A session ends before its operator
//! concludes it, and recordings come later still.

use jiff::Timestamp;
use quietus_plugin::Span;

use super::input::{Cause, Evaluation};
use crate::event::EventKind;
use crate::ledger::{SessionChange, SessionView};
use crate::policy::Fired;
use crate::worker::look_up::Seen;
use crate::worker::settings::SettlingSettings;

impl Evaluation<'_> {
    /// Whether the session settles by this evaluation. One that could not be read for all of `settling.patience` settles
    /// without being read, or it would never be over.
    pub(super) fn settles(&self, cause: Cause<'_>, seen: &Seen, session: &SessionChange) -> bool {
        matches!(cause, Cause::Settle)
            && (matches!(seen, Seen::Unknown(_)) || self.settling.has_settled(session, self.now))
    }

    /// When the session is to be looked at for settling. Never in the past: the patience with its look-ups begins when they
    /// can be made, however late the event came.
    pub(super) fn next_look(&self, session: &SessionChange) -> Timestamp {
        self.settling.look_at(session, self.now).max(self.now)
    }
}

/// Whether a session that has settled stays so in spite of the event.
pub(super) fn stays_settled(
    view: Option<&SessionView>,
    session: &SessionChange,
    cause: Cause<'_>,
    triggers: &[Fired<'_>],
) -> bool {
    let Some(view) = view.filter(|view| view.settle_at.is_none()) else { return false };
    let head = match cause {
        Cause::Event(head, _) => head,
        Cause::Settle => return false,
        // Of what was erased nothing has come since, that would have to go.
        Cause::Withdrawn(_) => {
            return view.erased_at.is_some() || session.record.consent.state == view.record.consent.state;
        }
    };
    // A form that comes to an erased session is content that came after its erasure.
    let is_content = view.erased_at.is_some() && triggers.iter().any(|fired| fired.form.is_some());
    !is_content && !has_news(view, session, head.kind)
}

/// Whether something has come that a settled session was not settled with. Events arrive in any order, and what is
/// known already must not settle a session a second time, or it would be erased twice.
fn has_news(view: &SessionView, now: &SessionChange, kind: EventKind) -> bool {
    match kind {
        // Each of these tells of content of its own: a second operator's notes, a second recording.
        EventKind::SessionOperatorConcluded | EventKind::SessionRecordingPostProcessingCompleted => return true,
        // A continued session has ended again, and holds more than at its first end. Only the event says so: what a
        // look-up tells may be rounded otherwise.
        EventKind::SessionEnded if now.record.ended > view.record.ended => return true,
        _ => {}
    }
    now.record.consent.state != view.record.consent.state
}

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
        // An end that lies ahead, by another clock, puts nothing off.
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
    from.saturating_add(span.0).unwrap_or(Timestamp::MAX)
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
            evaluated: Vec::new(),
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
