//! By a mail server. Each who gets a mail is asked for by itself: one address that is refused keeps it from no other.

use std::path::Path;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message as Mail};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{AsyncSmtpTransportBuilder, Error};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use quietus_plugin::is_loopback;
use tokio::time::timeout;

use super::message::{Message, Reached};
use super::settings::{EmailSettings, SmtpTls};
use crate::causes::with_causes;
use crate::chain;
use crate::keys::ReadSecret;

/// How long the server may take to answer, and how long all of it may take for one address.
const ANSWER_MAX: Duration = Duration::from_secs(15);
const MAIL_MAX: Duration = Duration::from_secs(30);

/// Of what a server says.
const CHARS_MAX: usize = 200;

/// A mail server, and who gets mail through it.
pub(super) struct Email {
    server: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    pub(super) fn new(settings: &EmailSettings, base: &Path, read: ReadSecret<'_>) -> Result<Self, (String, String)> {
        let at = |key: &str| format!("email.{key}");
        // Not the address itself: it is somebody's.
        let mailbox = |key: &str, text: &String| {
            let what = "is not an address such as `ops@example.com`";
            text.parse::<Mailbox>().map_err(|_| (at(key), what.to_owned()))
        };
        let from = mailbox("from", &settings.from)?;
        let to = settings.to.iter().map(|text| mailbox("to", text)).collect::<Result<Vec<_>, _>>()?;
        let mut builder = server(settings, base)?;
        if let Some(user) = &settings.user {
            let reference = settings.password.as_ref().ok_or_else(|| (at("password"), "is missing".to_owned()))?;
            let password = read(reference).map_err(|error| (at("password"), error.to_string()))?;
            builder = builder.credentials(Credentials::new(user.clone(), password.expose().to_owned()));
        }
        Ok(Self { server: builder.timeout(Some(ANSWER_MAX)).build(), from, to })
    }

    pub(super) async fn send(&self, message: &Message, reached: &mut Reached) -> Result<(), String> {
        let mail = self.mail(message).map_err(|error| with_causes(&error))?.formatted();
        let mut failed = Vec::new();
        for (index, to) in self.to.iter().enumerate() {
            let known = chain::hash(to.email.to_string().as_bytes());
            if reached.contains(&known) {
                continue;
            }
            match self.send_to(to, &mail).await {
                Ok(()) => _ = reached.insert(known),
                Err(why) => failed.push(format!("email.to.{}: {why}", index + 1)),
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }

    async fn send_to(&self, to: &Mailbox, mail: &[u8]) -> Result<(), String> {
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()]);
        let envelope = envelope.map_err(|error| with_causes(&error))?;
        match timeout(MAIL_MAX, self.server.send_raw(&envelope, mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(in_words(&error)),
            Err(_) => Err("the mail server does not answer in time".to_owned()),
        }
    }

    /// Connects, encrypts and logs in.
    pub(super) async fn connect(&self) -> Result<(), String> {
        match timeout(MAIL_MAX, self.server.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("the mail server does not answer as one".to_owned()),
            Ok(Err(error)) => Err(in_words(&error)),
            Err(_) => Err("the mail server does not answer in time".to_owned()),
        }
    }

    /// The same each time that it is sent, its id included.
    fn mail(&self, message: &Message) -> Result<Mail, lettre::error::Error> {
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .subject(format!("quietus: {}", message.summary()))
            .date(message.at.into())
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()));
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        builder.body(message.body())
    }
}

/// Says that no program should answer (RFC 3834).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

fn server(settings: &EmailSettings, base: &Path) -> Result<AsyncSmtpTransportBuilder, (String, String)> {
    // lettre's TLS takes the process's provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let wrong = |key: &str, what: String| (format!("email.{key}"), what);
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(settings.server.as_str());
    let parameters = || {
        let mut tls = TlsParameters::builder(settings.server.clone());
        if let Some(path) = &settings.ca_file {
            let path = base.join(path);
            let pem = std::fs::read(&path);
            let pem = pem.map_err(|error| wrong("ca_file", format!("{}: {error}", path.display())))?;
            let what = || wrong("ca_file", format!("{}: holds no certificate in PEM", path.display()));
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| what())?);
        }
        tls.build().map_err(|error| wrong("tls", with_causes(&error)))
    };
    let (port, tls) = match settings.tls {
        SmtpTls::Starttls => (587, Tls::Required(parameters()?)),
        SmtpTls::Implicit => (465, Tls::Wrapper(parameters()?)),
        SmtpTls::None if settings.allow_plaintext || is_loopback(&settings.server) => (25, Tls::None),
        SmtpTls::None => {
            let what =
                "mail and password would be sent unencrypted; use `starttls` or `implicit`, or set `allow_plaintext`";
            return Err(wrong("tls", what.to_owned()));
        }
    };
    Ok(builder.port(settings.port.unwrap_or(port)).tls(tls))
}

/// What went wrong. What the server says is shown without the addresses in it.
fn in_words(error: &Error) -> String {
    let said = error.to_string();
    let words = said.split_whitespace().map(|word| if word.contains('@') { "…" } else { word });
    words.collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(CHARS_MAX).collect()
}
