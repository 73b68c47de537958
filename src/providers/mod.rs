//! The list of providers: the place to add one.

pub mod freshdesk;
pub mod rt;
pub mod zendesk;

use std::sync::Arc;

use clap::Subcommand;

use crate::provider::Provider;
use crate::simulator::{Arguments, DemoPlan, Now, Simulator};

/// Every kind of help desk the gateway speaks to.
pub fn all() -> Vec<Arc<dyn Provider>> {
    vec![
        Arc::new(freshdesk::Freshdesk),
        Arc::new(zendesk::Zendesk),
        Arc::new(rt::Rt),
    ]
}

/// A simulated help desk that runs alone. Prints one line of JSON once it answers: its `url` and what else
/// connects an account of it.
#[derive(Debug, Subcommand)]
pub enum Simulate {
    /// A simulated Freshdesk: prints `{"url","api_key"}` once it answers.
    Freshdesk(freshdesk::sim::Arguments),
    /// A simulated Request Tracker: prints `{"url","token"}` once it answers.
    Rt(rt::sim::Arguments),
    /// A simulated Zendesk: prints `{"url","email","api_token"}` once it answers.
    Zendesk(zendesk::sim::Arguments),
}

impl Simulate {
    /// What every one is asked for.
    pub fn arguments(&self) -> &Arguments {
        match self {
            Self::Freshdesk(arguments) => &arguments.common,
            Self::Rt(arguments) => &arguments.common,
            Self::Zendesk(arguments) => &arguments.common,
        }
    }

    /// Makes it.
    pub fn start(self, now: Now) -> Box<dyn Simulator> {
        match self {
            Self::Freshdesk(arguments) => Box::new(arguments.start(now)),
            Self::Rt(arguments) => Box::new(arguments.start(now)),
            Self::Zendesk(arguments) => Box::new(arguments.start(now)),
        }
    }
}

/// The simulated help desks of the demo, by service.
pub fn demo(
    tickets: u32,
    seed: u64,
    plan: DemoPlan,
    now: &Now,
) -> Vec<(&'static str, Box<dyn Simulator>)> {
    let freshdesk = freshdesk::sim::Options::demo(tickets, seed, plan);
    let zendesk = zendesk::sim::Options::demo(tickets, seed, plan);
    let rt = rt::sim::Options::demo(tickets, seed, plan);
    vec![
        (
            "freshdesk",
            Box::new(freshdesk::sim::Simulator::new(freshdesk, Arc::clone(now))),
        ),
        (
            "zendesk",
            Box::new(zendesk::sim::Simulator::new(zendesk, Arc::clone(now))),
        ),
        ("rt", Box::new(rt::sim::Simulator::new(rt, Arc::clone(now)))),
    ]
}
