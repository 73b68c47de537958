//! Accepts connections.
//!
//! A loop of our own over hyper: `axum::serve` sets no timeout for headers, so that a client which
//! sends none holds its connection for ever, and lets the buffer of each connection grow to some
//! 400 KB.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;
use tower::{Service, ServiceExt as _};

/// How long a connection may take to send its next request's headers, or stay idle.
const HEADERS_WITHIN: Duration = Duration::from_secs(30);
/// Bytes that a connection's buffer may grow to before more is read: so it has less than twice as many. Headers that do not
/// fit, or are more than a hundred, are refused.
const BUFFER: usize = 32 * 1024;
/// Connections at once; further ones wait in the system's queue.
const MAX_CONNECTIONS: usize = 10_000;
/// How long requests under way may take at the end where nothing else is said.
pub const DRAIN_WITHIN: Duration = Duration::from_secs(30);

/// Serves until `end` comes, then lets the requests under way finish, which have `within` for it.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    end: impl Future<Output = ()>,
    within: Duration,
) where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let connections = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let tracker = TaskTracker::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS_WITHIN)
        .max_buf_size(BUFFER)
        .pipeline_flush(true);

    let welcome = |stream: TcpStream, permit: OwnedSemaphorePermit| {
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let answer = service_fn(move |request: Request<Incoming>| {
            service.clone().oneshot(request.map(Body::new))
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), answer));
        tracker.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    };
    let accept = async {
        loop {
            let Ok(permit) = Arc::clone(&connections).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => welcome(stream, permit),
                Err(error) => {
                    // Out of file descriptors, or the peer is gone already: neither ends the server.
                    tracing::warn!(%error, "a connection cannot be accepted");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
    };
    tokio::select! {
        () = accept => {}
        () = end => {}
    }
    // Whoever waits in the system's queue is connected as far as they know: closing would break their requests off.
    while let Ok(permit) = Arc::clone(&connections).try_acquire_owned()
        && let Some(Ok((stream, _))) = listener.accept().now_or_never()
    {
        welcome(stream, permit);
    }
    drop(listener);
    if timeout(within, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still under way when time was up");
    }
    tracker.close();
}
