//! `ETag` and `If-Match`: changes by those who have seen the latest version only.

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH};
use http::request::Parts;
use http::{HeaderValue, StatusCode};

use crate::desk::Precondition;
use crate::error::{Error, Result};
use crate::http::Shared;
use crate::http::extract::Json;
use crate::http::resource::{Links, TicketObject};
use crate::model::page::Found;
use crate::model::ticket::Ticket;

impl FromRequestParts<Shared> for Precondition {
    type Rejection = Error;

    /// Reads `If-Match` (RFC 9110, section 13.1.1): `*`, or a list of versions, of which weak ones match nothing.
    async fn from_request_parts(parts: &mut Parts, _: &Shared) -> Result<Self> {
        let mut versions = Vec::new();
        let mut values = parts.headers.get_all(IF_MATCH).iter().peekable();
        if values.peek().is_none() {
            return Ok(Self::None);
        }
        let wrong = || {
            Error::BadRequest(
                "If-Match must be * or ETags as this API gave them, each in quotes".into(),
            )
        };
        for value in values {
            let text = value.to_str().map_err(|_| wrong())?.trim();
            if text == "*" {
                return Ok(Self::Exists);
            }
            for tag in text.split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
                let (strong, is_weak) = tag
                    .strip_prefix("W/")
                    .map_or((tag, false), |tag| (tag, true));
                let version = strong
                    .strip_prefix('"')
                    .and_then(|tag| tag.strip_suffix('"'));
                let version = version.ok_or_else(wrong)?;
                if !is_weak {
                    versions.push(version.to_owned());
                }
            }
        }
        Ok(Self::Versions(versions))
    }
}

/// A ticket as an answer, with its version.
pub(super) struct TicketAnswer(pub StatusCode, pub Links, pub Found<Ticket>);

impl IntoResponse for TicketAnswer {
    fn into_response(self) -> Response {
        let Self(status, links, found) = self;
        let etag = format!("\"{}\"", found.object.version());
        let object: TicketObject = links.ticket_object(found);
        let mut response = Json(status, object).into_response();
        if let Ok(etag) = HeaderValue::try_from(etag) {
            response.headers_mut().insert(ETAG, etag);
        }
        response
    }
}
