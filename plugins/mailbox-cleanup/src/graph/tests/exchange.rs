//! A stand-in for Microsoft Graph and a mailbox behind it: it speaks as
//! <https://learn.microsoft.com/graph/api/user-list-messages> and the pages beside it say, and refuses what they do not
//! allow. Its search finds every address that holds the one that is looked for, as an index does.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quietus_plugin::http::test::{Reply, Seen, Server};
use serde_json::{Value, json};

use super::language::{dated, filtered, searched};
use super::mail::{Mail, address, party};
use crate::standin::plain;

pub(super) const USER: &str = "support@x.cz";
pub(super) const PURGES: &str = "recoverableitemspurges";
pub(super) const DELETIONS: &str = "recoverableitemsdeletions";
pub(super) const HOLDS: &str = "recoverableitemsdiscoveryholds";

/// How an answer within a batch fails: the number in the message's id, a status, headers and a code.
pub(super) type Inner = (usize, u16, Value, &'static str);

pub(super) struct Mailbox {
    pub(super) mails: Vec<Mail>,
    /// Answers to the next requests whose `METHOD target` holds a text.
    pub(super) faults: VecDeque<(&'static str, Reply)>,
    pub(super) inner: Vec<Inner>,
    /// A gateway answers 404 after so many requests, to so many.
    pub(super) gateway: (usize, usize),
    met: usize,
    /// Says 204 and deletes nothing.
    pub(super) is_lazy: bool,
    /// Graph does not know the hidden folders' names.
    pub(super) hides: bool,
    /// Graph refuses to search in hidden folders.
    pub(super) searches_no_hidden: bool,
    /// Shows the recoverable items among all messages, which the documentation leaves open.
    pub(super) mixes_in: bool,
    /// The index does not know yet what was deleted.
    pub(super) is_stale: bool,
    pub(super) page: usize,
    pub(super) search_max: usize,
    tokens: usize,
    /// What tokens say that they grant; `None` where they say nothing.
    pub(super) roles: Option<Vec<&'static str>>,
    pub(super) token_valid: bool,
}

pub(super) struct Exchange {
    pub(super) server: Server,
    mailbox: Arc<Mutex<Mailbox>>,
}

impl Exchange {
    pub(super) fn new() -> Self {
        let mailbox = Mailbox {
            mails: Vec::new(),
            faults: VecDeque::new(),
            inner: Vec::new(),
            gateway: (0, 0),
            met: 0,
            is_lazy: false,
            hides: false,
            searches_no_hidden: false,
            mixes_in: false,
            is_stale: false,
            page: 1000,
            search_max: 1000,
            tokens: 0,
            roles: None,
            token_valid: true,
        };
        let mailbox = Arc::new(Mutex::new(mailbox));
        let shared = Arc::clone(&mailbox);
        Self { server: Server::start(move |seen| shared.lock().expect("not poisoned").answer(seen)), mailbox }
    }

    /// With a message of each of these senders, to the mailbox.
    pub(super) fn with(senders: &[&str]) -> Self {
        let exchange = Self::new();
        for sender in senders {
            exchange.mailbox().add("inbox", json!({ "from": party(sender), "toRecipients": [party(USER)] }));
        }
        exchange
    }

    pub(super) fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().expect("not poisoned")
    }

    /// The senders of what is in the folders that people see.
    pub(super) fn senders(&self) -> Vec<String> {
        let mailbox = self.mailbox();
        let seen = mailbox.mails.iter().filter(|mail| mail.folder != PURGES);
        seen.map(|mail| address(&mail.fields["from"]).to_owned()).collect()
    }

    pub(super) fn purged(&self) -> usize {
        self.mailbox().mails.iter().filter(|mail| mail.folder == PURGES).count()
    }

    /// The retention of deleted items ends, and there is no hold.
    pub(super) fn retention_ends(&self) {
        self.mailbox().mails.retain(|mail| mail.folder != PURGES);
    }

    pub(super) fn fault(&self, of: &'static str, reply: Reply) {
        self.mailbox().faults.push_back((of, reply));
    }

    pub(super) fn count(&self, of: &str) -> usize {
        self.server.lines().iter().filter(|line| line.contains(of)).count()
    }
}

impl Mailbox {
    pub(super) fn add(&mut self, folder: &str, fields: Value) {
        self.mails.push(Mail::new(self.mails.len(), folder, &fields));
    }

    fn token(&self) -> String {
        match &self.roles {
            None => format!("t-{}", self.tokens),
            Some(roles) => {
                let claims = json!({ "aud": "https://graph.microsoft.com", "roles": roles, "uti": self.tokens });
                format!("e30.{}.x", URL_SAFE_NO_PAD.encode(claims.to_string()))
            }
        }
    }

    fn answer(&mut self, seen: &Seen) -> Reply {
        let line = format!("{} {}", seen.method, seen.target);
        if let Some(at) = self.faults.iter().position(|(of, _)| line.contains(of)) {
            return self.faults.remove(at).expect("it is there").1;
        }
        if seen.target == "/token" {
            self.tokens += 1;
            assert!(seen.body.contains("scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"), "{}", seen.body);
            return Reply::json(200, &json!({ "access_token": self.token(), "expires_in": 3599 }));
        }
        self.met += 1;
        if self.met > self.gateway.0 && self.met <= self.gateway.0 + self.gateway.1 {
            return Reply::text(404, "<html>not here</html>");
        }
        let token = format!("Bearer {}", self.token());
        if !self.token_valid || seen.header("authorization") != Some(token.as_str()) {
            return refused(401, "InvalidAuthenticationToken");
        }
        let (path, query) = seen.target.split_once('?').unwrap_or((&seen.target, ""));
        let query: Vec<(String, String)> =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(n, v)| (plain(n), plain(v))).collect();
        let option = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        let segments: Vec<String> = path.split('/').skip(1).map(plain).collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let immutable = seen.header("prefer") == Some(r#"IdType="ImmutableId""#);
        match (seen.method.as_str(), segments.as_slice()) {
            ("POST", ["v1.0", "$batch"]) => self.batch(&seen.json()),
            ("GET", ["v1.0", "users", USER, "mailFolders", folder]) => match (self.hides, *folder) {
                (true, folder) if folder.starts_with("recoverable") => refused(400, "ErrorInvalidIdMalformed"),
                (_, folder) => Reply::json(200, &json!({ "id": format!("F-{folder}") })),
            },
            ("GET", ["v1.0", "users", USER, rest @ ..]) if immutable => match rest {
                ["messages"] => self.list(None, &option, seen),
                ["messages", id] => match self.mails.iter().find(|mail| mail.id == *id) {
                    Some(mail) => Reply::json(200, &mail.json(&mail.folder)),
                    None => refused(404, "ErrorItemNotFound"),
                },
                ["mailFolders", folder, "messages"] => match folder.strip_prefix("F-") {
                    Some(_) if self.searches_no_hidden && option("$search").is_some() => refused(400, "BadRequest"),
                    Some(folder) => self.list(Some(folder), &option, seen),
                    None => refused(404, "ErrorItemNotFound"),
                },
                _ => refused(404, "ErrorItemNotFound"),
            },
            ("GET", _) => refused(404, "ErrorInvalidUser"),
            _ => refused(405, "Request_BadRequest"),
        }
    }

    fn lists(&self, folder: Option<&str>, mail: &Mail) -> bool {
        match folder {
            Some(folder) => self.folder_of(mail) == folder,
            None => self.mixes_in || ![PURGES, DELETIONS, HOLDS].contains(&self.folder_of(mail)),
        }
    }

    /// As the index has it.
    fn folder_of<'m>(&self, mail: &'m Mail) -> &'m str {
        if self.is_stale { &mail.was } else { &mail.folder }
    }

    fn list<'o>(&self, folder: Option<&str>, option: &impl Fn(&str) -> Option<&'o str>, seen: &Seen) -> Reply {
        let dated = option("$filter").and_then(dated);
        let mut of_all: Vec<&Mail> = self.mails.iter().filter(|mail| self.lists(folder, mail)).collect();
        if option("$orderby").is_some() {
            of_all.sort_by_key(|mail| mail.came());
        }
        let is_one = option("$top") == Some("1");
        let found: Option<Vec<&Mail>> = match (option("$search"), option("$filter")) {
            // What is sorted by must be filtered by, where anything is.
            (None, Some(_)) if dated.is_some() && option("$orderby") == Some("receivedDateTime") => {
                of_all.retain(|mail| !mail.came().is_empty() && dated.is_some_and(|from| mail.came() >= from));
                Some(of_all)
            }
            (None, None) if is_one => {
                if option("$orderby") == Some("receivedDateTime desc") {
                    of_all.reverse();
                }
                Some(of_all)
            }
            (Some(search), None) => searched(search).map(|(senders, text)| {
                let matching = self.mails.iter().filter(|mail| mail.holds(&text, senders));
                matching.filter(|mail| self.lists(folder, mail)).take(self.search_max).collect()
            }),
            (None, Some(filter)) => filtered(filter).map(|text| {
                let matching =
                    self.mails.iter().filter(|mail| address(&mail.fields["from"]).eq_ignore_ascii_case(&text));
                matching.filter(|mail| self.lists(folder, mail)).collect()
            }),
            (None, None) if folder.is_some() => {
                Some(self.mails.iter().filter(|mail| self.lists(folder, mail)).collect())
            }
            _ => None,
        };
        let Some(found) = found else { return refused(400, "BadRequest") };
        let top: usize = option("$top").and_then(|top| top.parse().ok()).unwrap_or(10);
        assert!(top <= 1000 && option("$select").is_some_and(|select| is_one || select.contains("bccRecipients")));
        let skip: usize = option("$skip").and_then(|skip| skip.parse().ok()).unwrap_or(0);
        let size = top.min(self.page);
        let page: Vec<_> = found.iter().skip(skip).take(size).map(|mail| mail.json(self.folder_of(mail))).collect();
        let mut answer = json!({ "@odata.context": "x", "value": page });
        if skip + size < found.len() {
            let host = seen.header("host").expect("a host");
            let before = seen.target.split("&%24skip=").next().expect("a target");
            answer["@odata.nextLink"] = json!(format!("http://{host}{before}&%24skip={}", skip + size));
        }
        Reply::json(200, &answer)
    }

    fn batch(&mut self, body: &Value) -> Reply {
        let requests = body["requests"].as_array().expect("requests");
        assert!((1..=4).contains(&requests.len()), "four at once");
        let mut responses: Vec<_> = requests.iter().map(|request| self.delete(request)).collect();
        // In any order, the documentation says.
        responses.reverse();
        Reply::json(200, &json!({ "responses": responses }))
    }

    fn delete(&mut self, request: &Value) -> Value {
        let said = |status: u16, headers: Value, code: &str| json!({ "id": request["id"], "status": status, "headers": headers, "body": { "error": { "code": code } } });
        if request["headers"]["Content-Type"] != "application/json" || request["body"] != json!({}) {
            return said(400, json!({}), "Request_BadRequest");
        }
        let url = request["url"].as_str().expect("a URL");
        let segments: Vec<String> = url.split('/').skip(1).map(plain).collect();
        assert_eq!((segments.len(), segments[0].as_str(), segments[1].as_str()), (5, "users", USER));
        assert_eq!((segments[2].as_str(), segments[4].as_str()), ("messages", "permanentDelete"));
        let id = &segments[3];
        if let Some(at) = self.inner.iter().position(|inner| *id == format!("AAMk/{}+=", inner.0)) {
            let (_, status, headers, code) = self.inner.remove(at);
            if status == 404 {
                self.mails.retain(|mail| mail.id != *id);
            }
            return said(status, headers, code);
        }
        match self.mails.iter_mut().find(|mail| mail.id == *id && ![PURGES, HOLDS].contains(&mail.folder.as_str())) {
            None => said(404, json!({}), "ErrorItemNotFound"),
            Some(mail) => {
                if !self.is_lazy {
                    mail.folder = PURGES.into();
                }
                json!({ "id": request["id"], "status": 204, "headers": {}, "body": null })
            }
        }
    }
}

pub(super) fn refused(status: u16, code: &str) -> Reply {
    Reply::json(status, &json!({ "error": { "code": code, "message": "about ann@x.cz" } }))
}
