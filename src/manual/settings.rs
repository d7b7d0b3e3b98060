//! `[[manual]]`: a place that people erase from, as the operator writes it.

use std::time::Duration;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::hold::RetainedByLaw;
use crate::subject::{TargetName, Title};

/// Characters of a text: it is read at one look, and stands in each task.
const TEXT_CHARS_MAX: usize = 2_000;

/// The longest that a task may take: a month, and the two by which a request may be extended (GDPR Art. 12(3)).
const DEADLINE_MAX: Span = Span(Duration::from_secs(92 * 86_400));

/// Of a task that says nothing of it.
const DEADLINE: Span = Span(Duration::from_secs(21 * 86_400));

/// The part of the deadline after which a person is reminded who says nothing of it.
const REMINDED_SHARE: u32 = 3;

/// One place that people erase from.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ManualSettings {
    /// The target's name in the rules.
    pub(crate) name: String,
    /// How it is called on papers.
    #[serde(default)]
    pub(crate) title: Option<Title>,
    /// What is to be done, in plain words, for whoever does it. Each task has it, so nothing of a person stands there.
    pub(crate) text: String,
    /// For how long a task may be open until somebody is reminded of it (`tasks_open`); a third of the deadline if unset.
    #[serde(default)]
    pub(crate) remind_after: Option<Span>,
    /// How long a task may take; then it needs a person (`tasks_late`). 21 days if unset.
    #[serde(default)]
    pub(crate) deadline: Option<Span>,
    /// That a law keeps what is there, of all companies' people: then nobody gets a task, and receipts say so.
    #[serde(default)]
    pub(crate) retained: Option<RetainedByLaw>,
}

impl ManualSettings {
    pub(crate) fn target(&self) -> TargetName {
        TargetName(self.name.as_str().into())
    }

    pub(crate) fn deadline(&self) -> Span {
        self.deadline.unwrap_or(DEADLINE)
    }

    pub(crate) fn remind_after(&self) -> Span {
        self.remind_after.unwrap_or_else(|| Span(self.deadline().0 / REMINDED_SHARE))
    }

    /// What is wrong, by key.
    pub(crate) fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        if let Err(what) = TargetName::check(&self.name) {
            wrong.push(("name", what));
        }
        if let Some(what) = self.title.as_ref().and_then(Title::wrong) {
            wrong.push(("title", what));
        }
        if self.text.trim().is_empty() {
            wrong.push(("text", "is empty: nobody would know what to do".to_owned()));
        } else if self.text.chars().count() > TEXT_CHARS_MAX {
            wrong.push(("text", format!("has more than {TEXT_CHARS_MAX} characters")));
        }
        let deadline = self.deadline();
        if deadline.0.is_zero() {
            wrong.push(("deadline", "is no time at all".to_owned()));
        } else if deadline.0 > DEADLINE_MAX.0 {
            wrong
                .push(("deadline", format!("`{deadline}` is longer than {DEADLINE_MAX}, the most that the law gives")));
        }
        if let Some(remind) = self.remind_after.filter(|remind| remind.0 >= deadline.0) {
            wrong.push(("remind_after", format!("`{remind}` is not before the deadline, which is {deadline}")));
        }
        if let Some(what) = self.retained.as_ref().and_then(RetainedByLaw::wrong) {
            wrong.push(("retained", what.to_owned()));
        }
        wrong
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str, remind_after: Option<u64>, deadline: Option<u64>) -> ManualSettings {
        let days = |days: u64| Span::from_secs(days * 86_400);
        let (remind_after, deadline) = (remind_after.map(days), deadline.map(days));
        ManualSettings { name: "legal".into(), title: None, text: text.into(), remind_after, deadline, retained: None }
    }

    #[track_caller]
    fn check(settings: &ManualSettings, expected: &[&str]) {
        let keys: Vec<_> = settings.wrong().into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, expected);
    }

    #[test]
    fn a_task_has_a_text_and_is_reminded_of_before_its_deadline() {
        check(&settings("Shred the file.", None, None), &[]);
        check(&settings(" \n", None, None), &["text"]);
        check(&settings(&"a".repeat(2_001), None, None), &["text"]);
        check(&settings("x", Some(7), Some(7)), &["remind_after"]);
        check(&settings("x", None, Some(0)), &["deadline"]);
        check(&settings("x", None, Some(93)), &["deadline"]);
        check(&ManualSettings { name: "Legal dept".into(), ..settings("x", None, None) }, &["name"]);
        check(&ManualSettings { name: "mluvii".into(), ..settings("x", None, None) }, &["name"]);
        let law = |by: &str| Some(RetainedByLaw { of: "contracts".into(), by: by.into() });
        check(&ManualSettings { retained: law("§ 31 (563/1991)"), ..settings("x", None, None) }, &[]);
        check(&ManualSettings { retained: law("the law"), ..settings("x", None, None) }, &["retained"]);
        check(&ManualSettings { title: Some(Title::Text(" ".into())), ..settings("x", None, None) }, &["title"]);
    }

    #[test]
    fn what_is_unset_follows_from_the_deadline() {
        let all = |settings: ManualSettings| (settings.remind_after().to_string(), settings.deadline().to_string());
        assert_eq!(all(settings("x", None, None)), ("7d".to_owned(), "21d".to_owned()));
        assert_eq!(all(settings("x", None, Some(3))), ("1d".to_owned(), "3d".to_owned()));
    }
}
