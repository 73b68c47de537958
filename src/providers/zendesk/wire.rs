//! Zendesk's JSON, exactly, as far as the gateway reads it.
//!
//! Strings are borrowed from the reply as JSON literals; numbers and flags are read leniently
//! ([`crate::provider::json`]).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::provider::json::{Fields, Flag, Id, List, Number};

/// A ticket. Real ones carry all keys always, null when unset (section 3).
#[derive(Deserialize)]
pub(super) struct Ticket<'a> {
    /// Running number of the account.
    pub(super) id: Id,
    /// Plain text.
    #[serde(borrow, default)]
    pub(super) subject: Option<&'a RawValue>,
    /// The first comment as plain text.
    #[serde(borrow, default)]
    pub(super) description: Option<&'a RawValue>,
    /// `problem`, `incident`, `question`, `task` or null.
    #[serde(borrow, default, rename = "type")]
    pub(super) kind: Option<&'a RawValue>,
    /// `new`, `open`, `pending`, `hold`, `solved`, `closed`; `deleted` in exports.
    #[serde(borrow, default)]
    pub(super) status: Option<&'a RawValue>,
    /// The account's own status of that category.
    #[serde(default)]
    pub(super) custom_status_id: Number,
    /// `urgent`, `high`, `normal`, `low` or null.
    #[serde(borrow, default)]
    pub(super) priority: Option<&'a RawValue>,
    /// Who asked.
    #[serde(default)]
    pub(super) requester_id: Number,
    /// Who entered it.
    #[serde(default)]
    pub(super) submitter_id: Number,
    /// The agent.
    #[serde(default)]
    pub(super) assignee_id: Number,
    /// The requester's organization.
    #[serde(default)]
    pub(super) organization_id: Number,
    /// Group.
    #[serde(default)]
    pub(super) group_id: Number,
    /// People in copy: ids alone (section 5).
    #[serde(default)]
    pub(super) email_cc_ids: List<Number>,
    /// Followers: ids alone.
    #[serde(default)]
    pub(super) follower_ids: List<Number>,
    /// Whether any comment is public.
    #[serde(default)]
    pub(super) is_public: Flag,
    /// For tasks.
    #[serde(borrow, default)]
    pub(super) due_at: Option<&'a RawValue>,
    /// Tags.
    #[serde(borrow, default)]
    pub(super) tags: List<&'a RawValue>,
    /// All active custom fields.
    #[serde(borrow, default)]
    pub(super) custom_fields: List<Fields<'a>>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
    /// UTC without a fraction.
    #[serde(borrow, default)]
    pub(super) updated_at: Option<&'a RawValue>,
}

/// The answer to a read of one ticket, or to a write.
#[derive(Deserialize)]
pub(super) struct One<'a> {
    /// The ticket.
    #[serde(borrow)]
    pub(super) ticket: &'a RawValue,
    /// By `include=users`.
    #[serde(borrow, default)]
    pub(super) users: List<User<'a>>,
    /// Of a write: what it did.
    #[serde(borrow, default)]
    pub(super) audit: Option<&'a RawValue>,
}

/// A page of tickets, by cursor.
#[derive(Deserialize)]
pub(super) struct TicketPage<'a> {
    /// The tickets.
    #[serde(borrow)]
    pub(super) tickets: Vec<&'a RawValue>,
    /// By `include=users`.
    #[serde(borrow, default)]
    pub(super) users: List<User<'a>>,
    /// Where the next page is. Absent from exports.
    #[serde(default)]
    pub(super) meta: Option<Meta>,
    /// Of an export: where it goes on.
    #[serde(default)]
    pub(super) after_cursor: Option<String>,
    /// Of an export: whether that was all.
    #[serde(default)]
    pub(super) end_of_stream: Flag,
}

/// Where the next page is (section 7).
#[derive(Deserialize, Default)]
pub(super) struct Meta {
    /// The one sign of an end: cursors and links are there on the last page too.
    #[serde(default)]
    pub(super) has_more: Flag,
    /// Behind the last object of this page.
    #[serde(default)]
    pub(super) after_cursor: Option<String>,
    /// Before its first.
    #[serde(default)]
    pub(super) before_cursor: Option<String>,
}

/// A person, in a sideload or a search.
#[derive(Deserialize)]
pub(super) struct User<'a> {
    /// Id.
    #[serde(default)]
    pub(super) id: Number,
    /// Name.
    #[serde(borrow, default)]
    pub(super) name: Option<&'a RawValue>,
    /// Address; null for some.
    #[serde(borrow, default)]
    pub(super) email: Option<&'a RawValue>,
}

/// The answer to `users/me`; 200 with a null id for nobody (section 2).
#[derive(Deserialize)]
pub(super) struct Me<'a> {
    /// Whose credential it is.
    #[serde(borrow)]
    pub(super) user: User<'a>,
}

/// People that were found or asked for.
#[derive(Deserialize)]
pub(super) struct Users<'a> {
    /// They.
    #[serde(borrow)]
    pub(super) users: List<User<'a>>,
}

/// A page of comments.
#[derive(Deserialize)]
pub(super) struct Comments<'a> {
    /// The comments, oldest first.
    #[serde(borrow)]
    pub(super) comments: Vec<&'a RawValue>,
    /// Where the next page is.
    #[serde(default)]
    pub(super) meta: Option<Meta>,
}

/// A comment of a list, or the event of one in an audit, which has fewer keys (section 6).
#[derive(Deserialize)]
pub(super) struct Comment<'a> {
    /// The same in lists and in audits.
    pub(super) id: Id,
    /// Author; -1, read as none, is the system.
    #[serde(default)]
    pub(super) author_id: Number,
    /// As HTML.
    #[serde(borrow, default)]
    pub(super) html_body: Option<&'a RawValue>,
    /// As it was written.
    #[serde(borrow, default)]
    pub(super) body: Option<&'a RawValue>,
    /// Whether the requester sees it.
    #[serde(default)]
    pub(super) public: Flag,
    /// Files.
    #[serde(borrow, default)]
    pub(super) attachments: List<Attachment<'a>>,
    /// In lists only.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
}

/// What a write did.
#[derive(Deserialize)]
pub(super) struct Audit<'a> {
    /// When.
    #[serde(borrow, default)]
    pub(super) created_at: Option<&'a RawValue>,
    /// Its parts.
    #[serde(borrow, default)]
    pub(super) events: List<&'a RawValue>,
}

/// The kind of an event in an audit.
#[derive(Deserialize)]
pub(super) struct EventKind<'a> {
    /// `Comment` for a new comment.
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
}

/// A file of a comment.
#[derive(Deserialize)]
pub(super) struct Attachment<'a> {
    /// Id.
    #[serde(default)]
    pub(super) id: Number,
    /// File name.
    #[serde(borrow, default)]
    pub(super) file_name: Option<&'a RawValue>,
    /// Media type.
    #[serde(borrow, default)]
    pub(super) content_type: Option<&'a RawValue>,
    /// Bytes.
    #[serde(default)]
    pub(super) size: Number,
    /// Where it is.
    #[serde(borrow, default)]
    pub(super) content_url: Option<&'a RawValue>,
    /// Smaller pictures of it, without thumbnails of their own.
    #[serde(borrow, default)]
    pub(super) thumbnails: List<Attachment<'a>>,
}

/// The statuses of the account.
#[derive(Deserialize)]
pub(super) struct CustomStatuses<'a> {
    /// They.
    #[serde(borrow)]
    pub(super) custom_statuses: List<CustomStatus<'a>>,
}

/// A status of the account.
#[derive(Deserialize)]
pub(super) struct CustomStatus<'a> {
    /// Id.
    #[serde(default)]
    pub(super) id: Number,
    /// Its name, as agents see it.
    #[serde(borrow, default)]
    pub(super) agent_label: Option<Cow<'a, str>>,
}

/// Tickets in the trash.
#[derive(Deserialize)]
pub(super) struct TrashPage<'a> {
    /// They.
    #[serde(borrow)]
    pub(super) deleted_tickets: Vec<&'a RawValue>,
    /// Whether there is a further page; null if not.
    #[serde(borrow, default)]
    pub(super) next_page: Option<&'a RawValue>,
    /// How many there are in all.
    #[serde(default)]
    pub(super) count: Number,
}

/// A ticket in the trash: all that Zendesk tells of it (section 4).
#[derive(Deserialize)]
pub(super) struct DeletedTicket<'a> {
    /// Id.
    pub(super) id: Id,
    /// Plain text.
    #[serde(borrow, default)]
    pub(super) subject: Option<&'a RawValue>,
    /// When it was trashed.
    #[serde(borrow, default)]
    pub(super) deleted_at: Option<&'a RawValue>,
    /// Its status before.
    #[serde(borrow, default)]
    pub(super) previous_state: Option<&'a RawValue>,
}

/// The body of an error: one of several shapes (section 11).
#[derive(Deserialize, Default)]
pub(super) struct Failure<'a> {
    /// A code, or an object with title and message.
    #[serde(borrow, default)]
    pub(super) error: Option<&'a RawValue>,
    /// What it means.
    #[serde(borrow, default)]
    pub(super) description: Option<&'a RawValue>,
    /// What it means, from the OAuth server.
    #[serde(borrow, default)]
    pub(super) error_description: Option<&'a RawValue>,
    /// What is wrong with which field.
    #[serde(borrow, default)]
    pub(super) details: Fields<'a>,
    /// The shape of pagination and of newer endpoints.
    #[serde(borrow, default)]
    pub(super) errors: List<Fields<'a>>,
}
