//! A test is run: what was decided, whether that is what was expected, and why, by rule.

use serde::Serialize;

use super::decided::{Decided, in_words as decided_in_words};
use super::expected::{self, in_words};
use super::settings::{Expected, RuleTestSettings};
use crate::consent::{ConsentRecord, ConsentState};
use crate::event::Form;
use crate::policy::{Demand, Facts, Fired, Policy, Rule, RuleAsked, RuleFailed, Trigger};
use crate::subject::InstallationName;

/// How a test ended.
#[derive(Debug, Serialize)]
pub(crate) struct TestResult {
    pub(crate) name: String,
    pub(crate) passed: bool,
    /// What is otherwise than expected, in words; empty where it passed.
    pub(crate) wrong: Vec<String>,
    pub(crate) decided: Vec<Decided>,
    /// The consent after the consent rules.
    pub(crate) consent: ConsentState,
    /// Every rule: whether it was asked, and what it answered.
    pub(crate) rules: Vec<RuleAsked>,
    /// The numbers of the consent rules that applied, counted from 0.
    #[serde(skip)]
    pub(super) consent_rules: Vec<usize>,
}

impl Policy {
    /// Runs one test. `only` is the name of the only installation, where there is one.
    pub(crate) fn test(&self, test: &RuleTestSettings, only: Option<&InstallationName>) -> TestResult {
        let record = test.record(only);
        let form = test.form();
        let before = record.consent.state;
        match self.outcome(test, record.clone(), form.as_ref()) {
            Ok((after, demands)) => self.judged(test, &record, &after, form.as_ref(), demands),
            Err(failed) => TestResult {
                name: test.name.clone(),
                passed: false,
                wrong: vec![format!("{failed}, so nothing is decided and a person is needed")],
                decided: Vec::new(),
                consent: before,
                rules: self.asked_all(test, before, &record, form.as_ref()),
                consent_rules: Vec::new(),
            },
        }
    }

    /// The record after the consent rules, and what is demanded of it: the phases of a worker's evaluation.
    fn outcome(
        &self,
        test: &RuleTestSettings,
        mut record: ConsentRecord,
        form: Option<&Form>,
    ) -> Result<(ConsentRecord, Vec<Demand>), RuleFailed> {
        let at = test.at();
        let before = record.consent.state;
        if test.on == Trigger::ConsentChanged {
            let demands = self.decide(test.on, &Facts { record: &record, form: None }, at)?;
            return Ok((record, demands));
        }
        let fired = [Fired { trigger: test.on, form, since: at, said: form.map(|_| at) }];
        record = self.said(&record, &fired)?;
        let demands = self.demands(&fired, &record, before, at)?;
        Ok((record, demands.into_iter().map(|demanded| demanded.demand).collect()))
    }

    fn judged(
        &self,
        test: &RuleTestSettings,
        before: &ConsentRecord,
        after: &ConsentRecord,
        form: Option<&Form>,
        demands: Vec<Demand>,
    ) -> TestResult {
        let at = test.at();
        let decided: Vec<_> = demands.into_iter().map(|demand| Decided::of(demand, at)).collect();
        let expected: &[Expected] = test.expect.as_deref().unwrap_or_default();
        let mut wrong = Vec::new();
        if !expected::fits(expected, &decided) {
            wrong.push(format!("expected {}; decided {}", in_words(expected), decided_in_words(&decided)));
        }
        let consent = after.consent.state;
        if let Some(wanted) = test.expect_consent.filter(|wanted| *wanted != consent) {
            wrong.push(format!("expected the consent `{}`; it is `{}`", wanted.as_str(), consent.as_str()));
        }
        let facts = Facts { record: before, form };
        TestResult {
            name: test.name.clone(),
            passed: wrong.is_empty(),
            wrong,
            decided,
            consent,
            rules: self.asked_all(test, before.consent.state, after, form),
            consent_rules: self.consent_rules_applying(test.on, &facts),
        }
    }

    /// What every rule answers. A change of consent is a trigger, too.
    fn asked_all(
        &self,
        test: &RuleTestSettings,
        before: ConsentState,
        record: &ConsentRecord,
        form: Option<&Form>,
    ) -> Vec<RuleAsked> {
        let changed = record.consent.state != before;
        let was_asked = |on| on == test.on || (on == Trigger::ConsentChanged && changed);
        let answer = |rule: &Rule| {
            // Rules about a change of the consent have no form, as in a worker's evaluation.
            let facts = Facts { record, form: form.filter(|_| rule.on == Trigger::FormSubmitted) };
            if was_asked(rule.on) { rule.answer(&facts) } else { rule.not_asked() }
        };
        self.rules().map(answer).collect()
    }
}
