//! Makes a mailbox of any kind from an account's configuration.

use quietus_plugin::Secrets;

use crate::config::{self, Config};
use crate::gmail::Gmail;
use crate::graph::Graph;
use crate::imap::Imap;
use crate::mailbox::Mailbox;

/// An account of the configuration.
pub(crate) struct Account {
    pub(crate) name: String,
    pub(crate) mailbox: Box<dyn Mailbox>,
}

impl Account {
    /// Checks the account's settings; connects to nobody. The error names the setting that is wrong.
    pub(crate) fn new(config: &config::Account, all: &Config, at: usize, secrets: &Secrets) -> Result<Self, String> {
        let name = config.name.clone();
        let wrong = |why: String| format!("accounts[{at}].{why}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
        if !(1..=40).contains(&name.len()) || !name.chars().all(plain) {
            return Err(wrong("name: allowed are 1 to 40 of a-z, A-Z, 0-9, `-` and `_`".into()));
        }
        if config.imap.is_none() && all.look_at_body {
            return Err(format!("look_at_body: it is for IMAP accounts only, and accounts[{at}] is none"));
        }
        let messages_max = all.messages_max();
        let mailbox: Box<dyn Mailbox> = match (&config.imap, &config.graph, &config.gmail) {
            (Some(settings), None, None) => {
                Box::new(Imap::new(&name, settings, messages_max, secrets).map_err(|why| wrong(format!("imap.{why}")))?)
            }
            (None, Some(settings), None) => Box::new(
                Graph::new(&name, settings, messages_max, secrets).map_err(|why| wrong(format!("graph.{why}")))?,
            ),
            (None, None, Some(settings)) => Box::new(
                Gmail::new(&name, settings, messages_max, secrets).map_err(|why| wrong(format!("gmail.{why}")))?,
            ),
            _ => return Err(format!("accounts[{at}]: it needs one of `imap`, `graph` and `gmail`, and no more")),
        };
        Ok(Self { name, mailbox })
    }
}
