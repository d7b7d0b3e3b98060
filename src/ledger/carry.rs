//! What stands in a ledger under an index key that was replaced, as it is to stand under the new one. What cannot be read is an
//! error, or stays where it parks its work later: nothing is lost by it, and nothing taken for something else.

use super::{LedgerError, broken, line};
use crate::consent::ConsentRecord;
use crate::erasure::Subject;
use crate::keys::{Carry, Digest, Fingerprint};

/// The same in both backends.
impl Carry {
    /// A digest or a fingerprint, as a column has it.
    pub(super) fn bytes(&self, bytes: &[u8]) -> Result<Vec<u8>, LedgerError> {
        if let Ok(digest) = bytes.try_into() {
            return Ok(self.digest(Digest(digest)).0.to_vec());
        }
        let fingerprint = bytes.try_into().map_err(|_| broken("neither a digest nor a fingerprint stands there"))?;
        Ok(self.fingerprint(Fingerprint(fingerprint)).0.to_vec())
    }

    /// Several digests, one behind the other.
    pub(super) fn digests(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.as_chunks().0.iter().flat_map(|digest| self.digest(Digest(*digest)).0).collect()
    }

    /// A consent record, as JSON.
    pub(super) fn record(&self, text: &str) -> Result<String, LedgerError> {
        // The error's own text may quote what it found, and that may be a guest's id.
        let mut record: ConsentRecord = serde_json::from_str(text)
            .map_err(|error| broken(format!("a record of another shape: {:?}", error.classify())))?;
        record.guest_digest = record.guest_digest.map(|digest| self.digest(digest));
        serde_json::to_string(&record).map_err(|error| LedgerError::Broken(error.into()))
    }

    /// Events that nobody has decided on, one a line.
    pub(super) fn events(&self, lines: &[u8]) -> Result<Vec<u8>, LedgerError> {
        let carried = lines.split(|byte| *byte == b'\n').map(|event| match line::read(event) {
            Ok(mut stored) => {
                stored.head.digest = self.digest(stored.head.digest);
                line::of(&stored)
            }
            // It is parked when it is claimed, for what it is.
            Err(_) => Ok(event.to_vec()),
        });
        Ok(carried.collect::<Result<Vec<_>, _>>()?.join(&b'\n'))
    }

    /// Whom an erasure is about, and the key by which it is merged; `None` where nothing changes. The digest of a person is one
    /// of fingerprints and says only that two requests are the same, so it stays: at worst, two of them are two erasures.
    pub(super) fn subject(&self, subject: &Subject, merge_key: &str) -> Option<(Subject, String)> {
        let Subject::Guest { installation, digest } = subject else { return None };
        let carried = Subject::Guest { installation: installation.clone(), digest: self.digest(*digest) };
        let merge_key = merge_key.replace(&subject.key(), &carried.key());
        Some((carried, merge_key))
    }
}
