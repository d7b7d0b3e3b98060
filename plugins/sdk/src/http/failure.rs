//! Why there is no answer: maps the HTTP library's error to a protocol error, without the library's own text where
//! that could hold the URL.

use std::io;

use super::response::ANSWER_BYTES_MAX;
use crate::PluginError;
use crate::tls::distrusts;

/// Why a request has no answer that can be used. `?` makes a [`PluginError`] of it.
///
/// ```
/// use quietus_plugin::http::{Client, Request, Settings};
/// use quietus_plugin::{Call, ErrorClass, Secrets};
///
/// let nobody = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
/// let settings = Settings { base_url: format!("http://{nobody}"), ..Settings::default() };
/// let client = Client::new(&settings, &Secrets::default()).expect("settings");
/// let failure = client.exchange(&Request::get("/contacts"), &Call::unattended()).expect_err("nobody listens");
/// assert_eq!((failure.error.class, failure.unsure), (ErrorClass::Retryable, false));
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", error.message)]
pub struct Failure {
    /// What to tell the host.
    pub error: PluginError,
    /// Whether the system may have acted on the request all the same.
    pub unsure: bool,
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

pub(super) fn failed(error: &ureq::Error) -> Failure {
    let sure = Failure::from;
    let unsure = |error| Failure { error, unsure: true };
    match error {
        ureq::Error::Timeout(ureq::Timeout::Resolve | ureq::Timeout::Connect) | ureq::Error::ConnectionFailed => {
            sure(PluginError::retryable("the system cannot be reached"))
        }
        ureq::Error::Timeout(_) => unsure(PluginError::retryable("the system did not answer in time")),
        ureq::Error::HostNotFound => sure(PluginError::retryable("the system's host was not found")),
        ureq::Error::Io(e) if distrusts(e) => sure(PluginError::needs_operator(
            "the system's certificate is not trusted (see `ca_file`), or it speaks no TLS",
        )),
        ureq::Error::Io(e) => {
            // Only a connection that was refused has certainly carried nothing.
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
