//! Groups and roles, read only (Freshdesk reference, section 10).

use serde_json::{Value, json};

use super::records_people::{Group, Role};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /groups`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["page", "per_page"])?;
    let page = ask.query.page()?;
    let (found, has_more) = page.cut(world.groups.values());
    let elements: Vec<Value> = found.into_iter().map(group_json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /groups/{id}`: with its agents.
pub(super) fn view(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let group = world.groups.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    let members = world
        .agents
        .values()
        .filter(|agent| agent.group_ids.contains(&group.id));
    let members: Vec<u64> = members.map(|agent| agent.id).collect();
    let mut json = group_json(group);
    json["agent_ids"] = json!(members);
    Ok(Reply::ok(&json))
}

/// `GET /roles`
pub(super) fn roles(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&["page", "per_page"])?;
    let page = ask.query.page()?;
    let (found, has_more) = page.cut(world.roles.values());
    let elements: Vec<Value> = found.into_iter().map(role_json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /roles/{id}`
pub(super) fn role(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let role = world.roles.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&role_json(role)))
}

/// A group as the list shows it.
fn group_json(group: &Group) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "description": group.description,
        "escalate_to": group.escalate_to,
        "unassigned_for": group.unassigned_for,
        "business_hour_id": null,
        "group_type": "support_agent_group",
        "created_at": group.created_at,
        "updated_at": group.created_at,
    })
}

/// A role, the same in all answers.
fn role_json(role: &Role) -> Value {
    json!({
        "id": role.id,
        "name": role.name,
        "description": role.description,
        "default": true,
        "agent_type": 1,
        "created_at": role.created_at,
        "updated_at": role.created_at,
    })
}
