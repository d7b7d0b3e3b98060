//! `quietus rules`: whether rules decide what is expected of them.

mod trial;

use super::context::{self, Global, with_operations};
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::app::{self, RulesTested, TestRun};
use crate::operations::rules;

const EXAMPLE: &str = "\
Example:
  [[test]]
  name = \"consent was given: it is kept for a year\"
  on = \"session-settled\"
  consent = { state = \"given\" }
  expect = [{ rule = \"retention\", erase = \"session\", after = \"365d\" }]

  [[test]]
  name = \"a cancelled form asks for nothing\"
  on = \"form-submitted\"
  form = { id = 4711, submitted = false, params = { agree = \"no\" } }
  expect = []

Exit codes: 0, all pass; 1, one fails; 8, there is no test.";

#[derive(clap::Subcommand)]
pub(super) enum Rules {
    /// Run the [[test]] tables of the configuration, and name what no test shows
    ///
    /// Needs the configuration alone: no key, no secret, no ledger. `quietus check` runs them, too.
    #[command(after_help = EXAMPLE)]
    Test,
    Try(trial::Try),
    /// Confirm a rule that is new or changed and would erase much: what it demands begins
    ///
    /// `quietus status` names those that wait, `quietus rules try` shows what they would do. Where a rule was a mistake, change it, restart,
    /// and cancel what it has demanded (`quietus erasures cancel ID`): that goes on waiting. Exit code 1 when it does not wait.
    Confirm {
        /// The rule's name
        rule: String,
    },
}

impl Rules {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Test => {
                let tested = app::test_rules(&context::load(global)?);
                show(&tested, out)?;
                if tested.results.is_empty() {
                    return Ok(Exit::Nothing);
                }
                Ok(Exit::when(tested.results.iter().all(|test| test.result.passed)))
            }
            Self::Try(trial) => trial.run(global, out),
            Self::Confirm { rule } => with_operations(global, async |on| {
                rules::confirm(on, &rule, &context::actor()).await?;
                if out.is_json() {
                    out.json(&serde_json::json!({ "done": true }))?;
                } else {
                    out.line(format_args!("confirmed; what `{rule}` demands begins when its time has come"))?;
                }
                Ok(Exit::Done)
            }),
        }
    }
}

fn show(tested: &RulesTested, out: &mut Out) -> std::io::Result<()> {
    if out.is_json() {
        return out.json(tested);
    }
    for test in &tested.results {
        if test.result.passed {
            out.marked(GOOD, "✓", &test.result.name)?;
        } else {
            out.marked(BAD, "✗", format_args!("{}: {}", test.place, test.why()))?;
        }
    }
    for doubtful in &tested.doubts {
        let line = doubtful.line.map_or_else(String::new, |line| format!(" (line {line})"));
        out.marked(DOUBTFUL, "!", format_args!("{}{line}: {}", doubtful.key, doubtful.doubt))?;
    }
    let passed = |test: &&TestRun| test.result.passed;
    let failed = tested.results.iter().filter(|test| !passed(test)).count();
    out.line(format_args!("{} passed, {failed} failed", tested.results.len() - failed))
}
