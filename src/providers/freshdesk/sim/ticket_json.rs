//! A ticket as JSON. Key sets differ per endpoint (Freshdesk reference, sections 3 and 4.2).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::attachments;
use super::conversations::ConversationJson;
use super::records::Ticket;
use super::world::World;

/// Which endpoint answers, and so which keys there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// An element of the list.
    List {
        /// With `include=description`, or on an old account.
        has_description: bool,
    },
    /// An element of search results: with descriptions (section 5).
    Search,
    /// One ticket.
    View,
    /// The answer to a create: without `association_type`.
    Created,
    /// The answer to an update, with the due dates from before it where they are echoed.
    Updated {
        /// `due_by` and `fr_due_by` to show instead of the real ones.
        echoed: Option<(Option<Timestamp>, Option<Timestamp>)>,
    },
}

/// What `include` asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "one for each word of the include parameter"
)]
pub(super) struct Includes {
    /// The requester's name and numbers.
    pub(super) requester: bool,
    /// The company's name.
    pub(super) company: bool,
    /// The milestones.
    pub(super) stats: bool,
    /// The first ten conversations.
    pub(super) conversations: bool,
}

impl Includes {
    /// Reads the words.
    pub(super) fn of(words: &[&str]) -> Self {
        Self {
            requester: words.contains(&"requester"),
            company: words.contains(&"company"),
            stats: words.contains(&"stats"),
            conversations: words.contains(&"conversations"),
        }
    }
}

/// Writes a ticket without copying it.
pub(super) struct TicketJson<'a> {
    /// Where its people are.
    pub(super) world: &'a World,
    /// The ticket.
    pub(super) ticket: &'a Ticket,
    /// The key set.
    pub(super) shape: Shape,
    /// The further keys.
    pub(super) includes: Includes,
    /// The origin for downloads.
    pub(super) base: &'a str,
    /// The moment.
    pub(super) now: Timestamp,
}

impl<'a> TicketJson<'a> {
    /// A ticket without includes.
    pub(super) fn new(world: &'a World, ticket: &'a Ticket, shape: Shape, base: &'a str) -> Self {
        let includes = Includes::default();
        Self {
            world,
            ticket,
            shape,
            includes,
            base,
            now: world.now(),
        }
    }

    /// The due dates that may be seen: none until the service level has run (section 4.2).
    fn due_dates(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        match self.shape {
            Shape::Updated {
                echoed: Some(dates),
            } => dates,
            _ => visible_due_dates(self.ticket, self.now),
        }
    }
}

/// The due dates, or none while the service level has not run yet.
pub(super) fn visible_due_dates(
    ticket: &Ticket,
    now: Timestamp,
) -> (Option<Timestamp>, Option<Timestamp>) {
    if now < ticket.due_dates_from {
        return (None, None);
    }
    (ticket.due_by, ticket.fr_due_by)
}

impl Serialize for TicketJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ticket = self.ticket;
        let is_new = !self.world.switches.account_of_2017;
        let is_list = matches!(self.shape, Shape::List { .. });
        let (due_by, fr_due_by) = self.due_dates();
        let is_late = |due: Option<Timestamp>| due.is_some_and(|due| due < self.now);

        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("cc_emails", &ticket.cc_emails)?;
        map.serialize_entry("fwd_emails", &ticket.fwd_emails)?;
        map.serialize_entry("reply_cc_emails", &ticket.reply_cc_emails)?;
        if is_new {
            map.serialize_entry("ticket_cc_emails", &ticket.cc_emails)?;
            map.serialize_entry("ticket_bcc_emails", &[(); 0])?;
        }
        let is_unanswered = ticket.stats.first_responded_at.is_none() && !ticket.is_done();
        map.serialize_entry("fr_escalated", &(is_unanswered && is_late(fr_due_by)))?;
        if is_new {
            map.serialize_entry("nr_escalated", &false)?;
        }
        map.serialize_entry("spam", &ticket.spam)?;
        map.serialize_entry("email_config_id", &ticket.email_config_id)?;
        map.serialize_entry("group_id", &ticket.group_id)?;
        map.serialize_entry("priority", &ticket.priority)?;
        map.serialize_entry("requester_id", &ticket.requester_id)?;
        map.serialize_entry("responder_id", &ticket.responder_id)?;
        map.serialize_entry("source", &ticket.source)?;
        map.serialize_entry("company_id", &ticket.company_id)?;
        map.serialize_entry("status", &ticket.status)?;
        map.serialize_entry("subject", &ticket.subject)?;
        if is_new {
            if self.shape != Shape::Created {
                map.serialize_entry("association_type", &())?;
            }
            map.serialize_entry("support_email", &ticket.support_email)?;
        }
        map.serialize_entry("to_emails", &ticket.to_emails)?;
        map.serialize_entry("product_id", &ticket.product_id)?;
        map.serialize_entry("id", &ticket.id)?;
        map.serialize_entry("type", &ticket.kind)?;
        map.serialize_entry("due_by", &due_by)?;
        map.serialize_entry("fr_due_by", &fr_due_by)?;
        map.serialize_entry("is_escalated", &(!ticket.is_done() && is_late(due_by)))?;
        if self.shape
            != (Shape::List {
                has_description: false,
            })
        {
            map.serialize_entry("description", &ticket.description)?;
            map.serialize_entry("description_text", &ticket.description_text)?;
            if is_new && !is_list {
                map.serialize_entry("structured_description", &())?;
            }
        }
        map.serialize_entry(
            "custom_fields",
            &CustomFields {
                world: self.world,
                values: &ticket.custom_fields,
            },
        )?;
        map.serialize_entry("created_at", &ticket.created_at)?;
        map.serialize_entry("updated_at", &ticket.updated_at)?;
        if is_new || !is_list {
            map.serialize_entry("tags", &ticket.tags)?;
        }
        if !matches!(self.shape, Shape::List { .. } | Shape::Search) {
            let attachments = ticket.attachments.iter();
            let attachments: Vec<Value> = attachments
                .map(|one| attachments::json(one, self.base, self.now))
                .collect();
            map.serialize_entry("attachments", &attachments)?;
        }
        if is_new {
            if is_list {
                map.serialize_entry("associated_tickets_count", &())?;
            }
            map.serialize_entry("nr_due_by", &())?;
            map.serialize_entry("source_additional_info", &())?;
            map.serialize_entry("form_id", &())?;
            map.serialize_entry("sentiment_score", &())?;
            map.serialize_entry("initial_sentiment_score", &())?;
        }
        if ticket.deleted {
            map.serialize_entry("deleted", &true)?;
        }
        self.serialize_includes(&mut map)?;
        map.end()
    }
}

impl TicketJson<'_> {
    /// Writes the keys that only `include` brings.
    fn serialize_includes<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let ticket = self.ticket;
        if self.includes.requester {
            map.serialize_entry("requester", &self.world.person(ticket.requester_id))?;
        }
        if self.includes.company {
            let company = ticket
                .company_id
                .and_then(|id| self.world.companies.get(&id));
            let company =
                company.map_or_else(|| json!({}), |one| json!({"id": one.id, "name": one.name}));
            map.serialize_entry("company", &company)?;
        }
        if self.includes.stats {
            map.serialize_entry("stats", &ticket.stats)?;
        }
        if self.includes.conversations {
            // At most ten, oldest first (section 4.2).
            let first = ticket.conversations.iter().take(10);
            let first: Vec<ConversationJson<'_>> = first
                .map(|conversation| ConversationJson::new(conversation, self.base, self.now))
                .collect();
            map.serialize_entry("conversations", &first)?;
        }
        Ok(())
    }
}

/// All custom fields of the account, null where a ticket has none (section 4.2).
struct CustomFields<'a> {
    /// Knows the fields.
    world: &'a World,
    /// What the ticket has.
    values: &'a BTreeMap<String, Value>,
}

impl Serialize for CustomFields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in self.world.custom_field_names() {
            map.serialize_entry(name, &self.values.get(name))?;
        }
        map.end()
    }
}
