//! Who works with a Request Tracker and who asks, in which queues, with which fields.

use jiff::Timestamp;

use super::lifecycle::Lifecycle;

/// A user: privileged ones are agents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: u64,
    /// The login, which is the id in lists and addresses. For customers it is the e-mail address.
    pub name: String,
    /// The e-mail address; empty without one.
    pub email: String,
    /// The name.
    pub real_name: String,
    /// Where they work.
    pub organization: String,
    /// Remarks that admins see.
    pub comments: String,
    /// Whether this is an agent.
    pub is_privileged: bool,
    /// Whether this user was deleted, which RT calls disabled.
    pub is_disabled: bool,
    /// What this user may do.
    pub access: Access,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed.
    pub last_updated: Timestamp,
    /// Who made it.
    pub creator: u64,
    /// Its transactions.
    pub transactions: Vec<u64>,
}

/// What a user may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everything: `SuperUser`.
    Everything,
    /// To work in these queues, but for what is lacking.
    Queues(Vec<u64>, Vec<Right>),
    /// Nothing over REST.
    Nothing,
}

/// A right that agents of a queue have, unless it is lacking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Right {
    /// `CreateTicket`.
    Create,
    /// `ModifyTicket`.
    Modify,
    /// `DeleteTicket`.
    Delete,
    /// `ReplyToTicket`.
    Reply,
    /// `CommentOnTicket`.
    Comment,
    /// `ShowTicketComments`.
    SeeComments,
    /// `ReassignTicket`: to take a ticket from one agent and give it to another. The real seed grants it to nobody.
    Reassign,
}

/// A queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Where mail to it goes; empty without.
    pub correspond_address: String,
    /// Which statuses its tickets may have.
    pub lifecycle: &'static Lifecycle,
    /// Whether it is not used any more.
    pub is_disabled: bool,
    /// When it was made.
    pub created: Timestamp,
    /// Its transactions.
    pub transactions: Vec<u64>,
}

/// A custom field of tickets, in all queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomField {
    /// Its number.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What a value must be.
    pub kind: FieldKind,
    /// When it was made.
    pub created: Timestamp,
}

impl CustomField {
    /// Whether tickets have it.
    pub fn is_of_tickets(&self) -> bool {
        self.kind != FieldKind::Article
    }
}

/// What the values of a custom field may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FieldKind {
    /// One of these.
    SelectOne(Vec<String>),
    /// Any text, once.
    FreeOne,
    /// Any texts.
    FreeMany,
    /// The one text of articles: a field that tickets do not have.
    Article,
}

impl FieldKind {
    /// Whether there can be one value only.
    pub fn is_one(&self) -> bool {
        *self != Self::FreeMany
    }
}
