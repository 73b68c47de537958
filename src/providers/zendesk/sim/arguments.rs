//! What the command line says of a simulated Zendesk.

use std::time::Duration;

use clap::Args;

use super::{Options, Plan, Simulator, Switches};
use crate::simulator::{self, DemoPlan, Now};

/// What the command line says of one.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What every simulated help desk is asked for.
    #[command(flatten)]
    pub common: simulator::Arguments,
    /// The e-mail address of the agent whose token is accepted, an admin.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_EMAIL",
        default_value = "agent@example.com",
        value_name = "ADDRESS"
    )]
    pub email: String,
    /// The API token that is accepted. Not a secret: it opens nothing but the simulator.
    #[arg(
        long,
        env = "DESKGATE_SIMULATE_API_TOKEN",
        default_value = "simulated-token",
        value_name = "TOKEN"
    )]
    pub api_token: String,
    /// The plan whose rate limits the help desk has: team, growth, enterprise or unlimited.
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
            email: self.email,
            api_token: self.api_token,
            tickets: self.common.tickets,
            seed: self.common.seed,
            plan: self.plan,
            latency: Duration::from_millis(self.common.latency_ms),
            switches: Switches::default(),
        };
        Simulator::new(options, now)
    }
}

impl Options {
    /// The demo's world: no latency. Its token is no secret: it opens nothing else.
    pub fn demo(tickets: u32, seed: u64, plan: DemoPlan) -> Self {
        Self {
            email: "agent@example.com".into(),
            api_token: "demo-zendesk-token".into(),
            tickets,
            seed,
            plan: match plan {
                DemoPlan::Small => Plan::Team,
                DemoPlan::Medium => Plan::Growth,
                DemoPlan::Large => Plan::Enterprise,
                DemoPlan::Unlimited => Plan::Unlimited,
            },
            latency: Duration::ZERO,
            switches: Switches::default(),
        }
    }
}
