//! The help desk's state, and what people do in it.
//!
//! Every change goes through here, so that `updated_at` moves by the clock, ids run on, and the
//! search index learns of it. Conversations are in `world_conversations`, people in
//! `world_people`.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::Now;
use super::records::{Attachment, Field, Job, Rating, Ticket, TimeEntry};
use super::records_people::{Agent, Company, Contact, Group, Role};
use super::switches::Switches;
use super::times;

/// Everything that one account holds.
pub struct World {
    /// Its clock.
    now: Now,
    /// Its unknowns.
    pub switches: Switches,
    /// By id, so oldest first.
    pub tickets: BTreeMap<u64, Ticket>,
    /// By id.
    pub contacts: BTreeMap<u64, Contact>,
    /// By id. The first one owns the API key.
    pub agents: BTreeMap<u64, Agent>,
    /// By id.
    pub groups: BTreeMap<u64, Group>,
    /// By id.
    pub roles: BTreeMap<u64, Role>,
    /// By id.
    pub companies: BTreeMap<u64, Company>,
    /// By id.
    pub time_entries: BTreeMap<u64, TimeEntry>,
    /// By id.
    pub ratings: BTreeMap<u64, Rating>,
    /// The ticket form, in its order.
    pub fields: Vec<Field>,
    /// Products, by id.
    pub products: BTreeMap<u64, String>,
    /// Mailboxes: id and address.
    pub email_configs: BTreeMap<u64, String>,
    /// Bulk operations, by id.
    pub jobs: BTreeMap<String, Job>,
    /// The agent whose key is used.
    pub me: u64,
    /// The next ticket's number.
    next_ticket: u64,
    /// The next id of anything else.
    next_id: u64,
    /// Where a conversation is; also of deleted ones' tickets.
    pub(super) conversation_tickets: BTreeMap<u64, u64>,
    /// The search index, when it lags; otherwise search reads the tickets.
    index: BTreeMap<u64, Ticket>,
    /// What the index will learn, and when.
    index_queue: VecDeque<(Timestamp, Ticket)>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("World")
            .field("tickets", &self.tickets.len())
            .field("contacts", &self.contacts.len())
            .finish_non_exhaustive()
    }
}

impl World {
    /// A help desk without anything in it.
    pub(super) fn empty(switches: Switches, now: Now) -> Self {
        Self {
            now,
            switches,
            tickets: BTreeMap::new(),
            contacts: BTreeMap::new(),
            agents: BTreeMap::new(),
            groups: BTreeMap::new(),
            roles: BTreeMap::new(),
            companies: BTreeMap::new(),
            time_entries: BTreeMap::new(),
            ratings: BTreeMap::new(),
            fields: Vec::new(),
            products: BTreeMap::new(),
            email_configs: BTreeMap::new(),
            jobs: BTreeMap::new(),
            me: 0,
            next_ticket: 1,
            next_id: 155_000_000_001,
            conversation_tickets: BTreeMap::new(),
            index: BTreeMap::new(),
            index_queue: VecDeque::new(),
        }
    }

    /// Exchanges the clock.
    pub(super) fn set_clock(&mut self, now: Now) {
        self.now = now;
    }

    /// The moment, in whole seconds.
    pub fn now(&self) -> Timestamp {
        times::whole_seconds((self.now)())
    }

    /// A fresh id for anything but a ticket.
    pub fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// A ticket with the API's defaults and the next number, which [`Self::insert_ticket`] uses up.
    pub fn blank_ticket(&self, requester_id: u64) -> Ticket {
        let now = self.now();
        Ticket {
            id: self.next_ticket,
            subject: None,
            description: "<div></div>".to_owned(),
            description_text: String::new(),
            status: 2,
            priority: 1,
            source: 2,
            kind: None,
            requester_id,
            responder_id: None,
            group_id: None,
            company_id: self
                .contacts
                .get(&requester_id)
                .and_then(|contact| contact.company_id),
            product_id: None,
            email_config_id: None,
            cc_emails: Some(Vec::new()),
            fwd_emails: Some(Vec::new()),
            reply_cc_emails: Some(Vec::new()),
            to_emails: None,
            support_email: None,
            tags: Vec::new(),
            custom_fields: BTreeMap::new(),
            created_at: now,
            updated_at: now,
            due_by: None,
            fr_due_by: None,
            due_dates_from: now,
            spam: false,
            deleted: false,
            merged_into: None,
            stats: super::records::Stats::default(),
            watcher_ids: Vec::new(),
            attachments: Vec::new(),
            conversations: Vec::new(),
        }
    }

    /// Keeps a new ticket as it is.
    pub fn insert_ticket(&mut self, ticket: Ticket) {
        self.next_ticket = self.next_ticket.max(ticket.id + 1);
        for conversation in &ticket.conversations {
            self.conversation_tickets.insert(conversation.id, ticket.id);
        }
        self.queue_for_index(&ticket);
        self.tickets.insert(ticket.id, ticket);
    }

    /// Changes a ticket; `updated_at` moves. Says whether it exists. A change of its status sets
    /// its milestones (section 4.2).
    pub fn edit_ticket(&mut self, id: u64, edit: impl FnOnce(&mut Ticket)) -> bool {
        let now = self.now();
        let Some(ticket) = self.tickets.get_mut(&id) else {
            return false;
        };
        let before = ticket.status;
        edit(ticket);
        ticket.updated_at = now;
        if ticket.status != before {
            note_status(ticket, before, now);
        }
        let added = ticket
            .conversations
            .iter()
            .map(|conversation| (conversation.id, id));
        self.conversation_tickets.extend(added);
        if self.switches.index_lag > SignedDuration::ZERO {
            let changed = ticket.clone();
            self.queue_for_index(&changed);
        }
        true
    }

    /// Sets a ticket's status.
    pub fn set_status(&mut self, id: u64, status: u64) -> bool {
        self.edit_ticket(id, |ticket| ticket.status = status)
    }

    /// Moves a ticket to the trash.
    pub fn trash(&mut self, id: u64) -> bool {
        self.edit_ticket(id, |ticket| ticket.deleted = true)
    }

    /// Takes a ticket out of the trash.
    pub fn restore(&mut self, id: u64) -> bool {
        self.edit_ticket(id, |ticket| ticket.deleted = false)
    }

    /// Marks a ticket as spam.
    pub fn mark_spam(&mut self, id: u64) -> bool {
        self.edit_ticket(id, |ticket| ticket.spam = true)
    }

    /// Takes a ticket out of spam.
    pub fn unmark_spam(&mut self, id: u64) -> bool {
        self.edit_ticket(id, |ticket| ticket.spam = false)
    }

    /// Destroys a ticket, as emptying the trash does.
    pub fn destroy_ticket(&mut self, id: u64) -> bool {
        self.conversation_tickets.retain(|_, ticket| *ticket != id);
        self.time_entries.retain(|_, entry| entry.ticket_id != id);
        self.index.remove(&id);
        self.index_queue.retain(|(_, ticket)| ticket.id != id);
        self.tickets.remove(&id).is_some()
    }

    /// A fresh file.
    pub fn new_attachment(
        &mut self,
        name: &str,
        content_type: &str,
        content: bytes::Bytes,
    ) -> Attachment {
        Attachment {
            id: self.new_id(),
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            content,
            created_at: self.now(),
        }
    }

    /// The tickets as the search index knows them (section 5).
    pub(super) fn indexed(&mut self) -> &BTreeMap<u64, Ticket> {
        if self.switches.index_lag <= SignedDuration::ZERO {
            return &self.tickets;
        }
        let now = self.now();
        while self.index_queue.front().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, ticket)) = self.index_queue.pop_front() {
                self.index.insert(ticket.id, ticket);
            }
        }
        &self.index
    }

    /// Puts the whole present state into the index, as if the lag were over.
    pub fn refresh_index(&mut self) {
        self.index_queue.clear();
        if self.switches.index_lag > SignedDuration::ZERO {
            self.index = self.tickets.clone();
        }
    }

    /// Lets the index learn of a ticket after the lag.
    fn queue_for_index(&mut self, ticket: &Ticket) {
        if self.switches.index_lag > SignedDuration::ZERO {
            let at = self.now() + self.switches.index_lag;
            self.index_queue.push_back((at, ticket.clone()));
        }
    }
}

/// Sets the milestones that come with a change of status; closing sets both ends (section 4.2).
fn note_status(ticket: &mut Ticket, before: u64, now: Timestamp) {
    let was_done = matches!(before, 4 | 5);
    let is_done = ticket.is_done();
    let stats = &mut ticket.stats;
    stats.status_updated_at = Some(now);
    match ticket.status {
        3 => stats.pending_since = Some(now),
        4 => stats.resolved_at = Some(now),
        5 => {
            stats.closed_at = Some(now);
            stats.resolved_at.get_or_insert(now);
        }
        _ => {}
    }
    if ticket.status != 3 {
        stats.pending_since = None;
    }
    if was_done && !is_done {
        stats.reopened_at = Some(now);
        stats.resolved_at = None;
        stats.closed_at = None;
    }
}
