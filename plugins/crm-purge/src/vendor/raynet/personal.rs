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
    /// Those within it that not all records have.
    maybe: &'static [&'static str],
    /// Whether a record that does not have it has nothing there.
    optional: bool,
}

const CONTACT_INFO: Field = shown("contactInfo", &["email", "email2", "tel1", "tel2", "www", "fax", "otherContact"]);
const NETWORKS: Field = whole("socialNetworkContact");
const NOTICE: Field = whole("notice");
const BIRTHDAY: Field = whole("birthday");
const TAGS: Field = whole("tags");
const REG_NUMBER: Field = whole("regNumber");
/// Of custom fields, those without a value are not in the answer.
const CUSTOM: Field = optional("customFields");
/// Without the country, which is nobody's.
const STREET: &[&str] = &["street", "city", "province", "zipCode"];
const PLACE: &[&str] = &["lat", "lng", "name"];

const OF_PERSON: &[Field] = &[
    CONTACT_INFO,
    NETWORKS,
    Field { maybe: PLACE, ..shown("privateAddress", STREET) },
    BIRTHDAY,
    NOTICE,
    TAGS,
    whole("salutation"),
    whole("maritalStatus"),
    whole("gender"),
    CUSTOM,
    optional("photo"),
];
const OF_RELATIONSHIP: &[Field] = &[NOTICE];
const OF_LEAD: &[Field] = &[
    CONTACT_INFO,
    NETWORKS,
    Field { maybe: PLACE, ..shown("address", STREET) },
    NOTICE,
    TAGS,
    whole("topic"),
    whole("companyName"),
    REG_NUMBER,
    CUSTOM,
];
/// Where a company has its seat is no person's address; how it is reached stands beside each of its addresses.
const OF_COMPANY: &[Field] = &[NETWORKS, BIRTHDAY, NOTICE, TAGS, CUSTOM, optional("logo")];
const OF_OFFICE: &[Field] = &[shown("contactInfo", &["email", "email2", "tel1", "tel2", "www", "otherContact"])];
/// A company that is a person, such as a sole trader.
const OF_TRADER: &[Field] =
    &[whole("salutation"), REG_NUMBER, whole("taxNumber"), whole("taxNumber2"), whole("bankAccount"), whole("databox")];
const OF_TRADERS_OFFICE: &[Field] = &[Field { maybe: PLACE, ..shown("address", STREET) }];

const fn shown(name: &'static str, within: &'static [&'static str]) -> Field {
    Field { name, within, maybe: &[], optional: false }
}

const fn whole(name: &'static str) -> Field {
    shown(name, &[])
}

const fn optional(name: &'static str) -> Field {
    Field { optional: true, ..whole(name) }
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
        met.look_at_company(record);
    } else {
        met.look(OF_PERSON, record);
        met.look_at_each("relationships", &[OF_RELATIONSHIP], record);
    }
    met
}

impl Met {
    fn look_at_company(&mut self, record: &Value) {
        let is_person = record.get("person").and_then(Value::as_bool);
        self.is_partly_hidden |= is_person.is_none();
        let of_office = match is_person {
            Some(true) => &[OF_OFFICE, OF_TRADERS_OFFICE][..],
            _ => &[OF_OFFICE][..],
        };
        self.look(OF_COMPANY, record);
        if is_person == Some(true) {
            self.look(OF_TRADER, record);
        }
        of_office.iter().for_each(|fields| self.look(fields, &record["primaryAddress"]));
        self.look_at_each("addresses", of_office, record);
    }

    fn look_at_each(&mut self, list: &str, fields: &[&[Field]], record: &Value) {
        match record.get(list) {
            Some(Value::Array(entries)) => {
                entries.iter().for_each(|entry| fields.iter().for_each(|fields| self.look(fields, entry)));
            }
            _ => self.is_partly_hidden = true,
        }
    }

    fn look(&mut self, fields: &[Field], record: &Value) {
        for field in fields {
            match record.get(field.name) {
                None => self.is_partly_hidden |= !field.optional,
                // How somebody is reached is told of each way.
                Some(Value::Null) => self.is_partly_hidden |= field.name == CONTACT_INFO.name,
                Some(value) if field.within.is_empty() => self.add(field.name, value),
                Some(value) => {
                    for part in field.within.iter().chain(field.maybe) {
                        match value.get(part) {
                            None if field.maybe.contains(part) => {}
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
