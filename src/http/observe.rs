//! The layer around all that is not refused at the door: a request's id, its deadline, its log line, its figures, and the body of its
//! failure.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONNECTION;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::time::{Instant, timeout_at};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::desk::Terms;
use crate::error::Error;
use crate::http::Shared;
use crate::http::audit::Trail;
use crate::http::errors::render;
use crate::http::idempotency::IDEMPOTENCY_KEY;
use crate::store::audit::Entry;

/// Carries the id of a request, both ways.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Tells how many upstream calls a request has cost.
pub const UPSTREAM_CALLS: HeaderName = HeaderName::from_static("x-deskgate-upstream-calls");
/// Tells what the help desk said they cost, where it counts.
pub const UPSTREAM_CREDITS: HeaderName = HeaderName::from_static("x-deskgate-upstream-credits");
/// What a request may take beyond its deadline, to say that time was up in better words than ours.
const GRACE: Duration = Duration::from_millis(50);

/// The id of a request.
#[derive(Debug, Clone, Default)]
pub struct RequestId(pub String);

/// Wraps every request.
pub async fn observe(State(edge): State<Shared>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id(request.headers());
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let span = tracing::info_span!("request", request.id = %id, method = %method, route);
    let terms = Terms::within(edge.request_timeout);
    let deadline = terms.trip.deadline;
    let meter = terms.trip.meter.clone();
    request.extensions_mut().insert(terms);
    request.extensions_mut().insert(RequestId(id.clone()));
    let trail = Trail::default();
    request.extensions_mut().insert(trail.clone());

    let reads = matches!(method, Method::GET | Method::HEAD);
    let answer = async {
        let Ok(_permit) = edge.in_flight.try_acquire() else {
            return Error::Overloaded.into_response();
        };
        let answer = timeout_at(deadline + GRACE, next.run(request)).await;
        answer.unwrap_or_else(|_| Error::timed_out(reads).into_response())
    };
    let mut response = answer.instrument(span.clone()).await;

    let duration = begun.elapsed();
    let failure = response.extensions_mut().remove::<Arc<Error>>();
    if let Some(error) = &failure {
        let key = response.headers_mut().remove(IDEMPOTENCY_KEY);
        response = render(error, &id);
        if let Some(key) = key {
            response.headers_mut().insert(IDEMPOTENCY_KEY, key);
        }
    }
    span.in_scope(|| write_down(&method, route, &response, failure.as_deref(), duration));
    if let Some((application, actor)) = trail.who() {
        edge.audit.note(Entry {
            application: application.clone(),
            happened_at: edge.clock.now(),
            actor: actor.clone(),
            method: method.to_string(),
            route: route.to_owned(),
            account: trail.about(),
            status: response.status().as_u16(),
            error_code: failure.as_deref().map(|error| error.code().to_owned()),
            request_id: id.clone(),
        });
    }
    if route.starts_with("/v1/accounts") {
        let headers = response.headers_mut();
        headers.insert(UPSTREAM_CALLS, meter.calls().into());
        if let Some(credits) = meter.credits() {
            headers.insert(UPSTREAM_CREDITS, credits.into());
        }
    }
    if edge.draining.load(Ordering::Relaxed) {
        // The next request of this client belongs elsewhere.
        let headers = response.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// The id that the client or the proxy gave, if it is a sane one; else a new one.
pub fn request_id(headers: &HeaderMap) -> String {
    let given = headers
        .get(REQUEST_ID)
        .and_then(|value| value.to_str().ok());
    let sane = |id: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=64).contains(&id.len()) && id.bytes().all(plain)
    };
    given
        .filter(sane)
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned)
}

/// Logs and counts a request, a failure once and here.
fn write_down(
    method: &Method,
    route: &str,
    response: &Response,
    failure: Option<&Error>,
    duration: Duration,
) {
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let code = failure.map_or("", Error::code);
    match failure {
        Some(error @ (Error::Internal(cause) | Error::Unavailable(cause))) => {
            tracing::error!(status, duration_ms, error.code = code, %error, cause = %causes(&**cause), "request failed");
        }
        // The text of other failures may hold what the client sent or the help desk said: not for
        // the log.
        Some(_) => tracing::info!(status, duration_ms, error.code = code, "request refused"),
        None => tracing::info!(status, duration_ms, "request done"),
    }
    let method = match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    };
    let route = route.to_owned();
    metrics::counter!("deskgate_requests_total", "method" => method, "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("deskgate_request_duration_seconds", "method" => method, "route" => route)
        .record(duration.as_secs_f64());
}

/// An error with everything behind it, in one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
