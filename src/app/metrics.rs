//! `/metrics`, on a listener of its own.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::time::interval;
use tokio_util::task::TaskTracker;

use crate::app::Outcome;
use crate::http::server;

/// Upper bounds of the histograms' buckets, in seconds.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0,
];
/// How often what was recorded is folded into the histograms.
const UPKEEP: Duration = Duration::from_secs(5);

/// Begins to count, and serves the figures until `end` comes.
pub(super) async fn serve(
    address: SocketAddr,
    tasks: &TaskTracker,
    end: impl Future<Output = ()> + Send + 'static,
) -> Outcome {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)?
        .build_recorder();
    let figures = recorder.handle();
    metrics::set_global_recorder(recorder).map_err(|_| "figures are counted already")?;
    describe();
    let listener = TcpListener::bind(address)
        .await
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    tracing::info!(address = %listener.local_addr()?, "metrics are served");
    let text = figures.clone();
    let router = Router::new().route(
        "/metrics",
        get(async move || ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text.render())),
    );
    tasks.spawn(async move {
        tokio::select! {
            () = server::serve(listener, router, end, server::DRAIN_WITHIN) => {}
            () = keep_up(figures) => {}
        }
    });
    Ok(())
}

/// Folds what was recorded into the histograms, for ever.
async fn keep_up(figures: PrometheusHandle) {
    let mut ticks = interval(UPKEEP);
    loop {
        ticks.tick().await;
        figures.run_upkeep();
    }
}

/// Says what each figure means.
fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(
        "deskgate_requests_total",
        "Requests answered, by route template, method and status."
    );
    describe_histogram!(
        "deskgate_request_duration_seconds",
        Unit::Seconds,
        "Time from a request's headers to its answer."
    );
    describe_counter!(
        "deskgate_upstream_calls_total",
        "Calls to help desks, by provider, operation and outcome."
    );
    describe_histogram!(
        "deskgate_upstream_duration_seconds",
        Unit::Seconds,
        "Time of one call to a help desk."
    );
    describe_counter!(
        "deskgate_upstream_credits_total",
        "What help desks said their calls cost."
    );
    describe_gauge!(
        "deskgate_upstream_budget_remaining",
        "What was left of the rate limit of the account that called last."
    );
    describe_counter!(
        "deskgate_requests_shed_total",
        "Requests refused at the door because the process is overloaded; in no other figure."
    );
    describe_gauge!(
        "deskgate_lateness_seconds",
        Unit::Seconds,
        "How long a task that is ready waits for its turn."
    );
    describe_counter!(
        "deskgate_credentials_refused_total",
        "Requests with a wrong credential."
    );
    describe_counter!(
        "deskgate_audit_lost_total",
        "Entries of the audit log that could not be written."
    );
    describe_counter!("deskgate_panics_total", "Requests whose handler panicked.");
}
