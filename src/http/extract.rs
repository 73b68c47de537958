//! Extractors: only they can make an authorised desk, so a handler that touches a help desk has
//! been authenticated and authorised by its signature.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use url::form_urlencoded;

use crate::access_token::Scope;
use crate::desk::intents::Intent;
use crate::desk::{Class, Desk, ListRequest, Rehearsal, Terms, listing};
use crate::error::{Error, Result};
use crate::http::audit::Trail;
use crate::http::auth::Caller;
use crate::http::resource::{Fields, Links};
use crate::http::{Edge, MAX_BODY, Shared};
use crate::model::id::{AccountId, CommentId, TicketId};
use crate::model::object::Object;

/// How long a client may take to send a body.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// The media type of every body, exactly so: SDKs compare it with parameters and all.
pub const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The terms of a request: set by the outermost layer.
pub fn terms(parts: &Parts, edge: &Edge) -> Terms {
    let set = parts.extensions.get::<Terms>().cloned();
    set.unwrap_or_else(|| Terms::within(edge.request_timeout))
}

/// A help desk opened for an authorised caller.
pub struct OpenDesk {
    /// The desk.
    pub desk: Desk,
    /// Makes the addresses of its objects, in the form that the request used.
    pub links: Links,
}

impl FromRequestParts<Shared> for OpenDesk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, edge: &Shared) -> Result<Self> {
        open_desk(parts, edge, |caller, parts| {
            let reads = matches!(parts.method, Method::GET | Method::HEAD);
            caller.require(if reads { Scope::Read } else { Scope::Write })
        })
        .await
    }
}

/// Opens the help desk of the address for a caller who has what it `requires`.
pub async fn open_desk(
    parts: &mut Parts,
    edge: &Shared,
    requires: impl FnOnce(&Caller, &Parts) -> Result<()>,
) -> Result<OpenDesk> {
    let caller = Caller::from_request_parts(parts, edge).await?;
    requires(&caller, parts)?;
    let form = path_text(parts, edge, "account_id").await?;
    let account = caller.account(&form)?;
    Trail::account(parts, account);
    let wants_raw = flag(&parts.headers, "x-kloudless-raw-data")?;
    let mut terms = Terms {
        wants_raw,
        ..terms(parts, edge)
    };
    terms.trip.caller = caller.name();
    prefer(&parts.headers, &mut terms)?;
    let desk = edge
        .desks
        .open(&caller.authority(), account, terms)
        .await?
        .under(parts.extensions.get::<Arc<Intent>>().cloned())
        .rehearsing(parts.extensions.get::<Rehearsal>().cloned());
    Ok(OpenDesk {
        desk,
        links: Links::new(Arc::clone(&edge.public_url), form),
    })
}

/// An account that the caller may see, with the form in which the request named it.
pub struct AccountAt {
    /// Who asks.
    pub caller: Caller,
    /// The account.
    pub id: AccountId,
}

impl FromRequestParts<Shared> for AccountAt {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, edge: &Shared) -> Result<Self> {
        let caller = Caller::from_request_parts(parts, edge).await?;
        let form = path_text(parts, edge, "account_id").await?;
        let id = caller.account(&form)?;
        Trail::account(parts, id);
        Ok(Self { caller, id })
    }
}

/// The ticket of the address.
pub struct TicketAt(pub TicketId);

impl FromRequestParts<Shared> for TicketAt {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, edge: &Shared) -> Result<Self> {
        Ok(Self(path_text(parts, edge, "ticket_id").await?.parse()?))
    }
}

/// The comment of the address.
pub struct CommentAt(pub CommentId);

impl FromRequestParts<Shared> for CommentAt {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, edge: &Shared) -> Result<Self> {
        Ok(Self(path_text(parts, edge, "comment_id").await?.parse()?))
    }
}

/// A part of the address.
async fn path_text(parts: &mut Parts, edge: &Edge, name: &str) -> Result<String> {
    let unreadable = |_| Error::BadRequest("the address is not valid UTF-8".into());
    let params = RawPathParams::from_request_parts(parts, edge)
        .await
        .map_err(unreadable)?;
    let found = params
        .iter()
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned());
    found.ok_or_else(|| Error::Internal(format!("the route has no {name}").into()))
}

/// A header that is `true` or `false`.
fn flag(headers: &HeaderMap, name: &str) -> Result<bool> {
    match headers.get(name).map(HeaderValue::as_bytes) {
        None => Ok(false),
        Some(value) if value.eq_ignore_ascii_case(b"true") => Ok(true),
        Some(value) if value.eq_ignore_ascii_case(b"false") || value.is_empty() => Ok(false),
        Some(_) => Err(Error::BadRequest(format!(
            "the header {name} must be true or false"
        ))),
    }
}

/// Reads `Prefer` (RFC 7240): `wait=SECONDS` for room in the help desk's rate limit, and `priority=batch` for what
/// nobody looks at. What is not known is ignored, as the RFC says.
fn prefer(headers: &HeaderMap, terms: &mut Terms) -> Result<()> {
    for value in headers.get_all("prefer") {
        let text = value.to_str().unwrap_or_default();
        for preference in text.split([',', ';']) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            let (name, value) = (name.trim(), value.trim().trim_matches('"'));
            if name.eq_ignore_ascii_case("wait") {
                let seconds = value.parse().map_err(|_| {
                    Error::BadRequest(format!("Prefer: wait must be whole seconds, not {value:?}"))
                })?;
                terms.trip.wait = Duration::from_secs(seconds);
            } else if name.eq_ignore_ascii_case("priority") {
                terms.trip.class = match value {
                    "interactive" => Class::Interactive,
                    "batch" => Class::Batch,
                    _ => {
                        return Err(Error::BadRequest(format!(
                            "Prefer: priority must be interactive or batch, not {value:?}"
                        )));
                    }
                };
            }
        }
    }
    Ok(())
}

/// What a list is asked for. Unknown parameters are ignored: SDKs bring theirs along.
pub struct Listing {
    /// For the desk.
    pub request: ListRequest,
    /// The attributes that are wanted; none for all.
    pub fields: Option<Fields>,
}

impl FromRequestParts<Shared> for Listing {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _edge: &Shared) -> Result<Self> {
        let mut request = ListRequest::default();
        let mut fields = None;
        for (name, value) in
            form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes())
        {
            match name.as_ref() {
                "page" => request.page = Some(value.into_owned()),
                "page_size" => {
                    let size = value.parse().map_err(|_| {
                        Error::BadRequest(format!(
                            "page_size must be a number from 1 to 1000, not {value:?}"
                        ))
                    })?;
                    request.page_size = Some(size);
                }
                "fields" => fields = Some(Fields::read(&value)?),
                name => {
                    if let Some(known) =
                        listing::PARAMETERS.into_iter().find(|known| *known == name)
                    {
                        request.parameters.insert(known, value.into_owned());
                    }
                }
            }
        }
        if let Some(fields) = &fields {
            request.without_description = !fields.has("description");
            request.without_requester = !fields.has("requester");
        }
        Ok(Self { request, fields })
    }
}

/// A JSON body.
pub struct Body<T>(pub T);

impl<T: DeserializeOwned> FromRequest<Shared> for Body<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _edge: &Shared) -> Result<Self> {
        let (parts, body) = request.into_parts();
        check_media_type(&parts)?;
        let bytes = read_body(&parts, body).await?;
        let mut deserializer = serde_json::Deserializer::from_slice(&bytes);
        let Object(value) =
            serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
                let path = error.path().to_string();
                let reason = error.inner();
                Error::BadRequest(if path == "." {
                    format!("{reason}")
                } else {
                    format!("{path}: {reason}")
                })
            })?;
        deserializer
            .end()
            .map_err(|error| Error::BadRequest(error.to_string()))?;
        Ok(Self(value))
    }
}

/// Refuses a body that is not JSON.
fn check_media_type(parts: &Parts) -> Result<()> {
    let media_type = parts.headers.get(CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().split(';').next();
    if media_type
        .unwrap_or_default()
        .trim()
        .eq_ignore_ascii_case("application/json")
    {
        return Ok(());
    }
    Err(Error::UnsupportedMediaType)
}

/// Reads a body whole, within its limits.
pub async fn read_body(parts: &Parts, body: axum::body::Body) -> Result<Bytes> {
    let declared = parts.headers.get(CONTENT_LENGTH);
    let declared = declared.and_then(|value| value.to_str().ok()?.parse().ok());
    if declared.is_some_and(|length: usize| length > MAX_BODY) {
        return Err(Error::PayloadTooLarge { limit: MAX_BODY });
    }
    let read = timeout(BODY_WITHIN, Limited::new(body, MAX_BODY).collect()).await;
    let read = read.map_err(|_| Error::BadRequest("the body did not come in time".into()))?;
    match read {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(Error::PayloadTooLarge { limit: MAX_BODY })
        }
        Err(_) => Err(Error::BadRequest(
            "the body could not be read to its end".into(),
        )),
    }
}

/// An answer in JSON.
pub struct Json<T>(pub StatusCode, pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let Self(status, value) = self;
        match serde_json::to_vec(&value) {
            Ok(body) => (status, [(CONTENT_TYPE, JSON)], body).into_response(),
            Err(error) => Error::Internal(error.into()).into_response(),
        }
    }
}
