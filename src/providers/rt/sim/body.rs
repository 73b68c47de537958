//! Bodies of writes: JSON, with its refusals.

use http::StatusCode;
use serde_json::{Map, Value};

use super::reply::Reply;
use super::routes::Ask;

/// Refuses what is no JSON, or JSON of another type. Nothing that means no in Perl is taken for JSON either.
pub(super) fn check_json(
    body: &str,
    fits: impl Fn(&Value) -> bool,
    name: &str,
) -> Result<(), Reply> {
    match serde_json::from_str::<Value>(body) {
        Ok(value) if fits(&value) => Ok(()),
        Ok(Value::Array(_) | Value::Object(_)) => {
            Err(Reply::bad(&format!("JSON object must be a {name}")))
        }
        Ok(_) => {
            let message = "JSON text must be an object or array (but found number, string, true, \
                           false or null, use allow_nonref to allow this)";
            Err(Reply::bad(&format!("JSON parse error: {message}\n")))
        }
        Err(error) => Err(Reply::bad(&format!(
            "JSON parse error: {}\n",
            told(&error, body)
        ))),
    }
}

/// What Perl says of broken JSON, as far as it matters.
fn told(error: &serde_json::Error, body: &str) -> String {
    let offset = if error.is_eof() {
        body.trim_end().len()
    } else {
        error.column().saturating_sub(1)
    };
    let rest = body.get(offset..).unwrap_or_default();
    let before = if rest.is_empty() {
        String::new()
    } else {
        format!(" (before \"{rest}\")")
    };
    let message = error.to_string();
    if message.starts_with("trailing characters") {
        return format!("garbage after JSON object, at character offset {offset}{before}");
    }
    let of_key = [
        "trailing comma",
        "key must be a string",
        "EOF while parsing an object",
    ];
    if of_key.iter().any(|start| message.starts_with(start)) {
        return format!("'\"' expected, at character offset {offset}{before}");
    }
    let message = "malformed JSON string, neither tag, array, object, number, string or atom";
    format!("{message}, at character offset {offset}{before}")
}

/// The members of a write. Parameters of the address are members too, and win.
pub(super) fn members(ask: &Ask) -> Result<Map<String, Value>, Reply> {
    let is_form = ask.content_type.starts_with("multipart/form-data");
    if !is_form && !ask.content_type.starts_with("application/json") {
        return Err(Reply::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let body = String::from_utf8_lossy(&ask.body);
    if is_form && body.is_empty() {
        return Err(Reply::bad(
            "Json is a required field for multipart/form-data",
        ));
    }
    let mut members = Map::new();
    if !body.is_empty() {
        if !is_form {
            check_json(&body, Value::is_object, "HASH")?;
        }
        members = serde_json::from_str(&body).map_err(|_| Reply::died())?;
    }
    // A reference stands for the number in it.
    for value in members.values_mut() {
        let is_whole = ["type", "id", "_url"]
            .iter()
            .all(|name| value.get(name).is_some());
        if let Some(id) = value.get("id").filter(|_| is_whole).cloned() {
            *value = id;
        }
    }
    for (name, value) in ask.query.address() {
        members.insert(name.clone(), Value::String(value.clone()));
    }
    Ok(members)
}

/// A value as Perl uses it in texts: numbers are written out, null is empty. Anything else is no text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A member as a text, if it is there and means something in Perl: neither empty nor 0.
pub(super) fn filled(members: &Map<String, Value>, name: &str) -> Option<String> {
    let text = members.get(name).and_then(text)?;
    (!text.is_empty() && text != "0").then_some(text)
}
