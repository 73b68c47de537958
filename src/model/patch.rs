//! The three things a PATCH can say about an attribute.

use serde::{Deserialize, Deserializer};

/// Leave it, empty it, or give it a value.
///
/// In JSON: absent, `null`, a value. Fields of this type need `#[serde(default)]`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Not named in the request.
    #[default]
    Keep,
    /// Named with `null`.
    Clear,
    /// Named with a value.
    Set(T),
}

impl<T> Patch<T> {
    /// Whether the request does not name the attribute.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }

    /// The value that the request gives.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }

    /// Whether the request empties the attribute.
    pub fn is_clear(&self) -> bool {
        matches!(self, Self::Clear)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            None => Self::Clear,
            Some(value) => Self::Set(value),
        })
    }
}
