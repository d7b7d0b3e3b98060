use super::*;
use crate::erasure::ErasureId;
use crate::keys::IndexKey;
use crate::subject::{SessionId, SourceName};
use zeroize::Zeroizing;

const NOW: &str = "2026-01-02T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

#[track_caller]
fn check(searches: bool, due: &str, unsettled: Option<&str>, undecided: Option<&str>, pause: Option<Duration>) {
    let person = Subject::Person { digest: IndexKey::new(&Zeroizing::new([1; 32])).seen(&[]) };
    let session = SessionKey { source: SourceName("acme".into()), session: SessionId(7) };
    let work = EraseWork {
        id: ErasureId::generate(at(NOW)),
        subject: if searches { person } else { Subject::Session(session) },
        capsules: Vec::new(),
        targets: Vec::new(),
        created: at(due),
        due: at(due),
        undecided_since: undecided.map(at),
    };
    assert_eq!(wait(&work, unsettled.map(at), at(NOW)), pause);
}

#[test]
fn an_erasure_waits_for_sessions_to_settle_but_not_for_ever() {
    let later = Some("2026-01-02T13:00:00Z");
    check(true, "2026-01-02T11:59:00Z", later, None, Some(UNSETTLED_PAUSE_MAX));
    check(true, "2026-01-02T11:59:00Z", Some("2026-01-02T12:00:01Z"), None, Some(Duration::from_secs(1)));
    check(true, "2026-01-02T11:59:00Z", Some("2026-01-02T11:00:00Z"), None, None);
    check(true, "2026-01-01T11:59:00Z", later, None, None);
}

#[test]
fn a_search_for_a_person_waits_for_the_events_before_it_but_not_for_ever() {
    check(true, "2026-01-02T11:59:00Z", None, Some("2026-01-02T11:58:00Z"), Some(BACKLOG_PAUSE));
    check(true, "2026-01-02T11:59:00Z", None, Some("2026-01-02T11:59:30Z"), None);
    check(false, "2026-01-02T11:59:00Z", None, Some("2026-01-02T11:58:00Z"), None);
    check(true, "2026-01-02T10:59:00Z", None, Some("2026-01-02T10:58:00Z"), None);
}
