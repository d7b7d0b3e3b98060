//! Who reads a paper: what is said to an authority may be more than what is said to the person.

/// For whom it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Audience {
    Person,
    Authority,
}

impl Audience {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Authority => "authority",
        }
    }
}
