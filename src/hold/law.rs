//! What a law keeps: which target is exempt from erasures, at which company, and by which article.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::subject::{InstallationName, TargetName};

/// What a law keeps, as receipts have it.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetainedByLaw {
    /// What is kept, such as `invoices`.
    pub(crate) of: String,
    /// The article, such as `§ 31 of the Czech Accounting Act (563/1991)`.
    pub(crate) by: String,
}

/// Characters of each, at most.
const RETAINED_CHARS_MAX: usize = 120;

/// How a reason begins that names a law. Receipts have it, so that it is never changed.
const KEPT_BY_LAW: &str = "kept by law: ";

/// What stands between what is kept and the article.
const BY: &str = ", by ";

impl RetainedByLaw {
    /// What stands on a receipt.
    pub(crate) fn reason(&self) -> String {
        format!("{KEPT_BY_LAW}{}{BY}{}", self.of.trim(), self.by.trim())
    }

    /// Reads what stands on a receipt: what is kept, and the article.
    pub(crate) fn read(reason: &str) -> Option<(&str, &str)> {
        reason.strip_prefix(KEPT_BY_LAW)?.rsplit_once(BY)
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self) -> Option<&'static str> {
        let is_named = |text: &str| !text.trim().is_empty() && text.chars().count() <= RETAINED_CHARS_MAX;
        let names_a_law = self.by.chars().any(|one| one.is_ascii_digit());
        if !is_named(&self.of) || !is_named(&self.by) || !names_a_law {
            return Some(
                "`of` says what is kept, and `by` the article of the law, with its number; up to 120 characters each",
            );
        }
        None
    }
}

/// Which targets a law exempts: at all companies, or at one. As receipts say it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Exemptions {
    everywhere: BTreeMap<TargetName, String>,
    of_companies: BTreeMap<(InstallationName, TargetName), String>,
}

impl Exemptions {
    /// Exempts a target, whichever company asks.
    pub(crate) fn exempt(&mut self, target: TargetName, law: &RetainedByLaw) {
        self.everywhere.insert(target, law.reason());
    }

    /// Exempts a target in erasures of one company.
    pub(crate) fn exempt_at(&mut self, company: InstallationName, target: TargetName, law: &RetainedByLaw) {
        self.of_companies.insert((company, target), law.reason());
    }

    /// The law that keeps what a target holds of a company's people. What the company says itself is the nearer.
    pub(crate) fn of(&self, company: &InstallationName, target: &TargetName) -> Option<&str> {
        let own = self.of_companies.get(&(company.clone(), target.clone()));
        own.or_else(|| self.everywhere.get(target)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn law(of: &str, by: &str) -> RetainedByLaw {
        RetainedByLaw { of: of.into(), by: by.into() }
    }

    #[test]
    fn an_exemption_names_what_is_kept_and_an_article() {
        assert_eq!(law("invoices", "§ 31 of 563/1991").wrong(), None);
        let long = "1".repeat(121);
        for (of, by) in [("", "§ 31"), (" ", "§ 31"), ("invoices", "the law"), ("invoices", ""), ("invoices", &long)]
        {
            assert!(law(of, by).wrong().is_some(), "{of} {by}");
        }
    }

    #[test]
    fn what_stands_on_a_receipt_is_read_again() {
        let reason = law(" calls, by date ", "§ 97 (127/2005)").reason();
        assert_eq!(reason, "kept by law: calls, by date, by § 97 (127/2005)");
        assert_eq!(RetainedByLaw::read(&reason), Some(("calls, by date", "§ 97 (127/2005)")));
        assert_eq!(RetainedByLaw::read("invoices: § 31"), None);
    }

    #[test]
    fn a_company_s_own_exemption_is_of_no_other_company() {
        let (acme, globex) = (InstallationName("acme".into()), InstallationName("globex".into()));
        let (mluvii, crm) = (TargetName::mluvii(), TargetName("crm".into()));
        let mut exemptions = Exemptions::default();
        exemptions.exempt_at(acme.clone(), mluvii.clone(), &law("calls", "§ 1"));
        exemptions.exempt(crm.clone(), &law("invoices", "§ 2"));
        exemptions.exempt_at(acme.clone(), crm.clone(), &law("contracts", "§ 3"));
        assert_eq!(exemptions.of(&acme, &mluvii), Some("kept by law: calls, by § 1"));
        assert_eq!(exemptions.of(&globex, &mluvii), None);
        assert_eq!(exemptions.of(&acme, &crm), Some("kept by law: contracts, by § 3"));
        assert_eq!(exemptions.of(&globex, &crm), Some("kept by law: invoices, by § 2"));
    }
}
