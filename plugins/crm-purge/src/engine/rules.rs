//! How values are compared, as the operator wants it: for what is searched for and for what is found.

use quietus_plugin::{Kind, identity};

use crate::choice::PlusAddressing;

/// How values are compared.
pub(crate) struct Rules {
    pub(crate) plus_addressing: PlusAddressing,
    /// Whether a record without an e-mail address is the person's by its number alone.
    pub(crate) phone_alone: bool,
    /// Whether an address that the user may not read looks like none.
    pub(crate) hides_as_empty: bool,
}

impl Rules {
    /// The address as it is compared: without `+…`, where the operator says that it makes no difference.
    pub(super) fn address(&self, address: &str) -> String {
        match self.plus_addressing {
            PlusAddressing::Distinct => address.to_owned(),
            PlusAddressing::Same => without_plus(address),
        }
    }

    /// The addresses to search for.
    pub(super) fn spellings(&self, address: &str) -> Vec<String> {
        let mut all = identity::spellings(&Kind::Email, address);
        let plain = self.address(address);
        if plain != address {
            all.extend(identity::spellings(&Kind::Email, &plain));
        }
        all
    }

    /// `ann+` and `@x.cz` of `ann@x.cz`, where what stands between them makes no difference.
    pub(super) fn around_plus(&self, address: &str) -> Option<(String, String)> {
        let plain = without_plus(address);
        let (name, domain) = plain.rsplit_once('@')?;
        (self.plus_addressing == PlusAddressing::Same).then(|| (format!("{name}+"), format!("@{domain}")))
    }
}

/// An address without what stands between a `+` and the `@`.
pub(super) fn without_plus(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => match local.split_once('+') {
            Some((name, _)) if !name.is_empty() => format!("{name}@{domain}"),
            _ => address.to_owned(),
        },
        None => address.to_owned(),
    }
}
