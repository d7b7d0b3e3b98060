//! The vendors, by name. A new one is a file here, and its name in `vendors!`; `traits` says what it has to tell.

mod listing;
mod right;
mod traits;

pub(crate) use traits::{Follow, Holds, Keeps, List, OwnKeys, Question, Right, Shown, Traits, Vendor};

/// Declares the files and the registry.
macro_rules! vendors {
    ($($name:ident),+) => {
        $(mod $name;)+

        /// The vendors' names.
        pub(crate) const NAMES: &[&str] = &[$(stringify!($name)),+];

        /// The vendor of this name.
        pub(crate) fn of(name: &str, own: &OwnKeys) -> Result<(&'static Traits, Box<dyn Vendor>), String> {
            match name {
                $(stringify!($name) => {
                    $name::TRAITS.check(own)?;
                    Ok((&$name::TRAITS, Box::new($name::make(own)?)))
                })+
                _ => Err(format!("vendor: it is none of {}", NAMES.join(", "))),
            }
        }
    };
}

vendors!(hubspot, pipedrive, raynet, salesforce, dynamics);

/// What a vendor can say of its limits.
#[cfg(test)]
pub(crate) mod sentences {
    pub(crate) fn salesforce() -> Vec<&'static str> {
        super::salesforce::sentences()
    }

    pub(crate) fn dynamics() -> Vec<&'static str> {
        super::dynamics::sentences()
    }
}
