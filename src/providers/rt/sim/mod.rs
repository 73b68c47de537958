//! A simulated Request Tracker 5 (REST 2.0): state, strictness and traps of the real one, in process or on a port.
//!
//! It follows what a real RT 5.0.3 answered when it was asked: 213 recorded exchanges are replayed in the tests, and
//! the traps that they hold are numbered in `../README.md`. What differs from one installation to another is a switch
//! in [`Switches`]. Where this and a real server differ, this is wrong.
//!
//! A newcomer reads `records` (what an RT holds), `world` and `world_tickets` (what people do to it), `serve` (what
//! happens to every call) and `routes` (which function answers which path), then `cells` (how RT turns any record into
//! JSON) and the file of the subject. The clock and the seed are handed in: the same seed at the same moment gives the
//! same world.
//!
//! Not simulated: assets, articles, saved searches, custom roles, bulk updates, links other than between tickets.
//! Their paths answer the 404 of an unknown one.

mod arguments;
mod attachments;
mod body;
mod cells;
mod columns;
mod condition;
mod dates;
mod json_search;
pub mod lifecycle;
pub mod message;
mod notices;
mod page;
mod people;
mod people_write;
mod preconditions;
mod query;
mod queues;
pub mod records;
pub mod records_people;
mod reply;
mod rights;
mod routes;
mod seed;
mod seed_texts;
mod seed_tickets;
mod serve;
mod sorting;
mod sql;
pub mod switches;
#[cfg(test)]
mod tests;
mod ticket_attributes;
mod ticket_draft;
mod ticket_fields;
mod ticket_links;
mod ticket_search;
mod ticket_update;
mod ticket_watchers;
mod ticket_write;
mod tickets;
mod transaction_search;
mod transactions;
pub mod world;
mod world_apply;
pub mod world_mail;
mod world_people;
pub mod world_tickets;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use serde_json::{Map, Value, json};

pub use crate::simulator::{Fault, ReceivedCall};
use crate::simulator::{Now, Script, locked};
pub use arguments::Arguments;
pub use switches::Switches;
use world::World;

/// What a simulator is built from. No `Debug`: it holds the tokens.
#[derive(Clone)]
pub struct Options {
    /// The token of root, who may do everything.
    pub token: String,
    /// The token of agent1, who works in the queue Support only.
    pub agent_token: String,
    /// The password of both.
    pub password: String,
    /// How many tickets a search finds at the start: neither deleted nor merged. Some of either exist besides.
    pub tickets: u32,
    /// Same seed, same start: same world.
    pub seed: u64,
    /// How long every call waits before it is looked at.
    pub latency: Duration,
    /// What differs from one installation to another.
    pub switches: Switches,
}

/// A running simulated Request Tracker. Clones share one world.
#[derive(Clone)]
pub struct Simulator {
    /// What all clones share.
    inner: Arc<Inner>,
}

/// The parts of a simulator.
struct Inner {
    /// How it was built.
    options: Options,
    /// The help desk's state.
    world: Mutex<World>,
    /// What happens around its calls.
    script: Script,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Simulator").finish_non_exhaustive()
    }
}

impl Simulator {
    /// Builds the seeded world, as it stands at `now`.
    pub fn new(options: Options, now: Now) -> Self {
        let world = World::seeded(&options, now.clone());
        let script = Script::new(options.latency, now);
        Self {
            inner: Arc::new(Inner {
                options,
                world: Mutex::new(world),
                script,
            }),
        }
    }

    /// The HTTP face: everything under `/REST/2.0`.
    pub fn router(&self) -> Router {
        serve::router(self.clone())
    }

    /// Looks at the state, bypassing HTTP.
    pub fn inspect<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&locked(&self.inner.world))
    }

    /// Acts as the people who work in the help desk, bypassing HTTP.
    pub fn change<R>(&self, act: impl FnOnce(&mut World) -> R) -> R {
        act(&mut locked(&self.inner.world))
    }

    /// The API calls received, oldest first; at most the newest [`KEPT_CALLS`](crate::simulator::KEPT_CALLS).
    pub fn calls(&self) -> Vec<ReceivedCall> {
        self.inner.script.calls()
    }

    /// Forgets the calls received so far.
    pub fn clear_calls(&self) {
        self.inner.script.clear_calls();
    }

    /// Adds faults to the script; each call takes one.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner.script.fail_next(faults);
    }

    /// Forgets the faults that no call has taken yet.
    pub fn clear_faults(&self) {
        self.inner.script.clear_faults();
    }
}

impl crate::simulator::Simulator for Simulator {
    fn router(&self) -> Router {
        Self::router(self)
    }

    fn credentials(&self, origin: &str) -> Map<String, Value> {
        let members = [
            ("url", json!(origin)),
            ("token", json!(self.inner.options.token)),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn some_ticket(&self) -> Option<String> {
        self.inspect(|world| {
            let newest = world.tickets.values().rev();
            let listed = newest.into_iter().find(|ticket| ticket.is_listable());
            listed.map(|ticket| ticket.id.to_string())
        })
    }
}
