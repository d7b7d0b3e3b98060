//! One account on one server, as the rest of the plugin knows it.

use std::sync::Mutex;
use std::time::Duration;

use quietus_plugin::{Call, PluginError, Secrets, Writes};

use super::Settings;
use super::clock::Clock;
use super::folders::{Choice, Folder, list};
use super::login::Login;
use super::server::Server;
use super::session::Session;
use super::visit::Visit;
use crate::account::{Kept, Mailbox, Seen, Task};
use crate::config::Config;
use crate::wanted::Wanted;

const SILENCE_MAX: Duration = Duration::from_secs(60);
/// The largest message that is looked into, unless the settings say otherwise,
const BODY_BYTES_MAX: u32 = 25 << 20;
/// and the largest that they may say.
pub(super) const BODY_BYTES_LIMIT: u32 = 32 << 20;

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
    /// Where `EXPUNGE` erases whatever is marked, calls do so one after the other.
    pub(super) expunging: Mutex<()>,
}

/// The folders of an account.
pub(super) struct Folders {
    /// To be searched.
    pub(super) searched: Vec<Folder>,
    /// Where messages are moved to.
    pub(super) target: Option<Folder>,
}

impl Imap {
    /// The error names the setting that is wrong.
    pub(crate) fn new(name: &str, settings: &Settings, all: &Config, secrets: &Secrets) -> Result<Self, String> {
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
            messages_max: all.messages_max(),
            body_bytes_max,
            expunging: Mutex::default(),
        })
    }

    fn log_in<'c>(&self, call: &'c Call<'c>) -> Result<Session<'c>, PluginError> {
        let mut session = Session::open(&self.server, Clock::new(call, self.silence_max))?;
        self.login.log_in(&mut session, call)?;
        Ok(session)
    }

    fn folders(&self, session: &mut Session<'_>) -> Result<Folders, PluginError> {
        let there = list(session)?;
        let target = match &self.move_to {
            None => None,
            Some(target) => match there.iter().find(|folder| folder.mailbox == target.mailbox) {
                Some(found) => Some(found.clone()),
                None => {
                    let text = format!("there is no folder `{}` (see `move_to`)", target.name);
                    return Err(PluginError::needs_operator(text));
                }
            },
        };
        let mut searched = self.choice.of(there)?;
        searched.retain(|folder| Some(folder) != target.as_ref());
        Ok(Folders { searched, target })
    }
}

impl Mailbox for Imap {
    fn look(&self, wanted: &Wanted, task: &mut Task<'_>) -> Result<Seen, PluginError> {
        let mut session = self.log_in(task.call)?;
        let folders = self.folders(&mut session)?;
        let mut visit = Visit::new(self, &mut session, wanted, task);
        let found = visit.look_into(&folders.searched)?;
        let mut kept = visit.kept_of(&found)?;
        let all: u64 = found.iter().map(|seen| seen.messages).sum();
        let messages = all - kept.iter().map(|kept| kept.messages).sum::<u64>();
        kept.extend(visit.kept_in(folders.target.as_ref())?);
        visit.end()?;
        let unclear = visit.unclear();
        session.close();
        Ok(Seen { messages, kept, unclear, ..Seen::default() })
    }

    fn erase(&self, wanted: &Wanted, task: &mut Task<'_>, writes: Writes<'_>) -> Result<Seen, PluginError> {
        let mut session = self.log_in(task.call)?;
        let folders = self.folders(&mut session)?;
        let mut visit = Visit::new(self, &mut session, wanted, task);
        let found = visit.look_into(&folders.searched)?;
        let messages: u64 = found.iter().map(|seen| seen.messages).sum();
        if messages > self.messages_max {
            let text = format!("{messages} messages are more than `messages_max`, and none was erased");
            return Err(PluginError::needs_operator(text));
        }
        let mut kept: Vec<Kept> = visit.empty(&found, folders.target.as_ref(), writes)?;
        kept.extend(visit.kept_in(folders.target.as_ref())?);
        visit.end()?;
        let unclear = visit.unclear();
        session.close();
        Ok(Seen { kept, unclear, ..Seen::default() })
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        let mut session = self.log_in(call)?;
        self.folders(&mut session)?;
        session.close();
        Ok(())
    }
}
