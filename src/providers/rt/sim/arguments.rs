//! What the command line says of a simulated Request Tracker.

use std::time::Duration;

use clap::Args;

use super::{Options, Simulator, Switches};
use crate::simulator::{self, DemoPlan, Now};

/// What the command line says of one.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What every simulated help desk is asked for.
    #[command(flatten)]
    pub common: simulator::Arguments,
    /// The token of the user root that is accepted. Not a secret: it opens nothing but the simulator.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_TOKEN",
        default_value = "1-14-simulated",
        value_name = "TOKEN"
    )]
    pub token: String,
}

impl Arguments {
    /// Makes it.
    pub fn start(self, now: Now) -> Simulator {
        let options = Options {
            token: self.token,
            latency: Duration::from_millis(self.common.latency_ms),
            ..Options::demo(self.common.tickets, self.common.seed, DemoPlan::Unlimited)
        };
        Simulator::new(options, now)
    }
}

impl Options {
    /// The demo's world: no latency, and a queue with a lifecycle of its own. RT has no rate limits, whatever the
    /// plan. Its tokens are no secrets: they open nothing else.
    pub fn demo(tickets: u32, seed: u64, _: DemoPlan) -> Self {
        Self {
            token: "1-14-demo-rt-token".into(),
            agent_token: "1-35-demo-rt-token".into(),
            password: "demo-rt-password".into(),
            tickets,
            seed,
            latency: Duration::ZERO,
            switches: Switches {
                has_development: true,
                ..Switches::default()
            },
        }
    }
}
