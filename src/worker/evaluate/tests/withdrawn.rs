//! A consent that an officer was told to be withdrawn.

use super::*;
use crate::consent::{CameBy, Withdrawal};

fn withdrawal(said: &str) -> Withdrawal {
    Withdrawal { came: CameBy::Letter, at: at(said) }
}

/// A settled session in which consent was given at 10 o'clock.
fn settled() -> SessionView {
    let facts = SessionFacts { started: Some(at("2026-01-01T10:00:00Z")), ..known() };
    let ended = decide(&[], None, Cause::Event(&event(EventKind::SessionEnded), None), &read(facts.clone()));
    let mut change = ended.session;
    change.settle_at = None;
    change.concluded = true;
    change.record.settled = Some(at("2026-01-01T11:30:00Z"));
    view(&change, None)
}

fn rules() -> [RuleSettings; 2] {
    [
        rule(Trigger::ConsentChanged, "consent.state == 'withdrawn'", Scope::Session),
        rule(Trigger::SessionSettled, "consent.state == 'withdrawn'", Scope::Guest),
    ]
}

#[test]
fn a_withdrawal_is_a_change_of_the_consent_and_the_session_settles_once_more() {
    let withdrawal = withdrawal("2026-01-01T11:45:00Z");
    let facts = read(SessionFacts { forms: None, ..known() });
    let decision = decide(&rules(), Some(settled()), Cause::Withdrawn(&withdrawal), &facts);
    let record = &decision.session.record;
    assert_eq!(record.consent.state, ConsentState::Withdrawn);
    assert_eq!((record.consent.version.as_deref(), record.consent.since), (Some("v3"), Some(withdrawal.at)));
    assert_eq!(record.earlier.iter().map(|one| one.state).collect::<Vec<_>>(), [ConsentState::Given]);
    assert_eq!(scopes(&decision), [Scope::Session], "the rule about its settling comes with that");
    assert!(decision.session.settle_at.is_some());

    // What mluvii still shows is not given anew.
    let after = view(&decision.session, None);
    let settles = decide(&rules(), Some(after), Cause::Settle, &read(known()));
    assert_eq!(settles.session.record.consent.state, ConsentState::Withdrawn);
    assert!(scopes(&settles).contains(&Scope::Guest));
}

#[test]
fn what_was_given_after_the_withdrawal_stands() {
    let withdrawal = withdrawal("2026-01-01T09:00:00Z");
    let decision = decide(&rules(), Some(settled()), Cause::Withdrawn(&withdrawal), &Seen::NotLooked);
    assert_eq!(decision.session.record.consent.state, ConsentState::Given);
    assert!(decision.erasures.is_empty() && decision.session.settle_at.is_none(), "nothing has changed");
}

#[test]
fn an_erased_session_does_not_settle_once_more_by_a_withdrawal() {
    let view = SessionView { erased_at: Some(at("2026-01-01T11:40:00Z")), ..settled() };
    let cause = withdrawal("2026-01-01T11:45:00Z");
    let decision = decide(&[], Some(view), Cause::Withdrawn(&cause), &Seen::NotLooked);
    assert_eq!(decision.session.record.consent.state, ConsentState::Withdrawn);
    assert!(decision.session.settle_at.is_none() && decision.erasures.is_empty());
}

#[test]
fn each_form_of_one_look_leaves_what_it_said() {
    let consent = |state, answer: &str| ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some(format!("form.params['agree'] == '{answer}'")),
        state,
    };
    let rules = [consent(ConsentState::Refused, "no"), consent(ConsentState::Given, "yes")];
    let facts = SessionFacts {
        forms: Some(vec![form("entry_form", &[("agree", "yes")]), form("hero_card", &[("agree", "no")])]),
        ..known()
    };
    let ended = event(EventKind::SessionEnded);
    let decision = decide_with(&[], &rules, None, Cause::Event(&ended, None), &read(facts));
    let record = &decision.session.record;
    assert_eq!((record.consent.state, record.consent.origin.as_deref()), (ConsentState::Refused, Some("hero_card")));
    let earlier: Vec<_> = record.earlier.iter().map(|one| (one.state, one.origin.as_deref())).collect();
    assert_eq!(earlier, [(ConsentState::Given, Some("session")), (ConsentState::Given, Some("entry_form"))]);
}
