//! `dry_run=true`: what a write would send, without sending it.
//!
//! The answer is 202, which no write has otherwise, so that clients made from the document tell the two apart.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;
use utoipa::ToSchema;

use crate::desk::Rehearsal;
use crate::error::{Error, Result};
use crate::http::extract::Json;

/// What a write would do. Nothing of it was done.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRun)]
pub struct DryRunObject {
    /// Always `helpdesk`.
    #[schema(example = "helpdesk")]
    api: &'static str,
    /// Always `dry_run`.
    #[serde(rename = "type")]
    #[schema(example = "dry_run")]
    kind: &'static str,
    /// The calls to the help desk in their order, up to the first one that would change something: what follows depends
    /// on its answer. None at all if nothing would change.
    calls: Vec<CallObject>,
    /// Attributes of the request that the help desk does not have, and that would be ignored.
    #[schema(example = json!(["followers"]))]
    ignored: Vec<&'static str>,
    /// What these calls cost of the help desk's rate limit, in its credits.
    #[schema(example = 1)]
    cost: u32,
}

/// A call to the help desk.
#[derive(Serialize, ToSchema)]
#[schema(as = DryRunCall)]
struct CallObject {
    /// Verb.
    #[schema(example = "POST")]
    method: String,
    /// Address below the help desk's origin.
    #[schema(example = "/api/v2/tickets")]
    path: String,
    /// JSON body. Null if there is none.
    #[schema(required, value_type = Option<Object>, example = json!({ "subject": "My order has not arrived" }))]
    body: Option<Value>,
    /// Whether it was sent: a read on which the write depends.
    #[schema(example = false)]
    is_sent: bool,
}

/// Wraps writes that are only to be shown.
pub async fn rehearse(mut request: Request, next: Next) -> Response {
    let is_asked = match is_asked(&request) {
        Ok(is_asked) => is_asked,
        Err(error) => return error.into_response(),
    };
    if !is_asked {
        return next.run(request).await;
    }
    let rehearsal = Rehearsal::default();
    request.extensions_mut().insert(rehearsal.clone());
    let mut response = next.run(request).await;
    let failure = response.extensions_mut().remove::<Arc<Error>>();
    match failure {
        Some(error) if !error.is_rehearsed() => {
            response.extensions_mut().insert(error);
            response
        }
        Some(_) | None => shown(&rehearsal).into_response(),
    }
}

/// Whether a request is to be shown only. A write that cannot be is refused rather than done.
fn is_asked(request: &Request) -> Result<bool> {
    if !matches!(
        *request.method(),
        Method::POST | Method::PATCH | Method::DELETE
    ) {
        return Ok(false);
    }
    let query = request.uri().query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == "dry_run");
    match values.next().as_ref().map(|(_, value)| value.as_ref()) {
        None | Some("false") => return Ok(false),
        Some("true") => {}
        Some(_) => return Err(Error::BadRequest("dry_run must be true or false".into())),
    }
    if request.uri().path().contains("/tickets") {
        return Ok(true);
    }
    Err(Error::NotSupported(
        "dry_run is for tickets and comments only".into(),
    ))
}

/// What was noted.
fn shown(rehearsal: &Rehearsal) -> Json<DryRunObject> {
    let noted = rehearsal.noted();
    let calls = noted.iter().map(|planned| CallObject {
        method: planned.method.to_string(),
        path: planned.path.clone(),
        body: planned.body.clone(),
        is_sent: planned.is_sent,
    });
    let object = DryRunObject {
        api: "helpdesk",
        kind: "dry_run",
        calls: calls.collect(),
        ignored: rehearsal.ignored(),
        cost: noted.iter().map(|planned| planned.cost).sum(),
    };
    Json(StatusCode::ACCEPTED, object)
}
