//! One layer of the configuration, as figment takes it: the defaults, the file, or one variable of the environment.

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::problem::{Place, Problem};

/// What an environment variable of the configuration begins with; a further `__` separates section and key.
pub(crate) const ENVIRONMENT_PREFIX: &str = "QUIETUS__";

/// One layer, as figment takes it.
pub(super) struct Layer {
    name: &'static str,
    pub(super) content: Dict,
}

impl Layer {
    pub(super) const DEFAULTS: &str = "defaults";
    pub(super) const ENVIRONMENT: &str = "environment";
    pub(super) const FILE: &str = "file";

    pub(super) fn of_toml(place: Place, text: &str) -> Result<Self, Problem> {
        let name = if place == Place::Defaults { Self::DEFAULTS } else { Self::FILE };
        match Toml::from_str(text) {
            Ok(content) => Ok(Self { name, content }),
            Err(error) => {
                let line = error.span().map(|span| text[..span.start.min(text.len())].lines().count().max(1));
                let what = format!("not TOML: {}", error.message().trim().replace('\n', "; "));
                Err(Problem { line, ..Problem::of(place, what) })
            }
        }
    }

    /// `QUIETUS__LEDGER__URL=sqlite:x` is `ledger.url = "sqlite:x"`; numbers, booleans, lists and tables are read as such.
    pub(super) fn of_variable((name, text): (String, String)) -> Option<Self> {
        let key = name.strip_prefix(ENVIRONMENT_PREFIX)?.to_ascii_lowercase().replace("__", ".");
        let value: Value = text.parse().unwrap_or_else(|never| match never {});
        match figment::util::nest(&key, value) {
            Value::Dict(_, content) => Some(Self { name: Self::ENVIRONMENT, content }),
            _ => None,
        }
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.content.clone()))
    }
}
