//! The history of tickets: what audits tell of a change (Zendesk reference, section 4).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::records::{Event, Ticket};
use super::world::World;

impl World {
    /// The `Change` events between two states of a ticket (section 4).
    pub(super) fn changes(&mut self, before: &Traits, after: &Traits) -> Vec<Event> {
        let mut events = Vec::new();
        let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let value = after.get(name).unwrap_or(&Value::Null);
            let previous = before.get(name).unwrap_or(&Value::Null);
            if previous != value {
                let mut body = Map::new();
                body.insert("id".to_owned(), json!(self.new_id()));
                body.insert("type".to_owned(), json!("Change"));
                body.insert("value".to_owned(), value.clone());
                body.insert("field_name".to_owned(), json!(name));
                body.insert("previous_value".to_owned(), previous.clone());
                events.push(Event::Other(body));
            }
        }
        events
    }

    /// The `Create` events of a new ticket: what is set (section 4).
    pub(super) fn creations(&mut self, traits: &Traits) -> Vec<Event> {
        let mut events = Vec::new();
        for (name, value) in traits.iter().filter(|(_, value)| !value.is_null()) {
            let mut body = Map::new();
            body.insert("id".to_owned(), json!(self.new_id()));
            body.insert("type".to_owned(), json!("Create"));
            body.insert("value".to_owned(), value.clone());
            body.insert("field_name".to_owned(), json!(name));
            events.push(Event::Other(body));
        }
        events
    }
}

/// What audits tell of a ticket, by field name. Ids are texts there (section 1).
pub(super) type Traits = BTreeMap<String, Value>;

/// What audits would tell of a ticket as it is.
pub(super) fn traits_of(ticket: &Ticket) -> Traits {
    let id = |id: Option<u64>| id.map_or(Value::Null, |id| json!(id.to_string()));
    let status = match &ticket.deleted {
        Some(_) => json!("deleted"),
        None => json!(ticket.status),
    };
    let mut traits: Traits = [
        ("subject", json!(ticket.subject)),
        ("type", json!(ticket.kind)),
        ("priority", json!(ticket.priority)),
        ("status", status),
        ("custom_status_id", id(Some(ticket.custom_status_id))),
        ("requester_id", id(Some(ticket.requester_id))),
        ("assignee_id", id(ticket.assignee_id)),
        ("organization_id", id(ticket.organization_id)),
        ("group_id", id(ticket.group_id)),
        ("problem_id", id(ticket.problem_id)),
        ("external_id", json!(ticket.external_id)),
        ("due_at", json!(ticket.due_at)),
        ("tags", json!(ticket.tags)),
        ("brand_id", id(Some(ticket.brand_id))),
        ("ticket_form_id", id(Some(ticket.ticket_form_id))),
        ("email_cc_ids", json!(ticket.email_cc_ids)),
        ("follower_ids", json!(ticket.follower_ids)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let custom = ticket.custom_fields.iter();
    traits.extend(custom.map(|(id, value)| (id.to_string(), value.clone())));
    traits
}
