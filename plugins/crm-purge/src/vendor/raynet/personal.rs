//! What of a person a record of Raynet's holds. After an anonymization nothing of it may be left, and what is not shown is not
//! nothing. The fields are those of the answers in Raynet's own API description
//! (<https://github.com/wpify/raynet-sdk/blob/master/openapi.json>).

use serde_json::Value;

use super::{COMPANY, LEAD};
use crate::engine::Object;
use crate::vendor::Holds;

/// A field, or fields within one.
struct Field {
    name: &'static str,
    within: &'static [&'static str],
    /// Whether a record that does not have it has nothing there.
    optional: bool,
}

const CONTACT_INFO: Field = shown("contactInfo", &["email", "email2", "tel1", "tel2", "www", "fax", "otherContact"]);
const NETWORKS: Field = shown("socialNetworkContact", &[]);
const NOTICE: Field = shown("notice", &[]);
const BIRTHDAY: Field = shown("birthday", &[]);
/// Of custom fields, those without a value are not in the answer.
const CUSTOM: Field = Field { name: "customFields", within: &[], optional: true };
/// Without the country, which is nobody's.
const STREET: &[&str] = &["street", "city", "province", "zipCode"];

const OF_PERSON: &[Field] = &[
    CONTACT_INFO,
    NETWORKS,
    shown("privateAddress", STREET),
    BIRTHDAY,
    NOTICE,
    CUSTOM,
    Field { name: "photo", within: &[], optional: true },
];
const OF_LEAD: &[Field] = &[CONTACT_INFO, NETWORKS, shown("address", STREET), NOTICE, CUSTOM];
/// Where a company has its seat is no person's address; how it is reached stands beside each of its addresses.
const OF_COMPANY: &[Field] = &[NETWORKS, BIRTHDAY, NOTICE, CUSTOM, Field { name: "logo", within: &[], optional: true }];
const OF_OFFICE: &[Field] = &[shown("contactInfo", &["email", "email2", "tel1", "tel2", "www", "otherContact"])];

const fn shown(name: &'static str, within: &'static [&'static str]) -> Field {
    Field { name, within, optional: false }
}

/// What was met in a record.
#[derive(Default)]
struct Met {
    filled: Vec<&'static str>,
    is_partly_hidden: bool,
}

/// Whether a record holds anything of a person.
pub(super) fn holds(object: &Object, record: &Value) -> Holds {
    let met = met(object, record);
    match (met.filled.is_empty(), met.is_partly_hidden) {
        (false, _) => Holds::Somebody,
        (true, true) => Holds::Unknown,
        (true, false) => Holds::Nobody,
    }
}

/// The fields in which it does.
pub(super) fn filled(object: &Object, record: &Value) -> Vec<&'static str> {
    met(object, record).filled
}

fn met(object: &Object, record: &Value) -> Met {
    let mut met = Met::default();
    if *object == LEAD {
        met.look(OF_LEAD, record);
    } else if *object == COMPANY {
        met.look(OF_COMPANY, record);
        met.look(OF_OFFICE, &record["primaryAddress"]);
        match record.get("addresses") {
            Some(Value::Array(offices)) => offices.iter().for_each(|office| met.look(OF_OFFICE, office)),
            _ => met.is_partly_hidden = true,
        }
    } else {
        met.look(OF_PERSON, record);
    }
    met
}

impl Met {
    fn look(&mut self, fields: &[Field], record: &Value) {
        for field in fields {
            match record.get(field.name) {
                None => self.is_partly_hidden |= !field.optional,
                // How somebody is reached is told of each way.
                Some(Value::Null) => self.is_partly_hidden |= field.name == CONTACT_INFO.name,
                Some(value) if field.within.is_empty() => self.add(field.name, value),
                Some(value) => {
                    for part in field.within {
                        match value.get(part) {
                            // What cannot be read is not shown either.
                            None | Some(Value::Object(_) | Value::Array(_)) => self.is_partly_hidden = true,
                            Some(value) => self.add(part, value),
                        }
                    }
                }
            }
        }
    }

    fn add(&mut self, name: &'static str, value: &Value) {
        if !is_nothing(value) && !self.filled.contains(&name) {
            self.filled.push(name);
        }
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(all) => all.iter().all(is_nothing),
        Value::Object(all) => all.values().all(is_nothing),
        Value::Bool(true) | Value::Number(_) => false,
    }
}
