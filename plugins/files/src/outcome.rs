//! From what the places met to the answer: the only place where outcomes are decided.

use std::collections::BTreeMap;

use quietus_plugin::{Answer, ErrorClass, PluginError};

use crate::place::Sight;
use crate::template::Filled;

/// What the places of one call met.
#[derive(Default)]
pub(crate) struct Tally {
    /// Whether any place applies to the person.
    asked: bool,
    unusable: u64,
    counts: BTreeMap<String, u64>,
    kept: Vec<String>,
    failed: Vec<PluginError>,
}

impl Tally {
    pub(crate) fn named(&mut self, filled: &Filled) {
        self.asked |= filled.applies;
        self.unusable += filled.unusable;
    }

    /// A place was looked at.
    pub(crate) fn saw(&mut self, place: &str, sight: Sight) {
        for (what, how_many) in sight.counts {
            *self.counts.entry(what.to_owned()).or_default() += how_many;
        }
        if let Some(kept) = sight.kept {
            self.kept(place, &kept);
        }
    }

    pub(crate) fn kept(&mut self, place: &str, what: &str) {
        self.kept.push(format!("place `{place}`: {what}"));
    }

    pub(crate) fn failed(&mut self, place: &str, error: PluginError) {
        let message = format!("place `{place}`: {}", error.message);
        self.failed.push(PluginError { message, ..error });
    }

    pub(crate) fn all_went_well(&self) -> bool {
        self.failed.is_empty()
    }

    /// The answer to `health`.
    pub(crate) fn healthy(self) -> Result<(), PluginError> {
        together(self.failed).map_or(Ok(()), Err)
    }

    /// The answer to `erase`; the counts are of all attempts.
    pub(crate) fn erased(mut self, counts: BTreeMap<String, u64>) -> Result<Answer, PluginError> {
        self.counts = counts;
        self.answer(Answer::erased)
    }

    /// The answer to a dry run.
    pub(crate) fn would_go(self) -> Result<Answer, PluginError> {
        self.answer(Answer::residual)
    }

    /// The answer to `verify`.
    pub(crate) fn looked(self) -> Result<Answer, PluginError> {
        // What is left comes before what a hold keeps: `retained` is an end, and nobody would erase the rest.
        if self.failed.is_empty() && !self.counts.is_empty() {
            return Ok(counted(Answer::residual(), self.counts));
        }
        self.answer(Answer::residual)
    }

    fn answer(self, there: fn() -> Answer) -> Result<Answer, PluginError> {
        if let Some(error) = together(self.failed) {
            return Err(error);
        }
        let answer = if !self.kept.is_empty() {
            Answer::retained(self.kept.join("; "))
        } else if self.unusable > 0 {
            let text = "cannot be part of a name here (too long, or with `/` or another separator in it)";
            Answer::unverifiable(format!("{} of the person's identifiers {text}", self.unusable))
        } else if !self.asked {
            Answer::unverifiable("no place applies to these identifiers")
        } else if self.counts.is_empty() {
            Answer::absent()
        } else {
            there()
        };
        Ok(counted(answer, self.counts))
    }
}

fn counted(answer: Answer, counts: BTreeMap<String, u64>) -> Answer {
    counts.into_iter().fold(answer, |answer, (what, how_many)| answer.count(what, how_many))
}

/// One error of several: what a person must fix comes first, and what may be retried comes before what may not, so
/// that it is.
fn together(mut failed: Vec<PluginError>) -> Option<PluginError> {
    const ORDER: [ErrorClass; 4] =
        [ErrorClass::Cancelled, ErrorClass::NeedsOperator, ErrorClass::RateLimited, ErrorClass::Retryable];
    let rank = |class: ErrorClass| ORDER.iter().position(|known| *known == class).unwrap_or(ORDER.len());
    // Stable: within a class in the order of the places.
    failed.sort_by_key(|error| rank(error.class));
    let class = failed.first()?.class;
    let retry_after_ms = match class {
        // The longest pause: after a shorter one, the place that asked for more would refuse again.
        ErrorClass::RateLimited => failed.iter().filter_map(|error| error.retry_after_ms).max(),
        _ => None,
    };
    let messages: Vec<_> = failed.into_iter().map(|error| error.message).collect();
    Some(PluginError { retry_after_ms, ..PluginError::new(class, messages.join("; ")) })
}
