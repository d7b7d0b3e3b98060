use super::*;
use crate::consent::Consent;
use crate::event::Channel;
use crate::ledger::contract::{KEEP, event, session};
use crate::subject::GuestId;

const DAY: Duration = Duration::from_secs(86_400);

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn record(state: ConsentState, since: Option<&str>) -> ConsentRecord {
    let consent = Consent { state, version: Some("v3".into()), since: since.map(at), ..Consent::default() };
    ConsentRecord { consent, ..ConsentRecord::new(session(1)) }
}

#[test]
fn a_delivery_of_what_was_over_is_covered_and_news_is_not() {
    let tombstone = Tombstone { at: at("2026-01-10T00:00:00Z"), erased: false };
    let covers = |time: Option<&str>, came: &str, kept_for| {
        let mut event = event(1, 1).head;
        event.time = time.map(at);
        tombstone.covers(&event, at(came), kept_for)
    };
    let late = "2026-03-01T00:00:00Z";
    assert!(covers(Some("2026-01-09T23:00:00Z"), late, Some(30 * DAY)));
    assert!(covers(Some("2026-01-10T00:00:00Z"), late, Some(30 * DAY)));
    assert!(!covers(Some("2026-01-10T00:00:01Z"), late, Some(30 * DAY)), "it happened later");
    assert!(!covers(None, late, Some(30 * DAY)), "it may have happened later");
    assert!(!covers(Some("2026-01-09T23:00:00Z"), "2026-02-01T00:00:00Z", Some(30 * DAY)), "its record was there");
    assert!(!covers(Some("2026-01-09T23:00:00Z"), late, None), "its record would be there");
}

#[test]
fn what_is_refused_is_tried_in_halves_and_then_passed_over_and_the_rest_goes_on_as_before() {
    let mut portion = Portion::new(8);
    let mut sizes = Vec::new();
    while !portion.passes {
        portion = portion.refused().expect("it may be one of its records");
        sizes.push(portion.size);
    }
    assert_eq!(sizes, [4, 2, 1, 1]);
    assert_eq!(portion.refused(), None, "nothing was deleted, and it is refused all the same");
    let next = portion.next();
    assert_eq!((next.size, next.passes), (2, false));
    assert_eq!(next.next().next().next().size, 8);
}

#[test]
fn what_comes_to_an_erased_session_goes_unless_its_guest_has_agreed_since() {
    let erased_at = at("2026-01-02T00:00:00Z");
    let idle = at("2026-01-10T00:00:00Z");
    let erased = |record: &ConsentRecord, erased_at| Tombstone::of(record, erased_at, idle).erased;
    let before = record(ConsentState::Given, Some("2026-01-01T00:00:00Z"));
    let since = record(ConsentState::Given, Some("2026-01-03T00:00:00Z"));
    assert!(erased(&before, Some(erased_at)));
    assert!(!erased(&since, Some(erased_at)));
    assert!(erased(&record(ConsentState::Given, None), Some(erased_at)));
    assert!(!erased(&before, None));
}

#[test]
fn a_consent_that_was_given_or_withdrawn_is_kept_as_a_proof() {
    let now = at("2026-06-01T00:00:00Z");
    let idle = at("2026-01-01T00:00:00Z");
    let keep = Keep { sessions: Some(30 * DAY), consents: Some(400 * DAY), ..KEEP };
    let end = |state, keep: &Keep| {
        let mut record = record(state, None);
        record.guest = Some(GuestId("g-1".into()));
        record.channel = Some(Channel("Chat".into()));
        record.started = Some(idle);
        RecordEnd::of(record, idle, keep, now)
    };
    for state in [ConsentState::Given, ConsentState::Withdrawn] {
        let RecordEnd::Reduced(proof) = end(state, &keep) else { panic!("{state:?} is a proof") };
        assert_eq!((proof.guest, proof.channel, proof.started), (None, None, Some(idle)));
        assert_eq!((proof.consent.state, proof.consent.version.as_deref()), (state, Some("v3")));
        assert!(matches!(end(state, &Keep { consents: None, ..keep }), RecordEnd::Reduced(_)));
        assert_eq!(end(state, &Keep { consents: Some(60 * DAY), ..keep }), RecordEnd::Gone, "its time is over, too");
    }
    for state in [ConsentState::Absent, ConsentState::Refused, ConsentState::Unknown] {
        assert_eq!(end(state, &keep), RecordEnd::Gone);
    }
}

#[test]
fn what_was_deleted_is_counted_by_kind() {
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    metrics::with_local_recorder(&recorder, || {
        describe_expired();
        counted(RecordKind::Sessions, Round { deleted: 3, is_behind: false });
    });
    let text = recorder.handle().render();
    let moved = |family: &str| assert!(text.contains(&format!("{family}{{kind=\"sessions\"}} 3\n")), "{text}");
    moved("quietus_expired_total");
}
