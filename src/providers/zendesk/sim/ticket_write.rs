//! Making and changing a ticket, whoever asks for it: a call, a job, an import (Zendesk reference, section 4).

use http::StatusCode;
use jiff::Timestamp;

use super::comment_draft::CommentDraft;
use super::records::{Audit, Event, Ticket, Via};
use super::reply::{Problems, Reply};
use super::routes::Ask;
use super::switches::EmptyComments;
use super::ticket_draft::Draft;
use super::ticket_people::Register;
use super::world::World;
use super::world_history::traits_of;
use super::{ticket_apply, ticket_fields, ticket_status};

/// Who writes, and how.
#[derive(Debug, Clone)]
pub(super) struct Actor {
    /// The user.
    pub(super) caller: u64,
    /// The client's name, as audits keep it.
    pub(super) client: String,
    /// One of a call on many, which can add and take away tags (section 3).
    pub(super) is_one_of_many: bool,
}

impl Actor {
    /// Who sent a call.
    pub(super) fn of(ask: &Ask) -> Self {
        let client = ask.headers.get(http::header::USER_AGENT);
        let client = client.and_then(|value| value.to_str().ok());
        Self {
            caller: ask.caller,
            client: client.unwrap_or_default().to_owned(),
            is_one_of_many: false,
        }
    }

    /// The same for an item of a call on many.
    pub(super) fn of_many(ask: &Ask) -> Self {
        Self {
            is_one_of_many: true,
            ..Self::of(ask)
        }
    }
}

/// Makes a ticket; gives its number. A refusal leaves nothing behind.
pub(super) fn create(world: &mut World, actor: &Actor, draft: &Draft) -> Result<u64, Reply> {
    let mut problems = Problems::default();
    let described = draft.description.value();
    let first = draft
        .comment
        .clone()
        .or_else(|| described.map(|text| CommentDraft::of_text(text)))
        .filter(|comment| !comment.is_blank());
    if first.is_none() {
        problems.add("base", "Description: cannot be blank", Some("BlankValue"));
    }
    let source = draft.followup_of.value().and_then(|id| {
        // Anything but a closed ticket is ignored (section 3).
        let source = world.tickets.get(id);
        source
            .filter(|source| source.is_closed() && source.is_there())
            .map(|source| source.id)
    });

    let mut register = Register {
        world,
        problems: &mut problems,
        made: Vec::new(),
    };
    let requester = register.requester(draft).unwrap_or(actor.caller);
    let mut ticket = register.world.blank_ticket(requester);
    register.apply(draft, &mut ticket);
    let made = std::mem::take(&mut register.made);
    ticket.via = Via::api();
    ticket.submitter_id = actor.caller;
    if let Some(id) = draft.submitter_id.value().filter(|_| source.is_none()) {
        if world.active_user(*id).is_some() {
            ticket.submitter_id = *id;
        } else {
            ticket_apply::unknown(world, "submitter_id", "Submitter", &mut problems);
        }
    }
    if let Some(source) = source.and_then(|id| world.tickets.get(&id)) {
        follow(source, &mut ticket);
    }
    set(world, actor, draft, None, &mut ticket, &mut problems);
    let Some(first) = first else {
        forget(world, &made);
        return Err(problems.refusal());
    };
    first.check(world, &ticket, &mut problems);
    problems.checked().inspect_err(|_| forget(world, &made))?;

    let (author, at) = (ticket.submitter_id, ticket.created_at);
    let comment = first.make(world, &ticket, actor, author, at);
    ticket.description.clone_from(&comment.plain_body);
    let mut events = vec![Event::Comment(comment.id)];
    events.extend(world.creations(&traits_of(&ticket)));
    ticket.audits.push(Audit {
        id: comment.audit_id,
        created_at: at,
        author_id: Some(actor.caller),
        client: Some(actor.client.clone()),
        custom: draft.custom.clone(),
        via: Via::api(),
        events,
    });
    ticket.comments.push(comment);
    let id = world.insert_ticket(ticket);
    if let Some(source) = source.and_then(|id| world.tickets.get_mut(&id)) {
        source.followup_ids.push(id);
    }
    Ok(id)
}

/// Changes a ticket; gives the audit, or `None` when nothing changed.
pub(super) fn update(
    world: &mut World,
    actor: &Actor,
    id: u64,
    draft: &Draft,
) -> Result<Option<Audit>, Reply> {
    let known = writable(world, id)?;
    check_stamp(
        world,
        known,
        draft.safe_update,
        draft.updated_stamp.value().copied(),
    )?;
    let comment = match &draft.comment {
        Some(comment) if comment.is_blank() => match world.switches.empty_comments {
            EmptyComments::Refused => {
                let text = "Description: cannot be blank";
                return Err(Reply::invalid("base", text, Some("BlankValue")));
            }
            EmptyComments::Ignored => None,
        },
        comment => comment.as_ref(),
    };

    let mut ticket = known.clone();
    let (before, status) = (traits_of(&ticket), ticket.status.clone());
    let mut problems = Problems::default();
    let mut register = Register {
        world,
        problems: &mut problems,
        made: Vec::new(),
    };
    let requester = register.requester(draft);
    register.apply(draft, &mut ticket);
    let made = std::mem::take(&mut register.made);
    ticket_apply::requester(world, draft, requester, &mut ticket, &mut problems);
    set(
        world,
        actor,
        draft,
        Some(&status),
        &mut ticket,
        &mut problems,
    );
    if let Some(comment) = comment {
        comment.check(world, &ticket, &mut problems);
    }
    problems.checked().inspect_err(|_| forget(world, &made))?;

    let now = world.now();
    let mut events = Vec::new();
    let mut audit_id = world.new_id();
    if let Some(comment) = comment {
        let comment = comment.make(world, &ticket, actor, actor.caller, now);
        audit_id = comment.audit_id;
        events.push(Event::Comment(comment.id));
        ticket.comments.push(comment);
    }
    events.extend(world.changes(&before, &traits_of(&ticket)));
    if events.is_empty() {
        return Ok(None);
    }
    ticket.updated_at = now;
    ticket.generated_at = now;
    let audit = Audit {
        id: audit_id,
        created_at: now,
        author_id: Some(actor.caller),
        client: Some(actor.client.clone()),
        custom: draft.custom.clone(),
        via: Via::api(),
        events,
    };
    ticket.audits.push(audit.clone());
    world.insert_ticket(ticket);
    Ok(Some(audit))
}

/// A ticket that takes writes: neither deleted nor closed (section 3).
pub(super) fn writable(world: &World, id: u64) -> Result<&Ticket, Reply> {
    let ticket = world.tickets.get(&id).filter(|ticket| ticket.is_there());
    let ticket = ticket.ok_or_else(Reply::not_found)?;
    if ticket.is_closed() {
        let text = "Status: closed prevents ticket update";
        return Err(Reply::invalid("status", text, None));
    }
    Ok(ticket)
}

/// Refuses a write that was thought out on an older state (section 4).
pub(super) fn check_stamp(
    world: &World,
    ticket: &Ticket,
    safe_update: Option<bool>,
    stamp: Option<Timestamp>,
) -> Result<(), Reply> {
    let is_checked =
        safe_update.is_some_and(|truth| truth || world.switches.false_safe_update_checks);
    if !is_checked {
        return Ok(());
    }
    let Some(stamp) = stamp else {
        return Err(Reply::missing("updated_stamp"));
    };
    if ticket.updated_at <= stamp {
        return Ok(());
    }
    Err(conflict())
}

/// 409: the ticket was changed in the meantime. The wording is that of two independent fakes (section 4).
pub(super) fn conflict() -> Reply {
    let text = "Safe Update prevented the update due to outdated ticket data. \
                Please fetch the latest ticket data and try again.";
    Reply::coded(StatusCode::CONFLICT, "UpdateConflict", text)
}

/// Sets everything but people and comments. `before` is the status that the ticket had.
fn set(
    world: &World,
    actor: &Actor,
    draft: &Draft,
    before: Option<&str>,
    ticket: &mut Ticket,
    problems: &mut Problems,
) {
    if before.is_none() {
        ticket_apply::requester(world, draft, None, ticket, problems);
    }
    ticket_apply::plain(world, draft, ticket, problems);
    ticket_apply::charge(world, draft, ticket, problems);
    ticket_fields::apply(world, draft, ticket, problems);
    if actor.is_one_of_many {
        ticket_fields::retag(world, draft, ticket);
    }
    ticket_status::apply(world, draft, actor.caller, before, ticket, problems);
}

/// Lets a new ticket continue a closed one: its tags are inherited unless there are others (section 3).
fn follow(source: &Ticket, ticket: &mut Ticket) {
    ticket.followup_of = Some(source.id);
    ticket.tags.clone_from(&source.tags);
    ticket.via.rel = Some("follow_up".to_owned());
    let from = [
        ("ticket_id", serde_json::json!(source.id)),
        ("subject", serde_json::json!(source.subject)),
    ];
    for (name, value) in from {
        ticket.via.from.insert(name.to_owned(), value);
    }
}

/// Takes back users who were made for a write that was refused.
fn forget(world: &mut World, made: &[u64]) {
    for id in made {
        world.users.remove(id);
    }
}
