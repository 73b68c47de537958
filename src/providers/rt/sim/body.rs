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
        Ok(_) => Err(Reply::bad(&format!("JSON object must be a {name}"))),
        Err(error) => {
            let offset = if error.is_eof() {
                body.trim_end().len()
            } else {
                error.column().saturating_sub(1)
            };
            let message = "JSON parse error: malformed JSON string, neither tag, array, object, number, string or atom";
            Err(Reply::bad(&format!(
                "{message}, at character offset {offset}\n"
            )))
        }
    }
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
