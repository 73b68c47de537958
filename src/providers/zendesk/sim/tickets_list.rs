//! Lists of tickets (Zendesk reference, sections 4 and 7).

use std::cmp::Ordering;

use serde_json::{Map, Value};

use super::paging::{self, Order};
use super::query::Query;
use super::records::Ticket;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::sideload;
use super::switches::Ties;
use super::ticket_json::TicketJson;
use super::ticket_status::STATUSES;
use super::world::World;

/// How lists are sorted by cursor: a value, and the id.
type Key = (i64, i64);

/// `GET /tickets`: neither archived nor deleted ones (section 4).
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let external = ask.query.get("external_id");
    let is_asked = |ticket: &&Ticket| {
        ticket.is_listable()
            && external.is_none_or(|external| ticket.external_id.as_deref() == Some(external))
    };
    answer(world, ask, is_asked)
}

/// `GET /tickets/recent`: what the caller looked at last; here, what changed last.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]
pub(super) fn recent(world: &mut World, ask: &mut Ask) -> Answer {
    let listed = world.tickets.values().filter(|one| one.is_listable());
    let mut all: Vec<&Ticket> = listed.collect();
    all.sort_by_key(|ticket| std::cmp::Reverse((ticket.updated_at, ticket.id)));
    all.truncate(5);
    let count = all.len();
    let beside = paging::numbers_beside(ask, 1, false, count);
    Ok(rendered(world, ask, &all, beside))
}

/// `GET /tickets/show_many?ids=`: by id, not as asked; unknown ones are silently missing (section 4).
pub(super) fn show_many(world: &mut World, ask: &mut Ask) -> Answer {
    let is_shown = |ticket: &&Ticket| {
        ticket.is_listable() || (ticket.is_there() && world.switches.show_many_finds_archived)
    };
    let all: Vec<&Ticket> = if ask.query.has("external_ids") {
        let wanted = ask.query.list("external_ids");
        if wanted.len() > 100 {
            return Err(Reply::too_many_values());
        }
        let is_wanted = |ticket: &&Ticket| {
            let external = ticket.external_id.as_deref();
            external.is_some_and(|external| wanted.contains(&external))
        };
        world
            .tickets
            .values()
            .filter(is_wanted)
            .filter(is_shown)
            .collect()
    } else {
        let mut ids = ask.query.ids("ids", &ask.place)?;
        ids.sort_unstable();
        ids.dedup();
        let found = ids.iter().filter_map(|id| world.tickets.get(id));
        found.filter(is_shown).collect()
    };
    let count = all.len();
    let beside = paging::numbers_beside(ask, 1, false, count);
    Ok(rendered(world, ask, &all, beside))
}

/// `GET /users/{id}/tickets/requested`
pub(super) fn requested(world: &mut World, ask: &mut Ask) -> Answer {
    of_person(world, ask, |ticket, user| ticket.requester_id == user)
}

/// `GET /users/{id}/tickets/ccd`
pub(super) fn ccd(world: &mut World, ask: &mut Ask) -> Answer {
    of_person(world, ask, |ticket, user| {
        ticket.email_cc_ids.contains(&user)
    })
}

/// `GET /users/{id}/tickets/followed`
pub(super) fn followed(world: &mut World, ask: &mut Ask) -> Answer {
    of_person(world, ask, |ticket, user| {
        ticket.follower_ids.contains(&user)
    })
}

/// `GET /users/{id}/tickets/assigned`
pub(super) fn assigned(world: &mut World, ask: &mut Ask) -> Answer {
    of_person(world, ask, |ticket, user| ticket.assignee_id == Some(user))
}

/// `GET /organizations/{id}/tickets`
pub(super) fn of_organization(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.id()?;
    if !world.organizations.contains_key(&id) {
        return Err(Reply::not_found());
    }
    let shows_archived = world.switches.person_lists_show_archived;
    answer(world, ask, |ticket| {
        is_there(ticket, shows_archived) && ticket.organization_id == Some(id)
    })
}

/// `GET /tickets/{id}/incidents`
pub(super) fn incidents(world: &mut World, ask: &mut Ask) -> Answer {
    let id = super::tickets::found(world, ask.id()?)?.id;
    answer(world, ask, |ticket| {
        ticket.is_listable() && ticket.problem_id == Some(id)
    })
}

/// `GET /problems`
pub(super) fn problems(world: &mut World, ask: &mut Ask) -> Answer {
    answer(world, ask, |ticket| {
        ticket.is_listable() && ticket.kind.as_deref() == Some("problem")
    })
}

/// The tickets that have to do with a user.
fn of_person(world: &World, ask: &Ask, is_of: fn(&Ticket, u64) -> bool) -> Answer {
    let id = ask.id()?;
    if world.active_user(id).is_none() {
        return Err(Reply::not_found());
    }
    let shows_archived = world.switches.person_lists_show_archived;
    answer(world, ask, |ticket| {
        is_there(ticket, shows_archived) && is_of(ticket, id)
    })
}

/// Whether a list of somebody's tickets shows this one.
fn is_there(ticket: &Ticket, shows_archived: bool) -> bool {
    ticket.is_listable() || (shows_archived && ticket.is_there())
}

/// Answers a page of the tickets that are asked for. There is no snapshot: rows move between numbered pages
/// when tickets change.
fn answer(world: &World, ask: &Ask, is_asked: impl Fn(&&Ticket) -> bool) -> Answer {
    let rows: Vec<&Ticket> = world.tickets.values().filter(is_asked).collect();
    let (page, beside) = if paging::is_by_cursor(&ask.query) {
        // `sort_by` and `sort_order` are silently ignored here (section 4).
        let order = order(&ask.query, world.switches.ties)?;
        paging::page(ask, &world.switches, rows, &order)?
    } else {
        let sort_by = ask.query.get("sort_by").unwrap_or("id");
        let is_descending = ask.query.get("sort_order") == Some("desc");
        paging::by_number(ask, rows, |one, other| {
            let ordering = compare(world, sort_by, one, other).then(one.id.cmp(&other.id));
            if is_descending {
                ordering.reverse()
            } else {
                ordering
            }
        })?
    };
    Ok(rendered(world, ask, &page, beside))
}

/// The answer with these tickets and what is sideloaded.
pub(super) fn rendered(
    world: &World,
    ask: &Ask,
    page: &[&Ticket],
    mut beside: Map<String, Value>,
) -> Reply {
    let counts_comments = ask.includes("comment_count");
    let rows: Vec<TicketJson<'_>> = page
        .iter()
        .map(|ticket| {
            let mut json = TicketJson::new(world, ticket, &ask.base);
            json.comment_count = counts_comments.then_some(ticket.comments.len());
            json
        })
        .collect();
    sideload::of_tickets(world, ask, page, &mut beside);
    Reply::list("tickets", &rows, &beside)
}

/// The order of a list by cursor: `sort` is `id`, `updated_at` or `status`, with `-` for descending (section 4).
fn order<'a>(query: &Query, ties: Ties) -> Result<Order<&'a Ticket, Key>, Reply> {
    let sort = query.get("sort").unwrap_or("id");
    let (name, descending) = match sort.strip_prefix('-') {
        Some(name) => (name, true),
        None => (sort, false),
    };
    let key: fn(&&Ticket) -> Key = match (name, descending && ties == Ties::IdAscending) {
        ("id", _) => |ticket| (0, number(ticket.id)),
        ("updated_at", false) => |ticket| (ticket.updated_at.as_second(), number(ticket.id)),
        ("updated_at", true) => |ticket| (ticket.updated_at.as_second(), -number(ticket.id)),
        ("status", false) => |ticket| (rank(&ticket.status), number(ticket.id)),
        ("status", true) => |ticket| (rank(&ticket.status), -number(ticket.id)),
        _ => return Err(Reply::bad_page("sort is not valid")),
    };
    let column = if name == "id" {
        "nice_id".to_owned()
    } else {
        format!("{name},nice_id")
    };
    let sign = if descending { "-" } else { "" };
    Ok(Order {
        name: format!("{sign}{column}"),
        descending,
        key,
    })
}

/// An id as a part of a key.
fn number(id: u64) -> i64 {
    i64::try_from(id).unwrap_or(i64::MAX)
}

/// The place of a status in lists that are sorted by it.
fn rank(status: &str) -> i64 {
    let place = STATUSES.iter().position(|one| *one == status);
    place
        .and_then(|place| i64::try_from(place).ok())
        .unwrap_or(0)
}

/// Compares for a numbered page. A name that is no order means the order by id.
fn compare(world: &World, sort_by: &str, one: &Ticket, other: &Ticket) -> Ordering {
    let name = |id: Option<u64>| {
        let user = id.and_then(|id| world.users.get(&id));
        user.map(|user| user.name.to_lowercase())
    };
    match sort_by {
        "assignee" => one.assignee_id.cmp(&other.assignee_id),
        "assignee.name" => name(one.assignee_id).cmp(&name(other.assignee_id)),
        "created_at" => one.created_at.cmp(&other.created_at),
        "group" => one.group_id.cmp(&other.group_id),
        "requester" => one.requester_id.cmp(&other.requester_id),
        "requester.name" => name(Some(one.requester_id)).cmp(&name(Some(other.requester_id))),
        "status" => rank(&one.status).cmp(&rank(&other.status)),
        "subject" => one.subject.cmp(&other.subject),
        "updated_at" => one.updated_at.cmp(&other.updated_at),
        _ => Ordering::Equal,
    }
}
