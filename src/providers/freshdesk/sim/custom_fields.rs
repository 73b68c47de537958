//! Custom fields of tickets: their names and the types of their values
//! (Freshdesk reference, sections 4.2, 4.3 and 8).

use serde_json::{Map, Value};

use super::form::Form;
use super::form_fields::{Given, number, truth, type_name};
use super::records::Field;
use super::reply::FieldError;
use super::times;
use super::world::World;

impl World {
    /// The keys of `custom_fields`, nested levels included.
    pub(super) fn custom_field_names(&self) -> impl Iterator<Item = &str> {
        let custom = self.fields.iter().filter(|field| is_custom(field));
        custom.flat_map(|field| {
            let levels = field.levels.iter().map(String::as_str);
            std::iter::once(field.name.as_str()).chain(levels)
        })
    }
}

/// Whether a field is the account's own.
pub(super) fn is_custom(field: &Field) -> bool {
    field.kind == "nested_field" || field.kind.starts_with("custom_")
}

/// Reads the object `custom_fields`: pairs of name and stored value, null to clear.
pub(super) fn read(world: &World, form: &mut Form) -> Vec<(String, Value)> {
    let Given::Is(given) = form.object("custom_fields") else {
        return Vec::new();
    };
    let mut read = Vec::new();
    for (name, value) in &given {
        let shown = format!("custom_fields.{name}");
        let found = world
            .fields
            .iter()
            .filter(|field| is_custom(field))
            .find_map(|field| {
                let level = std::iter::once(&field.name)
                    .chain(&field.levels)
                    .position(|one| one == name)?;
                Some((field, level))
            });
        let Some((field, level)) = found else {
            form.errors.push(FieldError::unexpected(&shown));
            continue;
        };
        let is_cleared = value.is_null() || (form.is_lenient && value.as_str() == Some(""));
        let stored = if is_cleared {
            Ok(Value::Null)
        } else if field.kind == "nested_field" {
            nested(field, level, &given, value)
        } else {
            typed(field, value, form.is_lenient)
        };
        match stored {
            Ok(stored) => read.push((name.clone(), stored)),
            Err((code, message)) => form.refuse(&shown, code, message),
        }
    }
    read
}

/// A refusal's code and message.
type Refused = (&'static str, String);

/// Checks a value by its field's type.
fn typed(field: &Field, value: &Value, is_lenient: bool) -> Result<Value, Refused> {
    let wrong = |expected: &str| {
        let message = format!(
            "Value set is of type {}.It should be a/an {expected}",
            type_name(value)
        );
        ("datatype_mismatch", message)
    };
    match field.kind.as_str() {
        "custom_number" => number(value, is_lenient)
            .filter(|number| number.is_i64() || number.is_u64())
            .map(Value::Number)
            .ok_or_else(|| wrong("Integer")),
        // Taken as a number, given back as a text (section 4.2).
        "custom_decimal" => number(value, is_lenient)
            .and_then(|number| number.as_f64())
            .map(|number| Value::String(format!("{number:?}")))
            .ok_or_else(|| wrong("Number")),
        "custom_checkbox" => truth(value, is_lenient)
            .map(Value::Bool)
            .ok_or_else(|| wrong("Boolean")),
        "custom_date" => {
            let text = value.as_str().ok_or_else(|| wrong("Date"))?;
            let is_date = times::read_date(text).is_some();
            let message = "It should be in the 'yyyy-mm-dd' format".to_owned();
            is_date
                .then(|| value.clone())
                .ok_or(("invalid_value", message))
        }
        "custom_dropdown" => {
            let choices: Vec<&str> = field
                .choices
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            among(value, &choices)
        }
        _ => value
            .as_str()
            .map(|_| value.clone())
            .ok_or_else(|| wrong("String")),
    }
}

/// Checks a level of a nested field: it must hang under the values of the levels above, which
/// the same body has to name.
fn nested(
    field: &Field,
    level: usize,
    given: &Map<String, Value>,
    value: &Value,
) -> Result<Value, Refused> {
    let names = std::iter::once(&field.name).chain(&field.levels);
    let mut choices = &field.choices;
    for name in names.take(level) {
        let above = given.get(name).and_then(Value::as_str);
        let Some(under) = above.and_then(|label| choices.get(label)) else {
            return Err((
                "missing_field",
                format!("It should be set together with {name}"),
            ));
        };
        choices = under;
    }
    let labels: Vec<&str> = match choices {
        Value::Object(choices) => choices.keys().map(String::as_str).collect(),
        Value::Array(choices) => choices.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    among(value, &labels)
}

/// Checks that a value is one of some labels.
fn among(value: &Value, labels: &[&str]) -> Result<Value, Refused> {
    let expected = format!("It should be one of these values: '{}'", labels.join(","));
    match value.as_str() {
        Some(label) if labels.contains(&label) => Ok(value.clone()),
        Some(_) => Err(("invalid_value", expected)),
        None => {
            let message = format!("Value set is of type {}.{expected}", type_name(value));
            Err(("datatype_mismatch", message))
        }
    }
}
