//! The world that a simulator starts with: the same for the same seed and moment.

use std::sync::Arc;

use super::records_people::{CustomStatus, TicketField};
use super::world::World;
use super::{Now, Options, seed_people, seed_tickets, suspended};
use crate::simulator::scrambled;

/// Numbers that look random and follow from the seed.
#[derive(Debug)]
pub(super) struct Dice(u64);

impl Dice {
    /// The dice of a seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(scrambled(seed))
    }

    /// A number below another one; 0 below 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(1);
        scrambled(self.0).checked_rem(end).unwrap_or(0)
    }

    /// One of several; nobody passes none.
    pub(super) fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let end = u64::try_from(list.len()).unwrap_or(0);
        let place = usize::try_from(self.below(end)).unwrap_or(0);
        list.get(place).copied().unwrap_or_default()
    }
}

impl World {
    /// Builds the world that the options describe.
    pub(super) fn seeded(options: &Options, now: Now) -> Self {
        // The world is built at one moment, however long that takes.
        let start = now();
        let clock = Arc::new(move || start);
        let mut world = Self::empty(options.switches.clone(), options.seed, clock);
        let mut dice = Dice::new(options.seed);
        plant_statuses(&mut world);
        plant_fields(&mut world);
        seed_people::plant(&mut world, &mut dice, &options.email);
        seed_tickets::plant(&mut world, &mut dice, options.tickets);
        suspended::plant(&mut world);
        world.set_clock(now);
        world.refresh_index();
        world
    }
}

/// The custom statuses: the default of each category, and two more.
fn plant_statuses(world: &mut World) {
    let now = world.now();
    for (category, label, end_user, default) in [
        ("new", "New", "Open", true),
        ("open", "Open", "Open", true),
        ("pending", "Pending", "Awaiting your reply", true),
        ("hold", "On-hold", "Open", true),
        ("solved", "Solved", "Solved", true),
        ("pending", "Waiting on engineering", "In progress", false),
        ("hold", "Waiting for parts", "On its way", false),
    ] {
        let status = CustomStatus {
            id: world.new_id(),
            status_category: category.to_owned(),
            agent_label: label.to_owned(),
            end_user_label: end_user.to_owned(),
            active: true,
            default,
            created_at: now,
            updated_at: now,
        };
        world.custom_statuses.insert(status.id, status);
    }
}

/// The ticket form: system fields, custom fields of each kind, and one that is not used any more.
fn plant_fields(world: &mut World) {
    for (title, kind) in [
        ("Subject", "subject"),
        ("Description", "description"),
        ("Status", "status"),
        ("Type", "tickettype"),
        ("Priority", "priority"),
        ("Group", "group"),
        ("Assignee", "assignee"),
        ("Ticket status", "custom_status"),
    ] {
        plant_field(world, title, kind, &[], false);
    }
    let plans = [
        ("Basic", "plan_basic"),
        ("Business", "plan_business"),
        ("Größer & Besser", "plan_größer"),
    ];
    let areas = [("Sales", "area_sales"), ("Billing", "area_billing")];
    plant_field(world, "Order number", "text", &[], true);
    plant_field(world, "Seats", "integer", &[], true);
    plant_field(world, "Call back", "checkbox", &[], true);
    plant_field(world, "Plan", "tagger", &plans, true);
    plant_field(world, "Areas", "multiselect", &areas, true);
    plant_field(world, "Installed on", "date", &[], true);
    let unused = plant_field(world, "Fax number", "text", &[], true);
    if let Some(field) = world.ticket_fields.get_mut(&unused) {
        field.active = false;
    }
}

/// Adds a field.
fn plant_field(
    world: &mut World,
    title: &str,
    kind: &str,
    choices: &[(&str, &str)],
    custom: bool,
) -> u64 {
    let now = world.now();
    let mut planted = Vec::new();
    for (name, value) in choices {
        planted.push((world.new_id(), (*name).to_owned(), (*value).to_owned()));
    }
    let id = world.new_id();
    let field = TicketField {
        id,
        title: title.to_owned(),
        title_in_portal: title.to_owned(),
        kind: kind.to_owned(),
        custom,
        active: true,
        required: false,
        choices: planted,
        created_at: now,
        updated_at: now,
    };
    world.ticket_fields.insert(id, field);
    id
}
