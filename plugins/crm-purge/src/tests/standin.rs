//! Stand-ins for the vendors: one world of records, and for each vendor a file that speaks its HTTP as it is documented.
//! Searches are fuzzy, pages are short, and what is deleted stays in the bin where the vendor has one.

mod dynamics;
mod hubspot;
mod pipedrive;
mod raynet;
mod salesforce;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use percent_encoding::percent_decode_str;
pub(super) use pipedrive::ARCHIVED;
use quietus_plugin::http::test::{Reply, Seen, Server};
pub(super) use salesforce::account;
use serde_json::{Value, json};

/// The token by which plugins are configured here.
pub(super) const TOKEN: &str = "hunter2";

/// Records on one page, whatever was asked for.
const PAGE: usize = 2;

/// A vendor's stand-in.
pub(super) struct Kind {
    /// As in `vendor`.
    pub(super) name: &'static str,
    /// What the receipt calls a person.
    pub(super) people: &'static str,
    /// The configuration beside `vendor`, `base_url`, `auth` and rates.
    pub(super) config: fn() -> Value,
    /// An id in the vendor's form.
    pub(super) id: fn(u32) -> String,
    answer: fn(&mut World, &Asked) -> Reply,
    writes: fn(&Asked) -> bool,
}

pub(super) const ALL: [&Kind; 5] =
    [&hubspot::KIND, &pipedrive::KIND, &raynet::KIND, &salesforce::KIND, &dynamics::KIND];

/// One record.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) object: &'static str,
    pub(super) n: u32,
    pub(super) emails: Vec<&'static str>,
    pub(super) phones: Vec<&'static str>,
    /// The person that it belongs to.
    pub(super) owner: u32,
    pub(super) state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Live,
    /// Deleted, and can be restored.
    Bin,
    Anonymized,
    Gone,
}

/// Answers in place of the vendor; told whether the request writes.
pub(super) type Fault = Box<dyn FnMut(&Seen, bool) -> Option<Reply> + Send>;

#[derive(Default)]
pub(super) struct World {
    pub(super) rows: Vec<Row>,
    /// The only token that is taken; [`TOKEN`] where there is none.
    pub(super) token: Option<&'static str>,
    /// Accepts what writes, and does nothing.
    pub(super) lazy: bool,
    /// Asked before the vendor answers.
    pub(super) before: Option<Fault>,
    /// Asked when the vendor has done what it was asked.
    pub(super) after: Option<Fault>,
    /// The first page of everything is empty, and not the last.
    pub(super) hollow: bool,
    /// What is shown in place of a text, wherever it stands: a value, or nothing at all (not even its key).
    pub(super) hides: Vec<(&'static str, Option<Value>)>,
    /// Requests that the vendor does not understand: something broke out of its place.
    pub(super) malformed: Vec<String>,
    /// What further pages hold, by cursor.
    pages: Vec<Vec<Value>>,
    /// Of how many of them the cursors have expired.
    expired: usize,
    /// Changes a page of the list of people before it is answered.
    pub(super) repages: Option<fn(&mut Value)>,
    /// Addresses that HubSpot would block.
    pub(super) blocked: usize,
    /// Records that Raynet's users have made invalid: they are listed only where they are asked for.
    pub(super) invalid: Vec<u32>,
    /// Raynet lists them among the others, too.
    pub(super) lists_invalid: bool,
    /// `_` stands for any letter in Raynet's `LIKE_NOCASE`.
    pub(super) underscore_is_any: bool,
    /// What Raynet's anonymization leaves: JSON pointers and values.
    pub(super) leftovers: Vec<(&'static str, Value)>,
    /// What Pipedrive answers to the deletion of what is archived.
    pub(super) archived_refusal: Option<u16>,
    /// What Pipedrive says that its user may do.
    pub(super) permissions: Option<Value>,
    /// What this installation is like, where installations differ.
    pub(super) switches: Switches,
}

/// A relationship of Dataverse's: name, table, column, and what a deletion does.
pub(super) type Relation = (&'static str, &'static str, &'static str, &'static str);

/// What installations of Salesforce and Dataverse differ in.
#[derive(Default)]
pub(super) struct Switches {
    /// Salesforce: there are person accounts.
    pub(super) person_accounts: bool,
    /// The user of the credentials does not see all records.
    pub(super) hides_rows: bool,
    /// Privileges or fields that the user does not have.
    pub(super) lacks: Vec<&'static str>,
    /// Dataverse: columns of contacts (`lead.…`: of leads) that are secured, and whether the user may read them.
    pub(super) secured: Vec<(&'static str, bool)>,
    /// Dataverse: tables whose bin is on; `None` where the user may not ask.
    pub(super) bins: Option<Vec<&'static str>>,
    /// Dataverse: relationships beside the published ones.
    pub(super) relations: Vec<Relation>,
    /// Dataverse: changes what is told of contacts or leads.
    pub(super) retells: Option<fn(&mut Value)>,
    /// Dataverse: tables that are not audited.
    pub(super) unaudited: Vec<&'static str>,
    /// Dataverse: no history can be erased of a row that is gone.
    pub(super) history_ends_with_row: bool,
    /// Dataverse: a deletion is logged.
    pub(super) logs_deletions: bool,
}

/// A vendor that runs.
pub(super) struct StandIn {
    pub(super) kind: &'static Kind,
    pub(super) server: Server,
    world: Arc<Mutex<World>>,
}

/// A request, taken apart.
pub(super) struct Asked<'a> {
    seen: &'a Seen,
    method: &'a str,
    path: Vec<String>,
    query: BTreeMap<String, String>,
}

impl StandIn {
    pub(super) fn start(kind: &'static Kind, rows: Vec<Row>) -> Self {
        let world = Arc::new(Mutex::new(World { rows, ..World::default() }));
        let shared = Arc::clone(&world);
        let server = Server::start(move |seen| {
            let mut world = shared.lock().expect("not poisoned");
            let asked = Asked::of(seen);
            let writes = (kind.writes)(&asked);
            if let Some(reply) = world.before.as_mut().and_then(|fault| fault(seen, writes)) {
                return reply;
            }
            // Also of what only reads, and of each page.
            if seen.header("authorization") != Some(&format!("Bearer {}", world.token.unwrap_or(TOKEN))) {
                return Reply::json(401, &json!({ "message": "who are you?" }));
            }
            let reply = shown((kind.answer)(&mut world, &asked), &world.hides);
            world.after.as_mut().and_then(|fault| fault(seen, writes)).unwrap_or(reply)
        });
        Self { kind, server, world }
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().expect("not poisoned")
    }

    /// How many requests wrote.
    pub(super) fn writes(&self) -> usize {
        self.server.seen().iter().filter(|seen| (self.kind.writes)(&Asked::of(seen))).count()
    }

    /// The records of an object that are live.
    pub(super) fn live(&self, object: &str) -> Vec<u32> {
        let world = self.world();
        world.rows.iter().filter(|row| row.object == object && row.state == State::Live).map(|row| row.n).collect()
    }
}

impl<'a> Asked<'a> {
    fn of(seen: &'a Seen) -> Self {
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        Self {
            seen,
            method: &seen.method,
            path: path.split('/').skip(1).map(decoded).collect(),
            query: pairs.map(|(name, value)| (decoded(name), decoded(value))).collect(),
        }
    }

    fn path(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    fn query(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }
}

impl World {
    /// Fuzzy: what holds the text somewhere.
    fn by_email(&self, object: &str, text: &str, state: State) -> Vec<Row> {
        let text = text.to_lowercase();
        self.those(object, state, |row| row.emails.iter().any(|email| email.to_lowercase().contains(&text)))
    }

    /// What is the text, whatever its capitals.
    fn by_whole_email(&self, object: &str, text: &str, state: State) -> Vec<Row> {
        let text = text.to_lowercase();
        self.those(object, state, |row| row.emails.iter().any(|email| email.to_lowercase() == text))
    }

    /// What has these letters, with any one for each `_`.
    fn by_letters(&self, object: &str, pattern: &str) -> Vec<Row> {
        let is_letter = |(wanted, is): (char, char)| wanted == '_' || wanted == is;
        let fits = |email: &&str| {
            let (email, pattern) = (email.to_lowercase(), pattern.to_lowercase());
            email.chars().count() == pattern.chars().count() && pattern.chars().zip(email.chars()).all(is_letter)
        };
        self.those(object, State::Live, |row| row.emails.iter().any(fits))
    }

    /// What begins and ends so, with `*` or `%` in between.
    fn by_pattern(&self, object: &str, pattern: &str) -> Vec<Row> {
        let pattern = pattern.to_lowercase().replace('*', "%");
        let (before, after) = pattern.split_once('%').unwrap_or((&pattern, ""));
        let fits = |email: &&str| email.to_lowercase().starts_with(before) && email.to_lowercase().ends_with(after);
        self.those(object, State::Live, |row| row.emails.iter().any(fits))
    }

    /// Fuzzy: what holds the digits somewhere.
    fn by_phone(&self, object: &str, text: &str) -> Vec<Row> {
        let text = digits(text);
        let fits = |row: &Row| row.phones.iter().any(|phone| digits(phone).contains(&text));
        self.those(object, State::Live, |row| !text.is_empty() && fits(row))
    }

    /// What holds the text as it stands: no way to write a number is another's.
    fn by_text(&self, object: &str, text: &str) -> Vec<Row> {
        self.those(object, State::Live, |row| row.phones.iter().any(|phone| phone.contains(text)))
    }

    fn linked(&self, object: &str, owner: u32) -> Vec<Row> {
        self.those(object, State::Live, |row| row.owner == owner)
    }

    fn those(&self, object: &str, state: State, fits: impl Fn(&Row) -> bool) -> Vec<Row> {
        self.rows.iter().filter(|row| row.object == object && row.state == state && fits(row)).cloned().collect()
    }

    fn get(&self, object: &str, n: u32) -> Option<&Row> {
        self.rows.iter().find(|row| row.object == object && row.n == n)
    }

    /// Whether there was something to remove.
    fn remove(&mut self, object: &str, n: u32, to: State) -> bool {
        let lazy = self.lazy;
        let row = self.rows.iter_mut().find(|row| row.object == object && row.n == n && row.state == State::Live);
        row.map(|row| row.state = if lazy { State::Live } else { to }).is_some()
    }

    /// The first page of these, and a cursor when there are more.
    fn page(&mut self, mut all: Vec<Value>) -> (Vec<Value>, Option<usize>) {
        if self.hollow {
            self.pages.push(all);
            return (Vec::new(), Some(self.pages.len() - 1));
        }
        if all.len() <= PAGE {
            return (all, None);
        }
        self.pages.push(all.split_off(PAGE));
        (all, Some(self.pages.len() - 1))
    }

    /// No cursor that was named so far is known any more.
    pub(super) fn forget_cursors(&mut self) {
        self.expired = self.pages.len();
    }

    fn knows(&self, cursor: &str) -> bool {
        cursor.parse().is_ok_and(|cursor: usize| (self.expired..self.pages.len()).contains(&cursor))
    }

    /// The answer that is a page of the list of people.
    fn listed(&self, mut body: Value) -> Reply {
        if let Some(change) = self.repages {
            change(&mut body);
        }
        Reply::json(200, &body)
    }

    fn next_page(&mut self, cursor: usize) -> (Vec<Value>, Option<usize>) {
        let rest = self.pages.get(cursor).cloned().unwrap_or_default();
        let hollow = std::mem::take(&mut self.hollow);
        let page = self.page(rest);
        self.hollow = hollow;
        page
    }

    fn not_understood(&mut self, asked: &Asked) -> Reply {
        self.malformed.push(format!("{} {} {}", asked.method, asked.seen.target, asked.seen.body));
        Reply::json(400, &json!([{ "errorCode": "MALFORMED" }]))
    }
}

/// The answer with what the vendor does not show replaced.
fn shown(reply: Reply, hides: &[(&'static str, Option<Value>)]) -> Reply {
    let Reply::Full(status, headers, body) = reply else { return reply };
    let Ok(mut document) = serde_json::from_str(&body) else { return Reply::Full(status, headers, body) };
    hides.iter().for_each(|(text, instead)| hide(&mut document, text, instead.as_ref()));
    Reply::Full(status, headers, document.to_string())
}

fn hide(within: &mut Value, text: &str, instead: Option<&Value>) {
    let is_hidden = |value: &Value| value.as_str() == Some(text);
    if is_hidden(within) {
        *within = instead.cloned().unwrap_or_default();
    }
    match within {
        Value::Array(list) => {
            list.retain(|value| instead.is_some() || !is_hidden(value));
            list.iter_mut().for_each(|value| hide(value, text, instead));
        }
        Value::Object(members) => {
            members.retain(|_, value| instead.is_some() || !is_hidden(value));
            members.values_mut().for_each(|value| hide(value, text, instead));
        }
        _ => {}
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A text's literals between single quotes, and the text with `?` in their places. `escape`: the backslash, or `'` itself.
fn literals(text: &str, escape: char) -> Option<(String, Vec<String>)> {
    let mut skeleton = String::new();
    let mut all = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c != '\'' {
            skeleton.push(c);
            continue;
        }
        let mut literal = String::new();
        loop {
            match rest.next()? {
                c if c == escape && (escape != '\'' || rest.peek() == Some(&'\'')) => literal.push(rest.next()?),
                '\'' => break,
                c => literal.push(c),
            }
        }
        skeleton.push('?');
        all.push(literal);
    }
    Some((skeleton, all))
}
