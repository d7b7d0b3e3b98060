//! Reads what a list is asked for: names in any case, values repeated or separated by commas, filters that are ignored.

use std::str::FromStr;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::behaviour::{Behaviour, OverLimit};

/// Elements of one reply where no limit is asked for.
const LIMIT: usize = 50;

/// Names and values, in the order in which they came.
pub(super) type Pairs = Vec<(String, String)>;

/// A list's query.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) pairs: &'a Pairs,
    pub(super) behaviour: &'a Behaviour,
}

/// A value that cannot be read, or a limit that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadQuery;

/// The part of a list that one reply holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) limit: usize,
    pub(super) offset: usize,
}

impl IntoResponse for BadQuery {
    fn into_response(self) -> Response {
        StatusCode::BAD_REQUEST.into_response()
    }
}

impl<'a> Asked<'a> {
    /// All values of one name; `None` when it is not asked for, or ignored.
    pub(super) fn values<T: FromStr>(&self, name: &str) -> Result<Option<Vec<T>>, BadQuery> {
        let texts: Vec<_> = self.texts(name).flat_map(|text| text.split(',')).map(str::trim).collect();
        if texts.is_empty() {
            return Ok(None);
        }
        let values = texts.into_iter().map(|text| text.parse().map_err(|_| BadQuery));
        values.collect::<Result<_, _>>().map(Some)
    }

    /// The one value of a name.
    pub(super) fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, BadQuery> {
        self.texts(name).next().map(|text| text.parse().map_err(|_| BadQuery)).transpose()
    }

    pub(super) fn page(&self) -> Result<Page, BadQuery> {
        let limit = self.value("limit")?.unwrap_or(LIMIT);
        let largest = self.behaviour.limit_max;
        if limit > largest && self.behaviour.over_limit == OverLimit::Refused {
            return Err(BadQuery);
        }
        Ok(Page { limit: limit.min(largest), offset: self.value("offset")?.unwrap_or(0) })
    }

    fn texts(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let ignored = self.behaviour.ignores(name);
        let of_name = self.pairs.iter().filter(move |(key, _)| !ignored && key.eq_ignore_ascii_case(name));
        of_name.map(|(_, value)| value.as_str())
    }
}
