//! What a plugin answers to `find`.

use serde::{Deserialize, Serialize};

use super::request::Identifier;
use crate::Kind;

/// What else the system knows the person by: identifiers of the kinds that the manifest names in
/// [`Manifest::returns`](crate::Manifest::returns), for other systems that are asked after this one.
///
/// ```
/// use quietus_plugin::{Found, Kind};
///
/// let found = Found::nothing().identifier("customer_no", "4711").identifier("customer_no", "4711");
/// assert_eq!(found.identifiers.len(), 1, "each once");
/// assert!(!format!("{found:?}").contains("4711"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// At most [`Self::IDENTIFIERS_MAX`], each of at most [`Self::VALUE_BYTES_MAX`] bytes. Only what surely is this person's.
    #[serde(default)]
    pub identifiers: Vec<Identifier>,
    /// There are more than could be returned, or not all places were searched: what other systems find by these is not all.
    #[serde(default)]
    pub more: bool,
}

impl Found {
    /// The most identifiers that one answer may carry.
    ///
    /// ```
    /// # use quietus_plugin::Found;
    /// /// Some of many.
    /// fn of(numbers: &[u32]) -> Found {
    ///     let some = numbers.iter().take(Found::IDENTIFIERS_MAX);
    ///     let found = some.fold(Found::nothing(), |found, no| found.identifier("customer_no", no.to_string()));
    ///     if numbers.len() > Found::IDENTIFIERS_MAX { found.with_more() } else { found }
    /// }
    /// assert!(of(&(0..100).collect::<Vec<_>>()).more);
    /// ```
    pub const IDENTIFIERS_MAX: usize = 64;
    /// The longest value, in bytes.
    ///
    /// ```
    /// # use quietus_plugin::Found;
    /// let is_returnable = |value: &str| (1..=Found::VALUE_BYTES_MAX).contains(&value.len());
    /// assert!(is_returnable("4711") && !is_returnable(""));
    /// ```
    pub const VALUE_BYTES_MAX: usize = 1024;

    /// The system knows nothing else of the person.
    ///
    /// ```
    /// # use quietus_plugin::Found;
    /// assert!(Found::nothing().identifiers.is_empty());
    /// ```
    pub fn nothing() -> Self {
        Self::default()
    }

    /// An identifier of a kind that the manifest names.
    ///
    /// ```
    /// # use quietus_plugin::{Found, Kind};
    /// assert_eq!(Found::nothing().identifier(Kind::Email, "ann@x.cz").identifiers[0].kind, Kind::Email);
    /// ```
    pub fn identifier(mut self, kind: impl Into<Kind>, value: impl Into<String>) -> Self {
        let identifier = Identifier::new(kind, value);
        if !self.identifiers.contains(&identifier) {
            self.identifiers.push(identifier);
        }
        self
    }

    /// There are more than could be returned.
    ///
    /// ```
    /// # use quietus_plugin::Found;
    /// assert!(Found::nothing().identifier("customer_no", "4711").with_more().more);
    /// ```
    pub fn with_more(mut self) -> Self {
        self.more = true;
        self
    }
}
