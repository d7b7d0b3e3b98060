//! Why a server refuses a command that it understands: maps its code (RFC 5530) to an error for the host. The
//! server's text is not shown: it may name anybody.

use imap_next::imap_types::response::Code;
use quietus_plugin::{ErrorClass, PluginError};

/// What a refusal means.
pub(super) struct Refusal {
    /// The code's name, if there is one.
    pub(super) name: Option<String>,
}

impl Refusal {
    pub(super) fn new(code: Option<Code<'static>>) -> Self {
        let name = code.and_then(|code| match code {
            Code::TryCreate => Some("TRYCREATE".into()),
            Code::ReadOnly => Some("READ-ONLY".into()),
            Code::OverQuota => Some("OVERQUOTA".into()),
            Code::BadCharset { .. } => Some("BADCHARSET".into()),
            Code::Other(other) => {
                let word = String::from_utf8_lossy(other.inner()).to_ascii_uppercase();
                let word = word.split(' ').next().unwrap_or_default().to_owned();
                let plain = word.len() <= 24 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
                plain.then_some(word)
            }
            _ => None,
        });
        Self { name }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// The error of a command that was refused; `otherwise` is the class where the code does not say more.
    pub(super) fn error(&self, what: &str, otherwise: ErrorClass) -> PluginError {
        let code = self.name.as_deref();
        if let Some("THROTTLED" | "LIMIT") = code {
            return PluginError::rate_limited(None);
        }
        let class = match code {
            Some("UNAVAILABLE" | "INUSE" | "SERVERBUG") => ErrorClass::Retryable,
            Some("NOPERM" | "READ-ONLY" | "OVERQUOTA" | "TRYCREATE") => ErrorClass::NeedsOperator,
            _ => otherwise,
        };
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        PluginError::new(class, format!("{what}{code}"))
    }
}
