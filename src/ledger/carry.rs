//! What stands in a ledger under an index key that was replaced, as it is to stand under the new one. What cannot be read is an
//! error, or stays where it parks its work later: nothing is lost by it, and nothing taken for something else.

use super::sum::of_session;
use super::{LedgerError, broken, line};
use crate::erasure::Subject;
use crate::keys::{Carry, Digest, Fingerprint};

/// A session's row as far as its checksum covers it, before it is carried over.
pub(super) struct SummedSession<'a> {
    pub(super) installation: i64,
    pub(super) session: i64,
    /// `None` where it cannot be read.
    pub(super) record: Option<&'a str>,
    pub(super) guest: Option<&'a [u8]>,
    pub(super) forms: &'a [u8],
    pub(super) sum: Option<i64>,
}

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

    /// The checksum of a session whose digests are carried over. Of a row that is damaged it stays as it is: nothing is made whole
    /// by this.
    pub(super) fn session_sum(&self, row: SummedSession<'_>) -> Result<Option<i64>, LedgerError> {
        let SummedSession { installation, session, record, guest, forms, sum } = row;
        let Some(record) = record else { return Ok(sum) };
        if sum.is_some_and(|sum| sum != of_session(installation, session, record, guest, forms)) {
            return Ok(sum);
        }
        let guest = guest.map(|guest| self.bytes(guest)).transpose()?;
        Ok(Some(of_session(installation, session, record, guest.as_deref(), &self.digests(forms))))
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
