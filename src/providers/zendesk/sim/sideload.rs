//! Objects that come along with `include=` (Zendesk reference, section 4). Unknown names are ignored.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::records::Ticket;
use super::routes::Ask;
use super::world::World;
use super::{audits, fields, people_json};

/// Adds what a list of tickets, or one ticket, is asked to bring along.
pub(super) fn of_tickets(
    world: &World,
    ask: &Ask,
    tickets: &[&Ticket],
    beside: &mut Map<String, Value>,
) {
    let base = &ask.base;
    for name in ask.query.list("include") {
        match name {
            "users" => {
                let people = tickets.iter().flat_map(|ticket| ticket.people());
                users(world, base, people, beside);
            }
            "groups" => {
                let ids: BTreeSet<u64> = tickets.iter().filter_map(|one| one.group_id).collect();
                let found = ids.iter().filter_map(|id| world.groups.get(id));
                let rows: Vec<Value> = found.map(|group| people_json::group(base, group)).collect();
                beside.insert("groups".to_owned(), json!(rows));
            }
            "organizations" => {
                let ids: BTreeSet<u64> = tickets
                    .iter()
                    .filter_map(|one| one.organization_id)
                    .collect();
                let found = ids.iter().filter_map(|id| world.organizations.get(id));
                let rows: Vec<Value> = found
                    .map(|organization| people_json::organization(base, organization))
                    .collect();
                beside.insert("organizations".to_owned(), json!(rows));
            }
            "last_audits" => audits::last(base, tickets, beside),
            "custom_statuses" => {
                let ids: BTreeSet<u64> = tickets.iter().map(|one| one.custom_status_id).collect();
                let found = ids.iter().filter_map(|id| world.custom_statuses.get(id));
                let rows: Vec<Value> = found
                    .map(|status| fields::status_json(ask, status))
                    .collect();
                beside.insert("custom_statuses".to_owned(), json!(rows));
            }
            "ticket_forms" => {
                beside.insert("ticket_forms".to_owned(), json!([fields::form(world, ask)]));
            }
            "sharing_agreements" => {
                beside.insert("sharing_agreements".to_owned(), json!([]));
            }
            "incident_counts" => {
                let counts: Vec<Value> = tickets
                    .iter()
                    .map(|ticket| {
                        let all = world.tickets.values();
                        let count = all.filter(|one| one.problem_id == Some(ticket.id)).count();
                        json!({"id": ticket.id, "count": count})
                    })
                    .collect();
                beside.insert("incident_counts".to_owned(), json!(counts));
            }
            _ => {}
        }
    }
}

/// Adds users, each once.
pub(super) fn users(
    world: &World,
    base: &str,
    ids: impl Iterator<Item = u64>,
    beside: &mut Map<String, Value>,
) {
    let ids: BTreeSet<u64> = ids.collect();
    let found = ids.iter().filter_map(|id| world.users.get(id));
    let rows: Vec<Value> = found.map(|user| people_json::user(base, user)).collect();
    beside.insert("users".to_owned(), json!(rows));
}
