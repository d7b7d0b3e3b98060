//! `quietus receipts certificate`.

use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::cli::paper::PaperArgs;
use crate::operations::{Operations, papers};
use crate::papers::Audience;

/// Write the certificate of a receipt as HTML, to be printed on A4: what was looked at where, what became of it, what stays and why, and
/// where nobody has looked
///
/// It is made of the receipt and says no more. It names nobody: name and address are lines to write on.
#[derive(clap::Args)]
pub(crate) struct CertificateCommand {
    /// The receipt's number
    sequence: u64,
    #[command(flatten)]
    paper: PaperArgs,
    /// For the person, in words; or for an authority, with all that the receipt says
    #[arg(long = "for", value_enum, default_value = "person")]
    audience: AudienceArg,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum AudienceArg {
    Person,
    Authority,
}

impl CertificateCommand {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let audience = match self.audience {
            AudienceArg::Person => Audience::Person,
            AudienceArg::Authority => Audience::Authority,
        };
        let (request, lang) = (self.paper.request(), self.paper.lang());
        let html = papers::certificate(on, self.sequence, request.as_ref(), lang, audience, &actor()).await?;
        self.paper.write(&html, out).await
    }
}
