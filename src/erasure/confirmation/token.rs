//! The token of a link: 256 random bits, of which the ledger has digests only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::LinkFor;
use crate::keys::{Digest, IndexKey, fill_random};

const BYTES: usize = 32;

/// Whoever has it has read the mail. Has no `Debug`, and is wiped when it is dropped.
#[derive(Clone)]
pub(crate) struct LinkToken(Zeroizing<[u8; BYTES]>);

impl LinkToken {
    pub(crate) fn generate() -> Self {
        let mut bytes = Zeroizing::new([0; BYTES]);
        fill_random(&mut bytes[..]);
        Self(bytes)
    }

    /// As it stands in a link.
    pub(crate) fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(URL_SAFE_NO_PAD.encode(&self.0[..]))
    }

    /// Reads what stands in a link; `None` where that is no token.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes[..]).ok()?;
        (written == BYTES).then_some(Self(bytes))
    }
}

/// A token, with the key under which the ledger has its digests.
#[derive(Clone)]
pub(crate) struct LinkProof {
    token: LinkToken,
    key: IndexKey,
}

impl LinkProof {
    pub(crate) fn new(token: LinkToken, key: &IndexKey) -> Self {
        Self { token, key: key.clone() }
    }

    /// The digest by which the link is found.
    pub(crate) fn found_by(&self) -> Digest {
        self.key.seen(&[b"link", &self.token.0[..]])
    }

    /// The digest by which it is seen what the link is for: a row that was changed lets no other erasure begin, and verifies no request.
    pub(crate) fn bound_to(&self, of: LinkFor) -> Digest {
        match of {
            LinkFor::Erasure(id) => self.key.seen(&[b"link of", &self.token.0[..], &id.0]),
            LinkFor::Request(id) => self.key.seen(&[b"link of a request", &self.token.0[..], &id.0]),
        }
    }

    pub(crate) fn token(&self) -> &LinkToken {
        &self.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::erasure::ErasureId;
    use crate::request::RequestId;

    #[test]
    fn a_token_is_read_as_it_was_written_and_nothing_else_is_one() {
        let token = LinkToken::generate();
        let text = token.to_text();
        assert_eq!(text.len(), 43);
        assert!(LinkToken::read(&text).is_some_and(|read| read.0 == token.0));
        assert!(*text != *LinkToken::generate().to_text());
        let longer = format!("{}A", *text);
        for wrong in ["", "x", &text[1..], &longer, "%00", "e-00000000000000000000000000000000"] {
            assert!(LinkToken::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_of_a_token_is_of_its_key_and_of_one_erasure_or_request() {
        let [key, other] = [1, 2].map(|byte| IndexKey::new(&Zeroizing::new([byte; 32])));
        let proof = |key: &IndexKey| LinkProof::new(LinkToken(Zeroizing::new([7; 32])), key);
        let [ann, bob] = [1, 2].map(|byte| LinkFor::Erasure(ErasureId([byte; 16])));
        let request = LinkFor::Request(RequestId([1; 16]));
        assert_eq!(proof(&key).found_by(), proof(&key).found_by());
        assert_ne!(proof(&key).found_by(), proof(&other).found_by());
        assert_ne!(proof(&key).bound_to(ann), proof(&key).bound_to(bob));
        assert_ne!(proof(&key).bound_to(ann), proof(&key).bound_to(request));
        assert_ne!(proof(&key).bound_to(ann), proof(&other).bound_to(ann));
    }
}
