//! Entering a request.

use std::path::PathBuf;

use jiff::civil::Date;

use super::bulk;
use super::list::write;
use super::person::PersonFile;
use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::out::Out;
use crate::cli::words;
use crate::operations::Operations;
use crate::operations::requests::{self, Asked};
use crate::request::{Came, RequestNumber, VerifiedBy};
use crate::subject::InstallationName;

/// Enter a request: how it came, when, and whose it is
///
/// The person's identifiers are asked for on the terminal, or come from a file; they are sealed until the request has ended. Nothing
/// is erased by this: see `quietus requests plan`.
///
/// With --csv, each line of a file is a request. Its first line names the columns: name, email, phone and kinds of your own, and number,
/// came, received, verified, mluvii and targets, each of which the option of that name stands in for where it is left out. What came of
/// each line is written to a results file: the line's number, the request's number, a keyed digest of the line, and an error, and nothing
/// of the person. The same command goes on where it was interrupted; a line that has changed since is entered.
#[derive(clap::Args)]
pub(in crate::cli) struct New {
    #[command(flatten)]
    person: PersonFile,
    /// The company's own number of the case [default: the next one of quietus, such as R-7]
    #[arg(long, value_name = "NUMBER")]
    number: Option<RequestNumber>,
    /// How it came: letter, email, phone, in-person or form
    #[arg(long, value_name = "HOW", required_unless_present = "csv")]
    came: Option<Came>,
    /// The day on which it came, such as 2026-11-20 [default: today]
    #[arg(long, value_name = "DATE", value_parser = words::day)]
    received: Option<Date>,
    /// How it was verified whose it is: `document` or `known-contact` [default: not yet]
    #[arg(long, value_name = "HOW")]
    verified: Option<VerifiedBy>,
    /// The mluvii installation in which the person is meant; needed where there are several
    #[arg(long, value_name = "NAME")]
    mluvii: Option<String>,
    /// The places to erase from, such as `mluvii,crm` [default: all]
    #[arg(long, value_delimiter = ',', value_name = "TARGETS")]
    targets: Vec<String>,
    /// Enter it although an open request is of the same person
    #[arg(long)]
    anyway: bool,
    /// Enter a request for each line of a CSV file (UTF-8; commas, semicolons or tabs)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["file", "number"])]
    csv: Option<PathBuf>,
    /// Where to write what came of each line [default: the CSV file's name, with .results.csv behind it]
    #[arg(long, value_name = "FILE", requires = "csv")]
    results: Option<PathBuf>,
}

impl New {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let asked = Asked {
            installation: self.mluvii.map(|name| InstallationName(name.into())),
            number: self.number,
            came: self.came.unwrap_or(Came::Letter),
            received: self.received,
            verified: self.verified,
            targets: self.targets,
            identifiers: Vec::new(),
            anyway: self.anyway,
        };
        if let Some(csv) = self.csv {
            let came_is_said = self.came.is_some();
            return bulk::enter(on, &csv, self.results, &asked, came_is_said, out).await;
        }
        let asked = Asked { identifiers: self.person.read()?, ..asked };
        let shown = requests::enter(on, asked, &actor()).await?;
        write(&shown, out)?;
        if let Some(why) = words::never_approved(on, &shown.request.entered_by) {
            out.note(why);
        }
        Ok(Exit::Done)
    }
}
