//! The contact form: `GET /contact_fields`. The reference has no recording of it; the keys are
//! those that clients declare, so treat them as reported once.

use serde_json::{Value, json};

use super::contacts::CUSTOM;
use super::reply::{Answer, Reply};
use super::routes::Ask;
use super::world::World;

/// The fields that every account has: name, label, type.
const DEFAULTS: [(&str, &str, &str); 12] = [
    ("name", "Full name", "default_name"),
    ("job_title", "Title", "default_job_title"),
    ("email", "Email", "default_email"),
    ("phone", "Work phone", "default_phone"),
    ("mobile", "Mobile phone", "default_mobile"),
    ("twitter_id", "Twitter", "default_twitter_id"),
    ("company_name", "Company", "default_company_name"),
    ("address", "Address", "default_address"),
    ("time_zone", "Time zone", "default_time_zone"),
    ("language", "Language", "default_language"),
    ("tag_names", "Tags", "default_tag_names"),
    ("description", "About", "default_description"),
];

/// `GET /contact_fields`
pub(super) fn list(world: &mut World, ask: &mut Ask) -> Answer {
    ask.query.only(&[])?;
    let made_at = world.agents.get(&world.me).map(|agent| agent.created_at);
    let custom = CUSTOM.iter().map(|name| (*name, *name, "custom_text"));
    let elements: Vec<Value> = DEFAULTS
        .into_iter()
        .chain(custom)
        .zip(1..)
        .map(|((name, label, kind), position)| {
            json!({
                "id": 155_000_900_000_u64 + position,
                "name": name,
                "label": label,
                "label_for_customers": label,
                "type": kind,
                "default": kind != "custom_text",
                "position": position,
                "editable_in_signup": name == "name" || name == "email",
                "required_for_agents": name == "name",
                "required_for_customers": name == "name",
                "customers_can_edit": true,
                "displayed_for_customers": true,
                "created_at": made_at,
                "updated_at": made_at,
            })
        })
        .collect();
    Ok(Reply::ok(&elements))
}
