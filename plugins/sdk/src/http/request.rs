//! Requests: encodes a method, a path and values. What does not fit is kept and told when it is sent.

use std::fmt;

use serde::Serialize;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::encode::{has_dots, pairs, percent};
use crate::{PluginError, Writes};

/// A request below the base URL.
///
/// Values cannot leave their place: in the path and the query they are percent-encoded, in JSON they are strings. What
/// changes something takes [`Writes`].
///
/// ```
/// use quietus_plugin::http::Request;
///
/// let find = Request::get("/contacts").query("email", "ann+1@x.cz").query("limit", "100");
/// assert_eq!(find.target(), "/contacts?email=ann%2B1%40x.cz&limit=100");
/// ```
#[derive(Clone)]
pub struct Request {
    method: Method,
    path: String,
    query: String,
    complete: bool,
    headers: HeaderMap,
    body: Option<(&'static str, Vec<u8>)>,
    leave: Leave,
    repeatable: bool,
    status_only: bool,
    class: Option<&'static str>,
    counts: u32,
    wrong: Option<PluginError>,
}

/// Whether it may change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    No,
    /// It changes nothing, although its method could.
    Needless,
    Granted,
}

impl Request {
    /// Of any method. The path begins with `/` and stands as it is: put values into [`Request::segment`].
    ///
    /// ```
    /// use quietus_plugin::http::{Method, Request};
    ///
    /// let count = Request::new(Method::HEAD, "/contacts");
    /// assert_eq!((count.method(), count.target()), (&Method::HEAD, "/contacts".to_owned()));
    /// ```
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        let repeatable = matches!(method, Method::GET | Method::HEAD | Method::PUT | Method::DELETE);
        Self {
            method,
            path: path.into(),
            query: String::new(),
            complete: false,
            headers: HeaderMap::new(),
            body: None,
            leave: Leave::No,
            repeatable,
            status_only: false,
            class: None,
            counts: 1,
            wrong: None,
        }
    }

    /// Reads.
    ///
    /// ```
    /// let contact = quietus_plugin::http::Request::get("/contacts").segment("ann@x.cz");
    /// assert_eq!(contact.target(), "/contacts/ann%40x.cz");
    /// ```
    pub fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Searches by POST, which changes nothing.
    ///
    /// ```
    /// use quietus_plugin::http::Request;
    ///
    /// let search = Request::search("/contacts/search").json(&serde_json::json!({ "email": "ann@x.cz" }));
    /// assert_eq!(search.body(), Some(br#"{"email":"ann@x.cz"}"#.as_slice()));
    /// ```
    pub fn search(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path).reads()
    }

    /// Deletes. A dry run has no `writes`.
    ///
    /// ```
    /// use quietus_plugin::http;
    ///
    /// let request = quietus_plugin::Request::from([("guest_id", "g-7")]);
    /// if let Some(writes) = request.writes() {
    ///     let delete = http::Request::delete("/guests", writes).segment("g-7");
    ///     assert_eq!((delete.method(), delete.target().as_str()), (&http::Method::DELETE, "/guests/g-7"));
    /// }
    /// ```
    pub fn delete(path: impl Into<String>, writes: Writes<'_>) -> Self {
        Self::new(Method::DELETE, path).writes(writes)
    }

    /// Changes something by POST. It is retried only when it surely was not done, or when it is
    /// [`repeatable`](Request::repeatable).
    ///
    /// ```
    /// use quietus_plugin::http;
    ///
    /// fn forget(request: &quietus_plugin::Request, ids: &[u64]) -> Option<http::Request> {
    ///     Some(http::Request::post("/contacts/forget", request.writes()?).json(&ids))
    /// }
    ///
    /// let real = quietus_plugin::Request::from([("email", "ann@x.cz")]);
    /// assert!(forget(&real, &[7]).is_some());
    /// assert!(forget(&quietus_plugin::Request { dry_run: true, ..real }, &[7]).is_none());
    /// ```
    pub fn post(path: impl Into<String>, writes: Writes<'_>) -> Self {
        Self::new(Method::POST, path).writes(writes)
    }

    /// Gives the leave to change something. Without it, only GET, HEAD and what [`reads`](Request::reads) are sent.
    ///
    /// ```
    /// use quietus_plugin::http::{Method, Request};
    ///
    /// # let request = quietus_plugin::Request::from([("email", "ann@x.cz")]);
    /// # let Some(writes) = request.writes() else { unreachable!() };
    /// let blank = Request::new(Method::PATCH, "/contacts/7").writes(writes).json(&serde_json::json!({ "email": null }));
    /// assert_eq!(blank.method(), &Method::PATCH);
    /// ```
    #[must_use]
    pub fn writes(mut self, _: Writes<'_>) -> Self {
        self.leave = Leave::Granted;
        self
    }

    /// Says that it changes nothing, although its method could. Refused for PUT, PATCH and DELETE.
    ///
    /// ```
    /// use quietus_plugin::http::{Method, Request};
    ///
    /// let report = Request::new(Method::POST, "/reports/contacts").reads();
    /// assert_eq!(report.method(), &Method::POST);
    /// ```
    #[must_use]
    pub fn reads(mut self) -> Self {
        self.leave = Leave::Needless;
        self.repeatable = true;
        self
    }

    /// Says that doing it twice is like doing it once, so that [`Client::send`](super::Client::send) may try again.
    ///
    /// ```
    /// # let erasure = quietus_plugin::Request::from([("email", "ann@x.cz")]);
    /// # let Some(writes) = erasure.writes() else { unreachable!() };
    /// let delete = quietus_plugin::http::Request::post("/gdpr-delete", writes)
    ///     .header("Idempotency-Key", &erasure.idempotency_key)
    ///     .repeatable();
    /// # assert_eq!(delete.target(), "/gdpr-delete");
    /// ```
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Adds a value to the path, as one segment. Refused are an empty one, which would address the whole collection, and
    /// one with `.` or `..`, which would lead out of it.
    ///
    /// ```
    /// let notes = quietus_plugin::http::Request::get("/guests").segment("a/b").segment("notes");
    /// assert_eq!(notes.target(), "/guests/a%2Fb/notes");
    /// ```
    #[must_use]
    pub fn segment(mut self, value: &str) -> Self {
        if value.is_empty() || has_dots(value) {
            let text = "a value cannot stand in the path: it is empty, or would make a segment `.` or `..`";
            self.wrong = Some(PluginError::permanent(text));
        }
        self.path.push('/');
        self.path.push_str(&percent(value));
        self
    }

    /// Adds to the query.
    ///
    /// ```
    /// let find = quietus_plugin::http::Request::get("/people").query("q", "a&b=c");
    /// assert_eq!(find.target(), "/people?q=a%26b%3Dc");
    /// ```
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        self.query.push_str(&pairs([(name, value)]));
        self
    }

    /// Replaces path and query by a link within the system, as [`Client::within`](super::Client::within) gives it.
    ///
    /// ```
    /// let next = quietus_plugin::http::Request::get("/contacts").at("/api/contacts?page=2");
    /// assert_eq!(next.target(), "/api/contacts?page=2");
    /// ```
    #[must_use]
    pub fn at(mut self, target: &str) -> Self {
        self.path = target.to_owned();
        self.query = String::new();
        self.complete = true;
        self
    }

    /// Sets a header.
    ///
    /// ```
    /// let request = quietus_plugin::http::Request::get("/contacts").header("X-Tenant", "62");
    /// # assert_eq!(request.target(), "/contacts");
    /// ```
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes())) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.wrong = Some(PluginError::permanent("a value cannot stand in a header")),
        }
        self
    }

    /// Sets a JSON body.
    ///
    /// ```
    /// let tag = quietus_plugin::http::Request::search("/search").json(&["ann@x.cz"]);
    /// assert_eq!(tag.body(), Some(br#"["ann@x.cz"]"#.as_slice()));
    /// ```
    #[must_use]
    pub fn json(mut self, body: &impl Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.body = Some(("application/json", bytes)),
            Err(_) => self.wrong = Some(PluginError::permanent("the body is not JSON")),
        }
        self
    }

    /// Sets the body to a form.
    ///
    /// ```
    /// let search = quietus_plugin::http::Request::search("/search").form([("email", "ann@x.cz")]);
    /// assert_eq!(search.body(), Some(b"email=ann%40x.cz".as_slice()));
    /// ```
    #[must_use]
    pub fn form<'p>(mut self, fields: impl IntoIterator<Item = (&'p str, &'p str)>) -> Self {
        self.body = Some(("application/x-www-form-urlencoded", pairs(fields).into_bytes()));
        self
    }

    /// Sets a body of another kind, such as XML.
    ///
    /// ```
    /// let delete = quietus_plugin::http::Request::search("/bucket").bytes("application/xml", "<Delete/>");
    /// assert_eq!(delete.body(), Some(b"<Delete/>".as_slice()));
    /// ```
    #[must_use]
    pub fn bytes(mut self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some((content_type, body.into()));
        self
    }

    /// Leaves the answer's body unread: its status says all.
    ///
    /// ```
    /// let exists = quietus_plugin::http::Request::get("/exports/7").status_only();
    /// # assert_eq!(exists.target(), "/exports/7");
    /// ```
    #[must_use]
    pub fn status_only(mut self) -> Self {
        self.status_only = true;
        self
    }

    /// Says that it also keeps to the rate of a class of requests, where the client has one: see
    /// [`Client::rate`](super::Client::rate).
    ///
    /// ```
    /// let find = quietus_plugin::http::Request::search("/contacts/search").paced_as("search");
    /// # assert_eq!(find.target(), "/contacts/search");
    /// ```
    #[must_use]
    pub fn paced_as(mut self, class: &'static str) -> Self {
        self.class = Some(class);
        self
    }

    /// Says that it counts as so many requests of its class: some systems count units, of which one request costs more than another.
    ///
    /// ```
    /// let list = quietus_plugin::http::Request::get("/messages").paced_as("units").counting_as(5);
    /// # assert_eq!(list.target(), "/messages");
    /// ```
    #[must_use]
    pub fn counting_as(mut self, requests: u32) -> Self {
        self.counts = requests;
        self
    }

    /// The method.
    ///
    /// ```
    /// use quietus_plugin::http::{Method, Request};
    /// assert_eq!(Request::search("/x").method(), &Method::POST);
    /// ```
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Path and query, encoded, below the base URL. May hold identifiers: not for logs.
    ///
    /// ```
    /// let find = quietus_plugin::http::Request::get("/people").segment("7").query("full", "1");
    /// assert_eq!(find.target(), "/people/7?full=1");
    /// ```
    pub fn target(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The body's bytes.
    ///
    /// ```
    /// assert_eq!(quietus_plugin::http::Request::get("/people").body(), None);
    /// ```
    pub fn body(&self) -> Option<&[u8]> {
        self.body.as_ref().map(|(_, bytes)| bytes.as_slice())
    }

    /// Whether it may be sent at all.
    pub(super) fn check(&self) -> Result<(), PluginError> {
        if let Some(wrong) = &self.wrong {
            return Err(wrong.clone());
        }
        // Otherwise it would go on with the host's name.
        if !self.path.is_empty() && !self.path.starts_with('/') {
            return Err(PluginError::permanent("the path does not begin with `/`"));
        }
        let needless = !matches!(self.method, Method::PUT | Method::PATCH | Method::DELETE);
        match self.leave {
            Leave::Granted => Ok(()),
            Leave::Needless if needless => Ok(()),
            Leave::No if matches!(self.method, Method::GET | Method::HEAD) => Ok(()),
            _ => Err(PluginError::permanent(format!("{} changes something and was given no leave to", self.method))),
        }
    }

    /// Whether it may be sent again when it may have been done.
    pub(super) fn may_repeat(&self) -> bool {
        self.repeatable
    }

    /// Whether its target already holds the base URL's path.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(super) fn content_type(&self) -> Option<&'static str> {
        self.body.as_ref().map(|(content_type, _)| *content_type)
    }

    pub(super) fn class(&self) -> Option<&'static str> {
        self.class
    }

    pub(super) fn counts(&self) -> u32 {
        self.counts
    }

    pub(super) fn reads_body(&self) -> bool {
        !self.status_only
    }
}

impl fmt::Debug for Request {
    /// Shows no value: identifiers stand in the path, the query and the body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("method", &self.method).field("leave", &self.leave).finish_non_exhaustive()
    }
}
