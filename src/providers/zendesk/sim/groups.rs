//! Groups of agents (Zendesk reference, section 10).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use serde_json::{Value, json};

use super::body::{Body, Given};
use super::paging::{self, Order};
use super::people_json;
use super::records_people::Group;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /groups`: deleted ones too, unless `exclude_deleted` says otherwise.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let excludes = ask.query.is_true("exclude_deleted");
    let rows = world
        .groups
        .values()
        .filter(|group| !(excludes && group.deleted));
    paged(world, ask, rows.collect())
}

/// `GET /groups/assignable`
pub(super) fn assignable(world: &mut World, ask: &mut Ask) -> Answer {
    let rows = world.groups.values().filter(|group| !group.deleted);
    paged(world, ask, rows.collect())
}

/// `GET /users/{id}/groups`
pub(super) fn of_user(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world
        .active_user(ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    let rows = world
        .groups
        .values()
        .filter(|group| world.is_in_group(user, group.id));
    paged(world, ask, rows.collect())
}

/// `GET /groups/count`
pub(super) fn count(world: &mut World, _: &mut Ask) -> Answer {
    let count = world.groups.values().filter(|group| !group.deleted).count();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `GET /users/{id}/groups/count`
pub(super) fn count_of_user(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world
        .active_user(ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    let count = world
        .groups
        .keys()
        .filter(|group| world.is_in_group(user, **group))
        .count();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `GET /groups/{id}`: deleted ones too.
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let group = world.groups.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(
        &json!({"group": people_json::group(&ask.base, group)}),
    ))
}

/// `POST /groups`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let body = Body::new(ask.root("group")?, &ask.place);
    let Given::Is(name) = body.text("name")? else {
        return Err(blank());
    };
    let (description, is_public) = (body.text("description")?, body.boolean("is_public")?);
    refuse_name(world, &name, None)?;
    let id = world.add_group(&name);
    if let Some(group) = world.groups.get_mut(&id) {
        group.description = description.value().cloned().unwrap_or_default();
        group.is_public = is_public.value() != Some(&false);
    }
    let group = world.groups.get(&id).ok_or_else(Reply::not_found)?;
    let json = json!({"group": people_json::group(&ask.base, group)});
    Ok(Reply::created(&json, ask.url(&format!("groups/{id}"))))
}

/// `PUT /groups/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.id()?;
    let is_live = world.groups.get(&id).is_some_and(|group| !group.deleted);
    if !is_live {
        return Err(Reply::not_found());
    }
    let body = Body::new(ask.root("group")?, &ask.place);
    let (name, description) = (body.text("name")?, body.text("description")?);
    match &name {
        Given::Null => return Err(blank()),
        Given::Is(name) => refuse_name(world, name, Some(id))?,
        Given::Absent => {}
    }
    let now = world.now();
    if let Some(group) = world.groups.get_mut(&id) {
        if let Given::Is(name) = name {
            group.name = name;
        }
        if description.is_said() {
            group.description = description.value().cloned().unwrap_or_default();
        }
        group.updated_at = now;
    }
    show(world, ask)
}

/// `DELETE /groups/{id}`: it is still shown, as deleted.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let (id, now) = (ask.id()?, world.now());
    let group = world.groups.get_mut(&id).filter(|group| !group.deleted);
    let group = group.ok_or_else(Reply::not_found)?;
    group.deleted = true;
    group.updated_at = now;
    world.group_memberships.retain(|_, one| one.place_id != id);
    Ok(Reply::no_content())
}

/// Answers a page, in the order of the names.
fn paged(world: &World, ask: &Ask, rows: Vec<&Group>) -> Answer {
    let order = Order::ascending("name,id", |group: &&Group| (group.name.clone(), group.id));
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page
        .iter()
        .map(|one| people_json::group(&ask.base, one))
        .collect();
    Ok(Reply::list("groups", &rows, &beside))
}

/// Refuses an empty name, and one that another group has.
fn refuse_name(world: &World, name: &str, own: Option<u64>) -> Result<(), Reply> {
    if name.trim().is_empty() {
        return Err(blank());
    }
    let mut others = world
        .groups
        .values()
        .filter(|group| Some(group.id) != own && !group.deleted);
    if others.any(|group| group.name.eq_ignore_ascii_case(name)) {
        let text = format!("Name: {name} has already been taken");
        return Err(Reply::invalid("name", &text, Some("DuplicateValue")));
    }
    Ok(())
}

/// The refusal of an empty name.
fn blank() -> Reply {
    Reply::invalid("name", "Name: cannot be blank", Some("BlankValue"))
}
