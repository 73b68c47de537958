//! The people of a seeded world: agents, groups, roles, companies, contacts, mailboxes.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use rand::RngExt;
use rand::rngs::ChaCha8Rng;
use serde_json::Value;

use super::records_people::{Agent, Company, Group, Role};
use super::seed_texts::{COMPANIES, NAMES};
use super::world::World;

/// How many agents there are; their names come last in the list, so contacts get the others first.
const AGENTS: usize = 6;

/// How many contacts there are for each ticket, and at least.
const TICKETS_A_CONTACT: u32 = 8;

/// Puts everybody into a world that is about to hold so many tickets.
pub(super) fn plant(world: &mut World, rng: &mut ChaCha8Rng, tickets: u32) {
    world
        .email_configs
        .insert(1001, "support@deskgate.example".to_owned());
    world
        .email_configs
        .insert(1002, "billing@deskgate.example".to_owned());
    world.products.insert(2001, "Cloud".to_owned());
    world.products.insert(2002, "On-premises".to_owned());
    plant_roles(world);
    plant_groups(world);
    plant_agents(world);
    plant_companies(world);
    plant_contacts(world, rng, tickets);
}

/// Three roles, the admin's first.
fn plant_roles(world: &mut World) {
    let made_at = world.now() - SignedDuration::from_hours(24 * 800);
    let rows = [
        (
            "Account Administrator",
            "Has complete control over the help desk.",
        ),
        ("Supervisor", "Can look at reports and manage groups."),
        ("Agent", "Can log, view, reply, update and resolve tickets."),
    ];
    for (name, description) in rows {
        let id = world.new_id();
        let role = Role {
            id,
            name: name.to_owned(),
            description: description.to_owned(),
            created_at: made_at,
        };
        world.roles.insert(id, role);
    }
}

/// Three groups.
fn plant_groups(world: &mut World) {
    let created_at = world.now() - SignedDuration::from_hours(24 * 790);
    let rows = [
        ("Billing", Some("30m")),
        ("Customer Support", Some("1h")),
        ("Engineering & Ops", None),
    ];
    for (name, unassigned_for) in rows {
        let id = world.new_id();
        let group = Group {
            id,
            name: name.to_owned(),
            description: Some(format!("Members of the {name} team belong to this group")),
            escalate_to: None,
            unassigned_for: unassigned_for.map(str::to_owned),
            created_at,
        };
        world.groups.insert(id, group);
    }
}

/// Six agents; the first is the admin whose key is used, the last works by the day.
fn plant_agents(world: &mut World) {
    let now = world.now();
    let created_at = now - SignedDuration::from_hours(24 * 780);
    let roles: Vec<u64> = world.roles.keys().copied().collect();
    let groups: Vec<u64> = world.groups.keys().copied().collect();
    for (place, (first, last)) in NAMES.iter().rev().take(AGENTS).enumerate() {
        let id = world.new_id();
        let role = if place == 0 {
            roles.first()
        } else {
            roles.last()
        };
        let agent = Agent {
            id,
            name: format!("{first} {last}"),
            email: format!("agent{}@deskgate.example", place + 1),
            phone: Some(format!("+1 555 010{place}")),
            mobile: None,
            job_title: (place == 0).then(|| "Head of support".to_owned()),
            language: "en".to_owned(),
            time_zone: "Berlin".to_owned(),
            available: place.is_multiple_of(2),
            occasional: place + 1 == AGENTS,
            ticket_scope: 1,
            signature: Some(format!("<p>{first} {last}<br>deskgate demo</p>")),
            group_ids: groups
                .get(place % groups.len().max(1))
                .copied()
                .into_iter()
                .collect(),
            role_ids: role.copied().into_iter().collect(),
            created_at,
            updated_at: created_at,
            last_active_at: Some(now - SignedDuration::from_mins(5)),
        };
        world.agents.insert(id, agent);
        if place == 0 {
            world.me = id;
        }
    }
}

/// Six companies with domains.
fn plant_companies(world: &mut World) {
    let created_at = world.now() - SignedDuration::from_hours(24 * 770);
    for (place, (name, domain)) in COMPANIES.iter().enumerate() {
        let id = world.new_id();
        let company = Company {
            id,
            name: (*name).to_owned(),
            description: Some(format!("{name} has been a customer for years")),
            note: (place.is_multiple_of(2)).then(|| "Pays late".to_owned()),
            domains: vec![(*domain).to_owned()],
            custom_fields: BTreeMap::from([(
                "cf_contract".to_owned(),
                Value::String(format!("C-{place:04}")),
            )]),
            health_score: Some("Happy".to_owned()),
            account_tier: (place % 2 == 1).then(|| "Premium".to_owned()),
            renewal_date: Some(created_at + SignedDuration::from_hours(24 * 1095)),
            industry: None,
            created_at,
            updated_at: created_at,
        };
        world.companies.insert(id, company);
    }
}

/// One contact for every few tickets; some verified, one deleted, one blocked, some known by
/// phone alone.
fn plant_contacts(world: &mut World, rng: &mut ChaCha8Rng, tickets: u32) {
    let now = world.now();
    let count = (tickets / TICKETS_A_CONTACT).clamp(20, 2000);
    for place in 0..count {
        let pick = |list: &[(&'static str, &'static str)], rng: &mut ChaCha8Rng| {
            list.get(rng.random_range(0..list.len()))
                .copied()
                .unwrap_or(("Sam", "Taylor"))
        };
        let (first, last) = (pick(&NAMES, rng).0, pick(&NAMES, rng).1);
        let mut contact = world.blank_contact(&format!("{first} {last}"));
        let domain = if place % 3 == 2 {
            "mail.example"
        } else {
            pick(&COMPANIES, rng).1
        };
        if place % 11 != 5 {
            contact.email = Some(format!("customer{}@{domain}", place + 1));
        }
        if place % 4 == 1 || contact.email.is_none() {
            contact.phone = Some(format!("+49 30 {:07}", 1_000_000 + place));
        }
        contact.mobile = (place % 6 == 2).then(|| format!("+49 170 {:07}", 1_000_000 + place));
        contact.unique_external_id = (place % 5 == 3).then(|| format!("crm-{place}"));
        contact.twitter_id = (place % 9 == 4).then(|| format!("user{place}"));
        contact.active = place.is_multiple_of(2);
        contact.language = String::from(if place.is_multiple_of(3) { "de" } else { "en" });
        contact.job_title = (place.is_multiple_of(7)).then(|| "R&D".to_owned());
        contact.view_all_tickets = (place % 4 != 3).then_some(place.is_multiple_of(4));
        contact.deleted = place == 17;
        contact.blocked = place == 18;
        if place.is_multiple_of(10) {
            contact.custom_fields.insert(
                "cf_department".to_owned(),
                Value::String("Sales".to_owned()),
            );
        }
        contact.created_at = now - SignedDuration::from_hours(24 * 760)
            + SignedDuration::from_mins(i64::from(place));
        contact.updated_at = contact.created_at;
        world.insert_contact(contact);
    }
}
