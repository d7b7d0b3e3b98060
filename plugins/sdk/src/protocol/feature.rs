//! What a host offers beyond the first messages of protocol 1.

use serde::{Deserialize, Serialize};

/// Something that the host offers, named in its `hello`.
///
/// ```
/// use quietus_plugin::protocol::Feature;
///
/// assert_eq!(Feature::from("resume".to_owned()), Feature::Resume);
/// assert_eq!(Feature::from("dance".to_owned()), Feature::Other("dance".into()));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Feature {
    /// It stores how far a step is, and returns that with the next call. Without it, a plugin keeps it in memory.
    Resume,
    /// One that this version does not know.
    Other(String),
}

impl From<String> for Feature {
    fn from(word: String) -> Self {
        match word.as_str() {
            "resume" => Self::Resume,
            _ => Self::Other(word),
        }
    }
}

impl From<Feature> for String {
    fn from(feature: Feature) -> Self {
        match feature {
            Feature::Resume => "resume".into(),
            Feature::Other(word) => word,
        }
    }
}
