use super::*;
use crate::erasure::{ErasureId, Selection};
use crate::keys::IndexKey;
use crate::subject::{SessionId, SessionKey};
use zeroize::Zeroizing;

const NOW: &str = "2026-01-02T12:00:00Z";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

/// An erasure that was asked for and due at `due`.
fn work(subject: Subject, due: &str) -> EraseWork {
    EraseWork {
        id: ErasureId::generate(at(NOW)),
        subject,
        capsules: Vec::new(),
        targets: Vec::new(),
        demands: Vec::new(),
        approved: false,
        created: at(due),
        due: at(due),
        selection: Selection::default(),
        undecided_since: None,
        unread_since: None,
    }
}

fn person() -> Subject {
    let digest = IndexKey::new(&Zeroizing::new([1; 32])).seen(&[]);
    Subject::Person { installation: InstallationName::unnamed(), digest }
}

fn session() -> Subject {
    Subject::Session(SessionKey { installation: InstallationName::unnamed(), session: SessionId(7) })
}

#[track_caller]
fn check(work: &EraseWork, unsettled: Option<&str>, pause: Option<Duration>) {
    assert_eq!(wait(work, unsettled.map(at), at(NOW)), pause);
}

const RECENT: &str = "2026-01-02T11:59:00Z";

#[test]
fn an_erasure_waits_for_sessions_to_settle_but_not_for_ever() {
    let later = Some("2026-01-02T13:00:00Z");
    check(&work(person(), RECENT), later, Some(UNSETTLED_PAUSE_MAX));
    check(&work(session(), RECENT), later, Some(UNSETTLED_PAUSE_MAX));
    check(&work(person(), RECENT), Some("2026-01-02T12:00:01Z"), Some(Duration::from_secs(1)));
    let looked_at_now = Some("2026-01-02T11:00:00Z");
    check(&work(person(), RECENT), looked_at_now, Some(Duration::from_secs(30)));
    check(&work(session(), NOW), looked_at_now, Some(FIRST_PAUSE));
    check(&work(session(), "2026-01-01T11:59:00Z"), looked_at_now, None);
    check(&work(person(), "2026-01-01T11:59:00Z"), later, None);
}

#[test]
fn an_erasure_that_was_heard_of_late_waits_like_others() {
    let late = |subject| EraseWork { due: at("2020-01-01T00:00:00Z"), ..work(subject, RECENT) };
    check(&late(person()), Some("2026-01-02T13:00:00Z"), Some(UNSETTLED_PAUSE_MAX));
    let behind = EraseWork { undecided_since: Some(at("2026-01-02T11:58:00Z")), ..late(person()) };
    check(&behind, None, Some(Duration::from_secs(30)));
}

#[test]
fn a_search_for_a_person_waits_for_the_events_before_it_but_not_for_ever() {
    let behind = |subject, due: &str, since: &str| EraseWork { undecided_since: Some(at(since)), ..work(subject, due) };
    check(&behind(person(), RECENT, "2026-01-02T11:58:00Z"), None, Some(Duration::from_secs(30)));
    check(&behind(person(), NOW, "2026-01-02T11:58:00Z"), None, Some(FIRST_PAUSE));
    check(&behind(person(), RECENT, "2026-01-02T11:59:30Z"), None, None);
    check(&behind(session(), RECENT, "2026-01-02T11:58:00Z"), None, None);
    let selection = Selection { identifiers_only: true, ..Selection::default() };
    check(&EraseWork { selection, ..behind(person(), RECENT, "2026-01-02T11:58:00Z") }, None, None);
    check(&behind(person(), "2026-01-02T10:59:00Z", "2026-01-02T10:58:00Z"), None, None);
}

#[test]
fn what_came_before_it_is_due_counts_however_long_ago_it_was_asked_for() {
    let approved_later = EraseWork {
        created: at("2026-01-01T00:00:00Z"),
        unread_since: Some(at("2026-01-02T11:58:00Z")),
        ..work(person(), RECENT)
    };
    check(&approved_later, None, Some(Duration::from_secs(30)));
    // A form is due from its own time on, and decided on a moment later.
    let decided_later = EraseWork { created: at(NOW), ..work(person(), RECENT) };
    let between = EraseWork { undecided_since: Some(at("2026-01-02T11:59:30Z")), ..decided_later };
    check(&between, None, Some(FIRST_PAUSE));
}

#[test]
fn a_search_for_a_person_waits_for_sessions_that_nobody_has_read_yet() {
    let unread = |due: &str, since: &str| EraseWork { unread_since: Some(at(since)), ..work(person(), due) };
    check(&unread(RECENT, "2026-01-02T11:58:00Z"), None, Some(Duration::from_secs(30)));
    check(&unread("2026-01-02T10:59:00Z", "2026-01-02T10:58:00Z"), None, Some(UNSETTLED_PAUSE_MAX));
    check(&unread(RECENT, "2026-01-02T11:59:30Z"), None, None);
    check(&unread("2026-01-01T11:59:00Z", "2026-01-01T11:58:00Z"), None, None);
}
