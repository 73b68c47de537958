//! Answers, and refusals in the shapes that were recorded.

use http::StatusCode;
use serde_json::{Value, json};

/// What a function for a path gives back; the error side is a refusal.
pub(super) type Answer = Result<Reply, Reply>;

/// The media type of what a resource answers.
const JSON: &str = "application/json; charset=\"utf-8\"";

/// The media type of errors, and of what was created: RT writes it in another way there.
const ERROR: &str = "application/json; charset=utf-8";

/// Where RT's messages about searches say that they come from.
pub(super) const TICKETS_PM: &str = " at /usr/share/request-tracker5/lib/RT/Tickets.pm line ";

/// An answer before the headers that every answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The status.
    pub(super) status: StatusCode,
    /// The body.
    pub(super) body: String,
    /// Its media type; none for 304.
    pub(super) content_type: Option<&'static str>,
    /// Headers of this answer alone, such as `location`.
    pub(super) headers: Vec<(&'static str, String)>,
}

impl Reply {
    /// An answer with a JSON body.
    fn with(status: StatusCode, content_type: &'static str, body: String) -> Self {
        Self {
            status,
            body,
            content_type: Some(content_type),
            headers: Vec::new(),
        }
    }

    /// 200 with a JSON body.
    pub(super) fn ok(value: &Value) -> Self {
        Self::with(StatusCode::OK, JSON, value.to_string())
    }

    /// 200 with what became of a change, in the words for people (trap 5).
    pub(super) fn messages(messages: &[Option<String>]) -> Self {
        Self::ok(&json!(messages))
    }

    /// 201 with the reference of what was created.
    pub(super) fn created(reference: &Value, location: String) -> Self {
        let mut reply = Self::with(StatusCode::CREATED, ERROR, reference.to_string());
        reply.headers.push(("location", location));
        reply
    }

    /// 201 with the messages of what was added.
    pub(super) fn added(messages: &[Option<String>], location: String) -> Self {
        let mut reply = Self::with(StatusCode::CREATED, JSON, json!(messages).to_string());
        reply.headers.push(("location", location));
        reply
    }

    /// 204.
    pub(super) fn no_content() -> Self {
        Self::with(StatusCode::NO_CONTENT, JSON, String::new())
    }

    /// 304: what the caller has is still right.
    pub(super) fn not_modified() -> Self {
        Self {
            status: StatusCode::NOT_MODIFIED,
            body: String::new(),
            content_type: None,
            headers: Vec::new(),
        }
    }

    /// A refusal with a message.
    pub(super) fn refused(status: StatusCode, message: &str) -> Self {
        Self::with(status, ERROR, json!({ "message": message }).to_string())
    }

    /// A refusal with the message that its status has.
    pub(super) fn plain(status: StatusCode) -> Self {
        Self::refused(status, status.canonical_reason().unwrap_or_default())
    }

    /// 400 with a message.
    pub(super) fn bad(message: &str) -> Self {
        Self::refused(StatusCode::BAD_REQUEST, message)
    }

    /// 404.
    pub(super) fn not_found() -> Self {
        Self::plain(StatusCode::NOT_FOUND)
    }

    /// 403.
    pub(super) fn forbidden() -> Self {
        Self::plain(StatusCode::FORBIDDEN)
    }

    /// 500 with a message: RT noticed (trap 10).
    pub(super) fn internal() -> Self {
        Self::plain(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// 500 with an empty body that is said to be JSON: Perl died (trap 10).
    pub(super) fn died() -> Self {
        Self::with(StatusCode::INTERNAL_SERVER_ERROR, JSON, String::new())
    }
}
