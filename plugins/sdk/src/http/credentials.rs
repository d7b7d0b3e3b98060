//! The values of `Authorization` headers, for requests and for the ones that fetch tokens.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ureq::http::HeaderValue;

use crate::{PluginError, Sensitive};

/// `Basic …`
pub(super) fn basic(user: &str, password: &Sensitive) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.expose())))
}

/// `Bearer …`
pub(super) fn bearer(token: &Sensitive) -> Result<HeaderValue, PluginError> {
    HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| PluginError::needs_operator("the token cannot stand in a header"))
}
