//! A stand-in for the Gmail API and its tokens, with a mailbox for each user: it speaks as
//! <https://developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages> and the pages beside it say. Its
//! search finds every address that holds the one that is looked for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quietus_plugin::http::test::{Reply, Seen, Server};
use serde_json::{Value, json};

use crate::standin::plain;

pub(super) const USER: &str = "support@x.cz";
/// When the first message of a mailbox was taken; each other one a millisecond after the one before.
pub(super) const TAKEN: i64 = 1_767_225_600_000;

#[derive(Clone)]
pub(super) struct Mail {
    pub(super) id: String,
    pub(super) headers: Vec<(String, String)>,
    label: &'static str,
    /// When it was taken; the API writes the number as a text.
    pub(super) taken: Value,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) mailboxes: BTreeMap<String, Vec<Mail>>,
    /// Answers to the next requests whose `METHOD target` holds a text.
    pub(super) faults: VecDeque<(&'static str, Reply)>,
    /// A gateway answers 404 after so many requests, to so many.
    pub(super) gateway: (usize, usize),
    met: usize,
    /// Says 204 and deletes nothing.
    pub(super) is_lazy: bool,
    /// Lists what is gone: this often yet.
    pub(super) lags: usize,
    gone: Vec<Mail>,
    pub(super) page: usize,
    tokens: usize,
    pub(super) token_valid: bool,
    /// What was asked for costs so much of the quota.
    pub(super) units: u32,
    /// How often the headers of a message were read.
    pub(super) reads: usize,
}

pub(super) struct Google {
    pub(super) server: Server,
    state: Arc<Mutex<State>>,
}

impl Google {
    /// With a message of each of these senders in the inbox of [`USER`].
    pub(super) fn with(senders: &[&str]) -> Self {
        let state = State { page: 500, token_valid: true, ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let shared = Arc::clone(&state);
        let google =
            Self { server: Server::start(move |seen| shared.lock().expect("not poisoned").answer(seen)), state };
        google.state().mailboxes.insert(USER.into(), Vec::new());
        for sender in senders {
            google.add("INBOX", &[("From", sender), ("To", USER)]);
        }
        google
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("not poisoned")
    }

    pub(super) fn add(&self, label: &'static str, headers: &[(&str, &str)]) {
        self.state().add(USER, label, headers);
    }

    /// The senders of what is there.
    pub(super) fn senders(&self) -> Vec<String> {
        self.state().mailboxes[USER].iter().map(|mail| mail.headers[0].1.clone()).collect()
    }

    pub(super) fn fault(&self, of: &'static str, reply: Reply) {
        self.state().faults.push_back((of, reply));
    }

    pub(super) fn count(&self, of: &str) -> usize {
        self.server.lines().iter().filter(|line| line.contains(of)).count()
    }
}

impl State {
    pub(super) fn add(&mut self, user: &str, label: &'static str, headers: &[(&str, &str)]) {
        let mails = self.mailboxes.entry(user.into()).or_default();
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let taken = json!((TAKEN + mails.len() as i64).to_string());
        mails.push(Mail { id: format!("18c{:05x}", mails.len()), headers, label, taken });
    }

    fn answer(&mut self, seen: &Seen) -> Reply {
        let line = format!("{} {}", seen.method, seen.target);
        if let Some(at) = self.faults.iter().position(|(of, _)| line.contains(of)) {
            return self.faults.remove(at).expect("it is there").1;
        }
        if seen.target == "/token" {
            return self.token(&seen.body);
        }
        self.met += 1;
        if self.met > self.gateway.0 && self.met <= self.gateway.0 + self.gateway.1 {
            return Reply::text(404, "<html>not here</html>");
        }
        let bearer = seen.header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        let user = bearer.and_then(|token| token.rsplit_once('#')).map(|(user, _)| user.to_owned());
        let Some(user) = user.filter(|_| self.token_valid) else { return refused(401, "authError") };
        if seen.target == "/batch/gmail/v1" {
            return self.batch(seen);
        }
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        let query: Vec<(&str, String)> =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, v)| (name, plain(v))).collect();
        let asked = (seen.method.as_str(), path.strip_prefix("/gmail/v1/users/me/").unwrap_or_default());
        self.units += match asked {
            ("GET", "profile") => 1,
            ("GET", "messages") => 5,
            ("POST", "messages/batchDelete") => 50,
            _ => 20,
        };
        match asked {
            ("GET", "profile") => {
                let total = self.mailboxes[&user].len();
                Reply::json(200, &json!({ "emailAddress": user, "messagesTotal": total }))
            }
            ("GET", "messages") => self.list(&user, &query),
            ("POST", "messages/batchDelete") => self.delete(&user, &seen.json()),
            ("GET", path) => self.get(&user, &plain(path.strip_prefix("messages/").unwrap_or_default()), &query),
            _ => refused(404, "notFound"),
        }
    }

    /// A token for whom the assertion names.
    fn token(&mut self, form: &str) -> Reply {
        let (_, assertion) = form.split_once("&assertion=").expect("an assertion");
        let claims = assertion.split('.').nth(1).expect("three parts");
        let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).expect("base64url")).expect("JSON");
        assert_eq!(claims["scope"], "https://mail.google.com/");
        let user = claims["sub"].as_str().expect("a subject");
        if !self.mailboxes.contains_key(user) {
            return Reply::json(401, &json!({ "error": "unauthorized_client", "error_description": user }));
        }
        self.tokens += 1;
        Reply::json(200, &json!({ "access_token": format!("{user}#{}", self.tokens), "expires_in": 3599 }))
    }

    fn list(&mut self, user: &str, query: &[(&str, String)]) -> Reply {
        let option = |name: &str| query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
        // Without a query, everything is listed.
        let terms = option("q").map(terms);
        if terms == Some(None) {
            return refused(400, "badRequest");
        }
        let terms = terms.flatten();
        let everywhere = option("includeSpamTrash") == Some("true");
        let mut shown: Vec<&Mail> = self.mailboxes[user].iter().collect();
        if self.lags > 0 {
            self.lags -= 1;
            shown.extend(&self.gone);
        }
        let shown = shown.into_iter().filter(|mail| everywhere || mail.label == "INBOX");
        let found: Vec<&Mail> = shown.filter(|mail| terms.as_ref().is_none_or(|terms| mail.holds(terms))).collect();
        let from: usize = option("pageToken").map_or(0, |token| token.parse().expect("a token of ours"));
        let most: usize = option("maxResults").map_or(100, |most| most.parse().expect("a number"));
        let size = most.min(500).min(self.page);
        let page: Vec<_> =
            found.iter().skip(from).take(size).map(|mail| json!({ "id": mail.id, "threadId": "t" })).collect();
        let mut answer = json!({ "resultSizeEstimate": found.len() });
        if !page.is_empty() {
            answer["messages"] = json!(page);
        }
        if from + size < found.len() {
            answer["nextPageToken"] = json!((from + size).to_string());
        }
        Reply::json(200, &answer)
    }

    /// Requests within a request, each with the outer one's headers.
    fn batch(&mut self, seen: &Seen) -> Reply {
        let kind = seen.header("content-type").expect("a type");
        let boundary = kind.strip_prefix("multipart/mixed; boundary=\"").and_then(|kind| kind.strip_suffix('"'));
        let delimiter = format!("--{}\r\n", boundary.expect("a boundary"));
        let mut answers = Vec::new();
        let mut count = 0;
        for part in seen.body.split(&delimiter).skip(1) {
            count += 1;
            let (headers, request) = part.split_once("\r\n\r\n").expect("headers");
            let id = headers.lines().find_map(|line| line.strip_prefix("Content-ID: <")).expect("an id");
            let line = request.lines().next().expect("a request");
            let (method, target) = line.split_once(' ').expect("a method");
            let inner = Seen { method: method.into(), target: target.into(), body: String::new(), ..seen.clone() };
            // One that is not answered is left out.
            let Reply::Full(status, headers, body) = self.answer(&inner) else { continue };
            let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
            answers.push(format!(
                "--batch_of_google\r\nContent-Type: application/http\r\nContent-ID: <response-{id}\r\n\r\n\
                 HTTP/1.1 {status} X\r\nContent-Type: application/json; charset=UTF-8\r\n{headers}\r\n{body}\r\n"
            ));
        }
        assert!((1..=50).contains(&count), "not more than is advised");
        let body = format!("{}--batch_of_google--\r\n", answers.concat());
        Reply::text(200, &body).with("Content-Type", "multipart/mixed; boundary=batch_of_google")
    }

    fn get(&mut self, user: &str, id: &str, query: &[(&str, String)]) -> Reply {
        self.reads += usize::from(query.iter().any(|(name, value)| *name == "format" && value == "metadata"));
        let Some(mail) = self.mailboxes[user].iter().find(|mail| mail.id == id) else {
            return refused(404, "notFound");
        };
        let wanted: Vec<_> = query
            .iter()
            .filter(|(name, _)| *name == "metadataHeaders")
            .map(|(_, value)| value.to_lowercase())
            .collect();
        let headers = mail.headers.iter().filter(|(name, _)| wanted.contains(&name.to_lowercase()));
        let headers: Vec<_> = headers.map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let mut answer = json!({ "id": id });
        if query.iter().any(|(name, value)| *name == "format" && value == "metadata") {
            let fields = query.iter().find(|(name, _)| *name == "fields").map_or("", |(_, value)| value);
            if fields.split(',').any(|field| field == "internalDate") {
                answer["internalDate"] = mail.taken.clone();
            }
            if !headers.is_empty() {
                answer["payload"] = json!({ "headers": headers });
            }
        }
        Reply::json(200, &answer)
    }

    fn delete(&mut self, user: &str, body: &Value) -> Reply {
        let ids = body["ids"].as_array().expect("ids");
        if ids.is_empty() || ids.len() > 1000 {
            return refused(400, "badRequest");
        }
        if !self.is_lazy {
            let mails = self.mailboxes.get_mut(user).expect("a mailbox");
            let (gone, left) = mails.drain(..).partition(|mail| ids.contains(&json!(mail.id)));
            self.gone = gone;
            *mails = left;
        }
        Reply::empty(204)
    }
}

impl Mail {
    fn holds(&self, terms: &[(String, String)]) -> bool {
        terms.iter().any(|(operator, text)| {
            let of = |(name, value): &(String, String)| {
                name.eq_ignore_ascii_case(operator) && value.to_lowercase().contains(&text.to_lowercase())
            };
            self.headers.iter().any(of)
        })
    }
}

/// The alternatives of a query; `None` where it is anything else than `{operator:"words" …}`.
fn terms(query: &str) -> Option<Vec<(String, String)>> {
    let mut rest = query.strip_prefix('{')?.strip_suffix('}')?;
    let mut terms = Vec::new();
    loop {
        let (operator, quoted) = rest.split_once(":\"")?;
        let (words, after) = quoted.split_once('"')?;
        if !["from", "to", "cc", "bcc"].contains(&operator) {
            return None;
        }
        terms.push((operator.to_owned(), words.to_owned()));
        match after.strip_prefix(' ') {
            Some(more) => rest = more,
            None => return after.is_empty().then_some(terms),
        }
    }
}

pub(super) fn refused(status: u16, reason: &str) -> Reply {
    let error = json!({ "domain": "global", "reason": reason, "message": "about ann@x.cz" });
    Reply::json(status, &json!({ "error": { "code": status, "errors": [error], "message": "about ann@x.cz" } }))
}
