//! Changing tickets: everything is answered with 200 and words for people, whether it was done or not (trap 5).

use serde_json::{Map, Value};

use super::body;
use super::records::{NOBODY, Ticket};
use super::records_people::Right;
use super::reply::Reply;
use super::ticket_attributes::{attribute, changed};
use super::ticket_fields;
use super::ticket_watchers;
use super::world::{Note, World};
use super::world_tickets::Change;

/// The attributes that can be changed, in the order in which they are.
const ATTRIBUTES: [&str; 9] = [
    "Due",
    "Owner",
    "Priority",
    "Queue",
    "Status",
    "Subject",
    "TimeEstimated",
    "TimeLeft",
    "TimeWorked",
];

/// Changes a ticket. What dies in the middle leaves what was changed before.
pub(super) fn update(
    world: &mut World,
    by: u64,
    id: u64,
    action: Option<&str>,
    members: &Map<String, Value>,
) -> Result<Vec<Option<String>>, Reply> {
    let mut messages: Vec<Option<String>> = Vec::new();
    if let Some(action) = action {
        messages.push(Some(change_hands(world, by, id, action)));
    }
    for name in ATTRIBUTES {
        let value = members.get(name).filter(|value| !value.is_null());
        // A list of owners is the name of nobody.
        let text = value.and_then(|value| match value {
            Value::Array(_) if name == "Owner" => Some("ARRAY".to_owned()),
            value => body::text(value),
        });
        if let Some(text) = text {
            let told = attribute(world, by, id, name, &text);
            messages.extend(told.map(|told| Some(format!("Ticket {id}: {told}"))));
        }
    }
    if let Some(fields) = members.get("CustomFields").and_then(Value::as_object) {
        messages.extend(ticket_fields::update(world, by, id, fields)?);
    }
    for role in ticket_watchers::ROLES {
        if let Some(value) = members.get(role) {
            let told = ticket_watchers::update(world, by, id, role, value)?;
            messages.extend(told.into_iter().map(Some));
        }
    }
    let others = match members.get("RefersTo") {
        Some(Value::Array(others)) => others.clone(),
        Some(other) => vec![other.clone()],
        None => Vec::new(),
    };
    for other in others {
        messages.extend(refer(world, by, id, &other).map(Some));
    }
    if let Some(into) = body::filled(members, "MergeInto") {
        messages.push(Some(merge(world, by, id, &into)));
    }
    Ok(messages)
}

/// Takes a ticket, gives it back, or takes it from another.
fn change_hands(world: &mut World, by: u64, id: u64, action: &str) -> String {
    let owner = world.tickets.get(&id).map_or(NOBODY, |ticket| ticket.owner);
    let new = match action {
        "take" | "untake" if owner == if action == "take" { by } else { NOBODY } => {
            return "That user already owns that ticket".to_owned();
        }
        "take" if owner != NOBODY => {
            return "You can only take tickets that are unowned".to_owned();
        }
        "steal" if owner == by => return "You already own this ticket".to_owned(),
        "steal" if owner == NOBODY => {
            return "You can only steal a ticket owned by someone else".to_owned();
        }
        "untake" if owner != by => {
            let message = "You can only reassign tickets that you own or that are unowned";
            return message.to_owned();
        }
        "untake" => NOBODY,
        _ => by,
    };
    world.apply(by, id, Change::Owner(new));
    let [old, new] = [owner, new].map(|owner| world.login(owner));
    changed(world, "Owner", &old, &new)
}

/// Refers to another ticket, which is changed too (trap 2).
fn refer(world: &mut World, by: u64, id: u64, other: &Value) -> Option<String> {
    let other: u64 = body::text(other)?.parse().ok()?;
    let Some(target) = world.tickets.get(&other) else {
        return Some(format!("Couldn't resolve '{other}' into a link."));
    };
    if !world.may(by, Right::Modify, target.queue) {
        return Some("Permission denied".to_owned());
    }
    let ticket = world.tickets.get(&id)?;
    if ticket.links.contains(&("refers-to", other)) {
        return None;
    }
    for (from, to, name, field) in [
        (id, other, "refers-to", "RefersTo"),
        (other, id, "referred-to-by", "ReferredToBy"),
    ] {
        world.begin(from);
        if let Some(ticket) = world.tickets.get_mut(&from) {
            ticket.links.push((name, to));
        }
        let note = Note {
            kind: "AddLink",
            field: field.to_owned(),
            new_value: format!("fsck.com-rt://localhost/ticket/{to}"),
            ..Note::default()
        };
        world.note(by, "RT::Ticket", from, note);
        world.touch(by, from);
    }
    Some(format!("Ticket {id} refers to Ticket {other}."))
}

/// Merges a ticket into another (trap 8).
fn merge(world: &mut World, by: u64, id: u64, into: &str) -> String {
    let into = into.parse().unwrap_or(0);
    let may = |ticket: &Ticket| world.may(by, Right::Modify, ticket.queue);
    if id == into {
        return "Can't merge a ticket into itself".to_owned();
    }
    match world.tickets.get(&into) {
        None => "New ticket doesn't exist".to_owned(),
        // What may not be seen has no type that can be read.
        Some(ticket) if !may(ticket) => "Only tickets can be merged".to_owned(),
        Some(_) => {
            world.merge(by, id, into);
            "Merge Successful".to_owned()
        }
    }
}
