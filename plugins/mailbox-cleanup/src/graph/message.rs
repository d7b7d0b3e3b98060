//! Reads whose a message is from Graph's JSON.

use serde::Deserialize;
use serde_json::Value;

use super::query::Query;
use super::time;
use crate::address::Address;
use crate::following::named;
use crate::wanted::{self, Wanted, Whose};

/// The properties that [`Message`] reads.
pub(super) const SELECT: &str = "id,parentFolderId,isDraft,from,sender,replyTo,toRecipients,ccRecipients,bccRecipients";

/// A page of messages. One without its list is no answer, and never "nobody".
#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) value: Vec<Message>,
    #[serde(default, rename = "@odata.nextLink", deserialize_with = "named")]
    pub(super) next: Option<String>,
}

/// What is asked of a message. Those in whom a person may be are taken as they come: one that cannot be read is that message's matter.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Message {
    pub(super) id: String,
    pub(super) parent_folder_id: String,
    #[serde(default)]
    is_draft: Value,
    /// A draft has none.
    #[serde(default)]
    from: Value,
    #[serde(default)]
    sender: Value,
    #[serde(default)]
    reply_to: Value,
    #[serde(default)]
    to_recipients: Value,
    #[serde(default)]
    cc_recipients: Value,
    #[serde(default)]
    bcc_recipients: Value,
    /// Only where it is asked for.
    #[serde(default)]
    received_date_time: Value,
    /// Only where it is asked for.
    #[serde(default)]
    last_modified_date_time: Value,
}

/// Where a message is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Place {
    pub(super) parent_folder_id: String,
}

impl Message {
    /// Whether it carries one of the addresses, exactly, in a place that counts.
    pub(super) fn whose(&self, wanted: &Wanted) -> Whose {
        let senders = [&self.from, &self.sender].into_iter().filter(|party| !party.is_null()).map(address);
        let recipients = [&self.to_recipients, &self.cc_recipients, &self.bcc_recipients];
        let recipients = recipients.into_iter().filter(|_| wanted.place() != wanted::Place::Senders);
        wanted.by_addresses(senders.chain([&self.reply_to].into_iter().chain(recipients).flat_map(addresses)))
    }

    /// Whether it hides who has sent it; a draft has no sender.
    pub(super) fn shows_no_sender(&self) -> bool {
        self.from.is_null() && self.sender.is_null() && self.is_draft != true
    }

    /// Whether a query has found it by an address or a name that it shows in a place that counts. A text that is the whole address is
    /// the person's, and explains nobody else's.
    pub(super) fn explains(&self, query: &Query, wanted: &Wanted) -> bool {
        let phrase = query.phrase().to_lowercase();
        let is_found = |text: &str| wanted.resembles(text) || text.to_lowercase().contains(&phrase);
        self.counted(wanted.place()).any(|party| {
            let of = |member: &str| party["emailAddress"][member].as_str();
            of("name").is_some_and(is_found)
                || of("address").is_some_and(|text| is_found(text) && !wanted.in_text(text))
        })
    }

    /// The addresses in the places that count, each once, in their order.
    pub(super) fn people(&self, place: wanted::Place) -> Vec<String> {
        let mut people = Vec::new();
        for address in self.counted(place).filter_map(address).flat_map(Address::readings) {
            let email = address.normal_form().to_owned();
            if !people.contains(&email) {
                people.push(email);
            }
        }
        people
    }

    /// The second in which it came.
    pub(super) fn received(&self) -> Option<i64> {
        time::seconds(self.received_date_time.as_str()?)
    }

    /// Since when it is as it is, in milliseconds: whom a draft is to, may have been changed long after it was made.
    pub(super) fn dated(&self) -> Option<i64> {
        let received = self.received()?;
        let seconds = match self.is_draft == true {
            true => time::seconds(self.last_modified_date_time.as_str()?)?.max(received),
            false => received,
        };
        Some(seconds * 1_000)
    }

    /// Those in the places that count.
    fn counted(&self, place: wanted::Place) -> impl Iterator<Item = &Value> {
        let recipients = [&self.to_recipients, &self.cc_recipients, &self.bcc_recipients];
        let recipients = recipients.into_iter().filter(move |_| place != wanted::Place::Senders);
        let listed = [&self.reply_to].into_iter().chain(recipients).filter_map(|list| list.as_array()).flatten();
        [&self.from, &self.sender].into_iter().chain(listed)
    }

    /// Whether something is not as Graph's documentation has it.
    pub(super) fn is_odd(&self) -> bool {
        let parties = [&self.from, &self.sender].into_iter().filter(|party| !party.is_null());
        let lists = [&self.reply_to, &self.to_recipients, &self.cc_recipients, &self.bcc_recipients];
        lists.iter().any(|list| !list.is_array())
            || parties
                .chain(lists.into_iter().filter_map(Value::as_array).flatten())
                .any(|party| !party["emailAddress"].is_object())
    }
}

/// The address of somebody. A group, or somebody who was typed and never resolved, has none.
fn address(party: &Value) -> Option<&str> {
    party["emailAddress"]["address"].as_str()
}

/// The addresses of a list; what is no list has one that is not told.
fn addresses(list: &Value) -> Vec<Option<&str>> {
    list.as_array().map_or_else(|| vec![None], |list| list.iter().map(address).collect())
}
