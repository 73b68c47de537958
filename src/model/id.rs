//! Identifiers: the help desk's own inside, the public form outside.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Serialize, Serializer};

/// Longest upstream id that is accepted, in bytes. Vendors use numbers or short names.
const MAX_UPSTREAM_ID: usize = 128;

/// Says why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no {kind} id: {reason}")]
pub struct InvalidId {
    /// The kind of id that was expected, such as `ticket`.
    kind: &'static str,
    /// The text that was given, cut to a readable length.
    found: String,
    /// What is wrong with it.
    reason: &'static str,
}

impl InvalidId {
    /// Describes a bad id without repeating more of it than a person would read.
    fn new(kind: &'static str, found: &str, reason: &'static str) -> Self {
        Self {
            kind,
            found: found.chars().take(64).collect(),
            reason,
        }
    }
}

/// Reads `<prefix><unpadded base64url of the upstream id>`.
fn open(kind: &'static str, prefix: &str, text: &str) -> Result<String, InvalidId> {
    let Some(encoded) = text.strip_prefix(prefix) else {
        return Err(InvalidId::new(kind, text, "the prefix is missing"));
    };
    let Ok(bytes) = URL_SAFE_NO_PAD.decode(encoded) else {
        return Err(InvalidId::new(
            kind,
            text,
            "what follows the prefix is not unpadded base64url",
        ));
    };
    let Ok(upstream) = String::from_utf8(bytes) else {
        return Err(InvalidId::new(kind, text, "it does not hold a text"));
    };
    if upstream.is_empty()
        || upstream.len() > MAX_UPSTREAM_ID
        || upstream.chars().any(char::is_control)
    {
        return Err(InvalidId::new(
            kind,
            text,
            "it does not hold an id of a help desk",
        ));
    }
    Ok(upstream)
}

/// Declares an id type whose public form is `<kind>_<base64url>`.
macro_rules! public_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id as the help desk spells it.
            pub fn from_upstream(id: impl Into<String>) -> Self {
                Self(id.into())
            }

            /// The id as the help desk spells it.
            pub fn upstream(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!($kind, "_"))?;
                f.write_str(&URL_SAFE_NO_PAD.encode(&self.0))
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                open($kind, concat!($kind, "_"), text).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    };
}

public_id! {
    /// A ticket: `ticket_NjQ2MTUz` is the help desk's ticket `646153`.
    TicketId, "ticket"
}
public_id! {
    /// A comment: `comment_MzExOTg2MTQ2Mw` is the help desk's comment `3119861463`.
    CommentId, "comment"
}

/// A connected account: a random decimal integer below 2^53, so that every JSON reader keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct AccountId(u64);

impl AccountId {
    /// First number that is too large: beyond it a double is not exact.
    pub const END: u64 = 1 << 53;

    /// Accepts 1 to 2^53 − 1.
    pub fn new(number: u64) -> Option<Self> {
        (1..Self::END).contains(&number).then_some(Self(number))
    }

    /// The number itself.
    pub fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for AccountId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits = !text.starts_with(['0', '+']);
        let number = text.parse().ok().filter(|_| digits).and_then(Self::new);
        number.ok_or_else(|| {
            InvalidId::new("account", text, "it is not a decimal integer below 2^53")
        })
    }
}
