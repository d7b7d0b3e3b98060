//! mailbox-cleanup: erases a person's messages from mailboxes. Addresses enter, what the accounts say becomes the
//! outcome. `mailbox` is what each kind of mailbox implements; `wanted` and its `headers` alone decide whose a message is.

mod account;
mod address;
mod config;
mod following;
mod gmail;
mod graph;
mod headers;
mod holding;
mod imap;
mod mailbox;
mod outcome;
mod protect;
mod scope;
#[cfg(test)]
mod standin;
mod through;
mod wanted;

use std::time::Duration;

use quietus_plugin::{
    Answer, Call, Kind, Manifest, Plugin, PluginError, Progress, Request, Secrets, Sweep, Swept, export_plugin, mark,
};
use serde::{Deserialize, Serialize};

use account::Account;
use address::Address;
use config::{ACCOUNTS_MAX, Config};
use holding::{Holding, begin_anew, no_place};
use mailbox::{Doing, MESSAGES, Seen, Task};
use outcome::Said;
use protect::Protect;
use through::{Begun, Through};
use wanted::{Place, Wanted};

/// The plugin: its accounts, and whom it never searches for.
pub struct MailboxCleanup {
    accounts: Vec<Account>,
    protect: Protect,
    place: Place,
    /// A mark of the settings by which a message is judged.
    judged_by: u64,
    /// A mark of the accounts, in their order, and of whom they are to tell.
    swept_as: u64,
}

/// A person's addresses.
enum Whom {
    /// To be searched for; the flag says whether others are protected.
    Wanted { wanted: Wanted, some_protected: bool },
    /// None may be searched for: the answer to everything.
    Nobody(Answer),
}

/// Where a page of whom the accounts hold begins.
#[derive(Serialize, Deserialize)]
struct At {
    /// The mark of the accounts among which `account` counts: among others, it would be another one, and whoever stands in those before it
    /// would not be told of.
    accounts: u64,
    account: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    place: Option<String>,
}

impl Plugin for MailboxCleanup {
    type Config = Config;

    fn manifest() -> Manifest {
        let manifest = Manifest::new("mailbox-cleanup", env!("CARGO_PKG_VERSION"))
            .requires(Kind::Email)
            .accepts_secret(quietus_plugin::ANY)
            .dry_run()
            .resumes()
            .sweeps()
            .call_max(Duration::from_secs(240))
            .concurrency(2);
        (0..ACCOUNTS_MAX).fold(manifest, |manifest, n| {
            let manifest = imap::reach(manifest, &format!("/accounts/{n}/imap"));
            let manifest = graph::reach(manifest, &format!("/accounts/{n}/graph"));
            gmail::reach(manifest, &format!("/accounts/{n}/gmail"))
        })
    }

    fn configure(config: Config, secrets: Secrets) -> Result<Self, PluginError> {
        Self::make(&config, &secrets).map_err(PluginError::needs_operator)
    }

    fn erase(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let Some(writes) = request.writes() else { return self.look(request, call) };
        let (wanted, mut said) = match self.whom(request) {
            Whom::Wanted { wanted, some_protected } => (wanted, said(some_protected)),
            Whom::Nobody(answer) => return Ok(answer),
        };
        let mut progress = self.progress(&wanted, call);
        let ended = self.each(&mut said, |account| {
            let mut task = Task { call, doing: Doing::Erasing, progress: &mut progress };
            account.mailbox.erase(&wanted, &mut task, writes)
        });
        if ended.is_ok() && said.is_whole() {
            // Only then: where an account has failed, or a folder, what is unsure may still be there, and would be counted as
            // erased.
            progress.settle();
            // A later round looks through everything again: otherwise messages that came to earlier folders would be
            // passed over.
            progress.own.erasing = Through::default();
        }
        let erased = progress.counts().get(MESSAGES).copied().unwrap_or_default();
        // Also after success: the answer may not reach the host, which then asks again.
        let stored = progress.store(call);
        ended?;
        let answer = said.erased(erased)?;
        stored.map(|()| answer)
    }

    fn verify(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        self.look(request, call)
    }

    fn sweep(&self, wanted: &Sweep, call: &Call) -> Result<Swept, PluginError> {
        let cursor = wanted.cursor.as_ref().map(|cursor| serde_json::from_slice(cursor.expose()));
        let at: Option<At> = cursor.transpose().map_err(no_place)?;
        let accounts = self.swept_as;
        let At { account, place, .. } = match at {
            Some(at) if at.accounts != accounts => return Err(begin_anew()),
            at => at.unwrap_or(At { accounts, account: 0, place: None }),
        };
        let own = self.accounts.get(account).ok_or_else(begin_anew)?;
        let records_max = wanted.records_max.max(1) as usize;
        let holding = Holding { records_max, place: self.place, protect: &self.protect };
        // One that cannot be asked is an error of all: who is not told of would count as gone.
        let held = own.mailbox.hold(place.as_deref(), &holding, call)?;
        let next = match held.next {
            Some(place) => Some(At { accounts, account, place: Some(place) }),
            None => Some(At { accounts, account: account + 1, place: None })
                .filter(|next| next.account < self.accounts.len()),
        };
        let swept = match next {
            Some(next) => Swept::page(held.records, serde_json::to_vec(&next).unwrap_or_default()),
            None => Swept::last(held.records),
        };
        Ok(held.not_looked_at.into_iter().fold(swept, Swept::not_looked_at))
    }

    fn health(&self, call: &Call) -> Result<(), PluginError> {
        let mut said = Said::default();
        self.each(&mut said, |account| account.mailbox.health(call).map(|()| Seen::default()))?;
        said.looked().map(drop)
    }
}

impl MailboxCleanup {
    fn make(config: &Config, secrets: &Secrets) -> Result<Self, String> {
        if config.accounts.is_empty() || config.accounts.len() > ACCOUNTS_MAX {
            return Err(format!("accounts: allowed are 1 to {ACCOUNTS_MAX}"));
        }
        if config.messages_max == Some(0) {
            return Err("messages_max: allowed are 1 and more".into());
        }
        let mut accounts: Vec<Account> = Vec::new();
        for (at, account) in config.accounts.iter().enumerate() {
            let account = Account::new(account, config, at, secrets)?;
            if accounts.iter().any(|other| other.name == account.name) {
                return Err(format!("accounts: two are named `{}`", account.name));
            }
            accounts.push(account);
        }
        let place = match (config.only_from, config.look_at_body) {
            (true, true) => return Err("only_from: it excludes `look_at_body`".into()),
            (true, false) => Place::Senders,
            (false, true) => Place::Anywhere,
            (false, false) => Place::Headers,
        };
        // Another version, or other limits, may judge otherwise: what was judged before is then looked at anew.
        let judged_by = mark([env!("CARGO_PKG_VERSION").to_owned(), format!("{:?}", config.body_limits())]);
        let swept_as = config.swept_as();
        Ok(Self { accounts, protect: Protect::new(&config.protect)?, place, judged_by, swept_as })
    }

    /// What is there now. A `verify` that ran out of time goes on where it was, as an erasure does; of a dry run, nothing is
    /// stored.
    fn look(&self, request: &Request, call: &Call) -> Result<Answer, PluginError> {
        let (wanted, mut said) = match self.whom(request) {
            Whom::Wanted { wanted, some_protected } => (wanted, said(some_protected)),
            Whom::Nobody(answer) => return Ok(answer),
        };
        let mut progress = self.progress(&wanted, call);
        let ended = self.each(&mut said, |account| {
            let mut task = Task { call, doing: Doing::Looking, progress: &mut progress };
            account.mailbox.look(&wanted, &mut task)
        });
        if ended.is_ok() && !said.has_failed() {
            progress.own.looking = Through::default();
        }
        let stored = if request.dry_run { Ok(()) } else { progress.store(call) };
        ended?;
        let answer = said.looked()?;
        stored.map(|()| answer)
    }

    /// What earlier calls came to, as far as they looked for the same.
    fn progress(&self, wanted: &Wanted, call: &Call) -> Progress<Begun> {
        let mut progress = Progress::<Begun>::of(call);
        progress.own.is_about(wanted.mark(self.judged_by));
        progress
    }

    /// Asks one account after the other, whatever became of those before.
    fn each(
        &self,
        said: &mut Said,
        mut ask: impl FnMut(&Account) -> Result<Seen, PluginError>,
    ) -> Result<(), PluginError> {
        self.accounts.iter().try_for_each(|account| said.hear(&account.name, ask(account)))
    }

    fn whom(&self, request: &Request) -> Whom {
        let mut typed: Vec<_> = request.normal_forms(Kind::Email).into_iter().map(Address::normal).collect();
        if typed.is_empty() {
            return Whom::Nobody(Answer::unverifiable(
                "what was given as e-mail is no address that a message can carry",
            ));
        }
        // In one order: the mark of what was looked for follows it, and with another mark everything is looked at anew.
        typed.sort();
        let all = typed.len();
        typed.retain(|address| !self.protect.covers(address));
        match typed.len() {
            0 => Whom::Nobody(Answer::retained("all addresses are on the protect list, and were not searched for")),
            left => Whom::Wanted { wanted: Wanted::new(typed, self.place), some_protected: left < all },
        }
    }
}

fn said(some_protected: bool) -> Said {
    let mut said = Said::default();
    if some_protected {
        said.protected();
    }
    said
}

export_plugin!(MailboxCleanup);

#[cfg(test)]
mod tests;
