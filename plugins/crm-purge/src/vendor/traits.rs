//! What a vendor is: what it can, and how it is asked. Knows no vendor.

use std::time::Duration;

use quietus_plugin::http::{Request, Response};
use quietus_plugin::{PluginError, Writes};
use serde_json::Value;

pub(crate) use super::listing::{Follow, List, Shown};
pub(crate) use super::right::{Question, Right};
use crate::choice::{By, Erasure, Visibility};
use crate::engine::{Object, Place, Record, Search, Wanted};

/// What a vendor is.
pub(crate) struct Traits {
    pub(crate) name: &'static str,
    /// Its address, where it is the same for all customers.
    pub(crate) base_url: Option<&'static str>,
    /// Requests per second.
    pub(crate) rate: f64,
    /// Searches per second, among them.
    pub(crate) search_rate: f64,
    /// How it can erase a person; its true erasure first.
    pub(crate) erasures: &'static [Erasure],
    /// What it can erase beside the person.
    pub(crate) related: &'static [&'static str],
    /// How long after an erasure a second look makes sense: its search lags behind, or it keeps what was deleted.
    pub(crate) verify_after: Duration,
    /// What it keeps of what was erased.
    pub(crate) keeps: &'static [Keeps],
    /// Where a person may stand and is not looked for, whatever the configuration: said in the receipt.
    pub(crate) not_looked: &'static [&'static str],
    /// Keys of the configuration that only some vendors have.
    pub(crate) own_keys: &'static [&'static str],
}

/// Keys of the configuration that only some vendors have, and what people are looked for by, which decides what they must see.
pub(crate) struct OwnKeys {
    pub(crate) by: Vec<By>,
    pub(crate) instance: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) visibility: Option<Visibility>,
}

/// What a vendor keeps of what was erased, by its own documentation.
pub(crate) struct Keeps {
    /// What, how long, and by whose word: said in the receipt.
    pub(crate) what: &'static str,
    /// Whether it is about what is counted so.
    pub(crate) of: fn(&str) -> bool,
    /// So long after an erasure, nothing of it is kept any more.
    pub(crate) gone_after: Duration,
}

impl OwnKeys {
    /// The API's version: digits, dots and a `v`.
    pub(super) fn version(&self, default: &str) -> Result<String, String> {
        let version = self.api_version.as_deref().unwrap_or(default);
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.contains('.');
        match version.strip_prefix('v') {
            Some(number) if plain(number) && !number.contains("..") => Ok(version.to_owned()),
            _ => Err(format!("api_version: it is no version such as {default}")),
        }
    }

    /// The API's version by year and month, and `-beta` behind it.
    pub(super) fn dated(&self, default: &str) -> Result<String, String> {
        let version = self.api_version.as_deref().unwrap_or(default);
        let date = version.strip_suffix("-beta").unwrap_or(version);
        let is_number = |text: &str, digits: usize| text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
        match date.split_once('-') {
            Some((year, month)) if is_number(year, 4) && is_number(month, 2) => Ok(version.to_owned()),
            _ => Err(format!("api_version: it is no version such as {default}")),
        }
    }
}

impl Traits {
    pub(super) fn check(&self, own: &OwnKeys) -> Result<(), String> {
        let given = [
            ("instance", own.instance.is_some()),
            ("api_version", own.api_version.is_some()),
            ("visibility", own.visibility.is_some()),
        ];
        match given.into_iter().find(|(key, given)| *given && !self.own_keys.contains(key)) {
            Some((key, _)) => Err(format!("{key}: {} has no such thing", self.name)),
            None => Ok(()),
        }
    }
}

/// Why a person's record cannot be erased while other records refer to it.
pub(crate) struct Blocker {
    /// Finds those that refer to it.
    pub(crate) search: Search,
    /// Which these are, to follow a number.
    pub(crate) what: String,
}

/// Whether a record that was read is somebody's.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Holds {
    Somebody,
    /// It is a part of another record, which is erased in its place.
    Within(Record),
    /// It has nothing to reach anybody by.
    Nobody,
    /// It is deleted, and can still be restored.
    Recycled,
    /// It does not show what would tell.
    Unknown,
}

/// How a vendor is asked.
pub(crate) trait Vendor: Send + Sync {
    /// Searches for people. Not for ids: see [`Vendor::look`].
    fn find(&self, wanted: &Wanted, related: &[&str]) -> Vec<Search>;

    /// The lists of all whom [`Vendor::find`] can find, nobody left out, by which it is told whom the vendor holds.
    fn lists(&self, shown: &Shown, related: &[&str]) -> Vec<List>;

    /// What is said where the user of the credentials is meant to see some records only, and others may be there.
    fn hides_some(&self) -> Option<&'static str> {
        None
    }

    /// The kinds of records that [`Vendor::find`] searches, in the receipt's words.
    fn places(&self, related: &[&str]) -> Vec<&'static str>;

    /// Whether this is the form of its ids. Others are never sent.
    fn is_id(&self, id: &str) -> bool;

    /// Whether two ids are the same record's.
    fn same_id(&self, a: &str, b: &str) -> bool {
        a == b
    }

    /// The person's record with this id.
    fn person(&self, id: String) -> Record;

    /// Reads one record; it answers 404 when it is not there.
    fn look(&self, record: &Record) -> Request;

    /// Where in the answer to [`Vendor::look`] the record stands.
    fn looked_at(&self) -> &'static str {
        ""
    }

    /// Whether a record of this kind that was read still holds somebody, where people are erased so.
    fn holds(&self, _: &Object, _: &Value, _: Erasure) -> Holds {
        Holds::Somebody
    }

    /// Whether what it erases so stays as a record without content, which no search finds any more and which is looked at by
    /// its id.
    fn stays(&self, _: Erasure) -> bool {
        false
    }

    /// One of the records that stay, by its object's path and its id.
    fn known(&self, _path: &str, _id: &str) -> Option<Record> {
        None
    }

    /// What of a person a record that was read shows: names of fields.
    fn shows(&self, _: &Object, _: &Value) -> Vec<&'static str> {
        Vec::new()
    }

    /// Whether a value that the user may not read looks like none.
    fn hides_as_empty(&self) -> bool {
        false
    }

    /// Searches for what belongs to a person.
    fn belongings(&self, person: &Record, related: &[&str]) -> Vec<Search>;

    /// Erases one record.
    fn erase(&self, record: &Record, how: Erasure, writes: Writes<'_>) -> Request;

    /// What has to be known of this installation, one question after the other, by the answers so far. They are asked again
    /// now and then.
    fn question(&self, _related: &[&str], _answers: &[Value]) -> Option<Question> {
        None
    }

    /// All answers to [`Vendor::question`]. An error says that nobody can be looked for so.
    fn learn(&self, _related: &[&str], _answers: &[Value]) -> Result<(), PluginError> {
        Ok(())
    }

    /// Why a person's record of this kind stays until a person has looked at it, to follow a number.
    fn needs_person(&self, _: &Object, _related: &[&str]) -> Option<&'static str> {
        None
    }

    /// Searches for what goes with a record when that is deleted, although nobody erases it.
    fn carried(&self, _person: &Record) -> Vec<Search> {
        Vec::new()
    }

    /// What keeps a person's record from being deleted.
    fn blockers(&self, _person: &Record) -> Vec<Blocker> {
        Vec::new()
    }

    /// Where a person may stand and is not looked for, in this installation and with this configuration.
    fn not_looked(&self, _related: &[&str]) -> Vec<String> {
        Vec::new()
    }

    /// Which numbers its search by telephone number does not find.
    fn numbers_not_found(&self) -> Option<&'static str> {
        None
    }

    /// Whether this is kept in this installation, as far as it is known.
    fn keeps(&self, _: &Keeps) -> bool {
        true
    }

    /// What it keeps of a record even when that is gone: erased before it, and once more after it, by its id.
    fn traces(&self, _: &Record, _: &[&str]) -> Vec<Record> {
        Vec::new()
    }

    /// Searches for what is left of a trace whose record is gone.
    fn trace_left(&self, _: &Record) -> Option<Search> {
        None
    }

    /// One of [`Vendor::traces`], by its object's path and its id.
    fn trace(&self, _path: &str, _id: &str) -> Option<Record> {
        None
    }

    /// Searches for what was deleted and can still be restored, where the vendor shows it.
    fn bin(&self, _: &Wanted, _: &[&str]) -> Vec<Search> {
        Vec::new()
    }

    /// How long nothing more is answered, where an answer says that a budget is used up.
    fn used_up(&self, _: &Response) -> Option<Duration> {
        None
    }

    /// How long refused credentials are not tried again, where it locks out who tries wrong ones too often.
    fn refused_pause(&self) -> Option<Duration> {
        None
    }

    /// What a refusal means, where its status alone does not tell.
    fn refusal(&self, _: &Response) -> Option<PluginError> {
        None
    }

    /// Something cheap to read that is always there.
    fn health(&self) -> Request;

    /// What the credentials must be allowed, [`Vendor::health`] first. Rights that only a deletion would show are not among
    /// them.
    fn rights(&self, related: &[&str]) -> Vec<Right>;
}

/// An address that nobody can have (RFC 2606): looked for by `health`.
pub(super) const NOBODY: &str = "nobody@quietus.invalid";

/// The places that are read where people are looked for by these. The addresses come beside a number in any case: they tell whose
/// it is. By an id, a record is looked at as such.
pub(super) fn read_by(by: &[By], addresses: &[Place], numbers: &[Place]) -> Vec<Place> {
    let is_by_number = by.contains(&By::Phone);
    let addresses = addresses.iter().filter(|_| is_by_number || by.contains(&By::Email));
    addresses.chain(numbers.iter().filter(|_| is_by_number)).copied().collect()
}

/// What is not looked at unless it is in `related`: words and what they stand for.
pub(super) fn unless(related: &[&str], places: &[(&str, &str)]) -> Vec<String> {
    let not_asked_for = places.iter().filter(|(word, _)| !related.contains(word));
    not_asked_for.map(|(_, what)| (*what).to_owned()).collect()
}

pub(super) const fn days(days: u64) -> Duration {
    Duration::from_secs(days * 24 * 60 * 60)
}

/// A number of up to 19 digits: what most vendors number records by.
pub(super) fn is_number(id: &str) -> bool {
    (1..=19).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_digit())
}
