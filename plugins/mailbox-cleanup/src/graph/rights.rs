//! Which right an app lacks, by what its token says of itself. Only words that Microsoft's documentation has are repeated.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use quietus_plugin::{Call, ErrorClass, PluginError};
use serde::Deserialize;

use super::api::Graph;

/// What an app may be granted of mail (<https://learn.microsoft.com/graph/permissions-reference>).
const ROLES: [&str; 4] = ["Mail.ReadWrite", "Mail.Read", "Mail.ReadBasic.All", "Mail.ReadBasic"];
const NEEDED: &str = ROLES[0];

/// What a token claims (<https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference>).
#[derive(Deserialize)]
struct Claims {
    /// Of an app.
    roles: Option<Vec<String>>,
}

impl Graph {
    /// Asks for the mailbox, and looks at what the token grants: reading alone is answered, too.
    pub(super) fn check_rights(&self, call: &Call) -> Result<(), PluginError> {
        let asked = self.control(call);
        let is_refused = asked.as_ref().is_err_and(|error| error.class == ErrorClass::NeedsOperator);
        if asked.is_err() && !is_refused {
            return asked;
        }
        let granted = self.client.access_token(call).ok().flatten().and_then(|token| roles(token.expose()));
        match (asked, granted.as_deref()) {
            (Err(error), Some(granted)) if !granted.contains(&NEEDED) => {
                let text = format!("{error} ({}, and the app needs {NEEDED})", shown(granted));
                Err(PluginError { message: text, ..error })
            }
            // Without any, what Exchange grants by its own roles was enough to read.
            (Ok(()), Some(granted)) if !granted.is_empty() && !granted.contains(&NEEDED) => {
                let text =
                    format!("the mailbox: {}: that reads messages, and to erase them takes {NEEDED}", shown(granted));
                Err(PluginError::needs_operator(text))
            }
            (asked, _) => asked,
        }
    }
}

fn shown(granted: &[&str]) -> String {
    match granted {
        [] => "the token grants nothing of mail by itself".into(),
        granted => format!("the token grants {}", granted.join(", ")),
    }
}

/// What a token grants of mail; `None` where it does not show what it grants.
fn roles(token: &str) -> Option<Vec<&'static str>> {
    let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    let claims: Claims = serde_json::from_slice(&claims).ok()?;
    let roles = claims.roles.unwrap_or_default();
    Some(ROLES.into_iter().filter(|role| roles.iter().any(|given| given == role)).collect())
}
