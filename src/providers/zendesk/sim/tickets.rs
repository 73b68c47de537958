//! Single tickets: reading, making, changing, deleting (Zendesk reference, section 4).

use http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::records::{Audit, Idempotent, Ticket};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_draft::Draft;
use super::ticket_json::TicketJson;
use super::ticket_write::{self, Actor};
use super::world::World;
use super::{audits, sideload};

/// How long an idempotency key is kept (section 4).
const KEY_LIVES: SignedDuration = SignedDuration::from_hours(2);

/// The longest idempotency key (section 4).
const LONGEST_KEY: usize = 255;

/// `GET /tickets/{id}`: archived ones too, deleted ones not.
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = found(world, ask.id()?)?;
    let mut body = Map::new();
    let mut json = TicketJson::new(world, ticket, &ask.base);
    if ask.includes("comment_count") {
        json.comment_count = Some(ticket.comments.len());
    }
    body.insert("ticket".to_owned(), json!(json));
    sideload::of_tickets(world, ask, &[ticket], &mut body);
    Ok(Reply::ok(&body))
}

/// `POST /tickets`. The same key with the same body answers the same ticket again, with another one 400
/// (section 4).
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let now = world.now();
    world
        .idempotency
        .retain(|_, kept| kept.at + KEY_LIVES > now);
    let key = ask.headers.get("idempotency-key");
    let key = key.and_then(|value| value.to_str().ok()).map(str::to_owned);
    if let Some(key) = &key {
        if key.is_empty() || key.len() > LONGEST_KEY {
            return Err(key_error("Idempotency key must have 1 to 255 characters"));
        }
        if let Some(kept) = world.idempotency.get(key) {
            if kept.request != ask.json {
                let text = "Request parameters don't match the given idempotency key";
                return Err(key_error(text));
            }
            let mut reply = Reply::with(StatusCode::CREATED, &Value::Null);
            reply.body = Some(kept.answer.clone());
            reply.headers.push(("location", kept.location.clone()));
            reply
                .headers
                .push(("x-idempotency-lookup", "hit".to_owned()));
            return Ok(reply);
        }
    }

    let draft = Draft::read(ask.root("ticket")?, &ask.place)?;
    let id = ticket_write::create(world, &Actor::of(ask), &draft)?;
    let ticket = found(world, id)?;
    let location = ask.url(&format!("tickets/{id}"));
    if ask.query.is_true("async") {
        let job = world.queue_job(&ask.base, Some(1), move |_| json!([{"index": 0, "id": id}]))?;
        let body = json!({"ticket": {"id": id}, "job_status": job});
        return Ok(Reply::with(StatusCode::ACCEPTED, &body));
    }
    let body = with_audit(world, ask, ticket, ticket.audits.first());
    let mut reply = Reply::created(&body, location.clone());
    warn(world, ask, &draft, &mut reply);
    if let (Some(key), Some(answer)) = (key, &reply.body) {
        let kept = Idempotent {
            request: ask.json.clone(),
            answer: answer.clone(),
            location,
            at: now,
        };
        world.idempotency.insert(key, kept);
        reply
            .headers
            .push(("x-idempotency-lookup", "miss".to_owned()));
    }
    Ok(reply)
}

/// `PUT /tickets/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.id()?;
    let draft = Draft::read(ask.root("ticket")?, &ask.place)?;
    let audit = ticket_write::update(world, &Actor::of(ask), id, &draft)?;
    let ticket = found(world, id)?;
    let mut body = with_audit(world, ask, ticket, audit.as_ref());
    if audit.is_none() && !world.switches.idle_update_answers_null_audit {
        let nothing = Audit {
            id: ticket.audits.last().map_or(0, |last| last.id) + 1,
            created_at: world.now(),
            author_id: Some(ask.caller),
            client: None,
            custom: json!({}),
            via: super::records::Via::api(),
            events: Vec::new(),
        };
        let nothing = audits::audit_json(&ask.base, ticket, &nothing);
        body.insert("audit".to_owned(), nothing);
    }
    let mut reply = Reply::ok(&body);
    warn(world, ask, &draft, &mut reply);
    Ok(reply)
}

/// `DELETE /tickets/{id}`: can be restored. A closed one can be deleted too (section 3).
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let id = found(world, ask.id()?)?.id;
    world.trash_as(id, ask.caller);
    Ok(Reply::no_content())
}

/// `GET /tickets/count`
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]
pub(super) fn count(world: &mut World, _ask: &mut Ask) -> Answer {
    let all = world.tickets.values();
    let value = all.filter(|ticket| ticket.is_listable()).count();
    Ok(Reply::ok(
        &json!({"count": {"value": value, "refreshed_at": world.now()}}),
    ))
}

/// `GET /tickets/{id}/related`
pub(super) fn related(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = found(world, ask.id()?)?;
    let incidents = world.tickets.values();
    let incidents = incidents
        .filter(|one| one.problem_id == Some(ticket.id))
        .count();
    let sources: Vec<String> = ticket.followup_of.iter().map(u64::to_string).collect();
    Ok(Reply::ok(&json!({"ticket_related": {
        "url": ask.url(&format!("tickets/{}/related", ticket.id)),
        "topic_id": null,
        "jira_issue_ids": [],
        "followup_source_ids": sources,
        "from_archive": ticket.archived,
        "incidents": incidents,
        "twitter": null,
    }})))
}

/// `GET /tickets/{id}/collaborators`
pub(super) fn collaborators(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = found(world, ask.id()?)?;
    Ok(people(world, ask, &ticket.collaborator_ids()))
}

/// `GET /tickets/{id}/followers`
pub(super) fn followers(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = found(world, ask.id()?)?;
    Ok(people(world, ask, &ticket.follower_ids))
}

/// `GET /tickets/{id}/email_ccs`
pub(super) fn email_ccs(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = found(world, ask.id()?)?;
    Ok(people(world, ask, &ticket.email_cc_ids))
}

/// `PUT /tickets/{id}/mark_as_spam`: deletes the ticket, and suspends the requester who is a customer.
pub(super) fn mark_as_spam(world: &mut World, ask: &mut Ask) -> Answer {
    let ticket = ticket_write::writable(world, ask.id()?)?;
    let (id, requester) = (ticket.id, ticket.requester_id);
    world.trash_as(id, ask.caller);
    if world.active_agent(requester).is_none() {
        world.edit_user(requester, |user| user.suspended = true);
    }
    Ok(Reply::ok(&json!({})))
}

/// A ticket that is there.
pub(super) fn found(world: &World, id: u64) -> Result<&Ticket, Reply> {
    let ticket = world.tickets.get(&id).filter(|ticket| ticket.is_there());
    ticket.ok_or_else(Reply::not_found)
}

/// The answer to a write: the ticket, and the audit of the write (section 4).
pub(super) fn with_audit(
    world: &World,
    ask: &Ask,
    ticket: &Ticket,
    audit: Option<&Audit>,
) -> Map<String, Value> {
    let audit = audit.map(|audit| audits::audit_json(&ask.base, ticket, audit));
    let mut body = Map::new();
    let json = TicketJson::new(world, ticket, &ask.base);
    body.insert("ticket".to_owned(), json!(json));
    body.insert("audit".to_owned(), json!(audit));
    sideload::of_tickets(world, ask, &[ticket], &mut body);
    body
}

/// People as whole users: the way to their addresses (section 5).
fn people(world: &World, ask: &Ask, ids: &[u64]) -> Reply {
    let mut body = Map::new();
    sideload::users(world, &ask.base, ids.iter().copied(), &mut body);
    body.insert("next_page".to_owned(), Value::Null);
    body.insert("previous_page".to_owned(), Value::Null);
    body.insert("count".to_owned(), json!(ids.len()));
    Reply::ok(&body)
}

/// Tells of attributes that do not exist, as recorded in 2023 (section 1).
fn warn(world: &World, ask: &Ask, draft: &Draft, reply: &mut Reply) {
    if !world.switches.api_warn || draft.unknown.is_empty() {
        return;
    }
    let keys: Vec<String> = draft
        .unknown
        .iter()
        .map(|name| format!("\"ticket.{name}\""))
        .collect();
    let (controller, action) = ask.place.split_once('/').unwrap_or((&ask.place, ""));
    let text = format!(
        "{{:allowed_parameters=>{{:controller=>\"{controller}\", :action=>\"{action}\", \
         :unpermitted_keys=>[{}], :invalid_values=>[]}}}}",
        keys.join(", ")
    );
    reply.headers.push(("x-zendesk-api-warn", text));
}

/// 400 about an idempotency key (section 4).
fn key_error(text: &str) -> Reply {
    Reply::coded(StatusCode::BAD_REQUEST, "IdempotentRequestError", text)
}
