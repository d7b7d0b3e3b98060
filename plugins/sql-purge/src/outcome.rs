//! From what the statements met to the answer: the only place where outcomes are decided.

use std::collections::BTreeSet;

use quietus_plugin::Answer;

use crate::database::Triggers;
use crate::past::Counts;
use crate::told;

/// What the statements of one call met.
#[derive(Default)]
pub(crate) struct Met {
    /// Whether any statement was about an identifier that the person has.
    pub(crate) asked: bool,
    /// Rows that are there.
    pub(crate) there: Counts,
    /// Why rows are kept: a sentence for each statement that found some.
    pub(crate) kept: Vec<String>,
    /// What limits that, for each table once.
    pub(crate) limits: BTreeSet<String>,
    /// What was looked at: a text for each statement.
    pub(crate) places: Vec<String>,
    /// Tables that statements erase from.
    pub(crate) tables: Vec<Table>,
    /// What the server keeps of what went.
    pub(crate) keeps: Vec<String>,
    /// Another server, from which this one has its rows, that may have others.
    pub(crate) elsewhere: Option<String>,
    /// Whether rows are the person's by a telephone number alone.
    pub(crate) by_phone_alone: bool,
    /// Identifiers that are none.
    pub(crate) unusable: usize,
}

/// A table that a statement erases from.
pub(crate) struct Table {
    pub(crate) name: String,
    /// What its rows are counted as.
    pub(crate) count: String,
    /// It keeps the earlier versions of its rows.
    pub(crate) has_history: bool,
    pub(crate) triggers: Triggers,
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
        // The limits first, each a text of its own: the host cuts long texts, and the end of long lists.
        let mut answer = self.limits.iter().chain(&self.places).fold(answer, Answer::looked_at);
        if self.by_phone_alone {
            answer = answer.looked_at(told::BY_PHONE_ALONE);
        }
        if self.asked {
            answer = told::BEYOND.into_iter().fold(answer, Answer::not_looked_at);
        }
        if let Some(elsewhere) = &self.elsewhere {
            answer = answer.not_looked_at(elsewhere);
        }
        if self.unusable > 0 {
            answer = answer.not_looked_at(told::unusable(self.unusable));
        }
        answer = self.tables.iter().fold(answer, |answer, table| table.said(answer, gone));
        match gone.is_empty() {
            true => answer,
            false => self.keeps.iter().fold(answer, Answer::keeps),
        }
    }

    fn kept(&self) -> Option<Answer> {
        (!self.kept.is_empty()).then(|| Answer::retained(self.kept.join("; ")))
    }
}

impl Table {
    /// The answer with what is known of copies of its rows.
    fn said(&self, answer: Answer, gone: &Counts) -> Answer {
        let answer = match (self.has_history, gone.contains_key(&self.count)) {
            (false, _) => answer,
            (true, true) => answer.keeps(told::history_keeps(&self.name)),
            (true, false) => answer.not_looked_at(told::history(&self.name)),
        };
        match self.triggers {
            Triggers::None => answer,
            Triggers::Some => answer.not_looked_at(told::triggers(&self.name)),
            Triggers::Hidden => answer.not_looked_at(told::hidden_triggers(&self.name)),
        }
    }
}

fn unasked() -> Answer {
    Answer::unverifiable("no statement applies to these identifiers")
}

fn counted(answer: Answer, counts: &Counts) -> Answer {
    counts.iter().fold(answer, |answer, (what, rows)| answer.count(what.as_str(), *rows))
}
