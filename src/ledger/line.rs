//! An event as it stands in the inbox and in its task: JSON behind a checksum of its own, from its acknowledgement until it
//! is decided. An event whose bytes have changed on the disk could still be JSON, and name another session.

use super::{LedgerError, sum};
use crate::event::StoredEvent;

/// The checksum's length: a CRC-32 in hexadecimal digits.
const SUM_BYTES: usize = 8;

/// Why work is parked whose event is not the one that was written.
const DAMAGED: &str = "the event is damaged: its checksum does not match";

/// The same where its form is another event's, or was changed.
pub(crate) const FORM_DAMAGED: &str =
    "the event is damaged: its form does not open, as it was changed or is another event's";

/// The same where nobody has the key any more.
pub(crate) const FORM_GONE: &str = "the event is damaged: the key is gone under which its form is sealed";

/// Parked work, in SQL, whose event is damaged: its reason begins so.
pub(super) const EVENT_IS_DAMAGED: &str = "reason LIKE 'the event is damaged: %'";

/// Why other work is parked that cannot be read.
const UNREADABLE: &str = "what is stored of it cannot be read";

/// What is stored of an event is not what was written.
#[derive(Debug, thiserror::Error)]
#[error("the checksum of an event does not match")]
struct EventDamaged;

/// The line of an event; it has no line break.
pub(super) fn of(event: &StoredEvent) -> Result<Vec<u8>, LedgerError> {
    let mut line = vec![b'0'; SUM_BYTES];
    serde_json::to_writer(&mut line, event).map_err(|error| LedgerError::Broken(error.into()))?;
    let sum = format!("{:08x}", crc32fast::hash(&line[SUM_BYTES..]));
    line[..SUM_BYTES].copy_from_slice(sum.as_bytes());
    Ok(line)
}

/// The event of a line, if it is as it was written.
pub(super) fn read(line: &[u8]) -> Result<StoredEvent, LedgerError> {
    let (sum, json) = line.split_at_checked(SUM_BYTES).unwrap_or_default();
    if sum != format!("{:08x}", crc32fast::hash(json)).as_bytes() {
        return Err(LedgerError::Broken(EventDamaged.into()));
    }
    // The error's own text may quote what it found.
    serde_json::from_slice(json)
        .map_err(|error| super::broken(format!("an event of another shape: {:?} error", error.classify())))
}

/// The reason for which work is parked that could not be read.
pub(super) fn reason_to_park(cause: &anyhow::Error) -> &'static str {
    if cause.is::<EventDamaged>() {
        DAMAGED
    } else if cause.is::<sum::RowDamaged>() {
        sum::DAMAGED
    } else {
        UNREADABLE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::contract::event;

    #[test]
    fn what_is_damaged_is_found_by_how_its_reason_begins() {
        let begins = |sql: &str| sql.split(['\'', '%']).nth(1).expect("a pattern").to_owned();
        for reason in [DAMAGED, FORM_DAMAGED, FORM_GONE] {
            assert!(reason.starts_with(&begins(EVENT_IS_DAMAGED)), "{reason}");
        }
        for reason in [sum::DAMAGED, sum::SEAL_DAMAGED, sum::SEAL_GONE] {
            assert!(reason.starts_with(&begins(sum::RECORD_IS_DAMAGED)), "{reason}");
        }
    }

    #[test]
    fn an_event_is_read_as_it_was_written_or_not_at_all() {
        let line = of(&event(1_234, 1)).expect("JSON");
        assert_eq!(read(&line).expect("whole").head.session.session.0, 1_234);
        // Each byte once: some of these are still JSON, such as another session's number.
        for at in 0..line.len() {
            let mut changed = line.clone();
            changed[at] ^= 1;
            let error = read(&changed).expect_err("it was changed").into_cause();
            assert_eq!(reason_to_park(&error), DAMAGED, "at byte {at}");
        }
        for cut in 0..line.len() {
            assert!(read(&line[..cut]).is_err(), "cut to {cut} bytes");
        }
    }
}
