//! The token of a link to a task. It is kept nowhere: it follows from the task, the time at which it expires, its own number and the
//! index key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::TaskId;
use crate::keys::{IndexKey, fill_random};

/// The digits of a task's name, the seconds of a time, and a number of its own.
const TASK: usize = 6;
const EXPIRES: usize = 8;
const NUMBER: usize = 8;
const DIGEST: usize = 32;

const BYTES: usize = TASK + EXPIRES + NUMBER + DIGEST;

/// A link to a task, by which it can be answered until it expires. Nothing of it names a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TaskLink {
    task: TaskId,
    /// In whole seconds.
    expires: Timestamp,
    number: [u8; NUMBER],
}

impl TaskLink {
    /// A new one, which is good until then at most.
    pub(crate) fn new(task: TaskId, until: Timestamp) -> Self {
        let mut number = [0; NUMBER];
        fill_random(&mut number);
        let expires = Timestamp::from_second(until.as_second()).unwrap_or(until);
        Self { task, expires, number }
    }

    pub(crate) fn task(&self) -> &TaskId {
        &self.task
    }

    pub(crate) fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Tells links apart, and is no secret: the audit has it.
    pub(crate) fn number(&self) -> String {
        hex::encode(self.number)
    }

    /// As it stands in a link.
    pub(crate) fn to_text(&self, key: &IndexKey) -> Zeroizing<String> {
        let task = self.task.to_string();
        let digits = hex::decode(task.trim_start_matches("t-")).unwrap_or_default();
        let mut bytes = Zeroizing::new(Vec::with_capacity(BYTES));
        bytes.extend_from_slice(&digits);
        bytes.extend_from_slice(&self.expires.as_second().to_be_bytes());
        bytes.extend_from_slice(&self.number);
        bytes.extend_from_slice(&self.digest(key));
        Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()))
    }

    /// Reads what stands in a link; `None` unless it was made with this key. Not whether it has expired.
    pub(crate) fn read(text: &str, key: &IndexKey) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes[..]).ok()?;
        if written != BYTES {
            return None;
        }
        let (digits, rest) = bytes.split_at(TASK);
        let (expires, rest) = rest.split_at(EXPIRES);
        let (number, digest) = rest.split_at(NUMBER);
        let link = Self {
            task: format!("t-{}", hex::encode(digits)).parse().ok()?,
            expires: Timestamp::from_second(i64::from_be_bytes(expires.try_into().ok()?)).ok()?,
            number: number.try_into().ok()?,
        };
        // It takes the same time wherever they differ, so that no token can be found out piece by piece.
        let same = subtle::ConstantTimeEq::ct_eq(link.digest(key).as_slice(), digest);
        bool::from(same).then_some(link)
    }

    fn digest(&self, key: &IndexKey) -> [u8; DIGEST] {
        key.task_link(&self.task.to_string(), self.expires.as_second(), &self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> IndexKey {
        IndexKey::new(&Zeroizing::new([byte; 32]))
    }

    fn link() -> TaskLink {
        let until = Timestamp::from_millisecond(1_800_000_000_999).expect("a time");
        TaskLink::new("t-0123456789ab".parse().expect("a task"), until)
    }

    #[test]
    fn a_link_is_read_as_it_was_made_and_by_its_own_key_alone() {
        let (made, other) = (link(), link());
        let text = made.to_text(&key(1));
        assert_eq!(text.len(), 72);
        assert_eq!(TaskLink::read(&text, &key(1)), Some(made.clone()));
        assert_eq!(TaskLink::read(&text, &key(2)), None);
        // Never after the time that was said.
        assert_eq!(made.expires().as_millisecond(), 1_800_000_000_000);
        assert_ne!(made.number(), other.number());
        assert_ne!(*text, *other.to_text(&key(1)));
    }

    #[test]
    fn whatever_is_changed_of_it_it_is_none() {
        let text = link().to_text(&key(1)).to_string();
        for place in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[place] = if changed[place] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(TaskLink::read(&changed, &key(1)), None, "{place}");
        }
        let longer = format!("{text}A");
        for wrong in ["", "x", "%00", &text[1..], &longer, "t-0123456789ab"] {
            assert_eq!(TaskLink::read(wrong, &key(1)), None, "{wrong}");
        }
    }
}
