//! By mail. Each who gets it is asked for by itself, so that nobody who is refused, or keeps the server silent, keeps it from another.

use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, Message as Mail};
use tokio::time::timeout;

use super::message::{Message, Reached, Taken};
use super::settings::EmailSettings;
use crate::causes::with_causes;
use crate::chain;
use crate::keys::ReadSecret;
use crate::mail::{MailServer, auto_submitted};

/// For so long the next one waits for the one before. Not without end, as that may take as long as it likes; and not at once, as some
/// servers refuse who has many connections.
const SLOW: Duration = Duration::from_secs(2);

/// A mail server, and who gets mail through it.
pub(super) struct Email {
    server: MailServer,
    from: Mailbox,
    to: Vec<Mailbox>,
}

impl Email {
    pub(super) fn new(settings: &EmailSettings, base: &Path, read: ReadSecret<'_>) -> Result<Self, (String, String)> {
        // Not the address itself: it is somebody's.
        let mailbox = |key: &str, text: &String| {
            let what = "is not an address such as `ops@example.com`";
            text.parse::<Mailbox>().map_err(|_| (format!("email.{key}"), what.to_owned()))
        };
        let from = mailbox("from", &settings.from)?;
        let to = settings.to.iter().map(|text| mailbox("to", text)).collect::<Result<Vec<_>, _>>()?;
        let server = MailServer::new(&settings.server(), base, read);
        let server = server.map_err(|(key, what)| (format!("email.{key}"), what))?;
        Ok(Self { server, from, to })
    }

    /// Sends it to all who are not in `reached`, and says of each who has taken it. The error names the others by their place in `to`.
    pub(super) async fn send(&self, message: &Message, reached: &Reached, taken: &Taken) -> Result<(), String> {
        let mail = self.mail(message).map_err(|error| with_causes(&error))?.formatted();
        let mut asked = reached.clone();
        let (mut under_way, mut failed) = (Vec::<Sending<'_>>::new(), Vec::new());
        for (index, to) in self.to.iter().enumerate() {
            let digest = chain::hash(to.email.to_string().as_bytes());
            // Also who is written twice.
            if !asked.insert(digest.clone()) {
                continue;
            }
            under_way.push(Box::pin(self.send_to(index, to, digest, &mail, taken)));
            if let Ok(Some(Err(why))) = timeout(SLOW, first(&mut under_way)).await {
                failed.push(why);
            }
        }
        while let Some(sent) = first(&mut under_way).await {
            failed.extend(sent.err());
        }
        failed.sort();
        let failed: Vec<_> = failed.into_iter().map(|(index, why)| format!("email.to.{}: {why}", index + 1)).collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("; ")) }
    }

    async fn send_to(
        &self,
        index: usize,
        to: &Mailbox,
        digest: String,
        mail: &[u8],
        taken: &Taken,
    ) -> Result<(), (usize, String)> {
        let envelope = Envelope::new(Some(self.from.email.clone()), vec![to.email.clone()]);
        let envelope = envelope.map_err(|error| (index, with_causes(&error)))?;
        self.server.send(&envelope, mail).await.map_err(|why| (index, why.reason()))?;
        // Nobody hears it where nobody wants to know.
        let _ = taken.send(digest);
        Ok(())
    }

    /// Connects, encrypts and logs in.
    pub(super) async fn connect(&self) -> Result<(), String> {
        self.server.connect().await
    }

    /// The same each time that it is sent, its id included.
    fn mail(&self, message: &Message) -> Result<Mail, lettre::error::Error> {
        let mut builder = Mail::builder()
            .from(self.from.clone())
            .subject(format!("quietus: {}", message.summary()))
            .date(message.at.into())
            .message_id(Some(format!("<{}@{}>", message.id, self.from.email.domain())))
            .header(ContentType::TEXT_PLAIN)
            .raw_header(auto_submitted());
        for to in &self.to {
            builder = builder.to(to.clone());
        }
        builder.body(message.body())
    }
}

/// A mail that is being sent to somebody.
type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), (usize, String)>> + Send + 'a>>;

/// What came of the one that ends first; it is no longer among them then. Not tasks of their own: who holds a lease for all of them
/// stops all of them.
async fn first(all: &mut Vec<Sending<'_>>) -> Option<Result<(), (usize, String)>> {
    poll_fn(|context| {
        for index in 0..all.len() {
            if let Poll::Ready(sent) = all[index].as_mut().poll(context) {
                drop(all.swap_remove(index));
                return Poll::Ready(Some(sent));
            }
        }
        if all.is_empty() { Poll::Ready(None) } else { Poll::Pending }
    })
    .await
}
