//! A simulated Zendesk Support: state, strictness and limits of the real one, in process or on a port.
//!
//! It follows what is known of Zendesk from public material; every rule that is not obvious names its place as
//! "(Zendesk reference, section N)". What nobody could find out about the real service is a switch in
//! [`Switches`]. It is as strict as the real service and as forgetful: what that refuses is refused, and what
//! that silently ignores is silently ignored, so that a client's mistake shows.
//!
//! A newcomer reads `records` and `records_people` (what a help desk holds), `world` (what people do to it),
//! `serve` (what happens to every call) and `route_table` (which function answers which path), then the file of the
//! subject. The clock and the seed are handed in: the same seed at the same moment gives the same world.

mod account;
mod arguments;
mod attachment_json;
mod audits;
mod body;
mod bulk;
mod comment_draft;
mod comments;
mod deleted;
mod deleted_users;
mod dress;
mod fields;
mod groups;
mod html;
mod identities;
mod images;
mod imports;
mod incremental;
mod incremental_people;
mod jobs;
mod limits;
mod many;
mod memberships;
mod memberships_write;
mod merge;
mod oauth;
mod oauth_tokens;
mod organizations;
mod organizations_write;
mod paging;
mod people_json;
mod people_tags;
mod query;
pub mod records;
pub mod records_people;
mod redaction;
mod reply;
mod route_table;
mod routes;
mod search;
mod search_cells;
mod search_grammar;
mod seed;
mod seed_people;
mod seed_texts;
mod seed_tickets;
mod serve;
mod sideload;
mod suspended;
pub mod switches;
#[cfg(test)]
mod tests;
mod ticket_apply;
mod ticket_draft;
mod ticket_fields;
mod ticket_json;
mod ticket_people;
mod ticket_status;
mod ticket_tags;
mod ticket_write;
mod tickets;
mod tickets_list;
mod times;
mod uploads;
mod user_draft;
mod users;
mod users_write;
pub mod world;
mod world_comments;
mod world_history;
mod world_jobs;
pub mod world_oauth;
mod world_people;
mod world_tickets;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use serde_json::{Map, Value, json};

pub use crate::simulator::{Fault, ReceivedCall};
use crate::simulator::{Now, Script, locked};
pub use arguments::Arguments;
use limits::Limits;
pub use limits::Plan;
pub use switches::Switches;
use world::World;

/// What a simulator is built from. No `Debug`: it holds the API token.
#[derive(Clone)]
pub struct Options {
    /// The address of the first agent, an admin.
    pub email: String,
    /// The account's one API token; it is let in with the address of any user.
    pub api_token: String,
    /// How many tickets `GET /tickets` shows at the start: neither archived nor deleted. Some of either exist
    /// besides.
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

/// A running simulated Zendesk. Clones share one world.
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
        let limits = Limits::new(options.plan);
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

    /// The HTTP face: everything under `/api/v2`, OAuth and downloads of attachments outside of it.
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

    /// The calls received, oldest first; at most the newest [`KEPT_CALLS`](crate::simulator::KEPT_CALLS).
    pub fn calls(&self) -> Vec<ReceivedCall> {
        self.inner.script.calls()
    }

    /// Forgets the calls received so far.
    pub fn clear_calls(&self) {
        self.inner.script.clear_calls();
    }

    /// Adds faults to the script; each call but a download takes one.
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
        let options = &self.inner.options;
        let members = [
            ("url", json!(origin)),
            ("email", json!(options.email)),
            ("api_token", json!(options.api_token)),
        ];
        members
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    fn some_ticket(&self) -> Option<String> {
        self.inspect(|world| {
            let listed = world.tickets.values().rev();
            let newest = listed.into_iter().find(|ticket| ticket.is_listable());
            newest.map(|ticket| ticket.id.to_string())
        })
    }
}
