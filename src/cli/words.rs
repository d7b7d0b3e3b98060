//! Words that several commands show.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::out;
use crate::audit::Actor;
use crate::deadline::read_day;
use crate::keys::KeyId;
use crate::operations::Operations;
use crate::receipt::{Gap, GapCause};

/// Hex digits of a digest that are shown in a list; `show` commands have all of them.
const DIGEST_DIGITS: usize = 8;

/// A number of things, with the word for one or for several.
pub(super) fn counted(count: usize, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// The subject of an erasure, a digest cut short.
pub(super) fn subject(key: &str) -> String {
    match key.rsplit_once('/') {
        Some((kind, digest)) if !key.starts_with("session:") && digest.is_ascii() && digest.len() > DIGEST_DIGITS => {
            format!("{kind}/{}…", &digest[..DIGEST_DIGITS])
        }
        _ => key.to_owned(),
    }
}

/// Why what somebody enters, plans or asks for so comes to no approval; nothing where it may.
pub(super) fn never_approved(on: &Operations, who: &Actor) -> Option<String> {
    (on.settings.four_eyes && who.is_nobodys()).then(|| {
        format!(
            "nothing shows who {who} is, so that nobody who comes by an account can approve what it enters, plans or asks for \
             (requests.four_eyes): do it under a name of your own, on the pages or by `sudo` from your own account"
        )
    })
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

/// A date begins at midnight, UTC.
pub(super) fn time(text: &str) -> Result<Timestamp, String> {
    match read_day(text) {
        Some(date) => midnight(date),
        None => moment(text),
    }
}

/// A day, and nothing but one.
pub(super) fn day(text: &str) -> Result<Date, String> {
    read_day(text).ok_or_else(|| "it is no date, such as 2026-01-31".to_owned())
}

/// A date is meant with all of its day, UTC: its last millisecond.
pub(super) fn last_time(text: &str) -> Result<Timestamp, String> {
    let Some(date) = read_day(text) else { return moment(text) };
    let next = date.tomorrow().map_err(|error| error.to_string())?;
    Ok(midnight(next)?.saturating_sub(SignedDuration::from_millis(1)).unwrap_or(Timestamp::MAX))
}

fn midnight(date: Date) -> Result<Timestamp, String> {
    date.to_zoned(TimeZone::UTC).map(|midnight| midnight.timestamp()).map_err(|error| error.to_string())
}

fn moment(text: &str) -> Result<Timestamp, String> {
    let allowed = "it is no date, such as 2026-01-01, and no time with its offset, such as 2026-01-01T00:00:00Z or \
                   2026-01-01T01:00:00+01:00";
    text.parse::<Timestamp>().map_err(|_| allowed.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_it_is_written_and_never_as_its_day() {
        let read = |text: &str| time(text).map(|time| time.to_string());
        for (text, expected) in [
            ("2026-11-20", "2026-11-20T00:00:00Z"),
            ("2026-11-20T20:00:00Z", "2026-11-20T20:00:00Z"),
            ("2026-11-20T20:00:00+01:00", "2026-11-20T19:00:00Z"),
            ("2026-11-20T20:00:00+01:00[Europe/Prague]", "2026-11-20T19:00:00Z"),
            ("2026-11-20 20:00:00-05", "2026-11-21T01:00:00Z"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
        for unclear in
            ["2026-11-20T20:00:00", "2026-11-20 20:00", "2026-11-20[Europe/Prague]", "2026-11", "-", "", "now"]
        {
            assert!(time(unclear).is_err(), "{unclear}");
            assert!(last_time(unclear).is_err(), "{unclear}");
        }
    }

    #[test]
    fn a_date_at_the_end_is_meant_with_all_of_its_day() {
        let read = |text: &str| last_time(text).map(|time| time.to_string());
        assert_eq!(read("2026-11-20").as_deref(), Ok("2026-11-20T23:59:59.999Z"));
        assert_eq!(read("2026-11-20T20:00:00+01:00").as_deref(), Ok("2026-11-20T19:00:00Z"));
    }

    #[test]
    fn a_digest_is_cut_short_and_a_session_is_not() {
        assert_eq!(subject("session:acme/123456789012"), "session:acme/123456789012");
        assert_eq!(subject(&format!("guest:acme/{}", "ab".repeat(16))), "guest:acme/abababab…");
    }
}
