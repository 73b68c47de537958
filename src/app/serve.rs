//! `deskgate serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::app::gateway::{self, Settings};
use crate::app::vault_key::open_store;
use crate::app::{Outcome, metrics, signals};
use crate::clock::Clock;
use crate::config::Serve;
use crate::http::{self, server};

/// Runs the gateway until it is told to end.
pub(super) async fn serve(serve: Serve) -> Outcome {
    let end = signals::end()?;
    let Serve {
        listen,
        public_url,
        metrics_listen,
        request_timeout,
        max_in_flight,
        database,
        upstreams,
    } = serve;
    let public_url = public_url_of(listen, public_url)?;
    let clock = Clock::system();
    let store = open_store(&database, &clock).await?;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|error| format!("cannot listen on {listen}: {error}"))?;
    let address = listener.local_addr()?;
    let settings = Settings {
        public_url: public_url.unwrap_or_else(|| format!("http://{address}")),
        request_timeout: Duration::from_secs(request_timeout),
        max_in_flight,
        allow_upstream: upstreams.allow_upstream,
    };
    tracing::info!(%address, public_url = settings.public_url, "deskgate serves");
    let edge = gateway::edge(store.clone(), clock, settings)?;
    let (draining, desks) = (Arc::clone(&edge.draining), edge.desks.clone());

    let tasks = TaskTracker::new();
    let ended = CancellationToken::new();
    if let Some(address) = metrics_listen {
        metrics::serve(address, &tasks, ended.clone().cancelled_owned()).await?;
    }
    server::serve(listener, http::router(edge), drained(end, draining)).await;
    ended.cancel();
    tasks.close();
    tasks.wait().await;
    desks.settle().await;
    store.close().await;
    Ok(())
}

/// Waits for the end, and stops being ready when it has come.
pub(super) async fn drained(end: impl Future<Output = ()>, draining: Arc<AtomicBool>) {
    end.await;
    draining.store(true, Ordering::Relaxed);
}

/// The origin of the addresses in answers; none to use the listen address, which only a loopback
/// one may.
fn public_url_of(listen: SocketAddr, public_url: Option<String>) -> Outcome<Option<String>> {
    let Some(text) = public_url else {
        if listen.ip().is_loopback() {
            return Ok(None);
        }
        return Err(format!(
            "DESKGATE_PUBLIC_URL is needed when listening on {listen}: the origin under which clients reach the gateway, \
             such as https://desk.example.com"
        )
        .into());
    };
    let wrong = || {
        format!(
            "DESKGATE_PUBLIC_URL must be an origin such as https://desk.example.com, not {text}"
        )
    };
    let url = Url::parse(&text).map_err(|_| wrong())?;
    let is_origin =
        matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
    if !is_origin || url.fragment().is_some() || !url.username().is_empty() {
        return Err(wrong().into());
    }
    Ok(Some(url.origin().ascii_serialization()))
}
