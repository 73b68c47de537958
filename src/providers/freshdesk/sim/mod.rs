//! A simulated Freshdesk: state, strictness and limits of the real one, in process or on a port.
//!
//! It follows what `../README.md` tells of Freshdesk; every rule names its section as "(Freshdesk reference,
//! section N)". What nobody could find out about the real service is a switch in [`Switches`].
//! Where a client may be lenient, this is strict: unknown query parameters, unknown body fields
//! and wrong JSON types are refused, because the real service refuses them.
//!
//! A newcomer reads `records` (what a help desk holds), `world` (what people do to it), `serve`
//! (what happens to every call) and `routes` (which function answers which path), then the file
//! of the subject. The clock and the seed are handed in: the same seed at the same moment gives
//! the same world.
//!
//! Not simulated: forums, solutions, canned responses, automations, ticket archives, inline
//! images, the admin fields API. Their paths answer the blank 404 of an unknown route.

mod agents;
mod attachments;
mod bulk;
mod companies;
mod contact_fields;
mod contacts;
mod contacts_write;
mod conversations;
mod conversations_write;
mod custom_fields;
mod dress;
mod fields;
mod fields_seed;
mod form;
mod form_fields;
mod groups;
mod html;
mod limits;
mod merge;
mod query;
mod ratings;
pub mod records;
pub mod records_people;
mod reply;
mod routes;
mod search;
mod search_grammar;
mod seed;
mod seed_conversations;
mod seed_people;
mod seed_texts;
mod seed_tickets;
mod serve;
pub mod switches;
#[cfg(test)]
mod tests;
mod ticket_draft;
mod ticket_json;
mod ticket_requester;
mod ticket_required;
mod tickets;
mod tickets_list;
mod tickets_write;
mod time_entries;
mod times;
pub mod world;
mod world_conversations;
mod world_people;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use clap::Args;
use serde_json::{Map, Value, json};

use crate::simulator::{self, DemoPlan, Now, Script, locked};
pub use crate::simulator::{Fault, ReceivedCall};
use limits::Limits;
pub use limits::Plan;
pub use switches::Switches;
use world::World;

/// What a simulator is built from. No `Debug`: it holds the API key.
#[derive(Clone)]
pub struct Options {
    /// The one key that is let in; it belongs to the first agent.
    pub api_key: String,
    /// How many listable tickets the world starts with: neither in the trash nor spam. Some of
    /// either exist besides, so a list with `updated_since=1970-01-01` shows exactly this many.
    pub tickets: u32,
    /// Same seed, same start: same world.
    pub seed: u64,
    /// The plan, which decides the rate limits.
    pub plan: Plan,
    /// How long every call waits before it is looked at.
    pub latency: Duration,
    /// The answers to what is not known about the real service.
    pub switches: Switches,
}

impl Options {
    /// The demo's world: no latency. Its key is no secret: it opens nothing else.
    pub fn demo(tickets: u32, seed: u64, plan: DemoPlan) -> Self {
        Self {
            api_key: "demo-freshdesk-key".into(),
            tickets,
            seed,
            plan: match plan {
                DemoPlan::Small => Plan::Growth,
                DemoPlan::Medium => Plan::Pro,
                DemoPlan::Large => Plan::Enterprise,
                DemoPlan::Unlimited => Plan::Unlimited,
            },
            latency: Duration::ZERO,
            switches: Switches::default(),
        }
    }
}

/// What the command line says of one.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What every simulated help desk is asked for.
    #[command(flatten)]
    pub common: simulator::Arguments,
    /// The API key that is accepted. Not a secret: it opens nothing but the simulator.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_API_KEY",
        default_value = "simulated-key",
        value_name = "KEY"
    )]
    pub api_key: String,
    /// The plan whose rate limits the help desk has: trial, growth, pro, enterprise or unlimited.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_PLAN",
        default_value = "unlimited",
        value_name = "PLAN"
    )]
    pub plan: Plan,
}

impl Arguments {
    /// Makes it.
    pub fn start(self, now: Now) -> Simulator {
        let options = Options {
            api_key: self.api_key,
            tickets: self.common.tickets,
            seed: self.common.seed,
            plan: self.plan,
            latency: Duration::from_millis(self.common.latency_ms),
            switches: Switches::default(),
        };
        Simulator::new(options, now)
    }
}

/// A running simulated Freshdesk. Clones share one world.
#[derive(Clone)]
pub struct Simulator {
    /// What all clones share.
    inner: Arc<Inner>,
}

/// The parts of a simulator, each behind a lock of its own.
struct Inner {
    /// How it was built.
    options: Options,
    /// The help desk's state.
    world: Mutex<World>,
    /// The windows of the rate limits.
    limits: Mutex<Limits>,
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
        let limits = Limits::new(options.plan, &options.switches);
        let script = Script::new(options.latency, now);
        Self {
            inner: Arc::new(Inner {
                options,
                world: Mutex::new(world),
                limits: Mutex::new(limits),
                script,
            }),
        }
    }

    /// The HTTP face: everything under `/api/v2`, and downloads of attachments outside of it.
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

    /// Adds faults to the script; each API call takes one.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.inner.script.fail_next(faults);
    }

    /// Forgets the faults that no call has taken yet.
    pub fn clear_faults(&self) {
        self.inner.script.clear_faults();
    }
}

impl simulator::Simulator for Simulator {
    fn router(&self) -> Router {
        self.router()
    }

    fn credentials(&self, origin: &str) -> Map<String, Value> {
        let members = [
            ("url", json!(origin)),
            ("api_key", json!(self.inner.options.api_key)),
        ];
        members
            .map(|(name, value)| (name.to_owned(), value))
            .into_iter()
            .collect()
    }

    fn some_ticket(&self) -> Option<String> {
        self.inspect(|world| {
            let mut newest = world.tickets.values().rev();
            let listed = newest.find(|ticket| ticket.is_listable());
            listed.map(|ticket| ticket.id.to_string())
        })
    }
}
