//! Custom fields, which are merged, and tags, which are replaced (Zendesk reference, sections 3 and 4).

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::{Value, json};

use super::records::Ticket;
use super::records_people::TicketField;
use super::reply::Problems;
use super::switches::UnknownReferences;
use super::ticket_draft::Draft;
use super::world::World;

/// Sets custom fields and tags.
pub(super) fn apply(world: &World, draft: &Draft, ticket: &mut Ticket, problems: &mut Problems) {
    if let Some(tags) = draft.tags.value() {
        ticket.tags = normalised(world, tags);
    } else if draft.tags.is_said() {
        ticket.tags.clear();
    }
    let mut set = BTreeSet::new();
    for (id, value) in &draft.custom_fields {
        let field = world.ticket_fields.get(id).filter(|field| field.custom);
        let Some(field) = field else {
            if world.switches.unknown_references == UnknownReferences::Refused {
                let text = format!("Custom field {id}: is invalid");
                problems.add("base", &text, Some("InvalidValue"));
            }
            continue;
        };
        set.insert(*id);
        match read(field, value) {
            Some(Value::Null) => {
                let old = ticket.custom_fields.remove(id);
                swap_tags(world, field, old.as_ref(), None, ticket);
            }
            Some(value) => {
                let old = ticket.custom_fields.insert(*id, value.clone());
                swap_tags(world, field, old.as_ref(), Some(&value), ticket);
            }
            None => problems.add_whole(
                "base",
                json!({
                    "description": format!("{}: is invalid", field.title),
                    "error": "InvalidValue",
                    "ticket_field_id": field.id,
                    "ticket_field_type": "FieldCustom",
                }),
            ),
        }
    }
    if draft.tags.is_said() && world.switches.dropdowns_are_tags {
        empty_untagged(world, &set, ticket);
    }
}

/// Adds tags and takes tags away: `additional_tags` and `remove_tags`, only in calls on many (section 3).
pub(super) fn retag(world: &World, draft: &Draft, ticket: &mut Ticket) {
    let mut tags = ticket.tags.clone();
    tags.extend(draft.additional_tags.iter().cloned());
    let gone = normalised(world, &draft.remove_tags);
    tags.retain(|tag| !gone.contains(tag));
    ticket.tags = normalised(world, &tags);
}

/// Tags as they are kept: lower-cased, without blanks, once, sorted (section 15).
pub(super) fn normalised(world: &World, tags: &[String]) -> Vec<String> {
    let mut kept = BTreeSet::new();
    for tag in tags {
        if world.switches.tags_are_normalised {
            kept.extend(tag.split_whitespace().map(str::to_lowercase));
        } else if !tag.is_empty() {
            kept.insert(tag.clone());
        }
    }
    kept.into_iter().collect()
}

/// Exchanges the tags of a drop-down's values.
fn swap_tags(
    world: &World,
    field: &TicketField,
    old: Option<&Value>,
    new: Option<&Value>,
    ticket: &mut Ticket,
) {
    if !world.switches.dropdowns_are_tags || !is_tagged(field) {
        return;
    }
    let gone: Vec<String> = old.map(values).unwrap_or_default();
    let mut tags: BTreeSet<String> = std::mem::take(&mut ticket.tags).into_iter().collect();
    tags.retain(|tag| !gone.contains(tag));
    tags.extend(new.map(values).unwrap_or_default());
    ticket.tags = tags.into_iter().collect();
}

/// Empties drop-downs whose tag was taken away, but for those that were just set.
fn empty_untagged(world: &World, set: &BTreeSet<u64>, ticket: &mut Ticket) {
    let tags = ticket.tags.clone();
    ticket.custom_fields.retain(|id, value| {
        let field = world.ticket_fields.get(id);
        !field.is_some_and(is_tagged)
            || set.contains(id)
            || values(value).iter().all(|value| tags.contains(value))
    });
}

/// Whether a field's values are tags.
fn is_tagged(field: &TicketField) -> bool {
    matches!(field.kind.as_str(), "tagger" | "multiselect")
}

/// The values in a value.
fn values(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => {
            let texts = list.iter().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// A value as the field keeps it; `None` if it does not take it.
fn read(field: &TicketField, value: &Value) -> Option<Value> {
    let is_choice = |text: &str| field.choices.iter().any(|(_, _, choice)| choice == text);
    match (field.kind.as_str(), value) {
        ("checkbox", Value::Null) => Some(json!(false)),
        (_, Value::Null) => Some(Value::Null),
        (_, Value::String(text)) if text.is_empty() => Some(Value::Null),
        ("checkbox", Value::Bool(_))
        | ("decimal", Value::Number(_))
        | ("text" | "textarea" | "regexp", Value::String(_)) => Some(value.clone()),
        ("checkbox", Value::String(text)) => text.parse::<bool>().ok().map(|truth| json!(truth)),
        ("integer", Value::Number(number)) if number.is_i64() => Some(value.clone()),
        ("integer", Value::String(text)) => text.parse::<i64>().ok().map(|number| json!(number)),
        ("decimal", Value::String(text)) => text.parse::<f64>().ok().map(|_| value.clone()),
        ("date", Value::String(text)) => text.parse::<Date>().ok().map(|_| value.clone()),
        ("tagger", Value::String(text)) => is_choice(text).then(|| value.clone()),
        ("multiselect", Value::Array(list)) => list
            .iter()
            .all(|one| one.as_str().is_some_and(is_choice))
            .then(|| value.clone()),
        _ => None,
    }
}
