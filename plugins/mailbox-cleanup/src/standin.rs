//! What the tests share.

use std::time::Duration;

use percent_encoding::percent_decode_str;
use quietus_plugin::{
    Answer, Call, ErrorClass, Kind, Plugin, PluginError, Request, ResumeValue, Secrets, Sensitive, Sweep, Swept,
    TestHost, unsaid,
};
use serde::Serialize;
use serde_json::Value;

use crate::MailboxCleanup;

/// The host, whose answers leave out what every answer of these settings claims: [`Host::whole`] has it.
pub(crate) struct Host(TestHost<MailboxCleanup>);

impl std::ops::Deref for Host {
    type Target = TestHost<MailboxCleanup>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Host {
    pub(crate) fn with_secrets<N: Into<String>, V: Into<String>>(
        config: impl Serialize,
        secrets: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, PluginError> {
        TestHost::with_secrets(config, secrets).map(Self)
    }

    /// Its answers as they are.
    pub(crate) fn whole(&self) -> &TestHost<MailboxCleanup> {
        &self.0
    }

    pub(crate) fn erase(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.0.erase(request).map(bare)
    }

    pub(crate) fn dry_run(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.0.dry_run(request).map(bare)
    }

    pub(crate) fn verify(&self, request: impl Into<Request>) -> Result<Answer, PluginError> {
        self.0.verify(request).map(bare)
    }

    pub(crate) fn call_max(self, longest: Duration) -> Self {
        Self(self.0.call_max(longest))
    }

    /// The error of an erasure that has less time than a step takes. Where the machine has been busy for so long that no time is left at
    /// all, that is another case, and it is called again.
    pub(crate) fn erase_in_a_moment(self, request: impl Into<Request>) -> PluginError {
        let (host, request) = (self.call_max(Duration::from_millis(900)), request.into());
        let mut errors = (0..50).map(|_| host.erase(&request).expect_err("too brief"));
        errors.find(|error| error.class != ErrorClass::Cancelled).expect("a machine that is not always busy")
    }

    pub(crate) fn cancel_after(self, questions: u64) -> Self {
        Self(self.0.cancel_after(questions))
    }

    pub(crate) fn stores_at_most(self, times: u64) -> Self {
        Self(self.0.stores_at_most(times))
    }

    pub(crate) fn restarted(self) -> Result<Self, PluginError> {
        self.0.restarted().map(Self)
    }
}

/// An answer with what it says of this erasure alone: what of an account was not looked at names the account.
fn bare(mut answer: Answer) -> Answer {
    answer.looked_at.clear();
    answer.not_looked_at.retain(|text| text.starts_with("account `"));
    Answer { keeps: None, ..answer }
}

/// Whom a sweep has told of.
#[derive(Default)]
pub(crate) struct Told {
    /// Addresses, and since when they are there.
    pub(crate) records: Vec<(String, Option<i64>)>,
    pub(crate) not_looked_at: Vec<String>,
    pub(crate) pages: usize,
}

impl Told {
    /// The addresses, each once, in order.
    pub(crate) fn emails(&self) -> Vec<&str> {
        let mut emails: Vec<_> = self.records.iter().map(|(email, _)| email.as_str()).collect();
        emails.sort_unstable();
        emails.dedup();
        emails
    }
}

/// A whole sweep. Each page is told by a plugin that has just begun, and after each something may happen to the mailbox.
pub(crate) fn sweep(
    config: &Value,
    secret: (&str, &str),
    records_max: u32,
    mut then: impl FnMut(),
) -> Result<Told, PluginError> {
    let mut cursor = None;
    let mut told = Told::default();
    while told.pages < 10_000 {
        let swept = page(config, secret, records_max, cursor)?;
        told.pages += 1;
        told.not_looked_at.extend(swept.not_looked_at);
        for record in swept.records {
            assert_eq!((record.identifiers.len(), record.changed_ms), (1, None));
            told.records.push((record.identifiers[0].value.expose().to_owned(), record.created_ms));
        }
        match swept.next {
            None => return Ok(told),
            next => cursor = next,
        }
        then();
    }
    panic!("it does not come to an end");
}

/// One page, told by a plugin that has just begun.
pub(crate) fn page(
    config: &Value,
    (name, secret): (&str, &str),
    records_max: u32,
    cursor: Option<ResumeValue>,
) -> Result<Swept, PluginError> {
    let wanted = Sweep { kinds: vec![Kind::Email], records_max, region: None, cursor };
    let secrets = Secrets::new([(name.to_owned(), Sensitive::new(secret))].into());
    let plugin = MailboxCleanup::configure(serde_json::from_value(config.clone()).expect("settings"), secrets)?;
    let swept = plugin.sweep(&wanted, &Call::unattended())?;
    assert_eq!(swept.fits(&wanted), Ok(()));
    Ok(swept)
}

/// The plugin's configuration in an example of quietus's.
pub(crate) fn example(text: &str) -> Value {
    let whole: Value = toml::from_str(text).expect("TOML");
    assert_eq!(whole["plugin"][0]["library"], "libmailbox_cleanup.so");
    whole["plugin"][0]["config"].clone()
}

/// Percent-decoded.
pub(crate) fn plain(text: &str) -> String {
    percent_decode_str(text).decode_utf8().expect("UTF-8").into_owned()
}

#[test]
fn the_pages_say_what_receipts_say() {
    use crate::{gmail, graph, imap, scope};
    let imap_md = include_str!("../imap.md");
    let graph_md = include_str!("../microsoft-365.md");
    let gmail_md = include_str!("../google-workspace.md");
    let of_imap = [scope::TEXTS, scope::ATTACHMENTS, scope::RECEIVED, scope::DEVICES, imap::LEFT_OUT];
    let of_graph = [scope::TEXTS_NEVER, scope::RECEIVED, scope::DEVICES, graph::UNSEEN, graph::UNTOLD, graph::REFUSED];
    let of_gmail = [scope::TEXTS_NEVER, scope::RECEIVED, scope::DEVICES];
    for (name, page, sentences) in [
        ("imap.md", imap_md, [&of_imap[..], &imap::NOT_LOOKED_AT].concat()),
        ("microsoft-365.md", graph_md, [&of_graph[..], &graph::NOT_LOOKED_AT, &graph::KEEPS].concat()),
        ("google-workspace.md", gmail_md, [&of_gmail[..], &gmail::NOT_LOOKED_AT].concat()),
    ] {
        assert_eq!(unsaid(page, sentences), [""; 0], "{name}");
    }
}
