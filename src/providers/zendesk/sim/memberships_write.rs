//! Joining and leaving groups and organizations (Zendesk reference, section 10).

use serde_json::{Value, json};

use super::body::{Body, Given, id_of};
use super::many::{self, Kind};
use super::memberships::{Side, named};
use super::paging;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// For calls on many.
pub(super) static OF_GROUPS: Kind = Kind {
    noun: "GroupMembership",
    one: "group_membership",
    many: "group_memberships",
    make: |world, body| make(world, Side::Groups, body, None),
    alter: |_, _, _| Err(Reply::not_found()),
    remove: |world, id| remove(world, Side::Groups, id, None),
    known: |_, _| None,
};

/// For calls on many.
pub(super) static OF_ORGANIZATIONS: Kind = Kind {
    noun: "OrganizationMembership",
    one: "organization_membership",
    many: "organization_memberships",
    make: |world, body| make(world, Side::Organizations, body, None),
    alter: |_, _, _| Err(Reply::not_found()),
    remove: |world, id| remove(world, Side::Organizations, id, None),
    known: |_, _| None,
};

/// `POST …_memberships`, also below a user.
pub(super) fn create(world: &mut World, ask: &mut Ask) -> Answer {
    let side = Side::of(ask);
    let user = ask.params.first().and_then(|text| text.parse().ok());
    let body = Body::new(ask.root(side.kind().one)?, &ask.place);
    let id = make(world, side, body, user)?;
    let found = side
        .all(world)
        .find(|one| one.id == id)
        .ok_or_else(Reply::not_found)?;
    let json = json!({side.kind().one: side.json(world, ask, found)});
    Ok(Reply::created(
        &json,
        ask.url(&format!("{}/{id}", side.kind().many)),
    ))
}

/// `DELETE …_memberships/{id}`, also below a user.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    let (side, user, id) = named(ask)?;
    remove(world, side, id, user)?;
    Ok(Reply::no_content())
}

/// `PUT /users/{id}/…_memberships/{id}/make_default`: answers all memberships of the user.
pub(super) fn make_default(world: &mut World, ask: &mut Ask) -> Answer {
    let (side, user, id) = named(ask)?;
    let found = side
        .all(world)
        .find(|one| one.id == id && Some(one.user_id) == user);
    let found = found.ok_or_else(Reply::not_found)?;
    let (user, place) = (found.user_id, found.place_id);
    side.prefer(world, user, place);
    let all = side.all(world).filter(|one| one.user_id == user);
    let rows: Vec<Value> = all.map(|one| side.json(world, ask, one)).collect();
    let beside = paging::numbers_beside(ask, 1, false, rows.len());
    Ok(Reply::list(side.kind().many, &rows, &beside))
}

/// `POST …_memberships/create_many`
pub(super) fn create_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::create(world, ask, *Side::of(ask).kind())
}

/// `DELETE …_memberships/destroy_many`
pub(super) fn destroy_many(world: &mut World, ask: &mut Ask) -> Answer {
    many::destroy(world, ask, *Side::of(ask).kind())
}

/// Makes an organization the main one of a user, who joins it if need be.
pub(super) fn prefer_organization(world: &mut World, user: u64, organization: u64) {
    if !world.is_in_organization(user, organization) {
        world.join_organization(user, organization);
    }
    Side::Organizations.prefer(world, user, organization);
}

/// Makes a group of an agent the main one.
pub(super) fn prefer_group(world: &mut World, user: u64, group: u64) {
    Side::Groups.prefer(world, user, group);
}

/// Takes a user out of the main organization.
pub(super) fn leave_main_organization(world: &mut World, user: u64) {
    let main = world.users.get(&user).and_then(|user| user.organization_id);
    let mut all = world.organization_memberships.values();
    let found = all
        .find(|one| one.user_id == user && Some(one.place_id) == main)
        .map(|one| one.id);
    if let Some(id) = found {
        // It was found just now, so it can be removed.
        let _ = remove(world, Side::Organizations, id, Some(user));
    }
}

/// Makes a membership and gives its id.
fn make(world: &mut World, side: Side, body: Body<'_>, user: Option<u64>) -> Result<u64, Reply> {
    let key = match side {
        Side::Groups => "group_id",
        Side::Organizations => "organization_id",
    };
    let said = body.object.get("user_id").and_then(id_of);
    let (Some(user), Given::Is(place)) = (user.or(said), body.id(key)?) else {
        return Err(Reply::invalid(
            key,
            "User and place: cannot be blank",
            Some("BlankValue"),
        ));
    };
    let is_member = match side {
        Side::Groups => {
            let group = world.groups.get(&place).filter(|group| !group.deleted);
            if group.is_none() || world.active_agent(user).is_none() {
                return Err(Reply::invalid(
                    "user_id",
                    "User: is invalid",
                    Some("InvalidValue"),
                ));
            }
            world.is_in_group(user, place)
        }
        Side::Organizations => {
            let organization = super::organizations::live(world, place);
            if organization.is_err() || world.active_user(user).is_none() {
                return Err(Reply::invalid(
                    "user_id",
                    "User: is invalid",
                    Some("InvalidValue"),
                ));
            }
            world.is_in_organization(user, place)
        }
    };
    if is_member {
        // The blank at the beginning was recorded (section 11, GO-AE).
        let what = match side {
            Side::Groups => "group",
            Side::Organizations => "organization",
        };
        let text = format!(" This user is already a member of this {what}.");
        return Err(Reply::invalid("user_id", &text, Some("DuplicateValue")));
    }
    let is_default = body.boolean("default")?.value() == Some(&true);
    let id = match side {
        Side::Groups => world.join_group(user, place),
        Side::Organizations => world.join_organization(user, place),
    };
    if is_default {
        side.prefer(world, user, place);
    }
    Ok(id)
}

/// Ends a membership; the oldest other one becomes the main one, if it was that.
fn remove(world: &mut World, side: Side, id: u64, user: Option<u64>) -> Result<(), Reply> {
    let found = side
        .all(world)
        .find(|one| one.id == id && user.is_none_or(|user| user == one.user_id));
    let gone = found.ok_or_else(Reply::not_found)?.clone();
    match side {
        Side::Groups => world.group_memberships.remove(&id),
        Side::Organizations => world.organization_memberships.remove(&id),
    };
    if !gone.default {
        return Ok(());
    }
    let next = side
        .all(world)
        .find(|one| one.user_id == gone.user_id)
        .map(|one| one.place_id);
    match next {
        Some(place) => side.prefer(world, gone.user_id, place),
        None => {
            world.edit_user(gone.user_id, |user| match side {
                Side::Groups => user.default_group_id = None,
                Side::Organizations => user.organization_id = None,
            });
        }
    }
    Ok(())
}
