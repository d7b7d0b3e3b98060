//! What commands that print papers take: the language and the file.

use std::io::Write as _;
use std::path::PathBuf;

use super::exit::{Exit, Failure};
use super::files::write_whole;
use super::out::Out;
use crate::operations::requests::Named;
use crate::papers::Lang;
use crate::request::RequestNumber;
use crate::subject::InstallationName;

#[derive(clap::Args)]
pub(super) struct PaperArgs {
    /// In Czech or in English
    #[arg(long, value_enum)]
    lang: LangArg,
    /// The request that it answers, from which it is filled
    #[arg(long, value_name = "NUMBER")]
    request: Option<RequestNumber>,
    /// The mluvii installation of the request (or a source of it); needed where several have a request of this number
    #[arg(long, value_name = "NAME", requires = "request")]
    mluvii: Option<String>,
    /// Into this file instead of standard output; open it in a browser and print it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum LangArg {
    Cs,
    En,
}

impl PaperArgs {
    pub(super) fn lang(&self) -> Lang {
        match self.lang {
            LangArg::Cs => Lang::Cs,
            LangArg::En => Lang::En,
        }
    }

    pub(super) fn request(&self) -> Option<Named> {
        let installation = self.mluvii.as_deref().map(|name| InstallationName(name.into()));
        self.request.clone().map(|number| Named { number, installation })
    }

    /// Writes the paper.
    pub(super) async fn write(&self, html: &str, out: &mut Out) -> Result<Exit, Failure> {
        let Some(path) = &self.out else {
            out.write_all(html.as_bytes())?;
            out.flush()?;
            return Ok(Exit::Done);
        };
        write_whole(path, async |sink| {
            sink.write_all(html.as_bytes())?;
            Ok(sink.flush()?)
        })
        .await?;
        if out.is_json() {
            out.json(&serde_json::json!({ "file": path }))?;
        } else {
            out.line(format_args!("wrote {}: open it in a browser and print it on A4", path.display()))?;
        }
        Ok(Exit::Done)
    }
}
