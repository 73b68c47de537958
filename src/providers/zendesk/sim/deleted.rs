//! Deleted tickets: listing, bringing back, deleting for good (Zendesk reference, section 4).

use serde_json::{Value, json};

use super::paging::{self, Order};
use super::records::Ticket;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /deleted_tickets`: neither archived nor purged ones.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let all = world.tickets.values();
    let rows: Vec<&Ticket> = all
        .filter(|one| is_restorable(one) && !one.archived)
        .collect();
    let (page, beside) = if paging::is_by_cursor(&ask.query) {
        let order = Order::ascending("nice_id", |ticket: &&Ticket| ticket.id);
        paging::page(ask, &world.switches, rows, &order)?
    } else {
        let sort_by = ask.query.get("sort_by").unwrap_or("id");
        let is_descending = ask.query.get("sort_order") == Some("desc");
        let at = |ticket: &Ticket| ticket.deleted.as_ref().map(|deleted| deleted.at);
        paging::by_number(ask, rows, |one, other| {
            let ordering = match sort_by {
                "subject" => one.subject.cmp(&other.subject),
                "deleted_at" => at(one).cmp(&at(other)),
                _ => one.id.cmp(&other.id),
            };
            let ordering = ordering.then(one.id.cmp(&other.id));
            if is_descending {
                ordering.reverse()
            } else {
                ordering
            }
        })?
    };
    let rows: Vec<Value> = page.iter().map(|ticket| row(world, ticket)).collect();
    Ok(Reply::list("deleted_tickets", &rows, &beside))
}

/// `PUT /deleted_tickets/{id}/restore`
pub(super) fn restore(world: &mut World, ask: &mut Ask) -> Answer {
    let id = found(world, ask.id()?)?;
    world.restore(id);
    Ok(Reply::ok(&json!({})))
}

/// `PUT /deleted_tickets/restore_many?ids=`
pub(super) fn restore_many(world: &mut World, ask: &mut Ask) -> Answer {
    let ids = ask.query.ids("ids", &ask.place)?;
    for id in &ids {
        found(world, *id)?;
    }
    for id in ids {
        world.restore(id);
    }
    Ok(Reply::ok(&json!({})))
}

/// `DELETE /deleted_tickets/{id}`: for good.
pub(super) fn purge(world: &mut World, ask: &mut Ask) -> Answer {
    let id = found(world, ask.id()?)?;
    purge_all(world, ask, vec![id])
}

/// `DELETE /deleted_tickets/destroy_many?ids=`: for good.
pub(super) fn purge_many(world: &mut World, ask: &mut Ask) -> Answer {
    let ids = ask.query.ids("ids", &ask.place)?;
    for id in &ids {
        found(world, *id)?;
    }
    purge_all(world, ask, ids)
}

/// Queues the deletion for good. Its results are an object, and it has no total (section 9).
fn purge_all(world: &mut World, ask: &Ask, ids: Vec<u64>) -> Answer {
    let job = world.queue_job(&ask.base, None, move |world| {
        for id in ids {
            world.purge(id);
        }
        json!({"success": true})
    })?;
    Ok(Reply::ok(&json!({"job_status": job})))
}

/// A ticket that can still be brought back.
fn found(world: &World, id: u64) -> Result<u64, Reply> {
    let ticket = world
        .tickets
        .get(&id)
        .filter(|ticket| is_restorable(ticket));
    ticket.map(|ticket| ticket.id).ok_or_else(Reply::not_found)
}

/// Whether a ticket is deleted, but not for good.
fn is_restorable(ticket: &Ticket) -> bool {
    ticket.deleted.is_some() && !ticket.scrubbed
}

/// A row of the list.
fn row(world: &World, ticket: &Ticket) -> Value {
    let Some(deleted) = &ticket.deleted else {
        return Value::Null;
    };
    let actor = world.users.get(&deleted.actor);
    json!({
        "id": ticket.id,
        "subject": ticket.subject,
        "actor": {"id": deleted.actor, "name": actor.map(|user| &user.name)},
        "deleted_at": deleted.at,
        "previous_state": deleted.previous_state,
    })
}
