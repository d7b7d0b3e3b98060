use super::*;
use crate::policy::{ConsentRuleSettings, Policy, RuleSettings};
use crate::subject::TargetName;

const RULES: &str = r#"
[[consent]]
on = "form-submitted"
when = "form.id == 1 && form.params['agree'] == 'no'"
state = "withdrawn"

[[rule]]
name = "nothing kept"
on = "session-settled"
when = "consent.state in ['absent', 'refused', 'withdrawn'] && session.channel != 'Phone'"
erase = "session"
targets = ["mluvii", "crm"]

[[rule]]
name = "on withdrawal"
on = "consent-changed"
when = "consent.state == 'withdrawn'"
erase = "guest"
targets = ["mluvii"]

[[rule]]
name = "retention"
on = "session-settled"
when = "true"
erase = "session"
after = "365d"
targets = ["mluvii"]
"#;

#[derive(serde::Deserialize)]
struct File {
    #[serde(default)]
    consent: Vec<ConsentRuleSettings>,
    #[serde(default)]
    rule: Vec<RuleSettings>,
    #[serde(default)]
    test: Vec<RuleTestSettings>,
}

fn targets() -> Vec<TargetName> {
    vec![TargetName::mluvii(), TargetName("crm".into())]
}

fn read(tests: &str) -> (Policy, Vec<RuleTestSettings>) {
    let file: File = toml::from_str(&format!("{RULES}{tests}")).expect("TOML");
    let policy = Policy::compile(&file.consent, &file.rule, &targets()).expect("compiles");
    (policy, file.test)
}

fn run(test: &str) -> TestResult {
    let (policy, tests) = read(&format!("[[test]]\nname = \"t\"\n{test}"));
    policy.test(&tests[0], None)
}

#[track_caller]
fn passes(test: &str) {
    let result = run(test);
    assert!(result.passed, "{:?}", result.wrong);
}

#[track_caller]
fn fails(test: &str, why: &str) {
    let result = run(test);
    assert!(!result.passed);
    assert!(result.wrong.join("; ").contains(why), "{:?}", result.wrong);
}

#[test]
fn what_is_decided_is_compared_whole() {
    let absent = "on = 'session-settled'\nconsent = { state = 'absent' }\n";
    passes(&format!("{absent}expect = ['retention', 'nothing kept']"));
    passes(&format!(
        "{absent}expect = [{{ erase = 'session', after = '365d' }}, {{ targets = ['crm', 'mluvii'], approve = false }}]"
    ));
    passes(&format!(
        "{absent}expect = [{{ erase = 'session' }}, {{ rule = 'retention', due = '2027-01-01T00:00:00Z' }}]"
    ));
    // An expectation is met by one decision, and every decision is expected.
    fails(
        &format!("{absent}expect = ['nothing kept']"),
        "decided `nothing kept` (erase session, at once, at mluvii and crm), `retention`",
    );
    fails(
        &format!("{absent}expect = [{{ rule = 'retention' }}, {{ after = '365d' }}]"),
        "expected `retention`, an erasure (after 365d)",
    );
    fails(&format!("{absent}expect = []"), "expected nothing; decided");
    fails(
        "on = 'session-ended'\nconsent = { state = 'absent' }\nexpect = ['nothing kept']",
        "expected `nothing kept`; decided nothing",
    );
}

#[test]
fn nothing_follows_from_what_is_not_written() {
    passes("on = 'session-settled'\nexpect = ['retention']");
    passes("on = 'form-submitted'\nform = { submitted = true }\nexpect = []\nexpect_consent = 'unknown'");
    passes("on = 'consent-changed'\nexpect = []");
}

#[test]
fn a_form_changes_the_consent_and_what_is_asked_of_it() {
    let form = "on = 'form-submitted'\nconsent = { state = 'given' }\nform = { id = 1, submitted = true, params = { Agree = 'no' } }\n";
    passes(&format!("{form}expect = ['on withdrawal']\nexpect_consent = 'withdrawn'"));
    passes(
        "on = 'form-submitted'\nconsent = { state = 'withdrawn' }\nform = { id = 1, submitted = true, params = { agree = 'no' } }\nexpect = []",
    );
    fails(
        &format!("{form}expect = ['on withdrawal']\nexpect_consent = 'given'"),
        "expected the consent `given`; it is `withdrawn`",
    );
    passes("on = 'consent-changed'\nconsent = { state = 'withdrawn' }\nexpect = ['on withdrawal']");
}

#[test]
fn a_failed_test_says_what_each_rule_answered_by_which_facts() {
    let result =
        run("on = 'session-settled'\nconsent = { state = 'absent' }\nsession = { channel = 'phone' }\nexpect = []");
    let words: Vec<_> = result.rules.iter().map(|asked| asked.in_words()).collect();
    assert_eq!(
        words,
        [
            "rule `nothing kept` does not apply: consent.state is 'absent', session.channel is 'Phone'",
            "rule `on withdrawal` is not asked: it is on `consent-changed`",
            "rule `retention` applies",
        ]
    );
}

#[track_caller]
fn bad(test: &str, expected: &[&str]) {
    let (_, tests) = read(test);
    let acme = crate::subject::InstallationName("acme".into());
    let context = TestsContext {
        rules: Some(vec!["nothing kept", "on withdrawal", "retention"]),
        targets: Some(targets()),
        installations: Some(vec![&acme]),
    };
    let bad: Vec<_> = context.check(&tests).iter().map(ToString::to_string).collect();
    assert_eq!(bad, expected);
}

#[test]
fn a_test_that_names_what_is_not_there_is_refused() {
    bad(
        "[[test]]\nname = 'a'\non = 'session-ended'\nexpect = ['retentoin', { targets = ['crmm'] }, {}]",
        &[
            "test.0.expect.0: there is no rule `retentoin`; did you mean `retention`?",
            "test.0.expect.1.targets: there is no target `crmm`; there are `mluvii`, `crm`",
            "test.0.expect.2: says nothing of the erasure; name its rule, or what it is to erase",
        ],
    );
    bad(
        "[[test]]\nname = 'a'\non = 'form-submitted'\nexpect = []\n[[test]]\nname = 'a'\non = 'session-ended'\nform = { submitted = true }",
        &[
            "test.0.form: is needed on `form-submitted`, such as form = { id = 4711, submitted = true }",
            "test.1.name: `a` names two tests",
            "test.1.form: exists on `form-submitted` only",
            "test.1.expect: is needed: the names of the rules that are to erase; [] where nothing is",
        ],
    );
    bad(
        "[[test]]\nname = 'a'\non = 'consent-changed'\nsession = { duration_s = 3, installation = 'globex' }\nexpect = []",
        &[
            "test.0.session.duration_s: a session that has not ended has no duration; write session.ended = true",
            "test.0.session.installation: there is no mluvii `globex`; there are `acme`",
        ],
    );
}

#[test]
fn what_no_test_shows_is_named() {
    let untested_by = |tests: &str| -> Vec<String> {
        let (policy, tests) = read(tests);
        let results: Vec<_> = tests.iter().map(|test| policy.test(test, None)).collect();
        untested(&policy, &results).into_iter().map(|one| format!("{}: {}", one.key, one.doubt)).collect()
    };
    let all = untested_by("");
    assert_eq!(all.len(), 6, "{all:?}");
    let left = untested_by(
        "[[test]]\nname = 'a'\non = 'session-settled'\nconsent = { state = 'absent' }\nexpect = []\n\
         [[test]]\nname = 'b'\non = 'form-submitted'\nform = { id = 1, submitted = true, params = { agree = 'no' } }\nexpect = []\n",
    );
    assert_eq!(
        left,
        [
            "rule.0: no [[test]] has a conversation on `session-settled` that `nothing kept` leaves alone",
            "rule.1: no [[test]] has a conversation on `consent-changed` that `on withdrawal` leaves alone",
        ]
    );
}

#[test]
fn a_word_that_mluvii_never_says_is_doubted() {
    let (_, tests) = read(
        "[[test]]\nname = 'a'\non = 'session-settled'\nsession = { channel = 'CHAT', source = 'Incoming' }\nexpect = []",
    );
    let doubts: Vec<_> = doubtful(&tests).into_iter().map(|one| one.key).collect();
    assert_eq!(doubts, ["test.0.session.source"]);
}
