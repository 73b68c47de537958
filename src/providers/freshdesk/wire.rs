//! Freshdesk's JSON, exactly, as far as the gateway reads it.
//!
//! Strings are borrowed from the reply as JSON literals. Numbers and flags are read leniently: an
//! unknown or odd value must never fail a read (Freshdesk reference, sections 3 and 4.2), so they
//! become "not known" instead.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::provider::json::{Fields, Flag, Id, List, Number};

/// A ticket as lists, views, creates and updates return it; key sets differ between them.
#[derive(Deserialize)]
pub(super) struct Ticket<'a> {
    /// Running number of the account.
    pub(super) id: Id,
    /// Plain text.
    #[serde(borrow, default)]
    pub(super) subject: Option<&'a RawValue>,
    /// HTML. Absent from lists without `include=description`.
    #[serde(borrow, default)]
    pub(super) description: Option<&'a RawValue>,
    /// A free list of the account.
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<&'a RawValue>,
    /// 2 to 5 built in, further ones per account.
    #[serde(default)]
    pub(super) status: Number,
    /// 1 to 4.
    #[serde(default)]
    pub(super) priority: Number,
    /// The requester's user id.
    #[serde(default)]
    pub(super) requester_id: Number,
    /// The agent's user id.
    #[serde(default)]
    pub(super) responder_id: Number,
    /// Group.
    #[serde(default)]
    pub(super) group_id: Number,
    /// Company.
    #[serde(default)]
    pub(super) company_id: Number,
    /// Addresses in copy; null on some old tickets.
    #[serde(borrow, default)]
    pub(super) cc_emails: List<&'a RawValue>,
    /// Tags.
    #[serde(borrow, default)]
    pub(super) tags: List<&'a RawValue>,
    /// All custom fields of the account.
    #[serde(borrow, default)]
    pub(super) custom_fields: Fields<'a>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) updated_at: Option<&'a RawValue>,
    /// When it is due to be resolved.
    #[serde(borrow, default)]
    pub(super) due_by: Option<&'a RawValue>,
    /// Present, and true, on trashed tickets only.
    #[serde(default)]
    pub(super) deleted: Flag,
    /// Held for spam.
    #[serde(default)]
    pub(super) spam: Flag,
    /// By `include=requester` only.
    #[serde(borrow, default)]
    pub(super) requester: Option<&'a RawValue>,
    /// By `include=conversations` only: at most ten, oldest first.
    #[serde(borrow, default)]
    pub(super) conversations: List<&'a RawValue>,
}

/// The requester that a ticket embeds.
#[derive(Deserialize)]
pub(super) struct Requester<'a> {
    /// User id.
    #[serde(default)]
    pub(super) id: Number,
    /// Name.
    #[serde(borrow, default)]
    pub(super) name: Option<&'a RawValue>,
    /// Address.
    #[serde(borrow, default)]
    pub(super) email: Option<&'a RawValue>,
}

/// A conversation: a reply, a note, a customer's message. The answers to a new reply and a new
/// note have fewer keys each.
#[derive(Deserialize)]
pub(super) struct Conversation<'a> {
    /// Id.
    pub(super) id: Id,
    /// Author.
    #[serde(default)]
    pub(super) user_id: Number,
    /// HTML.
    #[serde(borrow, default)]
    pub(super) body: Option<&'a RawValue>,
    /// Whether only agents see it. Absent from the answer to a new reply.
    #[serde(default)]
    pub(super) private: Flag,
    /// 2 is a note, but not every note has it.
    #[serde(default)]
    pub(super) source: Number,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) updated_at: Option<&'a RawValue>,
    /// Files.
    #[serde(borrow, default)]
    pub(super) attachments: List<Attachment<'a>>,
}

/// A file of a conversation.
#[derive(Deserialize)]
pub(super) struct Attachment<'a> {
    /// Id.
    pub(super) id: Id,
    /// File name.
    #[serde(borrow, default)]
    pub(super) name: Option<&'a RawValue>,
    /// Media type.
    #[serde(borrow, default)]
    pub(super) content_type: Option<&'a RawValue>,
    /// Bytes.
    #[serde(default)]
    pub(super) size: Number,
    /// Signed, valid for some minutes, to be fetched without credentials.
    #[serde(borrow, default, rename = "attachment_url")]
    pub(super) url: Option<&'a RawValue>,
    /// For images.
    #[serde(borrow, default)]
    pub(super) thumb_url: Option<&'a RawValue>,
}

/// The owner of an API key.
#[derive(Deserialize)]
pub(super) struct Agent {
    /// Name and address are in here, not beside it (section 10).
    pub(super) contact: AgentContact,
}

/// The person behind an agent.
#[derive(Deserialize)]
pub(super) struct AgentContact {
    /// Address.
    #[serde(default)]
    pub(super) email: Option<String>,
    /// Name.
    #[serde(default)]
    pub(super) name: Option<String>,
}

/// One of the account's ticket fields.
#[derive(Deserialize)]
pub(super) struct TicketField<'a> {
    /// Name of the field, `status` for the statuses.
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    /// For the statuses `{"2": ["Open", "Being Processed"], …}`; other fields have other shapes.
    #[serde(borrow, default)]
    pub(super) choices: Option<&'a RawValue>,
}

/// The body of an error: one of two shapes (section 12).
#[derive(Deserialize, Default)]
pub(super) struct Failure {
    /// With `errors`: what failed as a whole.
    #[serde(default)]
    pub(super) description: Option<String>,
    /// What is wrong with which field.
    #[serde(default)]
    pub(super) errors: Vec<FieldFailure>,
    /// Without `errors`: what is wrong.
    #[serde(default)]
    pub(super) message: Option<String>,
}

/// What is wrong with one field.
#[derive(Deserialize)]
pub(super) struct FieldFailure {
    /// The field, in Freshdesk's words.
    #[serde(default)]
    pub(super) field: Option<String>,
    /// What is wrong.
    #[serde(default)]
    pub(super) message: Option<String>,
}
