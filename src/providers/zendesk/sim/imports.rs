//! Imports of tickets with their own times and comments (Zendesk reference, section 4).

use serde_json::{Value, json};

use super::bulk;
use super::records::{Audit, Event, Via};
use super::reply::{Answer, Problems, Reply};
use super::routes::Ask;
use super::ticket_draft::Draft;
use super::ticket_write::{self, Actor};
use super::tickets;
use super::world::World;

/// `POST /imports/tickets`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let draft = Draft::read(ask.root("ticket")?, &ask.place)?;
    let is_archived = ask.query.is_true("archive_immediately");
    let id = import(world, &Actor::of(ask), &draft, is_archived)?;
    let ticket = tickets::found(world, id)?;
    let body = tickets::with_audit(world, ask, ticket, ticket.audits.first());
    Ok(Reply::created(&body, ask.url(&format!("tickets/{id}"))))
}

/// `POST /imports/tickets/create_many`
pub(super) fn create_many(world: &mut World, ask: &mut Ask) -> Answer {
    let drafts = bulk::drafts(ask)?;
    let actor = Actor::of(ask);
    let is_archived = ask.query.is_true("archive_immediately");
    let job = world.queue_job(&ask.base, Some(drafts.len()), move |world| {
        let mut results: Vec<Value> = Vec::new();
        for (place, draft) in drafts.iter().enumerate() {
            results.push(match import(world, &actor, draft, is_archived) {
                Ok(id) => json!({"index": place, "id": id, "account_id": world.account_id}),
                Err(refused) => bulk::failed(place, None, "TicketCreateFailed", &refused),
            });
        }
        json!(results)
    })?;
    Ok(Reply::ok(&json!({"job_status": job})))
}

/// Makes a ticket, then sets its times and adds its further comments. The requester submits it, as recorded.
fn import(
    world: &mut World,
    actor: &Actor,
    draft: &Draft,
    is_archived: bool,
) -> Result<u64, Reply> {
    let mut first = draft.clone();
    let mut further = draft.comments.iter();
    if first.comment.is_none() {
        first.comment = further.next().cloned();
    }
    let further: Vec<_> = further.cloned().collect();
    if further
        .iter()
        .any(super::comment_draft::CommentDraft::is_blank)
    {
        let text = "Description: cannot be blank";
        return Err(Reply::invalid("base", text, Some("BlankValue")));
    }
    let mut problems = Problems::default();
    let blank = world.blank_ticket(actor.caller);
    for comment in &further {
        comment.check(world, &blank, &mut problems);
    }
    problems.checked()?;

    let id = ticket_write::create(world, actor, &first)?;
    let now = world.now();
    let Some(mut ticket) = world.tickets.get(&id).cloned() else {
        return Err(Reply::not_found());
    };
    let created_at = draft.created_at.value().copied().unwrap_or(now);
    if draft.submitter_id.value().is_none() {
        ticket.submitter_id = ticket.requester_id;
    }
    let submitter = ticket.submitter_id;
    let first_at = first
        .comment
        .as_ref()
        .and_then(|comment| comment.created_at);
    if let Some(comment) = ticket.comments.first_mut() {
        comment.created_at = first_at.unwrap_or(created_at);
        if comment.author_id == Some(actor.caller) {
            comment.author_id = Some(submitter);
        }
    }
    for comment in further {
        let at = comment.created_at.unwrap_or(now);
        let comment = comment.make(world, &ticket, actor, submitter, at);
        ticket.audits.push(Audit {
            id: comment.audit_id,
            created_at: at,
            author_id: comment.author_id,
            client: Some(actor.client.clone()),
            custom: json!({}),
            via: Via::api(),
            events: vec![Event::Comment(comment.id)],
        });
        ticket.comments.push(comment);
    }
    ticket.created_at = created_at;
    ticket.updated_at = draft
        .updated_at
        .value()
        .copied()
        .unwrap_or(created_at.max(now));
    ticket.archived = is_archived && ticket.is_closed();
    world.insert_ticket(ticket);
    Ok(id)
}
