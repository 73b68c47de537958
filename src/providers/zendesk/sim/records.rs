//! What hangs on tickets, as plain values (Zendesk reference, sections 3, 4 and 6).
//!
//! Fields are named as the API names them where it has them; `null` is `None`. Change them through the methods
//! of [`World`](super::world::World), which keep times, audits and the search index in order.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// A ticket with everything that hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Ticket {
    /// The number people see.
    pub id: u64,
    /// Can be null through the API.
    pub subject: Option<String>,
    /// The plain text of the first comment.
    pub description: String,
    /// The attribute `type`: problem, incident, question or task.
    pub kind: Option<String>,
    /// urgent, high, normal or low.
    pub priority: Option<String>,
    /// new, open, pending, hold, solved or closed.
    pub status: String,
    /// One of the account's, of the same category.
    pub custom_status_id: u64,
    /// Who asked.
    pub requester_id: u64,
    /// Who wrote the first comment.
    pub submitter_id: u64,
    /// The agent in charge.
    pub assignee_id: Option<u64>,
    /// One of the requester's.
    pub organization_id: Option<u64>,
    /// The group in charge.
    pub group_id: Option<u64>,
    /// Users who get copies of public comments.
    pub email_cc_ids: Vec<u64>,
    /// Agents who get copies of all comments.
    pub follower_ids: Vec<u64>,
    /// Of an incident.
    pub problem_id: Option<u64>,
    /// Anybody's own id.
    pub external_id: Option<String>,
    /// The support address that was written to.
    pub recipient: Option<String>,
    /// Only for tasks, as a rule.
    pub due_at: Option<Timestamp>,
    /// Sorted.
    pub tags: Vec<String>,
    /// Only those that are not null; answers fill up the rest.
    pub custom_fields: BTreeMap<u64, Value>,
    /// Never moves.
    pub created_at: Timestamp,
    /// Moves with every event.
    pub updated_at: Timestamp,
    /// Moves with every event, and also when only the system touched it. Orders the exports.
    pub generated_at: Timestamp,
    /// How it came in.
    pub via: Via,
    /// One of the account's brands.
    pub brand_id: u64,
    /// One of the account's forms.
    pub ticket_form_id: u64,
    /// The closed ticket that it continues.
    pub followup_of: Option<u64>,
    /// Tickets that continue it.
    pub followup_ids: Vec<u64>,
    /// Oldest first, the description among them.
    pub comments: Vec<Comment>,
    /// Its history, oldest first.
    pub audits: Vec<Audit>,
    /// Set while it lies among the deleted tickets.
    pub deleted: Option<Deleted>,
    /// Permanently deleted: only a row in the exports is left.
    pub scrubbed: bool,
    /// Left the lists, some months after it was closed.
    pub archived: bool,
}

impl Ticket {
    /// What `GET /tickets` shows: neither archived nor deleted (section 4).
    pub fn is_listable(&self) -> bool {
        self.is_there() && !self.archived
    }

    /// What `GET /tickets/{id}` shows: not deleted (section 4).
    pub fn is_there(&self) -> bool {
        self.deleted.is_none() && !self.scrubbed
    }

    /// Closed for good: no write is taken any more (section 3).
    pub fn is_closed(&self) -> bool {
        self.status == "closed"
    }

    /// Whether any comment is public (section 3).
    pub fn is_public(&self) -> bool {
        self.comments.iter().any(|comment| comment.public)
    }

    /// The union of CCs and followers (section 5).
    pub fn collaborator_ids(&self) -> Vec<u64> {
        let mut all = self.email_cc_ids.clone();
        let others = self
            .follower_ids
            .iter()
            .filter(|id| !self.email_cc_ids.contains(id));
        all.extend(others);
        all
    }

    /// Everybody whom a sideload of users shows (section 4).
    pub fn people(&self) -> Vec<u64> {
        let mut all = vec![self.requester_id, self.submitter_id];
        all.extend(self.assignee_id);
        all.extend(self.collaborator_ids());
        all
    }
}

/// The stay of a ticket among the deleted ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deleted {
    /// Since when.
    pub at: Timestamp,
    /// By whom.
    pub actor: u64,
    /// The status before, which a restore brings back.
    pub previous_state: String,
}

/// How something came in (section 3).
#[derive(Debug, Clone, PartialEq)]
pub struct Via {
    /// `api`, `web`, `email` and others.
    pub channel: String,
    /// Members of `source.from`.
    pub from: Map<String, Value>,
    /// Members of `source.to`.
    pub to: Map<String, Value>,
    /// `source.rel`, such as `follow_up` or `merge`.
    pub rel: Option<String>,
}

impl Via {
    /// A channel with nothing else to say.
    pub fn channel(name: &str) -> Self {
        Self {
            channel: name.to_owned(),
            from: Map::new(),
            to: Map::new(),
            rel: None,
        }
    }

    /// Made by an API call.
    pub fn api() -> Self {
        Self::channel("api")
    }

    /// As the API shows it.
    pub(super) fn json(&self) -> Value {
        json!({
            "channel": self.channel,
            "source": {"from": self.from, "to": self.to, "rel": self.rel},
        })
    }
}

/// A message or an internal note (section 6).
#[derive(Debug, Clone, PartialEq)]
pub struct Comment {
    /// The id of the `Comment` event in the audit of the write.
    pub id: u64,
    /// That audit.
    pub audit_id: u64,
    /// Who wrote it; the system is -1 on the wire.
    pub author_id: Option<u64>,
    /// The text or its Markdown.
    pub body: String,
    /// Wrapped in a `div`.
    pub html_body: String,
    /// Without markup.
    pub plain_body: String,
    /// For the requester too.
    pub public: bool,
    /// Its files.
    pub attachments: Vec<Attachment>,
    /// Equals the audit's.
    pub created_at: Timestamp,
    /// How it came in.
    pub via: Via,
}

/// A file (section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Unique in the account.
    pub id: u64,
    /// Its name.
    pub file_name: String,
    /// Its media type, as the server found it.
    pub content_type: String,
    /// Its bytes.
    pub content: Bytes,
    /// Of images: width and height.
    pub pixels: Option<(u64, u64)>,
    /// Shown inside of the text.
    pub inline: bool,
    /// Its content is gone.
    pub deleted: bool,
    /// The secret part of its address.
    pub token: String,
    /// Smaller images of it, without thumbnails of their own.
    pub thumbnails: Vec<Attachment>,
}

/// One entry of a ticket's history (section 4).
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Unique in the account.
    pub id: u64,
    /// When it happened.
    pub created_at: Timestamp,
    /// Who did it; the system is -1 on the wire.
    pub author_id: Option<u64>,
    /// The program that did it, if one did.
    pub client: Option<String>,
    /// `metadata.custom`.
    pub custom: Value,
    /// How it came in.
    pub via: Via,
    /// What happened.
    pub events: Vec<Event>,
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A comment of the ticket, by id.
    Comment(u64),
    /// Anything else, with the members that the API shows, `id` and `type` among them.
    Other(Map<String, Value>),
}

/// Files that wait for a comment (section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// What a comment names it by.
    pub token: String,
    /// When it is dropped.
    pub expires_at: Timestamp,
    /// Its files, in the order they came.
    pub attachments: Vec<Attachment>,
}

/// A mail in quarantine (section 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspended {
    /// Unique in the account.
    pub id: u64,
    /// The sender's name.
    pub author_name: String,
    /// The sender's address.
    pub author_email: String,
    /// Why it is here, in words.
    pub cause: String,
    /// The same as a number.
    pub cause_id: u64,
    /// The text.
    pub content: String,
    /// The subject.
    pub subject: String,
    /// The support address that it was sent to.
    pub recipient: String,
    /// When it came.
    pub created_at: Timestamp,
    /// The ticket that it answers.
    pub ticket_id: Option<u64>,
}

/// An answered creation that can be asked for again (section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent {
    /// The body of the first call.
    pub request: Map<String, Value>,
    /// The body of its answer.
    pub answer: Vec<u8>,
    /// The address of what it made.
    pub location: String,
    /// When that was.
    pub at: Timestamp,
}
