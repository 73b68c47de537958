//! The addresses of users, and which one is the main one (Zendesk reference, section 10).

use serde_json::{Value, json};

use super::body::{Body, Given};
use super::paging::{self, Order};
use super::records_people::{Identity, User};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /users/{id}/identities`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let user = owner(world, ask)?;
    let order = Order::ascending("id", |identity: &&Identity| identity.id);
    let rows = user.identities.iter().collect();
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page.iter().map(|one| json(ask, user.id, one)).collect();
    Ok(Reply::list("identities", &rows, &beside))
}

/// `GET /users/{id}/identities/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let (user, identity) = found(world, ask)?;
    Ok(Reply::ok(
        &json!({"identity": json(ask, user.id, identity)}),
    ))
}

/// `POST /users/{id}/identities`
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let user = owner(world, ask)?.id;
    let body = Body::new(ask.root("identity")?, &ask.place);
    let kind = body
        .text("type")?
        .value()
        .cloned()
        .unwrap_or_else(|| "email".to_owned());
    let Given::Is(value) = body.text("value")? else {
        let text = "Value: cannot be blank";
        return Err(Reply::invalid("value", text, Some("BlankValue")));
    };
    if kind == "email" {
        refuse_address(world, &value, None)?;
    }
    let verified = body.boolean("verified")?.value() == Some(&true);
    let id = add(world, user, &kind, &value, verified);
    if body.boolean("primary")?.value() == Some(&true) {
        prefer(world, user, id);
    }
    let user = world.users.get(&user).ok_or_else(Reply::not_found)?;
    let mut all = user.identities.iter();
    let identity = all.find(|one| one.id == id).ok_or_else(Reply::not_found)?;
    let location = ask.url(&format!("users/{}/identities/{id}", user.id));
    Ok(Reply::created(
        &json!({"identity": json(ask, user.id, identity)}),
        location,
    ))
}

/// `PUT /users/{id}/identities/{id}`: only whether it is proven can be changed, and its value.
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    let (user, identity) = found(world, ask)?;
    let (user, id) = (user.id, identity.id);
    let body = Body::new(ask.root("identity")?, &ask.place);
    let (verified, value) = (body.boolean("verified")?, body.text("value")?);
    if let Given::Is(value) = &value {
        refuse_address(world, value, Some(user))?;
    }
    change(world, user, id, |identity| {
        if let Given::Is(verified) = verified {
            identity.verified = verified;
        }
        if let Given::Is(value) = value {
            identity.value = value;
        }
    });
    show(world, ask)
}

/// `PUT /users/{id}/identities/{id}/verify`
pub(super) fn verify(world: &mut World, ask: &mut Ask) -> Answer {
    let (user, identity) = found(world, ask)?;
    let (user, id) = (user.id, identity.id);
    change(world, user, id, |identity| identity.verified = true);
    show(world, ask)
}

/// `PUT /users/{id}/identities/{id}/make_primary`: the only way to another main address.
pub(super) fn make_primary(world: &mut World, ask: &mut Ask) -> Answer {
    let (user, identity) = found(world, ask)?;
    let (user, id) = (user.id, identity.id);
    prefer(world, user, id);
    list(world, ask)
}

/// `DELETE /users/{id}/identities/{id}`: not the main one.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let (user, identity) = found(world, ask)?;
    if identity.primary && user.identities.len() > 1 {
        let text = "Identity: the primary identity cannot be deleted";
        return Err(Reply::invalid("base", text, None));
    }
    let (user, id) = (user.id, identity.id);
    world.edit_user(user, |user| {
        user.identities.retain(|one| one.id != id);
        if user.identities.is_empty() {
            user.email = None;
        }
    });
    Ok(Reply::no_content())
}

/// Adds an address to a user; the first one is the main one. Gives its id.
pub(super) fn add(world: &mut World, user: u64, kind: &str, value: &str, verified: bool) -> u64 {
    let (id, now) = (world.new_id(), world.now());
    world.edit_user(user, |user| {
        let primary = user.identities.iter().all(|one| one.kind != kind);
        if primary && kind == "email" {
            user.email = Some(value.to_owned());
        }
        user.identities.push(Identity {
            id,
            kind: kind.to_owned(),
            value: value.to_owned(),
            verified,
            primary,
            created_at: now,
            updated_at: now,
        });
    });
    id
}

/// Refuses an address that is none, or that somebody else has.
pub(super) fn refuse_address(world: &World, email: &str, owner: Option<u64>) -> Result<(), Reply> {
    let (name, domain) = email.split_once('@').unwrap_or_default();
    if name.is_empty() || !domain.contains('.') || email.contains(char::is_whitespace) {
        let text = format!("Email: {email} is not properly formatted");
        return Err(Reply::invalid("email", &text, Some("InvalidValue")));
    }
    match world.person_by_email(email) {
        Some(other) if Some(other) != owner => {
            let text = format!("Email: {email} is already being used by another user");
            Err(Reply::invalid("email", &text, Some("DuplicateValue")))
        }
        _ => Ok(()),
    }
}

/// An address as the API shows it.
pub(super) fn json(ask: &Ask, user: u64, identity: &Identity) -> Value {
    json!({
        "url": ask.url(&format!("users/{user}/identities/{}", identity.id)),
        "id": identity.id,
        "user_id": user,
        "type": identity.kind,
        "value": identity.value,
        "verified": identity.verified,
        "primary": identity.primary,
        "created_at": identity.created_at,
        "updated_at": identity.updated_at,
        "undeliverable_count": 0,
        "deliverable_state": "deliverable",
    })
}

/// Makes an address the main one of its kind.
fn prefer(world: &mut World, user: u64, id: u64) {
    let now = world.now();
    world.edit_user(user, |user| {
        let Some(chosen) = user.identities.iter().find(|one| one.id == id).cloned() else {
            return;
        };
        if chosen.kind == "email" {
            user.email = Some(chosen.value);
        }
        for other in user
            .identities
            .iter_mut()
            .filter(|one| one.kind == chosen.kind)
        {
            other.primary = other.id == id;
            other.updated_at = now;
        }
        user.identities.sort_by_key(|one| !one.primary);
    });
}

/// Changes one address.
fn change(world: &mut World, user: u64, id: u64, edit: impl FnOnce(&mut Identity)) {
    let now = world.now();
    world.edit_user(user, |user| {
        if let Some(identity) = user.identities.iter_mut().find(|one| one.id == id) {
            edit(identity);
            identity.updated_at = now;
            if identity.primary && identity.kind == "email" {
                user.email = Some(identity.value.clone());
            }
        }
    });
}

/// The user of the path.
fn owner<'a>(world: &'a World, ask: &Ask) -> Result<&'a User, Reply> {
    world.active_user(ask.id()?).ok_or_else(Reply::not_found)
}

/// The user and the address of the path.
fn found<'a>(world: &'a World, ask: &Ask) -> Result<(&'a User, &'a Identity), Reply> {
    let (user, id) = (owner(world, ask)?, ask.id_at(1)?);
    let identity = user.identities.iter().find(|one| one.id == id);
    Ok((user, identity.ok_or_else(Reply::not_found)?))
}
