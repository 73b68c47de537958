//! The ticket list (Freshdesk reference, section 4.4).

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};

use super::query::Query;
use super::records::Ticket;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::switches::TieOrder;
use super::ticket_json::{Includes, Shape, TicketJson};
use super::world::World;
use crate::simulator::scrambled;

/// The last page of tickets that may be asked for (section 3).
const LAST_PAGE: usize = 300;

/// How old a ticket may be that is shown without `updated_since`.
const DEFAULT_AGE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The parameters there are; status, priority and the like are not among them.
const PARAMETERS: [&str; 11] = [
    "filter",
    "requester_id",
    "email",
    "unique_external_id",
    "company_id",
    "updated_since",
    "order_by",
    "order_type",
    "include",
    "page",
    "per_page",
];

/// `GET /tickets`. Every call sorts the tickets as they are: there is no snapshot, so rows move
/// between pages when tickets change (section 3).
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&PARAMETERS)?;
    let page = ask.query.page()?;
    if page.number > LAST_PAGE {
        let message = "You cannot access tickets beyond the 300th page. Please provide a smaller page number.";
        return Err(Reply::invalid([FieldError::new(
            "page",
            "invalid_value",
            message,
        )]));
    }
    let mut words = vec!["stats", "requester", "description"];
    if world.switches.company_in_lists {
        words.push("company");
    }
    let words = ask.query.includes(&words)?;
    let scope = Scope::read(world, &ask.query)?;
    let order = Order::read(&ask.query, world.switches.tie_order, ask.turn)?;

    let mut rows: Vec<&Ticket> = world
        .tickets
        .values()
        .filter(|ticket| scope.shows(ticket))
        .collect();
    let end = page.offset().saturating_add(page.size);
    let has_more = rows.len() > end;
    if has_more {
        // Only what stands before the page's end needs an order.
        rows.select_nth_unstable_by(end, |one, other| order.compare(one, other));
        rows.truncate(end);
    }
    rows.sort_unstable_by(|one, other| order.compare(one, other));

    let has_description = words.contains(&"description")
        || world.switches.descriptions_in_lists
        || world.switches.account_of_2017;
    let includes = Includes::of(&words);
    let elements: Vec<TicketJson<'_>> = rows
        .into_iter()
        .skip(page.offset())
        .map(|ticket| TicketJson {
            includes,
            ..TicketJson::new(world, ticket, Shape::List { has_description }, &ask.base)
        })
        .collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// Which tickets a call asks for.
struct Scope {
    /// The named view.
    view: Option<View>,
    /// The agent that `new_and_my_open` and `watching` are relative to.
    me: u64,
    /// Only of this requester.
    requester_id: Option<u64>,
    /// Only of this company.
    company_id: Option<u64>,
    /// Only changed then or later.
    updated_since: Option<Timestamp>,
    /// Only made then or later.
    created_since: Option<Timestamp>,
}

/// The views that the API names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum View {
    /// Open, and nobody's or the key's agent's.
    NewAndMyOpen,
    /// Watched by the key's agent.
    Watching,
    /// Spam outside of the trash.
    Spam,
    /// The trash.
    Deleted,
}

impl Scope {
    /// Reads the filters.
    fn read(world: &World, query: &Query) -> Result<Self, Reply> {
        let view = query.one_of(
            "filter",
            &["new_and_my_open", "watching", "spam", "deleted"],
        )?;
        let view = view.map(|name| match name {
            "new_and_my_open" => View::NewAndMyOpen,
            "watching" => View::Watching,
            "spam" => View::Spam,
            _ => View::Deleted,
        });
        let requester_id = requester(world, query)?;
        let company_id = query.positive("company_id")?;
        if let Some(id) = company_id
            && !world.companies.contains_key(&id)
        {
            return Err(Reply::invalid([FieldError::no_match(
                "company",
                "company_id",
            )]));
        }
        let updated_since = query.moment("updated_since")?;
        let is_person = requester_id.is_some() || company_id.is_some();
        let is_lifted =
            updated_since.is_some() || (is_person && world.switches.person_filters_lift_30_days);
        let created_since = (!is_lifted).then(|| world.now() - DEFAULT_AGE);

        Ok(Self {
            view,
            me: world.me,
            requester_id,
            company_id,
            updated_since,
            created_since,
        })
    }

    /// Whether a ticket belongs to it. Every bound is inclusive.
    fn shows(&self, ticket: &Ticket) -> bool {
        let is_in_view = match self.view {
            None => ticket.is_listable(),
            Some(View::NewAndMyOpen) => {
                let is_mine = ticket.responder_id.is_none_or(|agent| agent == self.me);
                ticket.is_listable() && ticket.status == 2 && is_mine
            }
            Some(View::Watching) => ticket.is_listable() && ticket.watcher_ids.contains(&self.me),
            Some(View::Spam) => ticket.spam && !ticket.deleted,
            Some(View::Deleted) => ticket.deleted,
        };
        is_in_view
            && self.requester_id.is_none_or(|id| ticket.requester_id == id)
            && self
                .company_id
                .is_none_or(|id| ticket.company_id == Some(id))
            && self
                .updated_since
                .is_none_or(|since| ticket.updated_at >= since)
            && self
                .created_since
                .is_none_or(|since| ticket.created_at >= since)
    }
}

/// The requester that the filters name. One that nobody is answers 400, not an empty list:
/// recorded for `email`, likely for the others (section 4.4).
fn requester(world: &World, query: &Query) -> Result<Option<u64>, Reply> {
    let unknown = |field| Reply::invalid([FieldError::no_match("contact", field)]);
    if let Some(id) = query.positive("requester_id")? {
        return world
            .person(id)
            .map(|person| Some(person.id))
            .ok_or_else(|| unknown("requester_id"));
    }
    if let Some(email) = query.get("email") {
        return world
            .person_by_email(email)
            .map(Some)
            .ok_or_else(|| unknown("email"));
    }
    if let Some(external) = query.get("unique_external_id") {
        let is_named = |id: &Option<String>| id.as_deref() == Some(external);
        let contact = world
            .contacts
            .values()
            .find(|contact| is_named(&contact.unique_external_id));
        return contact
            .map(|contact| Some(contact.id))
            .ok_or_else(|| unknown("unique_external_id"));
    }
    Ok(None)
}

/// How a list is sorted.
#[derive(Debug, Clone, Copy)]
struct Order {
    /// By what.
    by: By,
    /// Smallest first; the default is greatest first.
    is_ascending: bool,
    /// What decides between equals.
    ties: TieOrder,
    /// Makes each call's shuffle another.
    turn: u64,
}

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy)]
enum By {
    /// The default.
    Created,
    /// Null counts as earliest.
    Due,
    /// Ties are common: it has whole seconds.
    Updated,
    /// By number.
    Status,
}

impl Order {
    /// Reads `order_by` and `order_type`.
    fn read(query: &Query, ties: TieOrder, turn: u64) -> Result<Self, Reply> {
        let by = query.one_of(
            "order_by",
            &["created_at", "due_by", "updated_at", "status"],
        )?;
        let by = match by {
            Some("due_by") => By::Due,
            Some("updated_at") => By::Updated,
            Some("status") => By::Status,
            _ => By::Created,
        };
        let order_type = query.one_of("order_type", &["asc", "desc"])?;
        Ok(Self {
            by,
            is_ascending: order_type == Some("asc"),
            ties,
            turn,
        })
    }

    /// Says which of two comes first; never equal, because ids are not.
    fn compare(&self, one: &Ticket, other: &Ticket) -> Ordering {
        let ordering = match self.by {
            By::Created => one.created_at.cmp(&other.created_at),
            By::Due => one.due_by.cmp(&other.due_by),
            By::Updated => one.updated_at.cmp(&other.updated_at),
            By::Status => one.status.cmp(&other.status),
        };
        let ordering = if self.is_ascending {
            ordering
        } else {
            ordering.reverse()
        };
        ordering.then_with(|| match self.ties {
            TieOrder::IdAscending => one.id.cmp(&other.id),
            TieOrder::IdDescending => other.id.cmp(&one.id),
            TieOrder::Shuffled => {
                let place = |ticket: &Ticket| scrambled(ticket.id ^ scrambled(self.turn));
                place(one).cmp(&place(other))
            }
        })
    }
}
