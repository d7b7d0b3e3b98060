use std::collections::BTreeMap;

use jiff::Timestamp;

use super::expression::Expression;
use super::*;
use crate::consent::{Consent, ConsentRecord, ConsentState};
use crate::event::{Channel, Form, SessionSource};
use crate::keys::Secret;
use crate::subject::{InstallationName, Scope, SessionId, SessionKey, TargetName};

fn record() -> ConsentRecord {
    let session = SessionKey { installation: InstallationName("acme".into()), session: SessionId(7) };
    ConsentRecord {
        channel: Some(Channel("Chat".into())),
        consent: Consent { state: ConsentState::Absent, ..Consent::default() },
        ..ConsentRecord::new(session)
    }
}

fn form() -> Form {
    let params = BTreeMap::from([("Agree".to_owned(), Secret::new("no"))]);
    Form { origin: "hero_card".into(), id: Some(4711), submitted: true, by_client: None, params, time: None }
}

#[track_caller]
fn check(when: &str, truth: bool) {
    let (expression, doubts) = Expression::compile(when, Trigger::FormSubmitted).expect("compiles");
    assert_eq!(doubts, [""; 0], "{when}");
    let record = record();
    let form = form();
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
    check("session.installation == 'acme'", true);
}

#[test]
fn field_names_match_without_case_everywhere() {
    check("form.params['agree'] == 'no' && form.params['AGREE'] == 'no'", true);
    check("form.params.aGree == 'no' && has(form.params.Agree)", true);
    check("'Agree' in form.params && 'AGREE' in form.params && !('Agre' in form.params)", true);
    check("form.params.exists(name, name == 'AGREE' && form.params[name] == 'no')", true);
    check("form.params.exists(name, name in ['X', 'Agree'])", true);
    check("form.params.all(name, name.startsWith('AG') && name.endsWith('EE') && name.contains('Gre'))", true);
    check("form.params.exists(name, name.matches('^A[G]REE$'))", true);
    // Values do not.
    check("form.params.agree == 'No'", false);
    let on = Trigger::FormSubmitted;
    refused("form.params[consent.version] == 'no'", on, "has to be written out");
    refused("['Agree'].exists(n, n in form.params)", on, "has to be written out");
}

#[test]
fn a_word_of_mluvii_s_that_never_comes_in_this_spelling_is_refused() {
    let on = Trigger::SessionEnded;
    refused("session.channel == 'chat'", on, "`chat` is never the case; it is written `Chat`");
    refused("session.channel in ['PHONE']", on, "it is written `Phone`");
    refused("session.source != 'INCOMING_CALL'", on, "it is written `IncomingCall`");
    refused("form.origin == 'EntryForm'", Trigger::FormSubmitted, "it is written `entry_form`");
    let doubts = |when| Expression::compile(when, on).expect("compiles").1;
    // mluvii brings new ones without notice.
    let doubt = "`Hologram` is none of the words that are known (Chat, AV, Phone); is it a newer one?";
    assert_eq!(doubts("session.channel == 'Hologram'"), [doubt]);
    assert_eq!(doubts("session.channel in ['Chat', 'AV'] && session.source == ''"), [""; 0]);
}

#[test]
fn a_word_that_mluvii_spells_otherwise_is_the_word() {
    let record = ConsentRecord {
        channel: Some(Channel("CHAT".into())),
        session_source: Some(SessionSource("INCOMING_CALL".into())),
        ..record()
    };
    let when = "session.channel == 'Chat' && session.source == 'IncomingCall'";
    let (expression, _) = Expression::compile(when, Trigger::SessionEnded).expect("compiles");
    assert_eq!(expression.applies("r", &Facts { record: &record, form: None }), Ok(true));
}

#[track_caller]
fn refused(when: &str, on: Trigger, part: &str) {
    let problems = Expression::compile(when, on).expect_err(when).join("; ");
    assert!(problems.contains(part), "{when}: {problems}");
}

#[test]
fn wrong_expressions_are_refused_with_what_is_allowed() {
    let on = Trigger::FormSubmitted;
    refused("consent.stat == 'given'", on, "`consent` has no `stat`; it has `consent.state`");
    refused("consent.state == 'absnet'", on, "`absnet` is never the case; it is one of given, absent");
    refused("consent.state in ['gvien']", on, "`gvien` is never the case");
    refused("guest.name == 'x'", on, "there is no `guest`");
    refused("session", on, "`session` alone is no value");
    refused("session.id", on, "a number, not true or false");
    refused("session.id == '7'", on, "never equal");
    refused("session.id && true", on, "`&&` needs a truth value");
    refused("form.submitted", Trigger::SessionEnded, "`form` exists on `form-submitted` only");
    refused("session.channel.matches('(')", on, "not a regular expression");
    refused("session.id ==", on, "not an expression: at character 12: it ends with `==`");
    refused("consent.version == null", on, "no fact is ever null");
    refused("form.params.agree.deeper == 'x'", on, "cannot be asked of a text");
    refused("size(session.id) == 1", on, "cannot be applied to a number");
    refused(&"!".repeat(5000), on, "longer than");
    refused(&format!("{}true{}", "(".repeat(33), ")".repeat(33)), on, "nested more than 32 deep");
}

#[test]
fn all_that_is_wrong_with_an_expression_is_told_at_once() {
    let when =
        "consent.stat == 'given' && (session.id == '7' || form.params[session.chanel] == 'x') && consent.stat == ''";
    let problems = Expression::compile(when, Trigger::FormSubmitted).expect_err("is refused");
    let parts = ["`consent` has no `stat`", "never equal", "`session` has no `chanel`", "has to be written out"];
    assert_eq!(problems.len(), parts.len(), "{problems:?}");
    for (problem, part) in problems.iter().zip(parts) {
        assert!(problem.contains(part), "{problems:?}");
    }
    let problems =
        Expression::compile("form.submitted and session.id = 7", Trigger::FormSubmitted).expect_err("is refused");
    assert_eq!(problems.len(), 2, "{problems:?}");
}

#[test]
fn a_parser_s_word_is_in_no_message() {
    for when in [
        "a b",
        "session.id ==",
        "(",
        "'",
        "=",
        "x[",
        "f(,)",
        "a ? b",
        "{",
        ".",
        "1 +* 2",
        "a.0",
        "$",
        "\u{0}",
        "[1,,2]",
        "a..b",
        "!",
    ] {
        let problems = Expression::compile(when, Trigger::FormSubmitted).expect_err(when).join("; ");
        for word in ["expecting", "viable", "EOF", "token", "extraneous", "mismatched", "Syntax"] {
            assert!(!problems.contains(word), "{when}: {problems}");
        }
    }
}

#[test]
fn however_deep_an_expression_is_nested_it_costs_no_process() {
    check(&format!("{}true{}", "(".repeat(32), ")".repeat(32)), true);
    check(&format!("form.params.agree == '{}'", "([{?".repeat(100)), false);
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("[[{(", ""), ("true ? true : ", "")] {
        for times in [8, 31, 33, 250] {
            let text = format!("{}true{}", open.repeat(times), close.repeat(times));
            let compiled = Expression::compile(&text, Trigger::FormSubmitted);
            assert!(times <= 31 || compiled.is_err(), "{text}");
        }
    }
}

#[test]
fn what_multiplies_the_cost_of_a_conversation_is_refused() {
    let on = Trigger::FormSubmitted;
    let nested = |depth: usize| {
        let open: String = (0..depth).map(|n| format!("[1,2,3,4,5,6,7,8,9].all(v{n}, ")).collect();
        format!("{open}true{}", ")".repeat(depth))
    };
    check(&nested(2), true);
    check("form.params.exists(a, form.params.exists(b, a != b && form.params[a] == form.params[b]))", false);
    check("['Chat', 'AV'].filter(c, c != 'AV').exists(c, c == session.channel)", true);
    for depth in [3, 7] {
        refused(&nested(depth), on, &format!("one after another, {depth} deep; at most 2 are taken"));
    }
    // Each of these doubles what the next one goes through.
    let chained = format!("size([1]{}) > 0", ".map(x, [x, x])".repeat(3));
    refused(&chained, on, "one after another, 3 deep");
    refused("[1].exists(a, [2].exists(b, [3].map(c, c).size() > 0))", on, "3 deep");
    let long = format!("[{}]", vec!["1"; 500].join(","));
    check(&format!("{long}.exists(x, x == session.id)"), false);
    refused(&format!("{long}.exists(x, {long}.exists(y, x + y == session.id))"), on, "its lists are too long");
}

#[test]
fn a_name_that_cannot_be_shown_or_written_as_an_argument_is_refused() {
    let said = |name: &str| problems(&[], &[rule(name, Trigger::SessionEnded, &["mluvii"])]).join("; ");
    for (name, part) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("a\nb", "cannot be seen"),
        ("\u{1b}[31mred", "cannot be seen"),
        ("a\u{202e}b", "cannot be seen"),
        (" a", "begins or ends with a blank"),
        ("-rf", "take it for an option"),
        (&"x".repeat(101), "has 101 characters"),
    ] {
        assert!(said(name).starts_with("rule.0.name: ") && said(name).contains(part), "{name:?}: {}", said(name));
    }
    for name in ["a", "the guest's own, „smazat“: 100 %", &"ř".repeat(100)] {
        assert_eq!(said(name), "", "{name}");
    }
}

/// What rules would have erased of a session, by consent tables that are new.
#[track_caller]
fn could_erase(consent: &[ConsentRuleSettings], on: Trigger, when: &str, record: &ConsentRecord) -> bool {
    let settings = RuleSettings { when: Some(when.into()), ..rule("a", on, &["mluvii"]) };
    let policy = Policy::compile(consent, &[settings], &[TargetName::mluvii()]).expect("compiles");
    let rule = policy.rules().next().expect("one");
    policy.can_be_compared(rule) && policy.would_erase(rule, record, true)
}

#[test]
fn what_new_consent_tables_could_say_is_varied_with_where_it_comes_from() {
    let time = "2026-01-01T00:00:00Z".parse().ok();
    let shown = |state, origin: &str| ConsentRecord {
        consent: Consent { state, origin: Some(origin.into()), ..Consent::default() },
        ended: time,
        settled: time,
        ..record()
    };
    let given = shown(ConsentState::Given, Consent::SHOWN_BY_SESSION);
    let table = |on, state| [ConsentRuleSettings { on, when: Some("true".into()), state }];
    let (settled, changed) = (Trigger::SessionSettled, Trigger::ConsentChanged);
    let by_rule = table(settled, ConsentState::Absent);
    assert!(could_erase(&by_rule, settled, "consent.state == 'absent'", &given));
    assert!(could_erase(&by_rule, settled, "consent.state == 'absent' && consent.origin == 'rule'", &given));
    assert!(!could_erase(&by_rule, settled, "consent.origin == 'hero_card'", &given));
    assert!(!could_erase(&by_rule, settled, "consent.state == 'refused'", &given));
    let by_form = table(Trigger::FormSubmitted, ConsentState::Withdrawn);
    assert!(could_erase(&by_form, settled, "consent.origin == 'hero_card'", &given));
    assert!(!could_erase(&by_form, settled, "consent.origin == 'rule'", &given));
    // A change that a table about the session makes is known; one that forms make is not.
    assert!(could_erase(&by_rule, changed, "consent.state == 'absent'", &given));
    assert!(!could_erase(&by_rule, changed, "consent.state == 'given'", &given), "that is no change");
    assert!(!could_erase(&by_form, changed, "consent.state == 'withdrawn'", &given));
    let told = shown(ConsentState::Absent, "rule");
    assert!(could_erase(&by_rule, changed, "consent.state == 'absent'", &told));
}

#[test]
fn a_rule_is_another_version_where_mluvii_is_read_otherwise_and_it_asks_for_the_consent() {
    let about = |when: &str| RuleSettings { when: Some(when.into()), ..rule("a", Trigger::SessionEnded, &["mluvii"]) };
    let compiled = |rule: &RuleSettings| {
        Policy::compile(&[], std::slice::from_ref(rule), &[TargetName::mluvii()]).expect("compiles")
    };
    let version = |policy: &Policy| policy.rules().next().expect("one").version().to_owned();
    let (asks, other) = (about("consent.state == 'absent'"), about("session.channel == 'Chat'"));
    let usual = compiled(&asks);
    let omitted = compiled(&asks).read_as("acme omits nulls");
    assert_eq!(consent_of_version(&version(&usual)), None);
    assert!(consent_of_version(&version(&omitted)).is_some() && version(&usual) != version(&omitted));
    assert_eq!(version(&compiled(&asks).read_as("")), version(&usual));
    assert_eq!(version(&compiled(&other).read_as("acme omits nulls")), version(&compiled(&other)));
    assert_ne!(compiled(&other).read_as("acme omits nulls").digest(), compiled(&other).digest());
    // What is not understood may be absent by it.
    let when = "consent.state == 'absent'";
    let time = "2026-01-01T00:00:00Z".parse().ok();
    let unknown = ConsentRecord { ended: time, consent: Consent::default(), ..record() };
    assert!(could_erase(&[], Trigger::SessionEnded, when, &unknown));
}

fn rule(name: &str, on: Trigger, targets: &[&str]) -> RuleSettings {
    RuleSettings {
        name: name.into(),
        on,
        when: Some("consent.state == 'absent'".into()),
        erase: Scope::Session,
        approve: false,
        confirm: None,
        after: Some("2h".parse().expect("a span")),
        targets: targets.iter().map(|target| TargetName((*target).into())).collect(),
    }
}

#[test]
fn rules_decide_on_their_own_moment_only_and_count_from_the_given_time() {
    let rules = [rule("a", Trigger::SessionSettled, &["mluvii"]), rule("b", Trigger::SessionEnded, &["mluvii"])];
    let policy = Policy::compile(&[], &rules, &[TargetName::mluvii()]).expect("compiles");
    let record = record();
    let facts = Facts { record: &record, form: None };
    let demands = policy.decide(Trigger::SessionSettled, &facts, Timestamp::UNIX_EPOCH).expect("evaluates");
    let due = "1970-01-01T02:00:00Z".parse().expect("a timestamp");
    let targets = vec![TargetName::mluvii()];
    let version = policy.rules().next().map(|rule| rule.version().to_owned());
    let expected =
        Demand { rule: "a".into(), version, scope: Scope::Session, due, approve: false, confirm: None, targets };
    assert_eq!(demands, [expected]);
}

#[test]
fn every_problem_of_the_rules_is_reported_with_its_key() {
    let rules = [rule("a", Trigger::SessionEnded, &["crm"]), rule("a", Trigger::SessionEnded, &[])];
    let consent = [ConsentRuleSettings {
        on: Trigger::SessionEnded,
        when: Some("form.submitted".into()),
        state: ConsentState::Refused,
    }];
    let bad = Policy::compile(&consent, &rules, &[TargetName::mluvii()]).expect_err("wrong");
    let keys: Vec<_> = bad.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["consent.0.when", "rule.0.targets", "rule.1.name", "rule.1.targets"]);
}

#[test]
fn a_form_says_what_consent_is_and_the_last_rule_wins() {
    let say = |when: &str, state| ConsentRuleSettings { on: Trigger::FormSubmitted, when: Some(when.into()), state };
    let settings = [
        say("form.id == 4711", ConsentState::Given),
        say("form.params['agree'] == 'no'", ConsentState::Withdrawn),
        say("form.id == 1", ConsentState::Refused),
    ];
    let policy = Policy::compile(&settings, &[], &[]).expect("compiles");
    let record = record();
    let form = form();
    let facts = Facts { record: &record, form: Some(&form) };
    assert_eq!(policy.consent(Trigger::FormSubmitted, &facts), Ok(Some(ConsentState::Withdrawn)));
    assert_eq!(policy.consent(Trigger::SessionEnded, &facts), Ok(None));
}

#[track_caller]
fn problems(consent: &[ConsentRuleSettings], rules: &[RuleSettings]) -> Vec<String> {
    let bad = Policy::compile(consent, rules, &[TargetName::mluvii()]).err().unwrap_or_default();
    bad.iter().map(ToString::to_string).collect()
}

#[test]
fn a_rule_says_when_or_it_is_refused() {
    let consent = ConsentRuleSettings { on: Trigger::SessionEnded, when: None, state: ConsentState::Given };
    let open = RuleSettings { when: None, ..rule("a", Trigger::SessionEnded, &["mluvii"]) };
    let why = "is needed; without it everybody would be meant: write when = \"true\" where that is so";
    let expected = [format!("consent.0.when: {why}"), format!("rule.0.when: {why}")];
    assert_eq!(problems(std::slice::from_ref(&consent), std::slice::from_ref(&open)), expected);
    let said = Some("true".to_owned());
    let consent = ConsentRuleSettings { when: said.clone(), ..consent };
    assert_eq!(problems(&[consent], &[RuleSettings { when: said, ..open }]), [""; 0]);
}

#[test]
fn no_rule_is_named_as_what_no_rule_demands() {
    for name in [REQUEST, CONTENT_AFTER_ERASURE] {
        let said = problems(&[], &[rule(name, Trigger::SessionEnded, &["mluvii"])]);
        assert_eq!(said, [format!("rule.0.name: `{name}` is what receipts say of an erasure that no rule demanded")]);
    }
}

#[test]
fn a_rule_reaches_a_person_only_with_approval() {
    for on in [Trigger::FormSubmitted, Trigger::ConsentChanged, Trigger::SessionEnded, Trigger::SessionSettled] {
        let person = RuleSettings { erase: Scope::Person, ..rule("a", on, &["mluvii"]) };
        let said = problems(&[], std::slice::from_ref(&person));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("rule.0.approve: is needed") && said[0].contains("nobody's identity"), "{said:?}");
        assert_eq!(problems(&[], &[RuleSettings { approve: true, ..person.clone() }]), [""; 0]);
        assert_eq!(problems(&[], &[RuleSettings { erase: Scope::Guest, ..person }]), [""; 0]);
    }
}

#[test]
fn what_is_typed_into_a_form_is_looked_for_in_other_systems_only_with_approval() {
    let typed = ConsentRuleSettings {
        on: Trigger::FormSubmitted,
        when: Some("form.submitted".into()),
        state: ConsentState::Withdrawn,
    };
    let known = [TargetName::mluvii(), TargetName("crm".into())];
    let needed = |consent: &[ConsentRuleSettings], on, erase, approve, targets: &[&str]| {
        let rules = [RuleSettings { erase, approve, ..rule("a", on, targets) }];
        let bad = Policy::compile(consent, &rules, &known).err().unwrap_or_default();
        bad.iter().any(|problem| problem.key == "rule.0.approve" && problem.problem.contains("in other systems"))
    };
    let both = ["mluvii", "crm"];
    for scope in [Scope::Session, Scope::Guest] {
        assert!(needed(&[], Trigger::FormSubmitted, scope, false, &both));
        assert!(!needed(&[], Trigger::FormSubmitted, scope, true, &both));
        assert!(!needed(&[], Trigger::FormSubmitted, scope, false, &["mluvii"]));
        // A change of consent is a form's word only where a consent rule listens to forms.
        assert!(needed(std::slice::from_ref(&typed), Trigger::ConsentChanged, scope, false, &both));
        assert!(!needed(&[], Trigger::ConsentChanged, scope, false, &both));
        assert!(!needed(std::slice::from_ref(&typed), Trigger::SessionSettled, scope, false, &both));
        assert!(!needed(std::slice::from_ref(&typed), Trigger::SessionEnded, scope, false, &both));
    }
}

#[test]
fn a_link_stands_in_the_place_of_an_approval_where_a_form_asks_for_a_person() {
    let by_link = RuleSettings {
        erase: Scope::Person,
        confirm: Some(ConfirmBy::Email),
        when: Some("true".into()),
        ..rule("a", Trigger::FormSubmitted, &["mluvii"])
    };
    assert_eq!(problems(&[], std::slice::from_ref(&by_link)), [""; 0]);
    let wrong = [
        (RuleSettings { on: Trigger::SessionSettled, ..by_link.clone() }, "the address that a form names"),
        (RuleSettings { erase: Scope::Guest, ..by_link.clone() }, "neither whose session"),
        (RuleSettings { approve: true, ..by_link.clone() }, "two ways to one thing"),
    ];
    for (rule, expected) in wrong {
        let said = problems(&[], &[rule]);
        assert!(said.len() == 1 && said[0].starts_with("rule.0.confirm") && said[0].contains(expected), "{said:?}");
    }
    // Another version of it, as it is let begin by somebody else.
    let version = |rule: &RuleSettings| {
        let policy = Policy::compile(&[], std::slice::from_ref(rule), &[TargetName::mluvii()]);
        let policy = policy.expect("compiles");
        let rule = policy.rules().next().expect("one");
        (rule.needs_approval(), rule.version().to_owned())
    };
    let approved = RuleSettings { approve: true, confirm: None, ..by_link.clone() };
    assert!(version(&by_link).0 && version(&approved).0);
    assert_ne!(version(&by_link).1, version(&approved).1);
}

#[test]
fn a_demand_of_a_rule_that_needs_approval_needs_it() {
    let rules = [RuleSettings { approve: true, ..rule("a", Trigger::SessionSettled, &["mluvii"]) }];
    let policy = Policy::compile(&[], &rules, &[TargetName::mluvii()]).expect("compiles");
    let record = record();
    let facts = Facts { record: &record, form: None };
    let demands = policy.decide(Trigger::SessionSettled, &facts, Timestamp::UNIX_EPOCH).expect("evaluates");
    assert!(demands[0].approve);
}

#[test]
fn only_triggers_with_rules_are_listened_to() {
    let consent =
        ConsentRuleSettings { on: Trigger::FormSubmitted, when: Some("true".into()), state: ConsentState::Withdrawn };
    let rules = [rule("a", Trigger::SessionSettled, &["mluvii"]), rule("b", Trigger::ConsentChanged, &["mluvii"])];
    let policy = Policy::compile(&[consent], &rules, &[TargetName::mluvii()]).expect("compiles");
    let all = [Trigger::SessionEnded, Trigger::SessionSettled, Trigger::FormSubmitted, Trigger::ConsentChanged];
    assert_eq!(all.map(|trigger| policy.listens(trigger)), [false, true, true, true]);
}

#[test]
fn rules_of_a_trigger_that_do_not_apply_are_named() {
    let when = |when: &str, rule| RuleSettings { when: Some(when.into()), ..rule };
    let rules = [
        when("consent.state == 'absent'", rule("absent", Trigger::SessionEnded, &["mluvii"])),
        when("consent.state == 'given'", rule("given", Trigger::SessionEnded, &["mluvii"])),
        when("consent.state == 'refused'", rule("settled", Trigger::SessionSettled, &["mluvii"])),
    ];
    let policy = Policy::compile(&[], &rules, &[TargetName::mluvii()]).expect("compiles");
    let ask = |state| {
        let record = ConsentRecord { consent: Consent { state, ..Consent::default() }, ..record() };
        policy.not_applying(Trigger::SessionEnded, &Facts { record: &record, form: None }).expect("evaluates")
    };
    assert_eq!(ask(ConsentState::Absent), ["given"]);
    assert_eq!(ask(ConsentState::Given), ["absent"]);
    assert_eq!(ask(ConsentState::Withdrawn), ["absent", "given"]);
}

#[test]
fn a_rule_that_asks_for_the_consent_is_another_one_where_the_consent_rules_are() {
    let consent = |when: &str| {
        [ConsentRuleSettings { on: Trigger::FormSubmitted, when: Some(when.into()), state: ConsentState::Withdrawn }]
    };
    let asks = RuleSettings {
        when: Some("consent.state == 'withdrawn'".into()),
        ..rule("a", Trigger::SessionEnded, &["mluvii"])
    };
    let does_not =
        RuleSettings { when: Some("session.id == 7".into()), ..rule("b", Trigger::SessionEnded, &["mluvii"]) };
    let versions = |consent: &[ConsentRuleSettings]| {
        let rules = [asks.clone(), does_not.clone()];
        let policy = Policy::compile(consent, &rules, &[TargetName::mluvii()]).expect("compiles");
        let versions: Vec<_> = policy.rules().map(|rule| rule.version().to_owned()).collect();
        versions
    };
    let (none, one, other) = (versions(&[]), versions(&consent("form.id == 1")), versions(&consent("form.id == 2")));
    assert!(none[0] != one[0] && one[0] != other[0] && none[0] != other[0]);
    let consent_differs = |one: &str, other: &str| consent_of_version(one) != consent_of_version(other);
    assert!(consent_differs(&none[0], &one[0]) && consent_differs(&one[0], &other[0]));
    assert!(none[1] == one[1] && one[1] == other[1] && !consent_differs(&one[1], &other[1]));
}
