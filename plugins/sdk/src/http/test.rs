//! A system for tests of plugins: an HTTP/1.1 server on the loopback interface, which answers as it is
//! told and keeps what it saw as it came over the wire.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::lock::lock;

/// A request that came.
///
/// ```
/// use quietus_plugin::http::test::{Reply, Seen, Server};
///
/// fn answer(seen: &Seen) -> Reply {
///     match (seen.method.as_str(), seen.header("authorization")) {
///         (_, None) => Reply::empty(401),
///         ("POST", _) => Reply::json(200, &seen.json()),
///         _ => Reply::empty(405),
///     }
/// }
/// let echo = Server::start(answer);
/// # assert!(echo.seen().is_empty());
/// ```
#[derive(Clone, Debug)]
pub struct Seen {
    /// In capitals.
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    /// Names and values, as they came.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Seen {
    /// A header's value.
    ///
    /// ```
    /// # use quietus_plugin::http::test::{Reply, Server};
    /// let guarded = Server::start(|seen| Reply::empty(if seen.header("x-key").is_some() { 204 } else { 401 }));
    /// # assert!(guarded.lines().is_empty());
    /// ```
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body, which must be JSON.
    ///
    /// ```
    /// # use quietus_plugin::http::test::{Reply, Server};
    /// let search = Server::start(|seen| match seen.json()["email"].as_str() {
    ///     Some("ann@x.cz") => Reply::text(200, r#"{ "ids": [7] }"#),
    ///     _ => Reply::text(200, r#"{ "ids": [] }"#),
    /// });
    /// # assert!(search.lines().is_empty());
    /// ```
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a test's request has a JSON body")
    }
}

/// How a request is answered.
///
/// ```
/// use quietus_plugin::http::test::Reply;
///
/// let busy = Reply::empty(503).with("Retry-After", "120");
/// assert!(matches!(busy, Reply::Full(503, headers, _) if headers.len() == 1));
/// ```
pub enum Reply {
    /// Status, headers, body.
    Full(u16, Vec<(&'static str, String)>, String),
    /// The connection is closed without a word.
    HangUp,
    /// The connection stays open, and nothing comes.
    Silence,
}

impl Reply {
    /// With a JSON body.
    ///
    /// ```
    /// # use quietus_plugin::http::test::Reply;
    /// let found = Reply::json(200, &serde_json::json!({ "results": [] }));
    /// assert!(matches!(found, Reply::Full(200, _, body) if body == r#"{"results":[]}"#));
    /// ```
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, &body.to_string())
    }

    /// With a body.
    ///
    /// ```
    /// # use quietus_plugin::http::test::Reply;
    /// assert!(matches!(Reply::text(502, "<h1>Bad gateway</h1>"), Reply::Full(502, _, _)));
    /// ```
    pub fn text(status: u16, body: &str) -> Self {
        Self::Full(status, Vec::new(), body.to_owned())
    }

    /// Without a body.
    ///
    /// ```
    /// # use quietus_plugin::http::test::Reply;
    /// assert!(matches!(Reply::empty(204), Reply::Full(204, _, body) if body.is_empty()));
    /// ```
    pub fn empty(status: u16) -> Self {
        Self::text(status, "")
    }

    /// With one more header.
    ///
    /// ```
    /// # use quietus_plugin::http::test::Reply;
    /// let moved = Reply::empty(302).with("Location", "https://evil.example/");
    /// # assert!(matches!(moved, Reply::Full(302, ..)));
    /// ```
    #[must_use]
    pub fn with(mut self, header: &'static str, value: &str) -> Self {
        if let Self::Full(_, headers, _) = &mut self {
            headers.push((header, value.to_owned()));
        }
        self
    }
}

/// The server. It ends with the test's process.
///
/// ```
/// use quietus_plugin::http::test::{Reply, Server};
/// # use quietus_plugin::http::{Client, Request, Settings};
///
/// let crm = Server::start(|seen| Reply::empty(if seen.method == "GET" { 404 } else { 405 }));
/// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
/// # let call = quietus_plugin::Call::unattended();
/// assert!(client.send(&Request::get("/contacts/7"), &call)?.gone());
/// assert_eq!(crm.lines(), ["GET /contacts/7"]);
/// # Ok::<(), quietus_plugin::PluginError>(())
/// ```
pub struct Server {
    /// `http://127.0.0.1:` and a port that was free.
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Starts; the function answers one request after the other.
    ///
    /// ```
    /// # use quietus_plugin::http::test::{Reply, Server};
    /// let mut contacts = vec!["7", "8"];
    /// let crm = Server::start(move |seen| {
    ///     let before = contacts.len();
    ///     contacts.retain(|id| seen.target != format!("/contacts/{id}"));
    ///     Reply::empty(if contacts.len() < before { 204 } else { 404 })
    /// });
    /// assert!(crm.url.starts_with("http://127.0.0.1:"));
    /// ```
    pub fn start(answer: impl FnMut(&Seen) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on this machine");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&seen);
        let answer = Arc::new(Mutex::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (Arc::clone(&answer), Arc::clone(&log));
                // Each by itself: somebody else's client, whose server had this port before, can connect and be silent.
                std::thread::spawn(move || serve(&stream, &answer, &log));
            }
        });
        Self { url, seen }
    }

    /// All requests so far.
    ///
    /// ```
    /// # use quietus_plugin::http::test::{Reply, Server};
    /// # use quietus_plugin::http::{Client, Request, Settings};
    /// # let crm = Server::start(|_| Reply::empty(200));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// client.send(&Request::get("/").header("X-Tenant", "62"), &quietus_plugin::Call::unattended())?;
    /// assert_eq!(crm.seen()[0].header("x-tenant"), Some("62"));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.seen).clone()
    }

    /// Method and target of all requests so far.
    ///
    /// ```
    /// # use quietus_plugin::http::test::{Reply, Server};
    /// let crm = Server::start(|_| Reply::empty(200));
    /// assert!(crm.lines().is_empty(), "a dry run without a search asks nobody");
    /// ```
    pub fn lines(&self) -> Vec<String> {
        self.seen().iter().map(|seen| format!("{} {}", seen.method, seen.target)).collect()
    }
}

fn serve(
    mut stream: &TcpStream,
    answer: &Mutex<impl FnMut(&Seen) -> Reply>,
    log: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    // Somebody else's client, who asks a server that had this port before: in another protocol, or with nothing.
    if !line.contains(" HTTP/1.") {
        return Ok(());
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut seen = Seen { method, target, headers, body: String::new() };
    let length = seen.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    seen.body = String::from_utf8_lossy(&body).into_owned();
    let mut answer = lock(answer);
    let reply = answer(&seen);
    lock(log).push(seen);
    drop(answer);
    let (status, headers, body) = match reply {
        Reply::Full(status, headers, body) => (status, headers, body),
        Reply::HangUp => return Ok(()),
        Reply::Silence => loop {
            std::thread::park();
        },
    };
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    // A 204 has no length (RFC 9110, 8.6).
    let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    stream.write_all(format!("HTTP/1.1 {status} X\r\n{length}Connection: close\r\n{headers}\r\n{body}").as_bytes())
}
