//! What happens to tickets (Zendesk reference, sections 3 and 4).

use std::collections::BTreeMap;

use serde_json::json;

use super::records::{Audit, Deleted, Event, Ticket, Via};
use super::world::World;
use super::world_history::traits_of;

impl World {
    /// A ticket with the API's defaults and the next number, which [`Self::insert_ticket`] uses up.
    pub fn blank_ticket(&self, requester_id: u64) -> Ticket {
        let now = self.now();
        Ticket {
            id: self.next_ticket,
            subject: None,
            description: "-".to_owned(),
            kind: None,
            priority: None,
            status: "new".to_owned(),
            custom_status_id: self.default_status("new"),
            requester_id,
            submitter_id: requester_id,
            assignee_id: None,
            organization_id: self
                .users
                .get(&requester_id)
                .and_then(|user| user.organization_id),
            group_id: None,
            email_cc_ids: Vec::new(),
            follower_ids: Vec::new(),
            problem_id: None,
            external_id: None,
            recipient: None,
            due_at: None,
            tags: Vec::new(),
            custom_fields: BTreeMap::new(),
            created_at: now,
            updated_at: now,
            generated_at: now,
            via: Via::channel("web"),
            brand_id: self.brand_id,
            ticket_form_id: self.ticket_form_id,
            followup_of: None,
            followup_ids: Vec::new(),
            comments: Vec::new(),
            audits: Vec::new(),
            deleted: None,
            scrubbed: false,
            archived: false,
        }
    }

    /// Keeps a new ticket as it is. Without comments it gets its description as the first one, public.
    pub fn insert_ticket(&mut self, mut ticket: Ticket) -> u64 {
        if ticket.comments.is_empty() {
            let text = ticket.description.clone();
            let author = Some(ticket.submitter_id);
            let mut comment = self.new_comment(author, &text, true, ticket.created_at);
            comment.via = ticket.via.clone();
            let audit = Audit {
                id: comment.audit_id,
                created_at: ticket.created_at,
                author_id: author,
                client: None,
                custom: json!({}),
                via: ticket.via.clone(),
                events: vec![Event::Comment(comment.id)],
            };
            ticket.comments.push(comment);
            ticket.audits.push(audit);
        }
        if !self.fits(&ticket) {
            ticket.custom_status_id = self.default_status(&ticket.status);
        }
        let id = ticket.id;
        self.next_ticket = self.next_ticket.max(id + 1);
        self.tickets.insert(id, ticket);
        self.tell_index_of_ticket(id);
        id
    }

    /// Changes a ticket as the admin does at the desk; `updated_at` moves and an audit tells of it. Says whether
    /// there is such a ticket.
    pub fn edit_ticket(&mut self, id: u64, edit: impl FnOnce(&mut Ticket)) -> bool {
        let now = self.now();
        let (audit_id, author) = (self.new_id(), self.me);
        let Some(mut ticket) = self.tickets.remove(&id) else {
            return false;
        };
        let before = traits_of(&ticket);
        edit(&mut ticket);
        if !self.fits(&ticket) {
            ticket.custom_status_id = self.default_status(&ticket.status);
        }
        ticket.updated_at = now;
        ticket.generated_at = now;
        let events = self.changes(&before, &traits_of(&ticket));
        if !events.is_empty() {
            ticket.audits.push(Audit {
                id: audit_id,
                created_at: now,
                author_id: Some(author),
                client: None,
                custom: json!({}),
                via: Via::channel("web"),
                events,
            });
        }
        self.tickets.insert(id, ticket);
        self.tell_index_of_ticket(id);
        true
    }

    /// Lets the system touch a ticket: only the exports see it move (section 8).
    pub fn touch_system(&mut self, id: u64) -> bool {
        let now = self.now();
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return false;
        };
        ticket.generated_at = now;
        true
    }

    /// Sets a ticket's status.
    pub fn set_status(&mut self, id: u64, status: &str) -> bool {
        self.edit_ticket(id, |ticket| status.clone_into(&mut ticket.status))
    }

    /// Deletes a ticket, so that it can be restored.
    pub fn trash(&mut self, id: u64) -> bool {
        self.trash_as(id, self.me)
    }

    /// Deletes a ticket, so that it can be restored, as somebody.
    pub(super) fn trash_as(&mut self, id: u64, actor: u64) -> bool {
        let now = self.now();
        self.edit_ticket(id, |ticket| {
            ticket.deleted = Some(Deleted {
                at: now,
                actor,
                previous_state: ticket.status.clone(),
            });
        })
    }

    /// Brings a deleted ticket back.
    pub fn restore(&mut self, id: u64) -> bool {
        self.edit_ticket(id, |ticket| ticket.deleted = None)
    }

    /// Deletes a ticket for good. Its row in the exports stays, scrubbed (section 8).
    pub fn purge(&mut self, id: u64) -> bool {
        let (now, actor) = (self.now(), self.me);
        let is_there = self.edit_ticket(id, |ticket| {
            let previous_state = ticket.status.clone();
            ticket.deleted.get_or_insert(Deleted {
                at: now,
                actor,
                previous_state,
            });
            ticket.scrubbed = true;
            ticket.subject = Some("SCRUBBED".to_owned());
            "SCRUBBED".clone_into(&mut ticket.description);
            ticket.external_id = None;
            ticket.recipient = None;
            ticket.tags.clear();
            ticket.custom_fields.clear();
            ticket.email_cc_ids.clear();
            ticket.follower_ids.clear();
            ticket.comments.clear();
        });
        if let Some(ticket) = self.tickets.get_mut(&id) {
            ticket.audits.clear();
        }
        is_there
    }

    /// Archives a ticket, which closes it first. The system does that: no event tells of it (section 4).
    pub fn archive(&mut self, id: u64) -> bool {
        let (now, closed) = (self.now(), self.default_status("solved"));
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return false;
        };
        "closed".clone_into(&mut ticket.status);
        ticket.custom_status_id = closed;
        ticket.archived = true;
        ticket.generated_at = now;
        self.tell_index_of_ticket(id);
        true
    }

    /// Whether incidents name this ticket as their problem (section 3).
    pub(super) fn has_incidents(&self, ticket: &Ticket) -> bool {
        let is_of_it = |other: &Ticket| other.problem_id == Some(ticket.id) && other.is_there();
        ticket.kind.as_deref() == Some("problem") && self.tickets.values().any(is_of_it)
    }

    /// The custom status that stands for a status; a closed ticket keeps the one of solved.
    pub(super) fn default_status(&self, category: &str) -> u64 {
        let category = if category == "closed" {
            "solved"
        } else {
            category
        };
        let mut all = self.custom_statuses.values();
        all.find(|status| status.default && status.status_category == category)
            .map_or(0, |status| status.id)
    }

    /// Whether a ticket's custom status is one of its status.
    fn fits(&self, ticket: &Ticket) -> bool {
        let status = self.custom_statuses.get(&ticket.custom_status_id);
        let category = status.map(|status| status.status_category.as_str());
        category == Some(ticket.status.as_str())
            || (ticket.is_closed() && category == Some("solved"))
    }
}
