//! What a Request Tracker holds.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;

/// The user that owns what nobody owns.
pub const NOBODY: u64 = 6;

/// The user in whose name RT itself acts.
pub const SYSTEM: u64 = 1;

/// The status of what was deleted.
pub const DELETED: &str = "deleted";

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Its number.
    pub id: u64,
    /// Its own number, or that of the ticket into which it was merged.
    pub effective_id: u64,
    /// The queue.
    pub queue: u64,
    /// The subject: one line, at most 200 bytes.
    pub subject: String,
    /// The status, in lower case.
    pub status: String,
    /// The priority: digits, but SQLite keeps any text.
    pub priority: String,
    /// The priority at the start.
    pub initial_priority: String,
    /// The priority to which it rises.
    pub final_priority: String,
    /// The owner; [`NOBODY`] is none.
    pub owner: u64,
    /// Who wrote it down.
    pub creator: u64,
    /// Who changed it last.
    pub last_updated_by: u64,
    /// Those who ask.
    pub requestors: Vec<u64>,
    /// Those who get replies.
    pub cc: Vec<u64>,
    /// Those who get replies and comments.
    pub admin_cc: Vec<u64>,
    /// When it was created, to the second, as all times.
    pub created: Timestamp,
    /// When it was changed last.
    pub last_updated: Timestamp,
    /// When somebody began to work on it.
    pub started: Option<Timestamp>,
    /// When it should be done.
    pub due: Option<Timestamp>,
    /// The due date as the database has it, which can be a text that is none.
    pub(super) raw_due: String,
    /// When it was done; stays when it is opened again.
    pub resolved: Option<Timestamp>,
    /// When an agent replied last.
    pub told: Option<Timestamp>,
    /// Minutes: estimated, worked, left.
    pub minutes: [u64; 3],
    /// Values of custom fields. A value can be empty, which is null in JSON.
    pub fields: BTreeMap<u64, Vec<Option<String>>>,
    /// Links to other tickets: what the other one is to this, and its number.
    pub links: Vec<(&'static str, u64)>,
    /// Its transactions, oldest first.
    pub transactions: Vec<u64>,
}

impl Ticket {
    /// Whether searches find it: neither deleted nor merged (trap 9).
    pub fn is_listable(&self) -> bool {
        self.status != DELETED && self.effective_id == self.id
    }
}

/// Something that happened to a ticket, a queue or a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its number; all kinds of objects share the numbers.
    pub id: u64,
    /// `RT::Ticket`, `RT::Queue` or `RT::User`.
    pub object_type: &'static str,
    /// The number of that.
    pub object_id: u64,
    /// `Create`, `Correspond`, `Comment`, `Set`, `Status`, `EmailRecord` and so on.
    pub kind: &'static str,
    /// What was changed; a number for custom fields.
    pub field: String,
    /// What it was.
    pub old_value: String,
    /// What it became.
    pub new_value: String,
    /// More: the subject of a message, the id of an e-mail.
    pub data: String,
    /// Who did it.
    pub creator: u64,
    /// When.
    pub created: Timestamp,
    /// Minutes it took.
    pub time_taken: u64,
    /// Until when it is not committed, so that nobody sees it.
    pub visible_at: Timestamp,
    /// Its attachments.
    pub attachments: Vec<u64>,
}

/// One MIME part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Its number.
    pub id: u64,
    /// The transaction to which it belongs.
    pub transaction_id: u64,
    /// The part that it is in; 0 is none.
    pub parent: u64,
    /// The media type.
    pub content_type: String,
    /// The name of a file; empty for bodies.
    pub filename: String,
    /// The subject of the message; empty for parts in others.
    pub subject: String,
    /// The bytes; none for `multipart/*`.
    pub content: Vec<u8>,
    /// Who sent it.
    pub creator: u64,
    /// When.
    pub created: Timestamp,
}

impl Attachment {
    /// The id of the message, which only the outermost part has.
    pub(super) fn message_id(&self) -> String {
        if self.parent != 0 {
            return String::new();
        }
        let seconds = self.created.as_second();
        format!("rt-5.0.3-1-{seconds}-{}.0-0-0@localhost", self.id)
    }

    /// The headers, as far as they are made up.
    pub(super) fn headers(&self) -> String {
        let mut headers = format!("Content-Type: {}\n", self.content_type);
        if self.parent == 0 {
            let _ = writeln!(headers, "Subject: {}", self.subject);
            let _ = writeln!(headers, "Message-ID: <{}>", self.message_id());
        }
        if !self.filename.is_empty() {
            let name = &self.filename;
            let _ = writeln!(
                headers,
                "Content-Disposition: attachment; filename=\"{name}\""
            );
        }
        let _ = write!(headers, "Content-Length: {}", self.content.len());
        headers
    }
}
