//! `quietus rules`: whether rules decide what is expected of them.

mod trial;

use super::context::{self, Global, with_operations};
use super::exit::{Exit, Failure};
use super::out::{BAD, DOUBTFUL, GOOD, Out};
use crate::app::{self, RulesTested, TestRun};
use crate::operations::rules::{self, JudgedRule};

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
    /// `quietus status` names those that wait, with their versions; `quietus rules try` shows what they would do. Confirmed is one version,
    /// and only while no newer one has been seen. Exit code 1 when it does not wait, or is not the newest; nothing has changed then.
    Confirm(Judged),
    /// Reject a rule that is new or changed and would erase much: what it demands never begins
    ///
    /// What this version of the rule has demanded is cancelled, and so is what it demands later, unless something else demands it, too: that
    /// goes on at its own time. Then change the rule: rejected is the version, whatever the configuration says. `quietus rules confirm` with
    /// this version lets later demands begin after all; what was cancelled stays cancelled. Exit code 1 when it does not wait.
    Reject(Judged),
}

/// The version of a rule that is judged.
#[derive(clap::Args)]
pub(super) struct Judged {
    /// The rule's name
    rule: String,
    /// Its version, as `quietus status` shows it [default: the newest that waits]
    #[arg(long)]
    version: Option<String>,
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
            Self::Confirm(Judged { rule, version }) => with_operations(global, async |on| {
                let confirmed = rules::confirm(on, &rule, version.as_deref(), &context::actor()).await?;
                judged(&confirmed, "confirmed", "what it demands begins when its time has come", out)
            }),
            Self::Reject(Judged { rule, version }) => with_operations(global, async |on| {
                let rejected = rules::reject(on, &rule, version.as_deref(), &context::actor()).await?;
                judged(&rejected, "rejected", "what it alone demands is cancelled, now and later", out)
            }),
        }
    }
}

fn judged(rule: &JudgedRule, what: &str, then: &str, out: &mut Out) -> Result<Exit, Failure> {
    if out.is_json() {
        out.json(&rule)?;
        return Ok(Exit::Done);
    }
    let JudgedRule { rule, version, sessions, would } = rule;
    out.line(format_args!(
        "{what}: version {version} of `{rule}`, which would have erased {would} of {sessions} sessions; {then}"
    ))?;
    Ok(Exit::Done)
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
