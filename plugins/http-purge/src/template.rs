//! Templates: text with `{{names}}` in it. A template is parsed against the names that are known where it stands, and
//! rendered with an escape that belongs to that place, so that no value can break out of it.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use quietus_plugin::identity::Region;
use quietus_plugin::{Kind, PluginError, Sensitive};
use serde_json::Value;

/// Text with names in it.
#[derive(Clone, Debug)]
pub(crate) struct Template(Vec<Part>);

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Slot(Name, Filter),
}

/// What may stand in `{{…}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Name {
    /// A value of an identifier kind.
    Kind(String),
    /// The present item of `for_each`.
    Item,
    /// All items of an earlier step's list: `step.list`.
    List(String),
    /// `secret.name`.
    Secret(Sensitive),
    /// The same over all attempts of one erasure.
    IdempotencyKey,
    /// The erasure's id.
    Erasure,
}

/// What is done to a value before it is put in: `{{email|odata}}`. Most escape it for a language within the text, such as a
/// filter in a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Filter {
    /// Nothing.
    No,
    /// `'` is doubled: OData, SQL-like filters.
    Double,
    /// `\`, `'` and `"` get a backslash: SOQL, KQL, JSON-like queries.
    Backslash,
    /// The MD5 of the value in lower case, in hexadecimal digits: the id that some systems derive of an e-mail address.
    Md5,
}

/// The names that are known where a template stands.
#[derive(Clone, Copy)]
pub(crate) struct Known<'a> {
    pub(crate) kinds: &'a [String],
    pub(crate) lists: &'a [String],
    pub(crate) secrets: &'a quietus_plugin::Secrets,
    pub(crate) place: Place,
    /// Whether the step has `for_each`.
    pub(crate) item: bool,
}

/// Where a template stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In the path: no secrets, as paths are logged everywhere.
    Path,
    /// In a header, in the query, in a form.
    Text,
    /// In a JSON string: whole lists are possible.
    Json,
    /// In `equals`.
    Match,
}

/// The values of one request.
#[derive(Clone)]
pub(crate) struct Values<'a> {
    pub(crate) kinds: BTreeMap<&'a str, &'a str>,
    /// The operator's: what a telephone number without a country code means.
    pub(crate) region: Option<Region>,
    pub(crate) item: Option<&'a Value>,
    pub(crate) lists: &'a BTreeMap<String, Vec<Value>>,
    pub(crate) idempotency_key: &'a str,
    pub(crate) erasure: &'a str,
}

impl Template {
    /// Parses; the error says what is wrong and what is known, and repeats nothing but the names: a secret could stand
    /// beside them.
    pub(crate) fn parse(text: &str, known: &Known<'_>) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inner, after) = after.split_once("}}").ok_or("`{{` without `}}`")?;
            let (name, filter) = slot(inner.trim(), known)?;
            let fixed = fixed(&parts) + before;
            let breaks_single = filter == Filter::No;
            let breaks_double = matches!(filter, Filter::No | Filter::Double);
            if (breaks_single && open(&fixed, '\'')) || (breaks_double && open(&fixed, '"')) {
                let help =
                    "is put between quotes; say how they are escaped there: `|odata` (' doubled) or `|backslash`";
                return Err(format!("`{inner}` {help}"));
            }
            parts.extend([Part::Text(before.to_owned()), Part::Slot(name, filter)]);
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        let parsed = Self(parts);
        if parsed.names().any(|name| matches!(name, Name::List(_))) && parsed.0.len() > 1 {
            return Err("a whole list must stand alone; use `for_each` and `{{item}}` for one by one".into());
        }
        Ok(parsed)
    }

    /// The identifier kind whose value is all of it.
    pub(crate) fn only_kind(&self) -> Option<Kind> {
        match self.0.as_slice() {
            [Part::Slot(Name::Kind(kind), Filter::No)] => Some(kind.into()),
            _ => None,
        }
    }

    /// The names in it.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Name> {
        self.0.iter().filter_map(|part| match part {
            Part::Slot(name, _) => Some(name),
            Part::Text(_) => None,
        })
    }

    /// Renders with `escape` applied to each value. The error names what cannot stand here, never its value.
    pub(crate) fn render(
        &self,
        values: &Values<'_>,
        mut escape: impl FnMut(&str) -> Result<String, &'static str>,
    ) -> Result<String, PluginError> {
        let mut text = String::new();
        for part in &self.0 {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Slot(name, filter) => {
                    let value = filter.apply(&values.text(name)?);
                    text.push_str(&escape(&value).map_err(|why| cannot(name, why))?);
                }
            }
        }
        Ok(text)
    }

    /// Renders as JSON: a template that is one name alone keeps the type of an item and makes a list of a list.
    pub(crate) fn render_json(&self, values: &Values<'_>) -> Result<Value, PluginError> {
        match self.0.as_slice() {
            [Part::Slot(Name::Item, Filter::No)] => Ok(values.item.cloned().unwrap_or_default()),
            [Part::Slot(Name::List(list), _)] => Ok(Value::Array(values.lists.get(list).cloned().unwrap_or_default())),
            _ => self.render(values, |value| Ok(value.to_owned())).map(Value::String),
        }
    }
}

impl Values<'_> {
    fn text(&self, name: &Name) -> Result<String, PluginError> {
        let text = match name {
            Name::Kind(kind) => self.kinds.get(kind.as_str()).map(|value| (*value).to_owned()),
            Name::Item => self.item.and_then(scalar),
            Name::Secret(secret) => Some(secret.expose().to_owned()),
            Name::IdempotencyKey => Some(self.idempotency_key.to_owned()),
            Name::Erasure => Some(self.erasure.to_owned()),
            Name::List(_) => None,
        };
        text.ok_or_else(|| cannot(name, "has no value"))
    }
}

impl Filter {
    fn apply(self, value: &str) -> String {
        match self {
            Self::No => value.to_owned(),
            Self::Double => value.replace('\'', "''"),
            Self::Backslash => value.replace('\\', "\\\\").replace('\'', "\\'").replace('"', "\\\""),
            Self::Md5 => {
                let digest = Md5::digest(value.trim().to_lowercase());
                digest.iter().map(|byte| format!("{byte:02x}")).collect()
            }
        }
    }
}

/// The text without its slots.
fn fixed(parts: &[Part]) -> String {
    let texts = parts.iter().map(|part| match part {
        Part::Text(text) => text.as_str(),
        Part::Slot(..) => "",
    });
    texts.collect()
}

/// Whether a quote may be open at the end of a text, in languages that escape quotes by a backslash or that do not, and
/// in which the other quote means something or not.
fn open(text: &str, quote: char) -> bool {
    let unescaped = text.replace("\\\\", "").replace("\\'", "").replace("\\\"", "");
    [text, &unescaped].into_iter().any(|text| {
        let within = text.chars().fold(None, |within, c| match within {
            None if c == '\'' || c == '"' => Some(c),
            Some(quote) if c == quote => None,
            within => within,
        });
        within == Some(quote) || text.matches(quote).count() % 2 == 1
    })
}

/// A string or a whole number of at most 64 bits, as text. Of a fraction or a larger number, digits may have been lost.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) if number.is_u64() || number.is_i64() => Some(number.to_string()),
        _ => None,
    }
}

/// Whether a value can identify something: not empty, not a structure.
pub(crate) fn identifying(value: &Value) -> bool {
    scalar(value).is_some_and(|text| !text.is_empty())
}

fn cannot(name: &Name, why: &str) -> PluginError {
    let name = match name {
        Name::Kind(kind) => kind.as_str(),
        Name::Item => "item",
        Name::List(list) => list.as_str(),
        Name::Secret(_) => "secret",
        Name::IdempotencyKey => "idempotency_key",
        Name::Erasure => "erasure",
    };
    PluginError::permanent(format!("the value of `{name}` cannot be used: it {why}"))
}

fn slot(inner: &str, known: &Known<'_>) -> Result<(Name, Filter), String> {
    let (name, filter) = match inner.split_once('|') {
        None => (inner, Filter::No),
        Some((name, filter)) => match filter.trim() {
            "odata" => (name.trim(), Filter::Double),
            "backslash" => (name.trim(), Filter::Backslash),
            "md5" => (name.trim(), Filter::Md5),
            other => return Err(format!("`{other}` is no filter; known are `odata`, `backslash` and `md5`")),
        },
    };
    if let Some(secret) = name.strip_prefix("secret.") {
        if matches!(known.place, Place::Path | Place::Match) {
            return Err("a secret may not stand here".into());
        }
        let secret = known.secrets.get(secret).ok_or_else(|| format!("the secret `{secret}` is not configured"))?;
        return Ok((Name::Secret(secret.clone()), filter));
    }
    if known.lists.iter().any(|list| list == name) {
        if known.place != Place::Json {
            return Err(format!("the list `{name}` can stand in a JSON body only; use `for_each` and `{{{{item}}}}`"));
        }
        if filter == Filter::Md5 {
            return Err(format!("the list `{name}` is put in as it is, without `|md5`"));
        }
        return Ok((Name::List(name.to_owned()), filter));
    }
    let found = match name {
        "item" if known.item => Name::Item,
        "item" => return Err("`item` needs `for_each`".into()),
        "idempotency_key" => Name::IdempotencyKey,
        "erasure" => Name::Erasure,
        kind if known.kinds.iter().any(|known| known == kind) => Name::Kind(kind.to_owned()),
        _ => {
            let lists = if known.lists.is_empty() { "none" } else { &known.lists.join(", ") };
            let kinds = known.kinds.join(", ");
            return Err(format!("`{name}` is not known; kinds are {kinds} (more by `kinds`), lists so far: {lists}"));
        }
    };
    Ok((found, filter))
}
