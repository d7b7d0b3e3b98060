//! What a plugin answers to `sweep`: whom its system holds, a page at a time.

use serde::{Deserialize, Serialize};

use super::request::Identifier;
use super::resume::ResumeValue;
use crate::Kind;
use crate::identity::Region;

/// Which page is asked for. The host asks for the next one once it has compared the one before.
///
/// ```
/// use quietus_plugin::{Kind, Sweep};
///
/// let first = Sweep { kinds: vec![Kind::Email], records_max: 500, region: None, cursor: None };
/// assert!(first.wants(&Kind::Email) && !first.wants(&Kind::Phone));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sweep {
    /// The kinds that the manifest names and the operator granted. Others must not be returned.
    pub kinds: Vec<Kind>,
    /// The most records of one page.
    pub records_max: u32,
    /// The operator's region: what a telephone number without a country code means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// What the page before has named as [`Swept::next`]; the first page without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<ResumeValue>,
}

impl Sweep {
    /// Whether identifiers of this kind may be returned.
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Sweep};
    /// let sweep = Sweep { kinds: vec![Kind::Email], records_max: 500, region: None, cursor: None };
    /// let addresses = if sweep.wants(&Kind::Email) { vec!["ann@x.cz"] } else { Vec::new() };
    /// assert_eq!(addresses.len(), 1);
    /// ```
    pub fn wants(&self, kind: &Kind) -> bool {
        self.kinds.contains(kind)
    }
}

/// One page of what the system holds.
///
/// ```
/// use quietus_plugin::{Swept, SweptRecord};
///
/// let page = Swept::last([SweptRecord::default().identifier("email", "ann@x.cz").created_ms(1_700_000_000_000)]);
/// assert!(page.next.is_none());
/// assert!(!format!("{page:?}").contains("ann"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Swept {
    /// At most [`Sweep::records_max`]; there may be none on a page that is not the last one.
    #[serde(default)]
    pub records: Vec<SweptRecord>,
    /// Where the next page begins, in bytes that mean something to the plugin alone; none after the last page. The host keeps it sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<ResumeValue>,
    /// Places that may hold data and are not among what is returned, and why: short plain texts, free of personal data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_looked_at: Vec<String>,
}

impl Swept {
    /// The most identifiers of one record.
    ///
    /// ```
    /// # use quietus_plugin::Swept;
    /// assert_eq!(Swept::IDENTIFIERS_MAX, 64);
    /// ```
    pub const IDENTIFIERS_MAX: usize = 64;
    /// The longest value, in bytes. Longer ones identify nobody: leave them out.
    ///
    /// ```
    /// # use quietus_plugin::Swept;
    /// let is_returnable = |value: &str| (1..=Swept::VALUE_BYTES_MAX).contains(&value.len());
    /// assert!(is_returnable("ann@x.cz") && !is_returnable(""));
    /// ```
    pub const VALUE_BYTES_MAX: usize = 1024;
    /// The largest cursor, in bytes before Base64.
    ///
    /// ```
    /// # use quietus_plugin::Swept;
    /// assert!(size_of::<u64>() <= Swept::CURSOR_BYTES_MAX);
    /// ```
    pub const CURSOR_BYTES_MAX: usize = 4 << 10;

    /// A page after which another one begins there.
    ///
    /// ```
    /// # use quietus_plugin::{Swept, SweptRecord};
    /// let page = Swept::page([SweptRecord::default().identifier("email", "ann@x.cz")], *b"page 2");
    /// assert_eq!(page.next.expect("a cursor").expose(), b"page 2");
    /// ```
    pub fn page(records: impl IntoIterator<Item = SweptRecord>, next: impl Into<Vec<u8>>) -> Self {
        Self { next: Some(ResumeValue::new(next)), ..Self::last(records) }
    }

    /// The last page.
    ///
    /// ```
    /// # use quietus_plugin::Swept;
    /// assert!(Swept::last([]).next.is_none());
    /// ```
    pub fn last(records: impl IntoIterator<Item = SweptRecord>) -> Self {
        Self { records: records.into_iter().collect(), ..Self::default() }
    }

    /// Whether a host takes it as the answer to what it has asked for; if not, why, free of personal data.
    ///
    /// ```
    /// # use quietus_plugin::{Kind, Sweep, Swept, SweptRecord};
    /// let wanted = Sweep { kinds: vec![Kind::Email], records_max: 1, region: None, cursor: None };
    /// let of = |kind: Kind| SweptRecord::default().identifier(kind, "7");
    /// assert!(Swept::last([of(Kind::Email)]).fits(&wanted).is_ok());
    /// assert!(Swept::last([of(Kind::Phone)]).fits(&wanted).is_err(), "nobody has granted that");
    /// assert!(Swept::last([of(Kind::Email), of(Kind::Email)]).fits(&wanted).is_err(), "too many");
    /// ```
    pub fn fits(&self, wanted: &Sweep) -> Result<(), &'static str> {
        if self.records.len() > wanted.records_max as usize {
            return Err("more records than were asked for");
        }
        if self.not_looked_at.len() > 32 {
            return Err("more places that were not looked at than one answer may name");
        }
        if let Some(next) = &self.next {
            if !(1..=Self::CURSOR_BYTES_MAX).contains(&next.expose().len()) {
                return Err("a cursor that is empty or too long");
            }
            if wanted.cursor.as_ref() == Some(next) {
                return Err("it does not go on: the next page would begin where this one began");
            }
        }
        for record in &self.records {
            if record.identifiers.len() > Self::IDENTIFIERS_MAX {
                return Err("more identifiers than one record may have");
            }
            for identifier in &record.identifiers {
                if !wanted.wants(&identifier.kind) || identifier.kind.is_internal_id() {
                    return Err("an identifier of a kind that was not asked for");
                }
                if !(1..=Self::VALUE_BYTES_MAX).contains(&identifier.value.expose().len()) {
                    return Err("an identifier that is empty or too long");
                }
            }
        }
        Ok(())
    }

    /// A place that is not among what is returned.
    ///
    /// ```
    /// # use quietus_plugin::Swept;
    /// assert_eq!(Swept::last([]).not_looked_at("leads: not configured").not_looked_at, ["leads: not configured"]);
    /// ```
    #[must_use]
    pub fn not_looked_at(mut self, place: impl Into<String>) -> Self {
        self.not_looked_at.push(place.into());
        self
    }
}

/// One record of the system: what it says of one person, and of when it is. Of several people in one record, return several.
///
/// ```
/// use quietus_plugin::{Kind, SweptRecord};
///
/// let record = SweptRecord::default().identifier(Kind::Email, "ann@x.cz").identifier(Kind::Name, "Ann Nováková");
/// assert_eq!(record.identifiers.len(), 2);
/// assert_eq!(record.created_ms, None, "then it is told to a person, and never erased by itself");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweptRecord {
    /// At most [`Swept::IDENTIFIERS_MAX`], each of at most [`Swept::VALUE_BYTES_MAX`] bytes, as the record shows them.
    #[serde(default)]
    pub identifiers: Vec<Identifier>,
    /// When the record was made, in milliseconds since 1970 (UTC). Left out where the system does not say it, or not in which time
    /// zone: never guessed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_ms: Option<i64>,
    /// When the record was changed last; as above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_ms: Option<i64>,
}

impl SweptRecord {
    /// An identifier that the record shows, each once. One that is empty or too long is left out.
    ///
    /// ```
    /// # use quietus_plugin::SweptRecord;
    /// let record = SweptRecord::default().identifier("email", "ann@x.cz").identifier("phone", " ");
    /// assert_eq!(record.identifiers.len(), 1);
    /// ```
    #[must_use]
    pub fn identifier(mut self, kind: impl Into<Kind>, value: impl AsRef<str>) -> Self {
        let value = value.as_ref().trim();
        if (1..=Swept::VALUE_BYTES_MAX).contains(&value.len()) && self.identifiers.len() < Swept::IDENTIFIERS_MAX {
            let identifier = Identifier::new(kind, value);
            if !self.identifiers.contains(&identifier) {
                self.identifiers.push(identifier);
            }
        }
        self
    }

    /// When the record was made.
    ///
    /// ```
    /// # use quietus_plugin::SweptRecord;
    /// assert_eq!(SweptRecord::default().created_ms(7).created_ms, Some(7));
    /// ```
    #[must_use]
    pub fn created_ms(mut self, at: impl Into<Option<i64>>) -> Self {
        self.created_ms = at.into();
        self
    }

    /// When the record was changed last.
    ///
    /// ```
    /// # use quietus_plugin::SweptRecord;
    /// assert_eq!(SweptRecord::default().changed_ms(None).changed_ms, None);
    /// ```
    #[must_use]
    pub fn changed_ms(mut self, at: impl Into<Option<i64>>) -> Self {
        self.changed_ms = at.into();
        self
    }
}
