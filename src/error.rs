//! What can go wrong with a request, and what the client is told.
//!
//! One type, three exhaustive matches: status, code, and how long to wait. The body is written in
//! one place, `http::errors`.

use std::time::Duration;

use http::StatusCode;

use crate::model::id::InvalidId;
use crate::provider::error::{Kind, ProviderError};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be read, or lacks something.
    #[error("{0}")]
    BadRequest(String),
    /// An attribute or parameter has a value that is not taken.
    #[error("{0}")]
    InvalidParameter(String),
    /// The token that was to be checked is not valid: 400, which is what the SDKs' token check reads.
    #[error("the access token is not valid or has expired")]
    InvalidToken,
    /// No credential was sent.
    #[error("send an Authorization header: Bearer and an access token, or APIKey and an API key")]
    AuthenticationRequired,
    /// The credential is not accepted. Does not say why: that would help only who guesses.
    #[error("the credential is not valid or has expired")]
    Unauthorized,
    /// The credential does not allow this.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such thing, or not for this caller.
    #[error("{0} was not found")]
    NotFound(&'static str),
    /// The route exists, not with this verb.
    #[error("this address does not take {0}")]
    MethodNotAllowed(String),
    /// The help desk, or the gateway, does not have this.
    #[error("{0}")]
    NotSupported(String),
    /// The body is too large.
    #[error("the body is larger than {limit} bytes")]
    PayloadTooLarge {
        /// The limit.
        limit: usize,
    },
    /// The body is not what the address takes.
    #[error("send the body as Content-Type: application/json")]
    UnsupportedMediaType,
    /// The object is not as the client has seen it.
    #[error("the ticket has changed since the version that If-Match names: read it again")]
    PreconditionFailed,
    /// The same request is being done under this key.
    #[error("a request with this Idempotency-Key is still being done; try again shortly")]
    InProgress {
        /// When it will be over at the latest.
        retry_after: Duration,
    },
    /// The key stands for another request.
    #[error(
        "this Idempotency-Key was used for another request: a key stands for one verb, address and body; use a new one"
    )]
    KeyReused,
    /// Too much at once.
    #[error("the gateway has too many requests under way; try again shortly")]
    Overloaded,
    /// Time was up.
    #[error("the request took too long")]
    TimedOut,
    /// The help desk did not do it.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// What the gateway itself needs is not there, for the moment.
    #[error("the gateway cannot serve this at the moment")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Our mistake; details are in the log only.
    #[error("the gateway failed; the log has the details under this id")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What a use case yields.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Time was up. A write may or may not have been carried out by then.
    pub fn timed_out(was_reading: bool) -> Self {
        if was_reading {
            Self::TimedOut
        } else {
            Self::Provider(ProviderError::outcome_unknown())
        }
    }

    /// Whether it says no more than that a write was to be shown only.
    pub fn is_rehearsed(&self) -> bool {
        matches!(self, Self::Provider(error) if error.kind == Kind::Rehearsed)
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) | Self::InvalidParameter(_) | Self::InvalidToken => {
                StatusCode::BAD_REQUEST
            }
            Self::AuthenticationRequired | Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotSupported(_) => StatusCode::NOT_IMPLEMENTED,
            Self::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::InProgress { .. } => StatusCode::CONFLICT,
            Self::KeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Overloaded | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::TimedOut => StatusCode::GATEWAY_TIMEOUT,
            Self::Provider(error) => match error.kind {
                Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
                Kind::Forbidden => StatusCode::FORBIDDEN,
                Kind::NotFound => StatusCode::NOT_FOUND,
                Kind::Invalid | Kind::InvalidParameter => StatusCode::BAD_REQUEST,
                Kind::Conflict => StatusCode::CONFLICT,
                Kind::RateLimited => StatusCode::TOO_MANY_REQUESTS,
                Kind::Unavailable | Kind::Malformed | Kind::TooLarge => StatusCode::BAD_GATEWAY,
                Kind::Timeout | Kind::OutcomeUnknown => StatusCode::GATEWAY_TIMEOUT,
                Kind::Withheld => StatusCode::SERVICE_UNAVAILABLE,
                Kind::Unsupported | Kind::Rehearsed => StatusCode::NOT_IMPLEMENTED,
            },
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The `error_code`: the Kloudless API's own where it has one.
    pub fn code(&self) -> &'static str {
        match self {
            Self::BadRequest(_) => "bad_request",
            Self::InvalidParameter(_) => "invalid_parameters",
            Self::InvalidToken => "invalid_token",
            Self::AuthenticationRequired => "authentication_required",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound(_) => "not_found",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::NotSupported(_) => "not_implemented",
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::PreconditionFailed => "precondition_failed",
            Self::InProgress { .. } => "request_in_progress",
            Self::KeyReused => "idempotency_key_reused",
            Self::Overloaded | Self::Unavailable(_) => "service_not_available",
            Self::TimedOut => "gateway_timeout",
            Self::Provider(error) => match error.kind {
                Kind::Unauthenticated => "service_unauthorized",
                Kind::Forbidden => "service_forbidden",
                Kind::NotFound => "not_found",
                Kind::Invalid => "request_failed",
                Kind::InvalidParameter => "invalid_parameters",
                Kind::Conflict => "conflict",
                Kind::RateLimited => "too_many_service_requests",
                Kind::Unavailable | Kind::Malformed | Kind::TooLarge => "bad_gateway",
                Kind::Timeout => "gateway_timeout",
                Kind::Unsupported | Kind::Rehearsed => "not_implemented",
                Kind::Withheld => "service_not_available",
                Kind::OutcomeUnknown => "outcome_unknown",
            },
            Self::Internal(_) => "internal_error",
        }
    }

    /// How long the client should wait before it tries again, where waiting helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Overloaded => Some(Duration::from_secs(1)),
            Self::InProgress { retry_after } => Some(*retry_after),
            Self::Unavailable(_) => Some(Duration::from_secs(5)),
            Self::Provider(error) => match error.kind {
                // What is sent to the help desk pauses for as long.
                Kind::RateLimited => Some(error.retry_after.unwrap_or(Duration::from_secs(10))),
                Kind::Withheld => Some(error.retry_after.unwrap_or(Duration::from_secs(1))),
                Kind::OutcomeUnknown => error.retry_after,
                Kind::Unauthenticated
                | Kind::Forbidden
                | Kind::NotFound
                | Kind::Invalid
                | Kind::InvalidParameter
                | Kind::Conflict
                | Kind::Unavailable
                | Kind::Timeout
                | Kind::Malformed
                | Kind::TooLarge
                | Kind::Unsupported
                | Kind::Rehearsed => None,
            },
            Self::BadRequest(_)
            | Self::InvalidParameter(_)
            | Self::InvalidToken
            | Self::AuthenticationRequired
            | Self::Unauthorized
            | Self::Forbidden(_)
            | Self::NotFound(_)
            | Self::MethodNotAllowed(_)
            | Self::NotSupported(_)
            | Self::PayloadTooLarge { .. }
            | Self::UnsupportedMediaType
            | Self::KeyReused
            | Self::PreconditionFailed
            | Self::TimedOut
            | Self::Internal(_) => None,
        }
    }
}

impl From<InvalidId> for Error {
    fn from(error: InvalidId) -> Self {
        Self::BadRequest(error.to_string())
    }
}
