//! Time entries and their timers (Freshdesk reference, section 11).

use jiff::Timestamp;
use serde_json::{Value, json};

use super::form::Form;
use super::form_fields::Given;
use super::records::TimeEntry;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::tickets::writable;
use super::world::World;

/// What create and update may say.
const FIELDS: [&str; 7] = [
    "agent_id",
    "billable",
    "executed_at",
    "note",
    "start_time",
    "time_spent",
    "timer_running",
];

/// `GET /tickets/{id}/time_entries`
pub(super) fn of_ticket(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["page", "per_page"])?;
    let page = ask.query.page()?;
    let id = world
        .tickets
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    let now = world.now();
    let (found, has_more) = page.cut(
        world
            .time_entries
            .values()
            .filter(|entry| entry.ticket_id == id),
    );
    let elements: Vec<Value> = found.into_iter().map(|entry| json(entry, now)).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /time_entries`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let known = [
        "agent_id",
        "company_id",
        "billable",
        "executed_after",
        "executed_before",
        "page",
        "per_page",
    ];
    ask.query.only(&known)?;
    let page = ask.query.page()?;
    let agent_id = ask.query.positive("agent_id")?;
    let company_id = ask.query.positive("company_id")?;
    let billable = ask.query.boolean("billable")?;
    let after = ask.query.moment("executed_after")?;
    let before = ask.query.moment("executed_before")?;
    let company_of = |entry: &TimeEntry| world.tickets.get(&entry.ticket_id)?.company_id;
    let now = world.now();
    let found = world
        .time_entries
        .values()
        .filter(|entry| agent_id.is_none_or(|id| entry.agent_id == id))
        .filter(|entry| company_id.is_none_or(|id| company_of(entry) == Some(id)))
        .filter(|entry| billable.is_none_or(|billable| entry.billable == billable))
        .filter(|entry| after.is_none_or(|after| entry.executed_at >= after))
        .filter(|entry| before.is_none_or(|before| entry.executed_at <= before));
    let (found, has_more) = page.cut(found);
    let elements: Vec<Value> = found.into_iter().map(|entry| json(entry, now)).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `POST /tickets/{id}/time_entries`: without `time_spent` a timer starts.
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let ticket_id = writable(world, ask)?.id;
    ask.form.only(&FIELDS)?;
    let now = world.now();
    let mut entry = TimeEntry {
        id: world.new_id(),
        ticket_id,
        agent_id: world.me,
        billable: true,
        executed_at: now,
        note: None,
        start_time: now,
        seconds: 0,
        timer_running: !ask.form.has("time_spent"),
        created_at: now,
        updated_at: now,
    };
    read(world, &mut ask.form, &mut entry);
    ask.form.checked()?;

    let location = ask.location(&format!("time_entries/{}", entry.id));
    let reply = Reply::created(&json(&entry, now), location);
    world.time_entries.insert(entry.id, entry);
    Ok(reply)
}

/// `PUT /time_entries/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let mut entry = world
        .time_entries
        .get(&ask.id()?)
        .cloned()
        .ok_or_else(Reply::not_found)?;
    ask.form.only(&FIELDS)?;
    let now = world.now();
    let was_running = entry.timer_running;
    read(world, &mut ask.form, &mut entry);
    ask.form.checked()?;
    if was_running && !entry.timer_running && !ask.form.has("time_spent") {
        entry.seconds += now.duration_since(entry.start_time).as_secs().max(0);
    }
    entry.updated_at = now;
    let reply = Reply::ok(&json(&entry, now));
    world.time_entries.insert(entry.id, entry);
    Ok(reply)
}

/// `PUT /time_entries/{id}/toggle_timer`
pub(super) fn toggle(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    ask.form.only(&[])?;
    let now = world.now();
    let entry = world
        .time_entries
        .get_mut(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    if entry.timer_running {
        entry.seconds = counted(entry, now);
    } else {
        entry.start_time = now;
    }
    entry.timer_running = !entry.timer_running;
    entry.updated_at = now;
    Ok(Reply::ok(&json(entry, now)))
}

/// `DELETE /time_entries/{id}`
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    if world.time_entries.remove(&ask.id()?).is_none() {
        return Err(Reply::not_found());
    }
    Ok(Reply::no_content())
}

/// Puts the body's attributes on an entry.
fn read(world: &World, form: &mut Form, entry: &mut TimeEntry) {
    if let Given::Is(agent) = form.positive("agent_id") {
        if !world.agents.contains_key(&agent) {
            form.errors.push(FieldError::no_match("agent", "agent_id"));
        }
        entry.agent_id = agent;
    }
    if let Given::Is(billable) = form.boolean("billable") {
        entry.billable = billable;
    }
    if let Given::Is(moment) = form.moment("executed_at") {
        entry.executed_at = moment;
    }
    form.text("note").store(&mut entry.note);
    if let Given::Is(moment) = form.moment("start_time") {
        if moment > world.now() {
            form.refuse(
                "start_time",
                "invalid_value",
                "It should not be in the future",
            );
        }
        entry.start_time = moment;
    }
    if let Given::Is(text) = form.text("time_spent") {
        match read_spent(&text) {
            Some(seconds) => entry.seconds = seconds,
            None => form.refuse(
                "time_spent",
                "invalid_value",
                "It should be in the 'hh:mm' format",
            ),
        }
    }
    if let Given::Is(is_running) = form.boolean("timer_running") {
        entry.timer_running = is_running;
    }
}

/// Reads `hh:mm`; hours may pass 24.
fn read_spent(text: &str) -> Option<i64> {
    let (hours, minutes) = text.split_once(':')?;
    let is_plain = [hours, minutes]
        .iter()
        .all(|part| part.len() >= 2 && part.bytes().all(|b| b.is_ascii_digit()));
    let minutes: i64 = minutes.parse().ok().filter(|minutes| *minutes < 60)?;
    let hours: i64 = hours.parse().ok()?;
    is_plain.then_some(hours.checked_mul(3600)? + minutes * 60)
}

/// The seconds counted until now.
fn counted(entry: &TimeEntry, now: Timestamp) -> i64 {
    let running = now.duration_since(entry.start_time).as_secs().max(0);
    entry.seconds + if entry.timer_running { running } else { 0 }
}

/// An entry, the same in all answers.
fn json(entry: &TimeEntry, now: Timestamp) -> Value {
    let minutes = counted(entry, now) / 60;
    json!({
        "agent_id": entry.agent_id,
        "billable": entry.billable,
        "executed_at": entry.executed_at,
        "id": entry.id,
        "note": entry.note,
        "start_time": entry.start_time,
        "ticket_id": entry.ticket_id,
        "time_spent": format!("{:02}:{:02}", minutes / 60, minutes % 60),
        "timer_running": entry.timer_running,
        "created_at": entry.created_at,
        "updated_at": entry.updated_at,
    })
}
