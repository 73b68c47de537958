//! Organizations: lists, show, finding them (Zendesk reference, section 10).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::paging::{self, Order};
use super::people_json;
use super::records_people::Organization;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::users::by_number_only;
use super::world::World;

/// `GET /organizations`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    paged(world, ask, all(world).collect())
}

/// `GET /users/{id}/organizations`
pub(super) fn of_user(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world
        .active_user(ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    paged(
        world,
        ask,
        all(world)
            .filter(|one| world.is_in_organization(user, one.id))
            .collect(),
    )
}

/// `GET /organizations/count`
pub(super) fn count(world: &mut World, _: &mut Ask) -> Answer {
    let count = all(world).count();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `GET /users/{id}/organizations/count`
pub(super) fn count_of_user(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world
        .active_user(ask.id()?)
        .ok_or_else(Reply::not_found)?
        .id;
    let count = all(world)
        .filter(|one| world.is_in_organization(user, one.id))
        .count();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `GET /organizations/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let organization = live(world, ask.id()?)?;
    let json = people_json::organization(&ask.base, organization);
    Ok(Reply::ok(&json!({"organization": json})))
}

/// `GET /organizations/show_many`: by `ids` or `external_ids`; what is not there is left out.
pub(super) fn show_many(world: &mut World, ask: &mut Ask) -> Answer {
    let found: Vec<&Organization> = if ask.query.has("ids") {
        let ids: BTreeSet<u64> = ask.query.ids("ids", &ask.place)?.into_iter().collect();
        ids.iter().filter_map(|id| live(world, *id).ok()).collect()
    } else {
        let names = ask.query.list("external_ids");
        if names.is_empty() {
            return Err(Reply::missing("ids"));
        }
        if names.len() > 100 {
            return Err(Reply::too_many_values());
        }
        let is_named = |id: &str| names.contains(&id);
        all(world)
            .filter(|one| one.external_id.as_deref().is_some_and(is_named))
            .collect()
    };
    let beside = paging::numbers_beside(ask, 1, false, found.len());
    Ok(Reply::list("organizations", &rows(ask, &found), &beside))
}

/// `GET /organizations/search`: by its own id or by the whole name.
pub(super) fn search(world: &mut World, ask: &mut Ask) -> Answer {
    let (external_id, name) = (ask.query.get("external_id"), ask.query.get("name"));
    if external_id.is_none() && name.is_none() {
        return Err(Reply::missing("external_id"));
    }
    let found = all(world).filter(|one| {
        let is_named = |asked: &str| one.name.eq_ignore_ascii_case(asked);
        (external_id.is_some() && one.external_id.as_deref() == external_id)
            || (external_id.is_none() && name.is_some_and(is_named))
    });
    numbered(ask, found.collect())
}

/// `GET /organizations/autocomplete?name=`: whose name begins so.
pub(super) fn autocomplete(world: &mut World, ask: &mut Ask) -> Answer {
    let start = ask
        .query
        .get("name")
        .ok_or_else(|| Reply::missing("name"))?
        .to_lowercase();
    let found = all(world).filter(|one| one.name.to_lowercase().starts_with(&start));
    numbered(ask, found.collect())
}

/// `GET /organizations/{id}/related`
pub(super) fn related(world: &mut World, ask: &mut Ask) -> Answer {
    let id = live(world, ask.id()?)?.id;
    let tickets = world.tickets.values().filter(|one| one.is_there());
    let tickets = tickets
        .filter(|ticket| ticket.organization_id == Some(id))
        .count();
    let users = world
        .organization_memberships
        .values()
        .filter(|one| one.place_id == id)
        .count();
    let related = json!({"tickets_count": tickets, "users_count": users});
    Ok(Reply::ok(&json!({"organization_related": related})))
}

/// An organization that was not deleted.
pub(super) fn live(world: &World, id: u64) -> Result<&Organization, Reply> {
    let found = world
        .organizations
        .get(&id)
        .filter(|one| one.deleted_at.is_none());
    found.ok_or_else(Reply::not_found)
}

/// All that were not deleted, by id.
pub(super) fn all(world: &World) -> impl Iterator<Item = &Organization> {
    world
        .organizations
        .values()
        .filter(|one| one.deleted_at.is_none())
}

/// Answers a page of either kind.
fn paged(world: &World, ask: &Ask, found: Vec<&Organization>) -> Answer {
    let order = Order::ascending("id", |one: &&Organization| one.id);
    let (page, beside) = paging::page(ask, &world.switches, found, &order)?;
    Ok(Reply::list("organizations", &rows(ask, &page), &beside))
}

/// Answers a numbered page.
fn numbered(ask: &Ask, found: Vec<&Organization>) -> Answer {
    by_number_only(ask)?;
    let (page, beside) = paging::by_number(ask, found, |one, other| one.id.cmp(&other.id))?;
    Ok(Reply::list("organizations", &rows(ask, &page), &beside))
}

/// Organizations as the API shows them.
fn rows(ask: &Ask, found: &[&Organization]) -> Vec<Value> {
    found
        .iter()
        .map(|one| people_json::organization(&ask.base, one))
        .collect()
}
