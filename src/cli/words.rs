//! Words that several commands show.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::out;
use crate::keys::KeyId;
use crate::receipt::{Gap, GapCause};

/// Hex digits of a digest that are shown in a list; `show` commands have all of them.
const DIGEST_DIGITS: usize = 8;

/// The subject of an erasure, a digest cut short.
pub(super) fn subject(key: &str) -> String {
    match key.rsplit_once('/') {
        Some((kind, digest)) if !key.starts_with("session:") && digest.is_ascii() && digest.len() > DIGEST_DIGITS => {
            format!("{kind}/{}…", &digest[..DIGEST_DIGITS])
        }
        _ => key.to_owned(),
    }
}

/// Receipts that were lost, and how it is known.
pub(super) fn lost(gap: &Gap) -> String {
    let how = match gap.cause {
        GapCause::Restored => "a backup was restored",
        GapCause::Accepted => "an older ledger was accepted",
    };
    let Gap { after, last, by, seen, .. } = gap;
    let unsure = seen
        .map_or_else(String::new, |seen| format!(", as far as they were issued; {seen} is the newest that was seen"));
    format!("receipts {} to {last} are lost{unsure}: {how} on {} by {by}", after + 1, out::time(gap.at))
}

/// A key that is gone, and that somebody has accepted to be.
pub(super) fn seal_gone(id: &KeyId) -> String {
    format!(
        "the seal key {id} is gone: what is sealed under it cannot be opened, and needs a person. Where it was destroyed, the erasures \
         under it were over; ask again for those that were not"
    )
}

/// A date begins at midnight.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    if let Ok(date) = text.parse::<Date>() {
        return date.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp()).map_err(|error| error.to_string());
    }
    text.parse::<Timestamp>()
        .map_err(|_| "it is no date, such as 2026-01-01, and no time, such as 2026-01-01T00:00:00Z".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_cut_short_and_a_session_is_not() {
        assert_eq!(subject("session:acme/123456789012"), "session:acme/123456789012");
        assert_eq!(subject(&format!("guest:acme/{}", "ab".repeat(16))), "guest:acme/abababab…");
    }
}
