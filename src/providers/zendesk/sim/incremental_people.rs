//! Exports of users and organizations: whoever changed since, deleted ones too (Zendesk reference, section 8).

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::incremental::{newest, read_cursor, size, start_time, write_cursor};
use super::people_json;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// A row with what orders it: the second of its last change, and its id.
type Row = ((i64, u64), Value);

/// `GET /incremental/users/cursor`
pub(super) fn users_by_cursor(world: &mut World, ask: &mut Ask) -> Answer {
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
    let mut rows = users(world, ask);
    rows.retain(|(place, _)| match from {
        (second, Some(id)) => *place > (second, id),
        (second, None) => place.0 >= second,
    });
    let is_end = rows.len() <= size;
    rows.truncate(size);

    let after = match rows.last() {
        Some(((second, id), _)) => Some(write_cursor(*second, *id)),
        None if world.switches.null_cursor_at_end => None,
        None => Some(write_cursor(from.0, from.1.unwrap_or(0))),
    };
    let link = |cursor: &String| ask.link(&ask.query.with(&["start_time"], &[("cursor", cursor)]));
    let mut beside = Map::new();
    beside.insert("after_url".to_owned(), json!(after.as_ref().map(link)));
    beside.insert("after_cursor".to_owned(), json!(after));
    beside.insert("before_url".to_owned(), Value::Null);
    beside.insert("before_cursor".to_owned(), Value::Null);
    beside.insert("end_of_stream".to_owned(), json!(is_end));
    let rows: Vec<Value> = rows.into_iter().map(|(_, json)| json).collect();
    Ok(Reply::list("users", &rows, &beside))
}

/// `GET /incremental/users`
pub(super) fn users_by_time(world: &mut World, ask: &mut Ask) -> Answer {
    let rows = users(world, ask);
    by_time(world, ask, "users", rows)
}

/// `GET /incremental/organizations`
pub(super) fn organizations_by_time(world: &mut World, ask: &mut Ask) -> Answer {
    let all = world.organizations.values();
    let rows = all.map(|one| {
        let mut json = people_json::organization(&ask.base, one);
        json["deleted_at"] = json!(one.deleted_at);
        ((one.updated_at.as_second(), one.id), json)
    });
    let rows = exported(world, rows.collect());
    by_time(world, ask, "organizations", rows)
}

/// A page by time: those of one second stay together, however many were asked for.
fn by_time(world: &World, ask: &Ask, name: &str, mut rows: Vec<Row>) -> Answer {
    let size = size(ask)?;
    let start = start_time(world, ask)?;
    rows.retain(|(place, _)| place.0 >= start);
    let total = rows.len();
    let second = |place: usize| rows.get(place).map(|((second, _), _)| *second);
    let mut end = size.min(total);
    while end < total && end > 0 && second(end) == second(end - 1) {
        end += 1;
    }
    let end_time = end.checked_sub(1).and_then(second).map(|second| second + 1);
    rows.truncate(end);
    let next = end_time.map(|time| {
        let time = time.to_string();
        ask.link(&ask.query.with(&[], &[("start_time", &time)]))
    });
    let mut beside = Map::new();
    beside.insert("count".to_owned(), json!(rows.len()));
    beside.insert("end_time".to_owned(), json!(end_time));
    beside.insert("next_page".to_owned(), json!(next));
    beside.insert("end_of_stream".to_owned(), json!(end == total));
    let rows: Vec<Value> = rows.into_iter().map(|(_, json)| json).collect();
    Ok(Reply::list(name, &rows, &beside))
}

/// All users that are exported by now.
fn users(world: &World, ask: &Ask) -> Vec<Row> {
    let rows = world.users.values().map(|user| {
        let mut json = people_json::user(&ask.base, user);
        json["permanently_deleted"] = json!(user.permanently_deleted);
        ((user.updated_at.as_second(), user.id), json)
    });
    exported(world, rows.collect())
}

/// Leaves out the last minute, and sorts.
fn exported(world: &World, mut rows: Vec<Row>) -> Vec<Row> {
    rows.retain(|(place, _)| place.0 <= newest(world));
    rows.sort_unstable_by_key(|(place, _)| *place);
    rows
}
