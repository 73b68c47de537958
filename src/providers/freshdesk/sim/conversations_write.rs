//! Replies, notes, forwards, and their edits (Freshdesk reference, section 6).

use super::attachments;
use super::conversations::{ConversationJson, note_json, reply_json};
use super::form::Form;
use super::form_fields::Given;
use super::html::html_and_text;
use super::records::Conversation;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::tickets::writable;
use super::world::World;

/// `POST /tickets/{id}/reply`: a public answer, mailed to the requester.
pub(super) fn reply(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = writable(world, ask)?.id;
    ask.form.only(&[
        "body",
        "from_email",
        "user_id",
        "cc_emails",
        "bcc_emails",
        "attachments",
    ])?;
    let requester = world
        .tickets
        .get(&id)
        .and_then(|ticket| world.person(ticket.requester_id));
    let to_emails: Vec<String> = requester
        .and_then(|person| person.email)
        .map(str::to_owned)
        .into_iter()
        .collect();
    let body = ask.form.required_text("body");
    // A customer cannot be impersonated here.
    let user_id = agent(world, &mut ask.form);
    let from_email = sender(world, &mut ask.form);
    let cc_emails = ask.form.emails("cc_emails").value().unwrap_or_default();
    let bcc_emails = ask.form.emails("bcc_emails").value().unwrap_or_default();
    let mut conversation = draft(world, ask, id, user_id, body)?;
    conversation.from_email.clone_from(&from_email);
    conversation.support_email = from_email;
    conversation.to_emails = Some(to_emails);
    conversation.cc_emails.clone_from(&cc_emails);
    conversation.bcc_emails = Some(bcc_emails);

    let (json, location) = (
        reply_json(&conversation, &ask.base, world.now()),
        place(ask, &conversation),
    );
    world.insert_conversation(conversation);
    if let Some(ticket) = world.tickets.get_mut(&id) {
        ticket
            .reply_cc_emails
            .get_or_insert_default()
            .extend(cc_emails);
    }
    Ok(Reply::created(&json, location))
}

/// `POST /tickets/{id}/notes`: private unless it says otherwise.
pub(super) fn note(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = writable(world, ask)?.id;
    ask.form.only(&[
        "body",
        "private",
        "incoming",
        "notify_emails",
        "user_id",
        "attachments",
    ])?;
    let body = ask.form.required_text("body");
    let private = ask.form.boolean("private").value().unwrap_or(true);
    let incoming = ask.form.boolean("incoming").value().unwrap_or(false);
    let user_id = match ask.form.positive("user_id") {
        Given::Is(user) if world.person(user).is_none() => {
            ask.form
                .errors
                .push(FieldError::no_match("user", "user_id"));
            user
        }
        Given::Is(user) => user,
        Given::Absent | Given::Null => world.me,
    };
    let notified = ask.form.emails("notify_emails").value().unwrap_or_default();
    let is_agent = |email: &String| {
        world
            .agents
            .values()
            .any(|one| one.email.eq_ignore_ascii_case(email))
    };
    if !notified.iter().all(is_agent) {
        ask.form.refuse(
            "notify_emails",
            "invalid_value",
            "Accepts only emails of agents",
        );
    }
    let mut conversation = draft(world, ask, id, user_id, body)?;
    conversation.is_note = true;
    conversation.source = 2;
    conversation.private = private;
    conversation.incoming = incoming;
    conversation.to_emails = Some(notified);
    conversation.support_email = world.email_configs.values().next().cloned();

    let (json, location) = (
        note_json(&conversation, &ask.base, world.now()),
        place(ask, &conversation),
    );
    world.insert_conversation(conversation);
    Ok(Reply::created(&json, location))
}

/// `POST /tickets/{id}/forward`: private, source 8 (section 4.5).
pub(super) fn forward(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let id = writable(world, ask)?.id;
    ask.form.only(&[
        "body",
        "to_emails",
        "cc_emails",
        "bcc_emails",
        "from_email",
        "user_id",
        "attachments",
        "include_quoted_text",
        "include_original_attachments",
    ])?;
    let body = ask.form.required_text("body");
    if !ask.form.has("to_emails") {
        ask.form
            .refuse("to_emails", "missing_field", "It should be a/an Array");
    }
    let to_emails = ask.form.emails("to_emails").value().unwrap_or_default();
    let cc_emails = ask.form.emails("cc_emails").value().unwrap_or_default();
    let bcc_emails = ask.form.emails("bcc_emails").value().unwrap_or_default();
    let user_id = agent(world, &mut ask.form);
    let from_email = sender(world, &mut ask.form);
    let quotes = ask
        .form
        .boolean("include_quoted_text")
        .value()
        .unwrap_or(true);
    let brings_files = ask
        .form
        .boolean("include_original_attachments")
        .value()
        .unwrap_or(false);
    let mut conversation = draft(world, ask, id, user_id, body)?;
    let original = world.tickets.get(&id);
    if let Some(original) = original.filter(|_| quotes) {
        let quote = format!("<blockquote>{}</blockquote>", original.description);
        conversation.body.push_str(&quote);
        conversation.body_text = html_and_text(&conversation.body).1;
    }
    if let Some(original) = original.filter(|_| brings_files) {
        conversation
            .attachments
            .extend(original.attachments.iter().cloned());
    }
    conversation.private = true;
    conversation.source = 8;
    conversation.from_email.clone_from(&from_email);
    conversation.support_email = from_email;
    conversation.to_emails = Some(to_emails.clone());
    conversation.cc_emails = cc_emails;
    conversation.bcc_emails = Some(bcc_emails);

    let reply = {
        let json = ConversationJson::new(&conversation, &ask.base, world.now());
        Reply::created(&json, place(ask, &conversation))
    };
    world.insert_conversation(conversation);
    if let Some(ticket) = world.tickets.get_mut(&id) {
        ticket.fwd_emails.get_or_insert_default().extend(to_emails);
    }
    Ok(reply)
}

/// `PUT /conversations/{id}`: the body and files of a note; privacy and author stay.
pub(super) fn edit(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let conversation = world.conversation(ask.id()?).ok_or_else(Reply::not_found)?;
    let (id, is_note, ticket_id) = (
        conversation.id,
        conversation.is_note,
        conversation.ticket_id,
    );
    let ticket = world.tickets.get(&ticket_id).ok_or_else(Reply::not_found)?;
    let held = ticket.attachment_bytes();
    if !ticket.is_listable()
        && let Some(refused) = Reply::refusal(world.switches.posting_to_trashed, &ask.method, "GET")
    {
        return Err(refused);
    }
    let refusal = world.switches.editing_a_reply;
    if !is_note && let Some(refused) = Reply::refusal(refusal, &ask.method, "DELETE") {
        return Err(refused);
    }
    ask.form.only(&["body", "attachments"])?;
    let body = if ask.form.has("body") {
        ask.form.required_text("body")
    } else {
        None
    };
    let attachments = attachments::take(world, &mut ask.form, held);
    ask.form.checked()?;

    let (now, me) = (world.now(), world.me);
    world.edit_conversation(id, |one| {
        if let Some(body) = body {
            (one.body, one.body_text) = html_and_text(&body);
        }
        one.attachments.extend(attachments);
        one.last_edited_at = Some(now);
        one.last_edited_user_id = Some(me);
    });
    let edited = world.conversation(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&note_json(edited, &ask.base, now)))
}

/// `DELETE /conversations/{id}`: of any kind.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let conversation = world.conversation(ask.id()?).ok_or_else(Reply::not_found)?;
    let id = conversation.id;
    let is_open = world
        .tickets
        .get(&conversation.ticket_id)
        .is_some_and(super::records::Ticket::is_listable);
    if !is_open
        && let Some(refused) = Reply::refusal(world.switches.posting_to_trashed, &ask.method, "GET")
    {
        return Err(refused);
    }
    world.delete_conversation(id);
    Ok(Reply::no_content())
}

/// A conversation with the body's text and files, once the body is known to be right.
fn draft(
    world: &mut World,
    ask: &mut Ask,
    ticket_id: u64,
    user_id: u64,
    body: Option<String>,
) -> Result<Conversation, Reply> {
    let held = world
        .tickets
        .get(&ticket_id)
        .map_or(0, super::records::Ticket::attachment_bytes);
    let attachments = attachments::take(world, &mut ask.form, held);
    ask.form.checked()?;
    let mut conversation = world.blank_conversation(ticket_id, Some(user_id));
    (conversation.body, conversation.body_text) = html_and_text(&body.unwrap_or_default());
    conversation.attachments = attachments;
    Ok(conversation)
}

/// The agent who writes; by default the key's.
fn agent(world: &World, form: &mut Form) -> u64 {
    match form.positive("user_id") {
        Given::Is(user) if !world.agents.contains_key(&user) => {
            form.errors.push(FieldError::no_match("agent", "user_id"));
            user
        }
        Given::Is(user) => user,
        Given::Absent | Given::Null => world.me,
    }
}

/// The mailbox that sends; by default the first.
fn sender(world: &World, form: &mut Form) -> Option<String> {
    match form.email("from_email") {
        Given::Is(email) => {
            if !world
                .email_configs
                .values()
                .any(|known| known.eq_ignore_ascii_case(&email))
            {
                form.errors
                    .push(FieldError::no_match("email_config", "from_email"));
            }
            Some(email)
        }
        Given::Absent | Given::Null => world.email_configs.values().next().cloned(),
    }
}

/// The recorded `Location`, although nothing can be read there (section 1).
fn place(ask: &Ask, conversation: &Conversation) -> String {
    ask.location(&format!("conversations/{}", conversation.id))
}
