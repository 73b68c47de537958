//! The world that a simulator starts with: the same for the same seed and moment.
//!
//! Its people, queues and fields are those that the seed of the recorded server made, with the same numbers.

use std::sync::Arc;

use jiff::SignedDuration;

use super::lifecycle::{self, Lifecycle};
use super::records::{NOBODY, SYSTEM};
use super::records_people::{Access, CustomField, FieldKind, Queue, Right};
use super::seed_tickets::{self, Dice};
use super::world::{Note, World};
use super::{Now, Options};

/// The superuser.
pub(super) const ROOT: u64 = 14;

/// The agents of the queue Support.
pub(super) const AGENTS: [u64; 2] = [35, 37];

/// The numbers of the five customers.
pub(super) const CUSTOMERS: [u64; 5] = [39, 41, 43, 45, 47];

/// The custom field with a list of values.
pub(super) const SEVERITY: u64 = 2;

/// The custom field with many values.
pub(super) const TAGS_FIELD: u64 = 3;

/// The custom field with any value.
pub(super) const EXTERNAL_ID: u64 = 4;

impl World {
    /// Builds the world that the options describe.
    pub(super) fn seeded(options: &Options, now: Now) -> Self {
        // The world is built at one moment, however long that takes, and all of it is committed.
        let start = now();
        let mut switches = options.switches.clone();
        let commit_delay = std::mem::replace(&mut switches.commit_delay, SignedDuration::ZERO);
        let mut world = Self::empty(switches, Arc::new(move || start));
        let minutes = |minutes: i64| start.saturating_sub(SignedDuration::from_mins(minutes));
        let founded = minutes(60 * 24 * 40).unwrap_or_default();
        world.at(founded, plant_installation);
        let mut dice = Dice::new(options.seed);
        seed_tickets::plant(&mut world, &mut dice, options.tickets, start);
        world.switches.commit_delay = commit_delay;
        world.set_clock(now);
        world
    }
}

/// The people, queues and fields of a fresh installation with the recorded seed.
fn plant_installation(world: &mut World) {
    let people = [
        (SYSTEM, "RT_System", "", "The RT System itself"),
        (NOBODY, "Nobody", "", "Nobody in particular"),
        (ROOT, "root", "root@localhost", "Enoch Root"),
        (35, "agent1", "agent1@example.com", "Ann Agent"),
        (37, "agent2", "agent2@example.com", "Ben Agent"),
    ];
    for (id, name, email, real_name) in people {
        world.plant_user(id, SYSTEM, [name, email, real_name]);
    }
    for (number, id) in (1..).zip(CUSTOMERS) {
        let email = format!("customer{number}@example.org");
        world.plant_user(id, SYSTEM, [&email, &email, &format!("Customer {number}")]);
        if let Some(user) = world.users.get_mut(&id) {
            user.organization = format!("Example Org {}", 1 + number % 2);
        }
    }
    if let Some(root) = world.users.get_mut(&ROOT) {
        root.access = Access::Everything;
        root.is_privileged = true;
        "SuperUser".clone_into(&mut root.comments);
    }
    for agent in AGENTS {
        if let Some(agent) = world.users.get_mut(&agent) {
            // The seed grants ReassignTicket to nobody (facts, 7).
            let lacking = vec![Right::Reassign];
            agent.access = Access::Queues(vec![3], lacking);
            agent.is_privileged = true;
        }
    }
    world
        .groups
        .insert(49, ("Support team".to_owned(), AGENTS.to_vec()));
    plant_queue(
        world,
        1,
        ["General", "The default queue", ""],
        &lifecycle::DEFAULT,
    );
    let support = ["Support", "Customer support", "support@localhost"];
    plant_queue(world, 3, support, &lifecycle::DEFAULT);
    let billing = ["Billing", "Invoices and payments", "billing@localhost"];
    plant_queue(world, 4, billing, &lifecycle::DEFAULT);
    if world.switches.has_development {
        let development = ["Development", "What is to be built", ""];
        plant_queue(world, 5, development, &lifecycle::DEVELOPMENT);
    }
    let levels = ["Low", "Medium", "High"].map(str::to_owned).to_vec();
    let fields = [
        (1, "Content", FieldKind::Article),
        (SEVERITY, "Severity", FieldKind::SelectOne(levels)),
        (TAGS_FIELD, "Tags", FieldKind::FreeMany),
        (EXTERNAL_ID, "External id", FieldKind::FreeOne),
    ];
    let created = world.stamp();
    for (id, name, kind) in fields {
        let field = CustomField {
            id,
            name: name.to_owned(),
            kind,
            created,
        };
        world.custom_fields.insert(id, field);
    }
}

/// Adds a queue.
fn plant_queue(
    world: &mut World,
    id: u64,
    [name, description, address]: [&str; 3],
    lifecycle: &'static Lifecycle,
) {
    let queue = Queue {
        id,
        name: name.to_owned(),
        description: description.to_owned(),
        correspond_address: address.to_owned(),
        lifecycle,
        is_disabled: false,
        created: world.stamp(),
        transactions: Vec::new(),
    };
    world.queues.insert(id, queue);
    let note = Note {
        kind: "Create",
        ..Note::default()
    };
    world.note(SYSTEM, "RT::Queue", id, note);
}
