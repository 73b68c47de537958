//! `deskgate serve`.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::app::gateway::{self, Settings};
use crate::app::signals::End;
use crate::app::vault_key::open_store;
use crate::app::{Outcome, metrics, signals};
use crate::clock::Clock;
use crate::config::Serve;
use crate::http::audit::Audit;
use crate::http::{self, server};
use crate::store::Store;

/// What a request may take beyond its time once the process ends: for its last steps.
const DRAIN_BEYOND: Duration = Duration::from_secs(5);
/// How often it is looked for what is too old.
const FORGET_EVERY: Duration = Duration::from_mins(10);
/// How long others have the database to themselves while many are forgotten.
const FORGET_PAUSE: Duration = Duration::from_secs(1);

/// Runs the gateway until it is told to end.
pub(super) async fn serve(serve: Serve) -> Outcome {
    let end = signals::end()?;
    let Serve {
        listen,
        public_url,
        metrics_listen,
        request_timeout,
        max_in_flight,
        settle_after,
        drain_delay,
        cors_origins,
        audit_days,
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
        settle_after: Duration::from_secs(settle_after),
        cors_origins,
        allow_upstream: upstreams.allow_upstream,
    };
    tracing::info!(%address, public_url = settings.public_url, "deskgate serves");
    let tasks = TaskTracker::new();
    let ended = CancellationToken::new();
    let (audit, writer) = Audit::into(store.clone(), audit_days > 0);
    tasks.spawn(writer.write(ended.clone()));
    let edge = gateway::edge(store.clone(), clock, audit, settings).await?;
    let (draining, desks) = (Arc::clone(&edge.draining), edge.desks.clone());
    if let Some(address) = metrics_listen {
        metrics::serve(address, &tasks, ended.clone().cancelled_owned()).await?;
    }
    let forgetting = forget(store.clone(), Duration::from_hours(24) * audit_days);
    tasks.spawn(ended.clone().run_until_cancelled_owned(forgetting));
    let pressure = edge.pressure.clone();
    let watching = async move { pressure.watch().await };
    tasks.spawn(ended.clone().run_until_cancelled_owned(watching));
    let end = drained(end, draining, Duration::from_secs(drain_delay));
    let within = Duration::from_secs(request_timeout) + DRAIN_BEYOND;
    server::serve(listener, http::router(edge), end, within).await;
    ended.cancel();
    tasks.close();
    tasks.wait().await;
    desks.settle().await;
    store.close().await;
    Ok(())
}

/// Waits for the end. Once it has come the process is not ready any more, but goes on serving for `delay`: whoever
/// sends requests here has to notice first.
pub(super) async fn drained(
    end: impl Future<Output = End>,
    draining: Arc<AtomicBool>,
    delay: Duration,
) {
    let end = end.await;
    draining.store(true, Ordering::Relaxed);
    if end == End::Terminate {
        sleep(delay).await;
    }
}

/// Forgets, now and then, intents and entries of the audit log that are too old.
async fn forget(store: Store, audit_kept_for: Duration) {
    loop {
        let intents = store.forget_old_intents().await.unwrap_or_else(|error| {
            tracing::warn!(%error, "old intents cannot be forgotten");
            0
        });
        let entries = store.forget_old_audit(audit_kept_for).await;
        let entries = entries.unwrap_or_else(|error| {
            tracing::warn!(%error, "old entries of the audit log cannot be forgotten");
            0
        });
        // There may be more of them.
        let pause = if intents + entries > 0 {
            FORGET_PAUSE
        } else {
            FORGET_EVERY
        };
        sleep(pause).await;
    }
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
