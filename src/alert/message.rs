//! What is told: a message, which is kept until somebody has taken it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;

use crate::attention::{Attention, Severity, sentence};
use crate::keys::fill_random;

/// So many things are told in one message; a program's standard input holds no more. The others are counted.
const ITEMS_MAX: usize = 40;

/// Of a sentence, and of each text in what it is made of.
const CHARS_MAX: usize = 400;

/// So many are named.
const NAMED_MAX: usize = 5;

/// Who of several has a message already, each by a digest.
pub(crate) type Reached = BTreeSet<String>;

/// Hears of each of several as soon as they have a message, by that digest.
pub(crate) type Taken = UnboundedSender<String>;

/// What a message is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MessageKind {
    /// Something has changed.
    Alert,
    /// What is there, once a day.
    Digest,
    /// Nothing has happened.
    Test,
}

/// A message, as it is kept and sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    /// The same each time that it is sent.
    pub(crate) id: String,
    pub(crate) kind: MessageKind,
    pub(crate) alert: String,
    /// When it was made, by the ledger's clock.
    pub(crate) at: Timestamp,
    /// Which deployment it is from.
    pub(crate) deployment: String,
    /// What was not told before.
    pub(crate) new: Vec<Item>,
    /// What was told, and is over.
    pub(crate) recovered: Vec<Over>,
    /// What was told before, and is still there.
    pub(crate) open: Vec<Item>,
    /// How many of all of these are left out.
    pub(crate) omitted: usize,
    /// How many things are new, how many of them are urgent, and how many need a person; likewise of all that is there.
    pub(crate) counts: Counts,
}

/// How much there is, whatever is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) new: Sorts,
    pub(crate) open: Sorts,
    pub(crate) recovered: usize,
}

/// Things by their severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Sorts {
    pub(crate) all: usize,
    pub(crate) person: usize,
    pub(crate) urgent: usize,
}

impl Sorts {
    fn of<'a>(items: impl Iterator<Item = &'a Item>) -> Self {
        let mut sorts = Self::default();
        for item in items {
            sorts.all += 1;
            sorts.person += usize::from(item.severity >= Severity::Attention);
            sorts.urgent += usize::from(item.severity == Severity::Urgent);
        }
        sorts
    }
}

/// Something that needs a person, or is worth knowing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Item {
    pub(crate) code: String,
    pub(crate) severity: Severity,
    pub(crate) object: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) since: Option<Timestamp>,
    /// What it is, and what helps.
    pub(crate) text: String,
    pub(crate) parameters: BTreeMap<String, Value>,
}

/// Something that is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Over {
    pub(crate) code: String,
    pub(crate) object: String,
    /// When it was told.
    pub(crate) told: Timestamp,
    /// Since when it is not there any more.
    pub(crate) gone: Timestamp,
}

impl Item {
    /// Without what names a session, in texts that are one line.
    pub(crate) fn of(found: &Attention) -> Self {
        let mut found = found.clone();
        for (name, value) in &mut found.parameters {
            match value {
                Value::Array(ids) => {
                    ids.retain(|id| !id.as_str().is_some_and(is_session));
                    ids.truncate(NAMED_MAX);
                }
                Value::String(text) if *name == "example" && is_session(text) => "a session".clone_into(text),
                Value::String(text) => *text = line(text),
                _ => {}
            }
        }
        found.parameters.retain(|_, value| !value.as_array().is_some_and(Vec::is_empty));
        let parameters = found.parameters.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        Self {
            code: found.code.as_str().to_owned(),
            severity: found.severity,
            object: found.object.to_string(),
            since: found.since,
            text: line(&sentence(&found)),
            parameters: parameters.collect(),
        }
    }
}

/// Whether it is `installation/number`, as sessions are named.
fn is_session(id: &str) -> bool {
    id.contains('/')
}

/// One line of so many characters.
fn line(text: &str) -> String {
    let mut line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(CHARS_MAX).collect();
    if text.chars().nth(CHARS_MAX).is_some() {
        line.push('…');
    }
    line
}

impl Message {
    /// A new one, with an id of its own.
    pub(crate) fn new(kind: MessageKind, alert: &str, deployment: &str, at: Timestamp) -> Self {
        let mut id = [0; 16];
        fill_random(&mut id);
        Self {
            id: format!("msg_{}", hex::encode(id)),
            kind,
            alert: alert.to_owned(),
            at,
            deployment: deployment.to_owned(),
            new: Vec::new(),
            recovered: Vec::new(),
            open: Vec::new(),
            omitted: 0,
            counts: Counts::default(),
        }
    }

    /// With this in it, of which what matters least is left out where it is too much.
    pub(crate) fn with(mut self, new: Vec<Item>, recovered: Vec<Over>, open: Vec<Item>) -> Self {
        let recovered_count = recovered.len();
        self.counts = Counts { new: Sorts::of(new.iter()), open: Sorts::of(open.iter()), recovered: recovered_count };
        let all = new.len() + recovered_count + open.len();
        let by_severity = |mut items: Vec<Item>| {
            items.sort_by_key(|item| std::cmp::Reverse(item.severity));
            items
        };
        self.new = by_severity(new);
        self.recovered = recovered;
        self.open = by_severity(open);
        self.new.truncate(ITEMS_MAX);
        self.recovered.truncate(ITEMS_MAX - self.new.len());
        self.open.truncate(ITEMS_MAX - self.new.len() - self.recovered.len());
        self.omitted = all - self.new.len() - self.recovered.len() - self.open.len();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attention::{Facts, Group, Limits, Named, RefusedRecords, attention};
    use quietus_plugin::Span;

    fn items(facts: &Facts) -> Vec<Item> {
        let limits = Limits {
            calendar: crate::deadline::Calendar::late_after_s(60),
            warn_before: Span::from_secs(0),
            unknown_share_max: 0.05,
            requests: crate::attention::sample::request_limits(),
            remind_after: Default::default(),
        };
        attention(facts, &[], &limits, Timestamp::UNIX_EPOCH).iter().map(Item::of).collect()
    }

    #[test]
    fn sessions_are_not_named_and_erasures_are() {
        let named = Named { parked_work: vec!["acme/8".into(), "e-09".into()], ..Named::default() };
        let parked_work = Group { count: 2, ..Group::default() };
        let example = RefusedRecords { count: 2, since: Timestamp::UNIX_EPOCH, example: "acme/13".into() };
        let facts = Facts { parked_work, named, undeletable: [("sessions", example)].into(), ..Facts::default() };
        let said = serde_json::to_string(&items(&facts)).expect("JSON");
        assert!(!said.contains("acme") && said.contains("e-09") && said.contains("such as a session"), "{said}");
        let only = Named { parked_work: vec!["acme/8".into()], ..Named::default() };
        let facts = Facts { parked_work: Group { count: 1, ..Group::default() }, named: only, ..Facts::default() };
        let [item] = &items(&facts)[..] else { panic!("one thing") };
        assert_eq!(item.text, "1 event, session or erasure could not be worked on: quietus erasures retry --undecided");
    }

    #[test]
    fn however_much_there_is_a_message_fits_into_a_pipe_and_says_what_it_leaves_out() {
        let long = "\u{e9}\r\nBcc: x@example.com ".repeat(200);
        let facts = Facts { unwritable: Some(long), ..Facts::default() };
        let [item] = &items(&facts)[..] else { panic!("one thing") };
        assert!(!item.text.contains(['\r', '\n']), "{}", item.text);
        let message = Message::new(MessageKind::Alert, "ops", "here", Timestamp::UNIX_EPOCH);
        let message = message.with(vec![item.clone(); 100], Vec::new(), vec![item.clone(); 100]);
        assert_eq!((message.omitted, message.counts.new.all, message.counts.open.all), (160, 100, 100));
        assert!(message.json().len() < 64 << 10, "{}", message.json().len());
    }
}
