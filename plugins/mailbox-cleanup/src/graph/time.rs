//! Times as Graph writes them: in UTC, to the second (<https://learn.microsoft.com/graph/api/resources/message>).

use mail_parser::DateTime;

/// Seconds since 1970. What names no zone, or no second, is no time.
pub(super) fn seconds(text: &str) -> Option<i64> {
    let bare = text.strip_suffix('Z')?;
    let (bare, fraction) = bare.split_once('.').unwrap_or((bare, ""));
    let time = DateTime::parse_rfc3339(bare).filter(DateTime::is_valid)?;
    // The parser passes over what it does not know.
    let is_read = self::text(time.to_timestamp()).strip_suffix('Z') == Some(bare);
    (is_read && fraction.bytes().all(|b| b.is_ascii_digit())).then(|| time.to_timestamp())
}

pub(super) fn text(seconds: i64) -> String {
    DateTime::from_timestamp(seconds).to_rfc3339()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written() {
        for (written, read) in [
            ("1900-01-01T00:00:00Z", -2_208_988_800),
            ("1970-01-01T00:00:00Z", 0),
            ("2024-02-29T12:00:00Z", 1_709_208_000),
        ] {
            assert_eq!(seconds(written), Some(read), "{written}");
            assert_eq!(text(read), written);
        }
        assert_eq!(seconds("2024-02-29T12:00:00.5Z"), Some(1_709_208_000));
    }

    #[test]
    fn what_says_no_zone_or_is_no_time_is_none() {
        for text in [
            "",
            "2024-02-29",
            "2024-02-29T12:00:00",
            "2024-02-29T12:00:00+01:00",
            "2024-13-01T00:00:00Z",
            "2023-02-29T12:00:00Z",
            "2024-02-29T1:2:3Z",
            "2024-02-29T12:00:00.Z or trueZ",
            "' or true or 'Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
