//! Creating, changing, merging and deleting users (Zendesk reference, section 10).

use serde_json::json;

use super::body::{Body, Given};
use super::identities::add;
use super::many::{self, Kind};
use super::people_json;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::user_draft::{Draft, too_short};
use super::users::one;
use super::world::World;

/// For calls on many users.
const USERS: Kind = Kind {
    noun: "User",
    one: "user",
    many: "users",
    make,
    alter,
    remove,
    known,
};

/// `POST /users`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let id = make(world, Body::new(ask.root("user")?, &ask.place))?;
    created(world, ask, id)
}

/// `POST /users/create_or_update`: 200 for somebody who is known by address or own id, else 201.
pub(super) fn create_or_update(world: &mut World, ask: &mut Ask) -> Answer {
    let body = Body::new(ask.root("user")?, &ask.place);
    let Some(id) = known(world, body) else {
        return create(world, ask);
    };
    alter(world, id, body)?;
    shown(world, ask, id)
}

/// `PUT /users/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    let id = world
        .active_user(ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    alter(world, id, Body::new(ask.root("user")?, &ask.place))?;
    shown(world, ask, id)
}

/// `DELETE /users/{id}`: 200 with the user, who is inactive from now on.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.id()?;
    if id == ask.caller {
        return Err(Reply::invalid("base", "You cannot delete yourself", None));
    }
    remove(world, id)?;
    shown(world, ask, id)
}

/// `PUT /users/{id}/merge`: the user of the path becomes part of the one in the body.
pub(super) fn merge(world: &mut World, ask: &mut Ask) -> Answer {
    let source = world
        .active_user(ask.id()?)
        .ok_or_else(Reply::not_found)?
        .clone();
    let body = Body::new(ask.root("user")?, &ask.place);
    let by_email = body
        .text("email")?
        .value()
        .and_then(|email| world.person_by_email(email));
    let target = body.id("id")?.value().copied().or(by_email);
    let target = target
        .and_then(|id| world.active_user(id))
        .ok_or_else(Reply::not_found)?
        .id;
    if target == source.id || source.is_agent() {
        return Err(Reply::invalid("base", "This user cannot be merged", None));
    }
    remove(world, source.id)?;
    for identity in &source.identities {
        add(
            world,
            target,
            &identity.kind,
            &identity.value,
            identity.verified,
        );
    }
    let of_source = |ticket: &&super::records::Ticket| ticket.requester_id == source.id;
    let moved: Vec<u64> = world
        .tickets
        .values()
        .filter(of_source)
        .map(|one| one.id)
        .collect();
    for ticket in moved {
        world.edit_ticket(ticket, |ticket| ticket.requester_id = target);
    }
    shown(world, ask, target)
}

/// `POST /users/create_many`
pub(super) fn create_many(world: &mut World, ask: &mut Ask) -> Answer {
    refuse_too_many(ask)?;
    many::create(world, ask, USERS)
}

/// `POST /users/create_or_update_many`
pub(super) fn create_or_update_many(world: &mut World, ask: &mut Ask) -> Answer {
    refuse_too_many(ask)?;
    many::create_or_update(world, ask, USERS)
}

/// `PUT /users/update_many`
pub(super) fn update_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::update(world, ask, USERS)
}

/// `DELETE /users/destroy_many`
pub(super) fn destroy_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::destroy(world, ask, USERS)
}

/// Makes a user and gives the id.
fn make(world: &mut World, body: Body<'_>) -> Result<u64, Reply> {
    let draft = Draft::read(body)?;
    if draft.name == Given::Absent {
        return Err(too_short());
    }
    draft.check(world, None)?;
    let name = draft.name.value().cloned().unwrap_or_default();
    let id = world.add_user(&name, draft.email.value().map(String::as_str));
    draft.store(world, id);
    Ok(id)
}

/// Changes a user.
fn alter(world: &mut World, id: u64, body: Body<'_>) -> Result<(), Reply> {
    if world.active_user(id).is_none() {
        return Err(Reply::not_found());
    }
    let draft = Draft::read(body)?;
    draft.check(world, Some(id))?;
    if let Given::Is(email) = &draft.email
        && world
            .users
            .get(&id)
            .is_some_and(|user| !user.has_email(email))
    {
        // Another address comes second: the main one stays (section 10).
        add(world, id, "email", email, false);
    }
    draft.store(world, id);
    Ok(())
}

/// Deletes a user, so that the row stays (section 10).
fn remove(world: &mut World, id: u64) -> Result<(), Reply> {
    if world.active_user(id).is_none() {
        return Err(Reply::not_found());
    }
    world.edit_user(id, |user| user.active = false);
    world.group_memberships.retain(|_, one| one.user_id != id);
    world
        .organization_memberships
        .retain(|_, one| one.user_id != id);
    Ok(())
}

/// The active user with the body's own id or address.
fn known(world: &World, body: Body<'_>) -> Option<u64> {
    let text = |name: &str| body.object.get(name).and_then(|value| value.as_str());
    if let Some(email) = text("email").and_then(|email| world.person_by_email(email)) {
        return Some(email);
    }
    let external_id = text("external_id")?;
    let mut active = world.users.values().filter(|user| user.active);
    active
        .find(|user| user.external_id.as_deref() == Some(external_id))
        .map(|user| user.id)
}

/// Refuses more than 100 new users in words of its own (section 9).
fn refuse_too_many(ask: &Ask) -> Result<(), Reply> {
    let list = ask.json.get("users").and_then(|list| list.as_array());
    if list.is_some_and(|list| list.len() > 100) {
        let text = "Maximum 100 users may be created per call";
        return Err(Reply::coded(
            http::StatusCode::BAD_REQUEST,
            "TooManyValues",
            text,
        ));
    }
    Ok(())
}

/// Answers a user as they are now.
fn shown(world: &World, ask: &Ask, id: u64) -> Answer {
    let user = world.users.get(&id).ok_or_else(Reply::not_found)?;
    Ok(one(world, ask, user))
}

/// Answers a user who was just made.
fn created(world: &World, ask: &Ask, id: u64) -> Answer {
    let user = world.users.get(&id).ok_or_else(Reply::not_found)?;
    let json = json!({"user": people_json::user(&ask.base, user)});
    Ok(Reply::created(&json, ask.url(&format!("users/{id}"))))
}
