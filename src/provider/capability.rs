//! What a help desk can do, as data.
//!
//! Two readers: the gate, which refuses, requires and drops before a provider is asked, and
//! `docs/providers.md`, which is generated and so cannot lie.

use std::time::Duration;

use crate::model::field::{CommentField, TicketField};
use crate::model::filter::Order;
use crate::transport::line::Rates;

/// An operation of the Help Desk API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Trying a credential.
    Identify,
    /// `GET …/tickets`
    ListTickets,
    /// `GET …/tickets/{id}`
    GetTicket,
    /// `POST …/tickets`
    CreateTicket,
    /// `PATCH …/tickets/{id}`
    UpdateTicket,
    /// `DELETE …/tickets/{id}`
    DeleteTicket,
    /// `GET …/comments`
    ListComments,
    /// `POST …/comments`
    CreateComment,
    /// `PATCH …/comments/{id}`
    UpdateComment,
    /// `DELETE …/comments/{id}`
    DeleteComment,
    /// `POST …/raw`: what is passed through.
    Raw,
}

impl Operation {
    /// The ones a help desk may or may not have.
    pub const ALL: [Self; 9] = [
        Self::ListTickets,
        Self::GetTicket,
        Self::CreateTicket,
        Self::UpdateTicket,
        Self::DeleteTicket,
        Self::ListComments,
        Self::CreateComment,
        Self::UpdateComment,
        Self::DeleteComment,
    ];

    /// Its name in metrics, logs and error messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Raw => "raw",
            Self::ListTickets => "list_tickets",
            Self::GetTicket => "get_ticket",
            Self::CreateTicket => "create_ticket",
            Self::UpdateTicket => "update_ticket",
            Self::DeleteTicket => "delete_ticket",
            Self::ListComments => "list_comments",
            Self::CreateComment => "create_comment",
            Self::UpdateComment => "update_comment",
            Self::DeleteComment => "delete_comment",
        }
    }
}

/// Which attributes an operation takes. One that is in no list the help desk does not have: it is
/// ignored on write, as the API says.
#[derive(Debug, Clone, Copy)]
pub struct Accepts<F: 'static> {
    /// Must be given when something is made.
    pub required: &'static [F],
    /// May be given.
    pub optional: &'static [F],
    /// The help desk has it but cannot change it: refused by name, unless it would stay the same.
    pub fixed: &'static [F],
    /// The help desk has it but can never change it: refused by name before any call.
    pub refused: &'static [F],
    /// May be emptied with `null`.
    pub clearable: &'static [F],
}

/// What a help desk's list of tickets can do.
#[derive(Debug, Clone, Copy)]
pub struct ListCapabilities {
    /// The orders that it has.
    pub orders: &'static [Order],
    /// Whether it finds the tickets of a requester and of a company itself, so that they need not be
    /// compared: by another address of the same person, for example.
    pub finds_people: bool,
    /// Whether archived tickets can be listed, when they are asked for.
    pub has_archive: bool,
    /// What a complete walk cannot show, as reasons in the coverage.
    pub never_listed: &'static [&'static str],
}

/// What a help desk can do. Small enough to read as its fact sheet.
#[derive(Debug)]
pub struct Capabilities {
    /// Its name for people.
    pub title: &'static str,
    /// The vendor's domain: `https://{label}.{domain}` may be called without being listed. None for software that
    /// everybody runs at an address of their own.
    pub domain: Option<&'static str>,
    /// What it can do; anything else is refused before it is called.
    pub operations: &'static [Operation],
    /// What it can do for an account that asks for it when it is connected, by a member that is true.
    pub on_request: &'static [(Operation, &'static str)],
    /// Its list of tickets.
    pub list: ListCapabilities,
    /// Attributes of a new ticket.
    pub create_ticket: Accepts<TicketField>,
    /// Attributes of a ticket's change.
    pub update_ticket: Accepts<TicketField>,
    /// Attributes of a new comment.
    pub create_comment: Accepts<CommentField>,
    /// Attributes of a comment's change.
    pub update_comment: Accepts<CommentField>,
    /// How long it knows a write again by an idempotency key, where it takes keys for new tickets.
    pub keys_last: Option<Duration>,
    /// Most objects on one of its pages.
    pub max_page_size: u16,
    /// Its rate limit.
    pub rate: Rates,
    /// Members of the connect request whose values are secret, for the documentation.
    pub credentials: &'static [&'static str],
}
