//! The tests of a configuration's rules. They need nothing but the configuration.

use serde::Serialize;

use crate::config::{Config, counted_from_one};
use crate::policy::{DoubtfulRule, TestResult, doubtful, untested};

/// How the tests of a configuration ended.
#[derive(Serialize)]
pub(crate) struct RulesTested {
    pub(crate) results: Vec<TestRun>,
    /// What no test shows, and what is probably wrong with tests.
    pub(crate) doubts: Vec<PlacedDoubt>,
}

/// One test, where it stands, and how it ended.
#[derive(Serialize)]
pub(crate) struct TestRun {
    /// File and line.
    #[serde(skip)]
    pub(crate) place: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    #[serde(flatten)]
    pub(crate) result: TestResult,
}

/// A doubt, and the key that it is about.
#[derive(Serialize)]
pub(crate) struct PlacedDoubt {
    /// Counted from 1.
    pub(crate) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) line: Option<usize>,
    pub(crate) doubt: String,
}

/// Runs all tests of a configuration.
pub(crate) fn test_rules(config: &Config) -> RulesTested {
    let policy = config.policy();
    let only = config.only_installation();
    let results: Vec<_> = config.rule_tests.iter().map(|test| policy.test(test, only)).collect();
    let mut doubts = doubtful(&config.rule_tests);
    if !results.is_empty() {
        doubts.extend(untested(&policy, &results));
    } else if !config.rules.is_empty() {
        let doubt = "no [[test]] shows what they decide; `quietus rules test --help` has an example".to_owned();
        doubts.push(DoubtfulRule { key: "rule".to_owned(), doubt });
    }
    let placed = |doubtful: DoubtfulRule| {
        let key = counted_from_one(&doubtful.key);
        PlacedDoubt { line: config.line_of(&key), key, doubt: doubtful.doubt }
    };
    let run = |(index, result): (usize, TestResult)| {
        let key = format!("test.{}", index + 1);
        let place = format!("{}: test `{}`", config.place_of(&key), result.name);
        TestRun { place, line: config.line_of(&key), result }
    };
    RulesTested {
        results: results.into_iter().enumerate().map(run).collect(),
        doubts: doubts.into_iter().map(placed).collect(),
    }
}

impl RulesTested {
    /// Keys, counted from 1, and doubts.
    pub(super) fn doubts(&self) -> impl Iterator<Item = (String, String)> {
        self.doubts.iter().map(|placed| (placed.key.clone(), placed.doubt.clone()))
    }
}

impl TestRun {
    /// Why it failed: what is otherwise than expected, and what each rule answered.
    pub(crate) fn why(&self) -> String {
        let asked = self.result.rules.iter().map(|asked| format!("\n    {}", asked.in_words()));
        format!("{}{}", self.result.wrong.join("; "), asked.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_rules_that_we_ship_do_what_they_say_and_their_tests_show_all_of_it() {
        for file in ["config/quietus.example.toml", "src/cli/demo/quietus.toml"] {
            let config = Config::load(Path::new(file)).expect("loads");
            let tested = test_rules(&config);
            assert!(!tested.results.is_empty(), "{file}");
            for test in &tested.results {
                assert!(test.result.passed, "{}: {}", test.place, test.why());
            }
            let doubts: Vec<_> = tested.doubts().collect();
            assert!(doubts.is_empty(), "{file}: {doubts:?}");
        }
    }
}
