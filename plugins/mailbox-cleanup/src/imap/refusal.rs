//! Why a server refuses a command that it understands: maps its response code to an error for the host. Only codes that a
//! document defines are known, and only these are repeated: another word, like the server's text, may name anybody.

use imap_next::imap_types::response::{Code, CodeOther, StatusBody};
use quietus_plugin::{ErrorClass, PluginError};

/// What a refusal means.
pub(super) struct Refusal {
    /// The code, if there is one that is known.
    code: Option<&'static str>,
}

/// What a code says of the next attempt.
enum Says {
    /// It passes by itself.
    Later,
    /// Less at once.
    Slower,
    /// Somebody has to change something on the server.
    Person,
    /// The same command is never accepted.
    Never,
    /// What, and not why: that depends on the command.
    Nothing,
}

/// The codes of RFC 5530 and RFC 3501; `OVERQUOTA` is of RFC 9208 as well.
const CODES: [(&str, Says); 21] = [
    ("UNAVAILABLE", Says::Later),
    ("INUSE", Says::Later),
    ("SERVERBUG", Says::Later),
    ("EXPUNGEISSUED", Says::Later),
    ("LIMIT", Says::Slower),
    // In no document: Gmail and Yahoo say it of too many commands, beside LIMIT and OVERQUOTA.
    ("THROTTLED", Says::Slower),
    ("AUTHENTICATIONFAILED", Says::Person),
    ("AUTHORIZATIONFAILED", Says::Person),
    ("EXPIRED", Says::Person),
    ("PRIVACYREQUIRED", Says::Person),
    ("CONTACTADMIN", Says::Person),
    ("NOPERM", Says::Person),
    ("OVERQUOTA", Says::Person),
    ("READ-ONLY", Says::Person),
    ("TRYCREATE", Says::Person),
    ("CANNOT", Says::Never),
    ("CLIENTBUG", Says::Never),
    ("CORRUPTION", Says::Never),
    ("ALREADYEXISTS", Says::Nothing),
    ("NONEXISTENT", Says::Nothing),
    ("BADCHARSET", Says::Nothing),
];

/// What Gmail says when a user has more connections than it allows (<https://github.com/jstedfast/MailKit/issues/377>). It passes.
const CONNECTIONS: &str = "Too many simultaneous connections";

/// The code of a refusal. Gmail gives ALERT to too many connections and to a wrong password alike: only the text tells them apart.
pub(super) fn code_of(refused: StatusBody<'static>) -> Option<Code<'static>> {
    match refused.code {
        Some(Code::Alert) if refused.text.inner().contains(CONNECTIONS) => {
            Some(Code::Other(CodeOther::unvalidated(b"LIMIT".as_slice())))
        }
        code => code,
    }
}

impl Refusal {
    pub(super) fn new(code: Option<Code<'static>>) -> Self {
        let known = |word: &str| CODES.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(word));
        let code = code.and_then(|code| match code {
            Code::TryCreate => Some("TRYCREATE"),
            Code::ReadOnly => Some("READ-ONLY"),
            Code::OverQuota => Some("OVERQUOTA"),
            Code::BadCharset { .. } => Some("BADCHARSET"),
            // What follows the name is the server's own.
            Code::Other(other) => known(str::from_utf8(other.inner()).ok()?.split(' ').next()?),
            _ => None,
        });
        Self { code }
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.code == Some(name)
    }

    /// Whether nothing is said that tells a folder that is not there from one that may not be opened.
    pub(super) fn may_mean_gone(&self) -> bool {
        self.code.is_none() || self.is("NONEXISTENT")
    }

    /// The error of a command that was refused; `otherwise` is the class where the code does not say more.
    pub(super) fn error(&self, what: &str, otherwise: ErrorClass) -> PluginError {
        let says = CODES.iter().find(|(name, _)| self.is(name)).map(|(_, says)| says);
        let class = match says {
            Some(Says::Slower) => return PluginError::rate_limited(None),
            Some(Says::Later) => ErrorClass::Retryable,
            Some(Says::Person) => ErrorClass::NeedsOperator,
            Some(Says::Never) => ErrorClass::Permanent,
            Some(Says::Nothing) | None => otherwise,
        };
        let code = self.code.map(|code| format!(" ({code})")).unwrap_or_default();
        PluginError::new(class, format!("{what}{code}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_are_known_say_what_is_to_be_done_and_no_other_word_is_repeated() {
        for (word, class, shown) in [
            ("UNAVAILABLE", ErrorClass::Retryable, true),
            ("inuse", ErrorClass::Retryable, true),
            ("EXPUNGEISSUED", ErrorClass::Retryable, true),
            ("LIMIT", ErrorClass::RateLimited, false),
            ("THROTTLED", ErrorClass::RateLimited, false),
            ("EXPIRED", ErrorClass::NeedsOperator, true),
            ("CONTACTADMIN", ErrorClass::NeedsOperator, true),
            ("NOPERM", ErrorClass::NeedsOperator, true),
            ("CANNOT", ErrorClass::Permanent, true),
            ("CORRUPTION", ErrorClass::Permanent, true),
            ("NONEXISTENT", ErrorClass::Protocol, true),
            // Nobody's code: it may be a name.
            ("ANN-AT-HOME", ErrorClass::Protocol, false),
            ("NOPERMANENT", ErrorClass::Protocol, false),
            ("X-SERVER", ErrorClass::Protocol, false),
            ("NOPERM ann@x.cz", ErrorClass::NeedsOperator, true),
        ] {
            let refusal = Refusal::new(Some(Code::Other(CodeOther::unvalidated(word.as_bytes().to_vec()))));
            let error = refusal.error("no", ErrorClass::Protocol);
            let code = word.split(' ').next().unwrap_or_default().to_uppercase();
            let told = if shown { format!("no ({code})") } else { error.message.clone() };
            assert_eq!((error.class, &error.message), (class, &told), "{word}");
            assert!(shown || !error.message.contains(&code), "{word}");
        }
        assert_eq!(Refusal::new(None).error("no", ErrorClass::Permanent), PluginError::permanent("no"));
    }
}
