//! NATS JetStream: a message enters; the stream's acknowledgement says that it is stored.

use std::time::Duration;

use async_nats::jetstream::context::{PublishError, PublishErrorKind};
use async_nats::jetstream::{self, message::PublishMessage};
use async_nats::{ConnectError, ConnectErrorKind, ConnectOptions, HeaderMap, ServerAddr, header};
use quietus_plugin::{Call, PluginError, Secrets, Sensitive, Writes, tls};

use super::carries::{Carries, Handed};
use super::refusals::{Refusal, Refusals};
use crate::config::{self, NatsAuth};
use crate::message::Message;
use crate::plaintext::check_plaintext;
use crate::{runtime, told};

/// A subject for replies that clients may not use. The server checks first whether the user may publish to the message's own
/// subject, then refuses this one, and routes nothing: `processInboundClientMsg` of nats-server, since 2.0.
const RESERVED: &str = "_R_.quietus";
/// A stream that nobody has. A message that expects it is stored by no other, should a server route it all the same:
/// <https://docs.nats.io/nats-concepts/jetstream/headers>.
const NO_STREAM: &str = "quietus-none";
/// How long the server may take to refuse it.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Pauses before a subject is tried again for which nobody answers: its stream may have no leader for a while.
/// <https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-22.md>
const PAUSES: [Duration; 3] = [Duration::from_millis(250), Duration::from_millis(500), Duration::from_secs(1)];

pub(super) struct Nats {
    server: ServerAddr,
    subject: String,
    auth: Option<Auth>,
    tls: Option<rustls::ClientConfig>,
}

enum Auth {
    Password(String, Sensitive),
    Token(Sensitive),
    Nkey(Sensitive),
    Credentials(Sensitive),
}

impl Nats {
    pub(super) fn make(settings: config::Nats, secrets: &Secrets) -> Result<Self, String> {
        let server: ServerAddr =
            settings.url.parse().map_err(|_| "url: it is not like `tls://host:4222`".to_owned())?;
        if settings.url.contains('@') {
            return Err("url: user and password do not belong there: see `auth`".into());
        }
        let tls = if settings.url.starts_with("tls://") {
            Some(tls::client(tls::roots(settings.ca_file.as_deref())?)?)
        } else if settings.url.starts_with("nats://") {
            check_plaintext(server.host(), settings.allow_plaintext).map_err(|why| format!("url: {why}"))?;
            None
        } else {
            return Err("url: allowed are `tls://` and `nats://`".into());
        };
        if !is_subject(&settings.subject) {
            return Err("subject: it is words joined by `.`, without spaces and wildcards".into());
        }
        let auth = settings.auth.map(|auth| Auth::make(auth, secrets)).transpose()?;
        Ok(Self { server, subject: settings.subject, auth, tls })
    }

    /// A connection, and what the server refuses on it.
    async fn connect(&self) -> Result<(async_nats::Client, Refusals), PluginError> {
        let mut options = ConnectOptions::new().name(concat!("quietus-forward/", env!("CARGO_PKG_VERSION")));
        // One connection to one server for one message: the caller retries.
        options = options.max_reconnects(1).ignore_discovered_servers();
        options = match &self.auth {
            None => options,
            Some(Auth::Password(user, password)) => {
                options.user_and_password(user.clone(), password.expose().to_owned())
            }
            Some(Auth::Token(token)) => options.token(token.expose().to_owned()),
            Some(Auth::Nkey(seed)) => options.nkey(seed.expose().to_owned()),
            Some(Auth::Credentials(file)) => options
                .credentials(file.expose())
                .map_err(|_| PluginError::needs_operator("the credentials are not those of a `.creds` file"))?,
        };
        if let Some(tls) = &self.tls {
            // Required: a server, or somebody on the way, that offers no TLS would get the credentials in the clear.
            options = options.require_tls(true).tls_client_config(tls.clone());
        }
        let (options, refusals) = Refusals::of(options);
        let client = options.connect(&self.server).await.map_err(|error| refused(&error))?;
        Ok((client, refusals))
    }

    async fn publish(&self, message: &Message) -> Result<(), PluginError> {
        let (client, mut refusals) = self.connect().await?;
        // Kept until the stream has answered: it closes the connection when it goes.
        let stream = jetstream::new(client);
        let body = message.body.to_vec();
        // JetStream drops an id that it has stored lately, so that a retry after a lost answer is not delivered twice.
        let publish = PublishMessage::build().payload(body.into()).message_id(&message.id);
        let publish = publish.header("Quietus-Type", message.asks.as_str());
        tokio::select! {
            stored = self.store(&stream, &publish) => stored.map_err(|error| failed(error.kind())),
            // A refusal is no answer to the message: waited for, it would be a time-out, and tried for ever.
            refusal = refusals.next() => Err(refusal.error()),
        }
    }

    async fn store(&self, stream: &jetstream::Context, publish: &PublishMessage) -> Result<(), PublishError> {
        let once = async || {
            let acknowledgement = stream.send_publish(self.subject.clone(), publish.clone()).await?;
            acknowledgement.await.map(drop)
        };
        for pause in PAUSES {
            match once().await {
                Err(error) if error.kind() == PublishErrorKind::StreamNotFound => tokio::time::sleep(pause).await,
                ended => return ended,
            }
        }
        once().await
    }

    /// Asks whether the user may publish, by a message that the server drops whatever the user may do.
    async fn may_publish(&self) -> Result<(), PluginError> {
        let lost = || PluginError::retryable("the connection to NATS was lost");
        let (client, mut refusals) = self.connect().await?;
        // Where acknowledgements come to.
        let _inbox = client.subscribe(client.new_inbox()).await.map_err(|_| lost())?;
        let subject = self.subject.clone();
        let sent = match client.server_info().headers {
            true => {
                let headers = HeaderMap::from_iter([(header::NATS_EXPECTED_STREAM, NO_STREAM.into())]);
                client.publish_with_reply_and_headers(subject, RESERVED, headers, Vec::new().into()).await
            }
            false => client.publish_with_reply(subject, RESERVED, Vec::new().into()).await,
        };
        sent.map_err(|_| lost())?;
        client.flush().await.map_err(|_| lost())?;
        match tokio::time::timeout(ANSWER_MAX, refusals.next()).await {
            Ok(Refusal::Reply) => Ok(()),
            Ok(refusal) => Err(refusal.error()),
            Err(_) => Err(PluginError::retryable("NATS does not answer")),
        }
    }
}

impl Auth {
    fn make(auth: NatsAuth, secrets: &Secrets) -> Result<Self, String> {
        let secret = |name: &str| secrets.require(name).cloned().map_err(|error| format!("auth: {}", error.message));
        Ok(match auth {
            NatsAuth::Password { user, secret: name } => Self::Password(user, secret(&name)?),
            NatsAuth::Token { secret: name } => Self::Token(secret(&name)?),
            NatsAuth::Nkey { secret: name } => Self::Nkey(secret(&name)?),
            NatsAuth::Credentials { secret: name } => Self::Credentials(secret(&name)?),
        })
    }
}

impl Carries for Nats {
    fn name(&self) -> &'static str {
        "NATS JetStream"
    }

    fn keeps(&self) -> Option<&'static str> {
        Some(told::NATS_KEEPS)
    }

    fn hand_on(&self, message: &Message, call: &Call, _: Writes<'_>) -> Result<Handed, PluginError> {
        runtime::run(call, self.publish(message)).map(|()| Handed::Confirmed)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        runtime::run(call, self.may_publish())
    }
}

fn is_subject(subject: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'));
    subject.split('.').all(word)
}

fn refused(error: &ConnectError) -> PluginError {
    if tls::distrusts(error) {
        return PluginError::needs_operator("NATS's certificate is not trusted (see `ca_file`), or it offers no TLS");
    }
    match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
            PluginError::needs_operator("NATS refuses the credentials")
        }
        kind => PluginError::retryable(format!("no connection to NATS: {kind}")),
    }
}

fn failed(kind: PublishErrorKind) -> PluginError {
    match kind {
        PublishErrorKind::StreamNotFound => {
            PluginError::needs_operator("no JetStream stream stores the subject: make one")
        }
        PublishErrorKind::MaxPayloadExceeded => {
            PluginError::permanent("the message is larger than NATS takes (`max_payload`)")
        }
        kind => PluginError::retryable(format!("NATS has not stored the message: {kind}")),
    }
}
