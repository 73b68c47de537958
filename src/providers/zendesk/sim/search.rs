//! Search over everything, its count and its export, and the search for users (Zendesk reference, section 10).
//!
//! What is found is shown as the index knows it: behind by as much as a switch says, what was deleted since
//! still among it.

use std::cmp::Ordering;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::paging;
use super::records::Ticket;
use super::records_people::{Group, Organization, User};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::search_cells;
use super::search_grammar::Search;
use super::ticket_json::TicketJson;
use super::world::World;
use super::{people_json, sideload, users};
use crate::simulator::scrambled;

/// The last result that can be had (section 10).
const WALL: usize = 1000;

/// The largest page of an export.
const LARGEST_EXPORT: usize = 1000;

/// How long the cursor of an export lives (section 10).
const CURSOR_LIFE: SignedDuration = SignedDuration::from_hours(1);

/// Something that was found.
#[derive(Debug, Clone, Copy)]
enum Hit<'a> {
    /// A ticket, archived ones too.
    Ticket(&'a Ticket),
    /// A user.
    User(&'a User),
    /// A group.
    Group(&'a Group),
    /// An organization.
    Organization(&'a Organization),
}

/// Where an export goes on.
#[derive(Serialize, Deserialize)]
struct Place {
    /// When it was asked for, in seconds.
    asked_at: i64,
    /// The last result: when it was made, and its id.
    after: (i64, u64),
}

/// `GET /search`
pub(super) fn search(world: &mut World, ask: &mut Ask) -> Answer {
    users::by_number_only(ask)?;
    let search = read(ask)?;
    let (number, size) = paging::numbered(&ask.query)?;
    let end = number.saturating_mul(size);
    if end > WALL {
        let text =
            "Invalid search: Requested response size was greater than Search Response Limits";
        return Err(refusal(text));
    }
    world.catch_up();
    let mut hits = hits(world, &search, ask.caller);
    let sort_by = ask.query.get("sort_by").or(search.order_by.as_deref());
    let direction = ask.query.get("sort_order").or(search.sort.as_deref());
    let is_ascending = direction == Some("asc");
    hits.sort_by(|one, other| {
        let order = compare(sort_by, one, other);
        if is_ascending { order } else { order.reverse() }
    });
    let count = hits.len();
    let page: Vec<Hit<'_>> = hits.into_iter().skip(end - size).take(size).collect();
    let mut beside = paging::numbers_beside(ask, number, count > end, count);
    beside.insert("facets".to_owned(), Value::Null);
    let include = ask.query.get("include").unwrap_or_default();
    if include
        .split_once("tickets(")
        .is_some_and(|(_, names)| names.contains("users"))
    {
        let people = page.iter().flat_map(|hit| match hit {
            Hit::Ticket(ticket) => ticket.people(),
            _ => Vec::new(),
        });
        sideload::users(world, &ask.base, people, &mut beside);
    }
    let rows: Vec<Value> = page.iter().map(|hit| hit.json(world, &ask.base)).collect();
    Ok(Reply::list("results", &rows, &beside))
}

/// `GET /search/count`: a plain number.
pub(super) fn count(world: &mut World, ask: &mut Ask) -> Answer {
    let search = read(ask)?;
    world.catch_up();
    Ok(Reply::ok(
        &json!({"count": hits(world, &search, ask.caller).len()}),
    ))
}

/// `GET /search/export`: one kind, oldest first, by cursors that do not live long.
pub(super) fn export(world: &mut World, ask: &mut Ask) -> Answer {
    let mut search = read(ask)?;
    let kind = ask
        .query
        .get("filter[type]")
        .ok_or_else(|| Reply::missing("filter[type]"))?;
    if !matches!(kind, "ticket" | "user" | "organization" | "group") {
        return Err(Reply::bad_page("filter[type] is not valid"));
    }
    search.kinds = vec![kind.to_owned()];
    let size = match ask.query.get("page[size]").map(str::parse) {
        None => 100,
        Some(Ok(size @ 1..=LARGEST_EXPORT)) => size,
        Some(_) => return Err(Reply::bad_page("page[size] must be between 1 and 1000")),
    };
    let now = world.now();
    let mut after = None;
    if let Some(cursor) = ask.query.get("page[after]") {
        let place: Option<Place> = paging::read_cursor(cursor, "export");
        let asked_at = |place: &Place| Timestamp::from_second(place.asked_at).unwrap_or(now);
        let place = place.filter(|place| asked_at(place) + CURSOR_LIFE > now);
        after = Some(
            place
                .ok_or_else(|| Reply::bad_page("page[after] is not valid"))?
                .after,
        );
    }
    world.catch_up();
    let mut hits = hits(world, &search, ask.caller);
    hits.sort_by_key(Hit::age);
    hits.retain(|hit| after.is_none_or(|after| hit.age() > after));
    let has_more = hits.len() > size;
    hits.truncate(size);
    let next = hits.last().map(|hit| {
        let place = Place {
            asked_at: now.as_second(),
            after: hit.age(),
        };
        paging::write_cursor(&place, "export")
    });
    // There is no way back (section 7).
    let mut beside = paging::cursors_beside(ask, has_more, None, next.as_deref());
    beside.insert("facets".to_owned(), Value::Null);
    let rows: Vec<Value> = hits.iter().map(|hit| hit.json(world, &ask.base)).collect();
    Ok(Reply::list("results", &rows, &beside))
}

/// `GET /users/search`: by `query`, in the same language, or by `external_id`.
pub(super) fn users(world: &mut World, ask: &mut Ask) -> Answer {
    let external_id = ask.query.get("external_id").map(str::to_owned);
    let search = if external_id.is_some() {
        Search::default()
    } else {
        read(ask)?
    };
    world.catch_up();
    let found = world.indexed_users().values().filter(|user| user.active);
    let found = found.filter(|user| external_id.is_none() || user.external_id == external_id);
    let found = found.filter(|user| {
        search.fits(&|property| search_cells::of_user(world, user, ask.caller, property))
    });
    users::numbered(world, ask, found.collect())
}

impl Hit<'_> {
    /// When it was made, and its id.
    fn age(&self) -> (i64, u64) {
        let (created_at, _) = self.times();
        (created_at.as_second(), self.id())
    }

    /// Its id.
    fn id(&self) -> u64 {
        match self {
            Self::Ticket(ticket) => ticket.id,
            Self::User(user) => user.id,
            Self::Group(group) => group.id,
            Self::Organization(organization) => organization.id,
        }
    }

    /// When it was made and last changed.
    fn times(&self) -> (Timestamp, Timestamp) {
        match self {
            Self::Ticket(one) => (one.created_at, one.updated_at),
            Self::User(one) => (one.created_at, one.updated_at),
            Self::Group(one) => (one.created_at, one.updated_at),
            Self::Organization(one) => (one.created_at, one.updated_at),
        }
    }

    /// As the API shows it, with its kind.
    fn json(&self, world: &World, base: &str) -> Value {
        let (mut json, kind) = match self {
            Self::Ticket(ticket) => (json!(TicketJson::new(world, ticket, base)), "ticket"),
            Self::User(user) => (people_json::user(base, user), "user"),
            Self::Group(group) => (people_json::group(base, group), "group"),
            Self::Organization(one) => (people_json::organization(base, one), "organization"),
        };
        json["result_type"] = json!(kind);
        json
    }
}

/// Reads the query.
fn read(ask: &Ask) -> Result<Search, Reply> {
    let text = ask
        .query
        .get("query")
        .ok_or_else(|| Reply::missing("query"))?;
    Search::parse(text).map_err(|problem| refusal(&format!("Invalid search: {problem}")))
}

/// The refusal of a search (section 10).
fn refusal(text: &str) -> Reply {
    Reply::coded(http::StatusCode::UNPROCESSABLE_ENTITY, "invalid", text)
}

/// Everything that fits.
fn hits<'a>(world: &'a World, search: &Search, caller: u64) -> Vec<Hit<'a>> {
    let asks_for =
        |kind: &str| search.kinds.is_empty() || search.kinds.iter().any(|one| one == kind);
    let mut hits = Vec::new();
    if asks_for("ticket") {
        let all = world
            .indexed_tickets()
            .values()
            .filter(|ticket| ticket.is_there());
        let fitting = all.filter(|ticket| {
            search.fits(&|property| search_cells::of_ticket(world, ticket, caller, property))
        });
        hits.extend(fitting.map(Hit::Ticket));
    }
    if asks_for("user") {
        let all = world.indexed_users().values().filter(|user| user.active);
        let fitting = all.filter(|user| {
            search.fits(&|property| search_cells::of_user(world, user, caller, property))
        });
        hits.extend(fitting.map(Hit::User));
    }
    if asks_for("group") {
        let all = world.groups.values().filter(|group| !group.deleted);
        let fitting =
            all.filter(|group| search.fits(&|property| search_cells::of_group(group, property)));
        hits.extend(fitting.map(Hit::Group));
    }
    if asks_for("organization") {
        let fitting = super::organizations::all(world)
            .filter(|one| search.fits(&|property| search_cells::of_organization(one, property)));
        hits.extend(fitting.map(Hit::Organization));
    }
    hits
}

/// Says which of two comes first when sorted from smallest to greatest. Without an order that is known it is
/// relevance, which nobody can foresee.
fn compare(sort_by: Option<&str>, one: &Hit<'_>, other: &Hit<'_>) -> Ordering {
    let by_id = || one.id().cmp(&other.id());
    let by_place = |scale: &[&str], value: fn(&Ticket) -> Option<&str>| {
        let place = |hit: &Hit<'_>| match hit {
            Hit::Ticket(ticket) => scale.iter().position(|step| Some(*step) == value(ticket)),
            _ => None,
        };
        place(one).cmp(&place(other))
    };
    match sort_by {
        Some("created_at" | "created") => one.times().0.cmp(&other.times().0).then_with(by_id),
        Some("updated_at" | "updated") => one.times().1.cmp(&other.times().1).then_with(by_id),
        Some("priority") => by_place(&search_cells::PRIORITIES, |ticket| {
            ticket.priority.as_deref()
        })
        .then_with(by_id),
        Some("status") => {
            by_place(&search_cells::STATUSES, |ticket| Some(&ticket.status)).then_with(by_id)
        }
        Some("ticket_type") => {
            let kinds = ["incident", "problem", "question", "task"];
            by_place(&kinds, |ticket| ticket.kind.as_deref()).then_with(by_id)
        }
        _ => scrambled(one.id()).cmp(&scrambled(other.id())),
    }
}
