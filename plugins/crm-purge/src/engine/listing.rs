//! One page of a list, and where the next one begins. Whoever has not been seen must not be taken for one who is not there: a page that is
//! not wholly what was asked for is an error, and never the end.

use std::collections::BTreeSet;

use quietus_plugin::PluginError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::search::id_at;
use crate::vendor::{Follow, List};

/// Where a page begins.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct At {
    /// Of which lists: a digest. In those of another configuration, it would be another place.
    pub(super) of: u64,
    /// Which one of them.
    pub(super) list: usize,
    /// The cursor or the link that the page before has named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
    /// The last record of the pages before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<String>,
    /// How many these were, where records are counted, and 0 elsewhere: otherwise a list that goes round would never be at a place
    /// where it has been, by which the host notices it.
    #[serde(default)]
    read: u64,
}

/// What a page has.
pub(super) struct Page<'v> {
    /// Those that no page before had.
    pub(super) people: &'v [Value],
    /// Their ids.
    pub(super) ids: Vec<String>,
    /// None where the list is over.
    pub(super) next: Option<At>,
}

impl At {
    /// The beginning of the first of these lists.
    pub(super) fn first(of: u64) -> Self {
        Self { of, ..Self::default() }
    }

    /// Whether nothing of its list was read.
    pub(super) fn is_beginning(&self) -> bool {
        self.next.is_none() && self.last.is_none()
    }

    /// How many records of the page before are asked for once more: where records are counted, one that was deleted moves those behind
    /// it, and the last one before the page shows whether that has happened.
    fn overlap(&self, list: &List) -> usize {
        usize::from(self.read > 0 && matches!(list.follow, Follow::Offset { .. }))
    }

    /// The place by which the vendor is asked for the page, none for the first one, and for how many records.
    pub(super) fn asked(&self, list: &List, most: u32) -> (Option<String>, u32) {
        let place = match list.follow {
            Follow::Cursor { .. } | Follow::Link { .. } => self.next.clone(),
            Follow::Id { .. } => self.last.clone(),
            Follow::Offset { .. } => self.read.checked_sub(1).map(|offset| offset.to_string()),
        };
        (place, most.saturating_add(u32::from(self.overlap(list) > 0)))
    }

    /// The beginning of the next one of so many lists; none behind the last one.
    pub(super) fn next_list(&self, lists: usize) -> Option<Self> {
        let next = self.list + 1;
        (next < lists).then(|| Self { of: self.of, list: next, ..Self::default() })
    }
}

/// Reads an answer as the page that begins there. `is_id`: whether a text has the form of the vendor's ids.
pub(super) fn page<'v>(
    list: &List,
    at: &At,
    most: u32,
    answer: &'v Value,
    is_id: impl Fn(&str) -> bool,
) -> Result<Page<'v>, PluginError> {
    // Elsewhere `null` is a list of nobody; no vendor's description says it of these.
    let all = answer.pointer(list.items).and_then(Value::as_array).ok_or_else(|| wrong("the answer has no list"))?;
    let id = |item: &Value| id_at(item, list.object.id).filter(|id| is_id(id));
    let ids = all.iter().map(id).collect::<Option<Vec<_>>>();
    let ids = ids.ok_or_else(|| wrong("a record of the list has no id of a known form"))?;
    let overlap = at.overlap(list);
    if overlap > 0 && ids.first() != at.last.as_ref() {
        let total = match list.follow {
            Follow::Offset { total } => answer.pointer(total).and_then(Value::as_u64),
            _ => None,
        };
        // Nobody, where there is somebody by the answer's own word, is no word of what has moved.
        return Err(match ids.is_empty() && total.is_none_or(|total| total >= at.read) {
            true => wrong("the list ends before as many records as it says"),
            false => anew("records were deleted or moved while the list was read, and others may have slipped through"),
        });
    }
    let people = all.get(overlap..).unwrap_or_default();
    let ids: Vec<_> = ids.into_iter().skip(overlap).collect();
    let distinct: BTreeSet<_> = ids.iter().chain(at.last.as_ref()).collect();
    if distinct.len() < ids.len() + usize::from(at.last.is_some()) {
        return Err(wrong("the list repeats records"));
    }
    if people.len() > most as usize {
        return Err(wrong("the list has more records on a page than were asked for"));
    }
    let read = at.read + people.len() as u64;
    let on = |next: Option<String>| At {
        list: at.list,
        of: at.of,
        next,
        last: ids.last().or(at.last.as_ref()).cloned(),
        read: if matches!(list.follow, Follow::Offset { .. }) { read } else { 0 },
    };
    let next = match following(list, at, answer, &ids, read)? {
        Following::Over => None,
        Following::Named(next) => Some(on(Some(next))),
        Following::Known => Some(on(None)),
    };
    Ok(Page { people, ids, next })
}

/// How an answer says that its list goes on.
enum Following {
    Over,
    /// By what it has named.
    Named(String),
    /// By what is known of it.
    Known,
}

/// `read`: how many records were read with this page.
fn following(list: &List, at: &At, answer: &Value, ids: &[String], read: u64) -> Result<Following, PluginError> {
    let count = |at: &str| {
        answer.pointer(at).and_then(Value::as_u64).ok_or_else(|| wrong("the list does not say how long it is"))
    };
    match list.follow {
        Follow::Cursor { next, last } => match answer.pointer(next) {
            _ if last.is(answer, next) => Ok(Following::Over),
            Some(Value::String(cursor)) if !cursor.is_empty() => Ok(Following::Named(cursor.clone())),
            _ => Err(wrong("the list says neither where it goes on nor that it is over")),
        },
        Follow::Link { next, context } => {
            let context = answer.pointer(context).and_then(Value::as_str).and_then(|context| context.split_once('#'));
            // Names and not their beginnings: behind it come columns in parentheses.
            let set = context.map(|(_, set)| set.split('(').next().unwrap_or(set));
            if set != Some(list.object.path) {
                return Err(wrong("the answer does not say that it is of the list that was asked for"));
            }
            match answer.pointer(next) {
                None => Ok(Following::Over),
                Some(Value::String(link)) if !link.is_empty() => Ok(Following::Named(link.clone())),
                Some(_) => Err(wrong("the link to the next page is none")),
            }
        }
        Follow::Id { total, done } => {
            let total = count(total)?;
            let done = answer.pointer(done).and_then(Value::as_bool);
            let done = done.ok_or_else(|| wrong("the list does not say whether the page is whole"))?;
            let here = ids.len() as u64;
            let agrees = if done { total == here } else { total > here && here > 0 };
            match (agrees, here) {
                (false, _) => Err(wrong("the list has other records than it says")),
                (true, 0) => Ok(Following::Over),
                (true, _) => Ok(Following::Known),
            }
        }
        Follow::Offset { total } => {
            let total = count(total)?;
            let numbers = at.last.iter().chain(ids).map(|id| id.parse::<u64>().ok()).collect::<Option<Vec<_>>>();
            if numbers.is_none_or(|numbers| !numbers.is_sorted()) {
                return Err(wrong("the list is not in the order that was asked for"));
            }
            match (read == total, read < total && !ids.is_empty()) {
                (true, _) => Ok(Following::Over),
                (false, true) => Ok(Following::Known),
                (false, false) => Err(wrong("the list ends before or behind as many records as it says")),
            }
        }
    }
}

/// A place that cannot be gone on from, however often it is asked: the host begins anew.
pub(super) fn anew(why: &str) -> PluginError {
    PluginError::permanent(format!("{why}: begin anew"))
}

/// What is asked for again may be answered as it should; whoever gives up has told of nobody.
pub(super) fn wrong(text: &str) -> PluginError {
    PluginError::retryable(text)
}
