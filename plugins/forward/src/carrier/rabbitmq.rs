//! RabbitMQ: a persistent message enters; the broker's confirm says that a queue has it on disk.

use std::future::poll_fn;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_core::Stream;
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::tcp::OwnedTLSConfig;
use lapin::types::{FieldTable, LongString, ShortString};
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, ErrorKind, Event};
use quietus_plugin::{Call, PluginError, Secrets, Writes, tls};

use super::carries::{Carries, Handed};
use crate::message::Message;
use crate::plaintext::check_plaintext;
use crate::{config, runtime, told};

/// The delivery mode of a message that is to be on disk.
const PERSISTENT: u8 = 2;
/// The longest of AMQP's short strings, in bytes.
const SHORT_MAX: usize = 255;
/// How long a goodbye is waited for: what was confirmed stays so, whatever comes then.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long the broker's reason is waited for, where it has closed a channel: it comes with the close.
const REASON: Duration = Duration::from_secs(1);
/// Said at the end of a connection: AMQP's "reply success".
const DONE: u16 = 200;

pub(super) struct RabbitMq {
    uri: AMQPUri,
    tls: OwnedTLSConfig,
    exchange: ShortString,
    routing_key: ShortString,
}

impl RabbitMq {
    pub(super) fn make(settings: config::RabbitMq, secrets: &Secrets) -> Result<Self, String> {
        let mut uri: AMQPUri =
            settings.url.parse().map_err(|_| "url: it is not like `amqps://host/vhost`".to_owned())?;
        if settings.url.contains('@') {
            return Err("url: user and password do not belong there: see `user` and `secret`".into());
        }
        if uri.scheme == AMQPScheme::AMQP {
            check_plaintext(&uri.authority.host, settings.allow_plaintext).map_err(|why| format!("url: {why}"))?;
        }
        let password = secrets.require(&settings.secret).map_err(|error| format!("secret: {}", error.message))?;
        uri.authority.userinfo.username = settings.user;
        uri.authority.userinfo.password = password.expose().to_owned();
        let cert_chain = settings.ca_file.as_deref().map(read_text).transpose()?;
        let short = |name: &str, text: String| match text.len() {
            0..=SHORT_MAX => Ok(ShortString::from(text)),
            _ => Err(format!("{name}: it is longer than {SHORT_MAX} bytes")),
        };
        Ok(Self {
            uri,
            tls: OwnedTLSConfig { identity: None, cert_chain },
            exchange: short("exchange", settings.exchange)?,
            routing_key: short("routing_key", settings.routing_key)?,
        })
    }

    async fn connect(&self) -> Result<(Connection, Channel), PluginError> {
        let name = LongString::from(concat!("quietus-forward/", env!("CARGO_PKG_VERSION")));
        let properties = ConnectionProperties::default().with_connection_name(name);
        let runtime = lapin::runtime::default_runtime().map_err(failed)?;
        let connecting = Connection::connect_uri_with_config(self.uri.clone(), properties, self.tls.clone(), runtime);
        let connection = connecting.await.map_err(failed)?;
        let channel = connection.create_channel().await.map_err(failed)?;
        Ok((connection, channel))
    }

    /// Publishes nothing within a transaction that is rolled back: the broker checks at once whether the exchange is there and
    /// whether the user may write to it, and would route at the end only
    /// (<https://www.rabbitmq.com/docs/semantics>, <https://www.rabbitmq.com/docs/access-control>).
    async fn may_publish(&self, channel: &Channel) -> Tried {
        channel.tx_select().await?;
        let exchange = self.exchange.clone();
        let key = self.routing_key.clone();
        let options = BasicPublishOptions::default();
        let published = channel.basic_publish(exchange, key, options, &[], BasicProperties::default());
        // What is wrong with it closes the channel, so that the next answer is the reason.
        let _sent = published.await?;
        channel.tx_rollback().await?;
        if self.exchange.as_str().is_empty() {
            // To the default exchange, the key is a queue's name.
            let passive = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
            let declared = channel.queue_declare(self.routing_key.clone(), passive, FieldTable::default()).await;
            match declared {
                Err(error) if is_missing(&error) => return Ok(Err(unrouted())),
                declared => drop(declared?),
            }
        }
        Ok(Ok(()))
    }

    async fn publish(&self, channel: &Channel, message: &Message) -> Tried {
        // Without confirms, publishing ends when the socket has the message, and one that is lost after that would
        // count as handed on.
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        let properties = BasicProperties::default()
            .with_delivery_mode(PERSISTENT)
            .with_content_type("application/json".into())
            .with_message_id(message.id.as_str().into())
            .with_type(message.asks.as_str().into())
            .with_timestamp(u64::try_from(message.at.as_second()).unwrap_or_default())
            .with_app_id("quietus".into());
        // `mandatory`, as the broker also confirms a message that no queue takes, and drops it.
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let exchange = self.exchange.clone();
        let key = self.routing_key.clone();
        let publishing = channel.basic_publish(exchange, key, options, &message.body, properties);
        let confirmed = publishing.await?.await?;
        if confirmed.is_nack() {
            return Ok(Err(PluginError::retryable("RabbitMQ could not store the message (a nack)")));
        }
        Ok(if confirmed.take_message().is_some() { Err(unrouted()) } else { Ok(()) })
    }

    /// Does something over a connection of its own.
    async fn over(&self, work: impl AsyncFnOnce(&Channel) -> Tried) -> Result<(), PluginError> {
        let (connection, channel) = self.connect().await?;
        let told = connection.events_listener();
        match work(&channel).await {
            // What the broker has taken it has: how the connection ends changes nothing.
            Ok(done) => {
                part(connection).await;
                done
            }
            // The broker has closed the channel before it was used the next time; why is told beside.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidChannelState(..)) => {
                let reason = tokio::time::timeout(REASON, first_error(told)).await.ok().flatten();
                Err(failed(reason.unwrap_or(error)))
            }
            Err(error) => Err(failed(error)),
        }
    }
}

/// What came of it, where the connection has not failed.
type Tried = Result<Result<(), PluginError>, lapin::Error>;

/// The first one of which a connection tells.
async fn first_error(told: impl Stream<Item = Event>) -> Option<lapin::Error> {
    let mut told = pin!(told);
    while let Some(event) = poll_fn(|context| told.as_mut().poll_next(context)).await {
        if let Event::Error(error) = event {
            return Some(error);
        }
    }
    None
}

impl Carries for RabbitMq {
    fn name(&self) -> &'static str {
        "RabbitMQ"
    }

    fn keeps(&self) -> Option<&'static str> {
        Some(told::RABBITMQ_KEEPS)
    }

    fn hand_on(&self, message: &Message, call: &Call, _: Writes<'_>) -> Result<Handed, PluginError> {
        runtime::run(call, self.over(async |channel| self.publish(channel, message).await)).map(|()| Handed::Confirmed)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        runtime::run(call, self.over(async |channel| self.may_publish(channel).await))
    }
}

/// Ends a connection in good order, if the broker does not let that wait.
async fn part(connection: Connection) {
    let _ended = tokio::time::timeout(GOODBYE, connection.close(DONE, "done".into())).await;
}

fn read_text(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("ca_file: cannot read {}: {}", path.display(), error.kind()))
}

fn unrouted() -> PluginError {
    PluginError::needs_operator("no queue takes the message: bind one to the exchange and the routing key")
}

fn is_missing(error: &lapin::Error) -> bool {
    let ErrorKind::ProtocolError(refused) = error.kind() else { return false };
    matches!(refused.kind(), AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}

/// What a person must change is told apart from what passes. The broker's own text could quote the message.
fn failed(error: lapin::Error) -> PluginError {
    let kind = error.kind();
    match kind {
        ErrorKind::ProtocolError(refused) => match refused.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => PluginError::needs_operator(
                "RabbitMQ refuses the user or the password, or the user lacks the permission to `write` to the exchange",
            ),
            AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND) => {
                PluginError::needs_operator("there is no such exchange in RabbitMQ")
            }
            AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED) => {
                PluginError::needs_operator("RabbitMQ does not let the user into the virtual host")
            }
            other => PluginError::retryable(format!("RabbitMQ refused: {other}")),
        },
        ErrorKind::AuthProviderError(_) => PluginError::needs_operator("the user and password cannot be sent"),
        ErrorKind::IOError(error) if tls::distrusts(&**error) => {
            PluginError::needs_operator("RabbitMQ's certificate is not trusted (see `ca_file`), or it offers no TLS")
        }
        ErrorKind::IOError(error) => {
            PluginError::retryable(format!("the connection to RabbitMQ failed: {}", error.kind()))
        }
        ErrorKind::MissingHeartbeatError => PluginError::retryable("RabbitMQ went silent"),
        _ => PluginError::retryable("the connection to RabbitMQ was lost"),
    }
}
