//! What a certificate says, sentence by sentence, for pages that show the same.

use std::collections::BTreeMap;

use super::headline::Headline;
use super::told::{self, Names};
use super::{Audience, Lang, notes, outcome, reasons};
use crate::deadline::Calendar;
use crate::receipt::{ReasonStatement, Statement};
use crate::subject::{InstallationName, TargetName, Titles};

/// In which language, how systems are called there, and by which clocks.
#[derive(Clone, Copy)]
pub(crate) struct InWords<'a> {
    pub(crate) lang: Lang,
    pub(crate) titles: &'a Titles,
    pub(crate) calendar: &'a Calendar,
    pub(crate) installation: &'a InstallationName,
}

/// A receipt in sentences.
pub(crate) struct Sentences {
    /// What it comes to, no more of it than somebody has seen.
    pub(crate) result: String,
    /// A row for each system: which, what was found, what happened, whether somebody has looked again.
    pub(crate) rows: Vec<[String; 4]>,
    /// What stays, and why.
    pub(crate) stays: Vec<String>,
    /// Where nobody has looked, and what is not known.
    pub(crate) unseen: Vec<String>,
    /// What people have decided.
    pub(crate) decided: Vec<String>,
}

impl<'a> InWords<'a> {
    fn names(self) -> Names<'a> {
        Names { lang: self.lang, titles: self.titles, calendar: self.calendar, installation: self.installation }
    }

    /// A system, as people call it.
    pub(crate) fn system(self, target: &TargetName) -> String {
        self.names().system(target)
    }

    /// How many of what was found or erased.
    pub(crate) fn counted(self, counts: &BTreeMap<String, u64>) -> String {
        let some = counts.iter().filter(|(_, count)| **count > 0);
        some.map(|(what, count)| told::count(self.lang, what, *count)).collect::<Vec<_>>().join(", ")
    }

    /// A place that was looked at, or was not.
    pub(crate) fn place(self, said: &str) -> String {
        told::place(self.lang, said)
    }

    /// What a system has answered; where nobody knows its words, as a quotation of them. Of a task it is people who have answered.
    pub(crate) fn said(self, text: &str) -> String {
        match told::Word::of(text) {
            Some(word) => word.told(self.names()),
            None => notes::said(self.lang, text),
        }
    }

    /// A reason of a receipt, or of one that is foreseen.
    pub(crate) fn reason(self, reason: &ReasonStatement) -> String {
        reasons::one(self.names(), reason)
    }

    /// All that a receipt says, as a person is told it.
    pub(crate) fn receipt(self, statement: &Statement) -> Sentences {
        let told = reasons::told(self.names(), statement, Audience::Person);
        let rows = statement.steps.iter().map(|step| outcome::row(self.names(), step)).collect();
        let result = Headline::of(self.names(), statement).sentence();
        Sentences { result, rows, stays: told.stays, unseen: told.unseen, decided: told.decided }
    }
}
