//! From the operator's words to what a request carries: a header, or a source of tokens.

use ureq::http::{HeaderName, HeaderValue, header};

use super::address::address;
use super::assertion::{Assertions, Claims};
use super::auth::Auth;
use super::credentials::basic;
use super::settings::Settings;
use super::token::{Grant, Tokens};
use crate::Secrets;

/// Headers that say how a message is read or where it goes.
const HEADERS_REFUSED: [HeaderName; 5] =
    [header::CONNECTION, header::CONTENT_LENGTH, header::CONTENT_TYPE, header::HOST, header::TRANSFER_ENCODING];

pub(super) enum Authorization {
    None,
    Header(HeaderName, HeaderValue),
    Oauth2(Tokens),
}

impl Authorization {
    pub(super) fn make(settings: &Settings, secrets: &Secrets) -> Result<Self, String> {
        let secret = |name: &str| secrets.require(name).cloned().map_err(|e| format!("auth: {e}"));
        let value =
            |text: String| HeaderValue::from_str(&text).map_err(|_| "auth: it cannot stand in a header".to_owned());
        let authorization = |text: String| Ok::<_, String>(Self::Header(header::AUTHORIZATION, value(text)?));
        let url = |kind: &str, url: &str| {
            address(url, settings.allow_plaintext).map_err(|why| format!("auth.{kind}.token_url: {why}"))
        };
        Ok(match &settings.auth {
            None => Self::None,
            Some(Auth::Bearer { secret: name }) => authorization(format!("Bearer {}", secret(name)?.expose()))?,
            Some(Auth::Basic { user, secret: name }) => authorization(basic(user, &secret(name)?))?,
            Some(Auth::Header { name, secret: of }) => {
                let name = HeaderName::from_bytes(name.as_bytes()).ok().filter(|name| !HEADERS_REFUSED.contains(name));
                let name = name.ok_or("auth.header.name: it is no name of a header that may be set")?;
                Self::Header(name, value(secret(of)?.expose().to_owned())?)
            }
            Some(Auth::Oauth2 { token_url, client_id, secret: name, scope }) => {
                let grant = Grant::Client { client_id: client_id.clone(), secret: secret(name)?, scope: scope.clone() };
                Self::Oauth2(Tokens::new(url("oauth2", token_url)?, grant))
            }
            Some(Auth::Oauth2Refresh { token_url, client_id, secret: name, refresh_token, client_auth }) => {
                let grant = Grant::Refresh {
                    client_id: client_id.clone(),
                    secret: name.as_deref().map(secret).transpose()?,
                    first: secret(refresh_token)?,
                    client_auth: *client_auth,
                };
                Self::Oauth2(Tokens::new(url("oauth2_refresh", token_url)?, grant))
            }
            Some(Auth::ServiceAccount { token_url, secret: name, issuer, subject, scope }) => {
                let claims = Claims {
                    issuer: issuer.clone(),
                    subject: subject.clone(),
                    scope: scope.clone(),
                    audience: token_url.clone(),
                };
                let made = Assertions::make(&secret(name)?, claims);
                let assertions = made.map_err(|why| format!("auth.service_account: {why}"))?;
                let grant = Grant::Assertion(Box::new(assertions));
                Self::Oauth2(Tokens::new(url("service_account", token_url)?, grant))
            }
        })
    }
}
