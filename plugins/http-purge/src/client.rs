//! The HTTP client: a request enters, a status and a body leave. Keeps to one host, to the rate and to the call's
//! deadline; follows no redirect. No error text of it holds a URL, as identifiers stand there.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quietus_plugin::{Call, PluginError, Secrets, Sensitive};
use ureq::AsSendBody;
use ureq::http::{self, HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::config::{Auth, Config};
use crate::pace::Pace;
use crate::token::Tokens;

/// The largest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 8 << 20;
const TIMEOUT: Duration = Duration::from_secs(30);
/// The longest pause that a system may ask for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Requests per second, unless the configuration says otherwise.
const RATE: f64 = 5.0;

pub(crate) struct Client {
    agent: ureq::Agent,
    /// Scheme and authority.
    origin: String,
    /// Of `base_url`, without a `/` at its end.
    base_path: String,
    auth: Authorization,
    pace: Pace,
    timeout: Duration,
}

enum Authorization {
    None,
    Header(HeaderValue),
    Oauth2(Tokens),
}

/// A request below the base URL.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    /// Path and query, encoded, the base path included.
    pub(crate) target: String,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Option<(&'static str, Vec<u8>)>,
    /// Whether the answer says more than its status.
    pub(crate) reads_body: bool,
}

pub(crate) struct Incoming {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
pub(crate) struct Failure {
    pub(crate) error: PluginError,
    /// Whether the system may have acted on the request all the same.
    pub(crate) unsure: bool,
}

/// Which part of an answer is waited for.
#[derive(Clone, Copy)]
enum Wanted {
    Status,
    Body,
}

impl Client {
    pub(crate) fn make(config: &Config, secrets: &Secrets) -> Result<Self, String> {
        let base = address(&config.base_url, config.allow_plaintext).map_err(|why| format!("base_url: {why}"))?;
        if base.query().is_some() {
            return Err("base_url: it has a query; that goes into `query`".into());
        }
        let tls = TlsConfig::builder()
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(roots(config)?)
            .build();
        let timeout = config.timeout.map_or(TIMEOUT, |span| span.0);
        // Connecting has a shorter time of its own: what ran out there was certainly not sent.
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(timeout))
            .timeout_resolve(Some(timeout / 3))
            .timeout_connect(Some(timeout / 3))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .tls_config(tls)
            .user_agent(concat!("quietus-http-purge/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            origin: origin(&base),
            base_path: base.path().trim_end_matches('/').to_owned(),
            auth: authorization(config, secrets)?,
            pace: Pace::new(config.rate.unwrap_or(RATE)).map_err(|why| format!("rate: {why}"))?,
            timeout,
        })
    }

    pub(crate) fn base_path(&self) -> &str {
        &self.base_path
    }

    /// Path and query of a link in an answer; `None` when it leads elsewhere.
    pub(crate) fn within<'a>(&self, link: &'a str) -> Option<&'a str> {
        let target = link.strip_prefix(&self.origin).unwrap_or(link);
        (target.starts_with('/') && !target.starts_with("//")).then_some(target)
    }

    /// Sends a request. A token that is refused is renewed once.
    pub(crate) fn send(&self, request: &Outgoing, call: &Call) -> Result<Incoming, Failure> {
        let Authorization::Oauth2(tokens) = &self.auth else {
            let header = match &self.auth {
                Authorization::Header(header) => Some(header.clone()),
                _ => None,
            };
            return self.send_as(request, header, call);
        };
        let token = self.token(tokens, call)?;
        let answer = self.send_as(request, Some(bearer(&token)?), call)?;
        if answer.status != 401 {
            return Ok(answer);
        }
        tokens.refused(&token);
        let token = self.token(tokens, call)?;
        self.send_as(request, Some(bearer(&token)?), call)
    }

    /// Tries the credentials, where that is possible without a request of the operator's.
    pub(crate) fn log_in(&self, call: &Call) -> Result<(), PluginError> {
        match &self.auth {
            Authorization::Oauth2(tokens) => self.token(tokens, call).map(|_| ()),
            _ => Ok(()),
        }
    }

    fn token(&self, tokens: &Tokens, call: &Call) -> Result<Sensitive, PluginError> {
        tokens.get(|form| {
            let request = http::Request::post(tokens.url.clone())
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .header(header::ACCEPT, "application/json");
            let answer = self.exchange(request, Some(form.as_bytes()), Wanted::Body, call)?;
            Ok((answer.status, answer.body))
        })
    }

    fn send_as(
        &self,
        outgoing: &Outgoing,
        authorization: Option<HeaderValue>,
        call: &Call,
    ) -> Result<Incoming, Failure> {
        let uri = format!("{}{}", self.origin, outgoing.target);
        let mut request = http::Request::builder().method(outgoing.method.clone()).uri(uri);
        request = request.header(header::ACCEPT, "application/json");
        if let Some((content_type, _)) = &outgoing.body {
            request = request.header(header::CONTENT_TYPE, *content_type);
        }
        if let Some(authorization) = authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        if let Some(headers) = request.headers_mut() {
            for (name, value) in &outgoing.headers {
                headers.insert(name, value.clone());
            }
        }
        let wanted = if outgoing.reads_body { Wanted::Body } else { Wanted::Status };
        self.exchange(request, outgoing.body.as_ref().map(|(_, body)| body.as_slice()), wanted, call)
    }

    fn exchange(
        &self,
        request: http::request::Builder,
        body: Option<&[u8]>,
        wanted: Wanted,
        call: &Call,
    ) -> Result<Incoming, Failure> {
        self.pace.wait(call)?;
        let unbuilt = |_| PluginError::permanent("the request cannot be built: a value does not fit into it");
        let answer = match body {
            Some(body) => self.run(request.body(body).map_err(unbuilt)?, call)?,
            None => self.run(request.body(()).map_err(unbuilt)?, call)?,
        };
        let status = answer.status().as_u16();
        let retry_after = retry_after(answer.headers(), SystemTime::now());
        let body = match wanted {
            Wanted::Body => answer.into_body().into_with_config().limit(ANSWER_BYTES_MAX).read_to_vec(),
            Wanted::Status => Ok(Vec::new()),
        };
        Ok(Incoming { status, retry_after, body: body.map_err(|e| failed(&e))? })
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

impl From<PluginError> for Failure {
    /// Of what went wrong before anything was sent.
    fn from(error: PluginError) -> Self {
        Self { error, unsure: false }
    }
}

impl From<Failure> for PluginError {
    fn from(failure: Failure) -> Self {
        failure.error
    }
}

/// RFC 9110, 10.2.3: seconds, or a date.
fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or_default(),
    };
    Some(pause.min(RETRY_AFTER_MAX))
}

fn bearer(token: &Sensitive) -> Result<HeaderValue, PluginError> {
    HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| PluginError::needs_operator("the token cannot stand in a header"))
}

/// What went wrong, without the library's own text where that could hold the URL.
fn failed(error: &ureq::Error) -> Failure {
    let sure = Failure::from;
    let unsure = |error| Failure { error, unsure: true };
    match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) | ureq::Error::ConnectionFailed => {
            sure(PluginError::retryable("the system cannot be reached"))
        }
        ureq::Error::Timeout(_) => unsure(PluginError::retryable("the system did not answer in time")),
        ureq::Error::HostNotFound => sure(PluginError::retryable("the system's host was not found")),
        ureq::Error::Io(e) if is_certificate(e) => {
            sure(PluginError::needs_operator("the system's certificate is not trusted (see `ca_file`)"))
        }
        ureq::Error::Io(e) => {
            let error = PluginError::retryable(format!("the connection failed: {}", e.kind()));
            Failure { error, unsure: e.kind() != io::ErrorKind::ConnectionRefused }
        }
        ureq::Error::Rustls(e) => sure(PluginError::retryable(format!("TLS failed: {e}"))),
        ureq::Error::BodyExceedsLimit(_) => {
            unsure(PluginError::permanent(format!("the answer is larger than {ANSWER_BYTES_MAX} bytes")))
        }
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            sure(PluginError::permanent("the request cannot be sent: a value does not fit into it"))
        }
        _ => unsure(PluginError::retryable("the request failed")),
    }
}

fn is_certificate(error: &io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
}

fn authorization(config: &Config, secrets: &Secrets) -> Result<Authorization, String> {
    let secret = |name: &str| secrets.require(name).cloned().map_err(|e| format!("auth: {e}"));
    let header =
        |text: String| HeaderValue::from_str(&text).map_err(|_| "auth: it cannot stand in a header".to_owned());
    Ok(match &config.auth {
        None => Authorization::None,
        Some(Auth::Bearer { secret: name }) => {
            Authorization::Header(header(format!("Bearer {}", secret(name)?.expose()))?)
        }
        Some(Auth::Basic { user, secret: name }) => {
            let pair = format!("{user}:{}", secret(name)?.expose());
            Authorization::Header(header(format!("Basic {}", STANDARD.encode(pair)))?)
        }
        Some(Auth::Oauth2 { token_url, client_id, secret: name, scope }) => Authorization::Oauth2(Tokens {
            url: address(token_url, config.allow_plaintext).map_err(|why| format!("auth.oauth2.token_url: {why}"))?,
            client_id: client_id.clone(),
            secret: secret(name)?,
            scope: scope.clone(),
            cached: Mutex::default(),
        }),
    })
}

/// A URL that requests may go to.
fn address(url: &str, allow_plaintext: bool) -> Result<Uri, String> {
    let uri: Uri = url.parse().map_err(|_| format!("`{url}` is not a URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("`{url}` is not a URL with a scheme and a host"));
    };
    if authority.as_str().contains('@') {
        return Err("it holds a user or a password; those go into `auth`".into());
    }
    match scheme {
        "https" => Ok(uri),
        "http" if allow_plaintext || is_loopback(authority.host()) => Ok(uri),
        "http" => Err(format!("`{url}` is not encrypted; use https, or set `allow_plaintext`")),
        _ => Err(format!("`{url}` is neither https nor http")),
    }
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
}

fn origin(uri: &Uri) -> String {
    let authority = uri.authority().map_or("", http::uri::Authority::as_str);
    format!("{}://{authority}", uri.scheme_str().unwrap_or("https"))
}

/// The system's authorities, and the operator's beside them.
fn roots(config: &Config) -> Result<RootCerts, String> {
    let Some(file) = &config.ca_file else { return Ok(RootCerts::PlatformVerifier) };
    let shown = file.display();
    let pem = std::fs::read(file).map_err(|e| format!("ca_file {shown}: {e}"))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            _ => return Err(format!("ca_file {shown}: something in it is not a certificate")),
        }
    }
    if certificates.is_empty() {
        return Err(format!("ca_file {shown}: there is no certificate in it"));
    }
    let system = rustls_native_certs::load_native_certs().certs;
    certificates.extend(system.iter().map(|der| Certificate::from_der(der).to_owned()));
    Ok(RootCerts::from(certificates))
}
