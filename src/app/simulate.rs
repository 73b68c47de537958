//! `deskgate simulate`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use crate::app::{Outcome, answer, signals};
use crate::clock::Clock;
use crate::config::{FreshdeskPlan, Simulate, SimulateFreshdesk};
use crate::http::server;
use crate::providers::freshdesk::sim::{Options, Plan, Simulator, Switches};

/// Runs a simulated help desk until it is told to end.
pub(super) async fn simulate(simulate: Simulate) -> Outcome {
    let end = signals::end()?;
    let Simulate::Freshdesk(options) = simulate;
    let SimulateFreshdesk {
        listen,
        api_key,
        tickets,
        seed,
        plan,
        latency_ms,
    } = options;
    let latency = Duration::from_millis(latency_ms);
    let simulator = freshdesk(api_key.clone(), tickets, seed, plan, latency);
    let (listener, address) = bind(listen).await?;
    answer(&json!({ "url": format!("http://{address}"), "api_key": api_key }).to_string())?;
    server::serve(listener, simulator.router(), end).await;
    Ok(())
}

/// A simulated Freshdesk on the system's clock.
pub(super) fn freshdesk(
    api_key: String,
    tickets: u32,
    seed: u64,
    plan: FreshdeskPlan,
    latency: Duration,
) -> Simulator {
    let plan = match plan {
        FreshdeskPlan::Trial => Plan::Trial,
        FreshdeskPlan::Growth => Plan::Growth,
        FreshdeskPlan::Pro => Plan::Pro,
        FreshdeskPlan::Enterprise => Plan::Enterprise,
        FreshdeskPlan::Unlimited => Plan::Unlimited,
    };
    let clock = Clock::system();
    let options = Options {
        api_key,
        tickets,
        seed,
        plan,
        latency,
        switches: Switches::default(),
    };
    Simulator::new(options, Arc::new(move || clock.now()))
}

/// Listens, and says on which address.
pub(super) async fn bind(listen: SocketAddr) -> Outcome<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
