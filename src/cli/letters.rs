//! `quietus letters`.

use super::context::actor;
use super::exit::{Exit, Failure};
use super::out::Out;
use super::paper::PaperArgs;
use crate::operations::{Operations, papers};
use crate::papers::LetterKind;

/// Write a letter as HTML, to be printed on A4
///
/// It names nobody: whom it goes to, and what quietus does not know, are lines to write on. Read it before you sign it: the reasons and
/// the law are yours.
#[derive(clap::Args)]
pub(crate) struct Letters {
    #[arg(value_enum)]
    letter: LetterArg,
    #[command(flatten)]
    paper: PaperArgs,
    /// The receipt of what was done [default: the newest of the request]
    #[arg(long, value_name = "NUMBER")]
    receipt: Option<u64>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LetterArg {
    /// The request has come, and until when it is answered
    Acknowledgement,
    /// It is answered later than in a month
    Extension,
    /// What was done, by a receipt
    Confirmation,
    /// Nothing is erased, and why
    Refusal,
    /// What a receipt says is retained
    PartialRefusal,
    /// To those who were given the data
    Recipients,
    /// It was looked everywhere, and nothing of the person was found
    NothingHeld,
}

impl Letters {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let kind = match self.letter {
            LetterArg::Acknowledgement => LetterKind::Acknowledgement,
            LetterArg::Extension => LetterKind::Extension,
            LetterArg::Confirmation => LetterKind::Confirmation,
            LetterArg::Refusal => LetterKind::Refusal,
            LetterArg::PartialRefusal => LetterKind::PartialRefusal,
            LetterArg::Recipients => LetterKind::Recipients,
            LetterArg::NothingHeld => LetterKind::NothingHeld,
        };
        let request = self.paper.request();
        let html = papers::letter(on, kind, request.as_ref(), self.receipt, self.paper.lang(), &actor()).await?;
        self.paper.write(&html, out).await
    }
}
