//! Sessions of which something comes after their erasure.

use super::*;

/// The settled session of an erasure, whose operator has concluded it since.
fn erased_with_news(rules: &[RuleSettings], found: &Seen) -> SessionView {
    let ended = event(EventKind::SessionEnded);
    let before = decide(rules, None, Cause::Event(&ended, None), found);
    let settled = decide(rules, Some(view(&before.session, None)), Cause::Settle, &NOT_FOUND);
    assert_eq!(settled.session.settle_at, None);
    let erased = Some(view(&settled.session, Some(at("2026-01-01T11:30:00Z"))));
    let note = event(EventKind::SessionOperatorConcluded);
    let late = decide(rules, erased, Cause::Event(&note, None), &Seen::NotLooked);
    assert!(late.session.settle_at.is_some());
    view(&late.session, Some(at("2026-01-01T11:30:00Z")))
}

#[test]
fn consent_that_is_given_in_a_continued_session_is_seen_after_its_erasure() {
    let rules = [rule(Trigger::SessionEnded, "consent.state == 'absent'", Scope::Session)];
    let ended = event(EventKind::SessionEnded);
    let without = read(SessionFacts { consent_version: None, ..known() });
    let first = decide(&rules, None, Cause::Event(&ended, None), &without);
    assert_eq!(scopes(&first), [Scope::Session]);
    let settled = decide(&rules, Some(view(&first.session, None)), Cause::Settle, &without);
    let erased_at = Some(at("2026-01-01T11:10:00Z"));
    let again = EventHead { time: Some(at("2026-01-01T11:30:00Z")), ..event(EventKind::SessionEnded) };
    let continued = |found| decide(&rules, Some(view(&settled.session, erased_at)), Cause::Event(&again, None), &found);
    let agreed = continued(read(known()));
    let consent = &agreed.session.record.consent;
    assert_eq!((consent.state, consent.version.as_deref()), (ConsentState::Given, Some("v3")));
    assert_eq!(consent.since, erased_at);
    assert_eq!(scopes(&agreed), []);
    // What came after the consent stays.
    let concluded = SessionView { concluded: true, ..view(&agreed.session, erased_at) };
    let settled = decide(&rules, Some(concluded), Cause::Settle, &read(known()));
    assert_eq!((scopes(&settled), settled.session.settle_at), (Vec::new(), None));

    assert_eq!(scopes(&continued(without.clone())), [Scope::Session]);
}

#[test]
fn a_consent_version_that_mluvii_leaves_changes_nothing_of_an_erased_session() {
    let erased = erased_with_news(&[], &read(known()));
    let consent = erased.record.consent.clone();
    let left = read(SessionFacts { consent_version: Some("v4".into()), ..known() });
    let after = decide(&[], Some(erased), Cause::Event(&event(EventKind::SessionCallParamsUpdated), None), &left);
    assert_eq!(after.session.record.consent, consent);
}

#[test]
fn an_end_that_was_answered_with_unknown_is_asked_about_once_the_session_is_read() {
    let rules = [rule(Trigger::SessionEnded, "consent.state == 'absent'", Scope::Session)];
    let ended = event(EventKind::SessionEnded);
    let unknown = decide(&rules, None, Cause::Event(&ended, None), &NOT_FOUND);
    assert_eq!(scopes(&unknown), []);
    let without = read(SessionFacts { consent_version: None, ..known() });
    let settled = decide(&rules, Some(view(&unknown.session, None)), Cause::Settle, &without);
    assert_eq!(scopes(&settled), [Scope::Session]);
    assert_eq!(settled.erasures[0].rule, "SessionEnded");
    let again = decide(&rules, Some(view(&settled.session, None)), Cause::Settle, &without);
    assert_eq!(scopes(&again), []);
    let never = decide(&rules, Some(view(&unknown.session, None)), Cause::Settle, &NOT_FOUND);
    assert_eq!(scopes(&never), []);
}

#[test]
fn content_that_comes_after_an_erasure_goes_too() {
    let retention = RuleSettings {
        after: Some("365d".parse().expect("a span")),
        ..rule(Trigger::SessionSettled, "consent.state == 'given'", Scope::Session)
    };
    for rules in [vec![], vec![retention]] {
        let erased = erased_with_news(&rules, &read(known()));
        let settled = decide(&rules, Some(erased), Cause::Settle, &read(known()));
        let late = settled.erasures.iter().find(|erasure| erasure.rule == CONTENT_AFTER_ERASURE).expect("is asked for");
        assert_eq!((&late.subject, late.due), (&Subject::Session(key()), at(NOW)));
        assert_eq!(late.targets, [TargetName::mluvii()]);
    }
}

#[test]
fn content_after_an_erasure_is_asked_for_once_and_only_then() {
    let rules = [rule(Trigger::SessionSettled, "true", Scope::Guest)];
    let erased = erased_with_news(&rules, &read(known()));
    let settled = decide(&rules, Some(erased), Cause::Settle, &read(known()));
    assert_eq!(scopes(&settled), [Scope::Guest]);
    // A session that was not erased, and one whose guest agrees after the erasure.
    let ended = event(EventKind::SessionEnded);
    let before = decide(&[], None, Cause::Event(&ended, None), &read(known()));
    assert_eq!(scopes(&decide(&[], Some(view(&before.session, None)), Cause::Settle, &NOT_FOUND)), []);
    let erased = erased_with_news(&[], &read(SessionFacts { consent_version: None, ..known() }));
    assert_eq!(scopes(&decide(&[], Some(erased), Cause::Settle, &read(known()))), []);
}
