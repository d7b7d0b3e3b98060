//! Numbers that stand for what is erased.

use sha2::{Digest, Sha256};

/// A number that stands for what is erased, such as a record by its kind and id: the same in each process and in each version of a
/// plugin, so that what one call of a step has done is known to the next one ([`Progress`](crate::Progress)).
///
/// ```
/// use quietus_plugin::mark;
///
/// assert_eq!(mark(["contacts", "7"]), mark(["contacts", "7"]));
/// assert_ne!(mark(["contacts", "7"]), mark(["notes", "7"]));
/// assert_ne!(mark(["a", "bc"]), mark(["ab", "c"]));
/// ```
pub fn mark<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> u64 {
    let mut hash = Sha256::new();
    for part in parts {
        let part = part.as_ref();
        // Otherwise the end of one part could be the beginning of the next.
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    hash.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an older version has stored is read by this one.
    #[test]
    fn marks_never_change() {
        assert_eq!(mark(["contacts", "7"]), 0x9ee8_bf26_5e77_6a0a);
        assert_eq!(mark::<&str>([]), 0xe3b0_c442_98fc_1c14);
    }
}
