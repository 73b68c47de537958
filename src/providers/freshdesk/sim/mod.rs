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

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use jiff::Timestamp;

use limits::Limits;
pub use limits::Plan;
pub use switches::Switches;
use world::World;

/// The clock of a simulator: tests move it, the command line passes the wall clock.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How many live tickets the demo's world has.
pub const DEMO_TICKETS: u32 = 250;

/// The seed of the demo's world.
pub const DEMO_SEED: u64 = 2026;

/// How many received calls [`Simulator::calls`] keeps; older ones are forgotten.
pub const KEPT_CALLS: usize = 100_000;

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
    /// The demo's world behind the given key: no limits, no latency.
    pub fn demo(api_key: String) -> Self {
        Self {
            api_key,
            tickets: DEMO_TICKETS,
            seed: DEMO_SEED,
            plan: Plan::Unlimited,
            latency: Duration::ZERO,
            switches: Switches::default(),
        }
    }
}

/// One API call that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedCall {
    /// The verb.
    pub method: http::Method,
    /// The path, as received.
    pub path: String,
    /// The query, as received, without its question mark; empty when there is none.
    pub query: String,
    /// The status that was answered.
    pub status: u16,
    /// What the call cost of the rate limit.
    pub credits: u32,
}

/// Something that goes wrong with one call, by script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The call passes untouched: a spacer in a script.
    Pass,
    /// This status, body and headers are answered and nothing else happens.
    Status(u16, String, Vec<(String, String)>),
    /// The call is carried out, then this status, body and headers are answered instead.
    StatusAfter(u16, String, Vec<(String, String)>),
    /// The call is carried out, then the connection breaks in the middle of the answer's body.
    BreakAfter,
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
    /// Its clock.
    now: Now,
    /// The help desk's state.
    world: Mutex<World>,
    /// The windows of the rate limits.
    limits: Mutex<Limits>,
    /// The calls received, oldest first.
    ledger: Mutex<VecDeque<ReceivedCall>>,
    /// The faults to come.
    faults: Mutex<VecDeque<Fault>>,
    /// How many calls were answered.
    turns: AtomicU64,
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

        Self {
            inner: Arc::new(Inner {
                options,
                now,
                world: Mutex::new(world),
                limits: Mutex::new(limits),
                ledger: Mutex::default(),
                faults: Mutex::default(),
                turns: AtomicU64::new(0),
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

    /// The API calls received, oldest first; at most the newest [`KEPT_CALLS`].
    pub fn calls(&self) -> Vec<ReceivedCall> {
        locked(&self.inner.ledger).iter().cloned().collect()
    }

    /// Forgets the calls received so far.
    pub fn clear_calls(&self) {
        locked(&self.inner.ledger).clear();
    }

    /// Adds faults to the script; each API call takes one.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        locked(&self.inner.faults).extend(faults);
    }

    /// Forgets the faults that no call has taken yet.
    pub fn clear_faults(&self) {
        locked(&self.inner.faults).clear();
    }
}

/// Locks, also after a panic of another holder: a test that failed must not hide the next one.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Mixes the bits of a number (the finisher of SplitMix64): equal numbers stay equal, and
/// neighbours look unrelated.
const fn scrambled(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
