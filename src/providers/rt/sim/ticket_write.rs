//! Creating and deleting tickets, and adding replies and comments.

use http::StatusCode;
use serde_json::{Map, Value};

use super::body::{self, filled};
use super::cells::{Object, View};
use super::message::{Kind, Part};
use super::records::DELETED;
use super::records_people::Right;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_attributes;
use super::ticket_draft;
use super::ticket_fields;
use super::ticket_update;
use super::ticket_watchers;
use super::tickets;
use super::world::World;
use super::world_tickets::Change;

/// `POST /ticket`.
pub(super) fn create(world: &mut World, ask: &Ask) -> Answer {
    let members = body::members(ask)?;
    let new = ticket_draft::read(world, ask.caller, &members, ask.files.clone())?;
    let id = world.create_ticket(ask.caller, new);
    let reference = View { world, ask }.reference(Object::Ticket(id));
    Ok(Reply::created(
        &reference.into(),
        format!("/REST/2.0/ticket/{id}"),
    ))
}

/// `POST /ticket/N` creates a ticket with the next number, unless there is one with this.
pub(super) fn create_at(world: &mut World, ask: &Ask, id: u64) -> Answer {
    if tickets::find(world, id).is_some() {
        let message = "Resource already exists; use PUT to update";
        return Err(Reply::refused(StatusCode::CONFLICT, message));
    }
    create(world, ask)
}

/// The refusal of `PUT` where there is nothing.
pub(super) fn nothing_to_update() -> Reply {
    let message = "Resource does not exist; use POST to create";
    Reply::refused(StatusCode::NOT_FOUND, message)
}

/// `PUT /ticket/N`, and with an action `PUT /ticket/N/take` and the like.
pub(super) fn update(world: &mut World, ask: &Ask, id: u64, action: Option<&str>) -> Answer {
    let members = body::members(ask)?;
    let id = tickets::find(world, id)
        .map(|ticket| ticket.id)
        .ok_or_else(nothing_to_update)?;
    let messages = ticket_update::update(world, ask.caller, id, action, &members)?;
    Ok(Reply::messages(&messages))
}

/// `DELETE /ticket/N`. What cannot be deleted, because it is or for lack of a right, is an error of the server's
/// (trap 10).
pub(super) fn delete(world: &mut World, ask: &Ask, id: u64) -> Answer {
    let ticket = tickets::find(world, id).ok_or_else(Reply::not_found)?;
    let (id, is_deleted) = (ticket.id, ticket.status == DELETED);
    if is_deleted || !world.may(ask.caller, Right::Delete, ticket.queue) {
        return Err(Reply::internal());
    }
    world.apply(ask.caller, id, Change::Status(DELETED.to_owned()));
    Ok(Reply::no_content())
}

/// `POST /ticket/N/correspond` and `/comment`.
pub(super) fn add_message(world: &mut World, ask: &Ask, id: u64, kind: Kind) -> Answer {
    let (members, part) = message(ask)?;
    let Some(ticket) = tickets::find(world, id) else {
        return Err(Reply::bad("Message could not be recorded"));
    };
    let (id, queue) = (ticket.id, ticket.queue);
    let right = match kind {
        Kind::Correspond => Right::Reply,
        Kind::Comment => Right::Comment,
    };
    if !world.may(ask.caller, right, queue) {
        return Err(Reply::bad("Permission Denied"));
    }
    let subject = filled(&members, "Subject").unwrap_or_default();
    let minutes = filled(&members, "TimeTaken").and_then(|minutes| minutes.parse().ok());
    let transaction_id =
        world.write_message(ask.caller, id, kind, &subject, part, minutes.unwrap_or(0));
    let mut messages = vec![Some(match kind {
        Kind::Correspond => "Correspondence added".to_owned(),
        Kind::Comment => "Comments added".to_owned(),
    })];
    if let Some(fields) = members.get("CustomFields").and_then(Value::as_object) {
        messages.extend(ticket_fields::update(world, ask.caller, id, fields)?);
    }
    for role in ticket_watchers::ROLES {
        if let Some(value) = members.get(role) {
            let told = ticket_watchers::update(world, ask.caller, id, role, value)?;
            messages.extend(told.into_iter().map(Some));
        }
    }
    if let Some(status) = filled(&members, "Status") {
        messages.extend(ticket_attributes::set_status(world, ask.caller, id, &status).map(Some));
    }
    Ok(Reply::added(
        &messages,
        format!("/REST/2.0/transaction/{transaction_id}"),
    ))
}

/// Reads a message: JSON, a form with JSON and files, or the body itself as text.
fn message(ask: &Ask) -> Result<(Map<String, Value>, Part), Reply> {
    let kind = ask
        .content_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    let members: Map<String, Value> = match kind {
        "text/plain" | "text/html" => {
            let text = String::from_utf8_lossy(&ask.body);
            return Ok((Map::new(), Part::body(kind, &text)));
        }
        "multipart/form-data" if ask.body.is_empty() => {
            return Err(Reply::bad(
                "JSON is a required field for multipart/form-data",
            ));
        }
        // Broken JSON is not looked for here before it kills the request (trap 10).
        "application/json" | "multipart/form-data" => {
            serde_json::from_slice(&ask.body).map_err(|_| Reply::died())?
        }
        _ => return Err(Reply::plain(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    };
    let required =
        |name: &str| format!("{name} is a required field for each attachment in Attachments");
    let mut files = ticket_draft::attachments(&members, |_| Reply::died(), required)?;
    files.extend(ask.files.clone());
    let Some(content) = filled(&members, "Content") else {
        return Ok((members, Part::mixed(Part::empty(), files)));
    };
    let Some(content_type) = filled(&members, "ContentType") else {
        return Err(Reply::bad(
            "ContentType is a required field for application/json",
        ));
    };
    let content = content.replace("\r\n", "\n");
    let part = Part::mixed(Part::body(&content_type, &content), files);
    Ok((members, part))
}
