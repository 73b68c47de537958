//! Exports of tickets: everything that changed since, deleted and archived ones too
//! (Zendesk reference, section 8).

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::StatusCode;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::records::Ticket;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::sideload;
use super::switches::RecentStart;
use super::ticket_json::TicketJson;
use super::world::World;
use crate::simulator::scrambled;

/// What changed within the last minute is not exported yet.
pub(super) const HELD_BACK: i64 = 60;

/// The most rows of a page, and how many there are unasked.
pub(super) const LARGEST: usize = 1000;

/// `GET /incremental/tickets/cursor`
pub(super) fn by_cursor(world: &mut World, ask: &mut Ask) -> Answer {
    let size = size(ask)?;
    let from = match ask.query.get("cursor") {
        Some(cursor) => read_cursor(cursor).ok_or_else(|| {
            Reply::errors(
                StatusCode::BAD_REQUEST,
                "InvalidCursor",
                "cursor is not valid",
            )
        })?,
        None => (start_time(world, ask)?, None),
    };
    let mut rows = visible(world, ask);
    rows.retain(|ticket| match from {
        (second, Some(id)) => (ticket.generated_at.as_second(), ticket.id) > (second, id),
        (second, None) => ticket.generated_at.as_second() >= second,
    });
    rows.sort_unstable_by_key(|ticket| (ticket.generated_at.as_second(), ticket.id));
    let is_end = rows.len() <= size;
    rows.truncate(size);

    let last = rows
        .last()
        .map(|ticket| (ticket.generated_at.as_second(), ticket.id));
    let after = match last {
        Some((second, id)) => Some(write_cursor(second, id)),
        None if world.switches.null_cursor_at_end => None,
        None => ask
            .query
            .get("cursor")
            .map(str::to_owned)
            .or_else(|| Some(write_cursor(from.0, 0))),
    };
    let url = after
        .as_ref()
        .map(|cursor| ask.link(&ask.query.with(&["start_time"], &[("cursor", cursor)])));
    let mut beside = Map::new();
    for (name, value) in [
        ("after_url", json!(url)),
        ("after_cursor", json!(after)),
        ("before_url", Value::Null),
        ("before_cursor", Value::Null),
        ("end_of_stream", json!(is_end)),
    ] {
        beside.insert(name.to_owned(), value);
    }
    Ok(rendered(world, ask, &rows, beside))
}

/// `GET /incremental/tickets`. The tickets of one second stay together, in no order, even if the page gets
/// larger than asked for; only at 1000 it is cut, and then the next page begins with that second again.
pub(super) fn by_time(world: &mut World, ask: &mut Ask) -> Answer {
    let size = size(ask)?;
    let start = start_time(world, ask)?;
    let mut rows = visible(world, ask);
    rows.retain(|ticket| ticket.generated_at.as_second() >= start);
    rows.sort_unstable_by_key(|ticket| (ticket.generated_at.as_second(), scrambled(ticket.id)));
    let total = rows.len();
    let second = |place: usize| {
        rows.get(place)
            .map(|ticket| ticket.generated_at.as_second())
    };
    let mut end = size.min(total);
    while end < total && end < LARGEST && second(end) == second(end.saturating_sub(1)) {
        end += 1;
    }
    let is_cut = end < total && second(end) == second(end.saturating_sub(1));
    let last = end.checked_sub(1).and_then(second);
    let end_time = last.map(|second| if is_cut { second } else { second + 1 });
    rows.truncate(end);

    let next = end_time.map(|time| {
        let time = time.to_string();
        ask.link(&ask.query.with(&[], &[("start_time", &time)]))
    });
    let mut beside = Map::new();
    for (name, value) in [
        ("count", json!(rows.len())),
        ("end_time", json!(end_time)),
        ("next_page", json!(next)),
        ("end_of_stream", json!(end == total)),
    ] {
        beside.insert(name.to_owned(), value);
    }
    Ok(rendered(world, ask, &rows, beside))
}

/// `start_time`, which must not lie within the last minute.
pub(super) fn start_time(world: &World, ask: &Ask) -> Result<i64, Reply> {
    let Some(text) = ask.query.get("start_time") else {
        return Err(Reply::missing("start_time"));
    };
    let Ok(start) = text.parse::<i64>() else {
        return Err(Reply::wrong_type("start_time", "an integer", &ask.place));
    };
    if start <= newest(world) {
        return Ok(start);
    }
    let text = "Too recent start_time. Use a start_time older than 1 minute";
    Err(match world.switches.recent_start {
        RecentStart::BadRequest => Reply::errors(
            StatusCode::BAD_REQUEST,
            "StartTimeTooRecent",
            "start_time must be at least 60 seconds ago",
        ),
        RecentStart::Unprocessable => {
            Reply::coded(StatusCode::UNPROCESSABLE_ENTITY, "InvalidValue", text)
        }
        RecentStart::Text => Reply::text(StatusCode::UNPROCESSABLE_ENTITY, text),
    })
}

/// `per_page`, up to 1000.
pub(super) fn size(ask: &Ask) -> Result<usize, Reply> {
    match ask.query.get("per_page").map(str::parse::<usize>) {
        None => Ok(LARGEST),
        Some(Ok(size)) if size > 0 => Ok(size.min(LARGEST)),
        Some(_) => Err(Reply::wrong_type("per_page", "an integer", &ask.place)),
    }
}

/// The last second that is exported already.
pub(super) fn newest(world: &World) -> i64 {
    world.now().as_second() - HELD_BACK
}

/// A cursor as recorded: `1695062724.0||1571|` (section 8).
pub(super) fn write_cursor(second: i64, id: u64) -> String {
    BASE64_STANDARD.encode(format!("{second}.0||{id}|"))
}

/// The place in a cursor.
pub(super) fn read_cursor(text: &str) -> Option<(i64, Option<u64>)> {
    let text = String::from_utf8(BASE64_STANDARD.decode(text).ok()?).ok()?;
    let (second, id) = text.strip_suffix('|')?.split_once(".0||")?;
    Some((second.parse().ok()?, Some(id.parse().ok()?)))
}

/// The tickets that are exported by now.
fn visible<'a>(world: &'a World, ask: &Ask) -> Vec<&'a Ticket> {
    let newest = Timestamp::from_second(newest(world)).unwrap_or(Timestamp::MIN);
    let excludes_deleted = ask.query.is_true("exclude_deleted");
    let all = world.tickets.values();
    all.filter(|one| one.generated_at <= newest && (one.is_there() || !excludes_deleted))
        .collect()
}

/// The answer with these tickets and what is sideloaded; `last_audits` is not (section 4).
fn rendered(world: &World, ask: &Ask, rows: &[&Ticket], mut beside: Map<String, Value>) -> Reply {
    sideload::of_tickets(world, ask, rows, &mut beside);
    beside.remove("last_audits");
    let counts_comments = ask.includes("comment_count");
    let rows: Vec<TicketJson<'_>> = rows
        .iter()
        .map(|ticket| {
            let mut json = TicketJson::exported(world, ticket, &ask.base);
            json.comment_count = counts_comments.then_some(ticket.comments.len());
            json
        })
        .collect();
    Reply::list("tickets", &rows, &beside)
}
