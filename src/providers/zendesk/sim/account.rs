//! What belongs to the account as a whole: brand, settings, locales, tags, and lists that are empty here
//! (Zendesk reference, sections 1, 3 and 7).

#![expect(
    clippy::unnecessary_wraps,
    reason = "the table of routes holds functions of one type"
)]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::paging::{self, Order};
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// `GET /brands`: the one brand.
pub(super) fn brands(world: &mut World, ask: &mut Ask) -> Answer {
    let beside = paging::numbers_beside(ask, 1, false, 1);
    Ok(Reply::list("brands", &[brand(world, ask)], &beside))
}

/// `GET /brands/{id}`
pub(super) fn show_brand(world: &mut World, ask: &mut Ask) -> Answer {
    if ask.id()? != world.brand_id {
        return Err(Reply::not_found());
    }
    Ok(Reply::ok(&json!({"brand": brand(world, ask)})))
}

/// `GET /account/settings`: the parts that tell how tickets behave.
pub(super) fn settings(world: &mut World, _: &mut Ask) -> Answer {
    let switches = &world.switches;
    Ok(Reply::ok(&json!({"settings": {
        "active_features": {"follower_and_email_cc_collaborations": switches.ccs_and_followers},
        "agents": {"agent_workspace": true},
        "api": {"accepted_api_agreement": true, "api_password_access": "false", "api_token_access": "true"},
        "brands": {"default_brand_id": world.brand_id, "require_brand_on_new_tickets": false},
        "localization": {"locale_ids": [1]},
        "tickets": {
            "agent_ticket_deletion": true,
            "comments_public_by_default": true,
            "custom_statuses_enabled": true,
            "email_ccs_light_agents_v2": false,
            "is_first_comment_private_enabled": true,
            "status_hold": switches.hold_is_active,
            "use_status_hold": switches.hold_is_active,
            "private_attachments": switches.files_need_credentials,
            "maximum_personal_views_to_list": 8,
        },
        "user": {"tagging": true, "time_zone_selection": true, "language_selection": true},
    }})))
}

/// `GET /accounts/available?subdomain=`: outside of this simulator every name is free.
pub(super) fn available(_: &mut World, ask: &mut Ask) -> Answer {
    ask.query
        .get("subdomain")
        .ok_or_else(|| Reply::missing("subdomain"))?;
    Ok(Reply::ok(&json!({"success": true})))
}

/// `GET /locales`, and the same for agents and the public.
pub(super) fn locales(_: &mut World, ask: &mut Ask) -> Answer {
    let beside = paging::numbers_beside(ask, 1, false, 1);
    Ok(Reply::list("locales", &[locale(ask)], &beside))
}

/// `GET /locales/current` and `/locales/{id}`
pub(super) fn show_locale(_: &mut World, ask: &mut Ask) -> Answer {
    Ok(Reply::ok(&json!({"locale": locale(ask)})))
}

/// `GET /tags`: those of tickets, the most used first by number, by name with a cursor.
pub(super) fn tags(world: &mut World, ask: &mut Ask) -> Answer {
    let counted = counted(world);
    let order = Order::ascending("name", |(name, _): &(&str, usize)| (*name).to_owned());
    let rows = counted.into_iter().collect();
    let (page, beside) = if paging::is_by_cursor(&ask.query) {
        paging::page(ask, &world.switches, rows, &order)?
    } else {
        paging::by_number(ask, rows, |one, other| {
            other.1.cmp(&one.1).then(one.0.cmp(other.0))
        })?
    };
    let rows: Vec<Value> = page
        .iter()
        .map(|(name, count)| json!({"name": name, "count": count}))
        .collect();
    Ok(Reply::list("tags", &rows, &beside))
}

/// `GET /tags/count`
pub(super) fn count_tags(world: &mut World, _: &mut Ask) -> Answer {
    let count = counted(world).len();
    Ok(Reply::ok(
        &json!({"count": {"value": count, "refreshed_at": world.now()}}),
    ))
}

/// `GET /autocomplete/tags?name=`: two letters are the least.
pub(super) fn complete_tags(world: &mut World, ask: &mut Ask) -> Answer {
    let start = ask
        .query
        .get("name")
        .ok_or_else(|| Reply::missing("name"))?;
    let is_enough = start.chars().count() >= 2;
    let fitting = counted(world)
        .into_keys()
        .filter(|tag| is_enough && tag.starts_with(start));
    let tags: Vec<&str> = fitting.collect();
    Ok(Reply::ok(&json!({"count": tags.len(), "tags": tags})))
}

/// A list of something that this account has none of, such as `GET /activities`: named as the path ends.
pub(super) fn nothing(world: &mut World, ask: &mut Ask) -> Answer {
    let name = ask.path.rsplit('/').next().unwrap_or_default();
    let order = Order::ascending("id", |id: &u64| *id);
    let (rows, beside) = paging::page(ask, &world.switches, Vec::new(), &order)?;
    Ok(Reply::list(name, &rows, &beside))
}

/// How many listed tickets carry each tag.
fn counted(world: &World) -> BTreeMap<&str, usize> {
    let mut counted = BTreeMap::new();
    let listed = world.tickets.values().filter(|ticket| ticket.is_listable());
    for tag in listed.flat_map(|ticket| &ticket.tags) {
        *counted.entry(tag.as_str()).or_default() += 1;
    }
    counted
}

/// The brand as the API shows it.
fn brand(world: &World, ask: &Ask) -> Value {
    json!({
        "url": ask.url(&format!("brands/{}", world.brand_id)),
        "id": world.brand_id,
        "name": "Simulated",
        "brand_url": ask.base,
        "subdomain": "simulated",
        "host_mapping": null,
        "has_help_center": false,
        "help_center_state": "disabled",
        "active": true,
        "default": true,
        "is_deleted": false,
        "logo": null,
        "ticket_form_ids": [world.ticket_form_id],
        "signature_template": "{{agent.signature}}",
        "created_at": "2019-01-07T08:00:00Z",
        "updated_at": "2019-01-07T08:00:00Z",
    })
}

/// The locale as the API shows it.
fn locale(ask: &Ask) -> Value {
    json!({
        "url": ask.url("locales/en-US"),
        "id": 1,
        "locale": "en-US",
        "name": "English (United States)",
        "native_name": "English (United States)",
        "presentation_name": "English (United States)",
        "rtl": false,
        "default": true,
        "created_at": "2019-01-07T08:00:00Z",
        "updated_at": "2019-01-07T08:00:00Z",
    })
}
