//! Rules at a session's end that are re-checked when it has settled.

use super::*;

/// Without consent at once, with consent after a year, both demanded at the session's end.
fn rules() -> [RuleSettings; 2] {
    let named = |name: &str, when: &str, after: Option<&str>| RuleSettings {
        name: name.into(),
        after: after.map(|after| after.parse().expect("a span")),
        ..rule(Trigger::SessionEnded, when, Scope::Session)
    };
    [
        named("no consent", "consent.state == 'absent'", None),
        named("retention", "consent.state == 'given'", Some("365d")),
    ]
}

/// A form withdraws the consent.
fn withdrawal() -> [ConsentRuleSettings; 1] {
    [ConsentRuleSettings { on: Trigger::FormSubmitted, when: Some("true".into()), state: ConsentState::Withdrawn }]
}

fn demanded(decision: &Decision) -> Vec<&str> {
    decision.erasures.iter().map(|erasure| erasure.rule.as_str()).collect()
}

/// The session after the decision, whose operator has concluded it.
fn concluded(decision: &Decision) -> Option<SessionView> {
    Some(SessionView { concluded: true, ..view(&decision.session, None) })
}

fn settled(before: &Decision, found: &Seen) -> Decision {
    decide(&rules(), concluded(before), Cause::Settle, found)
}

fn ended(found: &Seen) -> Decision {
    decide(&rules(), None, Cause::Event(&event(EventKind::SessionEnded), None), found)
}

#[test]
fn a_consent_that_shows_before_the_session_has_settled_takes_the_early_demand_back() {
    let early = ended(&read(SessionFacts { consent_version: None, ..known() }));
    assert_eq!((demanded(&early), early.rules_no_longer.as_slice()), (vec!["no consent"], [].as_slice()));
    let at_settling = settled(&early, &read(known()));
    assert_eq!(at_settling.rules_no_longer, ["no consent"]);
    assert_eq!(at_settling.session.record.settled, Some(at(NOW)));
}

#[test]
fn only_a_consent_that_is_seen_takes_anything_back() {
    let no_consent = read(SessionFacts { consent_version: None, ..known() });
    let early = ended(&no_consent);
    for without in [&no_consent, &NOT_FOUND] {
        let at_settling = settled(&early, without);
        assert_eq!((at_settling.session.record.settled, at_settling.rules_no_longer.len()), (Some(at(NOW)), 0));
    }
}

#[test]
fn a_demand_whose_rule_still_applies_is_not_taken_back() {
    let early = ended(&read(known()));
    assert_eq!(demanded(&early), ["retention"]);
    let at_settling = settled(&early, &read(known()));
    assert_eq!(at_settling.rules_no_longer, ["no consent"]);
}

#[test]
fn a_consent_that_is_withdrawn_after_settling_takes_no_retention_back() {
    let early = ended(&read(known()));
    let at_settling = settled(&early, &read(known()));
    let head = event(EventKind::SessionActivityHeroCardSubmission);
    let no = form("hero_card", &[("agree", "no")]);
    let seen = Some(view(&at_settling.session, None));
    let withdrawn = decide_with(&rules(), &withdrawal(), seen, Cause::Event(&head, Some(&no)), &read(known()));
    assert_eq!(withdrawn.session.record.consent.state, ConsentState::Withdrawn);
    assert!(withdrawn.session.settle_at.is_some(), "it is news, so the session settles again");
    let again = settled(&withdrawn, &read(known()));
    assert_eq!((again.session.settle_at, again.rules_no_longer.as_slice()), (None, [].as_slice()));
}

#[test]
fn nothing_is_taken_back_before_the_session_has_settled() {
    let early = ended(&read(SessionFacts { consent_version: None, ..known() }));
    let again = EventHead { time: Some(at("2026-01-01T11:05:00Z")), ..event(EventKind::SessionEnded) };
    let shows = decide(&rules(), Some(view(&early.session, None)), Cause::Event(&again, None), &read(known()));
    assert_eq!(shows.session.record.consent.state, ConsentState::Given);
    assert_eq!((shows.session.record.settled, shows.rules_no_longer.len()), (None, 0));
}

#[test]
fn a_session_that_is_continued_is_asked_about_again_when_its_new_end_has_settled() {
    let early = ended(&read(SessionFacts { consent_version: None, ..known() }));
    let at_settling = settled(&early, &NOT_FOUND);
    assert_eq!(at_settling.session.record.settled, Some(at(NOW)));
    assert_eq!(at_settling.rules_no_longer, [""; 0], "nothing was seen that takes it back");
    let later = EventHead { time: Some(at("2026-01-01T11:30:00Z")), ..event(EventKind::SessionEnded) };
    let without = read(SessionFacts { consent_version: None, ..known() });
    let continued = decide(&rules(), Some(view(&at_settling.session, None)), Cause::Event(&later, None), &without);
    assert_eq!((demanded(&continued), continued.session.record.settled), (vec!["no consent"], None));
    let again = settled(&continued, &read(known()));
    assert_eq!(again.rules_no_longer, ["no consent"]);
}
