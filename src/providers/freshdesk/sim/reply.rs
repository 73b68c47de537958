//! Answers: bodies as Rails writes them, errors in the recorded shapes
//! (Freshdesk reference, sections 1 and 12).

use std::io::{self, Write};

use http::{Method, StatusCode};
use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::{Value, json};

use super::form::Form;
use super::switches::Refusal;

/// What a function for a path gives back; the error side is a refusal.
pub(super) type Answer = Result<Reply, Reply>;

/// An answer before the headers that every answer carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The status.
    pub(super) status: StatusCode,
    /// The body; `None` goes without Content-Type, as every 204 does.
    pub(super) body: Option<Vec<u8>>,
    /// Headers of this answer alone, such as `location`.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// One entry of a validation error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct FieldError {
    /// The field, `custom_fields.cf_x` for a custom one.
    pub(super) field: String,
    /// Only on duplicates: whom the value belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) additional_info: Option<Value>,
    /// For people.
    pub(super) message: String,
    /// For programs.
    pub(super) code: &'static str,
}

/// The body of a validation error.
#[derive(Serialize)]
struct Validation {
    /// Always the same.
    description: &'static str,
    /// At least one.
    errors: Vec<FieldError>,
}

impl FieldError {
    /// An entry without additional information.
    pub(super) fn new(field: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            additional_info: None,
            message: message.into(),
            code,
        }
    }

    /// The entry for a field or a parameter that does not exist.
    pub(super) fn unexpected(field: &str) -> Self {
        Self::new(
            field,
            "invalid_field",
            "Unexpected/invalid field in request",
        )
    }

    /// The entry for a reference to something that does not exist: 400, not 404.
    pub(super) fn no_match(what: &str, field: &str) -> Self {
        let message = format!("There is no {what} matching the given {field}");
        Self::new(field, "invalid_value", message)
    }
}

impl Reply {
    /// An answer with a JSON body.
    pub(super) fn with<T: Serialize + ?Sized>(status: StatusCode, value: &T) -> Self {
        let mut body = Vec::with_capacity(512);
        let mut writer = Serializer::with_formatter(&mut body, RailsFormatter);
        if value.serialize(&mut writer).is_err() {
            return Self::blank(StatusCode::INTERNAL_SERVER_ERROR);
        }
        Self {
            status,
            body: Some(body),
            headers: Vec::new(),
        }
    }

    /// 200 with a JSON body.
    pub(super) fn ok<T: Serialize + ?Sized>(value: &T) -> Self {
        Self::with(StatusCode::OK, value)
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
            headers: Vec::new(),
        }
    }

    /// 404: one blank as body, called JSON nevertheless (section 12).
    pub(super) fn not_found() -> Self {
        Self::blank(StatusCode::NOT_FOUND)
    }

    /// A status with one blank as body.
    fn blank(status: StatusCode) -> Self {
        Self {
            status,
            body: Some(b" ".to_vec()),
            headers: Vec::new(),
        }
    }

    /// 400 with the given entries.
    pub(super) fn invalid(errors: impl IntoIterator<Item = FieldError>) -> Self {
        Self::validation(StatusCode::BAD_REQUEST, errors)
    }

    /// 409: the value belongs to something else.
    pub(super) fn duplicate(field: &str, additional_info: Option<Value>) -> Self {
        let error = FieldError {
            additional_info,
            ..FieldError::new(field, "duplicate_value", "It should be a unique value")
        };
        Self::validation(StatusCode::CONFLICT, [error])
    }

    /// The one shape of validation errors.
    fn validation(status: StatusCode, errors: impl IntoIterator<Item = FieldError>) -> Self {
        let errors: Vec<FieldError> = errors.into_iter().collect();
        Self::with(
            status,
            &Validation {
                description: "Validation failed",
                errors,
            },
        )
    }

    /// Any other error: a code and a message.
    pub(super) fn coded(status: StatusCode, code: &str, message: &str) -> Self {
        Self::with(status, &json!({"code": code, "message": message}))
    }

    /// 403 for a key that may not.
    pub(super) fn access_denied() -> Self {
        let message = "You are not authorized to perform this action.";
        Self::coded(StatusCode::FORBIDDEN, "access_denied", message)
    }

    /// 405 for a wrong verb, and for objects that take no changes (sections 4.5 and 12).
    pub(super) fn not_allowed(method: &Method, allowed: &str) -> Self {
        let message = format!(
            "{method} method is not allowed. It should be one of these method(s): {allowed}"
        );
        let mut reply = Self::with(StatusCode::METHOD_NOT_ALLOWED, &json!({"message": message}));
        reply.headers.push(("allow", allowed.to_owned()));
        reply
    }

    /// The refusal that a switch chose; `None` when it allows.
    pub(super) fn refusal(refusal: Refusal, method: &Method, allowed: &str) -> Option<Self> {
        match refusal {
            Refusal::Allowed => None,
            Refusal::BadRequest => Some(Self::invalid([FieldError::new(
                "id",
                "inconsistent_state",
                "It is not in a state that allows this action",
            )])),
            Refusal::Forbidden => Some(Self::access_denied()),
            Refusal::NotFound => Some(Self::not_found()),
            Refusal::NotAllowed => Some(Self::not_allowed(method, allowed)),
        }
    }
}

impl Form {
    /// Turns the errors found so far into a 400.
    pub(super) fn checked(&mut self) -> Result<(), Reply> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(Reply::invalid(std::mem::take(&mut self.errors)))
    }
}

/// Writes `<`, `>`, `&` and the two line separators as escapes, as Rails does.
struct RailsFormatter;

impl Formatter for RailsFormatter {
    fn write_string_fragment<W>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()>
    where
        W: ?Sized + Write,
    {
        let mut plain = CompactFormatter;
        let mut rest = fragment;
        while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
            let (before, after) = rest.split_at(at);
            plain.write_string_fragment(writer, before)?;
            let mut letters = after.chars();
            if let Some(letter) = letters.next() {
                write!(writer, "\\u{:04x}", u32::from(letter))?;
            }
            rest = letters.as_str();
        }
        plain.write_string_fragment(writer, rest)
    }
}
