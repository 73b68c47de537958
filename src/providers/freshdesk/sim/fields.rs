//! The ticket form: `GET /ticket_fields` and what follows from it
//! (Freshdesk reference, section 8).

use serde_json::{Map, Value, json};

use super::custom_fields::is_custom;
use super::records::{Field, Ticket};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /ticket_fields`: all fields, or those of a type.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["type"])?;
    let kind = ask.query.get("type");
    let elements: Vec<Value> = world
        .fields
        .iter()
        .enumerate()
        .filter(|(_, field)| kind.is_none_or(|kind| field.kind == kind))
        .map(|(place, field)| json(world, field, place + 1))
        .collect();
    Ok(Reply::ok(&elements))
}

/// A field as the list shows it; `choices` is absent where there are none.
fn json(world: &World, field: &Field, position: usize) -> Value {
    let made_at = world.agents.values().next().map(|agent| agent.created_at);
    let mut json = json!({
        "id": field.id,
        "name": field.name,
        "label": field.label,
        "description": "",
        "position": position,
        "required_for_closure": field.required_for_closure,
        "required_for_agents": field.required_for_agents,
        "type": field.kind,
        "default": !is_custom(field),
        "customers_can_edit": true,
        "label_for_customers": field.customer_label,
        "required_for_customers": field.required_for_agents,
        "displayed_to_customers": true,
        "created_at": made_at,
        "updated_at": made_at,
    });
    if field.name == "requester" {
        json["portal_cc"] = Value::Bool(false);
        json["portal_cc_to"] = Value::String("company".to_owned());
    }
    let choices = live_choices(world, field);
    if !choices.is_null() {
        json["choices"] = choices;
    }
    if field.kind == "nested_field" {
        json["nested_ticket_fields"] = field
            .levels
            .iter()
            .enumerate()
            .map(|(place, name)| {
                json!({
                    "id": field.id + 100 + place as u64,
                    "name": name,
                    "description": "",
                    "label": name,
                    "label_in_portal": name,
                    "level": place + 2,
                    "ticket_field_id": field.id,
                    "created_at": made_at,
                    "updated_at": made_at,
                })
            })
            .collect();
    }
    json
}

/// The choices; those of people and things are read from them, label to id.
fn live_choices(world: &World, field: &Field) -> Value {
    let labels = |pairs: &mut dyn Iterator<Item = (&str, u64)>| {
        let pairs: Map<String, Value> = pairs
            .map(|(label, id)| (label.to_owned(), id.into()))
            .collect();
        Value::Object(pairs)
    };
    match field.name.as_str() {
        "group" => labels(&mut world.groups.values().map(|one| (one.name.as_str(), one.id))),
        "agent" => labels(&mut world.agents.values().map(|one| (one.name.as_str(), one.id))),
        "product" => labels(&mut world.products.iter().map(|(id, name)| (name.as_str(), *id))),
        _ => field.choices.clone(),
    }
}

/// The attribute of a ticket that a field stands for.
pub(super) fn attribute(field_name: &str) -> &str {
    match field_name {
        "requester" => "requester_id",
        "ticket_type" => "type",
        "group" => "group_id",
        "agent" => "responder_id",
        "product" => "product_id",
        "company" => "company_id",
        other => other,
    }
}

/// Whether a ticket has a value for a field.
pub(super) fn is_filled(ticket: &Ticket, field: &Field) -> bool {
    if is_custom(field) {
        return ticket.custom_fields.contains_key(&field.name);
    }
    match attribute(&field.name) {
        "subject" => ticket
            .subject
            .as_ref()
            .is_some_and(|text| !text.trim().is_empty()),
        "description" => !ticket.description_text.is_empty() || ticket.description.contains("<img"),
        "type" => ticket.kind.is_some(),
        "group_id" => ticket.group_id.is_some(),
        "responder_id" => ticket.responder_id.is_some(),
        "product_id" => ticket.product_id.is_some(),
        "company_id" => ticket.company_id.is_some(),
        _ => true,
    }
}

/// The message for a mandatory field that was not named: what it should be.
pub(super) fn expectation(field: &Field) -> String {
    let kind = match (attribute(&field.name), field.kind.as_str()) {
        ("group_id" | "responder_id" | "product_id" | "company_id", _) => "Positive Integer",
        (_, "custom_number") => "Integer",
        (_, "custom_decimal") => "Number",
        (_, "custom_checkbox") => "Boolean",
        (_, "custom_date") => "Date",
        _ => "String",
    };
    format!("It should be a/an {kind}")
}

/// The statuses of the account, smallest first.
pub(super) fn status_ids(world: &World) -> Vec<u64> {
    let choices = world
        .fields
        .iter()
        .find(|field| field.name == "status")
        .map(|field| &field.choices);
    let choices = choices.and_then(Value::as_object);
    let mut ids: Vec<u64> = choices
        .into_iter()
        .flat_map(Map::keys)
        .filter_map(|id| id.parse().ok())
        .collect();
    ids.sort_unstable();
    ids
}

/// The ticket types of the account.
pub(super) fn type_choices(world: &World) -> Vec<String> {
    let field = world
        .fields
        .iter()
        .find(|field| field.name == "ticket_type");
    let choices = field.and_then(|field| field.choices.as_array());
    choices
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
