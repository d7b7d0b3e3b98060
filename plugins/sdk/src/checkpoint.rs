//! How far steps are, kept in memory where the host stores nothing: lost with the process, as everything was before hosts
//! stored it.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::lock::lock;
use crate::protocol::ResumeValue;

/// Steps whose values are kept; the oldest is forgotten for a new one.
const STEPS_MAX: usize = 1024;
/// Bytes that are kept in all.
const BYTES_MAX: usize = 16 << 20;

/// Where a checkpoint was stored.
///
/// ```
/// use quietus_plugin::{Call, PluginError, Stored};
///
/// fn delete(ids: &[u8], call: &Call) -> Result<(), PluginError> {
///     let stored = call.checkpoint(ids)?;
///     // Go on in both cases. With the second one, a plugin that is killed counts less than it erased.
///     assert!(matches!(stored, Stored::Durably | Stored::InMemory));
///     Ok(())
/// }
/// # delete(&[7], &Call::unattended()).expect("kept");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// The host has it on disk, and hands it back whatever happens to this process.
    Durably,
    /// The host is older than protocol 1.1 or stores nothing, so that it is kept in this process only.
    InMemory,
}

/// What a host did with a value.
pub(crate) enum Kept {
    Stored,
    /// It could not store it.
    Refused,
    /// It stores nothing.
    Nowhere,
}

/// Values by idempotency key, the latest last.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<VecDeque<(String, ResumeValue)>>);

impl InMemory {
    pub(crate) fn get(&self, idempotency_key: &str) -> Option<ResumeValue> {
        let kept = lock(&self.0);
        kept.iter().find(|(key, _)| key == idempotency_key).map(|(_, value)| value.clone())
    }

    pub(crate) fn keep(&self, idempotency_key: &str, value: ResumeValue) {
        let mut kept = lock(&self.0);
        kept.retain(|(key, _)| key != idempotency_key);
        kept.push_back((idempotency_key.to_owned(), value));
        let mut bytes: usize = kept.iter().map(|(_, value)| value.expose().len()).sum();
        // A step that is forgotten begins anew, which is always right; without a limit, memory would grow with every
        // erasure.
        while kept.len() > STEPS_MAX || bytes > BYTES_MAX {
            let oldest = kept.pop_front();
            bytes -= oldest.map_or(0, |(_, value)| value.expose().len());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_when_there_are_too_many_or_they_are_too_large() {
        let kept = InMemory::default();
        for n in 0..=STEPS_MAX {
            kept.keep(&n.to_string(), ResumeValue::new([7]));
        }
        assert!(kept.get("0").is_none() && kept.get("1").is_some());
        let large = ResumeValue::new(vec![7; ResumeValue::BYTES_MAX]);
        for n in 0..=BYTES_MAX / ResumeValue::BYTES_MAX {
            kept.keep(&format!("large {n}"), large.clone());
        }
        assert!(kept.get("large 0").is_none() && kept.get("large 1").is_some() && kept.get("1024").is_none());
    }

    #[test]
    fn a_later_value_takes_the_place_of_an_earlier_one() {
        let kept = InMemory::default();
        kept.keep("k", ResumeValue::new([1]));
        kept.keep("k", ResumeValue::new([2]));
        assert_eq!(kept.get("k"), Some(ResumeValue::new([2])));
    }
}
