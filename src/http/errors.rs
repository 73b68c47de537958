//! The one place that writes an error body.

use std::any::Any;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Method, StatusCode};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use crate::error::Error;
use crate::http::extract::JSON;

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Error)]
pub struct ErrorBody {
    /// The HTTP status once more.
    #[schema(example = 404)]
    status_code: u16,
    /// What went wrong, and what to do about it; for people. A help desk's own words are in it,
    /// with this API's names for the attributes.
    #[schema(example = "the ticket was not found in the help desk")]
    message: String,
    /// What went wrong, for programs.
    #[schema(example = "not_found")]
    error_code: &'static str,
    /// Id of the request: the same as in the log and in the header `X-Request-Id`.
    #[schema(example = "9b62d9d8-7bc7-495b-b97a-33b43720274d")]
    id: String,
}

/// The errors that every authenticated operation can answer.
#[derive(IntoResponses)]
pub enum Errors {
    /// The request cannot be read, lacks something or names something that is not taken
    /// (`bad_request`, `invalid_parameters`), or the help desk refused the content (`request_failed`).
    #[response(status = 400)]
    BadRequest(ErrorBody),
    /// No credential (`authentication_required`), a wrong one (`unauthorized`), or the help desk does
    /// not accept the account's (`service_unauthorized`).
    #[response(status = 401)]
    Unauthorized(ErrorBody),
    /// The credential does not allow this (`forbidden`), or the help desk does not allow it to the
    /// account's (`service_forbidden`).
    #[response(status = 403)]
    Forbidden(ErrorBody),
    /// There is no such object, or not for this caller (`not_found`).
    #[response(status = 404)]
    NotFound(ErrorBody),
    /// The object's state does not allow it, such as a write to a spam ticket (`conflict`), or the same request is still
    /// being done under its `Idempotency-Key` (`request_in_progress`).
    #[response(status = 409)]
    Conflict(ErrorBody),
    /// The ticket is not the version that `If-Match` names (`precondition_failed`): nothing was changed.
    #[response(status = 412)]
    PreconditionFailed(ErrorBody),
    /// The body is larger than 1 MiB (`payload_too_large`).
    #[response(status = 413)]
    PayloadTooLarge(ErrorBody),
    /// The body is not `application/json` (`unsupported_media_type`).
    #[response(status = 415)]
    UnsupportedMediaType(ErrorBody),
    /// The `Idempotency-Key` was used for another request (`idempotency_key_reused`).
    #[response(status = 422)]
    KeyReused(ErrorBody),
    /// The help desk's rate limit is used up (`too_many_service_requests`); `Retry-After` has whole
    /// seconds.
    #[response(status = 429, headers(("Retry-After" = u64, description = "Whole seconds to wait.")))]
    TooManyRequests(ErrorBody),
    /// Our mistake (`internal_error`).
    #[response(status = 500)]
    Internal(ErrorBody),
    /// This help desk, or the gateway, does not have it (`not_implemented`).
    #[response(status = 501)]
    NotImplemented(ErrorBody),
    /// The help desk cannot be reached, failed, or sent what cannot be read (`bad_gateway`).
    #[response(status = 502)]
    BadGateway(ErrorBody),
    /// The gateway is overloaded, cannot reach its database, or spares a help desk that fails (`service_not_available`);
    /// `Retry-After` has whole seconds.
    #[response(status = 503, headers(("Retry-After" = u64, description = "Whole seconds to wait.")))]
    ServiceUnavailable(ErrorBody),
    /// The help desk was too slow (`gateway_timeout`), or a write was sent and nobody knows whether it
    /// was carried out (`outcome_unknown`): send the same request with its `Idempotency-Key` again to have it
    /// settled.
    #[response(status = 504)]
    GatewayTimeout(ErrorBody),
}

impl IntoResponse for Error {
    /// Sets the status and leaves the error for [`render`], which knows the request's id.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// Writes the body of a failure.
pub fn body(error: &Error, id: &str) -> Vec<u8> {
    let body = ErrorBody {
        status_code: error.status().as_u16(),
        message: error.to_string(),
        error_code: error.code(),
        id: id.to_owned(),
    };
    serde_json::to_vec(&body).unwrap_or_default()
}

/// Answers a failure.
pub fn render(error: &Error, id: &str) -> Response {
    let status = error.status();
    let mut response = (status, [(CONTENT_TYPE, JSON)], body(error, id)).into_response();
    let headers = response.headers_mut();
    if let Some(wait) = error.retry_after() {
        // Whole seconds: the SDKs read nothing else. Rounded up, for too early is a failure again.
        let seconds = wait.as_millis().div_ceil(1000).max(1);
        if let Ok(value) = HeaderValue::try_from(seconds.to_string()) {
            headers.insert(RETRY_AFTER, value);
        }
    }
    if status == StatusCode::UNAUTHORIZED {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Answers for an address that does not exist.
pub async fn no_such_address() -> Error {
    Error::NotFound("this address")
}

/// Answers for an address of the API that this gateway does not have.
pub async fn not_done() -> Error {
    Error::NotSupported("this gateway does not do this".into())
}

/// Answers for a verb that an address does not take.
pub async fn no_such_method(method: Method) -> Error {
    Error::MethodNotAllowed(method.to_string())
}

/// Answers for a request whose handler panicked; only that request fails.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the layer hands the panic over by value"
)]
pub fn after_panic(panic: Box<dyn Any + Send>) -> Response {
    // Only a text without values is known to hold nothing of a request.
    let text = panic
        .downcast_ref::<&'static str>()
        .unwrap_or(&"a text with values");
    metrics::counter!("deskgate_panics_total").increment(1);
    Error::Internal(format!("a handler panicked: {text}").into()).into_response()
}
