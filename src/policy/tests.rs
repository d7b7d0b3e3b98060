use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::*;
use crate::consent::{Consent, ConsentRecord};
use crate::event::{Channel, Form};
use crate::keys::{IndexKey, Secret};
use crate::subject::{Identifier, Identifiers, Kind, SessionId, SessionKey, SourceName};

fn record() -> ConsentRecord {
    let session = SessionKey { source: SourceName("acme".into()), session: SessionId(7) };
    ConsentRecord {
        channel: Some(Channel("Chat".into())),
        consent: Consent { state: ConsentState::Absent, ..Consent::default() },
        ..ConsentRecord::new(session)
    }
}

fn form() -> Form {
    let params = BTreeMap::from([("agree".to_owned(), Secret::new("no"))]);
    Form { origin: "hero_card".into(), id: Some(4711), submitted: true, by_client: None, params }
}

#[track_caller]
fn check(when: &str, truth: bool) {
    let expression = Expression::compile(when, Moment::FormSubmitted).expect("compiles");
    let (record, form) = (record(), form());
    assert_eq!(expression.applies("r", &Facts { record: &record, form: Some(&form) }), Ok(truth), "{when}");
}

#[test]
fn expressions_ask_the_facts() {
    check("true", true);
    check("consent.state == 'absent'", true);
    check("consent.state in ['given', 'refused']", false);
    check("session.id == 7 && session.tenant == 0 && !session.ended", true);
    check("form.id == 4711 && form.params['agree'] == 'no'", true);
    check("form.params.agree == 'no' && form.submitted", true);
    check("form.params['nothing'] == 'no'", false);
    check("has(form.params.agree) && !('x' in form.params)", true);
    check("session.channel.matches('^(Chat|AV)$')", true);
    check("['Chat', 'Phone'].exists(c, c == session.channel)", true);
    check("size(form.params) == 1 && session.duration_s >= 0", true);
    check("form.params.exists(name, form.params[name] == 'no')", true);
    check("session.channel.startsWith('Ch') ? form.by_client : true", false);
}

#[track_caller]
fn refused(when: &str, on: Moment, part: &str) {
    let problem = Expression::compile(when, on).expect_err(when);
    assert!(problem.contains(part), "{when}: {problem}");
}

#[test]
fn wrong_expressions_are_refused_with_what_is_allowed() {
    let on = Moment::FormSubmitted;
    refused("consent.stat == 'given'", on, "`consent` has no `stat`; it has `consent.state`");
    refused("consent.state == 'absnet'", on, "`absnet` is never the case; it is one of given, absent");
    refused("consent.state in ['gvien']", on, "`gvien` is never the case");
    refused("guest.name == 'x'", on, "there is no `guest`");
    refused("session", on, "`session` alone is no value");
    refused("session.id", on, "a number, not true or false");
    refused("session.id == '7'", on, "never equal");
    refused("session.id && true", on, "`&&` needs a truth value");
    refused("form.submitted", Moment::SessionEnded, "`form` exists on `form-submitted` only");
    refused("session.channel.matches('(')", on, "not a regular expression");
    refused("session.id ==", on, "not a CEL expression at 1:");
    refused("consent.version == null", on, "no fact is ever null");
    refused("form.params.agree.deeper == 'x'", on, "cannot be asked of a text");
    refused("size(session.id) == 1", on, "cannot be applied to a number");
    refused(&"!".repeat(5000), on, "longer than");
}

fn rule(name: &str, on: Moment, targets: &[&str]) -> RuleSettings {
    RuleSettings {
        name: name.into(),
        on,
        when: Some("consent.state == 'absent'".into()),
        erase: Scope::Session,
        after: Some("2h".parse().expect("a span")),
        targets: targets.iter().map(|target| TargetName((*target).into())).collect(),
    }
}

#[test]
fn rules_decide_on_their_own_moment_only_and_count_from_the_given_time() {
    let rules = [rule("a", Moment::SessionSettled, &["mluvii"]), rule("b", Moment::SessionEnded, &["mluvii"])];
    let policy = Policy::compile(&[], &rules, &[TargetName::mluvii()]).expect("compiles");
    let record = record();
    let facts = Facts { record: &record, form: None };
    let demands = policy.decide(Moment::SessionSettled, &facts, Timestamp::UNIX_EPOCH).expect("evaluates");
    let due = "1970-01-01T02:00:00Z".parse().expect("a timestamp");
    let expected = Demand { rule: "a".into(), scope: Scope::Session, due, targets: vec![TargetName::mluvii()] };
    assert_eq!(demands, [expected]);
}

#[test]
fn every_problem_of_the_rules_is_reported_with_its_key() {
    let rules = [rule("a", Moment::SessionEnded, &["crm"]), rule("a", Moment::SessionEnded, &[])];
    let consent = [ConsentRuleSettings {
        on: Moment::SessionEnded,
        when: Some("form.submitted".into()),
        state: ConsentState::Refused,
    }];
    let bad = Policy::compile(&consent, &rules, &[TargetName::mluvii()]).expect_err("wrong");
    let keys: Vec<_> = bad.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["consent.0.when", "rule.0.targets", "rule.1.name", "rule.1.targets"]);
}

#[test]
fn a_form_says_what_consent_is_and_the_last_rule_wins() {
    let say = |when: &str, state| ConsentRuleSettings { on: Moment::FormSubmitted, when: Some(when.into()), state };
    let settings = [
        say("form.id == 4711", ConsentState::Given),
        say("form.params['agree'] == 'no'", ConsentState::Withdrawn),
        say("form.id == 1", ConsentState::Refused),
    ];
    let policy = Policy::compile(&settings, &[], &[]).expect("compiles");
    let (record, form) = (record(), form());
    let facts = Facts { record: &record, form: Some(&form) };
    assert_eq!(policy.consent(Moment::FormSubmitted, &facts), Ok(Some(ConsentState::Withdrawn)));
    assert_eq!(policy.consent(Moment::SessionEnded, &facts), Ok(None));
}

fn identifiers(pairs: &[(Kind, &str)]) -> Identifiers {
    Identifiers(pairs.iter().filter_map(|(kind, value)| Identifier::new(kind.clone(), value)).collect())
}

#[test]
fn a_person_is_recognized_by_any_complete_set_and_by_a_name_only_when_it_is_all_there_is() {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    let set = |kinds: &[Kind]| kinds.iter().cloned().collect();
    let settings = PersonSettings { r#match: vec![set(&[Kind::Email]), set(&[Kind::Phone, Kind::Name])] };
    let count = |pairs: &[(Kind, &str)]| settings.matches(&identifiers(pairs), &key).len();
    assert_eq!(count(&[(Kind::Email, "a@x.cz"), (Kind::Name, "Ann")]), 1);
    assert_eq!(count(&[(Kind::Email, "a@x.cz"), (Kind::Email, "b@x.cz")]), 2);
    assert_eq!(count(&[(Kind::Phone, "123456"), (Kind::Name, "Ann"), (Kind::Email, "a@x.cz")]), 2);
    assert_eq!(count(&[(Kind::Phone, "123456")]), 0);
    assert_eq!(count(&[(Kind::Name, "Ann")]), 1);
    assert_eq!(count(&[]), 0);
}

#[test]
fn one_person_is_one_subject_however_the_identifiers_are_spelt() {
    let key = IndexKey::new(&Zeroizing::new([1; 32]));
    let subject = |email| person_subject(&identifiers(&[(Kind::Email, email)]), &key);
    assert_eq!(subject("Ann@x.cz"), subject("ann@X.CZ"));
    assert_ne!(subject("ann@x.cz"), subject("joann@x.cz"));
}
