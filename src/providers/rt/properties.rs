//! Custom fields: lists of texts in RT, a text or a list of them in the API.

use serde_json::{Value, json};

use crate::model::patch::Patch;
use crate::model::ticket::{CustomProperty, Ticket, TicketPatch};
use crate::provider::Result;
use crate::provider::error::{Kind, ProviderError};
use crate::providers::rt::translate::kept;

/// The values of a custom field as texts; none where one is neither a text nor a number.
fn values(property: &CustomProperty) -> Option<Vec<String>> {
    let value: Value = serde_json::from_str(property.value.get()).ok()?;
    let text = |value: &Value| match value {
        Value::String(text) => Some(kept(text)),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let values = match &value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().map(text).collect::<Option<_>>()?,
        one => vec![text(one)?],
    };
    Some(values.into_iter().filter(|text| !text.is_empty()).collect())
}

/// Whether two lists hold the same values, in any order.
fn same(new: &[String], old: &[String]) -> bool {
    let sorted = |list: &[String]| {
        let mut list = list.to_vec();
        list.sort();
        list.dedup();
        list
    };
    sorted(new) == sorted(old)
}

/// The same in lower case: RT gives a choice the letter case that the field has.
fn lower(list: Vec<String>) -> Vec<String> {
    list.into_iter().map(|text| text.to_lowercase()).collect()
}

/// A custom field of a ticket.
fn of<'a>(ticket: &'a Ticket, id: &str) -> Option<&'a CustomProperty> {
    let mut properties = ticket.custom_properties.iter();
    properties.find(|property| property.id == id)
}

/// The values that are wanted of a custom field, and those that a ticket has.
fn pair(property: &CustomProperty, ticket: &Ticket) -> Option<(Vec<String>, Vec<String>)> {
    let old = of(ticket, &property.id).map_or(Some(Vec::new()), values);
    values(property).zip(old)
}

/// Whether a ticket has all the values that a patch names, as RT keeps them.
pub(super) fn are_kept(wanted: &TicketPatch, ticket: &Ticket) -> bool {
    let is_kept = |property: &CustomProperty| {
        pair(property, ticket).is_some_and(|(new, old)| same(&lower(new), &lower(old)))
    };
    let named = wanted.custom_properties.value();
    named.is_none_or(|named| named.iter().all(is_kept))
}

/// Leaves out of a patch what a ticket has already: an empty value that is emptied would become a value (facts, 4).
pub(super) fn without_kept(wanted: &mut TicketPatch, ticket: &Ticket) {
    let is_kept = |property: &CustomProperty| {
        pair(property, ticket).is_some_and(|(new, old)| same(&new, &old))
    };
    if let Patch::Set(named) = &mut wanted.custom_properties {
        named.retain(|property| !is_kept(property));
    }
}

/// Refuses a custom field that the tickets of a queue do not have: RT would drop it without a word.
pub(super) fn check(wanted: &TicketPatch, known: &[String]) -> Result<()> {
    let mut named = wanted.custom_properties.value().into_iter().flatten();
    let Some(unknown) = named.find(|property| !known.contains(&property.id)) else {
        return Ok(());
    };
    let id = &unknown.id;
    let message = format!("custom_properties: the tickets of this group have no field {id:?}");
    Err(ProviderError::new(Kind::Invalid, message))
}

/// A value as it is written; none for an empty one of a new ticket.
pub(super) fn written(
    property: &CustomProperty,
    current: Option<&Ticket>,
) -> Result<Option<Value>> {
    let CustomProperty { id, value } = property;
    let values = values(property).ok_or_else(|| {
        let message = format!(
            "custom_properties: the value of {id:?} must be null, a text, a number or a list of these"
        );
        ProviderError::new(Kind::InvalidParameter, message)
    })?;
    let is_list = value.get().starts_with('[');
    Ok(match (values.as_slice(), current) {
        ([], None) => None,
        ([], Some(current)) => {
            // A field of many values is emptied by an empty list, one of a single value by null.
            let old = of(current, id).is_some_and(|old| old.value.get().starts_with('['));
            Some(if old { json!([]) } else { Value::Null })
        }
        ([value], _) if !is_list => Some(json!(value)),
        (values, _) => Some(json!(values)),
    })
}
