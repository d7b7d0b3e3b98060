//! `quietus receipts find`: a person asks for the result of a request.

use crate::cli::context::actor;
use crate::cli::exit::{Exit, Failure};
use crate::cli::identity::{PersonArgs, SEEN_BY_OTHERS};
use crate::cli::out::{self, Out};
use crate::cli::words::subject;
use crate::operations::Operations;
use crate::operations::receipts::{self, FoundErasure};
use crate::subject::InstallationName;

/// Find the receipts of a person's erasures by the person's identifiers
///
/// Values of one kind are alternatives; every kind that is given has to agree. A value is written out, `-` (asked for
/// without showing it, or one line of standard input), or `@FILE` (the file's first line). Written out, other users of this
/// machine can see it. Lines of standard input are read in the order: e-mail, phone, name, other.
#[derive(clap::Args)]
#[command(group(
    clap::ArgGroup::new("subject").required(true).multiple(true).args(["email", "phone", "name", "other"])
))]
pub(crate) struct Find {
    #[command(flatten)]
    person: PersonArgs,
    /// Only in this installation of mluvii [default: in all]
    #[arg(long, value_name = "INSTALLATION")]
    mluvii: Option<String>,
}

impl Find {
    pub(super) async fn run(self, on: &Operations, out: &mut Out) -> Result<Exit, Failure> {
        let values = self.person.read()?;
        let installation = self.mluvii.map(|name| InstallationName(name.as_str().into()));
        let found = receipts::find(on, installation.as_ref(), &values.identifiers, &actor()).await?;
        values.warn(SEEN_BY_OTHERS, out);
        if out.is_json() {
            out.json(&found.erasures)?;
        } else if found.erasures.is_empty() {
            out.line("nothing was found")?;
        } else {
            out.table(["RECEIPT", "ENDED", "VERDICT", "SUBJECT", "ERASURE"], found.erasures.iter().map(row))?;
        }
        if !found.ended_are_found {
            out.note(
                "erasures that have ended cannot be found by person, because `erasing.keep_fingerprints` is off; only open \
                 ones are found",
            );
        }
        Ok(Exit::when(!found.erasures.is_empty()))
    }
}

/// An erasure that has not ended shows its state where the verdict would be.
fn row(found: &FoundErasure) -> [String; 5] {
    let id = found.erasure.id.to_string();
    match &found.receipt {
        Some(receipt) => {
            let said = &receipt.statement;
            let verdict = said.verdict.to_string();
            [said.sequence.to_string(), out::time(said.ended), verdict, subject(&said.subject), id]
        }
        None if found.archived.is_some() => {
            let archived =
                found.archived.as_ref().map(|archived| format!("{} in {}", archived.sequence, archived.file));
            let verdict = found.erasure.verdict.map(|verdict| verdict.to_string()).unwrap_or_default();
            let ended = out::time_or_dash(found.erasure.ended);
            [archived.unwrap_or_default(), ended, verdict, subject(&found.erasure.subject.key()), id]
        }
        None => {
            let state = found.erasure.state.as_str().to_owned();
            ["-".into(), "-".into(), state, subject(&found.erasure.subject.key()), id]
        }
    }
}
