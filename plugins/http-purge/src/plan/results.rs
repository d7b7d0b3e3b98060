//! What is taken from an answer: JSON paths, and what must be there for them to say anything.

use serde_json_path::JsonPath;

use super::name::plain;
use crate::config::{Exact, Match, Step, Trust};
use crate::template::{Name, Template};

/// What in a path leads to many values.
const MANY: [&str; 4] = ["[*]", "[?", ".*", ".."];

/// What is taken from an answer.
pub(crate) struct Results {
    pub(crate) items: Option<Source>,
    /// The lists' full names, such as `find.ids`.
    pub(crate) extract: Vec<(String, Source)>,
    pub(crate) matches: Option<PlannedMatch>,
    /// The search is believed: its results do not show whose they are.
    pub(crate) trusts_search: bool,
    /// A later step reads each result and judges it.
    pub(crate) judged_later: bool,
}

/// A JSON path, and what must be there even if nothing is in it.
pub(crate) struct Source {
    pub(crate) path: JsonPath,
    pub(crate) holder: Holder,
    /// The holder may be missing.
    pub(crate) sparse: bool,
}

/// What holds the results that a path leads to.
pub(crate) enum Holder {
    /// `$[*]`: the whole answer.
    Root,
    /// `$.results[*]`: the list before the `[*]`.
    List(JsonPath),
    /// `$.id`: the single value itself; `$['id','other_id']`: a few that are named.
    Value,
    /// `$..id`: whatever there is.
    Anywhere,
}

pub(crate) struct PlannedMatch {
    pub(crate) path: JsonPath,
    /// The path names its fields, so that one that is null is a field that is not shown. Of `$.emails[*]`, where the values themselves
    /// are the list, `null` is the lack of one.
    pub(crate) names_fields: bool,
    /// Of `$.emails[*].value`, the list's entries: one without the field is one that does not show it.
    pub(crate) entries: Option<JsonPath>,
    /// Results that only a person can judge although they match, in the whole answer.
    pub(crate) needs_person: Option<JsonPath>,
    /// It compares with an identifier, so that another value has to explain why a result was found.
    pub(crate) names_person: bool,
    pub(crate) equals: Template,
    pub(crate) ignore_case: bool,
}

impl Results {
    pub(super) fn parse(step: &Step, template: impl Fn(&str) -> Result<Template, String>) -> Result<Self, String> {
        let source = |path: &str| Source::parse(path).map(|source| Source { sparse: step.sparse, ..source });
        let items = step.items.as_deref().map(source).transpose()?;
        let mut extract = Vec::new();
        for (list, path) in &step.extract {
            plain(list).map_err(|why| format!("extract: {why}"))?;
            extract.push((format!("{}.{list}", step.name), source(path)?));
        }
        let trust = match &step.matches {
            Some(Match::Trust(trust)) => Some(trust),
            _ => None,
        };
        let trusts_search = matches!(trust, Some(Trust::TrustSearch));
        let judged_later = matches!(trust, Some(Trust::Later));
        let matches = match &step.matches {
            Some(Match::Exact(_)) if items.is_none() => {
                return Err("`match` needs `items`, the path to the single results".to_owned());
            }
            Some(Match::Exact(exact)) => Some(PlannedMatch::parse(exact, template)?),
            None | Some(Match::Trust(_)) => None,
        };
        Ok(Self { items, extract, matches, trusts_search, judged_later })
    }

    /// Where all results are, of whomever.
    pub(crate) fn source(&self) -> Option<&Source> {
        self.items.as_ref().or_else(|| self.extract.first().map(|(_, source)| source))
    }

    /// Whether anything says whose the results of a step are that asks for a person's; else every one of them would be taken
    /// as the person's, unseen.
    pub(super) fn check_judged(&self) -> Result<(), String> {
        let Some(matches) = &self.matches else {
            return match self.trusts_search || self.judged_later {
                true => Ok(()),
                false => Err("nothing says whose its results are: add `match` with the value that each of them shows, or \
                              `match = \"trust_search\"` where they show nothing but ids (README.md says what that means)"
                    .to_owned()),
            };
        };
        match matches.equals.names().any(|name| matches!(name, Name::Kind(_) | Name::Item)) {
            true => Ok(()),
            false => {
                Err("`match` compares with nothing of the person: `equals` needs an identifier or `{{item}}`"
                    .to_owned())
            }
        }
    }
}

impl PlannedMatch {
    fn parse(exact: &Exact, template: impl Fn(&str) -> Result<Template, String>) -> Result<Self, String> {
        let equals = template(&exact.equals)?;
        let names_person = equals.names().any(|name| matches!(name, Name::Kind(_)));
        let end = end_of_many(&exact.path);
        Ok(Self {
            path: json_path(&exact.path)?,
            names_fields: end != Some(exact.path.len()),
            entries: end.filter(|end| *end < exact.path.len()).map(|end| json_path(&exact.path[..end])).transpose()?,
            needs_person: exact.needs_person.as_deref().map(json_path).transpose()?,
            names_person,
            equals,
            ignore_case: exact.ignore_case,
        })
    }
}

impl Source {
    fn parse(path: &str) -> Result<Self, String> {
        let many = MANY.into_iter().filter_map(|many| path.find(many)).min();
        let holder = match many.map(|end| path.split_at(end)) {
            None => Holder::Value,
            Some((_, rest)) if rest.starts_with("..") => Holder::Anywhere,
            Some(("$", _)) => Holder::Root,
            Some((list, _)) => Holder::List(json_path(list)?),
        };
        Ok(Self { path: json_path(path)?, holder, sparse: false })
    }
}

/// Where in a path the part ends that leads to many entries: after the `[*]` of `$.emails[*].value`. What `..` leads to is no list.
fn end_of_many(path: &str) -> Option<usize> {
    let last = MANY.into_iter().filter(|many| *many != "..").filter_map(|many| path.rfind(many)).max()?;
    let ends = path.char_indices().map(|(at, _)| at).chain([path.len()]);
    ends.filter(|end| *end > last + 1).find(|end| JsonPath::parse(&path[..*end]).is_ok())
}

pub(super) fn json_path(path: &str) -> Result<JsonPath, String> {
    JsonPath::parse(path).map_err(|e| format!("JSON path `{path}`, position {}: {}", e.position(), e.message()))
}
