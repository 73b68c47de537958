//! Which web pages may call the API from a browser: those of the configured origins, and no other.
//!
//! The headers that are let through are those that the SDKs for browsers send and the API reads; answers show the pages
//! what they are told beside the body. No cookies and no other credentials of the browser's own are involved: a page sends
//! its access token itself. What is refused at the door under overload ([`super::pressure`]) a page sees as a failed request
//! only.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::header::{AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Method};
use tower_http::cors::{AllowOrigin, CorsLayer};
use url::Url;

use crate::http::idempotency::{IDEMPOTENCY_KEY, REPLAYED};
use crate::http::observe::{REQUEST_ID, UPSTREAM_CALLS, UPSTREAM_CREDITS};

/// How long a browser need not ask again whether it may.
const ASKED_FOR: Duration = Duration::from_hours(1);

/// The origin of web pages: scheme, host and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(HeaderValue);

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.to_str().unwrap_or_default())
    }
}

impl FromStr for Origin {
    type Err = String;

    /// Takes an origin as browsers write it. Neither `*` nor `null`: any page could say that of itself.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let url = Url::parse(text).ok();
        let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        let origin = url.map(|url| url.origin().ascii_serialization());
        let is_same = origin.as_deref() == Some(text.trim_end_matches('/')) && !text.contains('*');
        let value = origin.filter(|_| is_same);
        let value = value.and_then(|origin| HeaderValue::try_from(origin).ok());
        value.map(Self).ok_or_else(|| {
            format!("{text:?} is not the origin of web pages, such as https://app.example.com or http://localhost:3000")
        })
    }
}

/// Answers browsers that ask whether a page may call; none if no page may.
pub fn layer(origins: &[Origin]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let kloudless = [
        "x-kloudless-source",
        "x-kloudless-raw-data",
        "x-kloudless-raw-headers",
        "x-kloudless-raw-method",
        "x-kloudless-raw-uri",
        "x-kloudless-as-user",
    ];
    let kloudless = kloudless.map(HeaderName::from_static);
    let sent = [
        AUTHORIZATION,
        CONTENT_TYPE,
        IF_MATCH,
        IDEMPOTENCY_KEY,
        REQUEST_ID,
        HeaderName::from_static("prefer"),
    ];
    let shown = [
        ETAG,
        RETRY_AFTER,
        WWW_AUTHENTICATE,
        IDEMPOTENCY_KEY,
        REPLAYED,
        REQUEST_ID,
        UPSTREAM_CALLS,
        UPSTREAM_CREDITS,
    ];
    let verbs = [Method::GET, Method::POST, Method::PATCH, Method::DELETE];
    Some(
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(
                origins.iter().map(|origin| origin.0.clone()),
            ))
            .allow_methods(verbs)
            .allow_headers(kloudless.into_iter().chain(sent).collect::<Vec<_>>())
            .expose_headers(shown)
            .max_age(ASKED_FOR),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for text in [
            "https://app.example.com",
            "http://localhost:3000",
            "https://app.example.com/",
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.to_string(), text.trim_end_matches('/'));
        }
        for text in [
            "*",
            "null",
            "",
            "app.example.com",
            "https://app.example.com/path",
            "https://*.example.com",
            "https://user@app.example.com",
            "https://app.example.com:443",
            "file:///",
            "https://App.example.com",
        ] {
            assert!(text.parse::<Origin>().is_err(), "{text}");
        }
    }
}
