//! What is wrong with tests themselves. A test that names what is not there would pass or fail for no reason.

use std::collections::BTreeSet;

use super::settings::{Expected, ExpectedErasure, RuleTestSettings};
use crate::likeness::did_you_mean;
use crate::policy::{BadRule, DoubtfulRule, Trigger, known_words};
use crate::subject::{InstallationName, TargetName};

/// What tests may name.
pub(crate) struct TestsContext<'a> {
    /// `None` where not all rules are known, so that nothing can be said about a name.
    pub(crate) rules: Option<Vec<&'a str>>,
    /// The same for targets.
    pub(crate) targets: Option<Vec<TargetName>>,
    pub(crate) installations: Option<Vec<&'a InstallationName>>,
}

impl TestsContext<'_> {
    /// Everything that is wrong with the tests.
    pub(crate) fn check(&self, tests: &[RuleTestSettings]) -> Vec<BadRule> {
        let mut names = BTreeSet::new();
        let mut bad = Vec::new();
        for (index, test) in tests.iter().enumerate() {
            let mut wrong = |key: &str, problem: String| {
                bad.push(BadRule { key: format!("test.{index}.{key}"), problem });
            };
            if !names.insert(&test.name) {
                wrong("name", format!("`{}` names two tests", test.name));
            }
            self.check_facts(test, &mut wrong);
            match &test.expect {
                None => wrong(
                    "expect",
                    "is needed: the names of the rules that are to erase; [] where nothing is".to_owned(),
                ),
                Some(expected) => {
                    for (place, one) in expected.iter().enumerate() {
                        self.check_expected(&format!("expect.{place}"), one, &mut wrong);
                    }
                }
            }
        }
        bad
    }

    fn check_facts(&self, test: &RuleTestSettings, wrong: &mut impl FnMut(&str, String)) {
        match (test.on, &test.form) {
            (Trigger::FormSubmitted, None) => {
                wrong(
                    "form",
                    "is needed on `form-submitted`, such as form = { id = 4711, submitted = true }".to_owned(),
                );
            }
            (Trigger::FormSubmitted, Some(_)) | (_, None) => {}
            (_, Some(_)) => wrong("form", "exists on `form-submitted` only".to_owned()),
        }
        if !test.has_ended() && test.session.duration_s.is_some() {
            wrong(
                "session.duration_s",
                "a session that has not ended has no duration; write session.ended = true".to_owned(),
            );
        }
        if let (Some(name), Some(known)) = (&test.session.installation, &self.installations)
            && !known.iter().any(|known| &*known.0 == name.as_str())
        {
            let known: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
            wrong("session.installation", format!("there is no mluvii `{name}`; there are {}", known.join(", ")));
        }
    }

    fn check_expected(&self, key: &str, expected: &Expected, wrong: &mut impl FnMut(&str, String)) {
        if let (Some(name), Some(known)) = (expected.rule(), &self.rules)
            && !known.contains(&name)
        {
            wrong(key, format!("there is no rule `{name}`{}", did_you_mean(name, known.iter().copied())));
        }
        let Expected::Erasure(erasure) = expected else { return };
        let ExpectedErasure { rule: None, erase: None, targets: None, after: None, due: None, approve: None } = erasure
        else {
            for target in erasure.targets.iter().flatten() {
                if let Some(known) = self.targets.as_ref().filter(|known| !known.contains(target)) {
                    let known: Vec<_> = known.iter().map(|target| format!("`{target}`")).collect();
                    let key = format!("{key}.targets");
                    wrong(&key, format!("there is no target `{target}`; there are {}", known.join(", ")));
                }
            }
            return;
        };
        wrong(key, "says nothing of the erasure; name its rule, or what it is to erase".to_owned());
    }
}

/// Words of mluvii's in tests that are none of the known ones: with a misspelt one, a test would show what never happens.
pub(crate) fn doubtful(tests: &[RuleTestSettings]) -> Vec<DoubtfulRule> {
    let mut doubts = Vec::new();
    for (index, test) in tests.iter().enumerate() {
        let words = [
            ("session", "channel", test.session.channel.as_deref()),
            ("session", "source", test.session.source.as_deref()),
            ("form", "origin", test.form.as_ref().and_then(|form| form.origin.as_deref())),
        ];
        for (group, fact, word) in words {
            let Some(word) = word else { continue };
            let known = known_words(group, fact);
            if !known.iter().any(|known| crate::event::same_word(known, word)) {
                let doubt =
                    format!("`{word}` is none of the words that are known ({}); is it a newer one?", known.join(", "));
                doubts.push(DoubtfulRule { key: format!("test.{index}.{group}.{fact}"), doubt });
            }
        }
    }
    doubts
}
