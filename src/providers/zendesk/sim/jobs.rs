//! What became of jobs (Zendesk reference, section 9).

use serde_json::{Map, Value, json};

use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /job_statuses/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.params.first().map(String::as_str).unwrap_or_default();
    let job = world.jobs.get(id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"job_status": job.json(&ask.base)})))
}

/// `GET /job_statuses`: newest last, all at once.
#[expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let all: Vec<Value> = world.jobs.values().map(|job| job.json(&ask.base)).collect();
    Ok(Reply::list("job_statuses", &all, &Map::new()))
}

/// `GET /job_statuses/show_many?ids=`
pub(super) fn show_many(world: &mut World, ask: &mut Ask) -> Answer {
    let ids = ask.query.list("ids");
    if ids.is_empty() {
        return Err(Reply::missing("ids"));
    }
    let found: Vec<Value> = ids
        .iter()
        .filter_map(|id| world.jobs.get(*id))
        .map(|job| job.json(&ask.base))
        .collect();
    let mut beside = Map::new();
    beside.insert("next_page".to_owned(), Value::Null);
    beside.insert("previous_page".to_owned(), Value::Null);
    beside.insert("count".to_owned(), json!(found.len()));
    Ok(Reply::list("job_statuses", &found, &beside))
}
