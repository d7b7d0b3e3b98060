//! The configuration, as the operator writes it. README.md explains it by examples.

use std::path::PathBuf;

use quietus_plugin::Span;
use quietus_plugin::http::Auth;
use schemars::JsonSchema;
use serde::Deserialize;

/// The configuration of one use of the plugin, with exactly one carrier.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// An endpoint that takes Standard Webhooks.
    pub http: Option<Http>,
    /// RabbitMQ, by AMQP 0-9-1 with publisher confirms.
    pub rabbitmq: Option<RabbitMq>,
    /// NATS JetStream.
    pub nats: Option<Nats>,
    /// Kafka; only where the plugin was built with it.
    pub kafka: Option<Kafka>,
    /// How long receivers may take to report the outcome, such as `7d`, from `1s` to `31d`. Without it they never
    /// report, and the outcome is what an HTTP endpoint answers, or `unverifiable`.
    pub report_within: Option<Span>,
    /// Whether receivers also look again when they are asked to: they get a message of the type `erasure.verification`.
    #[serde(default)]
    pub verify: bool,
}

/// An HTTP endpoint.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Where messages are posted, such as `https://erasure.example.com/hooks/quietus`.
    pub url: String,
    /// The names of the secrets that sign, each `whsec_` and base64. Each adds a signature, so that a key is replaced by
    /// naming the old and the new one for a while.
    #[schemars(length(min = 1, max = 4))]
    pub signing: Vec<String>,
    /// How requests are authenticated, beside the signature.
    pub auth: Option<Auth>,
    /// An address on the same host that answers GET with success, and only with the right credentials, for `health`. Without it, `url` is
    /// asked with HEAD.
    pub health_url: Option<String>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows `http://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
    /// The longest that one request may take, such as `30s`; 30 s if unset.
    pub timeout: Option<Span>,
}

/// A RabbitMQ exchange.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RabbitMq {
    /// Such as `amqps://rabbit.example.com/vhost`, without user and password.
    pub url: String,
    /// The user.
    pub user: String,
    /// The name of the secret that is the password.
    pub secret: String,
    /// The exchange; empty is the default exchange, whose routing keys are the names of queues.
    #[serde(default)]
    pub exchange: String,
    /// The routing key. A message that no queue takes is an error.
    pub routing_key: String,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows `amqp://` to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
}

/// A subject that a JetStream stream stores.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// Such as `tls://nats.example.com:4222`, without user and password.
    pub url: String,
    /// The subject. A message that no stream stores is an error.
    pub subject: String,
    /// How the connection is authenticated.
    pub auth: Option<NatsAuth>,
    /// A PEM file with certificate authorities that are trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows `nats://`, which is not encrypted, to another machine. To this machine it is always allowed.
    #[serde(default)]
    pub allow_plaintext: bool,
}

/// How a connection to NATS is authenticated. `secret` is the name of a secret of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NatsAuth {
    /// A user and a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        secret: String,
    },
    /// A token.
    Token {
        /// The token.
        secret: String,
    },
    /// An NKey.
    Nkey {
        /// The seed.
        secret: String,
    },
    /// What a `.creds` file holds: a JWT and an NKey.
    Credentials {
        /// The file's text.
        secret: String,
    },
}

/// A Kafka topic.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// The brokers asked first, such as `kafka-1.example.com:9093`. The others must have the same ports, or
    /// be granted by `ports` in `[[plugin]]`.
    #[schemars(length(min = 1, max = 16))]
    pub brokers: Vec<String>,
    /// The topic. The attempts of one message go into one partition.
    pub topic: String,
    /// How the connection is authenticated.
    pub auth: Option<KafkaAuth>,
    /// A PEM file with certificate authorities that are trusted beside the system's. With it, it is encrypted in any case.
    pub ca_file: Option<PathBuf>,
    /// Does not encrypt. To brokers on this machine, it never does without `ca_file`.
    #[serde(default)]
    pub allow_plaintext: bool,
}

/// How a connection to Kafka is authenticated (SASL). `secret` is the name of a secret of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum KafkaAuth {
    /// SASL/PLAIN.
    Plain {
        /// The user.
        user: String,
        /// The password.
        secret: String,
    },
    /// SASL/SCRAM-SHA-256.
    ScramSha256 {
        /// The user.
        user: String,
        /// The password.
        secret: String,
    },
    /// SASL/SCRAM-SHA-512.
    ScramSha512 {
        /// The user.
        user: String,
        /// The password.
        secret: String,
    },
}
