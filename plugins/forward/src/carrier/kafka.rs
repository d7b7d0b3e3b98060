//! Kafka: a record enters; the acknowledgement of all in-sync replicas says that it is stored.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use quietus_plugin::{Call, PluginError, Secrets, Writes, is_loopback, tls};
use rskafka::BackoffConfig;
use rskafka::chrono::DateTime;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use rskafka::record::Record;

use super::carries::{Carries, Handed};
use crate::config::{self, KafkaAuth};
use crate::message::Message;
use crate::{runtime, told};

/// How long one operation is tried anew by the client itself.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Kafka {
    brokers: Vec<String>,
    topic: String,
    tls: Option<Arc<rustls::ClientConfig>>,
    sasl: Option<SaslConfig>,
}

impl Kafka {
    pub(super) fn make(settings: config::Kafka, secrets: &Secrets) -> Result<Self, String> {
        let hosts = settings.brokers.iter().map(|broker| {
            let host = broker.rsplit_once(':').filter(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok());
            host.map(|(host, _)| host).ok_or_else(|| format!("brokers: `{broker}` is not like `host:9093`"))
        });
        let hosts: Vec<&str> = hosts.collect::<Result<_, _>>()?;
        let here = hosts.iter().all(|host| is_loopback(host));
        let encrypted = settings.ca_file.is_some() || !settings.allow_plaintext && !here;
        let tls = match encrypted {
            true => Some(Arc::new(tls::client(tls::roots(settings.ca_file.as_deref())?)?)),
            false => None,
        };
        let credentials = |user: String, name: &str| {
            let secret = secrets.require(name).map_err(|error| format!("auth: {}", error.message))?;
            Ok::<_, String>(Credentials::new(user, secret.expose().to_owned()))
        };
        let sasl = match settings.auth {
            None => None,
            Some(KafkaAuth::Plain { user, secret }) => Some(SaslConfig::Plain(credentials(user, &secret)?)),
            Some(KafkaAuth::ScramSha256 { user, secret }) => Some(SaslConfig::ScramSha256(credentials(user, &secret)?)),
            Some(KafkaAuth::ScramSha512 { user, secret }) => Some(SaslConfig::ScramSha512(credentials(user, &secret)?)),
        };
        Ok(Self { brokers: settings.brokers, topic: settings.topic, tls, sasl })
    }

    async fn connect(&self) -> Result<Client, PluginError> {
        let backoff = BackoffConfig { deadline: Some(PATIENCE), ..BackoffConfig::default() };
        let mut builder = ClientBuilder::new(self.brokers.clone()).backoff_config(backoff);
        builder = builder.client_id(concat!("quietus-forward/", env!("CARGO_PKG_VERSION")));
        if let Some(tls) = &self.tls {
            builder = builder.tls_config(Arc::clone(tls));
        }
        if let Some(sasl) = &self.sasl {
            builder = builder.sasl_config(sasl.clone());
        }
        builder.build().await.map_err(|error| failed(&error))
    }

    async fn publish(&self, message: &Message) -> Result<(), PluginError> {
        let client = self.connect().await?;
        let partition = self.partition(&client, &message.id).await?;
        let partition = client.partition_client(&*self.topic, partition, UnknownTopicHandling::Error).await;
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let record = Record {
            key: Some(message.id.as_bytes().to_vec()),
            value: Some(message.body.to_vec()),
            headers: BTreeMap::from([header("id", &message.id), header("type", message.asks.as_str())]),
            timestamp: DateTime::from_timestamp_millis(message.at.as_millisecond()).unwrap_or_default(),
        };
        let stored = match partition {
            Ok(partition) => partition.produce(vec![record], Compression::NoCompression).await,
            Err(error) => Err(error),
        };
        stored.map(drop).map_err(|error| failed(&error))
    }

    /// The partition of a key, the same as long as the topic has as many.
    async fn partition(&self, client: &Client, key: &str) -> Result<i32, PluginError> {
        let partitions = self.partitions(client).await?;
        // A hash with fixed keys: in another partition, a retried message could reach a consumer that has not seen the
        // first.
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let chosen = hasher.finish().checked_rem(partitions.len() as u64).and_then(|nth| usize::try_from(nth).ok());
        chosen.and_then(|nth| partitions.get(nth).copied()).ok_or_else(no_topic)
    }

    /// The topic's; one that the user may not see is not listed.
    async fn partitions(&self, client: &Client) -> Result<Vec<i32>, PluginError> {
        let topics = client.list_topics().await.map_err(|error| failed(&error))?;
        let topic = topics.into_iter().find(|topic| topic.name == self.topic).ok_or_else(no_topic)?;
        Ok(topic.partitions.into_iter().collect())
    }
}

impl Carries for Kafka {
    fn name(&self) -> &'static str {
        "Kafka"
    }

    fn keeps(&self) -> Option<&'static str> {
        Some(told::KAFKA_KEEPS)
    }

    fn hand_on(&self, message: &Message, call: &Call, _: Writes<'_>) -> Result<Handed, PluginError> {
        runtime::run(call, self.publish(message)).map(|()| Handed::Confirmed)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        runtime::run(call, async {
            let client = self.connect().await?;
            self.partitions(&client).await.map(drop)
        })
    }
}

fn no_topic() -> PluginError {
    PluginError::needs_operator(
        "there is no such topic in Kafka, or the user may not see it: make it, and grant Describe and Write on it",
    )
}

/// What a person must change is told apart from what passes.
fn failed(error: &Error) -> PluginError {
    if tls::distrusts(error) {
        return untrusted();
    }
    match error {
        Error::ServerError { protocol_error, .. } => match protocol_error {
            ProtocolError::TopicAuthorizationFailed => {
                PluginError::needs_operator("the user lacks a right on the topic: grant Describe and Write on it")
            }
            ProtocolError::ClusterAuthorizationFailed => {
                PluginError::needs_operator("the user lacks a right on Kafka's cluster")
            }
            ProtocolError::SaslAuthenticationFailed => refused(),
            ProtocolError::MessageTooLarge | ProtocolError::RecordListTooLarge => {
                PluginError::permanent("the message is larger than Kafka takes (`message.max.bytes`)")
            }
            other => PluginError::retryable(format!("Kafka has not stored the message: {other}")),
        },
        Error::Connection(error) => not_connected(&error.to_string()),
        _ => PluginError::retryable("Kafka has not stored the message: its answer was lost, or is not one"),
    }
}

/// Of all brokers that were tried, the client tells only the text.
fn not_connected(text: &str) -> PluginError {
    const LOGIN: &str = "Sasl handshake failed: ";
    let mut logins = text.split(LOGIN).skip(1);
    // One that ended within the login is no answer to it.
    if logins.any(|said| !said.starts_with("Request error")) {
        return refused();
    }
    if text.contains("invalid peer certificate") || text.contains("received corrupt message") {
        return untrusted();
    }
    PluginError::retryable("no connection to Kafka")
}

fn untrusted() -> PluginError {
    PluginError::needs_operator("Kafka's certificate is not trusted (see `ca_file`), or it offers no TLS")
}

fn refused() -> PluginError {
    PluginError::needs_operator("Kafka refuses the credentials, or does not know this kind of login (see `auth`)")
}

#[cfg(test)]
mod tests {
    use quietus_plugin::ErrorClass::{NeedsOperator, Retryable};

    use super::*;

    /// As rskafka writes them.
    #[test]
    fn a_refused_login_is_told_from_a_connection_that_did_not_come_about() {
        for (text, class) in [
            ("Sasl handshake failed: API error: SaslAuthenticationFailed", NeedsOperator),
            (
                "all retries failed: Retry exceeded deadline. Source: Sasl handshake failed: unsupported sasl mechanism",
                NeedsOperator,
            ),
            (
                "Multiple errors occured: error connecting to broker \"a:1\": refused, Sasl handshake failed: API error: x",
                NeedsOperator,
            ),
            ("Sasl handshake failed: Request error: Cannot read data: early eof", Retryable),
            ("error connecting to broker \"a:1\": IO Error: invalid peer certificate: UnknownIssuer", NeedsOperator),
            (
                "error connecting to broker \"a:1\": IO Error: received corrupt message of type InvalidContentType",
                NeedsOperator,
            ),
            ("error connecting to broker \"a:1\": IO Error: Connection refused (os error 111)", Retryable),
        ] {
            assert_eq!(not_connected(text).class, class, "{text}");
        }
    }
}
