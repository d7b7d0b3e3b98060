//! Lengths of time as the configuration writes them: `250ms`, `30s`, `15m`, `2h`, `365d`.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A whole number and a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub(crate) struct Span(Duration);

/// A century.
const LONGEST: Duration = Duration::from_secs(36_525 * 86_400);

/// The units, longest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

impl Span {
    pub(crate) const fn from_secs(secs: u64) -> Self {
        Self(Duration::from_secs(secs))
    }

    pub(crate) const fn get(self) -> Duration {
        self.0
    }
}

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong =
            || format!("`{text}` is not a length of time; write a whole number and ms, s, m, h or d, such as `15m`");
        // Spans are written alike in a plugin's configuration, which the SDK reads.
        let span = quietus_plugin::Span::try_from(text.to_owned()).map_err(|_| wrong())?;
        // A century is beyond every use and keeps date arithmetic from overflowing.
        if span.0 > LONGEST { Err(wrong()) } else { Ok(Self(span.0)) }
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

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis() as u64;
        let fits = |unit: &u64| millis.is_multiple_of(*unit) && millis >= *unit;
        let (name, unit) = UNITS.iter().find(|(_, unit)| fits(unit)).unwrap_or(&("s", 1_000));
        write!(f, "{}{name}", millis / unit)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9]+(ms|s|m|h|d)$", "examples": ["15m"] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, millis: Option<u64>) {
        assert_eq!(text.parse::<Span>().ok().map(|s| s.get().as_millis() as u64), millis);
    }

    #[test]
    fn spans_are_a_number_and_a_unit() {
        check("250ms", Some(250));
        check("15m", Some(900_000));
        check("365d", Some(31_536_000_000));
        check("0s", Some(0));
        check("15", None);
        check("m", None);
        check("1.5h", None);
        check("-1s", None);
        check("99999999999999999999d", None);
        check("40000d", None);
    }

    #[test]
    fn a_span_is_written_as_it_is_read() {
        for text in ["250ms", "15m", "365d", "0s", "36h"] {
            assert_eq!(text.parse::<Span>().expect("a span").to_string(), text);
        }
    }
}
