//! From an answer to a response: the headers that every answer carries, and the answers of the
//! fault script (Freshdesk reference, sections 1 and 2).

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use jiff::Timestamp;

use super::Simulator;
use super::reply::Reply;

impl Simulator {
    /// Puts the headers on that every answer carries (section 1).
    pub(super) fn dress(
        &self,
        parts: &Parts,
        reply: Reply,
        figures: Option<[u32; 3]>,
        turn: u64,
        now: Timestamp,
    ) -> Response {
        let status = reply.status;
        let has_body = reply.body.is_some();
        let mut response = Response::new(reply.body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if has_body {
            put(headers, "content-type", "application/json; charset=utf-8");
        }
        put(headers, "status", &status.to_string());
        put(headers, "date", &http_date(now));
        put(headers, "x-request-id", &self.request_id(turn));
        // The proof that a host is a Freshdesk is missing on 404 (section 1).
        if status != StatusCode::NOT_FOUND {
            put(
                headers,
                "x-freshdesk-api-version",
                "latest=v2; requested=v2",
            );
        }
        put(
            headers,
            "cache-control",
            if parts.method == http::Method::GET {
                "must-revalidate, no-cache, no-store, private, max-age=0"
            } else {
                "no-cache, no-store, max-age=0, must-revalidate"
            },
        );
        put(headers, "pragma", "no-cache");
        put(headers, "expires", "Wed, 13 Oct 2010 00:00:00 UTC");
        put(headers, "x-xss-protection", "1; mode=block");
        put(headers, "x-content-type-options", "nosniff");
        put(headers, "x-fw-ratelimiting-managed", "true");
        put(headers, "set-cookie", "_x_w=25_2; path=/; secure");
        put(headers, "server", "fwe");
        for (name, value) in reply.headers {
            put(headers, name, &value);
        }
        let names = [
            "x-ratelimit-total",
            "x-ratelimit-remaining",
            "x-ratelimit-used-currentrequest",
        ];
        let decimals = if self.inner.options.switches.decimal_rate_headers {
            ".0"
        } else {
            ""
        };
        for (name, figure) in names.into_iter().zip(figures.into_iter().flatten()) {
            put(headers, name, &format!("{figure}{decimals}"));
        }
        response
    }
}

/// Sets a header whose value may not fit; what does not fit is left out.
pub(super) fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// A moment as HTTP writes it.
pub(super) fn http_date(now: Timestamp) -> String {
    now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// An answer of the fault script, with nothing of ours but the date.
pub(super) fn scripted(
    status: u16,
    body: String,
    headers: Vec<(String, String)>,
    now: Timestamp,
) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    put(response.headers_mut(), "date", &http_date(now));
    for (name, value) in headers {
        let name = HeaderName::try_from(name);
        let value = HeaderValue::try_from(value);
        if let (Ok(name), Ok(value)) = (name, value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// The same answer, but its body ends in an error before it is whole.
pub(super) fn broken(response: Response) -> Response {
    let (parts, _) = response.into_parts();
    let cut = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
    let pieces = [Ok(Bytes::from_static(b"{\"id\":")), Err(cut)];
    Response::from_parts(parts, Body::from_stream(stream::iter(pieces)))
}
