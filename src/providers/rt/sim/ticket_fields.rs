//! Writing custom fields of tickets (facts, 4).

use serde_json::{Map, Value};

use super::body;
use super::records_people::{CustomField, FieldKind};
use super::reply::Reply;
use super::world::World;
use super::world_tickets::Change;

/// A value; an empty one is null when it is read.
type Content = Option<String>;

/// A value as the field keeps it: one of a list is spelled as the list spells it, and must be in it.
fn kept(field: &CustomField, text: String) -> Option<Content> {
    if text.is_empty() {
        return Some(None);
    }
    let FieldKind::SelectOne(choices) = &field.kind else {
        return Some(Some(text));
    };
    let choice = choices
        .iter()
        .find(|choice| choice.eq_ignore_ascii_case(&text));
    choice.map(|choice| Some(choice.clone()))
}

/// The values of a new ticket: what cannot be is dropped (trap 7).
pub(super) fn of_new(world: &World, fields: &Map<String, Value>) -> Vec<(u64, Vec<Content>)> {
    let mut read = Vec::new();
    for (name, value) in fields {
        let Some(field) = world.custom_field(name) else {
            continue;
        };
        let values = match value {
            Value::Array(values) => values.as_slice(),
            value => std::slice::from_ref(value),
        };
        let texts = values.iter().filter_map(body::text);
        let mut kept: Vec<Content> = texts
            .filter(|text| !text.is_empty())
            .filter_map(|text| kept(field, text))
            .collect();
        let mut seen = Vec::new();
        kept.retain(|value| {
            let is_new = !seen.contains(value);
            seen.push(value.clone());
            is_new
        });
        if field.kind.is_one() {
            // Each replaces the one before.
            kept.drain(..kept.len().saturating_sub(1));
        }
        if !kept.is_empty() {
            read.push((field.id, kept));
        }
    }
    read
}

/// Sets the values of a ticket. A value of a wrong type kills the request, after what was changed before.
pub(super) fn update(
    world: &mut World,
    by: u64,
    id: u64,
    fields: &Map<String, Value>,
) -> Result<Vec<Option<String>>, Reply> {
    let mut messages = Vec::new();
    for (name, value) in fields {
        let Some(field) = world.custom_field(name).cloned() else {
            continue;
        };
        let old = world
            .tickets
            .get(&id)
            .and_then(|ticket| ticket.fields.get(&field.id).cloned());
        let old = old.unwrap_or_default();
        let (values, told) = if field.kind.is_one() {
            single(&field, &old, value)?
        } else {
            many(&field, &old, value)?
        };
        messages.extend(told);
        if values != old {
            world.apply(by, id, Change::Field(field.id, values));
        }
    }
    Ok(messages)
}

/// The values of a field that has one, and what is told of it.
fn single(
    field: &CustomField,
    old: &[Content],
    value: &Value,
) -> Result<(Vec<Content>, Vec<Option<String>>), Reply> {
    let name = &field.name;
    let current = old.first().cloned().flatten();
    if let (Value::Null, Some(current)) = (value, &current) {
        let message = format!("{current} is no longer a value for custom field {name}");
        return Ok((Vec::new(), vec![Some(message)]));
    }
    let value = match value {
        Value::Array(values) => values.first().unwrap_or(&Value::Null),
        value => value,
    };
    let text = body::text(value).ok_or_else(Reply::died)?;
    let Some(content) = kept(field, text) else {
        return Ok((
            old.to_vec(),
            vec![Some("Invalid value for custom field".to_owned())],
        ));
    };
    if content == current && !old.is_empty() {
        return Ok((old.to_vec(), Vec::new()));
    }
    let new = content.clone().unwrap_or_default();
    let message = match current {
        Some(current) if content.is_none() => format!("{name} {current} deleted"),
        Some(current) => format!("{name} {current} changed to {new}"),
        None => format!("{name} {new} added"),
    };
    Ok((vec![content], vec![Some(message)]))
}

/// The values of a field that has many, and what is told of each that comes or goes. A null counts twice, once as
/// itself and once as the empty text that it is as a key.
fn many(
    field: &CustomField,
    old: &[Content],
    value: &Value,
) -> Result<(Vec<Content>, Vec<Option<String>>), Reply> {
    let name = &field.name;
    let given = match value {
        Value::Array(values) => values.as_slice(),
        value => std::slice::from_ref(value),
    };
    let mut wanted: Vec<Content> = Vec::new();
    let mut messages = Vec::new();
    for value in given {
        let text = body::text(value).ok_or_else(Reply::died)?;
        let content = Some(text).filter(|text| !text.is_empty());
        let is_again = wanted.contains(&content) && content.is_some();
        if is_again {
            messages.push(None);
            continue;
        }
        wanted.push(content);
        if value.is_null() {
            wanted.push(None);
        }
    }
    let mut left = old.to_vec();
    let mut added = Vec::new();
    for content in wanted {
        if let Some(place) = left.iter().position(|one| *one == content) {
            left.remove(place);
            continue;
        }
        let text = content.clone().unwrap_or_default();
        messages.push(Some(format!("{text} added as a value for {name}")));
        added.push(content);
    }
    let mut values = old.to_vec();
    left.sort_unstable();
    for content in left {
        let text = content.clone().unwrap_or_default();
        messages.push(Some(format!(
            "{text} is no longer a value for custom field {name}"
        )));
        if let Some(place) = values.iter().position(|one| *one == content) {
            values.remove(place);
        }
    }
    values.extend(added);
    Ok((values, messages))
}
