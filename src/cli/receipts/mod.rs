//! `quietus receipts`: the proof. Verifying needs neither the configuration nor the ledger.

mod acknowledge;
mod certificate;
mod export;
mod find;
mod list;
mod show;
mod verify;

pub(super) use list::table;

use std::path::PathBuf;

use super::archive::Archive;
use super::context::{Global, with_operations};
use super::exit::{Exit, Failure};
use super::out::Out;
use crate::receipt::ChainName;

#[derive(clap::Subcommand)]
pub(super) enum Receipts {
    /// List receipts in the order of the chain, with their verdicts
    List(list::List),
    /// Show one receipt: its verdict, every reason, and the outcome at each target
    Show {
        sequence: u64,
    },
    /// Find the receipts of a person's erasures by the person's identifiers
    Find(find::Find),
    Certificate(certificate::CertificateCommand),
    /// Note that incomplete receipts were seen, so that `quietus status` stops asking for a person
    Acknowledge(acknowledge::Acknowledge),
    /// Write receipts as JSON lines, to be kept elsewhere and verified by anyone
    Export {
        /// From this number on
        #[arg(long, default_value_t = 1)]
        from: u64,
        /// Into this file instead of standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Move the oldest receipts out of the ledger into a file of `retention.archive_dir`, which is verified first
    ///
    /// Only the oldest ones move, without a gap between them: never one that is incomplete and not acknowledged, nor anything that
    /// came after one that stays. A server does the same by itself. The ledger keeps a signed checkpoint, after which its chain goes on.
    Archive(Archive),
    /// Verify exported receipts and archives: signatures, numbers, links
    Verify(verify::Verify),
}

impl Receipts {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => with_operations(global, async |on| list.run(on, out).await),
            Self::Show { sequence } => with_operations(global, async |on| show::run(on, sequence, out).await),
            Self::Find(find) => with_operations(global, async |on| find.run(on, out).await),
            Self::Certificate(certificate) => with_operations(global, async |on| certificate.run(on, out).await),
            Self::Acknowledge(these) => with_operations(global, async |on| these.run(on, out).await),
            Self::Export { from, out: file } => {
                with_operations(global, async |on| export::run(on, from, file.as_deref(), out).await)
            }
            Self::Archive(archive) => {
                with_operations(global, async |on| archive.run(on, ChainName::Receipts, out).await)
            }
            Self::Verify(verify) => verify.run(out),
        }
    }
}
