//! A help desk that fails is left in peace for a while, and hardly called more often than it was asked for.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use deskgate::store::accounts::NewAccount;
use deskgate::transport::breaker::{FAILURES_IN_A_ROW, FIRST_OPEN};
use deskgate::transport::http::{Transport, TransportError};
use http::Request;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tower::util::BoxCloneSyncService;

use crate::calm::stage::{figure, gateway, get, open, stand_still, token};
use crate::contract::lab::public;
use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::support::upstream::{Outcome, reply};
use crate::support::{TestApp, clock};

/// How a Freshdesk answers a call, by the call's number.
type Mood = fn(usize) -> Outcome;

/// A Freshdesk with a mood.
#[derive(Clone)]
struct Moody {
    /// How it answers just now.
    mood: Arc<Mutex<Mood>>,
    /// How long it takes.
    takes: Arc<Mutex<Duration>>,
    /// How often it was called.
    calls: Arc<AtomicUsize>,
}

impl Moody {
    /// A good one.
    fn new() -> Self {
        Self {
            mood: Arc::new(Mutex::new(good)),
            takes: Arc::default(),
            calls: Arc::default(),
        }
    }

    /// Sets how it answers from now on.
    fn set(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
        self.calls.store(0, Relaxed);
    }

    /// How often it was called since then.
    fn calls(&self) -> usize {
        self.calls.load(Relaxed)
    }

    /// The line to it. The host `other.test` is another one, and always well.
    fn transport(&self) -> Transport {
        let desk = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request<_>| {
            let desk = desk.clone();
            async move {
                if request.uri().host() == Some("other.test") {
                    return good(0);
                }
                let number = desk.calls.fetch_add(1, Relaxed);
                let (mood, takes) = (*desk.mood.lock().unwrap(), *desk.takes.lock().unwrap());
                if !takes.is_zero() {
                    sleep(takes).await;
                }
                mood(number)
            }
        }))
    }
}

/// Answers well: the ticket with the number 1.
#[expect(clippy::unnecessary_wraps, reason = "it is one of the moods")]
fn good(_: usize) -> Outcome {
    let (_, ticket) = Freshdesk::specimen();
    Ok(reply(200, ticket.to_string()))
}

/// Where the ticket is.
fn ticket() -> String {
    format!("/tickets/{}", public("1"))
}

#[tokio::test]
async fn ten_failures_in_a_row_open_the_breaker_and_one_good_probe_closes_it() {
    let failures: [Mood; 4] = [
        |_| Ok(reply(500, "")),
        |_| Err(TransportError::Connect("refused".into())),
        |_| Err(TransportError::Interrupted("reset".into())),
        |_| Err(TransportError::Timeout),
    ];
    for fail in failures {
        let desk = Moody::new();
        let app = gateway::<Freshdesk>(desk.transport(), clock()).await;
        let other = NewAccount {
            application_id: app.application.clone(),
            service: Freshdesk::SERVICE.into(),
            origin: "http://other.test".into(),
            account: None,
            name: None,
            options: "{}".into(),
            credentials: json!({ "url": "http://other.test", "api_key": "another-key" })
                .to_string()
                .into(),
        };
        let other = app.edge.store.insert_account(other).await.unwrap().id;
        open(&app, other).await;
        stand_still(&app).await;
        let others = token(&app, other);
        get(&app, &app.token, &ticket()).await.expect(200);
        desk.set(fail);

        // Three attempts each, and the last one of the fourth is not made.
        for tried in [3, 6, 9, 10] {
            let answer = get(&app, &app.token, &ticket()).await;
            assert!(matches!(answer.status.as_u16(), 502 | 504), "{answer}");
            assert_eq!(desk.calls(), tried);
        }
        assert_eq!(desk.calls(), usize::try_from(FAILURES_IN_A_ROW).unwrap());
        let opened = Instant::now();
        for _ in 0..100 {
            let refused = get(&app, &app.token, &ticket()).await;
            assert_eq!(figure(&refused, "retry-after"), Some(5));
            assert_eq!(refused.refused(503), "service_not_available");
            get(&app, &others, &ticket()).await.expect(200);
        }
        assert!(opened.elapsed() <= Duration::from_millis(5));
        assert_eq!(desk.calls(), 10);

        // A probe that fails keeps it open for twice as long.
        sleep(FIRST_OPEN).await;
        assert!(
            get(&app, &app.token, &ticket())
                .await
                .status
                .is_server_error()
        );
        assert_eq!(desk.calls(), 11);
        let refused = get(&app, &app.token, &ticket()).await;
        assert_eq!(figure(&refused, "retry-after"), Some(10));
        assert_eq!(desk.calls(), 11);

        desk.set(good);
        *desk.takes.lock().unwrap() = Duration::from_secs(1);
        sleep(FIRST_OPEN * 2).await;
        let mut reads = JoinSet::new();
        for number in 1..=20 {
            let app = Arc::clone(&app);
            let path = format!("/tickets/{}", public(&number.to_string()));
            reads.spawn(async move { get(&app, &app.token, &path).await.status.as_u16() });
        }
        let statuses = reads.join_all().await;
        assert_eq!(desk.calls(), 1);
        assert_eq!(statuses.iter().filter(|status| **status == 503).count(), 19);
        for _ in 0..5 {
            get(&app, &app.token, &ticket()).await.expect(200);
        }
        tokio::time::resume();
    }
}

#[tokio::test]
async fn refusals_never_open_the_breaker() {
    let refusals: [(Mood, u16); 6] = [
        (|_| Ok(reply(400, "{}")), 400),
        (|_| Ok(reply(401, "{}")), 401),
        (|_| Ok(reply(403, "{}")), 403),
        (|_| Ok(reply(404, "")), 404),
        (|_| Ok(reply(409, "{}")), 409),
        (|_| Ok(reply(429, "{}")), 429),
    ];
    for (refuse, status) in refusals {
        let desk = Moody::new();
        let app = gateway::<Freshdesk>(desk.transport(), clock()).await;
        stand_still(&app).await;
        get(&app, &app.token, &ticket()).await.expect(200);
        desk.set(refuse);

        for _ in 0..40 {
            get(&app, &app.token, &ticket()).await.expect(status);
        }

        assert!(desk.calls() >= 40);
        desk.set(good);
        get(&app, &app.token, &ticket()).await.expect(200);
        tokio::time::resume();
    }
}

/// Sends a hundred requests a second for so long, each for a ticket of its own. Counts those that were answered at
/// all by the help desk.
async fn press(app: &Arc<TestApp>, seconds: u32) -> usize {
    let mut reads = JoinSet::new();
    for number in 0..seconds * 100 {
        let app = Arc::clone(app);
        reads.spawn(async move {
            sleep(Duration::from_millis(10) * number).await;
            let path = format!("/tickets/{}", public(&(number + 1).to_string()));
            let answer = get(&app, &app.token, &path).await;
            usize::from(figure(&answer, "x-deskgate-upstream-calls").unwrap() > 0)
        });
    }
    reads.join_all().await.iter().sum()
}

#[tokio::test]
async fn retries_add_a_fifth_at_most_while_a_help_desk_fails() {
    let desk = Moody::new();
    let app = gateway::<Freshdesk>(desk.transport(), clock()).await;
    stand_still(&app).await;
    get(&app, &app.token, &ticket()).await.expect(200);
    // So often that each request would be tried half again as often, and not so often that the breaker opens.
    desk.set(|number| {
        if number % 5 < 2 {
            Ok(reply(503, ""))
        } else {
            good(0)
        }
    });

    let first_attempts = press(&app, 10).await;

    let calls = desk.calls();
    eprintln!("two of five calls fail: {first_attempts} first attempts, {calls} calls");
    assert!(first_attempts >= 990, "{first_attempts}");
    assert!(calls > first_attempts);
    assert!(
        calls * 4 <= first_attempts * 5 + 40,
        "{calls} {first_attempts}"
    );
}

#[tokio::test]
async fn a_help_desk_that_fails_completely_is_hardly_called() {
    let desk = Moody::new();
    let app = gateway::<Freshdesk>(desk.transport(), clock()).await;
    stand_still(&app).await;
    get(&app, &app.token, &ticket()).await.expect(200);
    desk.set(|_| Ok(reply(503, "")));

    let first_attempts = press(&app, 20).await;

    let calls = desk.calls();
    eprintln!("every call fails: 2000 requests, {first_attempts} first attempts, {calls} calls");
    assert!(
        calls * 4 <= first_attempts * 5 + 40,
        "{calls} {first_attempts}"
    );
    // Ten that open the breaker, those under way by then, and a probe after 5 s and 15 s.
    assert!(calls <= 20, "{calls}");
}
