//! From an answer to a response: the headers that every answer carries (Freshdesk reference, sections 1
//! and 2).

use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use http::request::Parts;
use jiff::Timestamp;

use super::Simulator;
use super::reply::Reply;
use crate::simulator::{http_date, put};

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
