//! From what was met to the answer: the only place where outcomes are decided.

use std::collections::BTreeMap;

use quietus_plugin::Answer;

use super::judge::Unclear;
use super::search::Record;

/// Counts of records.
#[derive(Default)]
pub(super) struct Found(BTreeMap<&'static str, u64>);

/// How an attempt ended that went through.
#[derive(Default)]
pub(super) struct End {
    pub(super) erased: Erased,
    /// Records that only a person can judge.
    pub(super) unclear: Unclear,
}

/// What an attempt has met.
#[derive(Default)]
pub(super) struct Erased {
    /// Why the vendor keeps something.
    pub(super) retained: Option<String>,
    /// What the vendor said to have erased, and is still there.
    pub(super) left: Found,
    /// Records that somebody else had deleted before and that can still be restored.
    pub(super) recycled: usize,
}

impl Found {
    pub(super) fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let mut counts = BTreeMap::new();
        for record in records {
            *counts.entry(record.object.count).or_default() += 1;
        }
        Self(counts)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn residual(self) -> Answer {
        counted(Answer::residual(), self.0)
    }
}

/// To `erase`, with the counts of all attempts.
pub(super) fn erased(end: Erased, counts: BTreeMap<String, u64>) -> Answer {
    if !end.left.is_empty() {
        return end.left.residual();
    }
    match end.retained {
        Some(why) => counted(Answer::retained(why), counts),
        None if !counts.is_empty() => counted(Answer::erased(), counts),
        None if end.recycled > 0 => recycled(Answer::erased(), end.recycled),
        None => Answer::absent(),
    }
}

/// To a dry run.
pub(super) fn would_go(found: Found, bin: usize) -> Answer {
    match (found.is_empty(), bin) {
        (true, 0) => Answer::absent(),
        (true, bin) => recycled(Answer::residual(), bin),
        (false, _) => found.residual(),
    }
}

/// To `verify`.
pub(super) fn looked(found: Found, bin: usize) -> Answer {
    match (found.is_empty(), bin) {
        (true, 0) => Answer::absent(),
        (_, 0) => found.residual(),
        (_, bin) => recycled(found.residual(), bin),
    }
}

/// When there is nothing to look for.
pub(super) fn unasked() -> Answer {
    Answer::unverifiable("no identifier that records of people are looked for by (`by`, `id_kind`, `grants`)")
}

fn recycled(answer: Answer, count: usize) -> Answer {
    answer.count("recycled", count as u64)
}

fn counted(answer: Answer, counts: BTreeMap<impl Into<String>, u64>) -> Answer {
    counts.into_iter().fold(answer, |answer, (what, how_many)| answer.count(what, how_many))
}
