//! The languages that mails and pages are in.

use schemars::JsonSchema;
use serde::Deserialize;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    Cs,
    En,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::Cs, Self::En];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Cs => "cs",
            Self::En => "en",
        }
    }

    /// The one that a browser wants most (RFC 9110, 12.5.4); `otherwise` where it wants neither.
    pub(super) fn wanted(accepted: &str, otherwise: Self) -> Self {
        let mut best: Option<(f32, Self)> = None;
        for item in accepted.split(',') {
            let mut parts = item.split(';');
            let tag = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            let language = match tag.split('-').next() {
                // Whoever reads Slovak reads Czech.
                Some("cs" | "sk") => Self::Cs,
                Some("en") => Self::En,
                _ => continue,
            };
            if weight > 0.0 && best.is_none_or(|(most, _)| weight > most) {
                best = Some((weight, language));
            }
        }
        best.map_or(otherwise, |(_, language)| language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_the_one_that_is_wanted_most() {
        for (accepted, expected) in [
            ("cs", Language::Cs),
            ("cs-CZ,cs;q=0.9,en;q=0.8", Language::Cs),
            ("en-GB,en;q=0.9,cs;q=0.8", Language::En),
            ("de,en;q=0.5,cs;q=0.7", Language::Cs),
            ("sk", Language::Cs),
            ("cs;q=0, en;q=0.1", Language::En),
            ("cs;q=x", Language::Cs),
            ("EN", Language::En),
        ] {
            assert_eq!(Language::wanted(accepted, Language::En), expected, "{accepted}");
        }
        for neither in ["", "de", "*", ",,;", "cs;q=0"] {
            assert_eq!(Language::wanted(neither, Language::Cs), Language::Cs, "{neither}");
            assert_eq!(Language::wanted(neither, Language::En), Language::En, "{neither}");
        }
    }
}
