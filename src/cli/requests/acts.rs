//! What is decided about a request before anything is erased. Each act returns the request as it is then.

use jiff::civil::Date;

use super::Which;
use crate::cli::context::actor;
use crate::cli::exit::Failure;
use crate::cli::words;
use crate::operations::Operations;
use crate::operations::requests::{self, Shown};
use crate::request::{ClosedBecause, ExtendedBecause, RejectedBecause, VerifiedBy};

/// Say whose a request is, that more was asked for to know it, or that there was an answer (GDPR Art. 12(6))
///
/// While more is asked for, the deadline does not run; the days until the answer are added to it. Saying how it was verified is an
/// answer, too.
#[derive(clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["how", "by_email", "ask", "answered"])))]
pub(in crate::cli) struct Verify {
    #[command(flatten)]
    which: Which,
    /// How it was verified: `document` or `known-contact`
    #[arg(long, value_name = "HOW")]
    how: Option<VerifiedBy>,
    /// Mail a link to the one e-mail address that it names: it is verified once whoever reads that mail has clicked, as far as that address
    /// goes (docs/confirmation.md). Said again, another link is mailed, and the older one is good for nothing
    #[arg(long, conflicts_with = "on")]
    by_email: bool,
    /// More was asked for
    #[arg(long)]
    ask: bool,
    /// There was an answer, and it is still not known for sure
    #[arg(long)]
    answered: bool,
    /// The day on which that was, such as 2026-11-20 [default: today]
    #[arg(long, value_name = "DATE", value_parser = words::day)]
    on: Option<Date>,
}

impl Verify {
    pub(super) async fn run(self, on: &Operations) -> Result<Shown, Failure> {
        let named = self.which.named();
        let shown = match self.how {
            Some(how) => requests::verify(on, &named, how, self.on, &actor()).await?,
            None if self.by_email => requests::send_link(on, &named, &actor()).await?,
            None if self.ask => requests::ask(on, &named, self.on, &actor()).await?,
            None => requests::answered(on, &named, self.on, &actor()).await?,
        };
        Ok(shown)
    }
}

/// Answer a request one or two months later, two at most in all (GDPR Art. 12(3)); the person has to be told within the first
#[derive(clap::Args)]
pub(in crate::cli) struct Extend {
    #[command(flatten)]
    which: Which,
    /// By how many months
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=2))]
    months: u8,
    /// Why: `complexity` or `number-of-requests`
    #[arg(long, value_name = "WHY")]
    because: ExtendedBecause,
}

impl Extend {
    pub(super) async fn run(self, on: &Operations) -> Result<Shown, Failure> {
        Ok(requests::extend(on, &self.which.named(), self.months, self.because, &actor()).await?)
    }
}

/// Erase nothing for a request, for a reason of the law (GDPR Art. 12(4)); what is sealed of the person is destroyed
///
/// Reasons: not-identified (Art. 11(2), 12(2)), not-the-person (12(6)), unfounded and excessive (12(5)), no-ground (17(1)), expression,
/// legal-obligation, public-health, research and legal-claims (17(3)(a) to (e)).
#[derive(clap::Args)]
pub(in crate::cli) struct Reject {
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long, value_name = "WHY")]
    because: RejectedBecause,
}

impl Reject {
    pub(super) async fn run(self, on: &Operations) -> Result<Shown, Failure> {
        Ok(requests::reject(on, &self.which.named(), self.because, &actor()).await?)
    }
}

/// The person has withdrawn a request; what is sealed of the person is destroyed
#[derive(clap::Args)]
pub(in crate::cli) struct Withdraw {
    #[command(flatten)]
    which: Which,
}

impl Withdraw {
    pub(super) async fn run(self, on: &Operations) -> Result<Shown, Failure> {
        Ok(requests::withdraw(on, &self.which.named(), &actor()).await?)
    }
}

/// End a request otherwise; what is sealed of the person is destroyed
#[derive(clap::Args)]
pub(in crate::cli) struct Close {
    #[command(flatten)]
    which: Which,
    /// Why: `nothing-held`, `incomplete`, `duplicate`, `answered-elsewhere` or `mistake`
    #[arg(long, value_name = "WHY")]
    because: ClosedBecause,
}

impl Close {
    pub(super) async fn run(self, on: &Operations) -> Result<Shown, Failure> {
        Ok(requests::close(on, &self.which.named(), self.because, &actor()).await?)
    }
}
