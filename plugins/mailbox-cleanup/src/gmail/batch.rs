//! Reads the headers of several messages in one request
//! (<https://developers.google.com/workspace/gmail/api/guides/batch>): one answer for each id.

use quietus_plugin::http::{Request, has_dots, percent};
use quietus_plugin::{Call, PluginError};

use super::api::{Gmail, said};
use super::limits;
use super::message::{HEADERS, Message};
use super::pace::OF_MESSAGE;
use super::parts::{Part, parts};
use crate::mailbox::go_on;

/// Ids are percent-encoded, so that none can hold it.
const BOUNDARY: &str = "=quietus=";
const CONTENT_TYPE: &str = "multipart/mixed; boundary=\"=quietus=\"";

/// What a message's headers are; `None` when it is gone.
pub(super) type Told = Result<Option<Message>, PluginError>;

impl Gmail {
    /// What was answered for each of these, in their order.
    pub(super) fn headers(&self, ids: &[String], call: &Call) -> Result<Vec<Told>, PluginError> {
        go_on(call)?;
        let mut body = String::new();
        for (at, id) in ids.iter().enumerate() {
            let target = self.target(id)?;
            body += &format!(
                "--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <m{at}>\r\n\r\nGET {target}\r\n\r\n"
            );
        }
        body += &format!("--{BOUNDARY}--\r\n");
        let request = Request::search("/").at(&self.batch_path).bytes(CONTENT_TYPE, body);
        let units = OF_MESSAGE * u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let answer = self.send(request, units, call).map_err(|failure| said("the headers", failure.error))?;
        if answer.gone() {
            return Err(PluginError::retryable("the headers: answered 404; if it stays so, check `base_url`"));
        }
        let content_type = answer.header("content-type").unwrap_or_default();
        let parts =
            parts(content_type, answer.body()).ok_or_else(|| PluginError::retryable("the headers: no parts"))?;
        let part = |at| parts.iter().find(|part| part.id == format!("<response-m{at}>"));
        Ok(ids.iter().enumerate().map(|(at, id)| told(id, part(at))).collect())
    }

    /// Path and query of one message's headers.
    fn target(&self, id: &str) -> Result<String, PluginError> {
        if id.is_empty() || has_dots(id) {
            return Err(PluginError::permanent("a message's id cannot stand in a path"));
        }
        let names: String = HEADERS.iter().map(|name| format!("&metadataHeaders={name}")).collect();
        let path = format!("{}/users/me/messages/{}", self.base_path, percent(id));
        Ok(format!("{path}?format=metadata{names}&fields=id%2CinternalDate%2Cpayload%2Fheaders"))
    }
}

fn told(id: &str, part: Option<&Part>) -> Told {
    let Some(part) = part else { return Err(PluginError::retryable("the headers: a message is left out")) };
    match part.status {
        200..300 => {}
        404 | 410 => return Ok(None),
        429 => return Err(PluginError::rate_limited(part.retry_after)),
        403 if limits::names_a_limit(part.body.as_bytes()) => return Err(PluginError::rate_limited(part.retry_after)),
        403 => return Err(said("the headers", PluginError::needs_operator(limits::forbidden(part.body.as_bytes())))),
        401 => return Err(said("the headers", PluginError::needs_operator("status 401"))),
        status @ (408 | 425 | 500..600) => return Err(PluginError::retryable(format!("the headers: status {status}"))),
        status => return Err(PluginError::permanent(format!("the headers: status {status}"))),
    }
    // Answered, and so the message's matter.
    let message = serde_json::from_str::<Message>(&part.body);
    match message.map_err(|_| PluginError::permanent("the headers: they are none"))? {
        message if message.id == id => Ok(Some(message)),
        _ => Err(PluginError::permanent("the headers: they are another message's")),
    }
}
