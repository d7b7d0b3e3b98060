//! `quietus consent`: who agreed to which text and when, how that ended, and its end by a letter or a call.

mod export;
mod show;
mod withdraw;

use clap::ArgGroup;

use super::erase::{named_guest, session_key};
use super::exit::{Exit, Failure};
use super::identity::{self, PersonArgs};
use super::out::Out;
use crate::operations::Operations;
use crate::operations::erasures::About;
use crate::subject::InstallationName;

#[derive(clap::Subcommand)]
pub(super) enum ConsentCommand {
    Show(show::Show),
    Withdraw(withdraw::Withdraw),
    Export(export::Export),
}

impl ConsentCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Show(show) => show.run(on, out).await,
            Self::Withdraw(withdraw) => withdraw.run(on, out).await,
            Self::Export(export) => export.run(on, out).await,
        }
    }
}

// Whose consents; no documentation comment, as it would become the command's.
#[derive(clap::Args)]
#[command(group(
    ArgGroup::new("whose").required(true).multiple(true).args(["session", "guest", "email", "phone", "name", "other"])
))]
struct WhoseArgs {
    /// One session, such as `acme/4711`: the name of the mluvii installation (or of a source of it), and mluvii's id
    #[arg(long, value_name = "INSTALLATION/ID", conflicts_with_all = ["guest", "email", "phone", "name", "other"])]
    session: Option<String>,
    /// All sessions of a guest, as `INSTALLATION/ID`; `-` or `@FILE`
    #[arg(long, value_name = "GUEST", conflicts_with_all = ["email", "phone", "name", "other"])]
    guest: Option<String>,
    #[command(flatten)]
    person: PersonArgs,
    /// The mluvii installation in which the person is meant
    #[arg(long, value_name = "NAME", conflicts_with_all = ["session", "guest"])]
    mluvii: Option<String>,
}

impl WhoseArgs {
    fn read(&self) -> Result<About, Failure> {
        match (&self.session, &self.guest) {
            (Some(session), _) => Ok(About::Session(session_key(session)?)),
            (None, Some(guest)) => {
                identity::must_not_be_seen(guest)?;
                named_guest(identity::read(guest, "guest, as INSTALLATION/ID")?.expose())
            }
            (None, None) => {
                let values = self.person.read()?;
                values.refuse_seen()?;
                let installation = self.mluvii.as_deref().map(|name| InstallationName(name.into()));
                Ok(About::Person { installation, identifiers: values.identifiers })
            }
        }
    }
}
