//! A ticket's history (Zendesk reference, section 4).

use serde_json::{Map, Value, json};

use super::attachment_json;
use super::paging::{self, Order};
use super::records::{Audit, Event, Ticket};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::sideload;
use super::world::World;

/// `GET /tickets/{id}/audits`. Those of archived tickets come all at once (section 4).
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.id()?;
    let ticket = world.tickets.get(&id).filter(|ticket| ticket.is_there());
    let ticket = ticket.ok_or_else(Reply::not_found)?;
    let all: Vec<&Audit> = ticket.audits.iter().collect();
    let (page, mut beside) = if ticket.archived {
        let count = all.len();
        (all, paging::numbers_beside(ask, 1, false, count))
    } else {
        let key = |audit: &&Audit| (audit.created_at.as_second(), audit.id);
        paging::page(
            ask,
            &world.switches,
            all,
            &Order::ascending("created_at,id", key),
        )?
    };
    if ask.includes("users") {
        let authors = page.iter().filter_map(|audit| audit.author_id);
        sideload::users(world, &ask.base, authors, &mut beside);
    }
    let rows: Vec<Value> = page
        .iter()
        .map(|audit| audit_json(&ask.base, ticket, audit))
        .collect();
    Ok(Reply::list("audits", &rows, &beside))
}

/// `GET /tickets/{id}/audits/{audit}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let (id, audit) = (ask.id()?, ask.id_at(1)?);
    let ticket = world.tickets.get(&id).filter(|ticket| ticket.is_there());
    let ticket = ticket.ok_or_else(Reply::not_found)?;
    let audit = ticket.audits.iter().find(|one| one.id == audit);
    let audit = audit.ok_or_else(Reply::not_found)?;
    let audit = audit_json(&ask.base, ticket, audit);
    Ok(Reply::ok(&json!({"audit": audit})))
}

/// An audit as the API shows it. The system is -1.
pub(super) fn audit_json(base: &str, ticket: &Ticket, audit: &Audit) -> Value {
    let events: Vec<Value> = audit
        .events
        .iter()
        .filter_map(|event| event_json(base, ticket, event))
        .collect();
    json!({
        "id": audit.id,
        "ticket_id": ticket.id,
        "created_at": audit.created_at,
        "author_id": author(audit.author_id),
        "metadata": metadata(audit),
        "events": events,
        "via": audit.via.json(),
    })
}

/// `metadata` of audits and comments.
pub(super) fn metadata(audit: &Audit) -> Value {
    json!({
        "system": {
            "client": audit.client, "ip_address": "203.0.113.7", "location": "Berlin, BE, Germany",
            "latitude": 52.5, "longitude": 13.4,
        },
        "custom": audit.custom,
    })
}

/// An author's id on the wire; the system is -1 (section 6).
pub(super) fn author(id: Option<u64>) -> Value {
    id.map_or(json!(-1), |id| json!(id))
}

/// An event. That of a comment carries the comment, but for its time and its way in (section 6).
fn event_json(base: &str, ticket: &Ticket, event: &Event) -> Option<Value> {
    let id = match event {
        Event::Other(body) => return Some(Value::Object(body.clone())),
        Event::Comment(id) => *id,
    };
    let comment = ticket.comments.iter().find(|comment| comment.id == id)?;
    let files: Vec<Value> = comment
        .attachments
        .iter()
        .map(|file| attachment_json::attachment(base, file))
        .collect();
    Some(json!({
        "id": comment.id,
        "type": "Comment",
        "author_id": author(comment.author_id),
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": comment.plain_body,
        "public": comment.public,
        "attachments": files,
        "audit_id": comment.audit_id,
    }))
}

/// The sideload `last_audits`: the newest of each ticket (section 4).
pub(super) fn last(base: &str, tickets: &[&Ticket], beside: &mut Map<String, Value>) {
    let all: Vec<Value> = tickets
        .iter()
        .filter_map(|ticket| {
            let audit = ticket.audits.last()?;
            Some(audit_json(base, ticket, audit))
        })
        .collect();
    beside.insert("last_audits".to_owned(), json!(all));
}
