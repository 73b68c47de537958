//! No request outlives its deadline, and a dead help desk is nobody else's trouble.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use deskgate::store::accounts::NewAccount;
use deskgate::transport::http::Transport;
use http::Request;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::util::BoxCloneSyncService;

use crate::calm::budget::reads;
use crate::calm::stage::{figure, gateway, get, open, stand_still, token};
use crate::contract::lab::public;
use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::support::clock;
use crate::support::request::Answer;
use crate::support::upstream::reply;

/// What a request may take beyond its deadline.
const GRACE: Duration = Duration::from_millis(100);
/// Where the second help desk is.
const OTHER: &str = "http://other.test";

/// When each address was called, last.
type Begun = Arc<Mutex<HashMap<String, Instant>>>;

/// A Freshdesk that has every ticket and takes as long as a function of the request says; never answers where that
/// is none.
fn slow(
    wait: impl Fn(&Request<Bytes>) -> Option<Duration> + Send + Sync + 'static,
) -> (Transport, Begun) {
    let (wait, begun) = (Arc::new(wait), Begun::default());
    let kept = Arc::clone(&begun);
    let transport = tower::service_fn(move |request: Request<Bytes>| {
        let path = request.uri().path().to_owned();
        kept.lock().unwrap().insert(path.clone(), Instant::now());
        let wait = wait(&request);
        async move {
            let Some(wait) = wait else {
                return std::future::pending().await;
            };
            sleep(wait).await;
            let (_, mut ticket) = Freshdesk::specimen();
            let id = path.rsplit('/').next().unwrap_or_default();
            ticket["id"] = json!(id.parse::<u64>().unwrap_or(1));
            Ok(reply(200, ticket.to_string()))
        }
    });
    (BoxCloneSyncService::new(transport), begun)
}

/// Sends a thousand reads of as many tickets within ten seconds, each ready to wait for room as long as there is
/// time, and holds each to its deadline. Counts the statuses.
async fn a_thousand_reads(wait: Option<Duration>) -> HashMap<u16, u32> {
    let (transport, called) = slow(move |_| wait);
    let app = gateway::<Freshdesk>(transport, clock()).await;
    stand_still(&app).await;
    let patience = app.edge.request_timeout;
    let mut living = JoinSet::new();
    for number in 0..1000_u32 {
        let app = Arc::clone(&app);
        living.spawn(async move {
            sleep(Duration::from_millis(10) * number).await;
            let id = (1_000_000 + number).to_string();
            let begun = Instant::now();
            let path = format!("/tickets/{}", public(&id));
            let request = get(&app, &app.token, &path).header("prefer", "wait=60");
            let answer = request.await;
            (id, begun, begun.elapsed(), answer)
        });
    }
    let mut statuses: HashMap<u16, u32> = HashMap::new();
    let mut longest = Duration::ZERO;
    for (id, begun, took, answer) in living.join_all().await {
        assert!(took <= patience + GRACE, "{took:?} {answer}");
        longest = longest.max(took);
        *statuses.entry(answer.status.as_u16()).or_default() += 1;
        if answer.status == 503 || answer.status == 429 {
            assert!(figure(&answer, "retry-after").unwrap() >= 1);
        }
        let called = called.lock().unwrap();
        if let Some(last) = called.get(&format!("/api/v2/tickets/{id}")) {
            assert!(*last < begun + patience, "called after the deadline");
        }
    }
    eprintln!("a thousand reads, each answer after {wait:?}: {statuses:?}, longest {longest:?}");
    statuses
}

#[tokio::test]
async fn no_request_outlives_its_deadline_over_a_slow_help_desk() {
    let statuses = a_thousand_reads(Some(Duration::from_secs(3))).await;

    // As many as there is room for: 64 at once, 3 s each.
    assert!(statuses[&200] >= 500, "{statuses:?}");
}

#[tokio::test]
async fn no_request_outlives_its_deadline_over_a_silent_help_desk() {
    let statuses = a_thousand_reads(None).await;

    assert!(!statuses.contains_key(&200), "{statuses:?}");
}

#[tokio::test]
async fn a_dead_help_desk_does_not_slow_another() {
    let is_dead = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let dead = Arc::clone(&is_dead);
    let (transport, called) = slow(move |request| {
        let is_other = request.uri().host() == Some("other.test");
        let is_stuck = is_other && dead.load(std::sync::atomic::Ordering::Relaxed);
        (!is_stuck).then_some(Duration::ZERO)
    });
    let app = gateway::<Freshdesk>(transport, clock()).await;
    let mut credentials = Freshdesk::credentials();
    credentials["url"] = json!(OTHER);
    let other = NewAccount {
        application_id: app.application.clone(),
        service: Freshdesk::SERVICE.into(),
        origin: OTHER.into(),
        account: None,
        name: None,
        options: "{}".into(),
        credentials: credentials.to_string().into(),
    };
    let other = app.edge.store.insert_account(other).await.unwrap().id;
    open(&app, other).await;
    stand_still(&app).await;
    let others = token(&app, other);
    // Both are known to answer, and that they have no limit worth the name.
    for token in [&app.token, &others] {
        get(&app, token, &format!("/tickets/{}", public("1")))
            .await
            .expect(200);
    }
    called.lock().unwrap().clear();
    is_dead.store(true, std::sync::atomic::Ordering::Relaxed);

    let begun = Instant::now();
    let mut stuck = JoinSet::new();
    for number in 0..1000 {
        let (app, token) = (Arc::clone(&app), others.clone());
        stuck.spawn(async move {
            let path = format!("/tickets/{}", public(&(2_000_000 + number).to_string()));
            let answer: Answer = get(&app, &token, &path).await;
            (answer, begun.elapsed())
        });
    }
    sleep(Duration::from_millis(1)).await;
    assert_eq!(called.lock().unwrap().len(), 64);
    for _ in 0..5 {
        for (answer, took) in reads(&app, 40).join_all().await {
            answer.expect(200);
            assert!(took <= Duration::from_millis(5), "{took:?}");
        }
        sleep(Duration::from_secs(1)).await;
    }

    let mut statuses: HashMap<u16, u32> = HashMap::new();
    for (answer, took) in stuck.join_all().await {
        *statuses.entry(answer.status.as_u16()).or_default() += 1;
        if answer.status == 503 {
            assert!(figure(&answer, "retry-after").unwrap() >= 1);
            // Beyond those that were sent, within the wait for room.
            assert!(took <= Duration::from_secs(10) + GRACE, "{took:?}");
        } else {
            assert_eq!(answer.refused(504), "gateway_timeout");
        }
    }
    assert_eq!(statuses, HashMap::from([(503, 936), (504, 64)]));
}
