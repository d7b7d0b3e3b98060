use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::*;
use crate::consent::ConsentState;
use crate::event::{EventKind, Form};
use crate::keys::Secret;
use crate::policy::{ConsentRuleSettings, RuleSettings};
use crate::subject::{InstallationName, Scope, SessionId, SessionKey, SourceName, TargetName};

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn index() -> IndexKey {
    IndexKey::new(&Zeroizing::new([1; 32]))
}

fn event() -> EventHead {
    let installation = InstallationName("acme".into());
    EventHead {
        source: SourceName("acme".into()),
        session: SessionKey { installation, session: SessionId(7) },
        kind: EventKind::SessionEnded,
        digest: index().seen(&[b"reconciled"]),
        tenant: None,
        time: Some(at("2025-01-01T00:00:00Z")),
        channel: None,
        session_source: None,
        started: None,
        activity: None,
        reconciled: true,
    }
}

fn rule(name: &str, on: Trigger, when: &str) -> RuleSettings {
    let targets = vec![TargetName::mluvii()];
    let erase = Scope::Session;
    RuleSettings {
        name: name.into(),
        on,
        when: Some(when.into()),
        erase,
        after: None,
        targets,
        approve: false,
        confirm: None,
    }
}

fn consent(on: Trigger, when: &str, state: ConsentState) -> ConsentRuleSettings {
    ConsentRuleSettings { on, when: Some(when.into()), state }
}

/// The rules that would erase a session that was looked up.
fn foreseen(consent: &[ConsentRuleSettings], rules: &[RuleSettings], looked_up: LookedUp) -> Vec<String> {
    let policy = Policy::compile(consent, rules, &[TargetName::mluvii()]).expect("compiles");
    let settling = SettlingSettings {
        limit: "2h".parse().expect("a span"),
        pause: "1m".parse().expect("a span"),
        recorded_channels: vec!["Phone".into()],
        patience: "1h".parse().expect("a span"),
        unknown_share_max: 0.05,
    };
    let foresight = Foresight {
        policy: &policy,
        settling: &settling,
        params: &BTreeMap::new(),
        fingerprinter: &Fingerprinter::new(&index(), &InstallationName("acme".into()), None),
        index: &index(),
        sessions_kept_for: None,
        four_eyes: false,
        now: at("2026-01-01T00:00:00Z"),
    };
    let demands = foresight.demanded(&event(), None, looked_up).expect("the rules can be evaluated");
    demands.into_iter().map(|demand| demand.rule).collect()
}

fn with_version(version: Option<&str>) -> LookedUp {
    Ok(Box::new(SessionFacts { consent_version: version.map(str::to_owned), ..SessionFacts::default() }))
}

#[test]
fn what_consent_rules_say_and_what_follows_from_it_is_foreseen() {
    let (ended, settled, changed) = (Trigger::SessionEnded, Trigger::SessionSettled, Trigger::ConsentChanged);
    let absent = [rule("no consent", settled, "consent.state == 'absent'")];
    assert_eq!(foreseen(&[], &absent, with_version(Some("v0"))), [""; 0]);
    assert_eq!(foreseen(&[], &absent, with_version(None)), ["no consent"]);
    for on in [ended, settled] {
        let old = [consent(on, "consent.version.startsWith('v0')", ConsentState::Absent)];
        assert_eq!(foreseen(&old, &absent, with_version(Some("v0"))), ["no consent"]);
        assert_eq!(foreseen(&old, &absent, with_version(Some("v1"))), [""; 0]);
        let withdrawn = [consent(on, "true", ConsentState::Withdrawn)];
        let after = [rule("withdrawn", changed, "consent.state == 'withdrawn'")];
        assert_eq!(foreseen(&withdrawn, &after, with_version(Some("v1"))), ["withdrawn"]);
    }
}

#[test]
fn what_the_end_demands_is_taken_back_by_a_consent_that_is_seen_later() {
    // Said by a form that only the look for settling asks for.
    let said = [consent(Trigger::FormSubmitted, "form.params['agree'] == 'yes'", ConsentState::Given)];
    let rules = [rule("no consent", Trigger::SessionEnded, "consent.state == 'absent'")];
    let form = Form {
        origin: "entry_form".into(),
        id: None,
        submitted: true,
        by_client: None,
        params: BTreeMap::from([("agree".to_owned(), Secret::new("yes"))]),
        time: None,
    };
    let agreed = SessionFacts { forms: Some(vec![form]), ..SessionFacts::default() };
    assert_eq!(foreseen(&said, &rules, Ok(Box::new(agreed))), [""; 0]);
    assert_eq!(foreseen(&said, &rules, with_version(None)), ["no consent"]);
}

#[test]
fn of_a_session_that_cannot_be_read_the_consent_stays_unknown() {
    let rules = [
        rule("all", Trigger::SessionSettled, "true"),
        rule("no consent", Trigger::SessionSettled, "consent.state == 'absent'"),
    ];
    assert_eq!(foreseen(&[], &rules, Err(UnknownCause::NotFound)), ["all"]);
}
