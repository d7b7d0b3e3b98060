//! What is logged, and how.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogSettings {
    /// tracing's filter syntax, such as `info` or `quietus=debug,warn`.
    pub(crate) level: String,
    pub(crate) format: LogFormat,
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object a line.
    Json,
}

/// The levels that a filter may name.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// How alike two names are that may be one.
const LIKE: f64 = 0.8;

impl LogSettings {
    /// The filter that `level` says; the error says what is wrong with it.
    pub(crate) fn filter(&self) -> Result<EnvFilter, String> {
        self.check()?;
        EnvFilter::try_new(&self.level).map_err(|error| self.wrong(&error.to_string()))
    }

    /// Refuses what the filter's syntax takes and nobody can mean: `inof` is a module of that name there, and nothing at all would be
    /// logged.
    pub(crate) fn check(&self) -> Result<(), String> {
        if self.level.trim().is_empty() {
            return Err(self.wrong("it is empty; write `off` where nothing is to be logged"));
        }
        EnvFilter::try_new(&self.level).map_err(|error| self.wrong(&error.to_string()))?;
        // Of spans and their fields, which hold commas of their own, the syntax alone is looked at.
        if self.level.contains(['[', '{']) {
            return Ok(());
        }
        self.level.split(',').map(str::trim).try_for_each(|directive| self.check_directive(directive))
    }

    fn check_directive(&self, directive: &str) -> Result<(), String> {
        let is_level = |text: &str| {
            LEVELS.iter().any(|level| text.eq_ignore_ascii_case(level))
                || matches!(text, "0" | "1" | "2" | "3" | "4" | "5")
        };
        let Some((module, _)) = directive.split_once('=') else {
            let word = directive.to_ascii_lowercase();
            let near = LEVELS.iter().find(|level| strsim::jaro_winkler(&word, level) > LIKE);
            return match near {
                _ if is_level(directive) => Ok(()),
                Some(level) => Err(self.wrong(&format!("`{directive}` is no level; did you mean `{level}`?"))),
                None => Err(self.wrong(&format!("`{directive}` is no level ({})", LEVELS.join(", ")))),
            };
        };
        let program = module.split("::").next().unwrap_or_default();
        if program != "quietus" && strsim::jaro_winkler(program, "quietus") > LIKE {
            return Err(self.wrong(&format!("nothing is logged by `{program}`; did you mean `quietus`?")));
        }
        Ok(())
    }

    fn wrong(&self, what: &str) -> String {
        format!("`{}` is not a filter such as `info` or `quietus=debug,warn`: {what}", self.level)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(level: &str, wrong: Option<&str>) {
        let settings = LogSettings { level: level.to_owned(), format: LogFormat::Text };
        let checked = settings.check();
        match wrong {
            None => assert_eq!(checked, Ok(())),
            Some(part) => assert!(checked.as_ref().is_err_and(|why| why.contains(part)), "{level}: {checked:?}"),
        }
        assert_eq!(settings.filter().is_err(), checked.is_err());
    }

    #[test]
    fn a_level_that_means_nothing_is_refused() {
        check("inof", Some("did you mean `info`?"));
        check("warning", Some("did you mean `warn`?"));
        check("verbose", Some("`verbose` is no level"));
        check("quietsu=debug", Some("did you mean `quietus`?"));
        check("quietus=debgu", Some("`quietus=debgu` is not a filter"));
        check("info,everything", Some("`everything` is no level"));
        check("", Some("it is empty"));
    }

    #[test]
    fn a_level_that_means_something_is_taken() {
        for level in ["info", "INFO", "3", "off", "quietus=debug,warn", "quietus::worker=trace,hyper=off,info"] {
            check(level, None);
        }
        check("quietus[work{erasure.id=e-1}]=trace,info", None);
    }
}
