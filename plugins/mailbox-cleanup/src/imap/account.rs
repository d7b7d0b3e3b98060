//! One account on one server, as the rest of the plugin knows it.

use std::sync::Mutex;
use std::time::Duration;

use quietus_plugin::{Call, PluginError, Secrets};

use super::choice::{Choice, find};
use super::clock::Clock;
use super::folders::{Folder, Listed, list};
use super::login::Login;
use super::server::Server;
use super::session::Session;
use super::settings::{BODY_BYTES_LIMIT, Settings};

const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The largest message that is looked into, unless the settings say otherwise.
const BODY_BYTES_MAX: u32 = 25 << 20;

/// One account on one server.
pub(crate) struct Imap {
    pub(super) name: String,
    server: Server,
    login: Login,
    choice: Choice,
    pub(super) move_to: Option<Folder>,
    silence_max: Duration,
    pub(super) messages_max: u64,
    pub(super) body_bytes_max: u32,
    /// Where `EXPUNGE` erases whatever is marked, calls mark and expunge one after the other.
    pub(super) expunging: Mutex<()>,
}

/// The folders of an account.
pub(super) struct Folders {
    /// To be searched.
    pub(super) searched: Vec<Folder>,
    /// Where messages are moved to.
    pub(super) target: Option<Folder>,
    /// How many more there may be to be searched, whose names cannot be read.
    pub(super) unnamed: usize,
    /// How many the configuration leaves out.
    pub(super) left_out: usize,
}

impl Imap {
    /// The error names the setting that is wrong.
    pub(crate) fn new(name: &str, settings: &Settings, messages_max: u64, secrets: &Secrets) -> Result<Self, String> {
        let body_bytes_max = settings.body_bytes_max.unwrap_or(BODY_BYTES_MAX);
        if !(1..=BODY_BYTES_LIMIT).contains(&body_bytes_max) {
            return Err(format!("body_bytes_max: allowed are 1 to {BODY_BYTES_LIMIT}"));
        }
        let move_to = settings.move_to.as_deref().map(Folder::named).transpose();
        Ok(Self {
            name: name.to_owned(),
            server: Server::new(settings)?,
            login: Login::new(settings, secrets)?,
            choice: Choice::new(settings.folders.clone(), settings.exclude.clone())?,
            move_to: move_to.map_err(|why| format!("move_to: {why}"))?,
            silence_max: settings.timeout.map_or(SILENCE_MAX, |span| span.0),
            messages_max,
            body_bytes_max,
            expunging: Mutex::default(),
        })
    }

    pub(super) fn log_in<'c>(&self, call: &'c Call<'c>) -> Result<Session<'c>, PluginError> {
        let mut session = Session::open(&self.server, Clock::new(call, self.silence_max))?;
        self.login.log_in(&mut session, call)?;
        Ok(session)
    }

    /// Whether the configuration has a folder's whole name.
    pub(super) fn is_named(&self, folder: &Folder) -> bool {
        self.choice.names(folder) || self.move_to.as_ref().is_some_and(|target| folder.is_called_as(target))
    }

    pub(super) fn folders(&self, session: &mut Session<'_>) -> Result<Folders, PluginError> {
        let Listed { folders: there, unnamed } = list(session)?;
        let target = self.move_to.as_ref().map(|target| find(target, &there, "move_to").cloned()).transpose()?;
        let all = there.len();
        let may_mean_others = self.choice.may_mean_others(&there);
        let mut searched = self.choice.of(there, unnamed > 0)?;
        let left_out = all - searched.len();
        // What was moved there would be found again, and moved to where it is.
        searched.retain(|folder| Some(folder) != target.as_ref());
        if searched.is_empty() {
            return Err(PluginError::needs_operator("no folder is left to be searched (see `folders` and `exclude`)"));
        }
        let unnamed = if may_mean_others { unnamed } else { 0 };
        Ok(Folders { searched, target, unnamed, left_out })
    }
}
