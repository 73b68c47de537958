//! Users: lists, show, `me`, what belongs to them (Zendesk reference, sections 2 and 10).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use std::collections::BTreeSet;

use http::header;
use serde_json::{Map, Value, json};

use super::identities;
use super::paging::{self, Order};
use super::people_json;
use super::records::Ticket;
use super::records_people::User;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /users`: those who were not deleted, by role or somebody's own id.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let query = &ask.query;
    let roles: Vec<&str> = [query.all("role"), query.all("role[]")].concat();
    let external_id = query.get("external_id");
    let custom_role = query.get("permission_set");
    let rows: Vec<&User> = active(world)
        .filter(|user| roles.is_empty() || roles.contains(&user.role.as_str()))
        .filter(|user| external_id.is_none() || user.external_id.as_deref() == external_id)
        .filter(|user| {
            let id = user.custom_role_id.map(|id| id.to_string());
            custom_role.is_none() || id.as_deref() == custom_role
        })
        .collect();
    paged(world, ask, rows)
}

/// `GET /groups/{id}/users`
pub(super) fn of_group(world: &mut World, ask: &mut Ask) -> Answer {
    let id = ask.id()?;
    let group = world.groups.get(&id).ok_or_else(Reply::not_found)?.id;
    let members = active(world).filter(|user| world.is_in_group(user.id, group));
    paged(world, ask, members.collect())
}

/// `GET /organizations/{id}/users`
pub(super) fn of_organization(world: &mut World, ask: &mut Ask) -> Answer {
    let id = super::organizations::live(world, ask.id()?)?.id;
    let members = active(world).filter(|user| world.is_in_organization(user.id, id));
    paged(world, ask, members.collect())
}

/// `GET /users/count`
pub(super) fn count(world: &mut World, _: &mut Ask) -> Answer {
    let count = active(world).count();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `GET /users/{id}`: whoever was deleted is still shown, as inactive, unless a switch says otherwise.
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world.users.get(&ask.id()?);
    let is_shown = |user: &&User| {
        user.active || (world.switches.deleted_users_are_shown && !user.permanently_deleted)
    };
    let user = user.filter(is_shown).ok_or_else(Reply::not_found)?;
    Ok(one(world, ask, user))
}

/// `GET /users/me`: no check of credentials, for without any it is somebody anonymous (section 2).
pub(super) fn me(world: &mut World, ask: &mut Ask) -> Answer {
    let token = world.new_word();
    let Some(user) = world.users.get(&ask.caller) else {
        return Ok(Reply::ok(&json!({"user": anonymous(&ask.base)})));
    };
    let bearer = ask
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let bearer = bearer
        .and_then(|value| value.split_once(' '))
        .map(|(_, token)| token.trim());
    let token_used = world
        .tokens
        .values()
        .find(|token| Some(token.access.as_str()) == bearer);
    let may_read = |scopes: &str| {
        scopes
            .split(' ')
            .any(|one| matches!(one, "read" | "users:read"))
    };
    if token_used.is_some_and(|token| !may_read(&token.scopes)) {
        return Err(Reply::missing_scope("read"));
    }
    let mut json = people_json::user(&ask.base, user);
    json["authenticity_token"] = json!(token);
    let mut beside = Map::new();
    beside.insert("user".to_owned(), json);
    sideload(world, ask, &[user], &mut beside);
    Ok(Reply::ok(&beside))
}

/// `GET /users/show_many`: by `ids` or `external_ids`, ordered by id; who is not there is left out.
pub(super) fn show_many(world: &mut World, ask: &mut Ask) -> Answer {
    let found: Vec<&User> = if ask.query.has("ids") {
        let ids: BTreeSet<u64> = ask.query.ids("ids", &ask.place)?.into_iter().collect();
        ids.iter().filter_map(|id| world.users.get(id)).collect()
    } else {
        let names = ask.query.list("external_ids");
        if names.is_empty() {
            return Err(Reply::missing("ids"));
        }
        if names.len() > 100 {
            return Err(Reply::too_many_values());
        }
        let is_named = |user: &&User| {
            user.external_id
                .as_deref()
                .is_some_and(|id| names.contains(&id))
        };
        active(world).filter(is_named).collect()
    };
    let found: Vec<&User> = found
        .into_iter()
        .filter(|user| !user.permanently_deleted)
        .collect();
    let mut beside = paging::numbers_beside(ask, 1, false, found.len());
    sideload(world, ask, &found, &mut beside);
    Ok(Reply::list("users", &rows(ask, &found), &beside))
}

/// `GET /users/autocomplete?name=`: whose name has a word that begins so.
pub(super) fn autocomplete(world: &mut World, ask: &mut Ask) -> Answer {
    let start = ask
        .query
        .get("name")
        .ok_or_else(|| Reply::missing("name"))?
        .to_lowercase();
    let begins = |user: &&User| {
        let name = user.name.to_lowercase();
        name.starts_with(&start) || name.split(' ').any(|word| word.starts_with(&start))
    };
    // Two letters are the least that are looked for.
    let is_enough = start.chars().count() >= 2;
    let found = active(world)
        .filter(|user| is_enough && begins(user))
        .collect();
    numbered(world, ask, found)
}

/// `GET /users/{id}/related`
pub(super) fn related(world: &mut World, ask: &mut Ask) -> Answer {
    let id = world.users.get(&ask.id()?).ok_or_else(Reply::not_found)?.id;
    let count = |fits: &dyn Fn(&Ticket) -> bool| {
        world
            .tickets
            .values()
            .filter(|ticket| ticket.is_there() && fits(ticket))
            .count()
    };
    Ok(Reply::ok(&json!({"user_related": {
        "assigned_tickets": count(&|ticket| ticket.assignee_id == Some(id)),
        "requested_tickets": count(&|ticket| ticket.requester_id == id),
        "ccd_tickets": count(&|ticket| ticket.email_cc_ids.contains(&id)),
        "followed_tickets": count(&|ticket| ticket.follower_ids.contains(&id)),
        "organization_subscriptions": 0,
    }})))
}

/// Answers a page of either kind, in the order of the ids.
pub(super) fn paged(world: &World, ask: &Ask, rows: Vec<&User>) -> Answer {
    let order = Order::ascending("id", |user: &&User| user.id);
    let (page, mut beside) = paging::page(ask, &world.switches, rows, &order)?;
    sideload(world, ask, &page, &mut beside);
    Ok(Reply::list("users", &self::rows(ask, &page), &beside))
}

/// Answers a numbered page; `page[size]` is an error where there is no other (section 7).
pub(super) fn numbered(world: &World, ask: &Ask, rows: Vec<&User>) -> Answer {
    by_number_only(ask)?;
    let (page, mut beside) = paging::by_number(ask, rows, |one, other| one.id.cmp(&other.id))?;
    sideload(world, ask, &page, &mut beside);
    Ok(Reply::list("users", &self::rows(ask, &page), &beside))
}

/// Refuses `page[…]` where pages are numbered only (section 10).
pub(super) fn by_number_only(ask: &Ask) -> Result<(), Reply> {
    if paging::is_by_cursor(&ask.query) {
        return Err(Reply::wrong_type("page", "an integer", &ask.place));
    }
    Ok(())
}

/// Answers one user.
pub(super) fn one(world: &World, ask: &Ask, user: &User) -> Reply {
    let mut body = Map::new();
    body.insert("user".to_owned(), people_json::user(&ask.base, user));
    sideload(world, ask, &[user], &mut body);
    Reply::ok(&body)
}

/// Users who were not deleted, by id.
pub(super) fn active(world: &World) -> impl Iterator<Item = &User> {
    world.users.values().filter(|user| user.active)
}

/// Users as the API shows them.
fn rows(ask: &Ask, users: &[&User]) -> Vec<Value> {
    users
        .iter()
        .map(|user| people_json::user(&ask.base, user))
        .collect()
}

/// Adds what `include` asks for: organizations, groups and identities, each once.
fn sideload(world: &World, ask: &Ask, users: &[&User], beside: &mut Map<String, Value>) {
    if ask.includes("organizations") {
        let ids: BTreeSet<u64> = users
            .iter()
            .filter_map(|user| user.organization_id)
            .collect();
        let all = ids.iter().filter_map(|id| world.organizations.get(id));
        let json: Vec<Value> = all
            .map(|one| people_json::organization(&ask.base, one))
            .collect();
        beside.insert("organizations".to_owned(), json!(json));
    }
    if ask.includes("groups") {
        let all = world.group_memberships.values();
        let ids: BTreeSet<u64> = all
            .filter(|one| users.iter().any(|user| user.id == one.user_id))
            .map(|one| one.place_id)
            .collect();
        let all = ids.iter().filter_map(|id| world.groups.get(id));
        let json: Vec<Value> = all.map(|one| people_json::group(&ask.base, one)).collect();
        beside.insert("groups".to_owned(), json!(json));
    }
    if ask.includes("identities") {
        let all = users.iter().flat_map(|user| {
            user.identities
                .iter()
                .map(|one| identities::json(ask, user.id, one))
        });
        beside.insert("identities".to_owned(), json!(all.collect::<Vec<Value>>()));
    }
}

/// Whom `me` shows without credentials (section 2).
fn anonymous(base: &str) -> Value {
    json!({
        "id": null,
        "url": format!("{base}/api/v2/users/.json"),
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "created_at": null,
        "updated_at": null,
        "time_zone": "Pacific Time (US & Canada)",
        "iana_time_zone": "America/Los_Angeles",
        "phone": null,
        "shared_phone_number": null,
        "photo": null,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": null,
        "role": "end-user",
        "verified": false,
        "authenticity_token": "anonymous",
    })
}
