//! Who is in which group and in which organization (Zendesk reference, section 10).

use serde_json::{Value, json};

use super::many::Kind;
use super::memberships_write::{OF_GROUPS, OF_ORGANIZATIONS};
use super::paging::{self, Order};
use super::records_people::Membership;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// Groups have agents, organizations have users: the same calls, twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// `/group_memberships`
    Groups,
    /// `/organization_memberships`
    Organizations,
}

/// `GET /group_memberships`, `/users/{id}/group_memberships`, `/groups/{id}/memberships` and the same of
/// organizations.
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let side = Side::of(ask);
    let id = ask.params.first().and_then(|text| text.parse().ok());
    let is_of_user = ask.path.contains("/users/");
    if let Some(id) = id {
        let is_there = match (is_of_user, side) {
            (true, _) => world.active_user(id).is_some(),
            (false, Side::Groups) => world.groups.contains_key(&id),
            (false, Side::Organizations) => super::organizations::live(world, id).is_ok(),
        };
        if !is_there {
            return Err(Reply::not_found());
        }
    }
    let is_meant = |one: &&Membership| {
        let owner = if is_of_user {
            one.user_id
        } else {
            one.place_id
        };
        id.is_none_or(|id| id == owner)
    };
    let rows: Vec<&Membership> = side.all(world).filter(is_meant).collect();
    let order = Order::ascending("id", |one: &&Membership| one.id);
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page.iter().map(|one| side.json(world, ask, one)).collect();
    Ok(Reply::list(side.kind().many, &rows, &beside))
}

/// `GET …_memberships/{id}`, also below a user.
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let (side, user, id) = named(ask)?;
    let found = side
        .all(world)
        .find(|one| one.id == id && user.is_none_or(|user| user == one.user_id));
    let found = found.ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(
        &json!({side.kind().one: side.json(world, ask, found)}),
    ))
}

impl Side {
    /// Which one a path is about.
    pub(super) fn of(ask: &Ask) -> Self {
        if ask.path.contains("organization") {
            Self::Organizations
        } else {
            Self::Groups
        }
    }

    /// Its names and what is done to one.
    pub(super) fn kind(self) -> &'static Kind {
        match self {
            Self::Groups => &OF_GROUPS,
            Self::Organizations => &OF_ORGANIZATIONS,
        }
    }

    /// All memberships, by id.
    pub(super) fn all(self, world: &World) -> impl Iterator<Item = &Membership> {
        let all = match self {
            Self::Groups => &world.group_memberships,
            Self::Organizations => &world.organization_memberships,
        };
        all.values()
    }

    /// Makes a place the user's main one.
    pub(super) fn prefer(self, world: &mut World, user: u64, place: u64) {
        let now = world.now();
        let all = match self {
            Self::Groups => &mut world.group_memberships,
            Self::Organizations => &mut world.organization_memberships,
        };
        for one in all.values_mut().filter(|one| one.user_id == user) {
            one.default = one.place_id == place;
            one.updated_at = now;
        }
        world.edit_user(user, |user| match self {
            Self::Groups => user.default_group_id = Some(place),
            Self::Organizations => user.organization_id = Some(place),
        });
    }

    /// A membership as the API shows it.
    pub(super) fn json(self, world: &World, ask: &Ask, one: &Membership) -> Value {
        let mut json = json!({
            "url": ask.url(&format!("{}/{}", self.kind().many, one.id)),
            "id": one.id,
            "user_id": one.user_id,
            "default": one.default,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
        });
        match self {
            Self::Groups => json["group_id"] = json!(one.place_id),
            Self::Organizations => {
                let name = world
                    .organizations
                    .get(&one.place_id)
                    .map(|place| &place.name);
                json["organization_id"] = json!(one.place_id);
                json["organization_name"] = json!(name);
                json["view_tickets"] = json!(true);
            }
        }
        json
    }
}

/// The side, the user of the path if it names one, and the membership.
pub(super) fn named(ask: &Ask) -> Result<(Side, Option<u64>, u64), Reply> {
    let (user, id) = if ask.params.len() > 1 {
        (Some(ask.id()?), ask.id_at(1)?)
    } else {
        (None, ask.id()?)
    };
    Ok((Side::of(ask), user, id))
}
