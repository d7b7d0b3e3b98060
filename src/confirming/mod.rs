//! The way in for whoever confirms by a link: sends the mails with the links that the ledger wants, and has the page that a link leads to,
//! with the one button that uses it. An adapter over `operations`, as the command line is one; nothing here decides what a link is worth.

mod layout;
mod limit;
mod mailer;
mod page;
mod routes;
mod sending;
mod settings;
mod state;
mod task_page;
mod tasks;
mod words;

pub(crate) use mailer::{LinkMailer, MailerWrong};
pub(crate) use routes::router;
pub(crate) use sending::{LinkSender, send_links};
pub(crate) use settings::ConfirmationSettings;
pub(crate) use state::ConfirmingPages;
