//! mluvii's API for webhooks: list, one, create, change, delete. Never the request that deletes all of a company's.

use std::fmt;

use reqwest::Method;
use serde_json::json;
use zeroize::Zeroizing;

use super::calls::Purpose;
use super::client::{Call, Called, MluviiClient};
use super::error::MluviiError;
use super::keep::{Keep, Kept};
use super::meter;
use super::transport::garbage;
use crate::keys::Secret;

const WEBHOOK: Keep = Keep::Fields(&FIELDS);
const FIELDS: [(&str, Keep); 3] = [("id", Keep::Text), ("eventTypes", Keep::Texts), ("callbackUrl", Keep::Text)];
const LIST: Keep = Keep::Fields(&[
    ("id", Keep::Text),
    ("eventTypes", Keep::Texts),
    ("callbackUrl", Keep::Text),
    ("webhooks", WEBHOOK),
    ("items", WEBHOOK),
    ("data", WEBHOOK),
    // What says that this is not all of it.
    ("total", Keep::Text),
    ("totalCount", Keep::Text),
    ("totalPages", Keep::Text),
    ("next", Keep::Text),
    ("nextPage", Keep::Text),
    ("hasMore", Keep::Text),
]);
const TOTALS: [&str; 2] = ["total", "totalCount"];
const NEXT: [&str; 3] = ["next", "nextPage", "hasMore"];
const WRAPPERS: [&str; 3] = ["webhooks", "items", "data"];

/// The longest id that is taken for one.
const ID_BYTES_MAX: usize = 64;

/// An id of a webhook: never empty, and nothing in it that changes a path, since the path without an id deletes all webhooks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WebhookId(String);

impl WebhookId {
    /// `None` of what is no id.
    pub(crate) fn new(text: &str) -> Option<Self> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        (is_plain && (1..=ID_BYTES_MAX).contains(&text.len())).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A webhook as mluvii has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) id: WebhookId,
    pub(crate) event_types: Vec<String>,
    /// May hold a password.
    pub(crate) callback_url: Secret,
}

/// The result of creating one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Made {
    Done,
    /// mluvii has one with this id, and made none.
    Exists(WebhookId),
}

const PATH: &str = "/api/v1/Webhooks";

impl MluviiClient {
    /// All webhooks of the company, also those of others.
    pub(crate) async fn webhooks(&self) -> Result<Vec<Webhook>, MluviiError> {
        let what = format!("GET {PATH}");
        match self.webhook_call(&Method::GET, PATH, &what, None).await? {
            // One that cannot be read, or is on another page, makes it no list: it may be ours.
            Called::Done(json) => list(&json).ok_or_else(|| garbage(&what))?.ok_or_else(|| {
                MluviiError::Refused(format!(
                    "{what}: the list has further pages, so that nobody can say what is missing in it"
                ))
            }),
            Called::Missing(status) => {
                Err(MluviiError::Refused(format!("{what}: {status}, which is no answer of a list")))
            }
            Called::Conflict(_) => Err(garbage(&what)),
        }
    }

    /// One webhook; `None` where mluvii does not have it.
    pub(crate) async fn webhook(&self, id: &WebhookId) -> Result<Option<Webhook>, MluviiError> {
        let what = format!("GET {PATH}/{{id}}");
        match self.webhook_call(&Method::GET, &format!("{PATH}/{id}"), &what, None).await? {
            Called::Done(json) => {
                let webhook = WEBHOOK.read(&json).as_ref().and_then(of).filter(|webhook| webhook.id == *id);
                webhook.map(Some).ok_or_else(|| garbage(&what))
            }
            Called::Missing(_) => Ok(None),
            Called::Conflict(_) => Err(garbage(&what)),
        }
    }

    /// Creates one.
    pub(crate) async fn create_webhook(&self, url: &Secret, event_types: &[String]) -> Result<Made, MluviiError> {
        let what = format!("POST {PATH}");
        match self.webhook_call(&Method::POST, PATH, &what, Some(&document(url, event_types))).await? {
            Called::Done(_) => Ok(Made::Done),
            Called::Conflict(body) => {
                let id = Keep::Text.read(&body).and_then(|id| WebhookId::new(id.as_text()?));
                id.map(Made::Exists).ok_or_else(|| MluviiError::Refused(format!("{what}: 409, without an id")))
            }
            Called::Missing(status) => Err(MluviiError::Refused(format!("{what}: {status}"))),
        }
    }

    /// Changes one; `false` where mluvii does not have it.
    pub(crate) async fn change_webhook(
        &self,
        id: &WebhookId,
        url: &Secret,
        event_types: &[String],
    ) -> Result<bool, MluviiError> {
        let what = format!("PUT {PATH}/{{id}}");
        match self.webhook_call(&Method::PUT, &format!("{PATH}/{id}"), &what, Some(&document(url, event_types))).await?
        {
            Called::Done(_) => Ok(true),
            Called::Missing(_) => Ok(false),
            Called::Conflict(_) => Err(MluviiError::Refused(format!("{what}: 409: another webhook has this URL"))),
        }
    }

    /// Deletes one; `false` where mluvii does not have it.
    pub(crate) async fn delete_webhook(&self, id: &WebhookId) -> Result<bool, MluviiError> {
        let what = format!("DELETE {PATH}/{{id}}");
        match self.webhook_call(&Method::DELETE, &format!("{PATH}/{id}"), &what, None).await? {
            Called::Done(_) => Ok(true),
            Called::Missing(_) => Ok(false),
            Called::Conflict(_) => Err(garbage(&what)),
        }
    }

    async fn webhook_call(
        &self,
        method: &Method,
        path: &str,
        what: &str,
        body: Option<&[u8]>,
    ) -> Result<Called, MluviiError> {
        let kind = meter::WEBHOOKS;
        self.exchange(Call { method, path, what, kind, idempotency: None, purpose: Purpose::Work, body }).await
    }
}

fn document(url: &Secret, event_types: &[String]) -> Zeroizing<Vec<u8>> {
    let document = json!({ "eventTypes": event_types, "callbackUrl": url.expose() });
    Zeroizing::new(document.to_string().into_bytes())
}

/// `Some(None)`: it is a part of a list.
fn list(json: &[u8]) -> Option<Option<Vec<Webhook>>> {
    let kept = LIST.read(json)?;
    let number = |name: &str| kept.text(name).and_then(|text| text.parse::<u64>().ok());
    let total = TOTALS.iter().filter_map(|name| number(name)).max();
    let is_more = NEXT.iter().filter_map(|name| kept.text(name)).any(|text| !matches!(text, "false" | "0"))
        || number("totalPages").is_some_and(|pages| pages > 1);
    let all: Vec<_> = kept.into_list(&WRAPPERS)?.iter().map(of).collect::<Option<_>>()?;
    let is_whole = !is_more && total.is_none_or(|total| total <= all.len() as u64);
    Some(is_whole.then_some(all))
}

/// `None` of what lacks anything of it.
fn of(kept: &Kept) -> Option<Webhook> {
    let event_types = kept.field("eventTypes")?;
    // A list, or one of one.
    let elements = event_types.elements().iter().map(Kept::as_text).collect::<Option<Vec<_>>>()?;
    let event_types = elements.into_iter().chain(event_types.as_text()).map(str::to_owned).collect();
    let callback_url = Secret::new(kept.text("callbackUrl")?);
    Some(Webhook { id: WebhookId::new(kept.text("id")?)?, event_types, callback_url })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_a_path() {
        for wrong in ["", ".", "..", "7/8", "7?x", "%2e", " 7", "7 ", "\u{661}"] {
            assert_eq!(WebhookId::new(wrong), None, "{wrong:?}");
        }
        assert_eq!(WebhookId::new("4711").map(|id| id.to_string()).as_deref(), Some("4711"));
        assert!(WebhookId::new("6f9619ff-8b86-d011-b42d-00c04fc964ff").is_some());
    }

    #[test]
    fn webhooks_are_read_in_any_spelling_and_none_is_left_out() {
        let one =
            r#"{ "Id": 7, "EventTypes": ["SessionEnded", "X"], "callbackURL": "https://a.example/x", "more": {} }"#;
        for json in [format!("[{one}]"), format!("{{ \"items\": [{one}] }}")] {
            let all = list(json.as_bytes()).flatten().expect("a list");
            assert_eq!(all.len(), 1, "{json}");
            assert_eq!((all[0].id.to_string(), all[0].event_types.len()), ("7".to_owned(), 2), "{json}");
        }
        assert_eq!(list(b"[]").flatten().map(|all| all.len()), Some(0));
        for part in [
            r#""total": 2"#,
            r#""totalCount": "7""#,
            r#""totalPages": 3"#,
            r#""next": "/x?page=2""#,
            r#""hasMore": true"#,
        ] {
            assert!(
                list(format!("{{ \"items\": [{one}], {part} }}").as_bytes()).is_some_and(|all| all.is_none()),
                "{part}"
            );
        }
        for whole in
            [r#""total": 1"#, r#""totalPages": 1"#, r#""next": null"#, r#""hasMore": false"#, r#""nextPage": 0"#]
        {
            assert!(list(format!("{{ \"items\": [{one}], {whole} }}").as_bytes()).flatten().is_some(), "{whole}");
        }
        for wrong in
            ["{}", "null", r#"[{ "id": 7 }]"#, r#"[{ "id": null, "eventTypes": [], "callbackUrl": "x" }]"#, "<html>"]
        {
            assert!(list(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
