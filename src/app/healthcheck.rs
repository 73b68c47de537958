//! `deskgate healthcheck`: for containers, which have no curl.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::app::Outcome;
use crate::config::Healthcheck;
use crate::transport::http::network;

/// How long the gateway may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Fails unless the gateway answers that it is alive.
pub(super) async fn healthcheck(healthcheck: Healthcheck) -> Outcome {
    let Healthcheck { mut listen } = healthcheck;
    if listen.ip().is_unspecified() {
        listen = SocketAddr::new(
            match listen.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            },
            listen.port(),
        );
    }
    let request = Request::get(format!("http://{listen}/healthz")).body(Bytes::new())?;
    let answer = timeout(PATIENCE, network(&[])?.calls.oneshot(request))
        .await
        .map_err(|_| "no answer in time")??;
    if answer.status().is_success() {
        Ok(())
    } else {
        Err(format!("the answer is {}", answer.status()).into())
    }
}
