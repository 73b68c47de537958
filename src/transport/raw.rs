//! What is passed through to a help desk as it comes: where it may lead, and which headers go along.

use ::http::{HeaderMap, HeaderName, Method, Request, Response, header};
use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use tower::util::BoxCloneSyncService;
use url::Url;

use crate::transport::call::Call;
use crate::transport::http::TransportError;

/// A body that comes and goes piece by piece.
pub type Stream = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;
/// The seam for streams.
pub type Streaming = BoxCloneSyncService<Request<Stream>, Response<Stream>, TransportError>;

/// Headers of a request that go along; the credential and all else are the gateway's own affair.
const ASKED: [HeaderName; 7] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
];
/// Headers of an answer that do not come back: those of one connection, and those that would speak for the gateway's own
/// origin.
const KEPT_BACK: [&str; 16] = [
    "alt-svc",
    "clear-site-data",
    "connection",
    "content-security-policy",
    "keep-alive",
    "nel",
    "proxy-authenticate",
    "report-to",
    "set-cookie",
    "strict-transport-security",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "www-authenticate",
    "x-request-id",
];

/// A request that is passed through.
pub struct RawRequest {
    /// Its verb.
    pub method: Method,
    /// Path and query, or the whole address.
    pub address: String,
    /// Headers of the client.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Stream,
}

/// An address that does not lead where it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotBelow {
    /// It cannot be read.
    #[error(
        "the address is neither a path that begins with a slash nor an address of the account's help desk"
    )]
    Unreadable,
    /// Another host, port or scheme, or one with a user name.
    #[error("the address is one of another host than the account's help desk")]
    OtherHost,
    /// Outside of the API.
    #[error("the path is not below the one of the help desk's API")]
    Outside,
    /// A path whose meaning depends on who reads it.
    #[error("the path has an encoded slash, backslash or control character in it")]
    Ambiguous,
}

/// The address that is meant, if it is below `base`, the account's own API.
pub fn below(base: &str, asked: &str) -> Result<Url, NotBelow> {
    let base = Url::parse(base).map_err(|_| NotBelow::Unreadable)?;
    // White space and line ends would be dropped silently, and a backslash be taken for a slash.
    let is_plain = asked
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if !is_plain {
        return Err(NotBelow::Unreadable);
    }
    let url = if asked.starts_with('/') {
        // Put together as text, so that `//host` is a path as well.
        Url::parse(&format!("{}{asked}", base.origin().ascii_serialization()))
    } else {
        Url::parse(asked)
    };
    let mut url = url.map_err(|_| NotBelow::Unreadable)?;
    let has_user = !url.username().is_empty() || url.password().is_some();
    if url.origin() != base.origin() || has_user {
        return Err(NotBelow::OtherHost);
    }
    let path = url.path().to_ascii_lowercase();
    let is_control = |tail: &str| tail.starts_with(['0', '1']) || tail.starts_with("7f");
    let is_ambiguous =
        |tail: &str| ["2f", "5c"].iter().any(|code| tail.starts_with(code)) || is_control(tail);
    if path.split('%').skip(1).any(is_ambiguous) {
        return Err(NotBelow::Ambiguous);
    }
    let prefix = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(prefix);
    if !rest.is_some_and(|rest| rest.starts_with('/')) || url.path().contains("//") {
        return Err(NotBelow::Outside);
    }
    url.set_fragment(None);
    Ok(url)
}

/// What a request counts as in the help desk's rate limit.
pub(super) fn counted(base: &str, method: &Method, url: &Url) -> Call {
    let prefix = Url::parse(base).map_or(0, |base| base.path().trim_end_matches('/').len());
    let path = url.path().get(prefix..).unwrap_or_default();
    // As Zendesk's own examples write it.
    let path = path.strip_suffix(".json").unwrap_or(path);
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut call = Call::get(segments.map(|segment| segment.to_owned().into()));
    call.method = method.clone();
    // The one parameter that makes a call dearer.
    if let Some((_, names)) = url.query_pairs().find(|(name, _)| name == "include") {
        call = call.query("include", names.into_owned());
    }
    call
}

/// The headers of a request that go along.
pub(super) fn asked(headers: &HeaderMap) -> HeaderMap {
    let known = |name: &HeaderName| Some((name.clone(), headers.get(name)?.clone()));
    ASKED.iter().filter_map(known).collect()
}

/// The headers of an answer that come back.
pub(super) fn answered(mut headers: HeaderMap) -> HeaderMap {
    // What `Connection` names belongs to the connection as well.
    let named: Vec<_> = headers
        .get_all(header::CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse::<HeaderName>().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in KEPT_BACK {
        headers.remove(name);
    }
    let foreign: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with("access-control-"))
        .cloned()
        .collect();
    for name in foreign {
        headers.remove(name);
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://acme.freshdesk.com/api/v2";

    #[test]
    fn an_address_below_the_api_is_taken() {
        for (asked, meant) in [
            ("/api/v2/tickets", "/api/v2/tickets"),
            (
                "/api/v2/tickets?page=2&x=a%2Fb",
                "/api/v2/tickets?page=2&x=a%2Fb",
            ),
            ("/api/v2/x/../tickets", "/api/v2/tickets"),
            (
                "https://acme.freshdesk.com/api/v2/tickets/1#x",
                "/api/v2/tickets/1",
            ),
            (
                "https://acme.freshdesk.com:443/api/v2/tickets",
                "/api/v2/tickets",
            ),
            ("HTTPS://ACME.freshdesk.com/api/v2/t%20t", "/api/v2/t%20t"),
        ] {
            let url = below(BASE, asked).unwrap();
            assert_eq!(url.as_str(), format!("https://acme.freshdesk.com{meant}"));
        }
        let rt = below(
            "https://desk.example.com/rt/REST/2.0/",
            "/rt/REST/2.0/queues/all",
        );
        assert_eq!(rt.unwrap().path(), "/rt/REST/2.0/queues/all");
    }

    #[test]
    fn nothing_leads_out_of_the_accounts_api() {
        for asked in [
            "",
            "tickets",
            "?x",
            "//evil.example/api/v2/tickets",
            "/\\evil.example/api/v2/tickets",
            "\\\\evil.example/api/v2/tickets",
            "https://evil.example/api/v2/tickets",
            "https://evil.example\\@acme.freshdesk.com/api/v2/tickets",
            "https://acme.freshdesk.com@evil.example/api/v2/tickets",
            "https://user@acme.freshdesk.com/api/v2/tickets",
            "https://acme.freshdesk.com.evil.example/api/v2/tickets",
            "https://acme.freshdesk.com./api/v2/tickets",
            "https://acme.freshdesk.com:8443/api/v2/tickets",
            "http://acme.freshdesk.com/api/v2/tickets",
            "ftp://acme.freshdesk.com/api/v2/tickets",
            "file:///api/v2/tickets",
            "https:acme",
            "https://ａcme.freshdesk.com/api/v2/tickets",
            "https://other.freshdesk.com/api/v2/tickets",
            "https://169.254.169.254/api/v2/x",
            "/api/v2",
            "/api/v2x/tickets",
            "/api/v3/tickets",
            "/admin",
            "/api/v2/../../admin",
            "/api/v2/%2e%2e/%2E%2e/admin",
            "/api/v2/.%2e/admin",
            "/api/v2/..%2f..%2fadmin",
            "/api/v2/..%5c..%5cadmin",
            "/api/v2//admin",
            "/api/v2/x%0d%0aX-Injected:1",
            "/api/v2/x%00",
            "/api/v2/x\r\nX-Injected: 1",
            "/api/v2/a b",
            "/api/v2/tick\tets",
        ] {
            assert!(below(BASE, asked).is_err(), "{asked:?} was taken");
        }
    }

    #[test]
    fn a_request_counts_as_what_it_is() {
        let url = below(BASE, "/api/v2/tickets.json?include=requester,stats").unwrap();

        let call = counted(BASE, &Method::GET, &url);

        assert_eq!(
            call,
            Call::get(["tickets".into()]).query("include", "requester,stats")
        );
    }

    #[test]
    fn headers_of_one_connection_and_one_origin_stay_behind() {
        let mut headers = HeaderMap::new();
        for name in KEPT_BACK {
            headers.insert(name, "x".parse().unwrap());
        }
        for (name, value) in [
            ("connection", "close, X-Hop"),
            ("x-hop", "1"),
            ("access-control-allow-origin", "*"),
            ("content-type", "text/csv"),
            ("x-ratelimit-remaining", "17"),
        ] {
            headers.insert(name, value.parse().unwrap());
        }

        let answered = answered(headers);

        let mut names: Vec<_> = answered.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["content-type", "x-ratelimit-remaining"]);
    }
}
