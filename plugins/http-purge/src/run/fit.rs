//! Whose a result is, by the value that it shows.

use quietus_plugin::identity::{is_masked, name, normal_forms};
use quietus_plugin::{Kind, PluginError};
use serde_json::Value;

use crate::plan::{PlannedMatch, Results};
use crate::template::{Values, scalar};

/// Digits of a number by which systems find it whatever stands before them.
const TAIL_DIGITS: usize = 7;

/// Whose a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Theirs,
    /// It shows another value, by which a search for theirs can have found it.
    SomebodyElses,
    /// It shows another value, and none by which a search for theirs can have found it.
    Unexplained,
    /// It does not show the value, or in a form that cannot be read.
    Hidden,
    /// It is theirs, and lacks what is to be taken of it.
    Lost,
    /// It holds the value, and may be somebody else's all the same, by the operator's word.
    NeedsPerson,
}

/// How many results are whose.
#[derive(Clone, Copy, Default)]
pub(super) struct Fits {
    pub(super) theirs: u64,
    pub(super) somebody_elses: u64,
    pub(super) unexplained: u64,
    pub(super) hidden: u64,
    pub(super) lost: u64,
    pub(super) needs_person: u64,
}

impl Fits {
    pub(super) fn add(&mut self, fit: Fit) {
        *match fit {
            Fit::Theirs => &mut self.theirs,
            Fit::SomebodyElses => &mut self.somebody_elses,
            Fit::Unexplained => &mut self.unexplained,
            Fit::Hidden => &mut self.hidden,
            Fit::Lost => &mut self.lost,
            Fit::NeedsPerson => &mut self.needs_person,
        } += 1;
    }

    pub(super) fn join(&mut self, other: Self) {
        self.theirs += other.theirs;
        self.somebody_elses += other.somebody_elses;
        self.unexplained += other.unexplained;
        self.hidden += other.hidden;
        self.lost += other.lost;
        self.needs_person += other.needs_person;
    }

    /// Whether all that was shown is others', and nothing of it says why.
    pub(super) fn explain_nothing(&self) -> bool {
        self.theirs + self.somebody_elses + self.hidden + self.lost + self.needs_person == 0
    }
}

impl Results {
    pub(super) fn fit(&self, item: &Value, document: &Value, values: &Values<'_>) -> Result<Fit, PluginError> {
        let Some(matches) = &self.matches else { return Ok(Fit::Theirs) };
        let fit = matches.fits(item, values)?;
        let is_named = |path: &serde_json_path::JsonPath| {
            path.query(document).all().iter().any(|named| std::ptr::eq(*named, item))
        };
        match fit == Fit::Theirs && matches.needs_person.as_ref().is_some_and(is_named) {
            true => Ok(Fit::NeedsPerson),
            false => Ok(fit),
        }
    }
}

impl PlannedMatch {
    /// Whether one of the item's values is the expected one: by the normal form, where that is the value of a kind.
    fn fits(&self, item: &Value, values: &Values<'_>) -> Result<Fit, PluginError> {
        let expected = self.expected(values)?;
        let nodes = self.path.query(item).all();
        // A structure in place of a value cannot be compared; `null` or nothing among the values of a list is the lack of one, and
        // in a field that is named it is a value that is not shown.
        let are_values = nodes.iter().all(|node| node.is_null() || scalar(node).is_some());
        let is_blank = |node: &&Value| node.is_null() || node.as_str().is_some_and(|text| text.trim().is_empty());
        let lacks_one = self.entries.as_ref().is_some_and(|entries| entries.query(item).len() > nodes.len());
        let is_short = lacks_one || nodes.iter().any(is_blank);
        let shown: Vec<String> = nodes.into_iter().filter_map(scalar).filter(|text| !text.trim().is_empty()).collect();
        let is_hidden = !are_values || (self.names_fields && is_short);
        let mut is_readable = !is_hidden && !shown.is_empty() && !expected.is_empty();
        let mut is_explained = false;
        for text in shown {
            // `a***@x.cz` typed into a form must not match everybody who is shown so.
            let forms = if is_masked(&text) { Vec::new() } else { self.forms(&text, values) };
            if forms.iter().any(|form| expected.contains(form)) {
                return Ok(Fit::Theirs);
            }
            is_readable &= !forms.is_empty();
            is_explained |= expected.iter().any(|expected| self.resembles(&text, expected));
        }
        Ok(match (is_readable, is_explained || !self.names_person) {
            (false, _) => Fit::Hidden,
            (true, true) => Fit::SomebodyElses,
            (true, false) => Fit::Unexplained,
        })
    }

    /// What an item must show.
    pub(super) fn expected(&self, values: &Values<'_>) -> Result<Vec<String>, PluginError> {
        let text = self.equals.render(values, |value| Ok(value.to_owned()))?;
        Ok(self.forms(&text, values))
    }

    /// What a value is compared by: its normal forms where it is one of a kind that has them, else its text.
    fn forms(&self, text: &str, values: &Values<'_>) -> Vec<String> {
        match self.equals.only_kind() {
            Some(kind @ (Kind::Email | Kind::Phone | Kind::Name)) => normal_forms(&kind, text, values.region),
            _ if self.ignore_case => vec![text.trim().to_ascii_lowercase()],
            _ => vec![text.trim().to_owned()],
        }
    }

    /// Whether a search for the expected value can have found another one by its text: it holds it, or, of a name, one of its words.
    fn resembles(&self, shown: &str, expected: &str) -> bool {
        match self.equals.only_kind() {
            Some(Kind::Email) => without_plus(&folded(shown)).contains(&without_plus(&folded(expected))),
            Some(Kind::Phone) => {
                let digits = digits(expected);
                self::digits(shown).contains(&digits[digits.len().saturating_sub(TAIL_DIGITS)..])
            }
            Some(Kind::Name) => name(shown).is_some_and(|shown| {
                let begins = |one: &str, other: &str| one.starts_with(other) || other.starts_with(one);
                shown.split(' ').any(|word| expected.split(' ').any(|wanted| begins(word, wanted)))
            }),
            _ => folded(shown).contains(&folded(expected)),
        }
    }
}

/// A text as searches see it, that care neither for capitals nor for accents, nor for what only looks alike. By way of capitals, as the
/// dotless `ı` has the same one as `i`.
fn folded(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    use unicode_normalization::char::is_combining_mark;
    text.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

fn without_plus(address: &str) -> String {
    match (address.split_once('+'), address.rsplit_once('@')) {
        (Some((local, _)), Some((before, domain))) if local.len() < before.len() => format!("{local}@{domain}"),
        _ => address.to_owned(),
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}
