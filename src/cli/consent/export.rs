//! `quietus consent export`.

use std::path::PathBuf;

use crate::cli::bar;
use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::files::write_whole;
use crate::cli::out::Out;
use crate::operations::Operations;
use crate::operations::consent::{self, Exported, Format};
use crate::subject::InstallationName;

/// Write all consents, those that are over, too: CSV with a line for each state, or JSON with a line for each session
///
/// Nothing personal: a session is named by its number. The columns are described in docs/consent.md. Exit code 1 when rows are damaged,
/// of which nothing can be said.
#[derive(clap::Args)]
pub(crate) struct Export {
    #[arg(long, value_enum, default_value = "csv")]
    format: FormatArg,
    /// Only of this installation of mluvii [default: of all]
    #[arg(long, value_name = "INSTALLATION")]
    mluvii: Option<String>,
    /// Into this file instead of standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum FormatArg {
    Csv,
    Json,
}

impl Export {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let only = self.mluvii.map(|name| InstallationName(name.as_str().into()));
        let format = match self.format {
            FormatArg::Csv => Format::Csv,
            FormatArg::Json => Format::Json,
        };
        let by = actor();
        let Exported { sessions, damaged } = match &self.out {
            None => consent::export(on, only.as_ref(), format, out, &by).await?,
            Some(path) => {
                let bar = bar::counting("lines written");
                let written = write_whole(path, async |sink| {
                    let mut sink = bar::Lines::of(sink, &bar);
                    Ok(consent::export(on, only.as_ref(), format, &mut sink, &by).await?)
                })
                .await;
                // Before anything is shown: the bar would stand beside it.
                bar.finish_and_clear();
                let exported = written?;
                if out.is_json() {
                    out.json(&exported)?;
                } else {
                    out.line(format_args!("wrote the consents of {} sessions", exported.sessions))?;
                }
                exported
            }
        };
        if damaged > 0 {
            out.note(format_args!(
                "{damaged} sessions beside these {sessions} are damaged: nothing can be said of them"
            ));
        }
        Ok(Exit::when(damaged == 0))
    }
}
