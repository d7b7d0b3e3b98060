//! What belongs to a contact or a person account: which objects, by which field, and what is said of those that stay.

use super::soql::quoted;
use super::{ACCOUNT, CONTACT};
use crate::engine::{Object, Record};

/// One word of `related`.
pub(super) struct Belonging {
    pub(super) word: &'static str,
    /// What is deleted; its id is the field that is selected.
    pub(super) object: Object,
    /// What is searched: the object, or what links it.
    pub(super) from: &'static str,
    /// The fields that hold a contact's id.
    of_contact: &'static [&'static str],
    /// The fields that hold a person account's id.
    of_account: &'static [&'static str],
    /// The fields that hold the id of a person account's contact.
    of_its_contact: &'static [&'static str],
    /// What is said where it is not searched.
    unless: &'static str,
    /// What is said where it is searched.
    though: Option<&'static str>,
}

/// What is said where leads are not searched.
pub(super) const LEADS: &str = "leads with the person's address or number (`leads` in `related`)";

pub(super) static BELONGINGS: [Belonging; 7] = [
    Belonging {
        word: "tasks",
        object: Object { path: "Task", count: "tasks", id: "/Id" },
        from: "Task",
        of_contact: &["WhoId"],
        of_account: &["AccountId"],
        of_its_contact: &["WhoId"],
        unless: "tasks with the person (`tasks` in `related`)",
        though: Some(
            "tasks that are another person's first, and the person's by TaskRelation only, where activities are shared",
        ),
    },
    Belonging {
        word: "events",
        object: Object { path: "Event", count: "events", id: "/Id" },
        from: "Event",
        of_contact: &["WhoId"],
        of_account: &["AccountId"],
        of_its_contact: &["WhoId"],
        unless: "events with the person (`events` in `related`)",
        though: Some(
            "events that are another person's first, and the person's by EventRelation only: invitees, and shared activities",
        ),
    },
    Belonging {
        word: "notes",
        object: Object { path: "Note", count: "notes", id: "/Id" },
        from: "Note",
        of_contact: &["ParentId"],
        of_account: &["ParentId"],
        of_its_contact: &[],
        unless: "classic notes of the person (`notes` in `related`)",
        though: None,
    },
    Belonging {
        word: "cases",
        object: Object { path: "Case", count: "cases", id: "/Id" },
        from: "Case",
        of_contact: &["ContactId"],
        of_account: &["AccountId"],
        of_its_contact: &[],
        unless: "cases of the person (`cases` in `related`)",
        though: None,
    },
    // Salesforce keeps the address of each recipient and sender beside the message.
    Belonging {
        word: "emails",
        object: Object { path: "EmailMessage", count: "emails", id: "/EmailMessageId" },
        from: "EmailMessageRelation",
        of_contact: &["RelationId"],
        of_account: &[],
        of_its_contact: &["RelationId"],
        unless: "e-mail messages, which keep the address of each sender and recipient in EmailMessageRelation.RelationAddress \
                 (`emails` in `related`)",
        though: Some(
            "e-mail messages that keep the address in EmailMessageRelation.RelationAddress and are linked with no record of \
             the person",
        ),
    },
    Belonging {
        word: "files",
        object: Object { path: "ContentDocument", count: "files", id: "/ContentDocumentId" },
        from: "ContentDocumentLink",
        of_contact: &["LinkedEntityId"],
        of_account: &["LinkedEntityId"],
        of_its_contact: &[],
        unless: "files and notes that are linked with the person's record (`files` in `related`)",
        though: Some("files that are not shared with the user of the credentials: no permission shows them all"),
    },
    Belonging {
        word: "attachments",
        object: Object { path: "Attachment", count: "attachments", id: "/Id" },
        from: "Attachment",
        of_contact: &["ParentId"],
        of_account: &["ParentId"],
        of_its_contact: &[],
        unless: "classic attachments of the person's record (`attachments` in `related`)",
        though: None,
    },
];

impl Belonging {
    /// The field that holds the id of what is deleted.
    pub(super) fn field(&self) -> &'static str {
        &self.object.id[1..]
    }

    /// The conditions that find what belongs to this person's record; none for a lead.
    pub(super) fn of(&self, person: &Record) -> Vec<String> {
        let id = quoted(&person.id);
        let equal = |fields: &[&str]| fields.iter().map(|field| format!("{field} = {id}")).collect::<Vec<_>>();
        if *person.object == CONTACT {
            return equal(self.of_contact);
        }
        if *person.object != ACCOUNT {
            return Vec::new();
        }
        let mut all = equal(self.of_account);
        let contact = format!("IN (SELECT Id FROM Contact WHERE AccountId = {id})");
        all.extend(self.of_its_contact.iter().map(|field| format!("{field} {contact}")));
        all
    }

    pub(super) fn not_looked(&self, is_searched: bool) -> Option<&'static str> {
        if is_searched { self.though } else { Some(self.unless) }
    }
}
