//! What the configuration says about a source.

use std::borrow::Cow;
use std::fmt;

use quietus_plugin::Span;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::Network;
use crate::keys::SecretRef;
use crate::subject::{InstallationName, TenantId};

/// One configured sender of webhooks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceSettings {
    /// The last part of its path, `POST /webhooks/{name}`: 1 to 64 of a-z, A-Z, 0-9, `-` and `_`.
    pub(crate) name: String,
    /// The mluvii installation that sends: the name of a `[[mluvii]]`. May be left out where there is one.
    #[serde(default)]
    pub(crate) mluvii: Option<InstallationName>,
    /// The tenants (mluvii's departments) whose events are taken; all when empty. Deliveries of others are acknowledged
    /// and counted, nothing of them is kept.
    #[serde(default)]
    pub(crate) tenants: Vec<TenantId>,
    /// The ways to authenticate; a delivery must pass one of them.
    pub(crate) auth: Vec<AuthSettings>,
    /// The networks that may send; all when empty.
    #[serde(default)]
    pub(crate) allow: Vec<Network>,
    /// Whether its webhook at mluvii is put right by itself, or only watched.
    #[serde(default)]
    pub(crate) webhook: WebhookMode,
}

/// What is done about a source's webhook at mluvii.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WebhookMode {
    /// It is looked at, where `server.public_url` and credentials in the URL say what mluvii is to call.
    #[default]
    Watched,
    /// It is registered, corrected and restored at mluvii.
    Managed,
}

/// One way to authenticate. Where several secrets are given, each is accepted, so that they can be changed without a gap.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum AuthSettings {
    /// `https://user:password@host/path` as the callback URL: all that mluvii itself offers.
    Basic(BasicSettings),
    /// A signature that a gateway in front adds.
    Hmac(HmacSettings),
    /// A signature by the Standard Webhooks specification (<https://www.standardwebhooks.com>).
    StandardWebhooks(StandardWebhooksSettings),
    /// A secret in the callback URL's query. It may show up in logs of proxies: prefer `basic`.
    Query(QuerySettings),
}

/// HTTP Basic (RFC 7617).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BasicSettings {
    pub(crate) user: String,
    pub(crate) password: Secrets,
}

/// An HMAC of the body in a header.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HmacSettings {
    /// The header that carries the signature.
    pub(crate) header: String,
    #[serde(default)]
    pub(crate) algorithm: Algorithm,
    #[serde(default)]
    pub(crate) encoding: Encoding,
    /// What stands before the signature, such as `sha256=`.
    #[serde(default)]
    pub(crate) prefix: String,
    pub(crate) secrets: Secrets,
    /// Signed together with the body, so that an old delivery cannot be sent again.
    pub(crate) timestamp: Option<SignedTimestampSettings>,
}

/// A signed time in a header, in seconds since 1970.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignedTimestampSettings {
    pub(crate) header: String,
    /// How far it may be from our clock, both ways; `5m` where it is not given.
    pub(crate) window: Option<Span>,
    /// What is signed; `{timestamp}.{body}` where it is not given.
    pub(crate) signed: Option<String>,
}

/// The hash below an HMAC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Algorithm {
    #[default]
    Sha256,
    Sha512,
}

/// How a signature is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Encoding {
    /// In upper or lower case.
    #[default]
    Hex,
    /// The standard alphabet, with or without padding.
    Base64,
}

/// The headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, or the same with `svix-`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandardWebhooksSettings {
    /// Base64, with or without `whsec_` before it.
    pub(crate) secrets: Secrets,
    /// How far the delivery's time may be from our clock, both ways; `5m` where it is not given.
    pub(crate) window: Option<Span>,
}

/// A secret in the URL's query.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuerySettings {
    pub(crate) parameter: String,
    pub(crate) secrets: Secrets,
}

/// One secret or a list of them.
#[derive(Clone, Debug)]
pub(crate) struct Secrets(pub(crate) Vec<SecretRef>);

impl<'de> Deserialize<'de> for Secrets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecretsVisitor)
    }
}

struct SecretsVisitor;

impl<'de> Visitor<'de> for SecretsVisitor {
    type Value = Secrets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{ file = \"…\" }, { env = \"…\" }, { credential = \"…\" } or a list of these")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secrets, A::Error> {
        SecretRef::deserialize(MapAccessDeserializer::new(map)).map(|one| Secrets(vec![one]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Secrets, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(list)).map(Secrets)
    }
}

impl JsonSchema for Secrets {
    fn schema_name() -> Cow<'static, str> {
        "Secrets".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<SecretRef>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
