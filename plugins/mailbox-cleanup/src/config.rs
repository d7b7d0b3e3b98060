//! The configuration, as the operator writes it. README.md explains it by examples.

use quietus_plugin::mark;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::{gmail, graph, imap};

/// The most accounts: each is a place of its own that the sandbox opens ports for.
pub(crate) const ACCOUNTS_MAX: usize = 16;

/// The configuration of one use of the plugin.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The mailboxes.
    #[schemars(length(min = 1, max = 16))]
    pub accounts: Vec<Account>,
    /// Addresses that are nobody's alone, such as `noreply@x.cz`, and whole domains, such as `@ourcompany.cz`: never
    /// searched for.
    #[serde(default)]
    pub protect: Vec<String>,
    /// Also erases messages that carry the address anywhere in their text; for IMAP accounts only.
    #[serde(default)]
    pub look_at_body: bool,
    /// Erases only what the person sent: From, Sender and Reply-To count, To, Cc and Bcc do not.
    #[serde(default)]
    pub only_from: bool,
    /// The most messages that one account may hold of one person; 10,000 if unset. More are too many to erase without
    /// somebody's look: it is an error for this person alone, and nothing is erased in that account.
    #[schemars(range(min = 1))]
    pub messages_max: Option<u64>,
}

/// One account; with exactly one of the kinds of mailbox.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Account {
    /// What errors and receipts call it: a-z, A-Z, 0-9, `-` and `_`; no person's name, please.
    pub name: String,
    /// A mailbox that is reached by IMAP.
    pub imap: Option<imap::Settings>,
    /// A mailbox in Microsoft 365, through Microsoft Graph.
    pub graph: Option<graph::Settings>,
    /// A mailbox in Google Workspace, through the Gmail API.
    pub gmail: Option<gmail::Settings>,
}

impl Config {
    /// How large a message may be to be looked into, by account.
    pub(crate) fn body_limits(&self) -> Vec<Option<u32>> {
        self.accounts.iter().map(|account| account.imap.as_ref().and_then(|imap| imap.body_bytes_max)).collect()
    }

    /// A mark of where the accounts are, in their order, and of all by which they tell whom they hold. Not of secrets and limits, which may
    /// change while a sweep goes on.
    pub(crate) fn swept_as(&self) -> u64 {
        let accounts = self.accounts.iter().map(|account| {
            let imap = account.imap.as_ref();
            let imap = imap.map(|own| (&own.url, &own.user, &own.folders, &own.exclude, &own.move_to));
            let graph = account.graph.as_ref().map(|own| (&own.base_url, &own.user));
            let gmail = account.gmail.as_ref().map(|own| (&own.base_url, &own.user));
            format!("{:?}", (imap, graph, gmail))
        });
        mark(accounts.chain([format!("{:?}", (&self.protect, self.only_from, self.look_at_body))]))
    }

    pub(crate) fn messages_max(&self) -> u64 {
        self.messages_max.unwrap_or(10_000)
    }
}
