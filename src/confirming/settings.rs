//! `[confirmation]`.

use std::num::NonZeroU32;

use quietus_plugin::Span;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::language::Lang;
use crate::mail::MailServerSettings;

/// The mails with links that confirm, and the page that they lead to. Needed where a rule has `confirm`, and for `quietus requests verify --by-email`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmationSettings {
    /// The company's name, as the mail and the page say it.
    pub(crate) company: String,
    /// The sender, such as `Acme <privacy@example.com>`.
    pub(crate) from: String,
    /// The languages of the mail, one below the other: `cs` and `en`.
    #[serde(default = "both")]
    pub(crate) languages: Vec<Lang>,
    /// How long a link is valid.
    #[serde(default = "a_week")]
    pub(crate) valid_for: Span,
    /// How many mails are sent in an hour, over all servers; further ones wait. One address gets 3 in an hour at most, and 6 in a day.
    #[serde(default = "mails_per_hour")]
    pub(crate) mails_per_hour: NonZeroU32,
    /// By which mail server.
    pub(crate) mail_server: MailServerSettings,
}

fn both() -> Vec<Lang> {
    Lang::ALL.to_vec()
}

fn a_week() -> Span {
    Span::from_secs(7 * 24 * 3600)
}

fn mails_per_hour() -> NonZeroU32 {
    NonZeroU32::new(200).expect("it is not 0")
}

/// The longest name of a company, in characters: it stands in a mail's subject.
const COMPANY_CHARACTERS_MAX: usize = 80;

/// A link that is valid for less helps nobody whose mail comes late; one that is valid for longer waits in a mailbox for whoever finds it.
const VALID_SECS_MIN: u64 = 10 * 60;
const VALID_SECS_MAX: u64 = 90 * 24 * 3600;

impl ConfirmationSettings {
    /// What is wrong with it, by key.
    pub(crate) fn wrong(&self) -> Vec<(&'static str, String)> {
        let mut wrong = Vec::new();
        let length = self.company.chars().count();
        if self.company.trim().is_empty()
            || length > COMPANY_CHARACTERS_MAX
            || self.company.chars().any(char::is_control)
        {
            wrong.push((
                "company",
                format!("write its name, in one line of at most {COMPANY_CHARACTERS_MAX} characters"),
            ));
        }
        if self.languages.is_empty() {
            wrong.push(("languages", "names none; write one or both of `cs` and `en`".to_owned()));
        }
        if !(VALID_SECS_MIN..=VALID_SECS_MAX).contains(&self.valid_for.0.as_secs()) {
            wrong.push(("valid_for", "a link is valid for 10 minutes at least, and for 90 days at most".to_owned()));
        }
        wrong.extend(self.mail_server.wrong().map(|what| ("mail_server", what)));
        wrong
    }
}
