//! The state of the help desk, its clock, and what is committed of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::Now;
use super::message::Part;
use super::records::{Attachment, SYSTEM, Ticket, Transaction};
use super::records_people::{CustomField, Queue, User};
use super::switches::Switches;

/// A help desk.
#[derive(Clone)]
pub struct World {
    /// The clock.
    now: Now,
    /// What differs from one installation to another.
    pub(super) switches: Switches,
    /// Tickets by number, with what is not committed yet.
    pub tickets: BTreeMap<u64, Ticket>,
    /// Transactions by number, with what is not committed yet.
    pub transactions: BTreeMap<u64, Transaction>,
    /// Attachments by number.
    pub attachments: BTreeMap<u64, Attachment>,
    /// Users by number.
    pub users: BTreeMap<u64, User>,
    /// Queues by number.
    pub queues: BTreeMap<u64, Queue>,
    /// Custom fields by number.
    pub custom_fields: BTreeMap<u64, CustomField>,
    /// Groups of agents: number, name, members.
    pub groups: BTreeMap<u64, (String, Vec<u64>)>,
    /// Who the token belongs to: root, who may do everything.
    pub me: u64,
    /// Versions of tickets before writes that are not committed: until when, and what others see.
    uncommitted: BTreeMap<u64, Vec<(Timestamp, Option<Ticket>)>>,
    /// Whether a call is being answered: its writes are committed before its answer.
    is_answering: bool,
    /// The number of the next user.
    pub(super) next_user: u64,
}

/// What is written down of something that happened.
#[derive(Debug, Default)]
pub(super) struct Note {
    /// What happened.
    pub(super) kind: &'static str,
    /// What was changed.
    pub(super) field: String,
    /// What it was.
    pub(super) old_value: String,
    /// What it became.
    pub(super) new_value: String,
    /// More.
    pub(super) data: String,
    /// Minutes it took.
    pub(super) time_taken: u64,
}

impl World {
    /// A help desk with nothing in it.
    pub(super) fn empty(switches: Switches, now: Now) -> Self {
        Self {
            now,
            switches,
            tickets: BTreeMap::new(),
            transactions: BTreeMap::new(),
            attachments: BTreeMap::new(),
            users: BTreeMap::new(),
            queues: BTreeMap::new(),
            custom_fields: BTreeMap::new(),
            groups: BTreeMap::new(),
            me: 14,
            uncommitted: BTreeMap::new(),
            is_answering: false,
            next_user: 261,
        }
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        (self.now)()
    }

    /// Exchanges the clock.
    pub(super) fn set_clock(&mut self, now: Now) {
        self.now = now;
    }

    /// Acts at another time.
    pub(super) fn at<R>(&mut self, time: Timestamp, act: impl FnOnce(&mut Self) -> R) -> R {
        let clock = std::mem::replace(&mut self.now, Arc::new(move || time));
        let done = act(self);
        self.now = clock;
        done
    }

    /// Answers a call: what it writes is committed before the answer.
    pub(super) fn answer<R>(&mut self, act: impl FnOnce(&mut Self) -> R) -> R {
        self.is_answering = true;
        let answer = act(self);
        self.is_answering = false;
        answer
    }

    /// The moment that a write carries, to the second.
    pub(super) fn stamp(&self) -> Timestamp {
        let begun = if self.is_answering {
            self.now()
                .saturating_sub(self.switches.commit_delay)
                .unwrap_or_default()
        } else {
            self.now()
        };
        Timestamp::from_second(begun.as_second()).unwrap_or_default()
    }

    /// When a write that is made now can be seen.
    fn visible_at(&self) -> Timestamp {
        let now = self.now();
        if self.is_answering {
            return now;
        }
        now.saturating_add(self.switches.commit_delay)
            .unwrap_or(now)
    }

    /// Prepares a write to a ticket: keeps what others see of it until the commit.
    pub(super) fn begin(&mut self, id: u64) {
        if self.switches.commit_delay.is_zero() {
            return;
        }
        let now = self.now();
        if self.is_answering {
            // A row has one writer at a time: this one waited for the other's commit.
            self.uncommitted.remove(&id);
            for transaction in self.transactions.values_mut() {
                if transaction.object_id == id && transaction.visible_at > now {
                    transaction.visible_at = now;
                }
            }
            return;
        }
        let visible_at = self.visible_at();
        let before = self.tickets.get(&id).cloned();
        let versions = self.uncommitted.entry(id).or_default();
        versions.retain(|(until, _)| *until > now);
        versions.push((visible_at, before));
    }

    /// A ticket as everybody sees it.
    pub fn committed(&self, id: u64) -> Option<&Ticket> {
        let now = self.now();
        let versions = self.uncommitted.get(&id);
        let before = versions.and_then(|versions| versions.iter().find(|(until, _)| *until > now));
        match before {
            Some((_, before)) => before.as_ref(),
            None => self.tickets.get(&id),
        }
    }

    /// Whether everybody sees a transaction.
    pub(super) fn is_committed(&self, transaction: &Transaction) -> bool {
        transaction.visible_at <= self.now()
    }

    /// Writes down what happened to an object.
    pub(super) fn note(
        &mut self,
        by: u64,
        object_type: &'static str,
        object_id: u64,
        note: Note,
    ) -> u64 {
        let id = self.transactions.keys().next_back().map_or(1, |id| id + 1);
        let Note {
            kind,
            field,
            old_value,
            new_value,
            data,
            time_taken,
        } = note;
        let transaction = Transaction {
            id,
            object_type,
            object_id,
            kind,
            field,
            old_value,
            new_value,
            data,
            creator: by,
            created: self.stamp(),
            time_taken,
            visible_at: self.visible_at(),
            attachments: Vec::new(),
        };
        self.transactions.insert(id, transaction);
        let list = match object_type {
            "RT::Ticket" => self
                .tickets
                .get_mut(&object_id)
                .map(|one| &mut one.transactions),
            "RT::Queue" => self
                .queues
                .get_mut(&object_id)
                .map(|one| &mut one.transactions),
            _ => self
                .users
                .get_mut(&object_id)
                .map(|one| &mut one.transactions),
        };
        if let Some(list) = list {
            list.push(id);
        }
        id
    }

    /// Attaches a part of a message, and what is in it, to a transaction.
    pub(super) fn attach(&mut self, transaction_id: u64, parent: u64, subject: &str, part: Part) {
        let id = self.attachments.keys().next_back().map_or(1, |id| id + 1);
        let Part {
            content_type,
            filename,
            content,
            parts,
        } = part;
        let (creator, created) = self
            .transactions
            .get(&transaction_id)
            .map_or((SYSTEM, self.stamp()), |one| (one.creator, one.created));
        let attachment = Attachment {
            id,
            transaction_id,
            parent,
            content_type,
            filename,
            subject: subject.to_owned(),
            content,
            creator,
            created,
        };
        self.attachments.insert(id, attachment);
        if let Some(transaction) = self.transactions.get_mut(&transaction_id) {
            transaction.attachments.push(id);
        }
        for part in parts {
            self.attach(transaction_id, id, "", part);
        }
    }
}
