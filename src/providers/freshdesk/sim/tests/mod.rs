//! What the simulator promises, through its router.

mod limits;
mod recorded;
mod tickets;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderMap, Request, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::*;
use crate::simulator::DemoPlan;

/// Where the clock of the tests starts.
const START: i64 = 1_760_000_000;

/// A simulator with a clock that stands until it is moved.
struct Stage {
    /// What is looked at.
    simulator: Simulator,
    /// The clock, in milliseconds.
    millis: Arc<AtomicI64>,
}

/// An answer, read to its end.
struct Seen {
    /// The status.
    status: StatusCode,
    /// All headers.
    headers: HeaderMap,
    /// The body as JSON; null when it is none.
    body: Value,
    /// The body as it came.
    text: String,
}

impl Seen {
    /// A header's value; empty when it is not there.
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The keys of the body, or of its first element, sorted.
    fn keys(&self) -> Vec<&str> {
        let object = self.body.as_array().map_or(&self.body, |list| &list[0]);
        object
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }
}

impl Stage {
    /// Builds a small demo world, with changed options.
    fn new(set: impl FnOnce(&mut Options)) -> Self {
        let millis = Arc::new(AtomicI64::new(START * 1000));
        let clock = millis.clone();
        let now =
            Arc::new(move || Timestamp::from_millisecond(clock.load(Ordering::SeqCst)).unwrap());
        let mut options = Options::demo(0, 2026, DemoPlan::Unlimited);
        options.api_key = "secret".to_owned();
        options.tickets = 40;
        set(&mut options);
        Self {
            simulator: Simulator::new(options, now),
            millis,
        }
    }

    /// Moves the clock.
    fn pass(&self, time: Duration) {
        let millis = i64::try_from(time.as_millis()).unwrap();
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sends a call with the key.
    async fn send(&self, method: &str, path: &str, content_type: &str, body: String) -> Seen {
        let key = BASE64_STANDARD.encode("secret:X");
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v2/{path}"))
            .header("host", "sim.test")
            .header("authorization", format!("Basic {key}"))
            .header("content-type", content_type)
            .body(Body::from(body))
            .unwrap();
        self.ask(request).await
    }

    /// Sends any request.
    async fn ask(&self, request: Request<Body>) -> Seen {
        let response = self.simulator.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Seen {
            status: parts.status,
            headers: parts.headers,
            body,
            text,
        }
    }

    /// Reads.
    async fn get(&self, path: &str) -> Seen {
        self.send("GET", path, "application/json", String::new())
            .await
    }

    /// Posts JSON.
    async fn post(&self, path: &str, body: Value) -> Seen {
        self.send("POST", path, "application/json", body.to_string())
            .await
    }

    /// Puts JSON.
    async fn put(&self, path: &str, body: Value) -> Seen {
        self.send("PUT", path, "application/json", body.to_string())
            .await
    }

    /// A ticket that is neither in the trash nor spam.
    fn some_ticket(&self) -> u64 {
        self.simulator.inspect(|world| {
            world
                .tickets
                .values()
                .find(|one| one.is_listable())
                .unwrap()
                .id
        })
    }
}

/// The ids of a list.
fn ids(seen: &Seen) -> Vec<u64> {
    seen.body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_u64().unwrap())
        .collect()
}

/// The body that was recorded in 2017, from somebody new.
fn new_ticket() -> Value {
    json!({"subject": "s", "description": "d", "email": "new@acme.example", "priority": 1, "status": 2})
}
