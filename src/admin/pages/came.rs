//! What came of an act, for the page on which the browser goes on. It is sealed, so that an address tells of no act that was not done, and only
//! whoever did it, for some minutes: a page that is opened by the same address later tells nothing.

use jiff::{SignedDuration, Timestamp};

use super::fields::Fields;
use super::visitor::Visitor;
use crate::access::AccountName;
use crate::admin::caller::Needs;
use crate::keys::{CapsuleKey, Sealed, SealedAs};

/// The field of the address.
const FIELD: &str = "came";

/// The browser goes on at once; who reloads the page meanwhile reads it again.
const LASTS: SignedDuration = SignedDuration::from_mins(5);

fn sealed_as(of: &AccountName) -> SealedAs {
    SealedAs::new("what came of an act", &[of.as_str().as_bytes()])
}

/// What came of it, as fields of an address are written, as one field of an address.
pub(super) fn written<N: Needs>(visitor: &Visitor<N>, what: &str) -> String {
    seal(&visitor.admin.passing, &visitor.identity.account, what, visitor.view.now)
}

/// The fields of what came of it; nothing where the address has none, or it is another's or too old.
pub(super) fn read<N: Needs>(visitor: &Visitor<N>, fields: &Fields) -> Option<Fields> {
    open(&visitor.admin.passing, &visitor.identity.account, fields, visitor.view.now)
}

fn seal(key: &CapsuleKey, of: &AccountName, what: &str, now: Timestamp) -> String {
    let until = (now + LASTS).as_second();
    format!("{FIELD}={}", hex::encode(key.seal(&sealed_as(of), format!("{until}&{what}").as_bytes()).0))
}

fn open(key: &CapsuleKey, of: &AccountName, fields: &Fields, now: Timestamp) -> Option<Fields> {
    let sealed = Sealed(hex::decode(fields.text(FIELD)).ok()?);
    let plain = key.open(&sealed_as(of), &sealed).ok()?;
    let (until, what) = std::str::from_utf8(&plain).ok()?.split_once('&')?;
    (now.as_second() <= until.parse().ok()?).then(|| Fields::read(what)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_to_whoever_did_it_and_for_some_minutes() {
        let key = CapsuleKey::generate();
        let name = |text: &str| text.parse::<AccountName>().expect("a name");
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let field = seal(&key, &name("otto"), "replayed=1.0.0&further=3", now);
        let opened = |key: &CapsuleKey, of: &str, text: &str, now| {
            let fields = open(key, &name(of), &Fields::read(text).expect("fields"), now)?;
            Some((fields.text("replayed").to_owned(), fields.text("further").to_owned()))
        };
        assert_eq!(opened(&key, "otto", &field, now + LASTS), Some(("1.0.0".to_owned(), "3".to_owned())));
        assert_eq!(opened(&key, "otto", &field, now + LASTS + SignedDuration::from_secs(1)), None);
        assert_eq!(opened(&key, "olga", &field, now), None);
        assert_eq!(opened(&CapsuleKey::generate(), "otto", &field, now), None);
        for other in ["", "came=", "came=00", "replayed=1.0.0", "came=replayed%3D1.0.0"] {
            assert_eq!(opened(&key, "otto", other, now), None, "{other}");
        }
    }
}
