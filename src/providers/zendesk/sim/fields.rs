//! The ticket form: fields, their choices, forms and statuses (Zendesk reference, section 3).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use serde_json::{Map, Value, json};

use super::paging::{self, Order};
use super::records_people::{CustomStatus, TicketField};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /ticket_fields`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    let order = Order::ascending("id", |field: &&TicketField| field.id);
    let rows = world.ticket_fields.values().collect();
    let (page, beside) = paging::page(ask, &world.switches, rows, &order)?;
    let rows: Vec<Value> = page.iter().map(|field| json(world, ask, field)).collect();
    Ok(Reply::list("ticket_fields", &rows, &beside))
}

/// `GET /ticket_fields/count`
pub(super) fn count(world: &mut World, _: &mut Ask) -> Answer {
    let count = json!({"value": world.ticket_fields.len(), "refreshed_at": world.now()});
    Ok(Reply::ok(&json!({"count": count})))
}

/// `GET /ticket_fields/{id}`
pub(super) fn show(world: &mut World, ask: &mut Ask) -> Answer {
    let field = world
        .ticket_fields
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"ticket_field": json(world, ask, field)})))
}

/// `GET /ticket_fields/{id}/options`
pub(super) fn options(world: &mut World, ask: &mut Ask) -> Answer {
    let field = world
        .ticket_fields
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    let rows = choices(ask, field);
    let beside = paging::numbers_beside(ask, 1, false, rows.len());
    Ok(Reply::list("custom_field_options", &rows, &beside))
}

/// `GET /ticket_fields/{id}/options/{id}`
pub(super) fn option(world: &mut World, ask: &mut Ask) -> Answer {
    let field = world
        .ticket_fields
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    let id = json!(ask.id_at(1)?);
    let found = choices(ask, field)
        .into_iter()
        .find(|choice| choice["id"] == id);
    let found = found.ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(&json!({"custom_field_option": found})))
}

/// `GET /ticket_forms`: the account's one form.
pub(super) fn forms(world: &mut World, ask: &mut Ask) -> Answer {
    let beside = paging::numbers_beside(ask, 1, false, 1);
    Ok(Reply::list("ticket_forms", &[form(world, ask)], &beside))
}

/// `GET /ticket_forms/{id}`
pub(super) fn show_form(world: &mut World, ask: &mut Ask) -> Answer {
    if ask.id()? != world.ticket_form_id {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&json!({"ticket_form": form(world, ask)})))
}

/// `GET /custom_statuses`: all at once, by category and the like.
pub(super) fn statuses(world: &mut World, ask: &mut Ask) -> Answer {
    let categories = ask.query.list("status_categories");
    let is_asked = |name: &str, value: bool| {
        let asked = ask.query.get(name);
        asked.is_none_or(|asked| asked == value.to_string())
    };
    let found = world.custom_statuses.values().filter(|status| {
        (categories.is_empty() || categories.contains(&status.status_category.as_str()))
            && is_asked("active", status.active)
            && is_asked("default", status.default)
    });
    let rows: Vec<Value> = found.map(|status| status_json(ask, status)).collect();
    Ok(Reply::list("custom_statuses", &rows, &Map::new()))
}

/// `GET /custom_statuses/{id}`
pub(super) fn show_status(world: &mut World, ask: &mut Ask) -> Answer {
    let status = world
        .custom_statuses
        .get(&ask.id()?)
        .ok_or_else(Reply::not_found)?;
    Ok(Reply::ok(
        &json!({"custom_status": status_json(ask, status)}),
    ))
}

/// A field as the API shows it.
fn json(world: &World, ask: &Ask, field: &TicketField) -> Value {
    let position = world.ticket_fields.keys().position(|id| *id == field.id);
    let is_choice = matches!(field.kind.as_str(), "tagger" | "multiselect");
    let mut json = json!({
        "url": ask.url(&format!("ticket_fields/{}", field.id)),
        "id": field.id,
        "type": field.kind,
        "title": field.title,
        "raw_title": field.title,
        "description": "",
        "raw_description": "",
        "position": position,
        "active": field.active,
        "required": field.required,
        "collapsed_for_agents": false,
        "regexp_for_validation": null,
        "title_in_portal": field.title_in_portal,
        "raw_title_in_portal": field.title_in_portal,
        "visible_in_portal": true,
        "editable_in_portal": true,
        "required_in_portal": false,
        "tag": null,
        "created_at": field.created_at,
        "updated_at": field.updated_at,
        "removable": field.custom,
        "key": null,
        "agent_description": null,
    });
    if is_choice {
        json["custom_field_options"] = json!(choices(ask, field));
    }
    let words: &[(&str, &str)] = match field.kind.as_str() {
        "priority" => &[
            ("Low", "low"),
            ("Normal", "normal"),
            ("High", "high"),
            ("Urgent", "urgent"),
        ],
        "tickettype" => &[
            ("Question", "question"),
            ("Incident", "incident"),
            ("Problem", "problem"),
            ("Task", "task"),
        ],
        "status" => &[
            ("Open", "open"),
            ("Pending", "pending"),
            ("On-hold", "hold"),
            ("Solved", "solved"),
        ],
        _ => return json,
    };
    let words = words
        .iter()
        .map(|(name, value)| json!({"name": name, "value": value}));
    json["system_field_options"] = words.collect();
    if field.kind == "tickettype" {
        json["sub_type_id"] = json!(0);
    }
    json
}

/// The choices of a field.
fn choices(ask: &Ask, field: &TicketField) -> Vec<Value> {
    let all = field.choices.iter().map(|(id, name, value)| {
        json!({
            "url": ask.url(&format!("ticket_fields/{}/options/{id}", field.id)),
            "id": id,
            "name": name,
            "raw_name": name,
            "value": value,
            "default": false,
        })
    });
    all.collect()
}

/// The form as the API shows it.
pub(super) fn form(world: &World, ask: &Ask) -> Value {
    let active = world.ticket_fields.values().filter(|field| field.active);
    json!({
        "url": ask.url(&format!("ticket_forms/{}", world.ticket_form_id)),
        "id": world.ticket_form_id,
        "name": "Default Ticket Form",
        "raw_name": "Default Ticket Form",
        "display_name": "Default Ticket Form",
        "raw_display_name": "Default Ticket Form",
        "end_user_visible": true,
        "position": 0,
        "ticket_field_ids": active.map(|field| field.id).collect::<Vec<u64>>(),
        "active": true,
        "default": true,
        "in_all_brands": true,
        "restricted_brand_ids": [],
        "end_user_conditions": [],
        "agent_conditions": [],
        "created_at": "2019-01-07T08:00:00Z",
        "updated_at": "2019-01-07T08:00:00Z",
    })
}

/// A status as the API shows it.
pub(super) fn status_json(ask: &Ask, status: &CustomStatus) -> Value {
    json!({
        "url": ask.url(&format!("custom_statuses/{}", status.id)),
        "id": status.id,
        "status_category": status.status_category,
        "agent_label": status.agent_label,
        "raw_agent_label": status.agent_label,
        "end_user_label": status.end_user_label,
        "raw_end_user_label": status.end_user_label,
        "description": "",
        "raw_description": "",
        "end_user_description": "",
        "raw_end_user_description": "",
        "active": status.active,
        "default": status.default,
        "created_at": status.created_at,
        "updated_at": status.updated_at,
    })
}
