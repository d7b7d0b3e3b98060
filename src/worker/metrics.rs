//! What this process's work came to, for Prometheus. Labels are configured names and fixed words.

use std::time::Duration;

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use super::queue::QueueWorker;
use crate::erasure::{Outcome, Verdict};
use crate::ledger::{Finished, QueueName};
use crate::policy::{CONTENT_AFTER_ERASURE, Policy};
use crate::subject::TargetName;

const WORK: &str = "quietus_work_total";
const WORK_SECONDS: &str = "quietus_work_seconds";
const STEPS: &str = "quietus_steps_total";
const DECIDED: &str = "quietus_decided_erasures_total";
const RECEIPTS: &str = "quietus_receipts_written_total";

/// How the work on a claim ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkEnd {
    Done,
    /// It failed, which counts as an attempt.
    Retried,
    /// It is done later, and nothing of it counts as an attempt.
    Postponed,
    Parked,
    /// Its lease had ended, or what it was about had changed: nothing was written.
    Lost,
    /// The ledger did not take what it came to.
    Unwritten,
}

impl WorkEnd {
    const ALL: [Self; 6] = [Self::Done, Self::Retried, Self::Postponed, Self::Parked, Self::Lost, Self::Unwritten];

    fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retried => "retried",
            Self::Postponed => "postponed",
            Self::Parked => "parked",
            Self::Lost => "lost",
            Self::Unwritten => "unwritten",
        }
    }

    /// The end that was to be written, if it was.
    pub(super) fn written(self, finished: Finished) -> Self {
        if finished == Finished::Done { self } else { Self::Lost }
    }
}

/// Says what is counted, and counts nothing yet: what is first seen with its first event seems not to have grown by it.
pub(super) fn describe(queues: &[QueueWorker], policy: &Policy) {
    describe_counter!(WORK, "Pieces of work of this process: what was done, for which target, and how it ended.");
    describe_histogram!(WORK_SECONDS, Unit::Seconds, "How long a piece of work took, its calls included.");
    describe_counter!(STEPS, "Steps that this process brought to an outcome, or parked, by target.");
    describe_counter!(DECIDED, "Erasures that this process has decided on, by the rule that demanded them.");
    describe_counter!(RECEIPTS, "Receipts that this process has written, by verdict.");
    for queue in queues {
        let target = queue.target_name();
        for work in sorts(&queue.queue) {
            for end in WorkEnd::ALL {
                counter!(WORK, "work" => *work, "target" => label(target), "result" => end.as_str()).increment(0);
            }
            let _ = histogram!(WORK_SECONDS, "work" => *work, "target" => label(target));
        }
        if matches!(queue.queue, QueueName::Step(_)) {
            for outcome in Outcome::ALL {
                counter!(STEPS, "target" => label(target), "outcome" => outcome.as_str()).increment(0);
            }
        }
    }
    for rule in policy.rule_names().chain([CONTENT_AFTER_ERASURE]) {
        counter!(DECIDED, "rule" => rule.to_owned()).increment(0);
    }
    for verdict in Verdict::ALL {
        counter!(RECEIPTS, "verdict" => verdict.as_str()).increment(0);
    }
}

/// What is done in a queue, by one word each; see [`crate::ledger::Work::sort`]. Receipts are counted as such.
fn sorts(queue: &QueueName) -> &'static [&'static str] {
    match queue {
        QueueName::Decide(_) => &["decide"],
        QueueName::Settle(_) => &["settle"],
        QueueName::Resolve(_) => &["resolve"],
        QueueName::Step(_) => &["find", "erase", "verify"],
        QueueName::Close => &[],
    }
}

fn label(target: Option<&TargetName>) -> String {
    target.map(TargetName::to_string).unwrap_or_default()
}

pub(super) fn work_ended(work: &'static str, target: Option<&TargetName>, end: WorkEnd, took: Duration) {
    counter!(WORK, "work" => work, "target" => label(target), "result" => end.as_str()).increment(1);
    histogram!(WORK_SECONDS, "work" => work, "target" => label(target)).record(took);
}

pub(super) fn step_ended(target: Option<&TargetName>, outcome: Outcome) {
    counter!(STEPS, "target" => label(target), "outcome" => outcome.as_str()).increment(1);
}

pub(super) fn decided(rule: String) {
    counter!(DECIDED, "rule" => rule).increment(1);
}

pub(super) fn receipt_written(verdict: Verdict) {
    counter!(RECEIPTS, "verdict" => verdict.as_str()).increment(1);
}
