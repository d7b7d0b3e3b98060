//! Raynet CRM: persons, and leads and companies if they are asked for, by its GDPR anonymization or by deletion.
//!
//! <https://app.raynetcrm.com/api/doc/index-en.html>, and its OpenAPI description in <https://github.com/wpify/raynet-sdk>

mod personal;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::Value;

use super::traits::{Follow, Holds, List, NOBODY, OwnKeys, Right, Shown, Traits, Vendor, days, is_number, unless};
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
    not_looked: &[
        "business cases, offers, orders, invoices, projects, activities and e-mails of the person, and attachments",
        "addresses and numbers in other fields than those for e-mail and telephone",
        "the name and the titles that an anonymized record shows",
        "what an anonymized record is linked with, and what is chosen for it from lists, such as its category",
        "texts of other records that name the person",
        "records that the security levels of the API's user do not show",
    ],
    own_keys: &["instance"],
};

const UNLESS: [(&str, &str); 2] = [
    ("leads", "leads with the address or number of the person"),
    ("companies", "companies with the address or number of the person"),
];
/// After a 401: who comes with wrong credentials more than 20 times is locked out for an hour.
const REFUSED_PAUSE: Duration = Duration::from_secs(5 * 60);
/// Raynet's word in an answer 500 for a missing right.
const DENIED: &[u8] = b"AttributeAccessDeniedException";

const PERSON: Object = Object { path: "/api/v2/person/", count: "persons", id: "/id" };
const LEAD: Object = Object { path: "/api/v2/lead/", count: "leads", id: "/id" };
const COMPANY: Object = Object { path: "/api/v2/company/", count: "companies", id: "/id" };
const ADDRESSES: &[Place] = &[Place::At("/contactInfo/email"), Place::At("/contactInfo/email2")];
const NUMBERS: &[Place] = &[Place::At("/contactInfo/tel1"), Place::At("/contactInfo/tel2")];
const OFFICE_ADDRESSES: &[Place] =
    &[Place::At("/primaryAddress/contactInfo/email"), Place::At("/primaryAddress/contactInfo/email2")];
const OFFICE_NUMBERS: &[Place] =
    &[Place::At("/primaryAddress/contactInfo/tel1"), Place::At("/primaryAddress/contactInfo/tel2")];

/// Where an answer says how many records its list has.
const TOTAL: &str = "/totalCount";
/// Records on one page of a list.
const LIST_MAX: u32 = 1000;
/// The value of `rowInfo.rowAccess` of what was made invalid.
const INVALID: &str = "INVALID";

/// A kind of record that holds people.
struct People {
    object: &'static Object,
    /// What holds the addresses, as filters name it.
    holder: &'static str,
    addresses: &'static [Place],
    numbers: &'static [Place],
}

/// Which records a list has.
enum Rows {
    All,
    Invalid,
}

pub(super) struct Raynet {
    instance: String,
}

pub(super) fn make(own: &OwnKeys) -> Result<Raynet, String> {
    let instance = own.instance.clone().filter(|name| name.bytes().all(|b| b.is_ascii_graphic()) && !name.is_empty());
    Ok(Raynet { instance: instance.ok_or("instance: Raynet needs the name of the instance, such as my-crm")? })
}

impl Vendor for Raynet {
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search> {
        let mut searches = Vec::new();
        for People { object, holder, addresses, numbers } in kinds(related) {
            match wanted {
                Wanted::Email { typed, spellings, around_plus, .. } => {
                    let mut compared: Vec<_> =
                        spellings.iter().flat_map(|address| comparisons(address, typed)).collect();
                    if let Some((before, after)) = around_plus
                        && !is_wild(before)
                        && !is_wild(after)
                    {
                        compared.push(("LIKE_NOCASE", format!("{before}%{after}")));
                    }
                    for (comparison, address) in compared {
                        let is_whole = comparison == "EQ" || !address.contains(['%', '_']);
                        for field in ["email", "email2"] {
                            let filter = format!("{holder}.{field}[{comparison}]");
                            for search in self.searches(object, &filter, &address) {
                                let search = search.exact(addresses);
                                searches.push(if is_whole { search.whole() } else { search.like(&address) });
                            }
                        }
                    }
                }
                // There is no filter for numbers.
                Wanted::Phone { forms, .. } => {
                    for form in forms {
                        let all = self.searches(object, "fulltext", form);
                        searches.extend(all.into_iter().map(|search| search.exact(numbers).addressed(addresses)));
                    }
                }
                Wanted::Id(_) => {}
            }
        }
        searches
    }

    fn lists(&self, _: &Shown, related: &[&str]) -> Vec<List> {
        let mut lists = Vec::new();
        for kind in kinds(related) {
            // Before the others and behind them: whoever is made valid or invalid meanwhile is in one of them, in whichever list
            // Raynet has those that are invalid. Some are told more than once.
            let invalid = || can_be_invalid(kind.object).then(|| self.list(&kind, Rows::Invalid));
            lists.extend(invalid());
            lists.push(self.list(&kind, Rows::All));
            lists.extend(invalid());
        }
        lists
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

    /// An anonymized record stays, without anything of the person's. What the user may not see is not nothing.
    fn holds(&self, object: &Object, record: &Value, how: Erasure) -> Holds {
        match how {
            Erasure::Delete => Holds::Somebody,
            Erasure::Anonymize => personal::holds(object, record),
        }
    }

    fn stays(&self, how: Erasure) -> bool {
        how == Erasure::Anonymize
    }

    fn known(&self, path: &str, id: &str) -> Option<Record> {
        let object = [&PERSON, &LEAD, &COMPANY].into_iter().find(|object| object.path == path)?;
        is_number(id).then(|| Record { object, id: id.to_owned() })
    }

    fn shows(&self, object: &Object, record: &Value) -> Vec<&'static str> {
        personal::filled(object, record)
    }

    fn not_looked(&self, related: &[&str]) -> Vec<String> {
        unless(related, &UNLESS)
    }

    fn refused_pause(&self) -> Option<Duration> {
        Some(REFUSED_PAUSE)
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

    /// Until when a limit holds is told by a header of Raynet's own, and a missing right with 500.
    fn refusal(&self, answer: &Response) -> Option<PluginError> {
        match answer.status() {
            429 if answer.retry_after().is_none() => {
                until_reset(answer).map(|pause| PluginError::rate_limited(Some(pause)))
            }
            500 if answer.body().windows(DENIED.len()).any(|part| part == DENIED) => {
                let text = "the user of the API may not see or change a field that is needed \
                            (AttributeAccessDeniedException): grant it in Raynet";
                Some(PluginError::permanent(text))
            }
            _ => None,
        }
    }

    fn health(&self) -> Request {
        self.of(Request::get(PERSON.path).query("limit", "1"))
    }

    fn rights(&self, related: &[&str]) -> Vec<Right> {
        let nobody = self.searches(&PERSON, "contactInfo.email[EQ]", NOBODY);
        let search = |search: &Search| Right::to("search persons by e-mail address", (search.page)(None));
        let mut rights = vec![Right::to("read persons", self.health())];
        rights.extend(nobody.iter().map(search));
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

    /// All records of one kind in the order of their ids, or those of them that were made invalid: whether the former has these, too,
    /// Raynet does not say.
    fn list(&self, kind: &People, rows: Rows) -> List {
        let People { object, addresses, numbers, .. } = *kind;
        // Times stand without their zone otherwise.
        let all = self.of(Request::get(object.path).query("sortColumn", "id").query("sortDirection", "ASC"));
        let all = all.query("dateFormat", "ISO8601");
        let first = match rows {
            Rows::All => all,
            Rows::Invalid => all.query("rowInfo.rowAccess[EQ]", INVALID),
        };
        let page = move |offset: Option<&str>, most: u32| {
            let page = first.clone().query("limit", &most.min(LIST_MAX).to_string());
            page.query("offset", offset.unwrap_or("0"))
        };
        List {
            object,
            page: Box::new(page),
            follow: Follow::Offset { total: TOTAL },
            items: "/data",
            addresses,
            numbers,
            names: &["/firstName", "/lastName"],
            created: "/rowInfo.createdAt",
            changed: "/rowInfo.updatedAt",
        }
    }

    /// One search, and of the kinds that can be made invalid one for those: whether the first one finds them, Raynet does not
    /// say.
    fn searches(&self, object: &'static Object, filter: &str, value: &str) -> Vec<Search> {
        const LIMIT: &str = "100";
        let all = self.of(Request::get(object.path).query(filter, value).query("limit", LIMIT)).paced_as(SEARCH);
        let mut requests = vec![all.clone()];
        if can_be_invalid(object) {
            requests.push(all.query("rowInfo.rowAccess[EQ]", INVALID));
        }
        let search = |request: Request| {
            Search::new(object, "/data", Next::Offset { total: TOTAL }, move |offset| {
                request.clone().query("offset", offset.unwrap_or("0"))
            })
        };
        requests.into_iter().map(search).collect()
    }
}

/// The kinds of records that people are looked for in.
fn kinds(related: &[&str]) -> Vec<People> {
    let mut kinds = vec![People { object: &PERSON, holder: "contactInfo", addresses: ADDRESSES, numbers: NUMBERS }];
    if related.contains(&"leads") {
        kinds.push(People { object: &LEAD, holder: "contactInfo", addresses: ADDRESSES, numbers: NUMBERS });
    }
    if related.contains(&"companies") {
        kinds.push(People {
            object: &COMPANY,
            holder: "primaryAddress-contactInfo",
            addresses: OFFICE_ADDRESSES,
            numbers: OFFICE_NUMBERS,
        });
    }
    kinds
}

/// Whether there is a filter for those that were made invalid.
fn can_be_invalid(object: &Object) -> bool {
    *object != LEAD
}

/// The day of requests ends at a time in seconds since 1970.
fn until_reset(answer: &Response) -> Option<Duration> {
    let reset = answer.header("x-ratelimit-reset")?.parse().ok().map(Duration::from_secs)?;
    let pause = reset.saturating_sub(SystemTime::now().duration_since(UNIX_EPOCH).ok()?);
    Some(pause.min(days(1)))
}

/// However it is written; an address with a wildcard for any text in small letters, and as it was typed. `_` may be one for a single
/// letter in `LIKE_NOCASE`, which Raynet's description does not say: as itself or as any letter, it finds the person's own address.
fn comparisons(address: &str, typed: &str) -> Vec<(&'static str, String)> {
    if !is_wild(address) {
        return vec![("LIKE_NOCASE", address.to_owned())];
    }
    let mut spellings = vec![("EQ", address.to_owned())];
    if typed.eq_ignore_ascii_case(address) && typed != address {
        spellings.push(("EQ", typed.to_owned()));
    }
    spellings
}

/// Whether too much may be like it: `%`, what some systems take for it, and what is `_` for the most part, as nobody's address is.
fn is_wild(text: &str) -> bool {
    let local = text.split('@').next().unwrap_or_default();
    text.contains(['%', '\\', '*', '?']) || local.matches('_').count() * 2 > local.chars().count()
}

/// Raynet's paths end with `/`. The id is a number: see [`Vendor::is_id`].
fn one(record: &Record, what: &str) -> String {
    format!("{}{}/{what}", record.object.path, record.id)
}
