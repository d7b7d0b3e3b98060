//! Requests as the configuration writes them: `POST /api/v1/Sessions/{id}/anonymous`.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use reqwest::Method;

use super::error::SettingsError;

/// A verb and a path with placeholders such as `{id}`. Shown as it was written: without any id or value.
#[derive(Clone, Debug)]
pub(super) struct Template {
    key: &'static str,
    text: String,
    pub(super) method: Method,
    path: String,
    placeholders: &'static [&'static str],
}

/// The placeholder of an id.
pub(super) const ID: &str = "{id}";
pub(super) const DEPARTMENT: &str = "{department}";
/// The contact record's field that is searched.
pub(super) const FIELD: &str = "{field}";
pub(super) const VALUE: &str = "{value}";
/// From when and until when, and how many elements at most.
pub(super) const FROM: &str = "{from}";
pub(super) const TO: &str = "{to}";
pub(super) const LIMIT: &str = "{limit}";
/// How many elements of a list were read before.
pub(super) const OFFSET: &str = "{offset}";

impl Template {
    /// A request that changes nothing, with these placeholders, each of which stands in it once.
    pub(super) fn reading(
        key: &'static str,
        text: &str,
        placeholders: &'static [&'static str],
    ) -> Result<Self, SettingsError> {
        Self::parse(key, text, &[Method::GET], placeholders)
    }

    /// A request that anonymizes.
    pub(super) fn writing(key: &'static str, text: &str) -> Result<Self, SettingsError> {
        Self::parse(key, text, &[Method::POST, Method::PUT, Method::PATCH, Method::DELETE], &[ID])
    }

    fn parse(
        key: &'static str,
        text: &str,
        allowed: &[Method],
        placeholders: &'static [&'static str],
    ) -> Result<Self, SettingsError> {
        let verbs = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let wrong = |what: &str| {
            let form = format!(
                "VERB /path{}",
                placeholders.iter().map(|placeholder| format!("/{placeholder}")).collect::<String>()
            );
            SettingsError::new(key, format!("`{text}`: {what}; write `{form}`, VERB being one of {verbs}"))
        };
        let (verb, path) = text.split_once(' ').ok_or_else(|| wrong("not a verb and a path"))?;
        let method = allowed.iter().find(|m| m.as_str() == verb).ok_or_else(|| wrong("this verb is not allowed"))?;
        let plain = |c: char| c.is_ascii_graphic() && !"#\\{}".contains(c);
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(wrong("the path does not start with one `/`"));
        }
        let mut rest = path.to_owned();
        for placeholder in placeholders {
            let without = rest.replacen(placeholder, "", 1);
            if without.len() == rest.len() {
                return Err(wrong(&format!("the path does not say where `{placeholder}` stands")));
            }
            rest = without;
        }
        if !rest.chars().all(plain) {
            return Err(wrong("the path holds a character that does not belong there, or a place twice"));
        }
        Ok(Self { key, text: text.to_owned(), method: method.clone(), path: path.to_owned(), placeholders })
    }

    /// The setting that it came from, such as `mluvii.anonymize_session`.
    pub(super) fn key(&self) -> String {
        format!("mluvii.{}", self.key)
    }

    /// The path and query for these values, in the order of the placeholders; `None` for a value that would change the path
    /// itself.
    pub(super) fn fill(&self, values: &[&str]) -> Option<String> {
        // A URL's reader resolves these away, whether they are percent-encoded or not.
        if values.len() != self.placeholders.len() || values.iter().any(|value| matches!(*value, "" | "." | "..")) {
            return None;
        }
        let mut path = self.path.clone();
        for (placeholder, value) in self.placeholders.iter().zip(values) {
            // No value can bring a place along: its braces are encoded.
            path = path.replacen(placeholder, &percent_encode(value).to_string(), 1);
        }
        Some(path)
    }

    /// Whether it has this placeholder.
    pub(super) fn has(&self, placeholder: &str) -> bool {
        self.placeholders.contains(&placeholder)
    }

    /// The path without its query, as it was written.
    pub(super) fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Everything but RFC 3986's unreserved characters is encoded, so that the result fits a path and a query alike.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as it stands in a path or a query.
pub(super) fn percent_encode(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, &RESERVED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(text: &str, why: &str) {
        let error = Template::writing("anonymize_session", text).expect_err("refused").to_string();
        assert!(error.starts_with("mluvii.anonymize_session: "), "{error}");
        assert!(error.contains(why) && error.contains("POST, PUT, PATCH, DELETE"), "{error}");
    }

    #[track_caller]
    fn filled(id: &str, path: Option<&str>) {
        let template = Template::writing("anonymize_guest", "POST /api/v1/Guest/{id}/anonymous").expect("a template");
        assert_eq!(template.fill(&[id]).as_deref(), path);
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_with_what_is_allowed() {
        refused("POST", "not a verb and a path");
        refused("GET /api/v1/Sessions/{id}", "this verb is not allowed");
        refused("post /api/v1/Sessions/{id}", "this verb is not allowed");
        refused("POST api/v1/Sessions/{id}", "does not start with one `/`");
        refused("POST //evil.example/{id}", "does not start with one `/`");
        refused("POST /api/v1/Sessions", "where `{id}` stands");
        refused("POST /api/v1/{id}/{id}", "twice");
        refused("POST /api/v1/{session}/{id}", "does not belong there");
        refused("POST /api/v1/Sessions/{id} HTTP/1.1", "does not belong there");
    }

    #[test]
    fn several_places_are_filled_in_their_order_and_no_value_brings_another() {
        let places = &["{department}", "{field}", "{value}"];
        let text = "GET /api/v1/Contacts?filterValue={value}&filterField={field}&departmentId={department}";
        let template = Template::reading("search.contacts", text, places).expect("a template");
        let path = "/api/v1/Contacts?filterValue=%7Bfield%7D%26a%3D1&filterField=email&departmentId=62";
        assert_eq!(template.fill(&["62", "email", "{field}&a=1"]).as_deref(), Some(path));
        assert_eq!(template.fill(&["62", "email"]), None);
        let error = Template::reading("search.contacts", "GET /c?{value}{field}", places).expect_err("refused");
        assert!(error.to_string().contains("where `{department}` stands"), "{error}");
    }

    #[test]
    fn an_id_cannot_change_the_path() {
        filled("77", Some("/api/v1/Guest/77/anonymous"));
        filled("a/b?c#d e%", Some("/api/v1/Guest/a%2Fb%3Fc%23d%20e%25/anonymous"));
        filled("é", Some("/api/v1/Guest/%C3%A9/anonymous"));
        filled("..", None);
        filled(".", None);
        filled("", None);
    }
}
