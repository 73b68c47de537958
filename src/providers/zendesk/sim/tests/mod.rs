//! What the simulator promises, through its router.

mod access;
mod comments;
mod exports;
mod lists;
mod many;
mod oauth;
mod people;
mod search;
mod updates;
mod uploads;
mod users;

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

/// Where the clock of the tests starts.
const START: i64 = 1_760_000_000;

/// A simulator with a clock that stands until it is moved.
struct Stage {
    /// What is looked at.
    simulator: Simulator,
    /// The clock, in seconds.
    clock: Arc<AtomicI64>,
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

    /// The ids of a list.
    fn ids(&self, name: &str) -> Vec<u64> {
        let rows = self.body[name].as_array().unwrap();
        rows.iter().map(|one| one["id"].as_u64().unwrap()).collect()
    }

    /// The path and query of a link in the body, below the API.
    fn link(&self, pointer: &str) -> String {
        let link = self.body.pointer(pointer).unwrap().as_str().unwrap();
        link.strip_prefix("http://sim.test/api/v2/")
            .unwrap()
            .to_owned()
    }
}

impl Stage {
    /// Builds a small world, with changed options.
    fn new(set: impl FnOnce(&mut Options)) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let seconds = clock.clone();
        let now = Arc::new(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap());
        let mut options = Options {
            email: "me@desk.example".to_owned(),
            api_token: "secret".to_owned(),
            tickets: 40,
            seed: 7,
            plan: Plan::Unlimited,
            latency: Duration::ZERO,
            switches: Switches::default(),
        };
        set(&mut options);
        Self {
            simulator: Simulator::new(options, now),
            clock,
        }
    }

    /// A small world as it is.
    fn plain() -> Self {
        Self::new(|_| {})
    }

    /// Moves the clock.
    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::SeqCst);
    }

    /// Sends a call as the admin.
    async fn send(&self, method: &str, path: &str, body: &Value) -> Seen {
        self.send_as("me@desk.example/token:secret", method, path, body)
            .await
    }

    /// Sends a call with any pair of Basic authentication.
    async fn send_as(&self, pair: &str, method: &str, path: &str, body: &Value) -> Seen {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v2/{path}"))
            .header("host", "sim.test")
            .header(
                "authorization",
                format!("Basic {}", BASE64_STANDARD.encode(pair)),
            )
            .header("content-type", "application/json")
            .body(Body::from(text))
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
        self.send("GET", path, &Value::Null).await
    }

    /// Posts JSON.
    async fn post(&self, path: &str, body: Value) -> Seen {
        self.send("POST", path, &body).await
    }

    /// Puts JSON.
    async fn put(&self, path: &str, body: Value) -> Seen {
        self.send("PUT", path, &body).await
    }

    /// Deletes.
    async fn delete(&self, path: &str) -> Seen {
        self.send("DELETE", path, &Value::Null).await
    }

    /// Makes a ticket with these attributes besides a comment; gives its number.
    async fn ticket(&self, attributes: Value) -> u64 {
        let mut ticket = json!({"subject": "s", "comment": {"body": "first"}});
        for (name, value) in attributes.as_object().unwrap() {
            ticket[name.as_str()] = value.clone();
        }
        let made = self.post("tickets", json!({"ticket": ticket})).await;
        assert_eq!(made.status, 201, "{}", made.text);
        made.body["ticket"]["id"].as_u64().unwrap()
    }

    /// Changes a ticket.
    async fn change(&self, id: u64, attributes: Value) -> Seen {
        self.put(&format!("tickets/{id}"), json!({"ticket": attributes}))
            .await
    }

    /// The admin's id.
    fn me(&self) -> u64 {
        self.simulator.inspect(|world| world.me)
    }

    /// Some customer's id.
    fn customer(&self) -> u64 {
        self.simulator.inspect(|world| {
            let mut all = world.users.values();
            let fits = |user: &&records_people::User| !user.is_agent() && !user.suspended;
            all.find(fits).unwrap().id
        })
    }
}
