//! Who logs in, and by what: logs a session in.

use imap_next::imap_types::auth::AuthMechanism;
use imap_next::imap_types::command::CommandBody;
use imap_next::imap_types::core::AString;
use imap_next::imap_types::response::Capability;
use imap_next::imap_types::secret::Secret;
use quietus_plugin::{Call, ErrorClass, PluginError, Secrets, Sensitive};

use super::refusal::Refusal;
use super::session::{Ended, Session};
use super::settings::Settings;
use super::tokens::Tokens;

/// A user and what proves it.
pub(super) struct Login {
    user: String,
    proof: Proof,
}

enum Proof {
    Password(Sensitive),
    Token(Tokens),
}

impl Login {
    /// The error names the setting that is wrong.
    pub(super) fn new(settings: &Settings, secrets: &Secrets) -> Result<Self, String> {
        let user = settings.user.clone();
        if user.is_empty() || user.chars().any(char::is_control) {
            return Err("user: it is empty, or has a control character".into());
        }
        let proof = match (&settings.password, &settings.xoauth2) {
            (Some(name), None) => {
                let password = secrets.require(name).map_err(|e| format!("password: {e}"))?.clone();
                if password.expose().is_empty() || password.expose().contains(['\0', '\r', '\n']) {
                    return Err(format!("password: the secret `{name}` is empty or has a line break"));
                }
                Proof::Password(password)
            }
            (None, Some(auth)) => Proof::Token(Tokens::new(auth, settings, secrets)?),
            _ => return Err("password: it needs either this or `xoauth2`".into()),
        };
        Ok(Self { user, proof })
    }

    pub(super) fn log_in(&self, session: &mut Session<'_>, call: &Call) -> Result<(), PluginError> {
        let ended = match &self.proof {
            Proof::Password(password) => self.by_password(session, password)?,
            Proof::Token(tokens) => self.by_token(session, tokens, call)?,
        };
        match ended {
            // A server may offer more to a user, UIDPLUS among it: by what it said before, the careful way without
            // would be taken.
            Ended::Done(_) => session.ask_capabilities(),
            Ended::Refused(code) => {
                let what = "the server does not accept the user and the password or token";
                Err(Refusal::new(code).error(what, ErrorClass::NeedsOperator))
            }
        }
    }

    fn by_password(&self, session: &mut Session<'_>, password: &Sensitive) -> Result<Ended, PluginError> {
        if session.can(&Capability::Auth(AuthMechanism::Plain)) {
            let message = Sensitive::new(format!("\0{}\0{}", self.user, password.expose()));
            return authenticate(session, AuthMechanism::Plain, &message);
        }
        if session.can(&Capability::LoginDisabled) {
            return Err(PluginError::needs_operator("the server takes no password, neither by LOGIN nor by PLAIN"));
        }
        let text = |text: &str| AString::try_from(text.to_owned());
        let (Ok(username), Ok(password)) = (text(&self.user), text(password.expose())) else {
            return Err(PluginError::needs_operator("the user's name or password cannot be sent to the server"));
        };
        session.run(CommandBody::Login { username, password: Secret::new(password) })
    }

    /// A token that is refused is fetched anew once.
    fn by_token(&self, session: &mut Session<'_>, tokens: &Tokens, call: &Call) -> Result<Ended, PluginError> {
        let token = tokens.get(call)?;
        match self.xoauth2(session, &token)? {
            Ended::Refused(_) if tokens.renew(&token) => {
                let token = tokens.get(call)?;
                self.xoauth2(session, &token)
            }
            ended => Ok(ended),
        }
    }

    fn xoauth2(&self, session: &mut Session<'_>, token: &Sensitive) -> Result<Ended, PluginError> {
        let message = Sensitive::new(format!("user={}\u{1}auth=Bearer {}\u{1}\u{1}", self.user, token.expose()));
        authenticate(session, AuthMechanism::XOAuth2, &message)
    }
}

fn authenticate(
    session: &mut Session<'_>,
    mechanism: AuthMechanism<'static>,
    message: &Sensitive,
) -> Result<Ended, PluginError> {
    let initial = session.can(&Capability::SaslIr).then(|| message.expose().as_bytes().to_vec());
    let initial_response = initial.map(|bytes| Secret::new(bytes.into()));
    session.authenticate(CommandBody::Authenticate { mechanism, initial_response }, message)
}
