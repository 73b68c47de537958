//! Typed reads of a body: a wrong JSON type is refused with 400 (Zendesk reference, section 1).

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::reply::Reply;
use super::times;

/// What a body says about an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// Nothing.
    Absent,
    /// That it shall be empty.
    Null,
    /// A value.
    Is(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub(super) fn value(&self) -> Option<&T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Whether anything is said.
    pub(super) fn is_said(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// Reads the value further.
    fn and_then<U>(self, read: impl FnOnce(T) -> Result<U, Reply>) -> Result<Given<U>, Reply> {
        match self {
            Self::Absent => Ok(Given::Absent),
            Self::Null => Ok(Given::Null),
            Self::Is(value) => read(value).map(Given::Is),
        }
    }
}

impl<T: Clone> Given<T> {
    /// Sets an attribute that can be empty.
    pub(super) fn set(&self, attribute: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *attribute = None,
            Self::Is(value) => *attribute = Some(value.clone()),
        }
    }
}

/// An object of a body, and where it was sent, for refusals.
#[derive(Debug, Clone, Copy)]
pub(super) struct Body<'a> {
    /// The object.
    pub(super) object: &'a Map<String, Value>,
    /// `tickets/create` and the like.
    pub(super) place: &'a str,
}

impl<'a> Body<'a> {
    /// Looks at an object.
    pub(super) fn new(object: &'a Map<String, Value>, place: &'a str) -> Self {
        Self { object, place }
    }

    /// Any attribute as it is.
    pub(super) fn any(&self, name: &str) -> Given<&'a Value> {
        match self.object.get(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => Given::Is(value),
        }
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Given<String>, Reply> {
        self.any(name).and_then(|value| match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err(self.wrong(name, "a string")),
        })
    }

    /// An id: an integer, or a text of digits (section 1).
    pub(super) fn id(&self, name: &str) -> Result<Given<u64>, Reply> {
        self.any(name)
            .and_then(|value| id_of(value).ok_or_else(|| self.wrong(name, "an integer")))
    }

    /// Several ids.
    pub(super) fn ids(&self, name: &str) -> Result<Given<Vec<u64>>, Reply> {
        self.list(name)?.and_then(|list| {
            let ids: Option<Vec<u64>> = list.iter().map(id_of).collect();
            ids.ok_or_else(|| self.wrong(name, "a list of integers"))
        })
    }

    /// Yes or no.
    pub(super) fn boolean(&self, name: &str) -> Result<Given<bool>, Reply> {
        self.any(name).and_then(|value| match value {
            Value::Bool(truth) => Ok(*truth),
            Value::String(text) if text == "true" => Ok(true),
            Value::String(text) if text == "false" => Ok(false),
            _ => Err(self.wrong(name, "a boolean")),
        })
    }

    /// A moment in ISO 8601.
    pub(super) fn moment(&self, name: &str) -> Result<Given<Timestamp>, Reply> {
        self.text(name)?.and_then(|text| {
            times::read_moment(&text).ok_or_else(|| self.wrong(name, "a datetime"))
        })
    }

    /// A list.
    pub(super) fn list(&self, name: &str) -> Result<Given<&'a [Value]>, Reply> {
        self.any(name).and_then(|value| match value {
            Value::Array(list) => Ok(list.as_slice()),
            _ => Err(self.wrong(name, "an array")),
        })
    }

    /// A list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Given<Vec<String>>, Reply> {
        self.list(name)?.and_then(|list| {
            let texts = list.iter().map(|one| one.as_str().map(str::to_owned));
            let texts: Option<Vec<String>> = texts.collect();
            texts.ok_or_else(|| self.wrong(name, "a list of strings"))
        })
    }

    /// An object.
    pub(super) fn object(&self, name: &str) -> Result<Given<Body<'a>>, Reply> {
        self.any(name).and_then(|value| match value {
            Value::Object(object) => Ok(Body::new(object, self.place)),
            _ => Err(self.wrong(name, "an object")),
        })
    }

    /// A list of objects.
    pub(super) fn objects(&self, name: &str) -> Result<Given<Vec<Body<'a>>>, Reply> {
        self.list(name)?.and_then(|list| {
            let objects = list.iter().map(|one| one.as_object());
            let objects: Option<Vec<_>> = objects
                .map(|object| object.map(|object| Body::new(object, self.place)))
                .collect();
            objects.ok_or_else(|| self.wrong(name, "a list of objects"))
        })
    }

    /// The refusal of a value of the wrong type.
    pub(super) fn wrong(&self, name: &str, must_be: &str) -> Reply {
        Reply::wrong_type(name, must_be, self.place)
    }
}

/// An id in either notation.
pub(super) fn id_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}
