//! Why a database did not do what it was asked: one shape for both drivers. No server's own words come through here, as they
//! quote values; what is said is the code and what it means.

use std::error::Error;

use quietus_plugin::{ErrorClass, PluginError};

/// Why something was not done.
#[derive(Debug)]
pub(crate) struct Trouble {
    class: ErrorClass,
    text: String,
    /// The server said so: whatever was asked for was not done. Otherwise it may have been.
    pub(crate) answered: bool,
}

impl Trouble {
    /// The server answered that it did not.
    pub(crate) fn said(class: ErrorClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into(), answered: true }
    }

    /// The connection ended before the answer.
    pub(crate) fn lost() -> Self {
        let text = "the connection to the database was lost".into();
        Self { class: ErrorClass::Retryable, text, answered: false }
    }

    /// No connection came about.
    pub(crate) fn unreachable(why: &(dyn Error + 'static)) -> Self {
        match is_untrusted(why) {
            true => Self::said(
                ErrorClass::NeedsOperator,
                "the database's certificate is not trusted, or is another host's: check `url` and `ca_file`",
            ),
            false => Self::said(ErrorClass::Retryable, "the database is not reachable"),
        }
    }

    /// As the host reads it, without a place in the plan.
    pub(crate) fn anywhere(self) -> PluginError {
        PluginError::new(self.class, self.text)
    }

    /// As the host reads it, about one statement.
    pub(crate) fn in_statement(self, name: &str) -> PluginError {
        PluginError::new(self.class, format!("statement `{name}`: {}", self.text))
    }
}

/// Whether TLS failed because of who the other side is.
fn is_untrusted(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) =
            error.downcast_ref()
        {
            return true;
        }
        // An I/O error's own cause is hidden from `source`.
        let within = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = within.map(|within| within as &(dyn Error + 'static)).or_else(|| error.source());
    }
    false
}
