//! What people do to tickets.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::dates;
use super::message::{Kind, Part};
use super::notices;
use super::records::{DELETED, NOBODY, Ticket};
use super::world::{Note, World};

/// The longest subject, in bytes.
const LONGEST_SUBJECT: usize = 200;

/// One change of a ticket, which is fit for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Another subject.
    Subject(String),
    /// Another status.
    Status(String),
    /// Another priority.
    Priority(String),
    /// Another owner.
    Owner(u64),
    /// Another queue.
    Queue(u64),
    /// Another due date, or none.
    Due(Option<Timestamp>),
    /// The values of a custom field.
    Field(u64, Vec<Option<String>>),
    /// Those who ask.
    Requestors(Vec<u64>),
    /// Those who get replies.
    Cc(Vec<u64>),
    /// Those who get replies and comments.
    AdminCc(Vec<u64>),
    /// Minutes: estimated, worked, left.
    Minutes([u64; 3]),
}

/// A ticket that is about to be written down.
#[derive(Debug, Clone, Default)]
pub struct NewTicket {
    /// The queue.
    pub queue: u64,
    /// The subject.
    pub subject: String,
    /// The status; none is the lifecycle's first.
    pub status: Option<String>,
    /// The priority: now, at the start, at the end.
    pub priorities: [String; 3],
    /// The owner; none is nobody.
    pub owner: Option<u64>,
    /// Those who ask.
    pub requestors: Vec<u64>,
    /// Those who get replies.
    pub cc: Vec<u64>,
    /// Those who get replies and comments.
    pub admin_cc: Vec<u64>,
    /// When it should be done.
    pub due: Option<Timestamp>,
    /// Minutes: estimated, worked, left.
    pub minutes: [u64; 3],
    /// Custom fields.
    pub fields: BTreeMap<u64, Vec<Option<String>>>,
    /// The first message.
    pub message: Option<Part>,
}

impl NewTicket {
    /// A ticket in the queue Support with a text.
    pub fn plain(subject: &str, requestor: u64) -> Self {
        Self {
            queue: 3,
            subject: subject.to_owned(),
            requestors: vec![requestor],
            message: Some(Part::body("text/plain", "It does not work.")),
            ..Self::default()
        }
    }
}

/// A subject as RT keeps it: no line breaks, and cut (facts, 10).
pub(super) fn subject(text: &str) -> String {
    let one_line = text.chars().filter(|letter| !matches!(letter, '\n' | '\r'));
    let mut kept = String::new();
    for letter in one_line {
        if kept.len() + letter.len_utf8() > LONGEST_SUBJECT {
            break;
        }
        kept.push(letter);
    }
    kept
}

impl World {
    /// Writes a ticket down. Gives its number.
    pub fn create_ticket(&mut self, by: u64, new: NewTicket) -> u64 {
        let id = self.tickets.keys().next_back().map_or(1, |id| id + 1);
        self.begin(id);
        let NewTicket {
            queue,
            subject,
            status,
            priorities,
            owner,
            requestors,
            cc,
            admin_cc,
            due,
            minutes,
            fields,
            message,
        } = new;
        let lifecycle = self.queues.get(&queue).map(|queue| queue.lifecycle);
        let first = lifecycle.map_or("new", |lifecycle| lifecycle.first());
        let status = status.unwrap_or_else(|| first.to_owned());
        let is_begun = lifecycle.is_some_and(|one| !one.initial.contains(&status.as_str()));
        let is_done = lifecycle.is_some_and(|one| one.inactive.contains(&status.as_str()));
        let now = self.stamp();
        let [priority, initial_priority, final_priority] = priorities.map(|priority| {
            if priority.is_empty() {
                "0".to_owned()
            } else {
                priority
            }
        });
        let ticket = Ticket {
            id,
            effective_id: id,
            queue,
            subject: self::subject(&subject),
            status,
            priority,
            initial_priority,
            final_priority,
            owner: owner.unwrap_or(NOBODY),
            creator: by,
            last_updated_by: by,
            requestors,
            cc,
            admin_cc,
            created: now,
            last_updated: now,
            started: is_begun.then_some(now),
            due,
            raw_due: dates::stored(due.unwrap_or_default()),
            resolved: is_done.then_some(now),
            told: None,
            minutes,
            fields,
            links: Vec::new(),
            transactions: Vec::new(),
        };
        self.tickets.insert(id, ticket);
        let note = Note {
            kind: "Create",
            ..Note::default()
        };
        let transaction_id = self.note(by, "RT::Ticket", id, note);
        if let Some(part) = message {
            self.attach(transaction_id, 0, &subject, part);
        }
        notices::of_creation(self, by, id);
        id
    }

    /// Makes a ticket that was created and last updated some seconds ago.
    pub fn create_ticket_ago(&mut self, new: NewTicket, seconds: i64) -> u64 {
        let ago = SignedDuration::from_secs(seconds);
        let then = self.now().saturating_sub(ago).unwrap_or_default();
        self.at(then, |world| world.create_ticket(world.me, new))
    }

    /// Changes a ticket as root does on RT's pages.
    pub fn edit(&mut self, id: u64, change: Change) {
        self.apply(self.me, id, change);
    }

    /// Deletes a ticket: it keeps being there, but no search finds it.
    pub fn delete_ticket(&mut self, id: u64) {
        self.edit(id, Change::Status(DELETED.to_owned()));
    }

    /// Brings a deleted ticket back, as open or whatever the first active status is called.
    pub fn undelete_ticket(&mut self, id: u64) {
        let queue = self
            .tickets
            .get(&id)
            .and_then(|ticket| self.queues.get(&ticket.queue));
        let open = queue.and_then(|queue| queue.lifecycle.active.first());
        if let Some(open) = open {
            self.edit(id, Change::Status((*open).to_owned()));
        }
    }

    /// Adds a message by root. Gives its transaction.
    pub fn add_message(
        &mut self,
        ticket_id: u64,
        kind: Kind,
        content_type: &str,
        text: &str,
    ) -> u64 {
        let part = Part::body(content_type, text);
        self.write_message(self.me, ticket_id, kind, "", part, 0)
    }

    /// Adds a message of any parts by root. Gives its transaction.
    pub fn add_part(&mut self, ticket_id: u64, kind: Kind, part: Part) -> u64 {
        self.write_message(self.me, ticket_id, kind, "", part, 0)
    }

    /// Marks a ticket as changed.
    pub(super) fn touch(&mut self, by: u64, id: u64) {
        let now = self.stamp();
        if let Some(ticket) = self.tickets.get_mut(&id) {
            ticket.last_updated = now;
            ticket.last_updated_by = by;
        }
    }

    /// Merges a ticket into another, which then has its history too.
    pub fn merge(&mut self, by: u64, id: u64, into: u64) {
        self.begin(id);
        self.begin(into);
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return;
        };
        ticket.effective_id = into;
        let people = ticket.requestors.clone();
        let links = std::mem::take(&mut ticket.links);
        let minutes = ticket.minutes;
        let moved = std::mem::take(&mut ticket.transactions);
        if let Some(target) = self.tickets.get_mut(&into) {
            target.transactions.extend(moved);
            target.transactions.sort_unstable();
            target.links.extend(links);
            for (sum, more) in target.minutes.iter_mut().zip(minutes) {
                *sum += more;
            }
            for person in people {
                if !target.requestors.contains(&person) {
                    target.requestors.push(person);
                }
            }
        }
        for of in [id, into] {
            let note = Note {
                kind: "AddLink",
                field: "MergedInto".into(),
                new_value: format!("fsck.com-rt://localhost/ticket/{into}"),
                ..Note::default()
            };
            let transaction_id = self.note(by, "RT::Ticket", of, note);
            if of == id {
                self.hand_over(transaction_id, id, into);
            }
        }
        self.touch(by, id);
        self.touch(by, into);
    }

    /// Moves a transaction into the history of the ticket into which its own was merged.
    fn hand_over(&mut self, transaction_id: u64, id: u64, into: u64) {
        if let Some(ticket) = self.tickets.get_mut(&id) {
            ticket.transactions.retain(|one| *one != transaction_id);
        }
        if let Some(target) = self.tickets.get_mut(&into) {
            target.transactions.push(transaction_id);
        }
    }
}
