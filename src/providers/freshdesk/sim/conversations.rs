//! Conversations as JSON, and their list (Freshdesk reference, section 6).

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::attachments;
use super::records::Conversation;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// Writes a conversation as the list shows it.
pub(super) struct ConversationJson<'a> {
    /// The conversation.
    conversation: &'a Conversation,
    /// The origin for downloads.
    base: &'a str,
    /// The moment.
    now: Timestamp,
}

impl<'a> ConversationJson<'a> {
    /// A conversation, for the given caller and moment.
    pub(super) fn new(conversation: &'a Conversation, base: &'a str, now: Timestamp) -> Self {
        Self {
            conversation,
            base,
            now,
        }
    }
}

/// `GET /tickets/{id}/conversations`: oldest first, without the first message, which is the
/// ticket's description.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["page", "per_page"])?;
    let page = ask.query.page()?;
    let ticket = world.tickets.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    if ticket.deleted
        && let Some(refused) =
            Reply::refusal(world.switches.trashed_conversations, &ask.method, "PUT")
    {
        return Err(refused);
    }
    let now = world.now();
    let (found, has_more) = page.cut(&ticket.conversations);
    let elements: Vec<ConversationJson<'_>> = found
        .into_iter()
        .map(|one| ConversationJson::new(one, &ask.base, now))
        .collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// The files of a conversation.
pub(super) fn attachments_json(
    conversation: &Conversation,
    base: &str,
    now: Timestamp,
) -> Vec<Value> {
    let attachments = conversation.attachments.iter();
    attachments
        .map(|one| attachments::json(one, base, now))
        .collect()
}

impl Serialize for ConversationJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let one = self.conversation;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("body", &one.body)?;
        map.serialize_entry("body_text", &one.body_text)?;
        map.serialize_entry("structured_body", &())?;
        map.serialize_entry("id", &one.id)?;
        map.serialize_entry("incoming", &one.incoming)?;
        map.serialize_entry("private", &one.private)?;
        map.serialize_entry("user_id", &one.user_id)?;
        map.serialize_entry("support_email", &one.support_email)?;
        map.serialize_entry("source", &one.source)?;
        map.serialize_entry("category", &one.category)?;
        map.serialize_entry("to_emails", &one.to_emails)?;
        map.serialize_entry("from_email", &one.from_email)?;
        map.serialize_entry("cc_emails", &one.cc_emails)?;
        map.serialize_entry("bcc_emails", &one.bcc_emails)?;
        map.serialize_entry("email_failure_count", &())?;
        map.serialize_entry("outgoing_failures", &())?;
        map.serialize_entry("thread_id", &())?;
        map.serialize_entry("thread_message_id", &())?;
        map.serialize_entry("created_at", &one.created_at)?;
        map.serialize_entry("updated_at", &one.updated_at)?;
        map.serialize_entry("last_edited_at", &one.last_edited_at)?;
        map.serialize_entry("last_edited_user_id", &one.last_edited_user_id)?;
        map.serialize_entry("attachments", &attachments_json(one, self.base, self.now))?;
        map.serialize_entry("automation_id", &())?;
        map.serialize_entry("automation_type_id", &())?;
        map.serialize_entry("auto_response", &false)?;
        map.serialize_entry("ticket_id", &one.ticket_id)?;
        map.serialize_entry("source_additional_info", &())?;
        map.end()
    }
}

/// The recorded answer to a reply: without source, private and incoming.
pub(super) fn reply_json(one: &Conversation, base: &str, now: Timestamp) -> Value {
    json!({
        "body": one.body,
        "body_text": one.body_text,
        "id": one.id,
        "user_id": one.user_id,
        "from_email": one.from_email,
        "cc_emails": one.cc_emails,
        "bcc_emails": one.bcc_emails,
        "ticket_id": one.ticket_id,
        "to_emails": one.to_emails,
        "attachments": attachments_json(one, base, now),
        "source_additional_info": null,
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    })
}

/// The recorded answer to a note, and the likely one to its edit: without source.
pub(super) fn note_json(one: &Conversation, base: &str, now: Timestamp) -> Value {
    json!({
        "body": one.body,
        "body_text": one.body_text,
        "structured_body": null,
        "id": one.id,
        "incoming": one.incoming,
        "private": one.private,
        "user_id": one.user_id,
        "support_email": one.support_email,
        "ticket_id": one.ticket_id,
        "to_emails": one.to_emails,
        "attachments": attachments_json(one, base, now),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
    })
}
