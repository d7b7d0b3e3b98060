//! What is true of everybody in a campaign: who talked, and what has to become of it. Known here by numbers alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::site::Site;

/// What must become of a conversation, everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It has to be erased, and its receipts have to say so.
    Goes,
    /// It must not be touched.
    Stays,
    /// Its erasure was stopped, wherever it was.
    MayGo,
}

/// A conversation.
#[derive(Clone, Debug)]
pub(super) struct Conversation {
    pub(super) fate: Fate,
    /// Whether the CRM has a contact of the same number.
    pub(super) has_contact: bool,
}

/// How somebody asks to be erased, if at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Nobody,
    SessionByHand,
    GuestByHand,
    PersonByHand,
    Withdrawn,
    Form,
    /// The same, but it is not to be approved.
    FormRejected,
}

/// Somebody with several conversations, of one guest and address.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) email: String,
    pub(super) ids: BTreeSet<i64>,
    pub(super) way: Way,
    pub(super) has_asked: bool,
}

/// All conversations by their ids.
#[derive(Debug, Default)]
pub(super) struct Truth {
    pub(super) conversations: BTreeMap<i64, Conversation>,
    pub(super) people: Vec<Person>,
    /// Which of them an erasure of more than one session is about, by its id.
    pub(super) reached: BTreeMap<String, BTreeSet<i64>>,
    /// The erasures after which somebody asked once more.
    pub(super) asked_again: BTreeSet<String>,
}

impl Truth {
    /// The conversations of a fate.
    pub(super) fn of(&self, fate: Fate) -> BTreeSet<i64> {
        self.conversations.iter().filter(|(_, one)| one.fate == fate).map(|(id, _)| *id).collect()
    }

    /// The next free id.
    pub(super) fn next(&self) -> i64 {
        self.conversations.last_key_value().map_or(1, |(last, _)| last + 1)
    }

    /// What is known of some conversations, to be shown.
    pub(super) fn about(&self, ids: &[i64]) -> Vec<(i64, &Conversation, Option<&Person>)> {
        let person = |id: &i64| self.people.iter().find(|person| person.ids.contains(id));
        ids.iter().map(|id| (*id, &self.conversations[id], person(id))).collect()
    }

    /// Whether a target had something of a conversation at first.
    pub(super) fn was_at(&self, target: &str, id: i64) -> bool {
        target == "mluvii" || self.conversations[&id].has_contact
    }

    /// Finds out whose the erasures of these receipts are that nobody has ordered by hand.
    pub(super) fn learn(&mut self, site: &impl Site, statements: &[Value]) {
        let id = |said: &Value| said["erasure"].as_str().expect("an id").to_owned();
        let unknown = |said: &&Value| said["scope"] != "session" && !self.reached.contains_key(&id(said));
        if statements.iter().filter(unknown).count() == 0 {
            return;
        }
        for person in self.people.iter().filter(|person| person.has_asked) {
            for found in erasures_of(site, &person.email) {
                self.reached.entry(found).or_insert_with(|| person.ids.clone());
            }
        }
    }

    /// The erasures that must not be approved.
    pub(super) fn rejected(&self, site: &impl Site) -> BTreeSet<String> {
        let rejected = self.people.iter().filter(|person| person.has_asked && person.way == Way::FormRejected);
        rejected.flat_map(|person| erasures_of(site, &person.email)).collect()
    }

    /// Whom a receipt is about.
    #[track_caller]
    pub(super) fn sessions_of(&self, said: &Value) -> BTreeSet<i64> {
        let subject = said["subject"].as_str().expect("a subject");
        match subject.strip_prefix("session:acme/") {
            Some(id) => BTreeSet::from([id.parse().expect("a number")]),
            None => {
                let erasure = said["erasure"].as_str().expect("an id");
                self.reached.get(erasure).unwrap_or_else(|| panic!("nobody asked for it: {said:#}")).clone()
            }
        }
    }
}

/// The ids of the erasures of a guest or a person, by what identifies them.
pub(super) fn erasures_of(site: &impl Site, email: &str) -> Vec<String> {
    let found = site.json(&["receipts", "find", "--email", email]);
    let found = found.as_array().expect("a list").iter().map(|found| &found["erasure"]);
    let ids = found.filter(|erasure| erasure["scope"] != "session").map(|erasure| erasure["id"].as_str());
    ids.map(|id| id.expect("an id").to_owned()).collect()
}
