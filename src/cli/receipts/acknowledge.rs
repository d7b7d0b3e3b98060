//! `quietus receipts acknowledge`: a person has seen incomplete receipts. The receipts themselves stay as they are.

use serde_json::json;

use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::operations::Operations;
use crate::operations::receipts::{self, Seen};

#[derive(clap::Args)]
pub(crate) struct Acknowledge {
    /// The numbers of the receipts
    #[arg(required_unless_present = "all")]
    sequences: Vec<u64>,
    /// All incomplete receipts that there are
    #[arg(long, conflicts_with = "sequences")]
    all: bool,
}

impl Acknowledge {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let seen = if self.all { Seen::All } else { Seen::These(self.sequences) };
        let acknowledged = receipts::acknowledge(on, &seen, &actor()).await?;
        if out.is_json() {
            out.json(&json!({ "acknowledged": acknowledged }))?;
        } else if acknowledged == 0 {
            out.line("none of them is incomplete and new")?;
        } else {
            out.line(format_args!("acknowledged {acknowledged} incomplete receipts"))?;
        }
        // That there was nothing left to acknowledge is what `--all` wants.
        Ok(Exit::when(self.all || acknowledged > 0))
    }
}
