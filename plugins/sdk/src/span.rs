//! Lengths of time in configurations.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// A length of time in a plugin's configuration, such as `500ms`, `30s`, `5m` or `7d`.
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
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = || format!("`{text}` is not a length of time such as 500ms, 30s, 5m or 7d");
        let unit = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let number: u64 = text[..unit].parse().map_err(|_| wrong())?;
        let millis = match &text[unit..] {
            "ms" => Some(number),
            "s" => number.checked_mul(1_000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            "d" => number.checked_mul(86_400_000),
            _ => None,
        };
        millis.map(|millis| Self(Duration::from_millis(millis))).ok_or_else(wrong)
    }
}

impl JsonSchema for Span {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Span".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$", "examples": ["30s"] })
    }
}
