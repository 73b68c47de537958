//! What happens to comments (Zendesk reference, section 6).

use jiff::Timestamp;
use serde_json::{Map, json};

use super::html;
use super::records::{Audit, Comment, Event, Ticket, Via};
use super::world::World;

impl World {
    /// Adds a comment, as people do at the desk or by mail; without an author, as the system does. Gives its id.
    pub fn add_comment(
        &mut self,
        ticket: u64,
        author: impl Into<Option<u64>>,
        text: &str,
        public: bool,
    ) -> Option<u64> {
        let author = author.into();
        let now = self.now();
        self.tickets.get(&ticket)?;
        let comment = self.new_comment(author, text, public, now);
        let id = comment.id;
        let audit = Audit {
            id: comment.audit_id,
            created_at: now,
            author_id: author,
            client: None,
            custom: json!({}),
            via: comment.via.clone(),
            events: vec![Event::Comment(id)],
        };
        let found = self.tickets.get_mut(&ticket)?;
        found.comments.push(comment);
        found.audits.push(audit);
        found.updated_at = now;
        found.generated_at = now;
        self.tell_index_of_ticket(ticket);
        Some(id)
    }

    /// Makes a comment private, one way (section 6). Says whether there is such a comment.
    pub fn make_private(&mut self, comment: u64) -> bool {
        let mut all = self.tickets.values();
        let holds = |ticket: &&Ticket| ticket.comments.iter().any(|one| one.id == comment);
        let Some(ticket) = all.find(holds).map(|ticket| ticket.id) else {
            return false;
        };
        let mut event = Map::new();
        for (name, value) in [
            ("id", json!(self.new_id())),
            ("type", json!("CommentPrivacyChange")),
            ("comment_id", json!(comment)),
            ("public", json!(false)),
        ] {
            event.insert(name.to_owned(), value);
        }
        let audit = Audit {
            id: self.new_id(),
            created_at: self.now(),
            author_id: Some(self.me),
            client: None,
            custom: json!({}),
            via: Via::channel("web"),
            events: vec![Event::Other(event)],
        };
        self.edit_ticket(ticket, |ticket| {
            let mut all = ticket.comments.iter_mut();
            if let Some(found) = all.find(|one| one.id == comment) {
                found.public = false;
            }
            ticket.audits.push(audit);
        })
    }

    /// A comment of plain text that hangs on nothing yet.
    pub(super) fn new_comment(
        &mut self,
        author: Option<u64>,
        text: &str,
        public: bool,
        at: Timestamp,
    ) -> Comment {
        Comment {
            audit_id: self.new_id(),
            id: self.new_id(),
            author_id: author,
            body: text.to_owned(),
            html_body: html::of_text(text),
            plain_body: text.to_owned(),
            public,
            attachments: Vec::new(),
            created_at: at,
            via: Via::channel("web"),
        }
    }
}
