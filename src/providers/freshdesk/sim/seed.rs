//! The world that a simulator starts with: the same for the same seed and moment.

use jiff::SignedDuration;
use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::records::{Rating, TimeEntry};
use super::world::World;
use super::{Now, Options, fields_seed, seed_people, seed_tickets};

impl World {
    /// Builds the world that the options describe.
    pub(super) fn seeded(options: &Options, now: Now) -> Self {
        // The world is built at one moment, however long that takes.
        let start = now();
        let mut world = Self::empty(options.switches.clone(), std::sync::Arc::new(move || start));
        let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
        fields_seed::plant(&mut world);
        seed_people::plant(&mut world, &mut rng, options.tickets);
        seed_tickets::plant(&mut world, &mut rng, options.tickets);
        plant_traces(&mut world);
        world.set_clock(now);
        world.refresh_index();
        world
    }
}

/// Puts time entries and ratings on some tickets.
fn plant_traces(world: &mut World) {
    let some: Vec<(u64, u64, Option<u64>, Option<u64>)> = world
        .tickets
        .values()
        .filter(|ticket| ticket.id % 5 == 2)
        .map(|ticket| {
            (
                ticket.id,
                ticket.requester_id,
                ticket.responder_id,
                ticket.group_id,
            )
        })
        .collect();
    for (ticket_id, user_id, agent_id, group_id) in some {
        let Some(at) = world
            .tickets
            .get(&ticket_id)
            .map(|ticket| ticket.created_at)
        else {
            continue;
        };
        let hour = SignedDuration::from_hours(1);
        let entry = TimeEntry {
            id: world.new_id(),
            ticket_id,
            agent_id: agent_id.unwrap_or(world.me),
            billable: ticket_id.is_multiple_of(2),
            executed_at: at,
            note: Some("Looked into it".to_owned()),
            start_time: at,
            seconds: hour.as_secs() * i64::from(ticket_id.is_multiple_of(3)) * 30 + 900,
            timer_running: false,
            created_at: at,
            updated_at: at,
        };
        world.time_entries.insert(entry.id, entry);
        if ticket_id % 10 == 2 {
            let rating = Rating {
                id: world.new_id(),
                ticket_id,
                user_id,
                agent_id,
                group_id,
                feedback: Some("Quick & friendly".to_owned()),
                default_question: 103,
                created_at: at,
            };
            world.ratings.insert(rating.id, rating);
        }
    }
}
