//! One message in the stand-in's mailbox.

use serde_json::{Value, json};

use crate::graph::time;

/// When the first message of a mailbox came; each other one a second after the one before.
pub(super) const CAME: i64 = 1_767_225_600;

/// A message; ids are numbers in a form that does not fit into a path.
#[derive(Clone)]
pub(super) struct Mail {
    pub(super) id: String,
    pub(super) folder: String,
    /// Where it was before it was deleted.
    pub(super) was: String,
    pub(super) fields: Value,
}

impl Mail {
    pub(super) fn new(number: usize, folder: &str, fields: &Value) -> Self {
        let mut message = json!({
            "from": null, "sender": null, "replyTo": [], "toRecipients": [], "ccRecipients": [], "bccRecipients": [],
            "isDraft": false, "receivedDateTime": time::text(CAME + number as i64),
        });
        message.as_object_mut().expect("an object").extend(fields.as_object().cloned().expect("an object"));
        Self { id: format!("AAMk/{number}+="), folder: folder.into(), was: folder.into(), fields: message }
    }

    pub(super) fn json(&self, folder: &str) -> Value {
        let mut fields = self.fields.clone();
        fields["id"] = json!(self.id);
        fields["parentFolderId"] = json!(format!("F-{folder}"));
        fields
    }

    /// When it came, as text: in order, texts of times are, too.
    pub(super) fn came(&self) -> &str {
        self.fields["receivedDateTime"].as_str().unwrap_or_default()
    }

    /// Whether an address or a name holds a text, as an index finds it.
    pub(super) fn holds(&self, text: &str, senders_only: bool) -> bool {
        let of = |field: &str| match &self.fields[field] {
            Value::Array(parties) => parties.clone(),
            party => vec![party.clone()],
        };
        let fields: &[&str] =
            if senders_only { &["from"] } else { &["from", "toRecipients", "ccRecipients", "bccRecipients"] };
        fields.iter().flat_map(|field| of(field)).any(|party| address(&party).to_lowercase().contains(text))
    }
}

pub(super) fn party(address: &str) -> Value {
    json!({ "emailAddress": { "name": "Somebody", "address": address } })
}

pub(super) fn address(party: &Value) -> &str {
    party["emailAddress"]["address"].as_str().unwrap_or_default()
}
