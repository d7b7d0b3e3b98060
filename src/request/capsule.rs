//! Whom a request is about, sealed until it has ended. It opens as this request's only.

use super::RequestId;
use crate::erasure::Capsule;
use crate::keys::{NotOpened, SealKey, SealedAs};
use crate::subject::Whom;

pub(crate) fn seal(whom: &Whom, of: RequestId, under: &SealKey) -> Capsule {
    Capsule::seal_as(whom, &key_of(of), &content_of(of), under)
}

pub(crate) fn open(capsule: &Capsule, of: RequestId, under: &SealKey) -> Result<Whom, NotOpened> {
    capsule.open_as(&key_of(of), &content_of(of), under)
}

fn key_of(request: RequestId) -> SealedAs {
    SealedAs::new("request key", &[&request.0])
}

fn content_of(request: RequestId) -> SealedAs {
    SealedAs::new("request", &[&request.0])
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;
    use crate::erasure::ErasureId;

    #[test]
    fn what_is_sealed_of_a_request_opens_as_its_own_only() {
        let key = SealKey::new(&Zeroizing::new([7; 32]));
        let whom = Whom { searched: true, ..Whom::default() };
        let [one, other] = [1, 2].map(|byte| RequestId([byte; 16]));
        let sealed = seal(&whom, one, &key);
        assert_eq!(open(&sealed, one, &key).expect("opens"), whom);
        assert!(open(&sealed, other, &key).is_err());
        // Nor as an erasure's with the same number, or the other way.
        assert!(sealed.open(ErasureId(one.0), &key).is_err());
        assert!(open(&Capsule::seal(&whom, ErasureId(one.0), &key), one, &key).is_err());
    }
}
