//! From an answer to a response: the headers that every answer carries (Zendesk reference, sections 1 and 12).

use std::hash::{DefaultHasher, Hasher};

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use jiff::Timestamp;

use super::Simulator;
use super::limits::Standing;
use super::reply::Reply;
use super::switches::RateHeaders;
use crate::simulator::{http_date, put, scrambled};

impl Simulator {
    /// Puts the headers on that every answer carries.
    pub(super) fn dress(
        &self,
        parts: &Parts,
        reply: Reply,
        standings: &[Standing],
        turn: u64,
        now: Timestamp,
    ) -> Response {
        let Reply {
            mut status,
            mut body,
            content_type,
            headers: own,
        } = reply;
        let etag = body.as_deref().map(etag);
        let is_known = etag.is_some()
            && etag.as_deref()
                == parts
                    .headers
                    .get(header::IF_NONE_MATCH)
                    .and_then(|value| value.to_str().ok());
        if is_known
            && status == StatusCode::OK
            && parts.method == Method::GET
            && self.inner.options.switches.etags_answer_304
        {
            (status, body) = (StatusCode::NOT_MODIFIED, None);
        }

        let has_body = body.is_some();
        let mut response = Response::new(body.map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        put(headers, "date", &http_date(now));
        if has_body {
            put(headers, "content-type", &content_type);
        }
        if let Some(etag) =
            etag.filter(|_| status.is_success() || status == StatusCode::NOT_MODIFIED)
        {
            put(headers, "etag", &etag);
        }
        let seed = self.inner.options.seed;
        let number = scrambled(seed ^ turn.rotate_left(32));
        let request_id = format!("{number:016x}-SEA");
        put(headers, "x-request-id", &request_id);
        put(headers, "x-zendesk-request-id", &request_id);
        put(headers, "x-runtime", "0.098765");
        put(headers, "x-zendesk-api-version", "v2");
        put(
            headers,
            "x-zendesk-origin-server",
            "classic-app-server-5d6b8cb99d-jrw7t",
        );
        put(
            headers,
            "cache-control",
            "max-age=0, private, must-revalidate",
        );
        for (name, value) in own {
            put(headers, name, &value);
        }
        for (name, value) in self.rate_headers(standings) {
            let name = HeaderName::try_from(name);
            let value = HeaderValue::try_from(value);
            if let (Ok(name), Ok(value)) = (name, value) {
                headers.insert(name, value);
            }
        }
        response
    }

    /// The headers that tell of limits, called as the switch says (section 12).
    fn rate_headers(&self, standings: &[Standing]) -> Vec<(String, String)> {
        let infix = match self.inner.options.switches.rate_headers {
            RateHeaders::Of2024 => "ratelimit",
            RateHeaders::Of2023 => "rate-limit",
            RateHeaders::Absent => return Vec::new(),
        };
        let mut headers = Vec::new();
        for standing in standings {
            let Standing {
                name,
                total,
                remaining,
                resets,
            } = standing;
            if let Some(name) = name {
                let text = format!("total={total}; remaining={remaining}; resets={resets}");
                headers.push((format!("zendesk-{infix}-{name}"), text));
                continue;
            }
            headers.push(("x-rate-limit".to_owned(), total.to_string()));
            headers.push(("x-rate-limit-remaining".to_owned(), remaining.to_string()));
            let limit = match infix {
                "ratelimit" => "ratelimit-limit".to_owned(),
                _ => infix.to_owned(),
            };
            headers.push((limit, total.to_string()));
            headers.push((format!("{infix}-remaining"), remaining.to_string()));
            headers.push((format!("{infix}-reset"), resets.to_string()));
        }
        headers
    }
}

/// A weak `ETag` of 32 hexadecimal digits.
fn etag(body: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(body);
    let hash = hasher.finish();
    format!("W/\"{hash:016x}{:016x}\"", scrambled(hash))
}
