//! The client: sends a request, and returns the answer or why there is none.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::{Duration, Instant};

use ureq::AsSendBody;
use ureq::http::{self, HeaderName, HeaderValue, header};

use super::address::{address, origin, target_of};
use super::authorization::Authorization;
use super::credentials::bearer;
use super::echo;
use super::failure::failed;
use super::pace::{Pace, wait_until};
use super::response::ANSWER_BYTES_MAX;
use super::token::Tokens;
use super::{Failure, Request, Response, Settings, tls};
use crate::{Call, ErrorClass, PluginError, Secrets, Sensitive};

const TIMEOUT: Duration = Duration::from_secs(30);
/// Requests per second, unless the settings say otherwise.
const RATE: f64 = 5.0;
/// The most that the settings may say.
const RATE_MAX: u32 = 1_000;
/// How often [`Client::send`] tries.
const ATTEMPTS_MAX: u32 = 3;
/// The first pause between attempts; each further one is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// Of a system's own words, in an error.
const QUOTED_CHARS_MAX: usize = 200;
/// A longer `Retry-After` is left to the host, which meanwhile does other things.
const PAUSE_MAX: Duration = Duration::from_secs(10);

/// A blocking client for one system. One serves all calls of a plugin.
///
/// ```
/// use quietus_plugin::http::test::{Reply, Server};
/// use quietus_plugin::http::{Client, Request, Settings};
/// use quietus_plugin::{Call, Secrets};
///
/// let crm = Server::start(|_| Reply::json(200, &serde_json::json!([{ "id": 7 }])));
/// let settings = Settings { base_url: format!("{}/api", crm.url), ..Settings::default() };
/// let client = Client::new(&settings, &Secrets::default())?;
/// let found = client.send(&Request::get("/contacts").query("email", "ann@x.cz"), &Call::unattended())?;
/// assert_eq!(found.json::<serde_json::Value>()?[0]["id"], 7);
/// assert_eq!(crm.lines(), ["GET /api/contacts?email=ann%40x.cz"]);
/// # Ok::<(), quietus_plugin::PluginError>(())
/// ```
pub struct Client {
    agent: ureq::Agent,
    /// Scheme and authority.
    origin: String,
    /// Of `base_url`, without a `/` at its end.
    base_path: String,
    auth: Authorization,
    /// What no answer is quoted with.
    secrets: Secrets,
    pace: Pace,
    /// Of classes of requests, beside the general one.
    paces: BTreeMap<&'static str, Pace>,
    timeout: Duration,
}

/// Which part of an answer is waited for.
#[derive(Clone, Copy)]
enum Wanted {
    Status,
    Body,
}

impl Client {
    /// Of settings; connects to nobody. The error names the setting that is wrong.
    ///
    /// ```
    /// use quietus_plugin::http::{Client, Settings};
    ///
    /// let settings = Settings { base_url: "http://crm.example".into(), ..Settings::default() };
    /// let refused = Client::new(&settings, &Default::default()).err().expect("not encrypted");
    /// assert!(refused.message.starts_with("base_url: "), "{refused}");
    /// ```
    pub fn new(settings: &Settings, secrets: &Secrets) -> Result<Self, PluginError> {
        Self::make(settings, secrets).map_err(PluginError::needs_operator)
    }

    fn make(settings: &Settings, secrets: &Secrets) -> Result<Self, String> {
        let base = address(&settings.base_url, settings.allow_plaintext).map_err(|why| format!("base_url: {why}"))?;
        if base.query().is_some() {
            return Err("base_url: it has a query; that goes into the requests".into());
        }
        let timeout = settings.timeout.map_or(TIMEOUT, |span| span.0);
        if timeout.is_zero() {
            return Err("timeout: no request takes no time".into());
        }
        let own_name = concat!("quietus-plugin/", env!("CARGO_PKG_VERSION"));
        // Connecting has a shorter time of its own: what ran out there was certainly not sent.
        // No redirect is followed: it would carry identifiers and credentials to where no operator has sent them.
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .timeout_resolve(Some(timeout / 3))
            .timeout_connect(Some(timeout / 3))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            // The environment may name a proxy; identifiers go only to what the operator has configured.
            .proxy(None)
            .tls_config(tls::config(settings.ca_file.as_deref())?)
            .user_agent(settings.user_agent.as_deref().unwrap_or(own_name))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            origin: origin(&base),
            base_path: base.path().trim_end_matches('/').to_owned(),
            auth: Authorization::make(settings, secrets)?,
            secrets: secrets.clone(),
            pace: Pace::new(settings.rate.unwrap_or(RATE), RATE_MAX).map_err(|why| format!("rate: {why}"))?,
            paces: BTreeMap::new(),
            timeout,
        })
    }

    /// Adds a rate for a class of requests, which they keep to beside the general one; see
    /// [`Request::paced_as`].
    ///
    /// ```
    /// use quietus_plugin::http::{Client, Request, Settings};
    ///
    /// // 19 requests per second, of which four may be searches.
    /// let settings = Settings { base_url: "https://crm.example".into(), rate: Some(19.0), ..Settings::default() };
    /// let client = Client::new(&settings, &Default::default())?.rate("search", 4.0)?;
    /// let find = Request::search("/contacts/search").paced_as("search");
    /// assert!(Client::new(&settings, &Default::default())?.rate("search", 0.0).is_err());
    /// # drop((client, find));
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn rate(mut self, class: &'static str, per_second: f64) -> Result<Self, PluginError> {
        // Of a class, one request may count as many.
        let pace = Pace::new(per_second, 1_000 * RATE_MAX);
        let pace = pace.map_err(|why| PluginError::needs_operator(format!("the rate of `{class}`: {why}")))?;
        self.paces.insert(class, pace);
        Ok(self)
    }

    /// Path and query of a link in the answer to a request, for [`Request::at`]; `None` when it leads elsewhere. It may be relative to
    /// what was asked (RFC 3986, 5.2); scheme and host are the same in capitals, too, and with the scheme's own port.
    ///
    /// ```
    /// use quietus_plugin::http::{Client, Request, Settings};
    ///
    /// let settings = Settings { base_url: "https://crm.example/api".into(), ..Settings::default() };
    /// let client = Client::new(&settings, &Default::default())?;
    /// let asked = Request::get("/contacts").query("page", "1");
    /// let within = |link| client.within(link, &asked);
    /// assert_eq!(within("https://CRM.example:443/api/contacts?page=2").as_deref(), Some("/api/contacts?page=2"));
    /// assert_eq!(within("?page=2").as_deref(), Some("/api/contacts?page=2"));
    /// assert_eq!(within("https://evil.example/"), None);
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn within(&self, link: &str, asked: &Request) -> Option<String> {
        let base_path = if asked.is_complete() { "" } else { &self.base_path };
        target_of(link, &self.origin, &format!("{base_path}{}", asked.target()))
    }

    /// Sends a request, up to three times within the call, and gives back answers that are a success or say that
    /// nothing is there; [`Response::check`] tells what the others become.
    ///
    /// It tries again after what is retryable, and after a `Retry-After` of at most 10 s; only when the call's time
    /// suffices, and only what may be repeated or surely was not done. [`Response::erased`] knows of the attempts before.
    ///
    /// ```
    /// use quietus_plugin::http::test::{Reply, Server};
    /// # use quietus_plugin::http::{Client, Request, Settings};
    ///
    /// let mut busy = true;
    /// let crm = Server::start(move |_| match std::mem::take(&mut busy) {
    ///     true => Reply::empty(429).with("Retry-After", "0"),
    ///     false => Reply::json(200, &serde_json::json!([])),
    /// });
    /// # let settings = Settings { base_url: crm.url.clone(), rate: Some(1000.0), ..Settings::default() };
    /// # let client = Client::new(&settings, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// assert_eq!(client.send(&Request::get("/contacts"), &call)?.status(), 200);
    /// assert_eq!(crm.lines().len(), 2);
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn send(&self, request: &Request, call: &Call) -> Result<Response, Failure> {
        self.send_judged(request, call, Response::check)
    }

    /// As [`Client::send`], where the system's own words say more than its statuses do: the function tells what an answer
    /// becomes.
    ///
    /// ```
    /// use quietus_plugin::http::test::{Reply, Server};
    /// # use quietus_plugin::http::{Client, Request, Response, Settings};
    /// use quietus_plugin::{ErrorClass, PluginError};
    ///
    /// fn judge(answer: &Response) -> Result<(), PluginError> {
    ///     match (answer.status(), answer.body()) {
    ///         (403, b"too many requests") => Err(PluginError::rate_limited(answer.retry_after())),
    ///         _ => answer.check(),
    ///     }
    /// }
    ///
    /// let crm = Server::start(|_| Reply::text(403, "too many requests"));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let failed = client.send_judged(&Request::get("/contacts"), &call, judge).expect_err("too many");
    /// assert_eq!(failed.error.class, ErrorClass::RateLimited);
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn send_judged(
        &self,
        request: &Request,
        call: &Call,
        judge: impl Fn(&Response) -> Result<(), PluginError>,
    ) -> Result<Response, Failure> {
        let mut unsure = false;
        let mut attempt = 0;
        loop {
            attempt += 1;
            let (error, acted) = match self.exchange(request, call) {
                Ok(answer) => match judge(&answer) {
                    Ok(()) => return Ok(Response { unsure_before: unsure, ..answer }),
                    Err(error) => (error, answer.unsure()),
                },
                Err(failure) => (failure.error, failure.unsure),
            };
            // Over all attempts: the last one's answer says nothing of what an earlier one did.
            unsure |= acted;
            let again = attempt < ATTEMPTS_MAX && (request.may_repeat() || !acted);
            let pause = again.then(|| pause_after(&error, attempt)).flatten();
            let pause = pause.filter(|pause| call.remaining().is_none_or(|left| left > *pause));
            let Some(pause) = pause else { return Err(Failure { error, unsure }) };
            wait_until(Instant::now() + pause, call).map_err(|error| Failure { error, unsure })?;
        }
    }

    /// Sends a request once and gives back whatever the answer is. A token that is refused is renewed once.
    ///
    /// ```
    /// use quietus_plugin::http::test::{Reply, Server};
    /// # use quietus_plugin::http::{Client, Request, Settings};
    ///
    /// let crm = Server::start(|_| Reply::empty(423));
    /// # let client = Client::new(&Settings { base_url: crm.url.clone(), ..Settings::default() }, &Default::default())?;
    /// # let call = quietus_plugin::Call::unattended();
    /// let answer = client.exchange(&Request::get("/contacts/7"), &call)?;
    /// assert_eq!(answer.status(), 423, "locked: this vendor's word for a legal hold");
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn exchange(&self, request: &Request, call: &Call) -> Result<Response, Failure> {
        request.check()?;
        let Authorization::Oauth2(tokens) = &self.auth else {
            let header = match &self.auth {
                Authorization::Header(name, value) => Some((name.clone(), value.clone())),
                _ => None,
            };
            return self.send_as(request, header, call);
        };
        let token = self.token(tokens, call)?;
        let answer = self.send_as(request, Some((header::AUTHORIZATION, bearer(&token)?)), call)?;
        if answer.status != 401 {
            return Ok(answer);
        }
        // What was answered 401 was not done, so that even what must not be repeated is sent again.
        tokens.refused(&token);
        let token = self.token(tokens, call)?;
        self.send_as(request, Some((header::AUTHORIZATION, bearer(&token)?)), call)
    }

    /// Tries the credentials where that needs no request of the plugin's: fetches an OAuth token.
    ///
    /// ```
    /// use quietus_plugin::http::{Client, Settings};
    /// use quietus_plugin::{Call, PluginError};
    ///
    /// fn health(client: &Client, call: &Call) -> Result<(), PluginError> {
    ///     client.log_in(call)
    /// }
    /// # let settings = Settings { base_url: "https://crm.example".into(), ..Settings::default() };
    /// # health(&Client::new(&settings, &Default::default())?, &Call::unattended())?;
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn log_in(&self, call: &Call) -> Result<(), PluginError> {
        match &self.auth {
            Authorization::Oauth2(tokens) => self.token(tokens, call).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The access token of the credentials, for a protocol other than HTTP that takes one, such as IMAP with XOAUTH2; `None`
    /// when the credentials are not OAuth 2.0.
    ///
    /// ```
    /// use quietus_plugin::http::test::{Reply, Server};
    /// # use quietus_plugin::http::{Client, Settings};
    /// # use quietus_plugin::{Call, Secrets, Sensitive};
    ///
    /// let login = Server::start(|_| Reply::json(200, &serde_json::json!({ "access_token": "t-1", "expires_in": 3600 })));
    /// let auth = serde_json::json!({ "oauth2": { "token_url": login.url, "client_id": "quietus", "secret": "key" } });
    /// let settings = Settings { base_url: login.url.clone(), auth: serde_json::from_value(auth)?, ..Settings::default() };
    /// let client = Client::new(&settings, &Secrets::new([("key".to_owned(), Sensitive::new("hunter2"))].into()))?;
    /// let token = client.access_token(&Call::unattended())?.expect("OAuth 2.0");
    /// assert_eq!(token.expose(), "t-1");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn access_token(&self, call: &Call) -> Result<Option<Sensitive>, PluginError> {
        match &self.auth {
            Authorization::Oauth2(tokens) => self.token(tokens, call).map(Some),
            _ => Ok(None),
        }
    }

    /// Forgets an access token that was refused, so that the next one is fetched.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Settings};
    /// use quietus_plugin::{Call, PluginError, Sensitive};
    ///
    /// fn renewed(client: &Client, refused: &Sensitive, call: &Call) -> Result<Option<Sensitive>, PluginError> {
    ///     client.access_token_refused(refused);
    ///     client.access_token(call)
    /// }
    /// # let settings = Settings { base_url: "https://crm.example".into(), ..Settings::default() };
    /// # let client = Client::new(&settings, &Default::default())?;
    /// # assert_eq!(renewed(&client, &Sensitive::new("t-1"), &Call::unattended())?, None);
    /// # Ok::<(), PluginError>(())
    /// ```
    pub fn access_token_refused(&self, token: &Sensitive) {
        if let Authorization::Oauth2(tokens) = &self.auth {
            tokens.refused(token);
        }
    }

    /// What an error may quote of a text of the system's: its first 200 characters, without control characters. `None` when a part of
    /// a secret or of the access token stands in it: systems repeat what they were sent, and redaction finds whole secrets only.
    ///
    /// ```
    /// # use quietus_plugin::http::{Client, Settings};
    /// # use quietus_plugin::{Secrets, Sensitive};
    /// let settings = Settings { base_url: "https://crm.example".into(), ..Settings::default() };
    /// let client = Client::new(&settings, &Secrets::new([("key".to_owned(), Sensitive::new("hunter2-hunter3"))].into()))?;
    /// assert_eq!(client.quotable("the scope contacts.write is missing").as_deref(), Some("the scope contacts.write is missing"));
    /// assert_eq!(client.quotable("invalid key hunter2-hun…"), None);
    /// # Ok::<(), quietus_plugin::PluginError>(())
    /// ```
    pub fn quotable(&self, text: &str) -> Option<String> {
        let token = match &self.auth {
            Authorization::Oauth2(tokens) => tokens.known(),
            _ => Vec::new(),
        };
        let header = match &self.auth {
            Authorization::Header(_, value) => Some(value.as_bytes()),
            _ => None,
        };
        let secrets = self.secrets.iter().chain(&token).map(|secret| secret.expose().as_bytes());
        match echo::repeats(text, secrets.chain(header)) {
            true => None,
            false => Some(text.chars().take(QUOTED_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()),
        }
    }

    fn token(&self, tokens: &Tokens, call: &Call) -> Result<Sensitive, PluginError> {
        tokens.get(call, |form, client| {
            let mut request = http::Request::post(tokens.url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ACCEPT, "application/json");
            if let Some(client) = client {
                request = request.header(header::AUTHORIZATION, client);
            }
            Ok(self.wire(request, Some(form.as_bytes()), Wanted::Body, call)?)
        })
    }

    fn send_as(
        &self,
        asked: &Request,
        authorization: Option<(HeaderName, HeaderValue)>,
        call: &Call,
    ) -> Result<Response, Failure> {
        // Its own class first: waiting for it must not use up a turn of the general rate.
        if let Some(pace) = asked.class().and_then(|class| self.paces.get(class)) {
            pace.wait(asked.counts(), call)?;
        }
        let base_path = if asked.is_complete() { "" } else { &self.base_path };
        let uri = format!("{}{base_path}{}", self.origin, asked.target());
        let mut request = http::Request::builder().method(asked.method().clone()).uri(uri);
        request = request.header(header::ACCEPT, "application/json");
        if let Some(content_type) = asked.content_type() {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(headers) = request.headers_mut() {
            headers.extend(authorization);
            headers.extend(asked.headers().clone());
        }
        let wanted = if asked.reads_body() { Wanted::Body } else { Wanted::Status };
        self.wire(request, asked.body(), wanted, call)
    }

    fn wire(
        &self,
        request: http::request::Builder,
        body: Option<&[u8]>,
        wanted: Wanted,
        call: &Call,
    ) -> Result<Response, Failure> {
        self.pace.wait(1, call)?;
        let unbuilt = |_| PluginError::permanent("the request cannot be built: a value does not fit into it");
        let answer = match body {
            Some(body) => self.run(request.body(body).map_err(unbuilt)?, call)?,
            None => self.run(request.body(()).map_err(unbuilt)?, call)?,
        };
        let (parts, body) = answer.into_parts();
        let body = match wanted {
            Wanted::Body => body.into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec().map_err(|e| failed(&e))?,
            Wanted::Status => Vec::new(),
        };
        Ok(Response { status: parts.status.as_u16(), headers: parts.headers, body, unsure_before: false })
    }

    /// Sends with the agent's time, or with what is left of the call's where that is less.
    fn run(&self, request: http::Request<impl AsSendBody>, call: &Call) -> Result<http::Response<ureq::Body>, Failure> {
        let answer = match call.remaining() {
            Some(left) if left.is_zero() => return Err(PluginError::retryable("the call's time is over").into()),
            Some(left) if left < self.timeout => {
                self.agent.run(self.agent.configure_request(request).timeout_global(Some(left)).build())
            }
            _ => self.agent.run(request),
        };
        answer.map_err(|e| failed(&e))
    }
}

/// How long to wait before trying again; `None` when that does not help, or is better left to the host.
fn pause_after(error: &PluginError, attempt: u32) -> Option<Duration> {
    match error.class {
        ErrorClass::Retryable => {
            let longest = PAUSE * 2_u32.saturating_pow(attempt - 1);
            // Between half of it and all of it, so that calls that failed together do not come back together.
            let part = RandomState::new().hash_one(attempt) % 512;
            Some(longest.mul_f64(0.5 + part as f64 / 1024.0))
        }
        ErrorClass::RateLimited => error.retry_after_ms.map(Duration::from_millis).filter(|pause| *pause <= PAUSE_MAX),
        _ => None,
    }
}
