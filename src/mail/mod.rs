//! Handing mail over to the operator's mail server: for alerts, and for links that confirm. Knows neither what is sent nor why.

mod server;
mod settings;

pub(crate) use server::{MailServer, NotSent};
pub(crate) use settings::{MailServerSettings, SmtpTls};

use lettre::message::header::{HeaderName, HeaderValue};

/// Says that no program should answer (RFC 3834).
pub(crate) fn auto_submitted() -> HeaderValue {
    const NAME: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");
    HeaderValue::new(NAME, "auto-generated".to_owned())
}
