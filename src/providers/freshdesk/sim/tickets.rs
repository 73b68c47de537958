//! One ticket: view, trash, restore, watchers (Freshdesk reference, sections 4.1 and 4.5).

use http::Method;
use serde_json::json;

use super::form_fields::Given;
use super::records::Ticket;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::switches::Refusal;
use super::ticket_json::{Includes, Shape, TicketJson};
use super::world::World;

/// `GET /tickets/{id}`: also of a trashed ticket, which says so (section 4.5).
pub(super) fn view(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["include"])?;
    let words = ask
        .query
        .includes(&["conversations", "requester", "company", "stats"])?;
    let ticket = world.tickets.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    let json = TicketJson {
        includes: Includes::of(&words),
        ..TicketJson::new(world, ticket, Shape::View, &ask.base)
    };
    Ok(Reply::ok(&json))
}

/// `DELETE /tickets/{id}`: to the trash.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = writable(world, ask)?.id;
    world.trash(id);
    Ok(Reply::no_content())
}

/// `PUT /tickets/{id}/restore`: out of the trash.
pub(super) fn restore(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let ticket = world.tickets.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    let (id, deleted) = (ticket.id, ticket.deleted);
    let refusal = world.switches.restoring_a_live_ticket;
    if !deleted && let Some(refused) = Reply::refusal(refusal, &ask.method, "GET") {
        return Err(refused);
    }
    if deleted {
        world.restore(id);
    }
    Ok(Reply::no_content())
}

/// `GET /tickets/{id}/watchers`
pub(super) fn watchers(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let ticket = world.tickets.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"watcher_ids": ticket.watcher_ids})))
}

/// `POST /tickets/{id}/watch`: the key's agent, or `user_id`.
pub(super) fn watch(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&["user_id"])?;
    let id = writable(world, ask)?.id;
    let watcher = match ask.form.positive("user_id") {
        Given::Is(user) if !world.agents.contains_key(&user) => {
            ask.form
                .errors
                .push(FieldError::no_match("agent", "user_id"));
            user
        }
        Given::Is(user) => user,
        Given::Absent | Given::Null => world.me,
    };
    ask.form.checked()?;
    if let Some(ticket) = world.tickets.get_mut(&id)
        && !ticket.watcher_ids.contains(&watcher)
    {
        ticket.watcher_ids.push(watcher);
    }
    Ok(Reply::no_content())
}

/// `PUT /tickets/{id}/unwatch`: the key's agent.
pub(super) fn unwatch(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&[])?;
    let id = writable(world, ask)?.id;
    let me = world.me;
    if let Some(ticket) = world.tickets.get_mut(&id) {
        ticket.watcher_ids.retain(|watcher| *watcher != me);
    }
    Ok(Reply::no_content())
}

/// The path's ticket, if it takes changes: trash and spam answer 405 (section 4.5).
pub(super) fn writable<'a>(world: &'a World, ask: &Ask) -> Result<&'a Ticket, Reply> {
    let refusal = match ask.method {
        // Replies and notes are posted; what they meet in the trash was never recorded.
        Method::POST => world.switches.posting_to_trashed,
        _ => Refusal::NotAllowed,
    };
    let ticket = world.tickets.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    if !ticket.is_listable()
        && let Some(refused) = Reply::refusal(refusal, &ask.method, "GET")
    {
        return Err(refused);
    }
    Ok(ticket)
}
