//! What somebody carries instead of a password: API tokens and the sessions of browsers. Each is an id and 256 random bits, of which only a
//! digest is kept: so many bits cannot be guessed, so that it need not be a slow one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::browser::Browser;
use super::name::AccountName;
use super::role::{Companies, Roles};
use crate::keys::{Secret, fill_random};

/// A session ends after so long in which nothing came of it.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(30 * 60);

/// A session ends after so long, whatever came of it.
pub(crate) const SESSION_MAX: Duration = Duration::from_secs(12 * 60 * 60);

/// How long a token is good for at most, and where nothing else is said.
pub(crate) const TOKEN_MAX: Duration = Duration::from_secs(365 * DAY_S);
pub(crate) const TOKEN_DEFAULT: Duration = Duration::from_secs(90 * DAY_S);

const DAY_S: u64 = 24 * 60 * 60;

/// Digits that nobody takes for one another, and none of which is `_`.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

const ID_DIGITS: usize = 12;
const SECRET_BYTES: usize = 32;
/// Five bits a digit.
const SECRET_DIGITS: usize = (SECRET_BYTES * 8).div_ceil(5);

/// What is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BearerKind {
    /// By a program, in a header.
    Token,
    /// By a browser, in a cookie.
    Session,
}

impl BearerKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Token => "qt_",
            Self::Session => "qs_",
        }
    }
}

/// The id of a token or of a session: the part of it that is no secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TokenId(String);

impl TokenId {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TokenId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        let is_id = text.len() == ID_DIGITS && are_digits(text);
        if is_id { Ok(Self(text.to_owned())) } else { Err("a token's id has 12 digits and lower-case letters") }
    }
}

impl fmt::Display for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TokenId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The digest of a secret: all that is kept of it.
#[derive(Clone)]
pub(crate) struct BearerHash([u8; 32]);

impl BearerHash {
    fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// As it was kept.
    pub(crate) fn kept(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// In a time that says nothing of where they differ.
impl PartialEq for BearerHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for BearerHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[digest]")
    }
}

/// A secret that was just made: nobody can show it again.
pub(crate) struct Bearer {
    pub(crate) id: TokenId,
    pub(crate) hash: BearerHash,
    /// All of it, as it is carried.
    pub(crate) text: Secret,
}

impl Bearer {
    pub(crate) fn generate(kind: BearerKind) -> Self {
        let mut bytes = Zeroizing::new([0; ID_DIGITS + SECRET_BYTES]);
        fill_random(&mut bytes[..]);
        let (for_id, for_secret) = bytes.split_at(ID_DIGITS);
        // A part of each byte: as many ids as there are digits for.
        let id: String = for_id.iter().map(|byte| digit(u32::from(*byte))).collect();
        let secret = Zeroizing::new(digits(for_secret));
        let text = Secret::new(format!("{}{id}_{}", kind.prefix(), *secret));
        Self { id: TokenId(id), hash: BearerHash::of(&secret), text }
    }

    /// Reads what somebody carries; `None` where that is nothing of this kind.
    pub(crate) fn read(kind: BearerKind, text: &str) -> Option<(TokenId, BearerHash)> {
        let (id, secret) = text.strip_prefix(kind.prefix())?.split_once('_')?;
        let is_secret = secret.len() == SECRET_DIGITS && are_digits(secret);
        is_secret.then(|| Some((id.parse().ok()?, BearerHash::of(secret))))?
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer").field("id", &self.id).finish_non_exhaustive()
    }
}

/// One of the digits, by five bits.
pub(super) fn digit(bits: u32) -> char {
    char::from(DIGITS[(bits & 31) as usize])
}

fn digits(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(SECRET_DIGITS);
    let (mut held, mut bits) = (0_u32, 0);
    for byte in bytes {
        held = (held << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(digit(held >> bits));
        }
    }
    if bits > 0 {
        text.push(digit(held << (5 - bits)));
    }
    text
}

fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| DIGITS.contains(&byte))
}

/// A token of an account, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Token {
    pub(crate) id: TokenId,
    pub(crate) account: AccountName,
    /// No more than its account may now.
    pub(crate) roles: Roles,
    pub(crate) companies: Companies,
    /// What it is for, in the words of who has issued it.
    pub(crate) purpose: String,
    pub(crate) issued: Timestamp,
    pub(crate) expires: Timestamp,
    /// To the hour.
    pub(crate) last_used: Option<Timestamp>,
}

/// A token that is to be.
#[derive(Clone, Debug)]
pub(crate) struct NewToken {
    pub(crate) id: TokenId,
    pub(crate) hash: BearerHash,
    pub(crate) account: AccountName,
    pub(crate) roles: Roles,
    pub(crate) companies: Companies,
    pub(crate) purpose: String,
    pub(crate) expires: Timestamp,
}

/// A session of a browser, as its own account is shown it. Neither from where it came nor what its browser says of itself is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct LoginSession {
    pub(crate) id: TokenId,
    pub(crate) account: AccountName,
    pub(crate) created: Timestamp,
    /// To the minute.
    pub(crate) seen: Timestamp,
    pub(crate) expires: Timestamp,
    pub(crate) browser: Option<Browser>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_carried_is_read_as_it_was_made_and_as_nothing_else() {
        for (kind, other, prefix) in
            [(BearerKind::Token, BearerKind::Session, "qt_"), (BearerKind::Session, BearerKind::Token, "qs_")]
        {
            let made = Bearer::generate(kind);
            let text = made.text.expose().to_owned();
            assert!(text.starts_with(&format!("{prefix}{}_", made.id)) && text.len() == 3 + 12 + 1 + 52, "{text}");
            assert_eq!(Bearer::read(kind, &text), Some((made.id.clone(), made.hash.clone())));
            assert_eq!(Bearer::read(other, &text), None, "a cookie is no token, nor the other way");
            let another = Bearer::generate(kind);
            assert!(another.id != made.id && another.hash != made.hash);
            // The id of one with the secret of another is found, and does not match.
            let (_, secret) = another.text.expose().rsplit_once('_').expect("two parts");
            let mixed = Bearer::read(kind, &format!("{prefix}{}_{secret}", made.id));
            assert!(mixed.is_some_and(|(id, hash)| id == made.id && hash != made.hash));
            for wrong in [
                "",
                prefix,
                &text[..text.len() - 1],
                &format!("{text}0"),
                &format!("{text} "),
                &text.to_uppercase(),
                &text.replacen('_', "-", 1),
                &format!("{prefix}_{secret}"),
                &format!("{prefix}{}_{}", made.id, "é".repeat(26)),
                &format!("{prefix}{}_{}", "u".repeat(12), secret),
            ] {
                assert_eq!(Bearer::read(kind, wrong), None, "{wrong}");
            }
        }
    }

    #[test]
    fn all_bits_of_a_secret_stand_in_its_digits() {
        assert_eq!(digits(&[0; 32]), "0".repeat(52));
        // The last digit has the one bit that is left.
        assert_eq!(digits(&[0xff; 32]), format!("{}g", "z".repeat(51)));
        assert_eq!(digits(&[0b0000_1000, 0b0100_0000]), "1100");
    }

    #[test]
    fn nothing_shows_a_secret() {
        let made = Bearer::generate(BearerKind::Token);
        let shown = format!("{made:?} {:?} {:?}", made.hash, made.text);
        let (_, secret) = made.text.expose().rsplit_once('_').expect("two parts");
        assert!(shown.contains(made.id.as_str()) && !shown.contains(secret), "{shown}");
    }
}
