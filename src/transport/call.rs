//! One request to a vendor and its answer, as values.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use ::http::{HeaderMap, Method, StatusCode, header};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

/// What stays as it is in a path segment or a query value: RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Whether a call may be sent again when nobody knows if it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replay {
    /// Carrying it out twice is the same as once.
    Safe,
    /// It carries a key by which the vendor knows a repetition, and answers it as it did before.
    Keyed,
    /// Carrying it out twice makes a second ticket or reply.
    Never,
}

/// One request to a vendor. Snapshot it, compare it, send it.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Verb.
    pub method: Method,
    /// Path below the endpoint's base, segment by segment; encoded once, when it is sent, so that
    /// an id cannot climb out of its place.
    pub path: Vec<Cow<'static, str>>,
    /// Query parameters.
    pub query: Vec<(&'static str, Cow<'static, str>)>,
    /// JSON body.
    pub body: Option<Value>,
    /// Whether it may be repeated blindly.
    pub replay: Replay,
    /// The key by which the vendor knows a repetition, for those that take `Idempotency-Key`.
    pub key: Option<String>,
}

impl Call {
    /// A call of this verb. A POST is never repeated blindly; nor is a DELETE, whose second answer
    /// would be that there is nothing to remove.
    fn new(method: Method, path: impl IntoIterator<Item = Cow<'static, str>>) -> Self {
        let replay = if matches!(method, Method::POST | Method::DELETE) {
            Replay::Never
        } else {
            Replay::Safe
        };
        Self {
            method,
            path: path.into_iter().collect(),
            query: Vec::new(),
            body: None,
            replay,
            key: None,
        }
    }

    /// Reads.
    pub fn get(path: impl IntoIterator<Item = Cow<'static, str>>) -> Self {
        Self::new(Method::GET, path)
    }

    /// Makes something new.
    pub fn post(path: impl IntoIterator<Item = Cow<'static, str>>, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(Method::POST, path)
        }
    }

    /// Changes something.
    pub fn put(path: impl IntoIterator<Item = Cow<'static, str>>, body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(Method::PUT, path)
        }
    }

    /// Removes something.
    pub fn delete(path: impl IntoIterator<Item = Cow<'static, str>>) -> Self {
        Self::new(Method::DELETE, path)
    }

    /// Gives it a key by which the vendor knows a repetition.
    #[must_use]
    pub fn keyed(self, key: &str) -> Self {
        Self {
            replay: Replay::Keyed,
            key: Some(key.to_owned()),
            ..self
        }
    }

    /// Adds a query parameter.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// The address below `base`, which ends without a slash.
    pub fn url(&self, base: &str) -> String {
        let mut url = String::with_capacity(base.len() + 96);
        url.push_str(base);
        for segment in &self.path {
            url.push('/');
            url.extend(utf8_percent_encode(segment, RESERVED));
        }
        for (place, (name, value)) in self.query.iter().enumerate() {
            url.push(if place == 0 { '?' } else { '&' });
            url.extend(utf8_percent_encode(name, RESERVED));
            url.push('=');
            url.extend(utf8_percent_encode(value, RESERVED));
        }
        url
    }
}

/// Whatever a vendor answered; also a 500 is a reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Status.
    pub status: StatusCode,
    /// Headers.
    pub headers: HeaderMap,
    /// Body, read whole and within the limit.
    pub body: Bytes,
    /// How long it took, from the first byte sent to the last one read.
    pub took: Duration,
}

impl Reply {
    /// A header's text, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A time at the vendor that was certainly not later than the moment at which it looked at its
    /// data: its `Date` less the time that the call took, in unix seconds.
    pub fn seen_at(&self) -> Option<i64> {
        let date = self.date()?;
        let took = i64::try_from(self.took.as_millis().div_ceil(1000)).ok()?;
        Some(date.as_second() - took)
    }

    /// What time it was at the vendor when it answered.
    pub fn date(&self) -> Option<jiff::Timestamp> {
        http_date(self.header("date")?)
    }

    /// How long the vendor asks us to wait: seconds, whole or decimal, or an HTTP date seen from
    /// the reply's own `Date`. Bounded to an hour, the longest window there is; nonsense is none.
    pub fn retry_after(&self) -> Option<Duration> {
        let text = self.header(header::RETRY_AFTER.as_str())?.trim();
        let seconds = match text.parse::<f64>() {
            Ok(seconds) => seconds,
            Err(_) => http_date(text)?
                .duration_since(http_date(self.header("date")?)?)
                .as_secs_f64(),
        };
        let valid = seconds.is_finite() && seconds >= 0.0;
        valid.then(|| Duration::from_secs_f64(seconds.min(3600.0)))
    }
}

/// Reads `Fri, 20 Nov 2026 20:00:00 GMT`.
fn http_date(text: &str) -> Option<jiff::Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text);
    zoned.ok()
}

/// Where and how to call for one account.
#[derive(Clone)]
pub struct Endpoint {
    /// Scheme, host and base path.
    pub base: Url,
    /// Headers of every call, the credential among them.
    pub headers: HeaderMap,
    /// The credential in every spelling in which it is sent, to keep it out of what comes back.
    pub secrets: Vec<SecretString>,
    /// What the account asks for beside: members by name. Not secret.
    pub options: Map<String, Value>,
}

impl fmt::Debug for Endpoint {
    /// Leaves the headers out: they hold the credential.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}
