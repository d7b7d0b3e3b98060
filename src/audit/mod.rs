//! Who ordered what. An actor is named on every act that changes what is kept; names of people who use quietus stand here,
//! never those of people whom an erasure is about.

/// Who orders an act: the kind of way in, and who came that way, such as `cli:root` or `server`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub(crate) struct Actor(String);

impl Actor {
    /// Somebody on this machine, by the name of their account.
    pub(crate) fn cli(account: &str) -> Self {
        Self(format!("cli:{account}"))
    }
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
