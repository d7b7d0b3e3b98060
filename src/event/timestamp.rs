//! The spellings of time that mluvii uses.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

/// The bytes of `2024-05-02T16:05:24`.
const SECONDS_END: usize = 19;

/// 2000-01-01. What is earlier is no time but an empty field (`0001-01-01T00:00:00`), and would make every retention over.
const EARLIEST: Timestamp = Timestamp::constant(946_684_800, 0);

/// Reads every spelling of a timestamp that was seen from mluvii; without an offset it is UTC.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let text = text.trim_ascii();
    let (whole, rest) = text.split_at_checked(SECONDS_END)?;
    // Other spellings that jiff reads could be as long and mean something else.
    if whole.as_bytes()[16] != b':' {
        return None;
    }
    let whole: DateTime = whole.parse().ok()?;
    let (nanos, rest) = fraction(rest)?;
    let time = whole.with().subsec_nanosecond(nanos).build().ok()?;
    let time = offset(rest)?.to_timestamp(time).ok()?;
    (time >= EARLIEST).then_some(time)
}

/// Nanoseconds after a point, a comma or a colon, and what follows them.
fn fraction(text: &str) -> Option<(i32, &str)> {
    let Some(text) = text.strip_prefix(['.', ',', ':']) else { return Some((0, text)) };
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return None;
    }
    let padded = digits.bytes().chain(std::iter::repeat(b'0')).take(9);
    Some((padded.fold(0, |nanos, digit| nanos * 10 + i32::from(digit - b'0')), rest))
}

/// Nothing, `Z`, `+02`, `+0200` or `+02:00`.
fn offset(text: &str) -> Option<Offset> {
    if text.is_empty() || text.eq_ignore_ascii_case("z") {
        return Some(Offset::UTC);
    }
    let (sign, text) = match text.as_bytes()[0] {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<i32>().ok())?;
    let (hours, minutes) = text.split_at_checked(2)?;
    let minutes = match minutes.strip_prefix(':').unwrap_or(minutes) {
        "" => 0,
        minutes if minutes.len() == 2 => digits(minutes).filter(|minutes| *minutes < 60)?,
        _ => return None,
    };
    Offset::from_seconds(sign * (digits(hours)? * 3600 + minutes * 60)).ok()
}
