//! `quietus config`: what applies, and what may be written.

use super::context::{self, Global, wait};
use super::exit::{Exit, Failure};
use super::out::Out;
use crate::app;
use crate::config::Config as Configuration;
use crate::plugin::Program;

#[derive(clap::Subcommand)]
pub(super) enum Config {
    /// Show the configuration that applies: the file, the environment and the defaults, without passwords
    ///
    /// Of a plugin's own `config`, texts are shown where the plugin's JSON Schema marks them as public (`x-quietus-public`); for that,
    /// each plugin is started in its sandbox and asked. Its `args` are not shown.
    Show,
    /// Write the JSON Schema of the configuration, for editors
    Schema,
}

impl Config {
    pub(super) fn run(self, global: &Global, out: &mut Out) -> Result<Exit, Failure> {
        match self {
            Self::Show => {
                let path = context::path(global)?;
                let config = Configuration::load(&path)?;
                let (schemas, silent) = wait(async { Ok(app::schemas(&config, Program::this()).await) })?;
                for plugin in silent {
                    out.note(format_args!(
                        "plugin {plugin} could not be asked what of its `config` is public: no text of it is shown; `quietus plugin describe \
                         --plugin {plugin}` says why"
                    ));
                }
                let shown = Configuration::show(&path, &schemas)?;
                if out.is_json() {
                    out.json(&shown)?;
                    return Ok(Exit::Done);
                }
                out.line(format_args!("# {} with the environment and the defaults", path.display()))?;
                out.line(toml::to_string(&shown).map_err(anyhow::Error::from)?.trim_end())?;
            }
            Self::Schema => out.json(&Configuration::schema())?,
        }
        Ok(Exit::Done)
    }
}
