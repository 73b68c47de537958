//! RT's JSON, exactly, as far as the gateway reads it.
//!
//! Objects within objects are read as [`Fields`], so that an odd one is an empty one. What is not set is `""`,
//! a time that is not is the beginning of 1970; ids are numbers or texts (README).

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::provider::json::{Fields, Id, List, Number};

/// A page of anything.
#[derive(Deserialize)]
pub(super) struct Collection<'a> {
    /// What is on it.
    #[serde(borrow)]
    pub(super) items: Vec<&'a RawValue>,
    /// How many were found; null where RT would have to look at the rights to each of them (trap 13).
    #[serde(default)]
    pub(super) total: Number,
}

impl Collection<'_> {
    /// Whether a first page of this size has a successor.
    pub(super) fn has_more(&self, size: u16) -> bool {
        let count = self.items.len();
        if count == 0 {
            return false;
        }
        match self.total.0 {
            Some(total) => total > count as u64,
            None => count >= usize::from(size),
        }
    }
}

/// A ticket.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Ticket<'a> {
    /// Running number of the server.
    #[serde(rename = "id")]
    pub(super) id: Id,
    /// `ticket`, `reminder`, `approval`; searches find the first only.
    #[serde(borrow, default, rename = "Type")]
    pub(super) kind: Option<&'a RawValue>,
    /// Plain text.
    #[serde(borrow, default)]
    pub(super) subject: Option<&'a RawValue>,
    /// Of the queue's lifecycle.
    #[serde(borrow, default)]
    pub(super) status: Option<&'a RawValue>,
    /// A number as a text.
    #[serde(default)]
    pub(super) priority: Number,
    /// Its queue.
    #[serde(borrow, default)]
    pub(super) queue: Fields<'a>,
    /// Who works on it; `Nobody` if nobody does.
    #[serde(borrow, default)]
    pub(super) owner: Fields<'a>,
    /// Who entered it.
    #[serde(borrow, default)]
    pub(super) creator: Fields<'a>,
    /// Who asked.
    #[serde(borrow, default)]
    pub(super) requestor: List<Fields<'a>>,
    /// People in copy.
    #[serde(borrow, default)]
    pub(super) cc: List<Fields<'a>>,
    /// Agents in copy.
    #[serde(borrow, default)]
    pub(super) admin_cc: List<Fields<'a>>,
    /// When it is due.
    #[serde(borrow, default)]
    pub(super) due: Option<&'a RawValue>,
    /// When it was made.
    #[serde(borrow, default)]
    pub(super) created: Option<&'a RawValue>,
    /// When it was last changed.
    #[serde(borrow, default)]
    pub(super) last_updated: Option<&'a RawValue>,
    /// All custom fields of its queue, empty ones too.
    #[serde(borrow, default)]
    pub(super) custom_fields: List<Fields<'a>>,
}

/// An entry of a ticket's history.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transaction<'a> {
    /// Running number of the server.
    #[serde(rename = "id")]
    pub(super) id: Id,
    /// The ticket.
    #[serde(default)]
    pub(super) object_id: Number,
    /// `Create`, `Correspond`, `Comment`, `Status` and many more.
    #[serde(borrow, default, rename = "Type")]
    pub(super) kind: Option<&'a RawValue>,
    /// Who did it.
    #[serde(borrow, default)]
    pub(super) creator: Fields<'a>,
    /// When.
    #[serde(borrow, default)]
    pub(super) created: Option<&'a RawValue>,
}

/// A part of a message: its text, or a file.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Attachment<'a> {
    /// Running number of the server.
    #[serde(rename = "id")]
    pub(super) id: Id,
    /// What it belongs to.
    pub(super) transaction_id: Id,
    /// Media type.
    #[serde(borrow, default)]
    pub(super) content_type: Option<&'a RawValue>,
    /// Name of the file; `""` for a text.
    #[serde(borrow, default)]
    pub(super) filename: Option<&'a RawValue>,
    /// Bytes.
    #[serde(default)]
    pub(super) content_length: Number,
    /// The text, decoded.
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
}

/// A queue.
#[derive(Deserialize)]
pub(super) struct Queue<'a> {
    /// Running number of the server.
    pub(super) id: Id,
    /// Custom fields of its tickets.
    #[serde(borrow, default, rename = "TicketCustomFields")]
    pub(super) fields: List<Fields<'a>>,
    /// What the token may do with it.
    #[serde(borrow, default, rename = "_hyperlinks")]
    pub(super) links: List<Fields<'a>>,
}

/// A user.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct User<'a> {
    /// Login, by which users are named.
    #[serde(borrow)]
    pub(super) name: &'a RawValue,
    /// Address.
    #[serde(borrow, default)]
    pub(super) email_address: Option<&'a RawValue>,
}

/// The answer to a create.
#[derive(Deserialize)]
pub(super) struct Created {
    /// What was made.
    pub(super) id: Id,
}
