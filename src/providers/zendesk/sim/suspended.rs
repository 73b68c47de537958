//! Mails in quarantine (Zendesk reference, section 10).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use std::cmp::Ordering;

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::paging;
use super::records::{Suspended, Via};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_json::TicketJson;
use super::world::World;

/// `GET /suspended_tickets`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let rows: Vec<&Suspended> = world.suspended.values().collect();
    let (page, beside) = if paging::is_by_cursor(&ask.query) {
        let order = paging::Order::ascending("id", |mail: &&Suspended| mail.id);
        paging::page(ask, &world.switches, rows, &order)?
    } else {
        let by = ask.query.get("sort_by").unwrap_or_default();
        let is_descending = ask.query.get("sort_order") == Some("desc");
        paging::by_number(ask, rows, |one, other| {
            let order = compare(by, one, other).then(one.id.cmp(&other.id));
            if is_descending {
                order.reverse()
            } else {
                order
            }
        })?
    };
    let rows: Vec<Value> = page.iter().map(|mail| json(ask, mail)).collect();
    Ok(Reply::list("suspended_tickets", &rows, &beside))
}

/// `GET /suspended_tickets/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let mail = world
        .suspended
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"suspended_ticket": json(ask, mail)})))
}

/// `PUT /suspended_tickets/{id}/recover`: at once, and whoever calls becomes the requester.
pub(super) fn recover(world: &mut World, ask: &mut Ask) -> Answer {
    let mail = world
        .suspended
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?
        .clone();
    let Some(id) = recovered(world, &mail, Some(ask.caller)) else {
        let failed = json!({"suspended_ticket": json(ask, &mail)});
        return Err(Reply::with(StatusCode::UNPROCESSABLE_ENTITY, &failed));
    };
    let ticket = world.tickets.get(&id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(
        &json!({"ticket": TicketJson::new(world, ticket, &ask.base)}),
    ))
}

/// `PUT /suspended_tickets/recover_many?ids=`: the senders stay the requesters. One failure is enough for 422,
/// though the others were recovered.
pub(super) fn recover_many(world: &mut World, ask: &mut Ask) -> Answer {
    let ids = ask.query.ids("ids", &ask.place)?;
    let mails: Vec<Suspended> = ids
        .iter()
        .filter_map(|id| world.suspended.get(id))
        .cloned()
        .collect();
    let (mut tickets, mut failures) = (Vec::new(), Vec::new());
    for mail in mails {
        match recovered(world, &mail, None) {
            Some(id) => tickets.push(id),
            None => failures.push(json(ask, &mail)),
        }
    }
    if !failures.is_empty() {
        let body = json!({"suspended_tickets": failures});
        return Err(Reply::with(StatusCode::UNPROCESSABLE_ENTITY, &body));
    }
    let found = tickets.iter().filter_map(|id| world.tickets.get(id));
    let rows: Vec<TicketJson<'_>> = found
        .map(|one| TicketJson::new(world, one, &ask.base))
        .collect();
    Ok(Reply::list("tickets", &rows, &Map::new()))
}

/// `DELETE /suspended_tickets/{id}`
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    world
        .suspended
        .remove(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::no_content())
}

/// `DELETE /suspended_tickets/destroy_many?ids=`
pub(super) fn destroy_many(world: &mut World, ask: &mut Ask) -> Answer {
    for id in ask.query.ids("ids", &ask.place)? {
        world.suspended.remove(&id);
    }
    Ok(Reply::no_content())
}

/// `POST /suspended_tickets/export`: the file would come by mail.
pub(super) fn export(_: &mut World, _: &mut Ask) -> Answer {
    let export = json!({"status": "enqueued", "view_id": "suspended_tickets"});
    Ok(Reply::with(
        StatusCode::ACCEPTED,
        &json!({"export": export}),
    ))
}

/// Puts some mails into quarantine at the start.
pub(super) fn plant(world: &mut World) {
    let now = world.now();
    for (place, subject) in ["You have won", "Out of office", "Re: invoice"]
        .into_iter()
        .enumerate()
    {
        let id = world.new_id();
        let hours = i64::try_from(place).unwrap_or(0) + 5;
        let mail = Suspended {
            id,
            author_name: format!("Unknown sender {place}"),
            author_email: format!("sender{place}@elsewhere.example"),
            cause: "Detected as spam".to_owned(),
            cause_id: 0,
            content: format!("{subject}, said somebody."),
            subject: subject.to_owned(),
            recipient: "support@desk.example".to_owned(),
            created_at: now - SignedDuration::from_hours(hours),
            ticket_id: None,
        };
        world.suspended.insert(id, mail);
    }
}

/// Makes a ticket of a mail, or a comment on the ticket that it answers; gives the ticket. A closed one takes
/// none.
fn recovered(world: &mut World, mail: &Suspended, requester: Option<u64>) -> Option<u64> {
    let sender = world.person_by_email(&mail.author_email);
    let author = match requester.or(sender) {
        Some(known) => known,
        None => world.add_user(&mail.author_name, Some(&mail.author_email)),
    };
    let id = if let Some(answered) = mail.ticket_id {
        let ticket = world.tickets.get(&answered)?;
        if ticket.is_closed() || !ticket.is_there() {
            return None;
        }
        world.add_comment(answered, author, &mail.content, true)?;
        answered
    } else {
        let mut ticket = world.blank_ticket(author);
        ticket.subject = Some(mail.subject.clone());
        ticket.description.clone_from(&mail.content);
        ticket.recipient = Some(mail.recipient.clone());
        ticket.via = Via::channel("email");
        world.insert_ticket(ticket)
    };
    world.suspended.remove(&mail.id);
    Some(id)
}

/// Says which of two mails comes first.
fn compare(by: &str, one: &Suspended, other: &Suspended) -> Ordering {
    match by {
        "author_email" => one.author_email.cmp(&other.author_email),
        "cause" => one.cause.cmp(&other.cause),
        "created_at" => one.created_at.cmp(&other.created_at),
        "subject" => one.subject.cmp(&other.subject),
        _ => Ordering::Equal,
    }
}

/// A mail as the API shows it.
fn json(ask: &Ask, mail: &Suspended) -> Value {
    json!({
        "url": ask.url(&format!("suspended_tickets/{}", mail.id)),
        "id": mail.id,
        "author": {"id": null, "name": mail.author_name, "email": mail.author_email},
        "subject": mail.subject,
        "content": mail.content,
        "cause": mail.cause,
        "cause_id": mail.cause_id,
        "error_messages": null,
        "message_id": format!("<{}@mail.example>", mail.id),
        "ticket_id": mail.ticket_id,
        "created_at": mail.created_at,
        "updated_at": mail.created_at,
        "via": Via::channel("email").json(),
        "attachments": [],
        "recipient": mail.recipient,
        "brand_id": null,
    })
}
