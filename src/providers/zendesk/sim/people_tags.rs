//! The tags of users and organizations (Zendesk reference, sections 4 and 10).

use serde_json::json;

use super::body::Body;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::ticket_fields::normalised;
use super::world::World;

/// Changes some tags by others.
type Change = fn(&mut Vec<String>, Vec<String>);

/// `GET /users/{id}/tags`
pub(super) fn of_user(world: &mut World, ask: &mut Ask) -> Answer {
    let user = world.active_user(ask.id()?).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"tags": user.tags})))
}

/// `GET /organizations/{id}/tags`
pub(super) fn of_organization(world: &mut World, ask: &mut Ask) -> Answer {
    let organization = super::organizations::live(world, ask.id()?)?;
    Ok(Reply::ok(&json!({"tags": organization.tags})))
}

/// `POST …/tags`: replaces all.
pub(super) fn set(world: &mut World, ask: &mut Ask) -> Answer {
    let tags = change(world, ask, |tags, given| *tags = given)?;
    Ok(Reply::with(
        http::StatusCode::CREATED,
        &json!({"tags": tags}),
    ))
}

/// `PUT …/tags`: adds.
pub(super) fn add(world: &mut World, ask: &mut Ask) -> Answer {
    let tags = change(world, ask, Extend::extend)?;
    Ok(Reply::ok(&json!({"tags": tags})))
}

/// `DELETE …/tags`, with a body: removes.
pub(super) fn remove(world: &mut World, ask: &mut Ask) -> Answer {
    let tags = change(world, ask, |tags, given| {
        tags.retain(|tag| !given.contains(tag));
    })?;
    if world.switches.deleting_tags_answers_204 {
        return Ok(Reply::no_content());
    }
    Ok(Reply::ok(&json!({"tags": tags})))
}

/// Changes the tags of whatever the path names, and gives them.
fn change(world: &mut World, ask: &Ask, change: Change) -> Result<Vec<String>, Reply> {
    let id = ask.id()?;
    let body = Body::new(&ask.json, &ask.place);
    let given = body
        .texts("tags")?
        .value()
        .cloned()
        .ok_or_else(|| Reply::missing("tags"))?;
    let given = normalised(world, &given);
    let mut tags = if ask.path.contains("/users/") {
        world
            .active_user(id)
            .ok_or_else(Reply::not_found)?
            .tags
            .clone()
    } else {
        super::organizations::live(world, id)?.tags.clone()
    };
    change(&mut tags, given);
    let tags = normalised(world, &tags);
    if ask.path.contains("/users/") {
        world.edit_user(id, |user| user.tags.clone_from(&tags));
    } else {
        super::organizations_write::edit(world, id, |organization| {
            organization.tags.clone_from(&tags);
        });
    }
    Ok(tags)
}
