//! With which kind of browser somebody has signed in, as a word of ours: enough to know one's own session in a list.

use serde::{Deserialize, Serialize};

/// A family of browsers. Of what a browser says of itself nothing else is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Browser {
    Firefox,
    Edge,
    Chrome,
    Safari,
}

impl Browser {
    /// In an order in which one that also claims to be another comes before that one.
    const TOLD_BY: [(&str, Self); 7] = [
        ("Firefox/", Self::Firefox),
        ("FxiOS/", Self::Firefox),
        ("Edg", Self::Edge),
        ("Chrome/", Self::Chrome),
        ("Chromium/", Self::Chrome),
        ("CriOS/", Self::Chrome),
        ("Safari/", Self::Safari),
    ];

    /// By the header `User-Agent`; `None` of any other.
    pub(crate) fn of(user_agent: &str) -> Option<Self> {
        Self::TOLD_BY.into_iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, browser)| browser)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Firefox => "firefox",
            Self::Edge => "edge",
            Self::Chrome => "chrome",
            Self::Safari => "safari",
        }
    }

    /// As it was written.
    pub(crate) fn written(word: &str) -> Option<Self> {
        [Self::Firefox, Self::Edge, Self::Chrome, Self::Safari].into_iter().find(|one| one.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_whatever_else_they_claim_to_be() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        let edge = format!("{chrome} Edg/140.0.0.0");
        let said = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some(Browser::Firefox)),
            (chrome, Some(Browser::Chrome)),
            (edge.as_str(), Some(Browser::Edge)),
            (
                "Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15",
                Some(Browser::Safari),
            ),
            ("curl/8.9.1", None),
            ("", None),
        ];
        for (user_agent, expected) in said {
            assert_eq!(Browser::of(user_agent), expected, "{user_agent}");
        }
        assert_eq!(Browser::written("edge"), Some(Browser::Edge));
        assert_eq!(Browser::written("netscape"), None);
    }
}
