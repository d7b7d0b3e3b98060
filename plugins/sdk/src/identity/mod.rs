//! When two spellings mean the same: the normal forms of identifiers, for quietus itself and for every plugin.
//!
//! Two values of one kind are the same exactly when they share a normal form. A value without one (`n/a`, `112`, half an
//! address) is no identifier: nothing is looked for by it, and nothing is equal to it. Nothing else may define sameness;
//! a system's own search is only a way to find candidates.
//!
//! | kind | normal form |
//! |---|---|
//! | `phone` | E.164 ([`phones`]): the region says what a number without a country code means |
//! | `email` | small letters, the domain as DNS knows it ([`email`]) |
//! | `name` | small letters without diacritics and titles, the words sorted ([`name`]) |
//! | `guest_id`, `session_id`, a tenant's own | trimmed |
//!
//! ```
//! use quietus_plugin::{Kind, identity};
//!
//! let czech = Some("CZ".parse()?);
//! let one = identity::normal_forms(&Kind::Phone, "+420 (0) 777 123 456", czech);
//! assert_eq!(one, identity::normal_forms(&Kind::Phone, "0777/123456", czech));
//! assert_eq!(identity::name("Ing. Ann Nováková, Ph.D."), identity::name("NOVAKOVA Ann"));
//! # Ok::<(), identity::UnknownRegion>(())
//! ```
//!
//! Knows nothing of where the values come from, and connects to nothing.

mod email;
mod masked;
mod name;
mod phone;
mod region;
#[cfg(test)]
mod tests;

pub use email::{domain, email};
pub use masked::is_masked;
pub use name::name;
pub use phone::phones;
pub use region::{Region, UnknownRegion};

use crate::Kind;

/// The version of the normal forms: it grows when a value gets another form than before.
///
/// Who keeps normal forms, or digests of them, keeps this beside them; else what was stored under older rules is not found.
///
/// ```
/// let stored = (quietus_plugin::identity::VERSION, "digest of ann@x.cz");
/// assert_eq!(stored.0, 1);
/// ```
pub const VERSION: u16 = 1;

/// The normal forms of what one field holds: none when it holds no identifier, several when it holds several, each once.
///
/// `region` matters to phones only; without it, a number without a country code has no normal form.
///
/// ```
/// use quietus_plugin::{Kind, identity::normal_forms};
///
/// assert_eq!(normal_forms(&Kind::Email, "Ann@X.cz, bob@x.cz", None), ["ann@x.cz", "bob@x.cz"]);
/// assert_eq!(normal_forms(&Kind::GuestId, " g-7 ", None), ["g-7"]);
/// assert!(normal_forms(&Kind::Phone, "n/a", None).is_empty());
/// ```
pub fn normal_forms(kind: &Kind, text: &str, region: Option<Region>) -> Vec<String> {
    match kind {
        Kind::Email => email::all(text),
        Kind::Phone => phones(text, region),
        Kind::Name => name(text).into_iter().collect(),
        // By the word: `Other("email")` is an e-mail address, too.
        Kind::Other(word) => match Kind::from(word) {
            Kind::Other(_) => trimmed(text),
            known => normal_forms(&known, text, region),
        },
        Kind::GuestId | Kind::SessionId => trimmed(text),
    }
}

/// How people write what has this normal form, the form itself first: for systems that search for a text. Nothing is the
/// same because of these; what is found is compared by its normal form.
///
/// ```
/// use quietus_plugin::{Kind, identity::spellings};
///
/// let number = spellings(&Kind::Phone, "+420777123456");
/// assert_eq!(number, ["+420777123456", "777123456", "+420 777 123 456", "777 123 456"]);
/// let address = spellings(&Kind::Email, "ann@xn--pklad-zsa96e.cz");
/// assert_eq!(address, ["ann@xn--pklad-zsa96e.cz", "ann@příklad.cz"]);
/// assert_eq!(spellings(&Kind::Name, "ann novakova"), ["ann novakova"]);
/// ```
pub fn spellings(kind: &Kind, form: &str) -> Vec<String> {
    match kind {
        Kind::Email => email::spellings(form),
        Kind::Phone => phone::spellings(form),
        Kind::Name | Kind::GuestId | Kind::SessionId | Kind::Other(_) => vec![form.to_owned()],
    }
}

fn trimmed(text: &str) -> Vec<String> {
    let text = text.trim();
    if text.is_empty() { Vec::new() } else { vec![text.to_owned()] }
}
