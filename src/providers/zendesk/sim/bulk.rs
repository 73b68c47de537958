//! Calls on many tickets, which become jobs (Zendesk reference, sections 4 and 9).

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::body::id_of;
use super::records::Ticket;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_draft::Draft;
use super::ticket_write::{self, Actor};
use super::world::World;
use crate::simulator::scrambled;

/// `POST /tickets/create_many`. Items run in parallel, so that ids need not grow with them (section 9).
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let drafts = drafts(ask)?;
    let actor = Actor::of(ask);
    let job = world.queue_job(&ask.base, Some(drafts.len()), move |world| {
        let mut results: Vec<(usize, Value)> = Vec::new();
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|place| scrambled(u64::try_from(*place).unwrap_or(0)));
        for place in order {
            let Some(draft) = drafts.get(place) else {
                continue;
            };
            let result = match ticket_write::create(world, &actor, draft) {
                Ok(id) => json!({"index": place, "id": id, "account_id": world.account_id}),
                Err(refused) => failed(place, None, "TicketCreateFailed", &refused),
            };
            results.push((place, result));
        }
        results.sort_by_key(|(place, _)| *place);
        results.into_iter().map(|(_, result)| result).collect()
    })?;
    Ok(Reply::ok(&json!({"job_status": job})))
}

/// `PUT /tickets/update_many`: one change for `ids`, or a list of changes with an id each (section 4).
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    let mut changes: Vec<(u64, Draft)> = Vec::new();
    if ask.query.has("ids") {
        let ids = ask.query.ids("ids", &ask.place)?;
        let draft = Draft::read(ask.root("ticket")?, &ask.place)?;
        changes.extend(ids.into_iter().map(|id| (id, draft.clone())));
    } else {
        for object in ask.roots("tickets")? {
            let id = object.get("id").and_then(id_of);
            let id = id.ok_or_else(|| Reply::wrong_type("id", "an integer", &ask.place))?;
            changes.push((id, Draft::read(&object, &ask.place)?));
        }
    }
    let actor = Actor::of_many(ask);
    let queued_at = world.now();
    let job = world.queue_job(&ask.base, Some(changes.len()), move |world| {
        // What somebody changed while the job waited is not overwritten (section 4).
        let is_stale = |id: &u64| {
            let ticket = world.tickets.get(id);
            ticket.is_some_and(|ticket| ticket.updated_at > queued_at)
        };
        let stale: BTreeSet<u64> = changes.iter().map(|(id, _)| *id).filter(is_stale).collect();
        let mut results: Vec<Value> = Vec::new();
        for (place, (id, draft)) in changes.iter().enumerate() {
            if stale.contains(id) {
                let refused = ticket_write::conflict();
                results.push(failed(place, Some(*id), "UpdateConflict", &refused));
                continue;
            }
            results.push(match ticket_write::update(world, &actor, *id, draft) {
                Ok(_) => done("update", *id, "Updated"),
                Err(refused) => failed(place, Some(*id), "TicketUpdateFailed", &refused),
            });
        }
        json!(results)
    })?;
    Ok(Reply::ok(&json!({"job_status": job})))
}

/// `DELETE /tickets/destroy_many?ids=`: they can be restored.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let ids = ask.query.ids("ids", &ask.place)?;
    let caller = ask.caller;
    let job = world.queue_job(&ask.base, Some(ids.len()), move |world| {
        let mut results: Vec<Value> = Vec::new();
        for (place, id) in ids.iter().enumerate() {
            let is_there = world.tickets.get(id).is_some_and(Ticket::is_there);
            if is_there {
                world.trash_as(*id, caller);
                results.push(done("delete", *id, "Deleted"));
            } else {
                let refused = Reply::not_found();
                results.push(failed(place, Some(*id), "TicketDestroyFailed", &refused));
            }
        }
        json!(results)
    })?;
    Ok(Reply::ok(&json!({"job_status": job})))
}

/// The drafts of a call on many.
pub(super) fn drafts(ask: &Ask) -> Result<Vec<Draft>, Reply> {
    let objects: Vec<Map<String, Value>> = ask.roots("tickets")?;
    let read = objects.iter().map(|object| Draft::read(object, &ask.place));
    read.collect()
}

/// The result of an item that was carried out; without an index, as recorded (section 9).
pub(super) fn done(action: &str, id: u64, status: &str) -> Value {
    json!({"action": action, "id": id, "status": status, "success": true})
}

/// The result of an item that was refused; the job is `completed` all the same (section 9).
pub(super) fn failed(place: usize, id: Option<u64>, error: &str, refused: &Reply) -> Value {
    let details = refused.body.as_deref().map(String::from_utf8_lossy);
    json!({
        "index": place,
        "id": id,
        "error": error,
        "details": details.unwrap_or_default(),
        "success": false,
    })
}
