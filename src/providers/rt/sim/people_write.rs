//! Creating, changing and disabling users, which admins do.

use super::body::{self, filled};
use super::cells::{Object, View};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::{Note, World};

/// `POST /user`.
pub(super) fn create(world: &mut World, ask: &Ask) -> Answer {
    let members = body::members(ask)?;
    if !world.is_super(ask.caller) {
        return Err(Reply::bad("Permission Denied"));
    }
    let email = filled(&members, "EmailAddress").unwrap_or_default();
    let Some(name) =
        filled(&members, "Name").or_else(|| Some(email.clone()).filter(|email| !email.is_empty()))
    else {
        return Err(Reply::bad("Must specify 'Name' attribute"));
    };
    if !email.is_empty() && (!email.contains('@') || email.contains(char::is_whitespace)) {
        return Err(Reply::bad("Invalid syntax for email address"));
    }
    if world.user(&name).is_some() {
        return Err(Reply::bad("Name in use"));
    }
    if world.user_by_email(&email).is_some() {
        return Err(Reply::bad("Email address in use"));
    }
    let real_name = filled(&members, "RealName").unwrap_or_default();
    let id = world.add_user(ask.caller, &name, &email, &real_name);
    let reference = View { world, ask }.reference(Object::User(id));
    Ok(Reply::created(
        &reference.into(),
        format!("/REST/2.0/user/{id}"),
    ))
}

/// `PUT /user/X`.
pub(super) fn update(world: &mut World, ask: &Ask, id: &str) -> Answer {
    let members = body::members(ask)?;
    let id = world
        .user(id)
        .map(|user| user.id)
        .ok_or_else(super::ticket_write::nothing_to_update)?;
    let mut messages = Vec::new();
    for name in ["EmailAddress", "Organization", "RealName"] {
        let Some(text) = members.get(name).and_then(body::text) else {
            continue;
        };
        if !world.is_super(ask.caller) {
            messages.push(Some("Permission Denied".to_owned()));
            continue;
        }
        let Some(user) = world.users.get_mut(&id) else {
            continue;
        };
        let place = match name {
            "EmailAddress" => &mut user.email,
            "Organization" => &mut user.organization,
            _ => &mut user.real_name,
        };
        let old = std::mem::replace(place, text.clone());
        if old == text {
            continue;
        }
        let [shown_old, shown_new] = [&old, &text].map(|text| match text.as_str() {
            "" => "(no value)".to_owned(),
            text => format!("'{text}'"),
        });
        let login = user.name.clone();
        messages.push(Some(format!(
            "User {login}: {name} changed from {shown_old} to {shown_new}"
        )));
        note(world, ask.caller, id, name, &old, &text);
    }
    Ok(Reply::messages(&messages))
}

/// `DELETE /user/X`, which disables.
pub(super) fn delete(world: &mut World, ask: &Ask, id: &str) -> Answer {
    let id = world
        .user(id)
        .map(|user| user.id)
        .ok_or_else(Reply::not_found)?;
    if !world.is_super(ask.caller) {
        return Err(Reply::internal());
    }
    if let Some(user) = world.users.get_mut(&id) {
        user.is_disabled = true;
    }
    note(world, ask.caller, id, "Disabled", "0", "1");
    Ok(Reply::no_content())
}

/// Writes a change of a user down.
fn note(world: &mut World, by: u64, id: u64, field: &str, old: &str, new: &str) {
    let note = Note {
        kind: "Set",
        field: field.to_owned(),
        old_value: old.to_owned(),
        new_value: new.to_owned(),
        ..Note::default()
    };
    world.note(by, "RT::User", id, note);
    let now = world.stamp();
    if let Some(user) = world.users.get_mut(&id) {
        user.last_updated = now;
    }
}
