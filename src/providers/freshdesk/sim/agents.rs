//! Agents: the key's own for everybody, all others for admins (Freshdesk reference, section 10).

use serde_json::{Value, json};

use super::form_fields::Given;
use super::records_people::Agent;
use super::reply::{Answer, FieldError, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /agents/me`: whose key it is.
pub(super) fn me(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let me = world.agents.get(&world.me).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&view_json(me)))
}

/// `GET /agents`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    only_admins(world)?;
    ask.query
        .only(&["email", "mobile", "phone", "state", "page", "per_page"])?;
    let query = &ask.query;
    let page = query.page()?;
    let state = query.one_of("state", &["fulltime", "occasional"])?;
    let is_same = |name: &str, value: Option<&str>| {
        query
            .get(name)
            .is_none_or(|asked| value.is_some_and(|value| value.eq_ignore_ascii_case(asked)))
    };
    let found = world
        .agents
        .values()
        .filter(|agent| state.is_none_or(|state| agent.occasional == (state == "occasional")))
        .filter(|agent| is_same("email", Some(&agent.email)))
        .filter(|agent| is_same("mobile", agent.mobile.as_deref()))
        .filter(|agent| is_same("phone", agent.phone.as_deref()));
    let (found, has_more) = page.cut(found);
    let elements: Vec<Value> = found.into_iter().map(list_json).collect();
    Ok(ask.paged(world, &elements, has_more.then_some(page.number + 1)))
}

/// `GET /agents/{id}`
pub(super) fn view(world: &mut World, ask: &mut Ask) -> Answer {
    only_admins(world)?;
    ask.query.only(&[])?;
    let agent = world.agents.get(&ask.id()?).ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&view_json(agent)))
}

/// `GET /agents/autocomplete?term=`
pub(super) fn autocomplete(world: &mut World, ask: &mut Ask) -> Answer {
    only_admins(world)?;
    ask.query.only(&["term"])?;
    let term = ask.query.get("term").unwrap_or_default().to_lowercase();
    if term.is_empty() {
        return Err(Reply::invalid([FieldError::new(
            "term",
            "missing_field",
            "It should be a/an String",
        )]));
    }
    let fits = |agent: &&Agent| {
        agent.name.to_lowercase().starts_with(&term)
            || agent.email.to_lowercase().starts_with(&term)
    };
    let found = world.agents.values().filter(fits);
    let elements: Vec<Value> = found
        .map(|agent| json!({"id": agent.id, "name": agent.name}))
        .collect();
    Ok(Reply::ok(&elements))
}

/// `PUT /agents/{id}`
pub(super) fn update(world: &mut World, ask: &mut Ask) -> Answer {
    only_admins(world)?;
    ask.query.only(&[])?;
    ask.form.only(&[
        "occasional",
        "signature",
        "ticket_scope",
        "group_ids",
        "role_ids",
        "email",
        "language",
        "time_zone",
        "name",
    ])?;
    let mut agent = world
        .agents
        .get(&ask.id()?)
        .cloned()
        .ok_or_else(Reply::not_found)?;
    set_role(world, ask, &mut agent);
    let form = &mut ask.form;
    let texts = [
        ("name", &mut agent.name),
        ("language", &mut agent.language),
        ("time_zone", &mut agent.time_zone),
    ];
    for (name, place) in texts {
        if let Given::Is(text) = form.text(name) {
            *place = text;
        }
    }
    if let Given::Is(email) = form.email("email") {
        agent.email = email;
    }
    form.checked()?;
    if world
        .person_by_email(&agent.email)
        .is_some_and(|owner| owner != agent.id)
    {
        return Err(Reply::duplicate("email", None));
    }
    agent.updated_at = world.now();
    let reply = Reply::ok(&view_json(&agent));
    world.agents.insert(agent.id, agent);
    Ok(reply)
}

/// `DELETE /agents/{id}`: turns the agent into a contact.
pub(super) fn delete(world: &mut World, ask: &mut Ask) -> Answer {
    only_admins(world)?;
    ask.query.only(&[])?;
    let id = ask.id()?;
    if id == world.me {
        return Err(Reply::access_denied());
    }
    if world.unmake_agent(id) {
        return Ok(Reply::no_content());
    }
    Err(Reply::not_found())
}

/// `PUT /contacts/{id}/make_agent`: answers the contact, with the agent in it (section 9).
pub(super) fn make(world: &mut World, ask: &mut Ask) -> Answer {
    only_admins(world)?;
    ask.query.only(&[])?;
    let contact = super::contacts::writable(world, ask)?;
    let (id, has_email) = (contact.id, contact.email.is_some());
    let mut json = super::contacts::view_json(contact, &ask.base, world.now());
    ask.form.only(&[
        "occasional",
        "signature",
        "ticket_scope",
        "group_ids",
        "role_ids",
        "skill_ids",
        "type",
        "focus_mode",
    ])?;
    if !has_email {
        ask.form.refuse(
            "email",
            "missing_field",
            "Contact with email id can only be converted to agent",
        );
    }
    let mut agent = world
        .agents
        .get(&world.me)
        .cloned()
        .ok_or_else(Reply::not_found)?;
    set_role(world, ask, &mut agent);
    ask.form.checked()?;

    world.make_agent(id);
    if let Some(made) = world.agents.get_mut(&id) {
        if ask.form.has("occasional") {
            made.occasional = agent.occasional;
        }
        if ask.form.has("ticket_scope") {
            made.ticket_scope = agent.ticket_scope;
        }
        if ask.form.has("group_ids") {
            made.group_ids = agent.group_ids;
        }
        if ask.form.has("role_ids") {
            made.role_ids = agent.role_ids;
        }
        json["agent"] = view_json(made);
    }
    Ok(Reply::ok(&json))
}

/// Refuses a key that is no admin's.
fn only_admins(world: &World) -> Result<(), Reply> {
    if world.switches.admin_key {
        return Ok(());
    }
    Err(Reply::access_denied())
}

/// Puts the attributes that update and `make_agent` share on an agent.
fn set_role(world: &World, ask: &mut Ask, agent: &mut Agent) {
    let form = &mut ask.form;
    if let Given::Is(occasional) = form.boolean("occasional") {
        agent.occasional = occasional;
    }
    if let Given::Is(scope) = form.choice("ticket_scope", &[1, 2, 3]) {
        agent.ticket_scope = scope;
    }
    form.text("signature").store(&mut agent.signature);
    if let Given::Is(ids) = form.ids("group_ids") {
        if !ids.iter().all(|id| world.groups.contains_key(id)) {
            form.errors.push(FieldError::no_match("group", "group_ids"));
        }
        agent.group_ids = ids;
    }
    if let Given::Is(ids) = form.ids("role_ids") {
        if !ids.iter().all(|id| world.roles.contains_key(id)) {
            form.errors.push(FieldError::no_match("role", "role_ids"));
        }
        agent.role_ids = ids;
    }
}

/// An agent as the list shows it: without groups and roles.
fn list_json(agent: &Agent) -> Value {
    json!({
        "available": agent.available,
        "occasional": agent.occasional,
        "id": agent.id,
        "ticket_scope": agent.ticket_scope,
        "created_at": agent.created_at,
        "updated_at": agent.updated_at,
        "last_active_at": agent.last_active_at,
        "available_since": null,
        "type": "support_agent",
        "contact": {
            "active": true,
            "email": agent.email,
            "job_title": agent.job_title,
            "language": agent.language,
            "last_login_at": agent.last_active_at,
            "mobile": agent.mobile,
            "name": agent.name,
            "phone": agent.phone,
            "time_zone": agent.time_zone,
            "created_at": agent.created_at,
            "updated_at": agent.updated_at,
        },
        "deactivated": false,
        "signature": agent.signature,
        "focus_mode": true,
    })
}

/// An agent as view, update and `agents/me` show it.
fn view_json(agent: &Agent) -> Value {
    let mut json = list_json(agent);
    json["group_ids"] = json!(agent.group_ids);
    json["contribution_group_ids"] = json!([]);
    json["role_ids"] = json!(agent.role_ids);
    json["skill_ids"] = json!([]);
    json
}
