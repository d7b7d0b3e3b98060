//! Lengths of time in configurations.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A length of time in a configuration, such as `500ms`, `30s`, `5m`, `2h`, `7d` or `1y`: a whole number and a unit, a century at
/// most. A year is 365 days, as a day is 24 hours: no date of a calendar, which a length does not know.
///
/// ```
/// use std::time::Duration;
///
/// #[derive(serde::Deserialize, schemars::JsonSchema)]
/// struct Config {
///     timeout: quietus_plugin::Span,
/// }
///
/// let config: Config = serde_json::from_str(r#"{ "timeout": "5m" }"#)?;
/// assert_eq!(config.timeout.0, Duration::from_secs(300));
/// assert_eq!(config.timeout.to_string(), "5m");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub struct Span(pub Duration);

/// A century is beyond every use and keeps date arithmetic from overflowing.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

const DAY_MS: u64 = 86_400_000;

/// The units and their milliseconds, longest first.
const UNITS: [(&str, u64); 5] = [("d", DAY_MS), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// It is read, and written as days: whoever reads what is in force sees how many these are.
const YEAR: (&str, u64) = ("y", 365 * DAY_MS);

impl Span {
    /// So many seconds.
    ///
    /// ```
    /// assert_eq!(quietus_plugin::Span::from_secs(90).to_string(), "90s");
    /// ```
    pub const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
            let (_, millis) = UNITS.iter().chain([&YEAR]).find(|(name, _)| *name == unit)?;
            let length = Duration::from_millis(number.parse::<u64>().ok()?.checked_mul(*millis)?);
            (length <= LONGEST).then_some(Self(length))
        };
        read().ok_or_else(|| {
            format!("`{text}` is not a length of time; write a whole number and ms, s, m, h, d or y, such as `15m`")
        })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX);
        let fits = |unit: &u64| millis.is_multiple_of(*unit) && millis >= *unit;
        let (name, unit) = UNITS.iter().find(|(_, unit)| fits(unit)).unwrap_or(&("s", 1_000));
        write!(f, "{}{name}", millis / unit)
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SpanVisitor)
    }
}

struct SpanVisitor;

impl Visitor<'_> for SpanVisitor {
    type Value = Span;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a length of time, such as \"15m\"")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
        text.parse().map_err(E::custom)
    }

    /// A bare number is what people write first; they are told what is missing.
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Span, E> {
        Err(E::custom(format!(
            "{number} of what? Write a unit: \"{number}d\" (days), \"{number}h\", \"{number}m\" (minutes), \"{number}s\" or \
             \"{number}ms\""
        )))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Span, E> {
        match u64::try_from(number) {
            Ok(number) => self.visit_u64(number),
            Err(_) => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d|y)$", "examples": ["15m"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, millis: Option<u64>) {
        assert_eq!(text.parse().ok(), millis.map(|millis| Span(Duration::from_millis(millis))));
    }

    #[test]
    fn spans_are_a_number_and_a_unit() {
        check("250ms", Some(250));
        check("15m", Some(900_000));
        check("365d", Some(31_536_000_000));
        check("1y", Some(31_536_000_000));
        check("100y", Some(3_153_600_000_000));
        check("0s", Some(0));
        for wrong in ["", "15", "m", "1.5h", "-1s", "1 s", "1M", "99999999999999999999d", "40000d", "101y", "y"] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_span_is_written_as_it_is_read() {
        for text in ["250ms", "15m", "365d", "0s", "36h"] {
            assert_eq!(text.parse::<Span>().expect("a span").to_string(), text);
        }
        assert_eq!("2y".parse::<Span>().expect("a span").to_string(), "730d", "no calendar's years");
    }

    #[test]
    fn a_bare_number_is_answered_with_how_to_write_it() {
        let told = |json: &str| serde_json::from_str::<Span>(json).expect_err("no span").to_string();
        assert!(told("15").starts_with("15 of what?") && told("15").contains("\"15m\" (minutes)"), "{}", told("15"));
        assert!(told("-1").starts_with("invalid value"), "{}", told("-1"));
    }
}
