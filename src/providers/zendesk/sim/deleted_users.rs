//! Users who were deleted, and their end (Zendesk reference, section 10).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use serde_json::{Value, json};

use super::paging::{self, Order};
use super::records_people::User;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /deleted_users`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let rows = world
        .users
        .values()
        .filter(|user| is_deleted(user))
        .collect();
    let order = Order::ascending("id", |user: &&User| user.id);
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page.iter().map(|user| deleted(ask, user)).collect();
    Ok(Reply::list("deleted_users", &rows, &beside))
}

/// `GET /deleted_users/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world.users.get(&ask.id()?).filter(|user| is_deleted(user));
    let user = user.ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"deleted_user": deleted(ask, user)})))
}

/// `GET /deleted_users/count`
pub(super) fn count(world: &mut World, _: &mut Ask) -> Answer {
    let count = world.users.values().filter(|user| is_deleted(user)).count();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `DELETE /deleted_users/{id}`: for good; name and addresses are gone.
pub(super) fn purge(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world.users.get(&ask.id()?).filter(|user| is_deleted(user));
    let id = user.ok_or_else(Reply::not_found)?.id;
    world.edit_user(id, |user| {
        user.permanently_deleted = true;
        "Permanently Deleted User".clone_into(&mut user.name);
        user.identities.clear();
        for text in [
            &mut user.email,
            &mut user.phone,
            &mut user.external_id,
            &mut user.alias,
            &mut user.details,
            &mut user.notes,
            &mut user.signature,
        ] {
            *text = None;
        }
        user.tags.clear();
    });
    let user = world.users.get(&id).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"deleted_user": deleted(ask, user)})))
}

/// Whether somebody was deleted, but not for good.
fn is_deleted(user: &User) -> bool {
    !user.active && !user.permanently_deleted
}

/// A deleted user: less than a whole one.
fn deleted(ask: &Ask, user: &User) -> Value {
    json!({
        "id": user.id,
        "url": ask.url(&format!("deleted_users/{}", user.id)),
        "name": user.name,
        "email": user.email,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
        "time_zone": user.time_zone,
        "phone": user.phone,
        "shared_phone_number": null,
        "photo": null,
        "locale_id": 1,
        "locale": user.locale,
        "organization_id": user.organization_id,
        "role": user.role,
        "active": user.active,
    })
}
