//! From what the statements met to the answer: the only place where outcomes are decided.

use quietus_plugin::Answer;

use crate::past::Counts;

/// What the statements of one call met.
#[derive(Default)]
pub(crate) struct Met {
    /// Whether any statement was about an identifier that the person has.
    pub(crate) asked: bool,
    /// Rows that are there.
    pub(crate) there: Counts,
    /// Why rows are kept: a sentence for each statement that found some.
    pub(crate) kept: Vec<String>,
    /// What was looked at: a text for each statement.
    pub(crate) places: Vec<String>,
    /// Tables that keep what was changed.
    pub(crate) histories: Vec<History>,
    /// Whether another server, from which this one has its rows, may have others.
    pub(crate) is_a_replica: bool,
    /// Whether rows are the person's by a telephone number alone.
    pub(crate) by_phone_alone: bool,
    /// Identifiers that are none.
    pub(crate) unusable: usize,
}

/// A table whose server keeps the earlier versions of its rows.
pub(crate) struct History {
    pub(crate) of: String,
    /// What its rows are counted as.
    pub(crate) count: String,
}

impl Met {
    /// The answer to `erase`, of all attempts.
    pub(crate) fn erased(&self, erased: &Counts) -> Answer {
        let answer = match self.kept() {
            Some(kept) => kept,
            None if !erased.is_empty() => Answer::erased(),
            None if !self.asked => unasked(),
            None => Answer::absent(),
        };
        self.said(counted(answer, erased), erased)
    }

    /// The answer to a dry run and to `verify`: what is there now. What was erased before is known to `verify` only.
    pub(crate) fn looked(&self, is_dry_run: bool, done: &Counts) -> Answer {
        let kept = self.kept();
        let answer = match kept {
            // To a dry run, the same outcome as the erasure's would be; asked again, what is left comes first.
            Some(kept) if is_dry_run || self.there.is_empty() => kept,
            _ if !self.there.is_empty() => Answer::residual(),
            _ if !self.asked => unasked(),
            _ => Answer::absent(),
        };
        self.said(counted(answer, &self.there), if is_dry_run { &self.there } else { done })
    }

    /// The answer with what a reader of the receipt must know of the search, and of what went by it.
    fn said(&self, answer: Answer, gone: &Counts) -> Answer {
        let mut answer = self.places.iter().fold(answer, Answer::looked_at);
        if self.is_a_replica {
            answer = answer.looked_at("all of it on a read-only server, which may lag behind another");
        }
        for History { of, count } in &self.histories {
            answer = match gone.contains_key(count) {
                true => answer.keeps(format!("the earlier versions of rows of `{of}` (system versioning)")),
                false => answer.not_looked_at(format!("earlier versions of rows of `{of}` (system versioning)")),
            };
        }
        if self.by_phone_alone {
            answer = answer.looked_at("rows that hold the telephone number, also by the number alone (`phone_alone`)");
        }
        if self.unusable > 0 {
            let text = format!("{} identifiers that are none, such as a number without a country code", self.unusable);
            answer = answer.not_looked_at(text);
        }
        answer
    }

    fn kept(&self) -> Option<Answer> {
        (!self.kept.is_empty()).then(|| Answer::retained(self.kept.join("; ")))
    }
}

fn unasked() -> Answer {
    Answer::unverifiable("no statement applies to these identifiers")
}

fn counted(answer: Answer, counts: &Counts) -> Answer {
    counts.iter().fold(answer, |answer, (what, rows)| answer.count(what.as_str(), *rows))
}
