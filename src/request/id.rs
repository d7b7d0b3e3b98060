//! A request's own id.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A request's own id, which nobody has to know: 128 bits, growing with time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RequestId(pub(crate) [u8; 16]);

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r-{}", hex::encode(self.0))
    }
}

impl Serialize for RequestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for RequestId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = [0; 16];
        let read = hex::decode_to_slice(String::deserialize(deserializer)?, &mut bytes);
        read.map(|()| Self(bytes)).map_err(|_| serde::de::Error::custom("not the id of a request"))
    }
}
