//! Requests as the configuration writes them: `POST /api/v1/Sessions/{id}/anonymous`.

use std::fmt;
use std::fmt::Write as _;

use reqwest::Method;

use super::SettingsError;

/// A verb and a path in which `{id}` stands for the id. Shown as it was written: without any id.
#[derive(Clone, Debug)]
pub(super) struct Template {
    key: &'static str,
    text: String,
    pub(super) method: Method,
    path: String,
}

/// The place of the id.
const ID: &str = "{id}";

impl Template {
    /// A request that changes nothing.
    pub(super) fn reading(key: &'static str, text: &str) -> Result<Self, SettingsError> {
        Self::parse(key, text, &[Method::GET])
    }

    /// A request that anonymizes.
    pub(super) fn writing(key: &'static str, text: &str) -> Result<Self, SettingsError> {
        Self::parse(key, text, &[Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
    }

    fn parse(key: &'static str, text: &str, allowed: &[Method]) -> Result<Self, SettingsError> {
        let verbs = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let wrong = |what: &str| {
            SettingsError::new(key, format!("`{text}`: {what}; write `VERB /path/{{id}}`, VERB being one of {verbs}"))
        };
        let (verb, path) = text.split_once(' ').ok_or_else(|| wrong("not a verb and a path"))?;
        let method = allowed.iter().find(|m| m.as_str() == verb).ok_or_else(|| wrong("this verb is not allowed"))?;
        let plain = |c: char| c.is_ascii_graphic() && !"#\\{}".contains(c);
        let rest = path.replacen(ID, "", 1);
        if !path.starts_with('/') || path.starts_with("//") {
            return Err(wrong("the path does not start with one `/`"));
        }
        if rest.len() == path.len() {
            return Err(wrong("the path does not say where the id stands"));
        }
        if !rest.chars().all(plain) {
            return Err(wrong("the path holds a character that does not belong there, or `{id}` twice"));
        }
        Ok(Self { key, text: text.to_owned(), method: method.clone(), path: path.to_owned() })
    }

    /// The setting that it came from, such as `mluvii.anonymize_session`.
    pub(super) fn key(&self) -> String {
        format!("mluvii.{}", self.key)
    }

    /// The path and query for one id, or `None` for an id that would change the path itself.
    pub(super) fn fill(&self, id: &str) -> Option<String> {
        // A URL's reader resolves these away, whether they are percent-encoded or not.
        if matches!(id, "" | "." | "..") {
            return None;
        }
        Some(self.path.replacen(ID, &percent_encode(id), 1))
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Everything but RFC 3986's unreserved characters is encoded, so that the result fits a path and a query alike.
fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing to a String does not fail");
        }
    }
    encoded
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
        assert_eq!(template.fill(id).as_deref(), path);
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_with_what_is_allowed() {
        refused("POST", "not a verb and a path");
        refused("GET /api/v1/Sessions/{id}", "this verb is not allowed");
        refused("post /api/v1/Sessions/{id}", "this verb is not allowed");
        refused("POST api/v1/Sessions/{id}", "does not start with one `/`");
        refused("POST //evil.example/{id}", "does not start with one `/`");
        refused("POST /api/v1/Sessions", "where the id stands");
        refused("POST /api/v1/{id}/{id}", "twice");
        refused("POST /api/v1/{session}/{id}", "does not belong there");
        refused("POST /api/v1/Sessions/{id} HTTP/1.1", "does not belong there");
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
