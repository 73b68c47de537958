//! Answers, and refusals in the envelopes that were recorded (Zendesk reference, section 11).

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// What a function for a path gives back; the error side is a refusal.
pub(super) type Answer = Result<Reply, Reply>;

/// The media type of almost all answers.
const JSON: &str = "application/json; charset=utf-8";

/// The media type of some refusals, and of the answer to an upload (section 1).
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// The media type of refusals before the API is reached.
pub(super) const HTML: &str = "text/html; charset=utf-8";

/// An answer before the headers that every answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The status.
    pub(super) status: StatusCode,
    /// The body; `None` goes without Content-Type, as every 204 does (section 1).
    pub(super) body: Option<Vec<u8>>,
    /// Its media type.
    pub(super) content_type: String,
    /// Headers of this answer alone, such as `location`.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// An answer with a JSON body.
    pub(super) fn with<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::of_bytes(status, JSON, body),
            Err(_) => Self::text(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error"),
        }
    }

    /// An answer with any body.
    pub(super) fn of_bytes(status: StatusCode, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            body: Some(body),
            content_type: content_type.to_owned(),
            headers: Vec::new(),
        }
    }

    /// 200 with a JSON body.
    pub(super) fn ok<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::with(StatusCode::OK, value)
    }

    /// 200 with a list under its name, and what stands beside it: pages, sideloads.
    pub(super) fn list<T: Serialize>(name: &str, rows: &[T], beside: &Map<String, Value>) -> Self {
        Self::ok(&List { name, rows, beside })
    }

    /// 201 with a JSON body and the address of what was made.
    pub(super) fn created<T: Serialize + ?Sized>(value: &T, location: String) -> Self {
        let mut reply = Self::with(StatusCode::CREATED, value);
        reply.headers.push(("location", location));
        reply
    }

    /// 204: no body, no Content-Type.
    pub(super) fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            body: None,
            content_type: String::new(),
            headers: Vec::new(),
        }
    }

    /// A refusal in plain text.
    pub(super) fn text(status: StatusCode, text: &str) -> Self {
        Self::of_bytes(status, TEXT, text.as_bytes().to_vec())
    }

    /// A refusal with a code and a sentence: the most common envelope.
    pub(super) fn coded(status: StatusCode, error: &str, description: &str) -> Self {
        Self::with(status, &json!({"error": error, "description": description}))
    }

    /// A refusal with a title and a message, inside of `error`.
    pub(super) fn titled(status: StatusCode, title: &str, message: &str) -> Self {
        Self::with(
            status,
            &json!({"error": {"title": title, "message": message}}),
        )
    }

    /// A refusal in the envelope of pagination and of newer endpoints.
    pub(super) fn errors(status: StatusCode, code: &str, title: &str) -> Self {
        Self::with(status, &json!({"errors": [{"code": code, "title": title}]}))
    }

    /// 404: there is no such object, or the caller may not see it.
    pub(super) fn not_found() -> Self {
        Self::coded(StatusCode::NOT_FOUND, "RecordNotFound", "Not found")
    }

    /// 404: there is no such path (section 4).
    pub(super) fn no_endpoint() -> Self {
        Self::coded(StatusCode::NOT_FOUND, "InvalidEndpoint", "Not found")
    }

    /// 400: a value has the wrong JSON type (section 1). The place is `tickets/create` and the like.
    pub(super) fn wrong_type(attribute: &str, must_be: &str, place: &str) -> Self {
        let message = format!(
            "You passed an invalid value for the {attribute} attribute. \
             Invalid parameter: {attribute} must be {must_be} from api/v2/{place}"
        );
        Self::titled(StatusCode::BAD_REQUEST, "Invalid attribute", &message)
    }

    /// 400: a parameter or the root of the body is missing; recorded as HTML (section 11).
    pub(super) fn missing(parameter: &str) -> Self {
        let text = format!("Required parameter missing: {parameter}");
        Self::of_bytes(StatusCode::BAD_REQUEST, HTML, text.into_bytes())
    }

    /// 400: a parameter of pagination is wrong (section 7).
    pub(super) fn bad_page(title: &str) -> Self {
        Self::errors(StatusCode::BAD_REQUEST, "InvalidPaginationParameter", title)
    }

    /// 400: more than 100 values for a call on many (section 9).
    pub(super) fn too_many_values() -> Self {
        Self::with(
            StatusCode::BAD_REQUEST,
            &json!({
                "error": "TooManyValues",
                "description": "Parameter  cannot specify more than 100 values",
                "max_count": 100,
            }),
        )
    }

    /// 429: too many jobs wait (section 9).
    pub(super) fn too_many_jobs(waiting: &[&str]) -> Self {
        let mut reply = Self::with(
            StatusCode::TOO_MANY_REQUESTS,
            &json!({
                "error": "TooManyJobs",
                "description": "Number of allowed jobs exceeded",
                "current_job_ids": waiting,
            }),
        );
        let inflight = format!("total=30; remaining=0; current={}", waiting.len());
        reply
            .headers
            .push(("zendesk-ratelimit-inflight-jobs", inflight));
        reply.headers.push(("retry-after", "10".to_owned()));
        reply
    }

    /// 401: no credentials, or wrong ones (section 2).
    pub(super) fn unauthenticated() -> Self {
        Self::with(
            StatusCode::UNAUTHORIZED,
            &json!({"error": "Couldn't authenticate you"}),
        )
    }

    /// 401: a bearer token that does not or no longer let in (section 2).
    pub(super) fn bad_token() -> Self {
        Self::with(
            StatusCode::UNAUTHORIZED,
            &json!({
                "error": "invalid_token",
                "error_description": "The access token provided is expired, revoked, malformed or invalid for other reasons.",
            }),
        )
    }

    /// 403: the token lacks a scope (section 2).
    pub(super) fn missing_scope(scope: &str) -> Self {
        let text = format!("You are missing the following required scopes: {scope}");
        Self::coded(StatusCode::FORBIDDEN, "Forbidden", &text)
    }

    /// 403: the role is not enough (section 2).
    pub(super) fn forbidden() -> Self {
        Self::titled(
            StatusCode::FORBIDDEN,
            "Forbidden",
            "You do not have access to this page. Please contact the account owner of this help desk for further help.",
        )
    }

    /// 422 with one reason.
    pub(super) fn invalid(field: &str, description: &str, error: Option<&str>) -> Self {
        let mut problems = Problems::default();
        problems.add(field, description, error);
        problems.refusal()
    }
}

/// The reasons of a `RecordInvalid`, by field (section 11).
#[derive(Debug, Default)]
pub(super) struct Problems {
    /// In the order of the fields' names.
    details: BTreeMap<String, Vec<Value>>,
}

impl Problems {
    /// Adds a reason.
    pub(super) fn add(&mut self, field: &str, description: &str, error: Option<&str>) {
        let mut reason = json!({"description": description});
        if let (Some(error), Some(object)) = (error, reason.as_object_mut()) {
            object.insert("error".to_owned(), json!(error));
        }
        self.add_whole(field, reason);
    }

    /// Adds a reason with members of its own.
    pub(super) fn add_whole(&mut self, field: &str, reason: Value) {
        self.details
            .entry(field.to_owned())
            .or_default()
            .push(reason);
    }

    /// Refuses, if there is any reason to.
    pub(super) fn checked(self) -> Result<(), Reply> {
        if self.details.is_empty() {
            return Ok(());
        }
        Err(self.refusal())
    }

    /// The body of the refusal.
    pub(super) fn json(&self) -> Value {
        json!({
            "error": "RecordInvalid",
            "description": "Record validation errors",
            "details": self.details,
        })
    }

    /// The refusal.
    pub(super) fn refusal(self) -> Reply {
        Reply::with(StatusCode::UNPROCESSABLE_ENTITY, &self.json())
    }
}

/// A list under its name, with what stands beside it.
struct List<'a, T> {
    /// The root key.
    name: &'a str,
    /// The page.
    rows: &'a [T],
    /// Further root keys.
    beside: &'a Map<String, Value>,
}

impl<T: Serialize> Serialize for List<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.beside.len()))?;
        map.serialize_entry(self.name, self.rows)?;
        for (name, value) in self.beside {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
