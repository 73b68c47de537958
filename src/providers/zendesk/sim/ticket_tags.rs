//! The tags of a ticket as a resource (Zendesk reference, section 4).

use serde_json::json;

use super::body::{Body, Given};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_fields;
use super::ticket_write;
use super::tickets;
use super::world::World;

/// What a write does with the tags that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    /// They become all tags.
    Set,
    /// They are added.
    Add,
    /// They are taken away.
    Remove,
}

/// `GET /tickets/{id}/tags`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = tickets::found(world, ask.id()?)?;
    Ok(Reply::ok(&json!({"tags": ticket.tags})))
}

/// `POST /tickets/{id}/tags`
pub(super) fn set(world: &mut World, ask: &mut Ask) -> Answer {
    change(world, ask, Change::Set)
}

/// `PUT /tickets/{id}/tags`
pub(super) fn add(world: &mut World, ask: &mut Ask) -> Answer {
    change(world, ask, Change::Add)
}

/// `DELETE /tickets/{id}/tags`, with a body.
pub(super) fn remove(world: &mut World, ask: &mut Ask) -> Answer {
    change(world, ask, Change::Remove)
}

/// Changes the tags. The stamp stands beside them (section 4).
fn change(world: &mut World, ask: &Ask, change: Change) -> Answer {
    let body = Body::new(&ask.json, &ask.place);
    let Given::Is(named) = body.texts("tags")? else {
        return Err(Reply::missing("tags"));
    };
    let ticket = ticket_write::writable(world, ask.id()?)?;
    let safe = body.boolean("safe_update")?.value().copied();
    let stamp = body.moment("updated_stamp")?.value().copied();
    ticket_write::check_stamp(world, ticket, safe, stamp)?;

    let (id, mut tags) = (ticket.id, ticket.tags.clone());
    match change {
        Change::Set => tags = named,
        Change::Add => tags.extend(named),
        Change::Remove => {
            let named = ticket_fields::normalised(world, &named);
            tags.retain(|tag| !named.contains(tag));
        }
    }
    let tags = ticket_fields::normalised(world, &tags);
    if tags != ticket.tags {
        let kept = tags.clone();
        world.edit_ticket(id, move |ticket| ticket.tags = kept);
    }
    let body = json!({"tags": tags});
    match change {
        Change::Set => Ok(Reply::with(http::StatusCode::CREATED, &body)),
        Change::Remove if world.switches.deleting_tags_answers_204 => Ok(Reply::no_content()),
        Change::Add | Change::Remove => Ok(Reply::ok(&body)),
    }
}
