//! Raynet CRM: persons, and leads and companies if they are asked for, by its GDPR anonymization or by deletion.
//!
//! <https://app.raynetcrm.com/api/doc/index-en.html>

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::Value;

use super::traits::{Holds, OwnKeys, Right, Traits, Vendor, days, is_number};
use crate::choice::Erasure;
use crate::engine::{Next, Object, Place, Record, SEARCH, Search, Wanted};

pub(super) const TRAITS: Traits = Traits {
    name: "Raynet",
    base_url: Some("https://app.raynet.cz"),
    // Limited by the day alone, for all applications of an instance together.
    rate: 2.0,
    search_rate: 2.0,
    erasures: &[Erasure::Anonymize, Erasure::Delete],
    related: &["leads", "companies"],
    verify_after: Duration::from_secs(5),
    keeps: &[],
    not_looked: &[],
    own_keys: &["instance"],
};

const PERSON: Object = Object { path: "/api/v2/person/", count: "persons", id: "/id" };
const LEAD: Object = Object { path: "/api/v2/lead/", count: "leads", id: "/id" };
const COMPANY: Object = Object { path: "/api/v2/company/", count: "companies", id: "/id" };
const ADDRESSES: &[Place] = &[Place::At("/contactInfo/email"), Place::At("/contactInfo/email2")];
const NUMBERS: &[Place] = &[Place::At("/contactInfo/tel1"), Place::At("/contactInfo/tel2")];
const OFFICE_ADDRESSES: &[Place] =
    &[Place::At("/primaryAddress/contactInfo/email"), Place::At("/primaryAddress/contactInfo/email2")];
const OFFICE_NUMBERS: &[Place] =
    &[Place::At("/primaryAddress/contactInfo/tel1"), Place::At("/primaryAddress/contactInfo/tel2")];

pub(super) struct Raynet {
    instance: String,
}

pub(super) fn make(own: &OwnKeys) -> Result<Raynet, String> {
    let instance = own.instance.clone().filter(|name| name.bytes().all(|b| b.is_ascii_graphic()) && !name.is_empty());
    Ok(Raynet { instance: instance.ok_or("instance: Raynet needs the name of the instance, such as my-crm")? })
}

impl Vendor for Raynet {
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        let mut objects = vec![(&PERSON, "contactInfo", ADDRESSES, NUMBERS)];
        if related.contains(&"leads") {
            objects.push((&LEAD, "contactInfo", ADDRESSES, NUMBERS));
        }
        if related.contains(&"companies") {
            objects.push((&COMPANY, "primaryAddress-contactInfo", OFFICE_ADDRESSES, OFFICE_NUMBERS));
        }
        let mut searches = Vec::new();
        for (object, holder, addresses, numbers) in objects {
            match wanted {
                Wanted::Email { typed, spellings, around_plus, .. } => {
                    let mut compared: Vec<_> =
                        spellings.iter().flat_map(|address| comparisons(address, typed)).collect();
                    if let Some((before, after)) = around_plus
                        && !has_wildcard(before)
                        && !has_wildcard(after)
                    {
                        compared.push(("LIKE_NOCASE", format!("{before}%{after}")));
                    }
                    for (comparison, address) in compared {
                        for field in ["email", "email2"] {
                            let filter = format!("{holder}.{field}[{comparison}]");
                            searches.push(self.search(object, filter, address.clone()).exact(addresses));
                        }
                    }
                }
                // There is no filter for numbers.
                Wanted::Phone { forms, .. } => {
                    for form in forms {
                        let search = self.search(object, "fulltext".into(), form.clone());
                        searches.push(search.exact(numbers).addressed(addresses));
                    }
                }
                Wanted::Id(_) => {}
            }
        }
        searches
    }

    fn places(&self, related: &[&str]) -> Vec<&'static str> {
        let mut places = vec![PERSON.count];
        if related.contains(&"leads") {
            places.push(LEAD.count);
        }
        if related.contains(&"companies") {
            places.push(COMPANY.count);
        }
        places
    }

    fn is_id(&self, id: &str) -> bool {
        is_number(id)
    }

    fn person(&self, id: String) -> Record {
        Record { object: &PERSON, id }
    }

    fn look(&self, record: &Record) -> Request {
        self.of(Request::get(one(record, "")))
    }

    fn looked_at(&self) -> &'static str {
        "/data"
    }

    /// An anonymized record stays, without anything to reach the person by. One of these places that the user may not see
    /// is not an empty one.
    fn holds(&self, object: &Object, record: &Value, how: Erasure) -> Holds {
        if how == Erasure::Delete {
            return Holds::Somebody;
        }
        let places = if *object == COMPANY { [OFFICE_ADDRESSES, OFFICE_NUMBERS] } else { [ADDRESSES, NUMBERS] };
        let shown: Vec<_> = places.into_iter().flatten().map(|place| place.values(record)).collect();
        if shown.iter().flatten().flatten().any(|value| !value.trim().is_empty()) {
            return Holds::Somebody;
        }
        if shown.contains(&None) { Holds::Unknown } else { Holds::Nobody }
    }

    fn belongings(&self, _: &Record, _: &[&str]) -> Vec<Search> {
        Vec::new()
    }

    fn erase(&self, record: &Record, how: Erasure, writes: Writes<'_>) -> Request {
        self.of(match how {
            Erasure::Anonymize => Request::post(one(record, "anonymize/"), writes),
            Erasure::Delete => Request::delete(one(record, ""), writes),
        })
    }

    fn used_up(&self, answer: &Response) -> Option<Duration> {
        (answer.header("x-ratelimit-remaining") == Some("0")).then(|| until_reset(answer)).flatten()
    }

    /// Until when a limit holds is told by a header of Raynet's own.
    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        let its_own = answer.status() == 429 && answer.retry_after().is_none();
        its_own.then(|| until_reset(answer)).flatten().map(|pause| PluginError::rate_limited(Some(pause)))
    }

    fn health(&self) -> Request {
        self.of(Request::get(PERSON.path).query("limit", "1"))
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let mut rights = vec![Right::to("read persons", self.health())];
        for object in [&LEAD, &COMPANY].into_iter().filter(|object| related.contains(&object.count)) {
            let request = self.of(Request::get(object.path).query("limit", "1"));
            rights.push(Right::to(format!("read {}", object.count), request));
        }
        rights
    }
}

impl Raynet {
    fn of(&self, request: Request) -> Request {
        request.header("X-Instance-Name", &self.instance)
    }

    fn search(&self, object: &'static Object, filter: String, value: String) -> Search {
        const LIMIT: &str = "100";
        let instance = self.instance.clone();
        Search::new(object, "/data", Next::Offset, move |offset| {
            let request = Request::get(object.path).query(&filter, &value).query("limit", LIMIT);
            request.query("offset", offset.unwrap_or("0")).header("X-Instance-Name", &instance).paced_as(SEARCH)
        })
    }
}

/// The day of requests ends at a time in seconds since 1970.
fn until_reset(answer: &Response) -> Option<Duration> {
    let reset = answer.header("x-ratelimit-reset")?.parse().ok().map(Duration::from_secs)?;
    let pause = reset.saturating_sub(SystemTime::now().duration_since(UNIX_EPOCH).ok()?);
    Some(pause.min(days(1)))
}

/// However it is written; an address with a wildcard in small letters, and as it was typed.
fn comparisons(address: &str, typed: &str) -> Vec<(&'static str, String)> {
    if !has_wildcard(address) {
        return vec![("LIKE_NOCASE", address.to_owned())];
    }
    let mut spellings = vec![("EQ", address.to_owned())];
    if typed.eq_ignore_ascii_case(address) && typed != address {
        spellings.push(("EQ", typed.to_owned()));
    }
    spellings
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['%', '_', '\\', '*', '?'])
}

/// Raynet's paths end with `/`. The id is a number: see [`Vendor::is_id`].
fn one(record: &Record, what: &str) -> String {
    format!("{}{}/{what}", record.object.path, record.id)
}
