//! `deskgate simulate`.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use tokio::net::TcpListener;

use crate::app::{Outcome, answer, signals};
use crate::clock::Clock;
use crate::http::server;
use crate::providers::Simulate;
use crate::simulator::Now;

/// Runs a simulated help desk until it is told to end.
pub(super) async fn simulate(simulate: Simulate) -> Outcome {
    let end = signals::end()?;
    let (listener, address) = bind(simulate.arguments().listen).await?;
    let simulator = simulate.start(system_time());
    let credentials = simulator.credentials(&format!("http://{address}"));
    answer(&Value::Object(credentials).to_string())?;
    let end = async {
        end.await;
    };
    server::serve(listener, simulator.router(), end, server::DRAIN_WITHIN).await;
    Ok(())
}

/// The system's clock, for simulators.
pub(super) fn system_time() -> Now {
    let clock = Clock::system();
    Arc::new(move || clock.now())
}

/// Listens, and says on which address.
pub(super) async fn bind(listen: SocketAddr) -> Outcome<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}
