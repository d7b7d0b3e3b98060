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
    /// The server's code, where a right is missing. Which one, only the statement tells without the server's words.
    lacks_right: Option<String>,
}

impl Trouble {
    /// The server answered that it did not.
    pub(crate) fn said(class: ErrorClass, text: impl Into<String>) -> Self {
        Self { class, text: text.into(), answered: true, lacks_right: None }
    }

    /// The connection ended before the answer.
    pub(crate) fn lost() -> Self {
        let text = "the connection to the database was lost";
        Self { answered: false, ..Self::said(ErrorClass::Retryable, text) }
    }

    /// The answer is none to what was asked, as a pooler or a proxy has it that is out of step: of nobody's record.
    pub(crate) fn unreadable() -> Self {
        Self { answered: false, ..Self::said(ErrorClass::Retryable, "the database's answer cannot be read") }
    }

    /// The user lacks a right.
    pub(crate) fn lacks_right(code: String) -> Self {
        let text = format!("the user lacks a right ({code})");
        Self { lacks_right: Some(code), ..Self::said(ErrorClass::NeedsOperator, text) }
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

    /// While connecting: nobody's record was asked about, so that what fails is never one record's for good.
    pub(crate) fn of_connecting(self) -> Self {
        let class = if self.class == ErrorClass::Permanent { ErrorClass::Retryable } else { self.class };
        Self { class, ..self }
    }

    /// As the host reads it, without a place in the plan.
    pub(crate) fn anywhere(self) -> PluginError {
        PluginError::new(self.class, self.text)
    }

    /// As the host reads it, about one statement.
    pub(crate) fn in_statement(self, name: &str) -> PluginError {
        PluginError::new(self.class, format!("statement `{name}`: {}", self.text))
    }

    /// As the host reads it, about one statement, which needs these rights.
    pub(crate) fn in_statement_with(self, name: &str, rights: &str) -> PluginError {
        match self.lacks_right {
            Some(code) => PluginError::new(
                self.class,
                format!("statement `{name}`: the user lacks a right: it needs {rights} ({code}); grant it"),
            ),
            None => self.in_statement(name),
        }
    }

    #[cfg(test)]
    pub(crate) fn class(&self) -> ErrorClass {
        self.class
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
