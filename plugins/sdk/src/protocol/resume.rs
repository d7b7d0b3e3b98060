//! What a plugin stores with the host to go on from, should a call of the same step come again.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// How far a step is, in bytes that mean something to the plugin alone: the host stores and returns them, and reads nothing
/// of them. Base64 (RFC 4648, with padding) in JSON, so that any bytes will do. Wiped when dropped, never printed.
///
/// ```
/// use quietus_plugin::ResumeValue;
///
/// let value = ResumeValue::new(*b"page 7");
/// assert_eq!(serde_json::to_string(&value)?, r#""cGFnZSA3""#);
/// assert_eq!(serde_json::from_str::<ResumeValue>(r#""cGFnZSA3""#)?.expose(), b"page 7");
/// assert_eq!(format!("{value:?}"), "[6 bytes]");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeValue(Zeroizing<Vec<u8>>);

impl ResumeValue {
    /// The largest value that a host stores, in bytes before Base64.
    ///
    /// ```
    /// # use quietus_plugin::ResumeValue;
    /// /// Ids of what is done, as long as they fit.
    /// fn fits(ids: &[u64]) -> bool {
    ///     ids.len() * size_of::<u64>() <= ResumeValue::BYTES_MAX
    /// }
    /// assert!(fits(&[7; 8192]) && !fits(&[7; 8193]));
    /// ```
    pub const BYTES_MAX: usize = 64 << 10;

    /// Takes the bytes in.
    ///
    /// ```
    /// # use quietus_plugin::ResumeValue;
    /// assert_eq!(ResumeValue::new(vec![7]), ResumeValue::new([7]));
    /// ```
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes themselves; they may be personal.
    ///
    /// ```
    /// # use quietus_plugin::ResumeValue;
    /// assert_eq!(ResumeValue::new([7, 8]).expose(), [7, 8]);
    /// ```
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for ResumeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

impl Serialize for ResumeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(STANDARD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for ResumeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        // The decoder's message could quote the value.
        STANDARD.decode(&*text).map(Self::new).map_err(|_| D::Error::custom("not Base64"))
    }
}
