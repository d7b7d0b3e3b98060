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
        let directives = directives(&self.level);
        // Of spans and their fields, the syntax alone is looked at.
        let plain: Vec<_> = directives.into_iter().filter(|directive| !directive.contains(['[', '{'])).collect();
        plain.iter().try_for_each(|directive| self.check_directive(directive))?;
        let is_of_all = |directive: &&str| directive.split_once('=').is_none_or(|(module, _)| module == "quietus");
        match plain.iter().any(is_of_all) {
            true => Ok(()),
            false => {
                Err(self.wrong("it says no level for all that quietus logs; begin with one, as in `info,hyper=debug`"))
            }
        }
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

/// The parts between commas that are not within brackets.
fn directives(level: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    let parts = level.split(|c| {
        match c {
            '[' | '{' => depth += 1,
            ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    });
    parts.map(str::trim).collect()
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
        check("quietus[nope]=debug,inof", Some("did you mean `info`?"));
        for silent in
            ["info=debug", "debug=info", "nosuch=debug", "[inof]", "quietus::worker=debug", "quietus[work]=debug"]
        {
            check(silent, Some("says no level for all that quietus logs"));
        }
    }

    #[test]
    fn a_level_that_means_something_is_taken() {
        for level in ["info", "INFO", "3", "off", "quietus=debug,warn", "quietus::worker=trace,hyper=off,info"] {
            check(level, None);
        }
        check("quietus[work{erasure.id=e-1}]=trace,info", None);
        check("info,quietus[work{erasure.id=e-1}]=trace", None);
    }
}
