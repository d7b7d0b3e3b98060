//! A mail with a link: made of the settings, with their secrets read.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use lettre::address::{Address, Envelope};
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message};
use zeroize::Zeroizing;

use super::settings::ConfirmationSettings;
use super::words::{self, About};
use crate::causes::with_causes;
use crate::erasure::confirmation::{LinkBounds, LinkToken};
use crate::keys::{ReadSecret, Secret, fill_random};
use crate::language::Lang;
use crate::mail::{MailServer, NotSent, auto_submitted};

/// How much mail one address gets: whoever fills in forms with somebody else's address must not be able to flood them.
const TO_ONE_IN_AN_HOUR: u32 = 3;
const TO_ONE_IN_A_DAY: u32 = 6;

/// Longer than sending a mail can take.
const LEASE: Duration = Duration::from_secs(120);

/// Sends mails with links.
pub(crate) struct LinkMailer {
    server: MailServer,
    from: Mailbox,
    company: String,
    languages: Vec<Lang>,
    /// What a token stands behind.
    base: String,
    pub(super) bounds: LinkBounds,
}

/// What is wrong with `[confirmation]`: the key, and what is wrong there.
#[derive(Debug, thiserror::Error)]
#[error("{key}: {what}")]
pub(crate) struct MailerWrong {
    key: String,
    what: String,
}

impl LinkMailer {
    pub(crate) fn new(
        settings: &ConfirmationSettings,
        public_url: Option<&str>,
        base: &Path,
        read: ReadSecret<'_>,
    ) -> Result<Self, MailerWrong> {
        let wrong = |key: String, what: String| MailerWrong { key, what };
        // Not the address itself: it may be somebody's.
        let from = settings.from.parse::<Mailbox>();
        let from =
            from.map_err(|_| wrong("from".to_owned(), "is not an address such as `Acme <a@example.com>`".to_owned()))?;
        let server = MailServer::new(&settings.mail_server, base, read);
        let server = server.map_err(|(key, what)| wrong(format!("mail_server.{key}"), what))?;
        let url = public_url.ok_or_else(|| wrong("".to_owned(), "links need `server.public_url`".to_owned()))?;
        Ok(Self {
            server,
            from,
            company: settings.company.clone(),
            languages: settings.languages.clone(),
            base: format!("{}/confirm/", url.trim_end_matches('/')),
            bounds: LinkBounds {
                to_one_in_an_hour: TO_ONE_IN_AN_HOUR,
                to_one_in_a_day: TO_ONE_IN_A_DAY,
                in_an_hour: settings.mails_per_hour.get(),
                valid_for: settings.valid_for.0,
                lease: LEASE,
            },
        })
    }

    /// Sends a link to a mailbox.
    pub(super) async fn send(
        &self,
        to: &Secret,
        about: About,
        token: &LinkToken,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), NotSent> {
        let (envelope, mail) = self.mail(to, about, token, expires, now).map_err(NotSent::Refused)?;
        self.server.send(&envelope, &mail).await
    }

    /// Connects, encrypts and logs in.
    pub(crate) async fn connect(&self) -> Result<(), String> {
        self.server.connect().await
    }

    /// The errors name neither the address nor the link.
    fn mail(
        &self,
        to: &Secret,
        about: About,
        token: &LinkToken,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(Envelope, Zeroizing<Vec<u8>>), String> {
        let to: Address = to.expose().parse().map_err(|_| "its address is none that mail can be sent to".to_owned())?;
        let url = Zeroizing::new(format!("{}{}", self.base, *token.to_text()));
        let mut id = [0; 16];
        fill_random(&mut id);
        let message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(words::subject(&self.languages, &self.company))
            .date(now.into())
            .message_id(Some(format!("<{}@{}>", hex::encode(id), self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(auto_submitted())
            .body(words::body(&self.languages, about, &self.company, &url, expires));
        let message = message.map_err(|error| with_causes(&error))?;
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to]);
        Ok((envelope.map_err(|error| with_causes(&error))?, Zeroizing::new(message.formatted())))
    }
}
