//! What search compares, by the name of the property (Zendesk reference, section 10).

use serde_json::Value;

use super::records::Ticket;
use super::records_people::{Group, Organization, User};
use super::search_grammar::Cell;
use super::world::World;

/// From lowest to highest.
pub(super) const PRIORITIES: [&str; 4] = ["low", "normal", "high", "urgent"];

/// In the order of a ticket's life.
pub(super) const STATUSES: [&str; 6] = ["new", "open", "pending", "hold", "solved", "closed"];

/// A ticket's value. Without a property, all its texts are searched.
pub(super) fn of_ticket(
    world: &World,
    ticket: &Ticket,
    caller: u64,
    property: Option<&str>,
) -> Cell {
    let person = |ids: &[u64]| {
        Cell::Names(
            ids.iter()
                .flat_map(|id| person(world, *id, caller))
                .collect(),
        )
    };
    let Some(property) = property else {
        return Cell::Text(text_of(ticket));
    };
    match property {
        "status" => Cell::Step(&STATUSES, Some(ticket.status.clone())),
        "priority" => Cell::Step(&PRIORITIES, ticket.priority.clone()),
        "ticket_type" => Cell::Names(ticket.kind.clone().into_iter().collect()),
        "created" => Cell::Moment(Some(ticket.created_at)),
        "updated" => Cell::Moment(Some(ticket.updated_at)),
        "solved" => Cell::Moment(solved_at(ticket)),
        "due_date" => Cell::Moment(ticket.due_at),
        "requester" => person(&[ticket.requester_id]),
        "submitter" => person(&[ticket.submitter_id]),
        "assignee" => person(ticket.assignee_id.as_slice()),
        "cc" => person(&ticket.email_cc_ids),
        "follower" => person(&ticket.follower_ids),
        "commenter" => {
            let authors = ticket
                .comments
                .iter()
                .filter_map(|comment| comment.author_id);
            person(&authors.collect::<Vec<u64>>())
        }
        "group" => {
            let group = ticket.group_id.and_then(|id| world.groups.get(&id));
            Cell::Names(
                group
                    .map(|one| [one.id.to_string(), one.name.clone()])
                    .into_iter()
                    .flatten()
                    .collect(),
            )
        }
        "organization" => Cell::Names(organization(world, ticket.organization_id)),
        "tags" => Cell::Names(ticket.tags.clone()),
        "subject" => Cell::Text(ticket.subject.clone().unwrap_or_default()),
        "description" => Cell::Text(ticket.description.clone()),
        "comment" => {
            let bodies: Vec<&str> = ticket
                .comments
                .iter()
                .map(|one| one.plain_body.as_str())
                .collect();
            Cell::Text(bodies.join("\n"))
        }
        "via" => Cell::Names(vec![ticket.via.channel.clone()]),
        "external_id" => Cell::Names(ticket.external_id.clone().into_iter().collect()),
        "brand" => Cell::Names(vec![ticket.brand_id.to_string()]),
        "form" => Cell::Names(vec![ticket.ticket_form_id.to_string()]),
        "custom_status_id" => Cell::Names(vec![ticket.custom_status_id.to_string()]),
        "fieldvalue" => Cell::Names(ticket.custom_fields.values().filter_map(plain).collect()),
        other => {
            let id = other
                .strip_prefix("custom_field_")
                .and_then(|id| id.parse().ok());
            match id.filter(|id| world.ticket_fields.contains_key(id)) {
                Some(id) => Cell::Names(
                    ticket
                        .custom_fields
                        .get(&id)
                        .and_then(plain)
                        .into_iter()
                        .collect(),
                ),
                None => Cell::Unknown,
            }
        }
    }
}

/// A user's value. Without a property, name, addresses and the like are compared loosely.
pub(super) fn of_user(world: &World, user: &User, caller: u64, property: Option<&str>) -> Cell {
    let addresses = user.identities.iter().filter(|one| one.kind == "email");
    let emails: Vec<String> = addresses.map(|one| one.value.clone()).collect();
    let optional = |text: &Option<String>| Cell::Text(text.clone().unwrap_or_default());
    let Some(property) = property else {
        let mut texts = vec![user.name.clone(), user.id.to_string()];
        texts.extend(emails);
        let more = [
            &user.phone,
            &user.alias,
            &user.external_id,
            &user.details,
            &user.notes,
        ];
        texts.extend(more.into_iter().flatten().cloned());
        return Cell::Loose(texts.join(" "));
    };
    match property {
        "name" => Cell::Text(user.name.clone()),
        "email" => Cell::Names(emails),
        "user" => Cell::Names(person(world, user.id, caller)),
        "role" => Cell::Names(vec![user.role.clone()]),
        "phone" => Cell::Names(user.phone.clone().into_iter().collect()),
        "external_id" => Cell::Names(user.external_id.clone().into_iter().collect()),
        "details" => optional(&user.details),
        "notes" => optional(&user.notes),
        "tags" => Cell::Names(user.tags.clone()),
        "organization" => Cell::Names(organization(world, user.organization_id)),
        "group" => {
            let groups = world
                .groups
                .values()
                .filter(|group| world.is_in_group(user.id, group.id));
            Cell::Names(
                groups
                    .flat_map(|one| [one.id.to_string(), one.name.clone()])
                    .collect(),
            )
        }
        "is_verified" => Cell::Names(vec![user.verified.to_string()]),
        "is_suspended" => Cell::Names(vec![user.suspended.to_string()]),
        "created" => Cell::Moment(Some(user.created_at)),
        "updated" => Cell::Moment(Some(user.updated_at)),
        _ => Cell::Unknown,
    }
}

/// A group's value.
pub(super) fn of_group(group: &Group, property: Option<&str>) -> Cell {
    match property {
        None | Some("name") => Cell::Text(group.name.clone()),
        Some("created") => Cell::Moment(Some(group.created_at)),
        Some("updated") => Cell::Moment(Some(group.updated_at)),
        Some(_) => Cell::Unknown,
    }
}

/// An organization's value.
pub(super) fn of_organization(organization: &Organization, property: Option<&str>) -> Cell {
    let optional = |text: &Option<String>| Cell::Text(text.clone().unwrap_or_default());
    match property {
        None => {
            let mut texts = vec![organization.name.as_str()];
            texts.extend(organization.details.as_deref());
            texts.extend(organization.notes.as_deref());
            texts.extend(organization.external_id.as_deref());
            Cell::Text(texts.join("\n"))
        }
        Some("name") => Cell::Text(organization.name.clone()),
        Some("external_id") => Cell::Names(organization.external_id.clone().into_iter().collect()),
        Some("tags") => Cell::Names(organization.tags.clone()),
        Some("details") => optional(&organization.details),
        Some("notes") => optional(&organization.notes),
        Some("created") => Cell::Moment(Some(organization.created_at)),
        Some("updated") => Cell::Moment(Some(organization.updated_at)),
        Some(_) => Cell::Unknown,
    }
}

/// What a person goes by: id, name, addresses, and `me` of the one who asks.
fn person(world: &World, id: u64, caller: u64) -> Vec<String> {
    let mut names = vec![id.to_string()];
    if id == caller {
        names.push("me".to_owned());
    }
    if let Some(user) = world.users.get(&id) {
        names.push(user.name.clone());
        let addresses = user.identities.iter().filter(|one| one.kind == "email");
        names.extend(addresses.map(|one| one.value.clone()));
    }
    names
}

/// What an organization goes by.
fn organization(world: &World, id: Option<u64>) -> Vec<String> {
    let found = id.and_then(|id| world.organizations.get(&id));
    found
        .map(|one| vec![one.id.to_string(), one.name.clone()])
        .unwrap_or_default()
}

/// The value of a custom field as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        other => Some(other.to_string()),
    }
}

/// When a ticket was last solved, by its history.
fn solved_at(ticket: &Ticket) -> Option<jiff::Timestamp> {
    let is_solving = |event: &super::records::Event| match event {
        super::records::Event::Comment(_) => false,
        super::records::Event::Other(event) => {
            event.get("field_name").and_then(Value::as_str) == Some("status")
                && event.get("value").and_then(Value::as_str) == Some("solved")
        }
    };
    let mut newest_first = ticket.audits.iter().rev();
    let audit = newest_first.find(|audit| audit.events.iter().any(is_solving))?;
    matches!(ticket.status.as_str(), "solved" | "closed").then_some(audit.created_at)
}

/// All texts of a ticket.
fn text_of(ticket: &Ticket) -> String {
    let mut texts = vec![ticket.id.to_string()];
    texts.extend(ticket.subject.clone());
    texts.push(ticket.description.clone());
    texts.extend(
        ticket
            .comments
            .iter()
            .map(|comment| comment.plain_body.clone()),
    );
    texts.extend(ticket.tags.iter().cloned());
    texts.join("\n")
}
