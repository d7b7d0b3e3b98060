//! One mailbox's API: who asks, and what the answers to everything mean. Knows no message.

use quietus_plugin::http::{Client, Failure, Request, Response};
use quietus_plugin::{Call, ErrorClass, PluginError, Secrets};
use serde::Deserialize;
use serde_json::Value;

use super::limits;
use super::pace::{OF_PROFILE, UNITS};
use super::settings::Settings;

/// One mailbox.
pub(crate) struct Gmail {
    client: Client,
    pub(super) account: String,
    /// Of `base_url`, for the requests within a batch, and where batches go.
    pub(super) base_path: String,
    pub(super) batch_path: String,
    pub(super) messages_max: u64,
}

/// Who the token speaks for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Profile {
    email_address: String,
    #[serde(default)]
    messages_total: Value,
}

impl Profile {
    /// Whether it says that the mailbox has no messages.
    pub(super) fn has_none(&self) -> bool {
        self.messages_total.as_u64() == Some(0)
    }
}

impl Gmail {
    /// Checks the settings; connects to nobody. The error names the setting that is wrong.
    pub(crate) fn new(name: &str, settings: &Settings, messages_max: u64, secrets: &Secrets) -> Result<Self, String> {
        if !settings.user.contains('@') {
            return Err("user: it is not an address".into());
        }
        let (base_path, batch_path) = settings.paths();
        let client = settings.client(secrets)?;
        Ok(Self { client, account: name.into(), base_path, batch_path, messages_max })
    }

    /// Sends what costs so many units.
    pub(super) fn send(&self, request: Request, units: u32, call: &Call) -> Result<Response, Failure> {
        self.client.send_judged(&request.paced_as(UNITS).counting_as(units), call, limits::judge)
    }

    /// As [`Gmail::send`], for a page of a list; of one whose token is refused, the answer is returned.
    pub(super) fn send_page(&self, request: Request, units: u32, call: &Call) -> Result<Response, Failure> {
        let judge = |answer: &Response| if limits::refuses_token(answer) { Ok(()) } else { limits::judge(answer) };
        self.client.send_judged(&request.paced_as(UNITS).counting_as(units), call, judge)
    }

    /// Asks for what every mailbox has: only where that is answered, a 404 to something else says anything.
    pub(super) fn control(&self, call: &Call) -> Result<(), PluginError> {
        self.profile(call).map(drop)
    }

    pub(super) fn profile(&self, call: &Call) -> Result<Profile, PluginError> {
        let answer = self.send(Request::get("/users/me/profile"), OF_PROFILE, call);
        let answer = answer.map_err(|failure| said("the mailbox", failure.error))?;
        if answer.gone() {
            return Err(no_mailbox());
        }
        let profile: Profile = answer.json().map_err(|error| said("the mailbox", error))?;
        match profile.email_address.contains('@') {
            true => Ok(profile),
            false => Err(PluginError::retryable("the mailbox: the answer names nobody")),
        }
    }

    pub(super) fn too_many(&self) -> PluginError {
        PluginError::permanent(format!(
            "there are more than {} messages (`messages_max`) that may be of one person; look whether they are really \
             theirs alone",
            self.messages_max
        ))
    }
}

/// A gateway that answers 404 to everything for a while looks like this, too, so that it is retried.
pub(super) fn no_mailbox() -> PluginError {
    let text = "the mailbox was answered 404, so that nobody has looked; if it stays so, check `user` and `base_url`";
    PluginError::retryable(text)
}

/// An error of a request: to what it happened, and what a person can do.
pub(super) fn said(what: &str, error: PluginError) -> PluginError {
    let advice = match error.class {
        ErrorClass::NeedsOperator => {
            "; check the key, and that its client is granted https://mail.google.com/ for this user"
        }
        _ => "",
    };
    PluginError { message: format!("{what}: {}{advice}", error.message), ..error }
}
