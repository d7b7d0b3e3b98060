//! `quietus config`: what applies, and what may be written.

use super::context::{self, Global};
use super::exit::{Exit, Failure};
use super::out::Out;

#[derive(clap::Subcommand)]
pub(super) enum Config {
    /// Show the configuration that applies: the file, the environment and the defaults, without passwords
    Show,
    /// Write the JSON Schema of the configuration, for editors
    Schema,
}

impl Config {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Show if out.is_json() => out.json(&crate::config::Config::show(&context::path(global)?)?)?,
            Self::Show => {
                let path = context::path(global)?;
                let shown = crate::config::Config::show(&path)?;
                out.line(format_args!("# {} with the environment and the defaults", path.display()))?;
                out.line(toml::to_string(&shown).map_err(anyhow::Error::from)?.trim_end())?;
            }
            Self::Schema => out.json(&crate::config::Config::schema())?,
        }
        Ok(Exit::Done)
    }
}
