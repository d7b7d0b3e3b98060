//! Lines of a file of requests, told apart without what stands there: by digests under the index key, as the bare hash of a person
//! could be guessed.

use crate::keys::IndexKey;
use crate::operations::{OperationError, Operations};

/// What makes digests of lines.
pub(crate) struct LineKey {
    /// The key as it is, and as it was before each replacement.
    keys: Vec<IndexKey>,
}

impl LineKey {
    pub(crate) async fn of(on: &Operations) -> Result<Self, OperationError> {
        Ok(Self::under(&on.keys().await?.index))
    }

    pub(crate) fn under(key: &IndexKey) -> Self {
        Self { keys: key.all() }
    }

    /// The digest of a line by its cells; behind it those that it had before the key was replaced.
    pub(crate) fn digests<'a>(&self, cells: impl IntoIterator<Item = &'a [u8]>) -> Vec<String> {
        let mut parts: Vec<&[u8]> = vec![&b"line of requests"[..]];
        parts.extend(cells);
        self.keys.iter().map(|key| hex::encode(key.seen(&parts).0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn line(index: &IndexKey, cells: [&[u8]; 2]) -> Vec<String> {
        LineKey::under(index).digests(cells)
    }

    #[test]
    fn a_line_is_known_by_its_cells_under_the_key_and_after_that_was_replaced() {
        let index = IndexKey::new(&Zeroizing::new([1; 32]));
        let ann = line(&index, [b"ann@example.com", b"letter"]);
        assert_eq!(ann.len(), 1);
        assert_eq!(line(&index, [b"ann@example.com", b"letter"]), ann);
        assert_ne!(line(&index, [b"bob@example.com", b"letter"]), ann);
        assert_ne!(line(&index, [b"ann@example.co", b"mletter"]), ann);
        assert_ne!(line(&IndexKey::new(&Zeroizing::new([2; 32])), [b"ann@example.com", b"letter"]), ann);
        let replaced = line(&index.replaced_by(&Zeroizing::new([3; 32])), [b"ann@example.com", b"letter"]);
        assert!(replaced.len() == 2 && replaced[0] != ann[0] && replaced[1] == ann[0], "{replaced:?}");
    }
}
