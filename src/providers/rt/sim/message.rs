//! Messages: what a person writes, as MIME parts, and what becomes of it on a ticket.

use super::notices;
use super::records::SYSTEM;
use super::world::{Note, World};
use super::world_tickets::Change;

/// One part of a message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Part {
    /// The media type.
    pub content_type: String,
    /// The name of a file; empty for bodies.
    pub filename: String,
    /// The bytes; none for `multipart/*`.
    pub content: Vec<u8>,
    /// The parts in it.
    pub parts: Vec<Part>,
}

impl Part {
    /// A body.
    pub fn body(content_type: &str, text: &str) -> Self {
        Self {
            content_type: content_type.to_owned(),
            content: text.as_bytes().to_vec(),
            ..Self::default()
        }
    }

    /// A file.
    pub fn file(content_type: &str, filename: &str, content: &[u8]) -> Self {
        Self {
            content_type: content_type.to_owned(),
            filename: filename.to_owned(),
            content: content.to_vec(),
            ..Self::default()
        }
    }

    /// Parts in one.
    pub fn multipart(content_type: &str, parts: Vec<Self>) -> Self {
        Self {
            content_type: content_type.to_owned(),
            parts,
            ..Self::default()
        }
    }

    /// A body with files, which is a `multipart/mixed` if there are any.
    pub fn mixed(body: Self, files: Vec<Self>) -> Self {
        if files.is_empty() {
            return body;
        }
        let parts = std::iter::once(body).chain(files).collect();
        Self::multipart("multipart/mixed", parts)
    }

    /// What a message without content becomes: an empty part of no known type (trap 6).
    pub fn empty() -> Self {
        Self::body("application/octet-stream", "")
    }

    /// The first text in it, without markup, for notices.
    pub(super) fn text(&self) -> String {
        if self.content_type.starts_with("text/") && self.filename.is_empty() {
            return String::from_utf8_lossy(&self.content).into_owned();
        }
        let texts = self.parts.iter().map(Self::text);
        texts
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
    }
}

/// What a message is on a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A reply, which the requestors get.
    Correspond,
    /// A comment, which they do not see.
    Comment,
}

impl World {
    /// Adds a message to a ticket, and what RT does because of it: notices, and a reply opens what is not open. Gives
    /// its transaction.
    pub(super) fn write_message(
        &mut self,
        by: u64,
        ticket_id: u64,
        kind: Kind,
        subject: &str,
        part: Part,
        minutes: u64,
    ) -> u64 {
        self.begin(ticket_id);
        let text = part.text();
        let note = Note {
            kind: match kind {
                Kind::Correspond => "Correspond",
                Kind::Comment => "Comment",
            },
            data: if subject.is_empty() {
                "No Subject".into()
            } else {
                subject.to_owned()
            },
            time_taken: minutes,
            ..Note::default()
        };
        let transaction_id = self.note(by, "RT::Ticket", ticket_id, note);
        self.attach(transaction_id, 0, subject, part);
        self.touch(by, ticket_id);
        let now = self.stamp();
        if let Some(ticket) = self.tickets.get_mut(&ticket_id) {
            if kind == Kind::Correspond && !ticket.requestors.contains(&by) {
                ticket.told = Some(now);
            }
            let [_, worked, _] = &mut ticket.minutes;
            *worked += minutes;
        }
        notices::of_message(self, by, ticket_id, kind, &text);
        if kind == Kind::Correspond {
            self.open_because_of_reply(by, ticket_id);
        }
        transaction_id
    }

    /// Gives a ticket the first active status, unless it is new and the reply is of one who asked. A deleted ticket comes
    /// back so.
    fn open_because_of_reply(&mut self, by: u64, ticket_id: u64) {
        let Some(ticket) = self.tickets.get(&ticket_id) else {
            return;
        };
        let Some(queue) = self.queues.get(&ticket.queue) else {
            return;
        };
        let lifecycle = queue.lifecycle;
        let is_initial = lifecycle.initial.contains(&ticket.status.as_str());
        let is_active = lifecycle.active.contains(&ticket.status.as_str());
        let Some(open) = lifecycle.active.first() else {
            return;
        };
        let stays = (is_initial && ticket.requestors.contains(&by))
            || (is_active && ticket.status == *open);
        if !stays {
            self.apply(SYSTEM, ticket_id, Change::Status((*open).to_owned()));
        }
    }
}
