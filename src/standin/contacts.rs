//! mluvii's contact directory: a contact's id is the guest's identity of its sessions.

use std::collections::BTreeMap;

use super::behaviour::ContactMatch;
use super::found::{Found, FoundId};

/// All contacts, by id.
#[derive(Debug, Default)]
pub(super) struct Contacts(pub(super) BTreeMap<String, DirectoryContact>);

/// A contact of mluvii's directory.
#[derive(Debug)]
pub(super) struct DirectoryContact {
    pub(super) tenant: i64,
    pub(super) data: BTreeMap<String, Vec<String>>,
}

impl Contacts {
    pub(super) fn find(&self, text: &str) -> Vec<Found> {
        let text = text.to_lowercase();
        let holds = |contact: &DirectoryContact| contact.values().any(|value| value.to_lowercase().contains(&text));
        let found = self.0.iter().filter(|(id, contact)| id.to_lowercase().contains(&text) || holds(contact));
        found.map(|(id, _)| Found { id: FoundId::Text(id.clone()), place: "contact" }).collect()
    }

    /// Takes a contact away; `false` when there is none.
    pub(super) fn clear(&mut self, id: &str) -> bool {
        self.0.remove(id).is_some()
    }
}

impl DirectoryContact {
    fn values(&self) -> impl Iterator<Item = &String> {
        self.data.values().flatten()
    }

    pub(super) fn has(&self, field: Option<&str>, wanted: &str, how: ContactMatch) -> bool {
        let wanted = wanted.to_lowercase();
        let equals = |value: &String| match how {
            ContactMatch::Exact => value.to_lowercase() == wanted,
            ContactMatch::Contains => value.to_lowercase().contains(&wanted),
        };
        let is_meant = |name: &str| field.is_none_or(|field| field.eq_ignore_ascii_case(name));
        self.data.iter().any(|(name, values)| is_meant(name) && values.iter().any(equals))
    }
}
