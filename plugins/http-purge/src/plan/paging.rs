//! How further pages are asked for: the settings enter, and are checked against the step that they stand in.

use serde_json::Value;
use serde_json_path::JsonPath;

use super::results::json_path;
use crate::config::{Body, Paging, Step};

/// Pages of one search, unless the configuration says otherwise.
const PAGES_MAX: u32 = 20;

pub(crate) enum PlannedPaging {
    Next { path: JsonPath, pages_max: u32 },
    Cursor { path: JsonPath, into: CursorInto, pages_max: u32 },
    Offset { query: String, limit_query: Option<String>, limit: u64, pages_max: u32 },
}

pub(crate) enum CursorInto {
    Query(String),
    Json(String),
}

impl PlannedPaging {
    pub(super) fn parse(paging: &Paging, step: &Step) -> Result<Self, String> {
        Ok(match paging.clone() {
            Paging::Next { path, pages_max } => {
                Self::Next { path: json_path(&path)?, pages_max: pages_max.unwrap_or(PAGES_MAX) }
            }
            Paging::Cursor { path, query, json, pages_max } => {
                let into = match (query, json, &step.body) {
                    (Some(query), None, _) => CursorInto::Query(query),
                    (None, Some(json), Some(Body::Json(Value::Object(_)))) => CursorInto::Json(json),
                    (None, Some(_), _) => return Err("paging.cursor.json needs a body that is a JSON object".into()),
                    _ => return Err("paging.cursor needs either `query` or `json`".into()),
                };
                Self::Cursor { path: json_path(&path)?, into, pages_max: pages_max.unwrap_or(PAGES_MAX) }
            }
            Paging::Offset { .. } if step.items.is_none() => {
                return Err("paging.offset needs `items`, to count them".into());
            }
            Paging::Offset { query, limit_query, limit, pages_max } => {
                Self::Offset { query, limit_query, limit: limit.max(1), pages_max: pages_max.unwrap_or(PAGES_MAX) }
            }
        })
    }
}
