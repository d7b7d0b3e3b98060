//! Assertions of service accounts (RFC 7523): an account's private key enters, a signed statement of whom it is and on
//! whose behalf it asks leaves, to be exchanged for a token.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer};
use serde::Deserialize;
use serde_json::json;

use crate::{PluginError, Sensitive};

/// An assertion is issued this long ago, so that a clock that is a little ahead does not make it one of the future.
const SKEW: Duration = Duration::from_secs(60);
/// The longest life that Google takes
/// (<https://developers.google.com/identity/protocols/oauth2/service-account#authorizingrequests>).
const LIFE: Duration = Duration::from_secs(3600);

/// Who asks, for whom, and for what.
pub(super) struct Assertions {
    key: RsaKeyPair,
    key_id: Option<String>,
    issuer: String,
    subject: Option<String>,
    scope: String,
    audience: String,
}

/// What an assertion says beside its key's part.
pub(super) struct Claims {
    pub(super) issuer: Option<String>,
    pub(super) subject: Option<String>,
    pub(super) scope: String,
    pub(super) audience: String,
}

/// A key as Google's console gives it out; the rest of the file is not needed.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: Sensitive,
    private_key_id: Option<String>,
}

impl Assertions {
    /// Of a service account's JSON file, or of a private key in PEM. The error quotes nothing of the secret.
    pub(super) fn make(secret: &Sensitive, claims: Claims) -> Result<Self, String> {
        let text = secret.expose().trim_start();
        let (pem, key_id, named) = if text.starts_with('{') {
            let file: KeyFile =
                serde_json::from_str(text).map_err(|_| "the secret is JSON, but no key of a service account")?;
            (file.private_key, file.private_key_id, Some(file.client_email))
        } else {
            (secret.clone(), None, None)
        };
        let issuer = claims.issuer.or(named).ok_or("`issuer` is needed beside a key in PEM")?;
        let Claims { subject, scope, audience, .. } = claims;
        Ok(Self { key: read(&pem)?, key_id, issuer, subject, scope, audience })
    }

    /// A signed JWT (RFC 7519), good for an hour.
    pub(super) fn sign(&self, now: SystemTime) -> Result<Sensitive, PluginError> {
        let issued = now.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(SKEW);
        let mut header = json!({ "alg": "RS256", "typ": "JWT" });
        if let Some(key_id) = &self.key_id {
            header["kid"] = json!(key_id);
        }
        let mut claims = json!({
            "iss": self.issuer,
            "scope": self.scope,
            "aud": self.audience,
            "iat": issued.as_secs(),
            "exp": (issued + LIFE).as_secs(),
        });
        if let Some(subject) = &self.subject {
            claims["sub"] = json!(subject);
        }
        let part = |json: serde_json::Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| PluginError::needs_operator("the service account's key cannot sign"))?;
        Ok(Sensitive::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

fn read(pem: &Sensitive) -> Result<RsaKeyPair, String> {
    let unread = "the secret holds no RSA private key of 2048 bits or more in PEM";
    let key = PrivateKeyDer::from_pem_slice(pem.expose().as_bytes()).map_err(|_| unread)?;
    let pair = match &key {
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(PrivatePkcs8KeyDer::secret_pkcs8_der(key)),
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(PrivatePkcs1KeyDer::secret_pkcs1_der(key)),
        _ => return Err(unread.into()),
    };
    pair.map_err(|_| unread.into())
}
