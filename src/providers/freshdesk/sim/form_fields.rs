//! Typed reads of a body's fields. What does not fit becomes an error of the form
//! (Freshdesk reference, sections 3 and 12).

use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use super::form::Form;
use super::reply::FieldError;
use super::times;

/// A field's value, told apart from null and from absence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// Not in the body, or wrong and already refused.
    Absent,
    /// Null, which clears.
    Null,
    /// A value.
    Is(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// Puts the value, or null, into its place; absence leaves it alone.
    pub(super) fn store(self, place: &mut Option<T>) {
        match self {
            Self::Absent => {}
            Self::Null => *place = None,
            Self::Is(value) => *place = Some(value),
        }
    }
}

/// What a reader makes of a value that is not null: the value, or what it should have been.
type Read<T> = Result<T, String>;

impl Form {
    /// Notes an error.
    pub(super) fn refuse(&mut self, field: &str, code: &'static str, message: impl Into<String>) {
        self.errors.push(FieldError::new(field, code, message));
    }

    /// Whether the field is in the body at all, null or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Whether the field is there but null or blank.
    pub(super) fn is_blank(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(is_blank)
    }

    /// A text.
    pub(super) fn text(&mut self, name: &str) -> Given<String> {
        self.read_with(name, |value, _| match value {
            Value::String(text) => Ok(text.clone()),
            _ => Err("It should be a/an String".to_owned()),
        })
    }

    /// A whole number above zero: ids.
    pub(super) fn positive(&mut self, name: &str) -> Given<u64> {
        self.read_with(name, |value, is_lenient| {
            whole(value, is_lenient)
                .filter(|number| *number > 0)
                .ok_or_else(|| "It should be a/an Positive Integer".to_owned())
        })
    }

    /// A whole number out of a set.
    pub(super) fn choice(&mut self, name: &str, values: &[u64]) -> Given<u64> {
        let texts: Vec<String> = values.iter().map(u64::to_string).collect();
        let message = format!("It should be one of these values: '{}'", texts.join(","));
        let given = self.read_with(name, |value, is_lenient| {
            whole(value, is_lenient).ok_or_else(|| message.clone())
        });
        match given {
            Given::Is(number) if !values.contains(&number) => {
                self.refuse(name, "invalid_value", message);
                Given::Absent
            }
            other => other,
        }
    }

    /// True or false.
    pub(super) fn boolean(&mut self, name: &str) -> Given<bool> {
        self.read_with(name, |value, is_lenient| {
            truth(value, is_lenient).ok_or_else(|| "It should be a/an Boolean".to_owned())
        })
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, name: &str) -> Given<Vec<String>> {
        self.read_with(name, |value, _| {
            let wrong = || "It should be a/an Array".to_owned();
            let Value::Array(elements) = value else {
                return Err(wrong());
            };
            let texts = elements
                .iter()
                .map(|element| element.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or_else(wrong)
        })
    }

    /// A list of ids.
    pub(super) fn ids(&mut self, name: &str) -> Given<Vec<u64>> {
        self.read_with(name, |value, is_lenient| {
            let wrong = || "It should be a/an Array".to_owned();
            let Value::Array(elements) = value else {
                return Err(wrong());
            };
            let ids = elements.iter().map(|element| whole(element, is_lenient));
            ids.collect::<Option<_>>().ok_or_else(wrong)
        })
    }

    /// A list of e-mail addresses.
    pub(super) fn emails(&mut self, name: &str) -> Given<Vec<String>> {
        let given = self.texts(name);
        if let Given::Is(emails) = &given
            && !emails.iter().all(|email| is_email(email))
        {
            self.refuse(name, "invalid_value", NOT_AN_EMAIL);
            return Given::Absent;
        }
        given
    }

    /// An e-mail address.
    pub(super) fn email(&mut self, name: &str) -> Given<String> {
        let given = self.text(name);
        if let Given::Is(email) = &given
            && !is_email(email)
        {
            self.refuse(name, "invalid_value", NOT_AN_EMAIL);
            return Given::Absent;
        }
        given
    }

    /// A moment.
    pub(super) fn moment(&mut self, name: &str) -> Given<Timestamp> {
        let text = match self.text(name) {
            Given::Is(text) => text,
            Given::Null => return Given::Null,
            Given::Absent => return Given::Absent,
        };
        let Some(moment) = times::read_moment(&text) else {
            let message = "It should be in the 'combined date and time ISO8601' format";
            self.refuse(name, "invalid_value", message);
            return Given::Absent;
        };
        Given::Is(times::whole_seconds(moment))
    }

    /// An object; an empty array is not one (section 3).
    pub(super) fn object(&mut self, name: &str) -> Given<Map<String, Value>> {
        self.read_with(name, |value, _| match value {
            Value::Object(fields) => Ok(fields.clone()),
            _ => Err("It should be a/an key/value pair".to_owned()),
        })
    }

    /// A text that must be there: absent is `missing_field`, null or blank `invalid_value`.
    pub(super) fn required_text(&mut self, name: &str) -> Option<String> {
        if !self.has(name) {
            self.refuse(name, "missing_field", "It should be a/an String");
            return None;
        }
        if self.is_blank(name) {
            self.refuse(name, "invalid_value", BLANK);
            return None;
        }
        self.text(name).value()
    }

    /// Reads a field; what does not fit becomes `datatype_mismatch`.
    fn read_with<T>(&mut self, name: &str, read: impl Fn(&Value, bool) -> Read<T>) -> Given<T> {
        let value = match self.fields.get(name) {
            None => return Given::Absent,
            Some(Value::Null) => return Given::Null,
            // An empty part in multipart is how a form says "nothing".
            Some(Value::String(text)) if self.is_lenient && text.is_empty() => return Given::Null,
            Some(value) => value,
        };
        match read(value, self.is_lenient) {
            Ok(read) => Given::Is(read),
            Err(expected) => {
                let message = format!("Value set is of type {}.{expected}", type_name(value));
                self.refuse(name, "datatype_mismatch", message);
                Given::Absent
            }
        }
    }
}

/// The message for a mandatory field that is blank (section 12).
pub(super) const BLANK: &str = "It should not be blank as this is a mandatory field";

/// The message for what is no e-mail address; not recorded.
const NOT_AN_EMAIL: &str = "It should be in the 'valid email address' format";

/// A whole number; a string only where the body is lenient.
pub(super) fn whole(value: &Value, is_lenient: bool) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) if is_lenient => text.parse().ok(),
        _ => None,
    }
}

/// A number; a string only where the body is lenient.
pub(super) fn number(value: &Value, is_lenient: bool) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) if is_lenient => serde_json::from_str(text).ok(),
        _ => None,
    }
}

/// A truth value; a string only where the body is lenient.
pub(super) fn truth(value: &Value, is_lenient: bool) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if is_lenient => text.parse().ok(),
        _ => None,
    }
}

/// The type's name in the recorded messages.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Number(number) if number.is_f64() => "Float",
        Value::Number(_) => "Integer",
        Value::String(_) => "String",
        Value::Array(_) => "Array",
        Value::Object(_) => "key/value pair",
    }
}

/// Null, or nothing but white space.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Whether a text is an address, with or without a name in front (section 4.2).
pub(super) fn is_email(text: &str) -> bool {
    let address = match text.rsplit_once('<') {
        Some((_, address)) => address.trim_end_matches('>'),
        None => text,
    };
    let Some((local, domain)) = address.split_once('@') else {
        return false;
    };
    let is_plain =
        |part: &str| !part.contains(|c: char| c.is_whitespace() || "<>,;\"@".contains(c));
    !local.is_empty()
        && is_plain(local)
        && is_plain(domain)
        && domain.split('.').all(|label| !label.is_empty())
        && domain.contains('.')
}
