//! The protect list: addresses that are nobody's alone, such as `noreply@` and the operator's own. Says which
//! of a person's addresses may be searched for.

use quietus_plugin::identity;

use crate::address::Address;

/// Addresses and whole domains that are never searched for.
#[derive(Default)]
pub(crate) struct Protect {
    addresses: Vec<Address>,
    domains: Vec<String>,
}

impl Protect {
    /// Of `noreply@x.cz` and `@ourcompany.cz`; the error says what neither is.
    pub(crate) fn new(list: &[String]) -> Result<Self, String> {
        let mut protect = Self::default();
        for entry in list {
            match entry.strip_prefix('@') {
                Some(domain) => protect.domains.push(identity::domain(domain).ok_or_else(|| wrong(entry))?),
                // Who writes `*@x.cz` means the domain.
                None if entry.contains('*') => return Err(wrong(entry)),
                None => protect.addresses.push(Address::typed(entry).ok_or_else(|| wrong(entry))?),
            }
        }
        Ok(protect)
    }

    /// Whether an address is never searched for. A domain protects its own addresses, not those of domains below it.
    pub(crate) fn covers(&self, address: &Address) -> bool {
        self.addresses.contains(address) || self.domains.iter().any(|domain| domain == address.domain())
    }
}

fn wrong(entry: &str) -> String {
    format!("protect: `{entry}` is neither an address such as noreply@x.cz nor a domain such as @x.cz")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_and_a_domain_are_protected_in_all_their_spellings() {
        let protect = Protect::new(&["NoReply@x.cz".into(), "@Příklad.cz".into()]).expect("a list");
        let covers = |text| protect.covers(&Address::typed(text).expect("an address"));
        assert!(covers("noreply@X.CZ") && covers("anybody@xn--pklad-zsa96e.cz"));
        assert!(!covers("ann@x.cz") && !covers("anybody@mail.příklad.cz"));
    }

    #[test]
    fn what_is_no_address_and_no_domain_is_refused() {
        for entry in ["noreply", "@", "*@x.cz", "@x y", "a b@x.cz"] {
            let error = Protect::new(&[entry.into()]).err().expect("refused");
            assert!(error.starts_with("protect: `"), "{error}");
        }
    }
}
