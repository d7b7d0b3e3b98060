//! A search as a vendor describes it: requests for its pages, and where in the answers records and their values stand.

use quietus_plugin::http::Request;
use quietus_plugin::{PluginError, mark};
use serde_json::Value;

/// The class of requests that a vendor limits beside the others.
pub(crate) const SEARCH: &str = "search";

/// A kind of record, as a vendor has it.
#[derive(PartialEq, Eq)]
pub(crate) struct Object {
    /// The vendor's word for it, as it stands in paths.
    pub(crate) path: &'static str,
    /// The receipt's word for it.
    pub(crate) count: &'static str,
    /// Where in a record its id stands: a JSON pointer.
    pub(crate) id: &'static str,
}

/// One record that was found.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) object: &'static Object,
    pub(crate) id: String,
}

impl Record {
    /// What stands for it in what is stored.
    pub(crate) fn mark(&self) -> u64 {
        mark([self.object.path, &self.id])
    }
}

/// Makes the request for a page.
type Page = Box<dyn Fn(Option<&str>) -> Request>;

/// One search.
pub(crate) struct Search {
    pub(crate) object: &'static Object,
    /// Asks for the first page, or for the page that a cursor stands for.
    pub(crate) page: Page,
    /// Where in an answer the records stand.
    pub(crate) items: &'static str,
    /// Where in one of them the record itself stands.
    pub(crate) within: &'static str,
    /// Where in a record a value must be exactly what was looked for; empty when the vendor links records by ids.
    pub(crate) values: &'static [Place],
    /// Where in a record that is found by something else its e-mail addresses stand: others than the person's make it
    /// somebody else's.
    pub(crate) addresses: &'static [Place],
    pub(crate) finds: Finds,
    pub(crate) next: Next,
    /// Whether the vendor writes `null` for a list of none.
    pub(crate) null_is_none: bool,
}

/// What a search finds: a value that it can have found explains why a record is there, and may be another one than the
/// person's. Where none is shown, what it was found by is not shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Finds {
    /// Values that resemble what was looked for.
    Similar,
    /// Values that are what was looked for, and no others.
    Whole,
    /// Values that hold this text.
    Part(String),
    /// Values that are like this pattern, in which `%` stands for any text, and `_` for any letter.
    Like(String),
    /// Numbers that hold the last digits of what was looked for in their order, whatever stands between them.
    InOrder,
}

/// Where in a record values stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// A text, which is `null` or empty where there is none, or a list of them.
    At(&'static str),
    /// A list, which is empty where there is none: an entry without a value is one that is not shown.
    List(&'static str),
    /// A text with several values.
    Split(&'static str, char),
}

/// What a record shows at one place.
#[derive(Default)]
pub(crate) struct Values {
    pub(crate) texts: Vec<String>,
    /// The place is not shown, or there is a value that is not, or in a form that cannot be read; which is not the same as none.
    pub(crate) is_partly_hidden: bool,
}

/// How the next page is asked for, and what says that there is none. An answer that says neither is no end: the people on
/// further pages must not be treated as absent.
#[derive(Clone, Copy)]
pub(crate) enum Next {
    /// By a cursor in the answer.
    Cursor { next: &'static str, last: LastPage },
    /// By a link in the answer.
    Link { next: &'static str, last: LastPage },
    /// By the number of records so far, while the first of these places that an answer has says that there are more.
    Counted { more: &'static [&'static str] },
    /// By the number of records so far, until a page has none, and there were as many as `total` says.
    Offset { total: &'static str },
}

/// What the vendor's description says that the last page has. Anything else is no end.
#[derive(Clone, Copy)]
pub(crate) enum LastPage {
    /// Nothing at this place.
    Without(&'static str),
    /// `null` in place of a cursor.
    Null,
    /// This word at this place.
    Says(&'static str, bool),
}

impl Next {
    /// Where the next page begins, by an answer of so many records, the last of so many; `None` where it says that there is none.
    pub(super) fn after(self, answer: &Value, here: usize, read: usize) -> Result<Option<String>, PluginError> {
        let unsaid = || PluginError::retryable("the answer says neither where its list goes on nor that it is over");
        match self {
            Self::Cursor { next, last } | Self::Link { next, last } => {
                let is_there = !matches!(answer.pointer(next), None | Some(Value::Null));
                let named = id_at(answer, next).filter(|named| !named.is_empty());
                match (named, last.is(answer, next)) {
                    (Some(named), false) => Ok(Some(named)),
                    (None, true) if !is_there => Ok(None),
                    _ => Err(unsaid()),
                }
            }
            Self::Counted { more } => {
                let more = more.iter().find_map(|at| answer.pointer(at)).and_then(Value::as_bool);
                match (more.ok_or_else(unsaid)?, here) {
                    (false, _) => Ok(None),
                    (true, 0) => Err(unsaid()),
                    (true, _) => Ok(Some(read.to_string())),
                }
            }
            Self::Offset { total } => {
                let total = answer.pointer(total).and_then(Value::as_u64).ok_or_else(unsaid)?;
                match here {
                    0 if total > read as u64 => {
                        Err(PluginError::retryable("the list ends before as many records as it says"))
                    }
                    0 => Ok(None),
                    _ => Ok(Some(read.to_string())),
                }
            }
        }
    }
}

impl LastPage {
    /// Whether an answer, whose cursor stands there, is that of the last page.
    pub(super) fn is(self, answer: &Value, next: &str) -> bool {
        match self {
            Self::Without(at) => answer.pointer(at).is_none(),
            Self::Null => answer.pointer(next).is_some_and(Value::is_null),
            Self::Says(at, word) => answer.pointer(at).and_then(Value::as_bool) == Some(word),
        }
    }
}

impl Search {
    /// Of one page, without an end to what may follow.
    pub(crate) fn new(
        object: &'static Object,
        items: &'static str,
        next: Next,
        page: impl Fn(Option<&str>) -> Request + 'static,
    ) -> Self {
        Self {
            object,
            page: Box::new(page),
            items,
            within: "",
            values: &[],
            addresses: &[],
            finds: Finds::Similar,
            next,
            null_is_none: false,
        }
    }

    /// Whose records stand within something, such as a score.
    pub(crate) fn within(self, within: &'static str) -> Self {
        Self { within, ..self }
    }

    /// Whose vendor writes `null` for a list of none.
    pub(crate) fn or_null(self) -> Self {
        Self { null_is_none: true, ..self }
    }

    /// Whose records hold what was looked for in one of these places.
    pub(crate) fn exact(self, values: &'static [Place]) -> Self {
        Self { values, ..self }
    }

    /// Which finds whole values only.
    pub(crate) fn whole(self) -> Self {
        Self { finds: Finds::Whole, ..self }
    }

    /// Which finds all values that hold this text.
    pub(crate) fn part(self, text: impl Into<String>) -> Self {
        Self { finds: Finds::Part(text.into()), ..self }
    }

    /// Which finds values that are like this pattern, in small letters.
    pub(crate) fn like(self, pattern: &str) -> Self {
        Self { finds: Finds::Like(pattern.to_lowercase()), ..self }
    }

    /// Which finds all numbers that hold the last digits in their order.
    pub(crate) fn in_order(self) -> Self {
        Self { finds: Finds::InOrder, ..self }
    }

    /// Whose records hold their e-mail addresses in these places.
    pub(crate) fn addressed(self, addresses: &'static [Place]) -> Self {
        Self { addresses, ..self }
    }
}

impl Place {
    /// Where the place itself stands: a JSON pointer.
    pub(crate) fn at(self) -> &'static str {
        match self {
            Self::At(at) | Self::List(at) | Self::Split(at, _) => at,
        }
    }

    /// The values there.
    pub(crate) fn values(self, record: &Value) -> Values {
        let mut values = Values::default();
        match (self, record.pointer(self.at())) {
            (Self::List(_), Some(Value::Array(list))) => list.iter().for_each(|entry| values.add_entry(entry)),
            (Self::List(_), _) | (_, None) => values.is_partly_hidden = true,
            // Nothing, at a place that is shown: which one of several it is, tells something.
            (_, Some(Value::Null)) => values.texts.push(String::new()),
            (_, Some(Value::Array(list))) => list.iter().for_each(|entry| values.add_entry(entry)),
            (Self::Split(_, separator), Some(Value::String(text))) => {
                values.texts.extend(text.split(separator).map(str::to_owned));
            }
            (_, Some(Value::String(text))) => values.texts.push(text.clone()),
            (_, Some(other)) => values.add_entry(other),
        }
        values
    }
}

impl Values {
    /// One of several values: a text, or the `value` of an object. There is a value, so that none that is shown is one that is hidden.
    fn add_entry(&mut self, entry: &Value) {
        let entry = entry.as_object().map_or(Some(entry), |object| object.get("value"));
        match entry {
            Some(Value::String(text)) if !text.trim().is_empty() => self.texts.push(text.clone()),
            Some(Value::Number(number)) => self.texts.push(number.to_string()),
            _ => self.is_partly_hidden = true,
        }
    }
}

/// An id: a text or a whole number.
pub(crate) fn id_at(record: &Value, at: &str) -> Option<String> {
    match record.pointer(at)? {
        Value::String(text) => Some(text.clone()),
        // A fraction or a number beyond 64 bits has lost digits, and would be another record's id.
        Value::Number(number) if number.is_u64() => Some(number.to_string()),
        _ => None,
    }
}
