//! Reads whose a message is from Graph's JSON.

use serde::Deserialize;

use crate::wanted::{self, Wanted, Whose};

/// The properties that [`Message`] reads.
pub(super) const SELECT: &str = "id,parentFolderId,from,sender,replyTo,toRecipients,ccRecipients,bccRecipients";

/// A page of messages. One without its list is no answer, and never "nobody".
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) value: Vec<Message>,
    #[serde(rename = "@odata.nextLink")]
    pub(super) next: Option<String>,
}

/// What is asked of a message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) parent_folder_id: String,
    /// A draft has none.
    from: Option<Party>,
    sender: Option<Party>,
    reply_to: Vec<Party>,
    to_recipients: Vec<Party>,
    cc_recipients: Vec<Party>,
    bcc_recipients: Vec<Party>,
}

/// Where a message is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    pub(super) parent_folder_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Party {
    email_address: EmailAddress,
}

#[derive(Deserialize)]
struct EmailAddress {
    /// A group, or somebody who was typed and never resolved, has none.
    address: Option<String>,
}

impl Message {
    /// Whether it carries one of the addresses, exactly, in a place that counts.
    pub(super) fn whose(&self, wanted: &Wanted) -> Whose {
        let senders = self.from.iter().chain(&self.sender).chain(&self.reply_to);
        let recipients = self.to_recipients.iter().chain(&self.cc_recipients).chain(&self.bcc_recipients);
        let recipients = recipients.filter(|_| wanted.place() != wanted::Place::Senders);
        wanted.by_addresses(senders.chain(recipients).map(|party| party.email_address.address.as_deref()))
    }
}
