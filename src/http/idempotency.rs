//! Idempotency keys: the same request under the same key is done once, however often it is sent.
//!
//! The semantics are those of the IETF draft (draft-ietf-httpapi-idempotency-key-header): 409 while the first is being
//! done, 422 for another request under the key, the first answer again afterwards. What makes something gets a key of
//! our own where the client gives none, and the answer tells it: so an outcome that is not known can always be settled.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequestParts, RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ETAG};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;
use tracing::Instrument as _;
use uuid::Uuid;

use crate::desk::Rehearsal;
use crate::desk::intents::{Beginning, Intent};
use crate::error::{Error, Result};
use crate::http::audit::Trail;
use crate::http::auth::Caller;
use crate::http::errors::render;
use crate::http::extract::{JSON, read_body, terms};
use crate::http::observe::RequestId;
use crate::http::{Edge, Shared};
use crate::store::intents::{Answer, Asked};

/// Carries the key, both ways.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer was given before.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Longest key, in characters.
const MAX_KEY: usize = 255;

/// Wraps every write.
pub async fn once(State(edge): State<Shared>, request: Request, next: Next) -> Response {
    let is_write = matches!(
        *request.method(),
        Method::POST | Method::PATCH | Method::DELETE
    );
    // What is shown only is not done, and uses up no key.
    if !is_write || request.extensions().get::<Rehearsal>().is_some() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    wrap(edge, parts, body, next)
        .await
        .unwrap_or_else(IntoResponse::into_response)
}

/// [`once`], for a write.
async fn wrap(edge: Shared, mut parts: Parts, body: Body, next: Next) -> Result<Response> {
    let given = client_key(&parts)?;
    if given.is_some() && parts.uri.path().ends_with("/raw") {
        let message = "what is passed through cannot be done once only: leave Idempotency-Key out";
        return Err(Error::NotSupported(message.into()));
    }
    let key = match given {
        Some(key) => key,
        None if makes_something(&parts) => Uuid::new_v4().to_string(),
        None => return Ok(next.run(Request::from_parts(parts, body)).await),
    };
    let caller = Caller::from_request_parts(&mut parts, &edge).await?;
    let account = match account(&mut parts, &edge).await? {
        None => None,
        Some(form) => Some(caller.account(&form)?),
    };
    if let Some(account) = account {
        Trail::account(&parts, account);
    }
    let body = read_body(&parts, body).await?;
    let asked = Asked {
        application: caller.application().clone(),
        account,
        key,
        request: fingerprint(&parts, &body),
    };
    parts.extensions.insert(Arc::new(caller));
    let terms = terms(&parts, &edge);
    let beginning = edge.desks.intents().begin(asked, terms.patience).await?;
    let intent = match beginning {
        Beginning::Go(intent) => intent,
        Beginning::Replay(answer) => return Ok(replay(answer)),
    };
    parts.extensions.insert(Arc::clone(&intent));
    let id = parts.extensions.get::<RequestId>().cloned();
    let id = id.unwrap_or_default();
    let request = Request::from_parts(parts, Body::from(body));
    // On a task of its own: a client that goes away does not stop a write in the midst.
    let meter = terms.trip.meter.clone();
    let run = async move {
        let response = next.run(request).await;
        settled(&intent, response, meter.calls() > 0, &id).await
    };
    let task = edge.desks.tasks().spawn(run.in_current_span());
    match task.await {
        Ok(response) => Ok(response),
        Err(ended) if ended.is_panic() => std::panic::resume_unwind(ended.into_panic()),
        Err(ended) => Err(Error::Internal(ended.into())),
    }
}

/// The client's key. Quotes around it, as the draft writes them, are not part of it.
fn client_key(parts: &Parts) -> Result<Option<String>> {
    let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let wrong = || {
        Error::BadRequest(format!(
            "Idempotency-Key must be one text of 1 to {MAX_KEY} visible ASCII characters"
        ))
    };
    let text = value.to_str().map_err(|_| wrong())?;
    let inner = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'));
    let key = inner.unwrap_or(text);
    let is_sane =
        (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    if values.next().is_some() || !is_sane {
        return Err(wrong());
    }
    Ok(Some(key.to_owned()))
}

/// Whether a request makes a ticket or a comment.
fn makes_something(parts: &Parts) -> bool {
    let path = parts.uri.path();
    parts.method == Method::POST && (path.ends_with("/tickets") || path.ends_with("/comments"))
}

/// The account of the address, as it is written there.
async fn account(parts: &mut Parts, edge: &Edge) -> Result<Option<String>> {
    let params = RawPathParams::from_request_parts(parts, edge).await;
    let Ok(params) = params else { return Ok(None) };
    let found = params.iter().find(|(name, _)| *name == "account_id");
    Ok(found.map(|(_, form)| form.to_owned()))
}

/// What makes two requests the same: verb, address below the account, and body as JSON. The account is compared beside
/// it, for it has two names.
fn fingerprint(parts: &Parts, body: &Bytes) -> String {
    let path = parts.uri.path();
    let below = path.strip_prefix("/v1/accounts/");
    let below = below
        .and_then(|rest| rest.split_once('/'))
        .map_or(path, |(_, rest)| rest);
    let below = below.strip_prefix("helpdesk/").unwrap_or(below);
    let below = below.trim_end_matches('/');
    let query = parts.uri.query().unwrap_or_default();
    // Objects are kept by name, so that the order of members and white space make no difference.
    let body = match serde_json::from_slice::<Value>(body) {
        Ok(value) => value.to_string(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    format!("{} {below}?{query}\n{body}", parts.method)
}

/// An answer that was given before.
fn replay(answer: Answer) -> Response {
    let Answer { status, etag, body } = answer;
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = status.into_response();
    let headers = response.headers_mut();
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    if let Some(etag) = etag.and_then(|etag| HeaderValue::try_from(etag).ok()) {
        headers.insert(ETAG, etag);
    }
    if !body.is_empty() {
        headers.insert(CONTENT_TYPE, JSON);
        *response.body_mut() = Body::from(body);
    }
    response
}

/// Writes down how a request ended, and gives its answer. Whatever went wrong, an outcome that is not known is told as
/// such.
async fn settled(
    intent: &Intent,
    mut response: Response,
    is_called: bool,
    id: &RequestId,
) -> Response {
    let mut failure = response.extensions_mut().remove::<Arc<Error>>();
    if let Some(error) = &failure
        && intent.is_unknown(error, is_called)
        && error.code() != "outcome_unknown"
    {
        failure = Some(Arc::new(intent.nobody_knows()));
    }
    let rendered = match &failure {
        Some(error) => render(error, &id.0),
        None => response,
    };
    let (mut parts, body) = rendered.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let etag = parts.headers.get(ETAG).and_then(|etag| etag.to_str().ok());
    let answer = Answer {
        status: parts.status.as_u16(),
        etag: etag.map(str::to_owned),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    intent.settle(failure.as_deref(), is_called, answer).await;
    if let Ok(key) = HeaderValue::from_str(intent.client_key()) {
        parts.headers.insert(IDEMPOTENCY_KEY, key);
    }
    if let Some(error) = failure {
        parts.extensions.insert(error);
    }
    Response::from_parts(parts, Body::from(body))
}
