//! `quietus requests`: what persons ask for.

mod acts;
mod bulk;
mod list;
mod new;
mod person;
mod plan;

use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::operations::Operations;
use crate::operations::requests::Named;
use crate::request::RequestNumber;
use crate::subject::InstallationName;

#[derive(clap::Subcommand)]
pub(super) enum Requests {
    New(new::New),
    List(list::List),
    Show(list::Show),
    Find(list::Find),
    Verify(acts::Verify),
    Extend(acts::Extend),
    Reject(acts::Reject),
    Withdraw(acts::Withdraw),
    Close(acts::Close),
    Plan(plan::PlanRequest),
    Approve(plan::Approve),
    Run(plan::Run),
}

impl Requests {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let shown = match self {
            Self::New(new) => return new.run(on, out).await,
            Self::List(list) => return list.run(on, out).await,
            Self::Show(show) => return show.run(on, out).await,
            Self::Find(find) => return find.run(on, out).await,
            Self::Plan(plan) => return plan.run(on, out).await,
            Self::Run(run) => return run.run(on, out).await,
            Self::Verify(verify) => verify.run(on).await?,
            Self::Extend(extend) => extend.run(on).await?,
            Self::Reject(reject) => reject.run(on).await?,
            Self::Withdraw(withdraw) => withdraw.run(on).await?,
            Self::Close(close) => close.run(on).await?,
            Self::Approve(approve) => approve.run(on).await?,
        };
        list::write(&shown, out)?;
        Ok(Exit::Done)
    }
}

/// The request that a command is about.
#[derive(clap::Args)]
pub(super) struct Which {
    /// The request's number, such as `R-7` or the company's own
    #[arg(value_name = "REQUEST")]
    number: RequestNumber,
    /// The mluvii installation (or a source of it); needed where several have a request of this number
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
}

impl Which {
    fn named(self) -> Named {
        let installation = self.mluvii.map(|name| InstallationName(name.into()));
        Named { number: self.number, installation }
    }
}
