//! What a help desk meant when it did not do what was asked.

use std::time::Duration;

use http::StatusCode;

use crate::transport::call::Reply;
use crate::transport::http::TransportError;

/// Longest message of a vendor that is passed on, in characters.
const MAX_MESSAGE: usize = 500;

/// What went wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The stored credential is not accepted.
    Unauthenticated,
    /// The stored credential may not do this.
    Forbidden,
    /// There is no such object.
    NotFound,
    /// The help desk refused the content.
    Invalid,
    /// The content cannot be said in the help desk's terms: refused before any call.
    InvalidParameter,
    /// The object's state does not allow it.
    Conflict,
    /// Too many calls.
    RateLimited,
    /// The help desk is in trouble or cannot be reached.
    Unavailable,
    /// The help desk took too long; nothing was changed, or repeating does no harm.
    Timeout,
    /// What it sent cannot be understood.
    Malformed,
    /// What it sent is longer than may be read.
    TooLarge,
    /// The help desk does not have this.
    Unsupported,
    /// The gateway did not send it, to spare the help desk or to be safe.
    Withheld,
    /// A write was to be shown only, and was not sent.
    Rehearsed,
    /// A write was sent and nobody knows whether it was carried out.
    OutcomeUnknown,
}

/// A failure of a help desk, in words that may be shown to the client.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// What went wrong.
    pub kind: Kind,
    /// One sentence for the client; the vendor's own words cleaned and cut.
    pub message: String,
    /// The vendor's status, if it answered.
    pub status: Option<u16>,
    /// How long the vendor asks to wait.
    pub retry_after: Option<Duration>,
}

impl ProviderError {
    /// A failure of this kind.
    pub fn new(kind: Kind, message: impl AsRef<str>) -> Self {
        Self {
            kind,
            message: clean(message.as_ref()),
            status: None,
            retry_after: None,
        }
    }

    /// Whether the same may work in a while.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.kind,
            Kind::RateLimited | Kind::Unavailable | Kind::Timeout | Kind::Withheld
        )
    }

    /// The help desk lacks this.
    pub fn unsupported(message: impl AsRef<str>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    /// There is no such object.
    pub fn not_found(what: &str) -> Self {
        Self::new(
            Kind::NotFound,
            format!("{what} was not found in the help desk"),
        )
    }

    /// A reply whose body cannot be read. What a body held is not repeated.
    pub fn malformed(what: &str) -> Self {
        Self::new(
            Kind::Malformed,
            format!("the help desk sent an answer that cannot be read: {what}"),
        )
    }

    /// The failure that a status stands for with every vendor; refine it from the body.
    pub fn from_status(reply: &Reply, message: Option<&str>) -> Self {
        let status = reply.status;
        let (kind, text) = match status {
            StatusCode::UNAUTHORIZED => (
                Kind::Unauthenticated,
                "the help desk does not accept the account's credential",
            ),
            StatusCode::FORBIDDEN => (
                Kind::Forbidden,
                "the help desk does not allow this to the account's credential",
            ),
            StatusCode::NOT_FOUND | StatusCode::GONE => {
                (Kind::NotFound, "the object was not found in the help desk")
            }
            StatusCode::CONFLICT | StatusCode::METHOD_NOT_ALLOWED => (
                Kind::Conflict,
                "the state of the object in the help desk does not allow this",
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                (Kind::RateLimited, "the help desk's rate limit is used up")
            }
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => {
                (Kind::Invalid, "the help desk refused the content")
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                (Kind::Invalid, "the content is too large for the help desk")
            }
            status if status.is_server_error() => (Kind::Unavailable, "the help desk failed"),
            status if status.is_redirection() => (
                Kind::Malformed,
                "the help desk answered with a redirect, which is not followed",
            ),
            _ => (
                Kind::Malformed,
                "the help desk answered in a way that is not understood",
            ),
        };
        let message = match message.map(clean).filter(|message| !message.is_empty()) {
            Some(said) => format!("{text}: {said}"),
            None => format!("{text} (status {})", status.as_u16()),
        };
        Self {
            kind,
            message,
            status: Some(status.as_u16()),
            retry_after: reply.retry_after(),
        }
    }

    /// The failure behind a call that got no reply. `repeatable` tells whether carrying it out
    /// twice would do no harm: if it would, nobody knows where it stands.
    pub fn from_transport(error: &TransportError, repeatable: bool) -> Self {
        match error {
            TransportError::Connect(_) => {
                Self::new(Kind::Unavailable, "the help desk cannot be reached")
            }
            TransportError::Rehearsed => Self::new(Kind::Rehearsed, "this was to be shown only"),
            TransportError::Throttled { retry_after } => Self {
                retry_after: Some(*retry_after),
                ..Self::new(
                    Kind::RateLimited,
                    "the help desk's rate limit is used up, and room in it comes later than this request waits; Prefer: \
                     wait=SECONDS waits longer",
                )
            },
            TransportError::Withheld {
                reason,
                retry_after,
            } => Self {
                retry_after: Some(*retry_after),
                ..Self::new(
                    Kind::Withheld,
                    format!("the gateway did not send this: {reason}"),
                )
            },
            TransportError::Timeout if repeatable => {
                Self::new(Kind::Timeout, "the help desk did not answer in time")
            }
            TransportError::Interrupted(_) if repeatable => Self::new(
                Kind::Unavailable,
                "the connection to the help desk broke before its answer was complete",
            ),
            TransportError::TooLarge { limit } if repeatable => Self::new(
                Kind::TooLarge,
                format!("the help desk's answer is larger than {limit} bytes"),
            ),
            TransportError::Timeout
            | TransportError::Interrupted(_)
            | TransportError::TooLarge { .. } => Self::outcome_unknown(),
        }
    }

    /// A write that may or may not have been carried out.
    pub fn outcome_unknown() -> Self {
        Self::new(
            Kind::OutcomeUnknown,
            "the help desk took the request but gave no answer that can be trusted: it may or may not have been \
             carried out; look before you send it again",
        )
    }
}

/// The credential or address of an account is not usable; says which member and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidCredentials(pub String);

impl InvalidCredentials {
    /// Says which member is missing or unknown. Never the value of one: it may be the secret.
    pub fn from_json(error: &serde_json::Error) -> Self {
        let text = error.to_string();
        let names_only = ["missing field", "unknown field", "duplicate field"]
            .iter()
            .any(|start| text.starts_with(start));
        if !names_only {
            return Self("a member of the credentials has the wrong type".into());
        }
        let (names, _) = text.split_once(" at line ").unwrap_or((&text, ""));
        Self(clean(names))
    }
}

/// Makes a vendor's text fit for an error message: one line, no control characters, cut.
pub fn clean(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len().min(MAX_MESSAGE));
    for word in text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
    {
        if !cleaned.is_empty() {
            cleaned.push(' ');
        }
        cleaned.push_str(word);
    }
    match cleaned.char_indices().nth(MAX_MESSAGE) {
        None => cleaned,
        Some((end, _)) => {
            cleaned.truncate(end);
            cleaned.push('…');
            cleaned
        }
    }
}
