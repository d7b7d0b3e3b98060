//! A mail server, as a client of it sees it: a connection for each mail, bounded in time.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use quietus_plugin::is_loopback;
use tokio::time::{Instant, timeout, timeout_at};

use super::settings::{MailServerSettings, SmtpTls};
use crate::causes::with_causes;
use crate::keys::ReadSecret;

/// How long connecting may take, and how long all of it may take for one mail: a server may look into what it is sent before it takes it.
const CONNECT_MAX: Duration = Duration::from_secs(15);
const MAIL_MAX: Duration = Duration::from_secs(60);

/// How long a server may take to answer once it has taken a mail.
const GOODBYE_MAX: Duration = Duration::from_secs(1);

/// Why a mail was not handed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotSent {
    /// The server is not there, or lets nobody in: that is not due to the mail.
    Away(String),
    /// It does not take this mail.
    Refused(String),
    /// It may have taken it.
    Unclear(String),
}

impl NotSent {
    pub(crate) fn reason(self) -> String {
        match self {
            Self::Away(why) | Self::Refused(why) | Self::Unclear(why) => why,
        }
    }
}

/// Where mail is handed over.
pub(crate) struct MailServer {
    name: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<Credentials>,
}

enum Encryption {
    Starttls(TlsParameters),
    Implicit(TlsParameters),
    None,
}

impl MailServer {
    /// What is wrong comes with its key.
    pub(crate) fn new(
        settings: &MailServerSettings,
        base: &Path,
        read: ReadSecret<'_>,
    ) -> Result<Self, (&'static str, String)> {
        let (port, encryption) = encryption(settings, base)?;
        let credentials = match &settings.user {
            None => None,
            Some(user) => {
                let reference = settings.password.as_ref().ok_or_else(|| ("password", "is missing".to_owned()))?;
                let password = read(reference).map_err(|error| ("password", error.to_string()))?;
                Some(Credentials::new(user.clone(), password.expose().to_owned()))
            }
        };
        Ok(Self { name: settings.server.clone(), port: settings.port.unwrap_or(port), encryption, credentials })
    }

    /// Hands a mail over. Once the server has taken it, that counts, whatever it does then: nobody is to get it twice.
    pub(crate) async fn send(&self, envelope: &Envelope, mail: &[u8]) -> Result<(), NotSent> {
        let end = Instant::now() + MAIL_MAX;
        let mut connection = in_time(end, self.connected()).await.map_err(NotSent::Away)?;
        let sent = timeout_at(end, connection.send(envelope, mail)).await;
        match sent {
            Ok(Ok(_)) => ended(connection).await,
            Ok(Err(error)) if error.status().is_some() => return Err(NotSent::Refused(in_words(&error))),
            Ok(Err(error)) => return Err(NotSent::Unclear(in_words(&error))),
            Err(_) => return Err(NotSent::Unclear(LATE.to_owned())),
        }
        Ok(())
    }

    /// Connects, encrypts and logs in.
    pub(crate) async fn connect(&self) -> Result<(), String> {
        ended(in_time(Instant::now() + MAIL_MAX, self.connected()).await?).await;
        Ok(())
    }

    async fn connected(&self) -> Result<AsyncSmtpConnection, Error> {
        let (place, own) = ((self.name.as_str(), self.port), ClientId::default());
        let wrapper = match &self.encryption {
            Encryption::Implicit(tls) => Some(tls.clone()),
            Encryption::Starttls(_) | Encryption::None => None,
        };
        let mut connection = AsyncSmtpConnection::connect_tokio1(place, Some(CONNECT_MAX), &own, wrapper, None).await?;
        if let Encryption::Starttls(tls) = &self.encryption {
            connection.starttls(tls.clone(), &own).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

/// Says goodbye. What the server makes of that is its own affair.
async fn ended(mut connection: AsyncSmtpConnection) {
    let _ = timeout(GOODBYE_MAX, connection.quit()).await;
}

/// What a server answers, if it does so in time.
async fn in_time<T>(end: Instant, answer: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    match timeout_at(end, answer).await {
        Ok(answered) => answered.map_err(|error| in_words(&error)),
        Err(_) => Err(LATE.to_owned()),
    }
}

const LATE: &str = "the mail server does not answer in time";

fn encryption(settings: &MailServerSettings, base: &Path) -> Result<(u16, Encryption), (&'static str, String)> {
    // lettre's TLS takes the process's provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let parameters = || {
        let mut tls = TlsParameters::builder(settings.server.clone());
        if let Some(path) = &settings.ca_file {
            let path = base.join(path);
            let pem = std::fs::read(&path);
            let pem = pem.map_err(|error| ("ca_file", format!("{}: {error}", path.display())))?;
            let what = || ("ca_file", format!("{}: holds no certificate in PEM", path.display()));
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| what())?);
        }
        tls.build().map_err(|error| ("tls", with_causes(&error)))
    };
    match settings.tls {
        SmtpTls::Starttls => Ok((587, Encryption::Starttls(parameters()?))),
        SmtpTls::Implicit => Ok((465, Encryption::Implicit(parameters()?))),
        SmtpTls::None if settings.allow_plaintext || is_loopback(&settings.server) => Ok((25, Encryption::None)),
        SmtpTls::None => {
            let what =
                "mail and password would be sent unencrypted; use `starttls` or `implicit`, or set `allow_plaintext`";
            Err(("tls", what.to_owned()))
        }
    }
}

/// What went wrong. Of what the server says, the codes alone: the rest may repeat anything that it was sent, a password included.
fn in_words(error: &Error) -> String {
    if let Some(code) = error.status() {
        let enhanced = error.source().and_then(|said| enhanced(&said.to_string())).unwrap_or_default();
        let then = if error.is_transient() { "not now" } else { "refused" };
        return format!("the mail server answers {code}{enhanced}: {then}");
    }
    if error.is_response() {
        return "the mail server answers what is no SMTP".to_owned();
    }
    error.to_string()
}

/// The code of RFC 3463 with which an answer begins.
fn enhanced(said: &str) -> Option<String> {
    let code = said.split_whitespace().next()?;
    let parts: Vec<_> = code.split('.').collect();
    let is_code = parts
        .iter()
        .zip([1, 3, 3])
        .all(|(part, most)| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
    (parts.len() == 3 && is_code).then(|| format!(" {code}"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;
    use crate::keys::Secret;

    /// What is said of a server that answers a login so.
    async fn said_of(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            let mut stream = BufReader::new(stream);
            stream.write_all(b"220 mail ESMTP\r\n").await.expect("written");
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                let sent = std::mem::take(&mut line);
                let answer = match sent.split_whitespace().next() {
                    Some("EHLO") => "250-mail\r\n250 AUTH PLAIN LOGIN\r\n".to_owned(),
                    Some("AUTH") => answer.replace("{sent}", sent.trim()),
                    _ => "250 yes\r\n".to_owned(),
                };
                if stream.write_all(answer.as_bytes()).await.is_err() {
                    break;
                }
            }
        });
        let settings = "server = \"127.0.0.1\"\ntls = \"none\"\nuser = \"quietus\"\npassword = { env = \"P\" }\n";
        let settings = toml::from_str(&format!("{settings}port = {port}\n")).expect("settings");
        let read = |_: &_| Ok(Secret::new("hunter2hunter2"));
        let mail_server = MailServer::new(&settings, Path::new("."), &read).expect("a server");
        let said = mail_server.connect().await.expect_err("it does not let us in");
        server.abort();
        said
    }

    #[tokio::test]
    async fn nothing_that_a_server_repeats_is_shown() {
        let base64 = "AHF1aWV0dXMAaHVudGVyMmh1bnRlcjI=";
        for (answer, expected) in [
            ("535 5.7.8 hunter2hunter2 {sent} for a@example.com\r\n", "the mail server answers 535 5.7.8: refused"),
            ("535 {sent}\r\n", "the mail server answers 535: refused"),
            ("454-hunter2hunter2\r\n454 4.7.0 {sent}\r\n", "the mail server answers 454: not now"),
            ("{sent} hunter2hunter2\r\n", "the mail server answers what is no SMTP"),
            ("535 5.7.8.hunter2hunter2 no\r\n", "the mail server answers 535: refused"),
        ] {
            let said = said_of(answer).await;
            assert_eq!(said, expected);
            assert!(!said.contains("hunter2") && !said.contains(base64), "{said}");
        }
    }
}
