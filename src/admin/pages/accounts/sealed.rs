//! What was ordered of an account and is not done yet, as a page hands it out: sealed under a key of this process alone, for who has ordered
//! it, or for the other operator who has it done.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::access::AccountName;
use crate::keys::{CapsuleKey, Sealed, SealedAs, fill_random};
use crate::operations::accounts::AccountOrder;

/// How long whoever has ordered it may take to show their password, and how long another operator may take to see it.
const LASTS: SignedDuration = SignedDuration::from_mins(15);
const LASTS_FOR_ANOTHER: SignedDuration = SignedDuration::from_hours(12);

/// Whose it is to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum For {
    /// Who has ordered it: nobody else has seen their password.
    Oneself,
    /// They have shown their password, and another operator has it done.
    Another,
}

/// An order that is not done yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) order: AccountOrder,
    /// On what it was ordered (`accounts::ordered_on`).
    pub(super) was: String,
    /// By whom.
    pub(super) by: AccountName,
    pub(super) is_for: For,
    /// Until when it is good, in seconds.
    until: i64,
    /// Two of the same are two.
    number: [u8; 8],
}

impl Asked {
    pub(super) fn new((order, was): (AccountOrder, String), by: AccountName, is_for: For, now: Timestamp) -> Self {
        let lasts = match is_for {
            For::Oneself => LASTS,
            For::Another => LASTS_FOR_ANOTHER,
        };
        let mut number = [0; 8];
        fill_random(&mut number);
        Self { order, was, by, is_for, until: (now + lasts).as_second(), number }
    }

    pub(super) fn until(&self) -> Timestamp {
        Timestamp::from_second(self.until).unwrap_or(Timestamp::MIN)
    }

    /// By which it is known whether it was used.
    pub(super) fn number(&self) -> &[u8] {
        &self.number
    }

    /// Base64 for addresses, which is read in one way only: it stands in a page and in an address as it is. It names no person whom
    /// anything is kept of.
    pub(super) fn seal(&self, key: &CapsuleKey) -> String {
        let text = serde_json::to_vec(self).expect("names and words are JSON");
        URL_SAFE_NO_PAD.encode(key.seal(&sealed_as(), &text).0)
    }

    /// Nothing where it is not of this process, was changed (also in how it is written), or is too old.
    pub(super) fn open(key: &CapsuleKey, text: &str, now: Timestamp) -> Option<Self> {
        let plain = key.open(&sealed_as(), &Sealed(URL_SAFE_NO_PAD.decode(text).ok()?)).ok()?;
        let asked: Self = serde_json::from_slice(&plain).ok()?;
        (now.as_second() <= asked.until).then_some(asked)
    }

    /// Whether it is this operator's to go on with.
    pub(super) fn is_of(&self, account: &AccountName) -> bool {
        self.is_for == For::Another || self.by == *account
    }
}

fn sealed_as() -> SealedAs {
    SealedAs::new("order on an account", &[])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> AccountName {
        text.parse().expect("a name")
    }

    #[test]
    fn an_order_comes_back_as_it_was_given_and_for_a_while() {
        let key = CapsuleKey::generate();
        let now = Timestamp::from_second(1_800_000_000).expect("a time");
        let order = AccountOrder::Password { name: name("jana") };
        let asked = Asked::new((order.clone(), "a state".to_owned()), name("petr"), For::Oneself, now);
        let sealed = asked.seal(&key);
        let bytes = URL_SAFE_NO_PAD.decode(&sealed).expect("it is Base64");
        assert!(!bytes.windows(4).any(|part| part == b"jana"), "{sealed}");
        // Written otherwise, the same would be done twice: none of them is opened.
        let others = [format!("{sealed}="), format!("{sealed}A"), sealed.to_ascii_lowercase(), hex::encode(&bytes)];
        for other in others {
            assert_eq!(Asked::open(&key, &other, now), None, "{other}");
        }
        assert_eq!(Asked::open(&key, &sealed, now), Some(asked.clone()));
        assert_eq!(Asked::open(&key, &sealed, now + LASTS), Some(asked.clone()));
        assert_eq!(Asked::open(&key, &sealed, now + LASTS + SignedDuration::from_secs(1)), None);
        assert_eq!(Asked::open(&CapsuleKey::generate(), &sealed, now), None, "another process");
        for wrong in ["", "x", "00", &sealed[2..], &sealed.to_uppercase()] {
            assert_eq!(Asked::open(&key, wrong, now), None, "{wrong}");
        }
        assert!(asked.is_of(&name("petr")) && !asked.is_of(&name("otto")));
        let another = Asked::new((order, String::new()), name("petr"), For::Another, now);
        assert!(another.is_of(&name("otto")));
        assert!(Asked::open(&key, &another.seal(&key), now + LASTS_FOR_ANOTHER).is_some());
        assert_ne!(
            another,
            Asked::new((another.order.clone(), String::new()), name("petr"), For::Another, now),
            "two are two"
        );
        assert_eq!(
            Asked::open(&key, &another.seal(&key), now).expect("good").number(),
            another.number(),
            "sealed anew it is the same"
        );
    }
}
