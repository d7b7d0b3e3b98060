//! The statements that read a page of a list. Both backends speak them alike. Each reads one row more than the page holds,
//! so that the page can say whether there is more.

use jiff::Timestamp;

use super::copy::Value;
use super::listing::{AuditRange, Cursor, ErasureFilter, PAGE_MAX, QuarantineRange, ReceiptRange, surely_before};
use super::request;
use super::request_list::{CountedRequests, DueDays, DuePlace, RequestCursor, RequestFilter};
use crate::access::Companies;
use crate::erasure::{ErasureId, ErasureState};
use crate::receipt::ChainName;
use crate::request::RequestState;

/// The condition of sessions behind a place, `$1` and `$2`, whose records are more than what proves their consent.
pub(super) const NOT_REDUCED: &str = "(installation, session) > ($1, $2) AND proof_since IS NULL";

/// That of all sessions behind a place.
pub(super) const ALL_SESSIONS: &str = "(installation, session) > ($1, $2)";

/// That of the sessions of one installation, `$1`, behind a place: those of others are not read.
pub(super) const OF_INSTALLATION: &str = "installation = $1 AND session > $2";

/// A statement with its values.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

/// Rows of the audit: `entry` and `hash`.
pub(super) fn audit(range: &AuditRange) -> Statement {
    let mut wanted = Conditions::within("sequence", range.cursor);
    if let Some(actor) = &range.actor {
        wanted.add("actor = ?", [Value::Text(actor.as_str().to_owned())]);
    }
    if let Some(act) = range.act {
        wanted.add("act = ?", [Value::Text(act.as_str().to_owned())]);
    }
    if let Some(object) = &range.object {
        wanted.add("object = ?", [Value::Text(object.as_str().to_owned())]);
    }
    if let Some(since) = range.since {
        wanted.since("audit", "at", since);
    }
    wanted.finish("SELECT entry, hash FROM audit", &format!("sequence {}", range.cursor.order()), range.limit)
}

/// Receipts: `receipt`.
pub(super) fn receipts(range: &ReceiptRange) -> Statement {
    let mut wanted = Conditions::within("sequence", range.cursor);
    if let Some(verdict) = range.verdict {
        wanted.add("verdict = ?", [Value::Text(verdict.as_str().to_owned())]);
    }
    if let Some(since) = range.since {
        wanted.since("receipt", "ended", since);
    }
    wanted.finish("SELECT receipt FROM receipt", &format!("sequence {}", range.cursor.order()), range.limit)
}

/// The oldest records of a chain: number, time, whether it is an incomplete receipt that nobody has acknowledged, and whether
/// its erasure is open. `$1` is how many.
pub(super) fn oldest_records(chain: ChainName) -> &'static str {
    match chain {
        ChainName::Receipts => {
            "SELECT sequence, ended, verdict = 'incomplete' AND NOT acknowledged,
                    EXISTS (SELECT 1 FROM erasure WHERE erasure.id = receipt.erasure AND erasure.ended IS NULL)
             FROM receipt ORDER BY sequence LIMIT $1"
        }
        ChainName::Audit => "SELECT sequence, at, FALSE, FALSE FROM audit ORDER BY sequence LIMIT $1",
    }
}

/// What tells whether the records of a checkpoint, from `$1` to `$2`, can leave: how many of them are there and not held, and the
/// hash of the last one (null where it is not there); how many older ones there are.
pub(super) fn leaving(chain: ChainName) -> &'static str {
    match chain {
        ChainName::Receipts => {
            "SELECT (SELECT COUNT(*) FROM receipt WHERE sequence BETWEEN $1 AND $2
                       AND NOT (verdict = 'incomplete' AND NOT acknowledged)
                       AND NOT EXISTS (SELECT 1 FROM erasure WHERE erasure.id = receipt.erasure AND erasure.ended IS NULL)),
                    (SELECT hash FROM receipt WHERE sequence = $2),
                    (SELECT COUNT(*) FROM receipt WHERE sequence < $1)"
        }
        ChainName::Audit => {
            "SELECT (SELECT COUNT(*) FROM audit WHERE sequence BETWEEN $1 AND $2),
                    (SELECT hash FROM audit WHERE sequence = $2),
                    (SELECT COUNT(*) FROM audit WHERE sequence < $1)"
        }
    }
}

/// Requests of persons: the columns of [`request::stored`].
pub(super) fn requests(filter: &RequestFilter) -> Statement {
    let (mut wanted, order) = match filter.cursor {
        RequestCursor::Entered(cursor) => (Conditions::within("seq", cursor), format!("seq {}", cursor.order())),
        RequestCursor::Due(place) => (Conditions::behind(place), format!("{}, seq", request::LAST_DAY)),
    };
    wanted.of_companies(&filter.companies);
    if let Some(target) = &filter.target {
        wanted.has("targets", &target.0);
    }
    if let Some(DueDays { from, before }) = filter.due {
        wanted.add("ended IS NULL AND due < ?", [Value::Number(request::days(before).into())]);
        if let Some(from) = from {
            wanted.add("due >= ?", [Value::Number(request::days(from).into())]);
        }
    }
    // Of all open ones, their own index is the way, and not that of the states.
    let all_open =
        matches!(filter.cursor, RequestCursor::Due(_)) && open_states().all(|open| filter.states.contains(&open));
    if !filter.states.is_empty() && !all_open {
        wanted.texts.push(in_states(filter.states.iter().copied()));
    }
    let select = format!("SELECT {} FROM request", request::STORED);
    wanted.finish(&select, &order, filter.limit)
}

fn open_states() -> impl Iterator<Item = RequestState> {
    RequestState::ALL.iter().copied().filter(|state| state.is_open())
}

fn in_states(states: impl Iterator<Item = RequestState>) -> String {
    let states: Vec<_> = states.map(|state| format!("'{state}'")).collect();
    format!("state IN ({})", states.join(", "))
}

/// How many open requests there are: a row for each state, with how many are in it, how many of those are late, and how many will be soon.
pub(super) fn open_requests(which: &CountedRequests) -> Statement {
    let days = [which.today, which.today, which.soon_before];
    let mut wanted = Conditions::default();
    wanted.values.extend(days.map(|day| Value::Number(request::days(day).into())));
    // By the index of the states: whatever has ended beside them is not read.
    wanted.texts.push(in_states(open_states()));
    wanted.of_companies(&which.companies);
    if let Some(target) = &which.target {
        wanted.has("targets", &target.0);
    }
    let Conditions { texts, values } = wanted;
    let sql = format!(
        "SELECT state, COUNT(*), SUM(CASE WHEN due < $1 THEN 1 ELSE 0 END), SUM(CASE WHEN due >= $2 AND due < $3 THEN 1 ELSE 0 END)
         FROM request WHERE {} GROUP BY state",
        texts.join(" AND ")
    );
    Statement { sql, values }
}

/// Deliveries in quarantine: number, the source's name, reason, time, and length of what is sealed.
pub(super) fn quarantined(range: &QuarantineRange) -> Statement {
    let mut wanted = Conditions::within("quarantine.id", range.cursor);
    if let Some(source) = &range.source {
        let source = Value::Text(source.0.to_string());
        wanted.add("quarantine.source = (SELECT id FROM source WHERE name = ?)", [source]);
    }
    if let Some(reason) = &range.reason {
        wanted.add("reason = ?", [Value::Text(reason.clone())]);
    }
    wanted.finish(
        "SELECT quarantine.id, source.name, reason, received, CAST(LENGTH(sealed) AS BIGINT)
         FROM quarantine JOIN source ON source.id = quarantine.source",
        &format!("quarantine.id {}", range.cursor.order()),
        range.limit,
    )
}

/// Ids of erasures. The newest ones are one statement for each state, each of which is one walk of the index: rare states
/// are found without reading the others, and so are rare rules and targets. Those that are due are one statement, in the order in which
/// they are. `parked` is how the backend says it of a task.
pub(super) fn erasures(filter: &ErasureFilter, parked: &str) -> Vec<Statement> {
    match filter.due_before {
        Some(before) => {
            let states: Vec<_> = filter.states.iter().map(|state| in_state(*state, parked)).collect();
            vec![due(filter, &states.join(" OR "), before)]
        }
        // Each of them has one.
        None if filter.states.is_empty() => {
            ErasureState::ALL.into_iter().map(|state| newest_of_state(filter, state)).collect()
        }
        None => filter
            .states
            .iter()
            .map(|state| match state {
                ErasureState::Parked => newest(filter, need_person(parked)),
                state => newest_of_state(filter, *state),
            })
            .collect(),
    }
}

/// Whoever asks for those that need a person wants also those of which something else still moves: that can take a month.
fn need_person(parked: &str) -> String {
    format!("id IN (SELECT erasure FROM task WHERE {parked} AND erasure IS NOT NULL)")
}

fn in_state(state: ErasureState, parked: &str) -> String {
    match state {
        ErasureState::Parked => need_person(parked),
        state => of_state(state),
    }
}

fn of_state(state: ErasureState) -> String {
    format!("state = '{}'", state.as_str())
}

fn newest(filter: &ErasureFilter, condition: String) -> Statement {
    let mut wanted = Conditions::default();
    wanted.texts.push(condition);
    wanted.bounds("id", filter);
    wanted.of_erasure(filter, "created", "installation");
    wanted.of_labels(filter);
    wanted.finish("SELECT id FROM erasure", "id DESC", filter.limit)
}

/// Those of a rule or of a target are found by that.
fn newest_of_state(filter: &ErasureFilter, state: ErasureState) -> Statement {
    let rule = filter.rule.as_ref().map(|rule| ("rule", rule.as_str()));
    let target = filter.target.as_ref().map(|target| ("target", &*target.0));
    let (label, other) = match (rule, target) {
        (None, None) => return newest(filter, of_state(state)),
        (Some(rule), other) => (rule, other),
        (None, Some(target)) => (target, None),
    };
    let mut wanted = Conditions::default();
    wanted.labelled("label", label);
    wanted.texts.push(format!("label.{}", of_state(state)));
    wanted.bounds("label.erasure", filter);
    let mut from = "erasure_label AS label".to_owned();
    if let Some(other) = other {
        wanted.labelled("other", other);
        from.push_str(" JOIN erasure_label AS other ON other.state = label.state AND other.erasure = label.erasure");
    }
    // Each looked at by its id: nothing to join, or it may be thought better to read all that there are.
    let [created, installation] = ["created", "installation"]
        .map(|column| format!("(SELECT {column} FROM erasure WHERE erasure.id = label.erasure)"));
    wanted.of_erasure(filter, &created, &installation);
    wanted.finish(&format!("SELECT label.erasure FROM {from}"), "label.erasure DESC", filter.limit)
}

fn due(filter: &ErasureFilter, condition: &str, before: Timestamp) -> Statement {
    let mut wanted = Conditions::default();
    wanted.add("ended IS NULL AND due < ?", [Value::Number(before.as_millisecond())]);
    if let Some(cursor) = filter.after {
        wanted.add("(due, id) > (?, ?)", [Value::Number(cursor.due.as_millisecond()), id(cursor.id)]);
    }
    if !condition.is_empty() {
        wanted.texts.push(format!("({condition})"));
    }
    wanted.of_erasure(filter, "created", "installation");
    wanted.of_labels(filter);
    wanted.finish("SELECT id FROM erasure", "due, id", filter.limit)
}

fn id(id: ErasureId) -> Value {
    Value::Bytes(id.0.to_vec())
}

/// What rows must be like, all of it. Only what is asked for stands in the statement, so that an index can serve it.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<Value>,
}

impl Conditions {
    /// Within the bounds of a cursor.
    fn within(number: &str, cursor: Cursor) -> Self {
        let (first, last) = cursor.bounds();
        let mut conditions = Self::default();
        conditions.add(&format!("{number} >= ?"), [Value::Number(first)]);
        conditions.add(&format!("{number} <= ?"), [Value::Number(last)]);
        conditions
    }

    /// Behind a place among open requests.
    fn behind(place: DuePlace) -> Self {
        let DuePlace { due, sequence } = place;
        let sequence = i64::try_from(sequence).unwrap_or(i64::MAX);
        let day = request::LAST_DAY;
        let mut conditions = Self::default();
        // The first of the two is a bound that an index of an expression serves in both backends.
        conditions.add(&format!("ended IS NULL AND {day} >= ?"), [Value::Number(due)]);
        conditions.add(&format!("({day} > ? OR seq > ?)"), [Value::Number(due), Value::Number(sequence)]);
        conditions
    }

    /// Of one of some companies; of none, there is nothing.
    fn of_companies(&mut self, companies: &Companies) {
        let Companies::Only(names) = companies else { return };
        let first = self.values.len() + 1;
        let places: Vec<_> = (first..first + names.len()).map(|place| format!("${place}")).collect();
        self.values.extend(names.iter().map(|name| Value::Text(name.0.to_string())));
        self.texts.push(match places.as_slice() {
            [] => "FALSE".to_owned(),
            some => format!("installation IN ({})", some.join(", ")),
        });
    }

    /// With a name in a list of names. As JSON, such a list has a name in quotes or has it not, and both backends can replace.
    fn has(&mut self, list: &str, name: &str) {
        let quoted = Value::Text(serde_json::Value::from(name).to_string());
        self.add(&format!("REPLACE({list}, ?, '') <> {list}"), [quoted]);
    }

    /// Each `?` is a value's place. Places are numbered in the order in which they stand, as one backend counts them and
    /// the other reads them.
    fn add<const COUNT: usize>(&mut self, condition: &str, values: [Value; COUNT]) {
        let mut text = condition.to_owned();
        for value in values {
            self.values.push(value);
            text = text.replacen('?', &format!("${}", self.values.len()), 1);
        }
        self.texts.push(text);
    }

    /// Of a table of numbered things.
    fn since(&mut self, table: &str, time: &str, since: Timestamp) {
        self.add(&format!("{time} >= ?"), [Value::Number(since.as_millisecond())]);
        // Without it, whatever is older would be read to find that it is. A clock that was set back has given late times to
        // early numbers, so it is the least of all numbers, not that of the earliest time.
        let first = format!("(SELECT MIN(sequence) FROM {table} WHERE {time} >= ?)");
        self.add(&format!("sequence >= {first}"), [Value::Number(since.as_millisecond())]);
    }

    /// With a label, of a table of this name.
    fn labelled(&mut self, table: &str, (kind, name): (&str, &str)) {
        self.add(&format!("{table}.kind = '{kind}' AND {table}.name = ?"), [Value::Text(name.to_owned())]);
    }

    /// Of erasures, by when they were asked for.
    fn bounds(&mut self, column: &str, filter: &ErasureFilter) {
        if let Some(cursor) = filter.after {
            self.add(&format!("{column} < ?"), [id(cursor.id)]);
        }
        if let Some(since) = filter.since {
            // Without it, whatever is older would be read to find that it is.
            self.add(&format!("{column} >= ?"), [id(ErasureId::least(surely_before(since)))]);
        }
    }

    /// What no index is for: when an erasure was asked for, and in which company.
    fn of_erasure(&mut self, filter: &ErasureFilter, created: &str, installation: &str) {
        if let Some(since) = filter.since {
            self.add(&format!("{created} >= ?"), [Value::Number(since.as_millisecond())]);
        }
        if let Some(company) = &filter.installation {
            let name = Value::Text(company.0.to_string());
            self.add(&format!("{installation} = (SELECT id FROM installation WHERE name = ?)"), [name]);
        }
    }

    /// The labels where erasures are found otherwise.
    fn of_labels(&mut self, filter: &ErasureFilter) {
        if let Some(target) = &filter.target {
            self.has("targets", &target.0);
        }
        if let Some(rule) = &filter.rule {
            self.has("rules", rule);
        }
    }

    fn finish(mut self, select: &str, order: &str, limit: u32) -> Statement {
        self.values.push(Value::Number((limit.min(PAGE_MAX) + 1).into()));
        let texts = self.texts.join(" AND ");
        let last = self.values.len();
        Statement { sql: format!("{select} WHERE {texts} ORDER BY {order} LIMIT ${last}"), values: self.values }
    }
}
