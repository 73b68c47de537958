//! What a help desk holds, as plain values (Freshdesk reference, sections 4.2, 6, 7, 9 to 11).
//!
//! Fields are named as the API names them where it has them; `null` is `None`. Change them
//! through the methods of [`World`](super::world::World), which keep times and links in order.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::Value;

/// A ticket with everything that hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// The number people see.
    pub id: u64,
    /// Null only on old ones.
    pub subject: Option<String>,
    /// The first message, HTML.
    pub description: String,
    /// The same without markup; blanks may be doubled.
    pub description_text: String,
    /// 2 to 5 built in, further ones by the account's fields.
    pub status: u64,
    /// 1 low to 4 urgent.
    pub priority: u64,
    /// The channel.
    pub source: u64,
    /// The attribute `type`.
    pub kind: Option<String>,
    /// A contact or an agent.
    pub requester_id: u64,
    /// The assigned agent.
    pub responder_id: Option<u64>,
    /// The assigned group.
    pub group_id: Option<u64>,
    /// The requester's company, as a rule.
    pub company_id: Option<u64>,
    /// One of the account's products.
    pub product_id: Option<u64>,
    /// One of the account's mailboxes.
    pub email_config_id: Option<u64>,
    /// Null on some old tickets.
    pub cc_emails: Option<Vec<String>>,
    /// Added by forwards.
    pub fwd_emails: Option<Vec<String>>,
    /// Added by replies.
    pub reply_cc_emails: Option<Vec<String>>,
    /// Null for portal and API tickets.
    pub to_emails: Option<Vec<String>>,
    /// The mailbox's address.
    pub support_email: Option<String>,
    /// In the order given.
    pub tags: Vec<String>,
    /// Only those that are not null; answers fill up the rest.
    pub custom_fields: BTreeMap<String, Value>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change, to whole seconds.
    pub updated_at: Timestamp,
    /// When it should be resolved.
    pub due_by: Option<Timestamp>,
    /// When it should be answered first.
    pub fr_due_by: Option<Timestamp>,
    /// Before this moment answers show no due dates: the service level has not run yet.
    pub due_dates_from: Timestamp,
    /// What lists leave out unless asked for spam.
    pub spam: bool,
    /// In the trash.
    pub deleted: bool,
    /// Merged into this ticket.
    pub merged_into: Option<u64>,
    /// Milestones.
    pub stats: Stats,
    /// Agents who watch it.
    pub watcher_ids: Vec<u64>,
    /// Files of the first message.
    pub attachments: Vec<Attachment>,
    /// Replies and notes, oldest first.
    pub conversations: Vec<Conversation>,
}

impl Ticket {
    /// Neither in the trash nor spam: what an unfiltered list shows.
    pub fn is_listable(&self) -> bool {
        !self.deleted && !self.spam
    }

    /// Resolved or closed.
    pub fn is_done(&self) -> bool {
        matches!(self.status, 4 | 5)
    }

    /// The bytes of all files of the ticket: 20 MB at most (section 7).
    pub fn attachment_bytes(&self) -> usize {
        let of_conversations = self.conversations.iter().flat_map(|one| &one.attachments);
        let all = self.attachments.iter().chain(of_conversations);
        all.map(|attachment| attachment.content.len()).sum()
    }
}

/// Milestones of a ticket, all null at first (section 4.2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Stats {
    /// The last public reply.
    pub agent_responded_at: Option<Timestamp>,
    /// The requester's last message.
    pub requester_responded_at: Option<Timestamp>,
    /// The first public reply.
    pub first_responded_at: Option<Timestamp>,
    /// The last change of status.
    pub status_updated_at: Option<Timestamp>,
    /// The last return from resolved or closed.
    pub reopened_at: Option<Timestamp>,
    /// Set by resolving and by closing.
    pub resolved_at: Option<Timestamp>,
    /// Set by closing.
    pub closed_at: Option<Timestamp>,
    /// Set by pending.
    pub pending_since: Option<Timestamp>,
}

/// A reply, a note, a forward or a customer's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Unique in the account.
    pub id: u64,
    /// Where it belongs.
    pub ticket_id: u64,
    /// The author; null was reported.
    pub user_id: Option<u64>,
    /// HTML.
    pub body: String,
    /// The same without markup.
    pub body_text: String,
    /// From the customer.
    pub incoming: bool,
    /// For agents only.
    pub private: bool,
    /// 0 reply, 2 note, 8 forward; not enough to tell a note (section 6).
    pub source: u64,
    /// Made as a note, so it can be edited.
    pub is_note: bool,
    /// Undocumented: 1 from the customer, 2 private note, 3 public reply.
    pub category: u64,
    /// The mailbox that sent or received it.
    pub support_email: Option<String>,
    /// The sender's address.
    pub from_email: Option<String>,
    /// Null for surveys and the like.
    pub to_emails: Option<Vec<String>>,
    /// Copies.
    pub cc_emails: Vec<String>,
    /// Blind copies.
    pub bcc_emails: Option<Vec<String>>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every edit.
    pub updated_at: Timestamp,
    /// The last edit of its body.
    pub last_edited_at: Option<Timestamp>,
    /// Who edited it last.
    pub last_edited_user_id: Option<u64>,
    /// Its files.
    pub attachments: Vec<Attachment>,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Unique in the account.
    pub id: u64,
    /// The file's name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// Its bytes.
    pub content: Bytes,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Work on a ticket, by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeEntry {
    /// Unique.
    pub id: u64,
    /// Where it belongs.
    pub ticket_id: u64,
    /// Who worked.
    pub agent_id: u64,
    /// To be paid.
    pub billable: bool,
    /// The day it counts for.
    pub executed_at: Timestamp,
    /// A remark.
    pub note: Option<String>,
    /// When the timer was started last.
    pub start_time: Timestamp,
    /// Whole seconds counted while the timer stood.
    pub seconds: i64,
    /// Still counting.
    pub timer_running: bool,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every change.
    pub updated_at: Timestamp,
}

/// A customer's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// Unique.
    pub id: u64,
    /// What it is about.
    pub ticket_id: u64,
    /// The customer.
    pub user_id: u64,
    /// The agent at that time.
    pub agent_id: Option<u64>,
    /// The group at that time.
    pub group_id: Option<u64>,
    /// Words.
    pub feedback: Option<String>,
    /// 103 to 100, -101 to -103.
    pub default_question: i64,
    /// When it was given.
    pub created_at: Timestamp,
}

/// A field of the ticket form.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Unique.
    pub id: u64,
    /// Its key; of custom ones `cf_…`, of old ones without prefix.
    pub name: String,
    /// What agents read.
    pub label: String,
    /// What customers read.
    pub customer_label: String,
    /// `default_…` or `custom_…`.
    pub kind: String,
    /// Must be given by agents, and so by the API (section 4.3).
    pub required_for_agents: bool,
    /// Must be given before status 4 or 5.
    pub required_for_closure: bool,
    /// In one of four shapes; null when the field has none (section 8).
    pub choices: Value,
    /// The names of the second and third level of a nested field.
    pub levels: Vec<String>,
}

/// A bulk operation under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The request id of the call that started it.
    pub id: String,
    /// When that was.
    pub created_at: Timestamp,
}
