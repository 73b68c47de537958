//! Users and groups: searches, and one user on their own.

use serde_json::{Value, json};

use super::cells::{Object, View};
use super::columns;
use super::json_search::Search;
use super::page::{self, Row, Total};
use super::preconditions::Stamp;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// What admins search by.
const SEARCHABLE: [&str; 5] = ["Name", "EmailAddress", "RealName", "Organization", "Gecos"];

/// What other agents search by, and all that they are shown of a user (trap 21).
const SUMMARY: [&str; 3] = ["RealName", "Name", "EmailAddress"];

/// Whether the caller is shown all of a user: admins are, and everybody of themselves.
fn is_open(world: &World, ask: &Ask, id: u64) -> bool {
    world.is_super(ask.caller) || ask.caller == id
}

/// What tells versions of a user apart; nothing does for those who are not shown all.
pub(super) fn stamp(world: &World, ask: &Ask, id: &str) -> Option<Stamp> {
    let user = world.user(id)?;
    if !is_open(world, ask, user.id) {
        return Some(Stamp::hidden());
    }
    Some(Stamp::of(world, &user.transactions, user.last_updated))
}

/// `GET` and `POST /users`: by login, also without a search.
pub(super) fn list(world: &World, ask: &Ask) -> Answer {
    let searchable: &[&str] = if world.is_super(ask.caller) {
        &SEARCHABLE
    } else {
        &SUMMARY
    };
    let search = Search::read(ask, searchable)?;
    let finds_disabled = ask.query.get("find_disabled_rows").is_some();
    let users = world
        .users
        .values()
        .filter(|user| finds_disabled || !user.is_disabled);
    let mut found: Vec<_> = users
        .filter(|user| {
            let text = |field: &str| columns::text(world, Object::User(user.id), field);
            search.is_empty() || search.fits(text)
        })
        .collect();
    found.sort_by_key(|user| user.name.to_lowercase());
    let rows: Vec<_> = found
        .iter()
        .map(|user| Row::seen(Object::User(user.id)))
        .collect();
    page::of(&View { world, ask }, &rows, Total::Known(rows.len()))
}

/// `GET /user/X`: who is no admin is not told the id of others but in a link (trap 21).
pub(super) fn show(world: &World, ask: &Ask, id: &str) -> Answer {
    let user = world.user(id).ok_or_else(Reply::not_found)?;
    let view = View { world, ask };
    let fields: &[&str] = if is_open(world, ask, user.id) {
        &[
            "Name",
            "EmailAddress",
            "RealName",
            "Organization",
            "Comments",
            "Gecos",
            "Created",
            "LastUpdated",
            "Creator",
            "LastUpdatedBy",
        ]
    } else {
        &SUMMARY
    };
    let mut whole = view.whole(Object::User(user.id), user.id, fields)?;
    whole.insert("Privileged".to_owned(), json!(u8::from(user.is_privileged)));
    if is_open(world, ask, user.id) {
        whole.retain(|_, value| *value != json!(""));
        whole.insert(
            "Disabled".to_owned(),
            json!(u8::from(user.is_disabled).to_string()),
        );
        let groups = world
            .groups
            .iter()
            .filter(|(_, (_, members))| members.contains(&user.id));
        let groups = groups.filter(|_| world.is_super(ask.caller));
        let groups = groups.map(|(id, _)| Value::Object(view.reference(Object::Group(*id))));
        whole.insert("Memberships".to_owned(), groups.collect());
        whole.insert("CustomFields".to_owned(), json!([]));
    } else {
        whole.remove("id");
    }
    Ok(Reply::ok(&whole.into()))
}

/// `GET` and `POST /groups`: those that people made, which agents do not see.
pub(super) fn groups(world: &World, ask: &Ask) -> Answer {
    let search = Search::read(ask, &["id", "Name", "Description"])?;
    let is_super = world.is_super(ask.caller);
    let found = world.groups.iter().filter(|(id, (name, _))| {
        let text = |field: &str| {
            Some(if field == "id" {
                id.to_string()
            } else {
                name.clone()
            })
        };
        search.is_empty() || search.fits(text)
    });
    let rows = found.map(|(id, _)| Row {
        object: Object::Group(*id),
        is_seen: is_super,
    });
    let rows: Vec<_> = rows.collect();
    page::of_counted(&View { world, ask }, &rows)
}
