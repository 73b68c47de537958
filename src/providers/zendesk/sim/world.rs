//! The help desk's state, and what people do in it.
//!
//! Every change goes through here, so that `updated_at` moves by the clock, ids run on, audits are kept, and the
//! search index learns of it. Tickets are in `world_tickets`, their comments and
//! history in `world_comments` and `world_history`, people in `world_people`, jobs in `world_jobs`.

use std::collections::{BTreeMap, VecDeque};

use jiff::{SignedDuration, Timestamp};

use super::Now;
use super::records::{Attachment, Idempotent, Suspended, Ticket, Upload};
use super::records_people::{
    CustomStatus, Group, Membership, Organization, TicketField, Token, User,
};
use super::switches::Switches;
use super::times;
use super::world_jobs::Job;
use super::world_oauth::OAuth;
use crate::simulator::scrambled;

/// Everything that one account holds.
pub struct World {
    /// Its clock.
    now: Now,
    /// Its unknowns.
    pub switches: Switches,
    /// By id, so oldest first.
    pub tickets: BTreeMap<u64, Ticket>,
    /// By id; agents and end users.
    pub users: BTreeMap<u64, User>,
    /// By id.
    pub groups: BTreeMap<u64, Group>,
    /// By id.
    pub organizations: BTreeMap<u64, Organization>,
    /// Of agents in groups, by id.
    pub group_memberships: BTreeMap<u64, Membership>,
    /// Of users in organizations, by id.
    pub organization_memberships: BTreeMap<u64, Membership>,
    /// The ticket form, by id: system fields and custom ones.
    pub ticket_fields: BTreeMap<u64, TicketField>,
    /// By id.
    pub custom_statuses: BTreeMap<u64, CustomStatus>,
    /// Files that wait for a comment, by token.
    pub uploads: BTreeMap<String, Upload>,
    /// Bulk operations, by id.
    pub(super) jobs: BTreeMap<String, Job>,
    /// Mails in quarantine, by id.
    pub suspended: BTreeMap<u64, Suspended>,
    /// OAuth tokens, by id.
    pub tokens: BTreeMap<u64, Token>,
    /// OAuth clients and codes.
    pub oauth: OAuth,
    /// Answered creations, by key.
    pub(super) idempotency: BTreeMap<String, Idempotent>,
    /// The admin whose API token it is.
    pub me: u64,
    /// The account's number.
    pub account_id: u64,
    /// The account's one brand.
    pub brand_id: u64,
    /// The account's one ticket form.
    pub ticket_form_id: u64,
    /// The next ticket's number.
    pub(super) next_ticket: u64,
    /// The next id of anything else.
    next_id: u64,
    /// How many words that look random were made.
    next_word: u64,
    /// Makes those words another for every seed.
    seed: u64,
    /// The search index, when it lags; otherwise search reads the tickets and users.
    pub(super) index: Index,
}

/// What search knows while it lags behind (section 10).
#[derive(Debug, Default)]
pub(super) struct Index {
    /// As they were.
    tickets: BTreeMap<u64, Ticket>,
    /// As they were.
    users: BTreeMap<u64, User>,
    /// What it will learn, and when.
    queue: VecDeque<(Timestamp, News)>,
}

/// What the index learns.
#[derive(Debug)]
enum News {
    /// A ticket changed.
    Ticket(Box<Ticket>),
    /// A user changed.
    User(Box<User>),
}

impl std::fmt::Debug for World {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("World")
            .field("tickets", &self.tickets.len())
            .field("users", &self.users.len())
            .finish_non_exhaustive()
    }
}

impl World {
    /// A help desk without anything in it.
    pub(super) fn empty(switches: Switches, seed: u64, now: Now) -> Self {
        Self {
            now,
            switches,
            tickets: BTreeMap::new(),
            users: BTreeMap::new(),
            groups: BTreeMap::new(),
            organizations: BTreeMap::new(),
            group_memberships: BTreeMap::new(),
            organization_memberships: BTreeMap::new(),
            ticket_fields: BTreeMap::new(),
            custom_statuses: BTreeMap::new(),
            uploads: BTreeMap::new(),
            jobs: BTreeMap::new(),
            suspended: BTreeMap::new(),
            tokens: BTreeMap::new(),
            oauth: OAuth::default(),
            idempotency: BTreeMap::new(),
            me: 0,
            account_id: 18_525_119,
            brand_id: 360_000_217_239,
            ticket_form_id: 360_000_118_020,
            next_ticket: 1,
            next_id: 6_130_907_993_114,
            next_word: 0,
            seed,
            index: Index::default(),
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

    /// A fresh id for anything but a ticket: 13 digits, in steps as recorded.
    pub fn new_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 128;
        id
    }

    /// 32 hexadecimal digits that look random: tokens and ids of jobs.
    pub fn new_word(&mut self) -> String {
        self.next_word += 1;
        let high = scrambled(self.seed ^ scrambled(self.next_word));
        format!("{high:016x}{:016x}", scrambled(high))
    }

    /// A fresh file; images get the size and a thumbnail that they ask for.
    pub fn new_attachment(
        &mut self,
        file_name: &str,
        content_type: &str,
        content: bytes::Bytes,
    ) -> Attachment {
        Attachment {
            id: self.new_id(),
            file_name: file_name.to_owned(),
            content_type: content_type.to_owned(),
            content,
            pixels: None,
            inline: false,
            deleted: false,
            token: self.new_word(),
            thumbnails: Vec::new(),
        }
    }

    /// A file, wherever it hangs.
    pub fn attachment(&self, id: u64) -> Option<&Attachment> {
        let in_tickets = self.tickets.values().flat_map(|ticket| &ticket.comments);
        let in_comments = in_tickets.flat_map(|comment| &comment.attachments);
        let in_uploads = self.uploads.values().flat_map(|upload| &upload.attachments);
        let mut all = in_comments
            .chain(in_uploads)
            .flat_map(|file| std::iter::once(file).chain(&file.thumbnails));
        all.find(|file| file.id == id)
    }

    /// The tickets as the search index knew them when it last caught up (section 10).
    pub(super) fn indexed_tickets(&self) -> &BTreeMap<u64, Ticket> {
        if self.switches.index_lag <= SignedDuration::ZERO {
            return &self.tickets;
        }
        &self.index.tickets
    }

    /// The users as the search index knew them when it last caught up (section 10).
    pub(super) fn indexed_users(&self) -> &BTreeMap<u64, User> {
        if self.switches.index_lag <= SignedDuration::ZERO {
            return &self.users;
        }
        &self.index.users
    }

    /// Puts the whole present state into the index, as if the lag were over.
    pub fn refresh_index(&mut self) {
        self.index = Index::default();
        if self.switches.index_lag > SignedDuration::ZERO {
            self.index.tickets = self.tickets.clone();
            self.index.users = self.users.clone();
        }
    }

    /// Lets the index learn what is due.
    pub(super) fn catch_up(&mut self) {
        let now = self.now();
        let is_due = |index: &Index| index.queue.front().is_some_and(|(at, _)| *at <= now);
        while is_due(&self.index) {
            match self.index.queue.pop_front() {
                Some((_, News::Ticket(ticket))) => {
                    self.index.tickets.insert(ticket.id, *ticket);
                }
                Some((_, News::User(user))) => {
                    self.index.users.insert(user.id, *user);
                }
                None => {}
            }
        }
    }

    /// Lets the index learn of a ticket after the lag.
    pub(super) fn tell_index_of_ticket(&mut self, id: u64) {
        if self.switches.index_lag > SignedDuration::ZERO
            && let Some(ticket) = self.tickets.get(&id)
        {
            let at = self.now() + self.switches.index_lag;
            let news = News::Ticket(Box::new(ticket.clone()));
            self.index.queue.push_back((at, news));
        }
    }

    /// Lets the index learn of a user after the lag.
    pub(super) fn tell_index_of_user(&mut self, id: u64) {
        if self.switches.index_lag > SignedDuration::ZERO
            && let Some(user) = self.users.get(&id)
        {
            let at = self.now() + self.switches.index_lag;
            let news = News::User(Box::new(user.clone()));
            self.index.queue.push_back((at, news));
        }
    }
}
