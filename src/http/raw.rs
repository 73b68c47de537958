//! `/v1/accounts/{account_id}/raw`: the help desk's own API, where this one ends.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use axum::extract::{Request, State};
use axum::response::Response;
use http::header::{CONTENT_LENGTH, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method};
use http_body_util::{BodyExt as _, Empty, Limited};
use tower_http::timeout::TimeoutBody;
use utoipa::IntoParams;

use crate::access_token::Scope;
use crate::desk::raw::{RawRequest, Stream};
use crate::error::{Error, Result};
use crate::http::Shared;
use crate::http::auth::Caller;
use crate::http::extract::open_desk;
use crate::http::tickets::AccountPath;

/// Largest body that is passed to a help desk, in bytes.
const MAX_BODY: usize = 64 * 1024 * 1024;
/// How long a body may pause, either way.
const NEXT_WITHIN: Duration = Duration::from_secs(30);
/// The verbs that are passed on.
const VERBS: [Method; 6] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::PATCH,
    Method::DELETE,
];

/// What the headers say, for the documentation.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(
    dead_code,
    reason = "stands for the documentation of parameters, which is generated from it"
)]
pub struct RawHeaders {
    /// Path and query of the help desk's API, as in `/api/v2/tickets?page=2`, or its whole address. Nothing but the API of the
    /// account's own help desk is reached: `/api/v2/…` of Freshdesk and Zendesk, `/REST/2.0/…` of Request Tracker.
    #[param(rename = "X-Kloudless-Raw-URI", example = "/api/v2/ticket_fields")]
    uri: String,
    /// `GET`, `HEAD`, `POST`, `PUT`, `PATCH` or `DELETE`.
    #[param(rename = "X-Kloudless-Raw-Method", default = "GET", example = "GET")]
    method: Option<String>,
}

/// Call the help desk's own API
///
/// Passes the body, with its `Content-Type`, through to the account's own help desk, with the account's credential, and the answer
/// back as it comes: its status, its headers, its body. Nothing is translated, repeated or remembered, and a write that breaks
/// off is 504 `outcome_unknown`. It counts in the budget like any other call, and waits for room in it. The scope `raw` is
/// needed, and `helpdesk:read` for `GET` and `HEAD`, `helpdesk:write` for all other verbs. A body has at most 64 MiB. A failure of
/// the gateway itself has the usual error body; an answer of the help desk has the header `X-Deskgate-Raw: true`.
#[utoipa::path(
    post, path = "/v1/accounts/{account_id}/raw", operation_id = "raw", tag = "Accounts",
    params(AccountPath, RawHeaders),
    request_body(content = Vec<u8>, content_type = "*/*", description = "What the help desk takes."),
    responses((status = "default", content_type = "*/*", description = "The help desk's own answer, with `X-Deskgate-Raw: true`; or the \
        gateway's own failure, as elsewhere.")),
)]
pub async fn raw(State(edge): State<Shared>, request: Request) -> Result<Response> {
    let (mut parts, body) = request.into_parts();
    let open = open_desk(&mut parts, &edge, required).await?;
    let address = header(&parts.headers, "x-kloudless-raw-uri")?.ok_or_else(|| {
        let example = "such as /api/v2/tickets";
        Error::BadRequest(format!(
            "the header X-Kloudless-Raw-URI is needed, {example}"
        ))
    })?;
    let request = RawRequest {
        method: method(&parts.headers)?,
        address: address.to_owned(),
        body: sent_body(&parts, body)?,
        headers: parts.headers,
    };
    let room = Arc::clone(&edge.in_flight).try_acquire_owned();
    let room = room.map_err(|_| Error::Overloaded)?;
    let answer = open.desk.raw(request).await?;
    let (mut parts, body) = answer.into_parts();
    // Whatever it is, it is no page of this origin.
    let headers = &mut parts.headers;
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("sandbox; default-src 'none'"),
    );
    headers.insert("x-deskgate-raw", HeaderValue::from_static("true"));
    let body = TimeoutBody::new(NEXT_WITHIN, body).map_frame(move |frame| {
        // Taken until the body has come to its end.
        let _ = &room;
        frame
    });
    Ok(Response::from_parts(parts, Body::new(body)))
}

/// The scopes that a request needs.
fn required(caller: &Caller, parts: &Parts) -> Result<()> {
    caller.require(Scope::Raw)?;
    let reads = method(&parts.headers)?.is_safe();
    caller.require(if reads { Scope::Read } else { Scope::Write })
}

/// The verb for the help desk.
fn method(headers: &HeaderMap) -> Result<Method> {
    let Some(name) = header(headers, "x-kloudless-raw-method")? else {
        return Ok(Method::GET);
    };
    let found = VERBS
        .into_iter()
        .find(|verb| verb.as_str().eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        Error::BadRequest(
            "the header X-Kloudless-Raw-Method must be GET, HEAD, POST, PUT, PATCH or DELETE"
                .into(),
        )
    })
}

/// A header that is there once at most.
fn header<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().ok().filter(|_| values.next().is_none());
    text.map(Some)
        .ok_or_else(|| Error::BadRequest(format!("the header {name} must be one plain text")))
}

/// The body of a request, within its limits.
fn sent_body(parts: &Parts, body: Body) -> Result<Stream> {
    let length = parts.headers.get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_BODY) {
        return Err(Error::PayloadTooLarge { limit: MAX_BODY });
    }
    // Said here, for what is wrapped around a body does not say that there is none.
    if body.is_end_stream() {
        return Ok(Empty::new().map_err(|never| match never {}).boxed_unsync());
    }
    let body = TimeoutBody::new(NEXT_WITHIN, Limited::new(body, MAX_BODY));
    Ok(body.boxed_unsync())
}
