//! How people call a system, where its name in the configuration says nothing to them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{InstallationName, TargetName};

/// Characters of a title: it stands in a column of a paper.
const CHARS_MAX: usize = 60;

/// What a target is called on papers, in all languages or in each.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(untagged, expecting = "write a text, or one for each language: { cs = \"…\", en = \"…\" }")]
pub(crate) enum Title {
    /// In all languages.
    Text(String),
    /// In each.
    Each(EachTitle),
}

/// One for each language.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EachTitle {
    /// In Czech.
    pub(crate) cs: String,
    /// In English.
    pub(crate) en: String,
}

impl Title {
    pub(crate) fn czech(&self) -> &str {
        match self {
            Self::Text(text) => text.trim(),
            Self::Each(each) => each.cs.trim(),
        }
    }

    pub(crate) fn english(&self) -> &str {
        match self {
            Self::Text(text) => text.trim(),
            Self::Each(each) => each.en.trim(),
        }
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self) -> Option<String> {
        let is_one =
            |text: &str| !text.is_empty() && text.chars().count() <= CHARS_MAX && !text.chars().any(char::is_control);
        let are = is_one(self.czech()) && is_one(self.english());
        (!are).then(|| format!("a title is one line of up to {CHARS_MAX} characters"))
    }
}

/// The titles of targets, by the names under which they are called ([`TargetName::called_for`]).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Titles(pub(crate) BTreeMap<TargetName, Title>);

impl Titles {
    /// That of a target of one installation, where it has one.
    pub(crate) fn of(&self, target: &TargetName, installation: &InstallationName) -> Option<&Title> {
        self.0.get(&target.called_for(installation))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_title_is_one_text_or_one_for_each_language() {
        let read = |json: serde_json::Value| serde_json::from_value::<Title>(json);
        let one = read(json!("Zákazníci")).expect("a title");
        assert_eq!((one.czech(), one.english()), ("Zákazníci", "Zákazníci"));
        let each = read(json!({ "cs": "Zákazníci ", "en": "Customers" })).expect("a title");
        assert_eq!((each.czech(), each.english()), ("Zákazníci", "Customers"));
        assert!(
            read(json!({ "cs": "Zákazníci" })).is_err() && read(json!({ "cs": "a", "en": "b", "de": "c" })).is_err()
        );
        assert!(one.wrong().is_none() && each.wrong().is_none());
        for wrong in ["", "  ", "two\nlines", &"x".repeat(61)] {
            assert!(Title::Text(wrong.to_owned()).wrong().is_some(), "{wrong:?}");
        }
    }

    #[test]
    fn each_company_calls_its_own_mluvii() {
        let [acme, other] = ["acme", "other"].map(|name| InstallationName(name.into()));
        let of = |name: TargetName, title: &str| (name, Title::Text(title.to_owned()));
        let crm = TargetName("crm".into());
        let titles = Titles([of(TargetName::mluvii_of(&acme), "Chat"), of(crm.clone(), "Customers")].into());
        let english = |target: &TargetName, installation| titles.of(target, installation).map(Title::english);
        assert_eq!(english(&TargetName::mluvii(), &acme), Some("Chat"));
        assert_eq!(english(&TargetName::mluvii(), &other), None);
        assert_eq!(english(&crm, &other), Some("Customers"));
    }
}
