//! Passwords: which are taken, and what is kept of them.

use std::fmt;
use std::time::Duration;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use zeroize::Zeroizing;

use super::bearer::digit;
use super::name::AccountName;
use crate::keys::{Secret, fill_random};

/// Characters that a password has at least, and bytes at most: what is longer would only take longer.
const CHARS_MIN: usize = 12;
const BYTES_MAX: usize = 1024;

/// Memory in KiB, passes and lanes of argon2id, as OWASP's cheat sheet on storing passwords has them.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

const SALT_BYTES: usize = 16;

/// What is verified where there is no such account, so that an answer takes as long as where there is one. Of no password: its digest is any.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y4KzzIgUErd7/K7tAmABwA$a5RMfKxHW7wKseot13fPQup3w8W/52FDMb24rHeJ8uo";

/// Before what is kept of a one-time password.
const ONE_TIME: &str = "one-time ";

/// How long a one-time password is good for.
pub(crate) const ONE_TIME_MAX: Duration = Duration::from_secs(3 * 24 * 60 * 60);

/// Digits of a one-time password, in groups that are easy to read out: five bits each.
const ONE_TIME_DIGITS: usize = 20;
const ONE_TIME_GROUP: usize = 5;

/// What is kept of a password: a PHC string of argon2id, with its own salt and parameters.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PasswordHash(String);

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordRefused {
    #[error("a password has at least {CHARS_MIN} characters; a few words that do not belong together are easy to keep")]
    TooShort,
    #[error("a password has at most {BYTES_MAX} bytes")]
    TooLong,
    #[error("the account's name is no password")]
    IsTheName,
    #[error("the password that was given is known to who has given it: choose another one")]
    WasGiven,
}

impl PasswordHash {
    /// Of a new password of an account. Takes a while, and 19 MiB.
    pub(crate) fn of_new(password: &Secret, account: &AccountName) -> Result<Self, PasswordRefused> {
        Self::must_be_fine(password, account)?;
        Ok(Self::of(password))
    }

    /// Why a new password of an account is not taken, without the while.
    pub(crate) fn must_be_fine(password: &Secret, account: &AccountName) -> Result<(), PasswordRefused> {
        let text = password.expose();
        if text.len() > BYTES_MAX {
            return Err(PasswordRefused::TooLong);
        }
        if text.eq_ignore_ascii_case(account.as_str()) {
            return Err(PasswordRefused::IsTheName);
        }
        if text.chars().count() < CHARS_MIN { Err(PasswordRefused::TooShort) } else { Ok(()) }
    }

    /// Of a password that somebody is given, and changes before they sign in. Takes as long as [`Self::of_new`].
    pub(crate) fn of_one_time(password: &Secret) -> Self {
        Self(format!("{ONE_TIME}{}", Self::of(password).0))
    }

    /// Whether nobody signs in with it, but by it chooses a password of their own.
    pub(crate) fn is_one_time(&self) -> bool {
        self.0.starts_with(ONE_TIME)
    }

    fn of(password: &Secret) -> Self {
        let mut salt = [0; SALT_BYTES];
        fill_random(&mut salt);
        let hash: phc::PasswordHash = argon2id()
            .hash_password_with_salt(password.expose().as_bytes(), &salt)
            .expect("the parameters are sound, and a password is shorter than 4 GiB");
        Self(hash.to_string())
    }

    /// Whether it is of this password. Takes as long as making it did.
    pub(crate) fn is_of(&self, password: &Secret) -> bool {
        is_of(self.0.strip_prefix(ONE_TIME).unwrap_or(&self.0), password)
    }

    /// Takes as long as [`Self::is_of`] does, for nobody.
    pub(crate) fn verify_nobodys(password: &Secret) {
        let _never = is_of(NOBODYS, password);
    }

    /// How many passwords this thread has looked at, each at the whole cost.
    #[cfg(test)]
    pub(crate) fn looked_at() -> u32 {
        LOOKED_AT.get()
    }

    /// As it was kept.
    pub(crate) fn kept(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// As it is kept; for the ledger.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password that nobody has chosen: 100 random bits.
pub(crate) fn one_time_password() -> Secret {
    let mut bytes = Zeroizing::new([0; ONE_TIME_DIGITS]);
    fill_random(&mut bytes[..]);
    let mut text = Zeroizing::new(String::with_capacity(ONE_TIME_DIGITS + ONE_TIME_DIGITS / ONE_TIME_GROUP));
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 && place.is_multiple_of(ONE_TIME_GROUP) {
            text.push('-');
        }
        text.push(digit(u32::from(*byte)));
    }
    Secret::new(text.as_str())
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

fn is_of(hash: &str, password: &Secret) -> bool {
    // None is longer, and who sends much is not to be served for longer.
    if password.expose().len() > BYTES_MAX {
        return false;
    }
    #[cfg(test)]
    LOOKED_AT.set(LOOKED_AT.get() + 1);
    argon2id().verify_password(password.expose().as_bytes(), hash).is_ok()
}

// By what a sign-in costs nobody may tell whether there is an account; a clock would say it with noise only.
#[cfg(test)]
thread_local! {
    static LOOKED_AT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

fn argon2id() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).expect("they are within the bounds of argon2");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ann() -> AccountName {
        "ann.of.accounts".parse().expect("a name")
    }

    #[test]
    fn a_password_is_of_its_hash_and_no_other_is() {
        let password = Secret::new("correct horse battery");
        let hash = PasswordHash::of_new(&password, &ann()).expect("taken");
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.is_of(&password) && PasswordHash::kept(hash.as_str()).is_some_and(|kept| kept.is_of(&password)));
        for other in ["correct horse batterY", "correct horse battery ", ""] {
            assert!(!hash.is_of(&Secret::new(other)), "{other}");
        }
        let again = PasswordHash::of_new(&password, &ann()).expect("taken");
        assert_ne!(hash, again, "each has a salt of its own");
        assert!(!format!("{hash:?}").contains("argon2id"));
        // What is no hash is nobody's.
        assert!(!PasswordHash("hunter2".to_owned()).is_of(&Secret::new("hunter2")));
        // Another one than is made here would take another time.
        let start = |hash: &str| hash[..hash.len() - 66].to_owned();
        assert_eq!(start(NOBODYS), start(hash.as_str()));
        assert!(phc::PasswordHash::new(NOBODYS).is_ok() && NOBODYS.len() == hash.as_str().len());
    }

    #[test]
    fn a_one_time_password_is_long_random_and_known_as_one() {
        let (one, other) = (one_time_password(), one_time_password());
        assert_ne!(one, other);
        assert_eq!(one.expose().len(), 23);
        assert!(one.expose().split('-').all(|group| group.len() == 5), "four groups that can be read out");
        let hash = PasswordHash::of_one_time(&one);
        assert!(hash.is_one_time() && hash.is_of(&one) && !hash.is_of(&other));
        assert!(PasswordHash::kept(hash.as_str()).is_some_and(|kept| kept.is_one_time() && kept.is_of(&one)));
        assert!(!PasswordHash::of(&one).is_one_time(), "the same as a password of one's own is none");
    }

    #[test]
    fn what_is_short_long_or_the_name_is_no_password() {
        let refused = |text: &str| PasswordHash::must_be_fine(&Secret::new(text), &ann()).err();
        assert_eq!(refused("eleven char"), Some(PasswordRefused::TooShort));
        assert_eq!(refused("ěščřžýáíéúů"), Some(PasswordRefused::TooShort), "by characters and not by bytes");
        assert_eq!(refused("ěščřžýáíéúůď"), None);
        assert_eq!(refused("ANN.of.accounts"), Some(PasswordRefused::IsTheName));
        assert_eq!(refused(&"a".repeat(1024)), None);
        assert_eq!(refused(&"a".repeat(1025)), Some(PasswordRefused::TooLong));
        let hash = PasswordHash::of(&Secret::new("a".repeat(1025)));
        assert!(!hash.is_of(&Secret::new("a".repeat(1025))), "it is not even tried");
    }
}
