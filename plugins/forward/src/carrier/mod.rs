//! Carriers: a message enters, and comes back only when the other side has confirmed that it has it.

mod carries;
mod http;
#[cfg(feature = "kafka")]
mod kafka;
mod nats;
mod rabbitmq;
mod refusals;

use quietus_plugin::{Call, Manifest, PluginError, Secrets, Writes};

use crate::config::Config;
use crate::message::Message;

pub(crate) use carries::{Carries, Handed};

/// The one carrier that is configured.
pub(crate) struct Carrier(Box<dyn Carries>);

impl Carrier {
    pub(crate) fn make(config: Config, secrets: &Secrets) -> Result<Self, String> {
        let Config { http, rabbitmq, nats, kafka, .. } = config;
        let http = http.map(|settings| http::Http::make(settings, secrets).map_err(|why| format!("http.{why}")));
        let rabbitmq = rabbitmq
            .map(|settings| rabbitmq::RabbitMq::make(settings, secrets).map_err(|why| format!("rabbitmq.{why}")));
        let nats = nats.map(|settings| nats::Nats::make(settings, secrets).map_err(|why| format!("nats.{why}")));
        let kafka = kafka.map(|settings| make_kafka(settings, secrets).map_err(|why| format!("kafka.{why}")));
        let made = [boxed(http), boxed(rabbitmq), boxed(nats), kafka];
        let mut made = made.into_iter().flatten();
        match (made.next(), made.next()) {
            (Some(carrier), None) => carrier.map(Self),
            _ => Err("configure exactly one of `http`, `rabbitmq`, `nats` and `kafka`".into()),
        }
    }
}

impl Carries for Carrier {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn keeps(&self) -> Option<&'static str> {
        self.0.keeps()
    }

    fn hand_on(&self, message: &Message, call: &Call, writes: Writes<'_>) -> Result<Handed, PluginError> {
        self.0.hand_on(message, call, writes)
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        self.0.health(call)
    }
}

type Made = Option<Result<Box<dyn Carries>, String>>;

fn boxed<C: Carries + 'static>(made: Option<Result<C, String>>) -> Made {
    made.map(|made| made.map(|carrier| Box::new(carrier) as Box<dyn Carries>))
}

#[cfg(feature = "kafka")]
fn make_kafka(settings: crate::config::Kafka, secrets: &Secrets) -> Result<Box<dyn Carries>, String> {
    Ok(Box::new(kafka::Kafka::make(settings, secrets)?))
}

#[cfg(not(feature = "kafka"))]
fn make_kafka(_: crate::config::Kafka, _: &Secrets) -> Result<Box<dyn Carries>, String> {
    Err("brokers: this plugin was built without Kafka: build it with `--features kafka`".into())
}

/// Declares what the carriers connect to and read.
pub(crate) fn reach(manifest: Manifest) -> Manifest {
    let manifest = ["/http/url", "/http/auth/oauth2/token_url", "/rabbitmq/url", "/nats/url", "/kafka/brokers"]
        .into_iter()
        .fold(manifest, Manifest::port_from);
    ["/http/ca_file", "/rabbitmq/ca_file", "/nats/ca_file", "/kafka/ca_file"]
        .into_iter()
        .fold(manifest, Manifest::reads)
}
