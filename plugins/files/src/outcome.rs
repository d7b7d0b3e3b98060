//! From what the places met to the answer: the only place where outcomes are decided.

use std::collections::BTreeMap;

use quietus_plugin::{Answer, ErrorClass, PluginError};

use crate::place::{Left, Sight};
use crate::template::Filled;
use crate::told::{self, Told};

/// What the places of one call met.
#[derive(Default)]
pub(crate) struct Tally {
    /// Whether any place applies to the person.
    asked: bool,
    unusable: u64,
    counts: BTreeMap<String, u64>,
    kept: Vec<String>,
    /// Why nobody can tell whether all was found.
    unseen: Vec<String>,
    failed: Vec<PluginError>,
    told: Vec<Told>,
    not_looked_at: Vec<String>,
}

impl Tally {
    pub(crate) fn named(&mut self, place: &str, kinds: &str, filled: &Filled) {
        self.asked |= filled.applies;
        self.unusable += filled.unusable;
        if !filled.applies {
            self.not_looked_at.push(told::passed_over(place, kinds));
        }
    }

    /// A place was looked at as a whole.
    pub(crate) fn looked_at(&mut self, told: Told) {
        self.told.push(told);
    }

    /// A place was looked at.
    pub(crate) fn saw(&mut self, place: &str, sight: Sight) {
        for (what, how_many) in sight.counts {
            *self.counts.entry(what.to_owned()).or_default() += how_many;
        }
        if sight.holds_unseen {
            self.not_looked_at.push(told::locks(place));
        }
        self.left(place, Left { kept: sight.kept, closed: sight.closed });
    }

    /// What stays there, known or not.
    pub(crate) fn left(&mut self, place: &str, left: Left) {
        if let Some(kept) = left.kept {
            self.kept.push(format!("place `{place}`: {kept}"));
        }
        if left.closed > 0 {
            let text = told::closed(place, left.closed);
            self.unseen.push(text.clone());
            self.not_looked_at.push(text);
        }
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
    pub(crate) fn seen_again(self) -> Result<Answer, PluginError> {
        // What is left comes before what a hold keeps: `retained` is an end, and nobody would erase the rest.
        if self.failed.is_empty() && !self.counts.is_empty() {
            return Ok(self.said(Answer::residual()));
        }
        self.answer(Answer::residual)
    }

    fn answer(mut self, there: fn() -> Answer) -> Result<Answer, PluginError> {
        if let Some(error) = together(std::mem::take(&mut self.failed)) {
            return Err(error);
        }
        if self.unusable > 0 {
            let text = "cannot be part of a name here (too long, or with `/` or another separator in it)";
            self.unseen.insert(0, format!("{} of the person's identifiers {text}", self.unusable));
        }
        let answer = if !self.kept.is_empty() {
            Answer::retained(self.kept.join("; "))
        } else if !self.unseen.is_empty() {
            Answer::unverifiable(self.unseen.join("; "))
        } else if !self.asked {
            Answer::unverifiable("no place applies to these identifiers")
        } else if self.counts.is_empty() {
            Answer::absent()
        } else {
            there()
        };
        // Of what went, or would.
        let went: Vec<_> = self.told.iter().filter_map(|told| told.keeps).collect();
        let went = went.into_iter().filter(|(count, _)| self.counts.contains_key(*count));
        let answer = went.fold(answer, |answer, (_, keeps)| answer.keeps(keeps));
        Ok(self.said(answer))
    }

    /// With the counts, and with what a reader of the receipt must know of the search.
    fn said(self, answer: Answer) -> Answer {
        let answer = counted(answer, self.counts);
        let answer = self.told.into_iter().fold(answer, |answer, told| told.say(answer));
        let answer = self.not_looked_at.into_iter().fold(answer, Answer::not_looked_at);
        match self.unusable {
            0 => answer,
            unusable => answer.not_looked_at(told::unusable(unusable)),
        }
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
