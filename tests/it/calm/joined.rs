//! The same read that is on its way already is not sent again.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use bytes::Bytes;
use deskgate::transport::http::Transport;
use http::{Method, Request};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tower::ServiceExt as _;
use tower::util::BoxCloneSyncService;

use crate::calm::stage::{figure, gateway, get, open, stand_still, token};
use crate::contract::lab::public;
use crate::desks::HelpDesk;
use crate::desks::freshdesk::Freshdesk;
use crate::support::{clock, connect};

/// A gate in front of a help desk's answers: what it has done is told when the gate lets it.
#[derive(Clone)]
struct Gate {
    /// Whether the next read is held.
    holds: Arc<AtomicBool>,
    /// How many answers may go.
    leave: Arc<Semaphore>,
}

impl Gate {
    /// An open one.
    fn new() -> Self {
        Self {
            holds: Arc::default(),
            leave: Arc::new(Semaphore::new(0)),
        }
    }

    /// A line through it.
    fn before(&self, line: Transport) -> Transport {
        let gate = self.clone();
        BoxCloneSyncService::new(tower::service_fn(move |request: Request<Bytes>| {
            let (line, gate) = (line.clone(), gate.clone());
            async move {
                let is_held = request.method() == Method::GET && gate.holds.load(Relaxed);
                let answer = line.oneshot(request).await;
                if is_held {
                    gate.leave.acquire().await.unwrap().forget();
                }
                answer
            }
        }))
    }
}

#[tokio::test]
async fn a_hundred_equal_reads_at_once_are_one_call_and_of_two_accounts_two() {
    let clock = clock();
    let desk = Freshdesk::with(
        3,
        deskgate::providers::freshdesk::sim::Switches::default(),
        &clock,
    );
    let gate = Gate::new();
    let app = gateway::<Freshdesk>(gate.before(desk.transport()), clock).await;
    let second = connect::<Freshdesk>(&app.edge.store, &app.application).await;
    let ticket = desk.create("read by many", 60).await;
    let path = format!("/tickets/{}", public(&ticket));
    open(&app, second).await;
    stand_still(&app).await;
    for account in [app.account, second] {
        // What is remembered for minutes is no part of it.
        get(&app, &token(&app, account), &path).await.expect(200);
    }
    for accounts in [vec![app.account], vec![app.account, second]] {
        desk.simulator.clear_calls();
        gate.holds.store(true, Relaxed);
        let mut reads = JoinSet::new();
        for number in 0..100 {
            let token = token(&app, accounts[number % accounts.len()]);
            let (app, path) = (Arc::clone(&app), path.clone());
            reads.spawn(async move { get(&app, &token, &path).await });
        }
        // In still time this ends when all of them wait.
        sleep(Duration::from_millis(1)).await;

        assert_eq!(desk.simulator.calls().len(), accounts.len());
        assert!(reads.try_join_next().is_none());
        gate.holds.store(false, Relaxed);
        gate.leave.add_permits(accounts.len());
        let answers = reads.join_all().await;

        assert_eq!(desk.simulator.calls().len(), accounts.len());
        let cost = |answer| figure(answer, "x-deskgate-upstream-calls").unwrap();
        let costs: u32 = answers.iter().map(cost).sum();
        assert_eq!(usize::try_from(costs).unwrap(), accounts.len());
        for answer in answers {
            assert_eq!(answer.expect(200)["subject"], "read by many");
        }
    }
}

#[tokio::test]
async fn reads_of_other_things_are_not_joined() {
    let clock = clock();
    let desk = Freshdesk::with(
        3,
        deskgate::providers::freshdesk::sim::Switches::default(),
        &clock,
    );
    let gate = Gate::new();
    let app = gateway::<Freshdesk>(gate.before(desk.transport()), clock).await;
    let [one, other] = [desk.create("one", 60).await, desk.create("other", 50).await];
    let paths = [
        format!("/tickets/{}", public(&one)),
        format!("/tickets/{}", public(&other)),
        format!("/tickets/{}/comments", public(&one)),
    ];
    stand_still(&app).await;
    get(&app, &app.token, &paths[0]).await.expect(200);
    desk.simulator.clear_calls();
    gate.holds.store(true, Relaxed);
    let mut reads = JoinSet::new();
    for path in paths.clone() {
        let app = Arc::clone(&app);
        reads.spawn(async move { get(&app, &app.token, &path).await });
    }
    sleep(Duration::from_millis(1)).await;

    assert_eq!(desk.simulator.calls().len(), paths.len());
    gate.leave.add_permits(100);
    for answer in reads.join_all().await {
        assert_eq!(figure(&answer, "x-deskgate-upstream-calls"), Some(1));
        answer.expect(200);
    }
}

#[tokio::test]
async fn a_read_after_a_write_sees_it_even_while_an_older_read_is_on_its_way() {
    let clock = clock();
    let desk = Freshdesk::with(
        3,
        deskgate::providers::freshdesk::sim::Switches::default(),
        &clock,
    );
    let gate = Gate::new();
    let app = gateway::<Freshdesk>(gate.before(desk.transport()), clock).await;
    let ticket = desk.create("before", 60).await;
    let path = format!("/tickets/{}", public(&ticket));
    stand_still(&app).await;
    get(&app, &app.token, &path).await.expect(200);

    gate.holds.store(true, Relaxed);
    let mut older = JoinSet::new();
    for _ in 0..2 {
        let (app, path) = (Arc::clone(&app), path.clone());
        older.spawn(async move { get(&app, &app.token, &path).await });
    }
    sleep(Duration::from_millis(1)).await;
    gate.holds.store(false, Relaxed);
    app.patch(&path, json!({ "subject": "after" }))
        .await
        .expect(200);
    let read = get(&app, &app.token, &path).await.expect(200);

    assert_eq!(read["subject"], "after");
    assert!(older.try_join_next().is_none());
    gate.leave.add_permits(100);
    for answer in older.join_all().await {
        assert_eq!(answer.expect(200)["subject"], "before");
    }
}

#[tokio::test]
async fn whoever_joins_is_served_although_the_first_has_gone() {
    let clock = clock();
    let desk = Freshdesk::with(
        3,
        deskgate::providers::freshdesk::sim::Switches::default(),
        &clock,
    );
    let gate = Gate::new();
    let app = gateway::<Freshdesk>(gate.before(desk.transport()), clock).await;
    let ticket = desk.create("read by two", 60).await;
    let path = format!("/tickets/{}", public(&ticket));
    stand_still(&app).await;
    get(&app, &app.token, &path).await.expect(200);
    desk.simulator.clear_calls();
    gate.holds.store(true, Relaxed);
    let mut reads = JoinSet::new();
    let read = |app: &Arc<_>| {
        let (app, path) = (Arc::clone(app), path.clone());
        async move { get(&app, &app.token, &path).await }
    };
    let first = reads.spawn(read(&app));
    sleep(Duration::from_millis(1)).await;
    reads.spawn(read(&app));
    sleep(Duration::from_millis(1)).await;

    first.abort();
    sleep(Duration::from_millis(1)).await;
    gate.leave.add_permits(1);

    assert!(reads.join_next().await.unwrap().is_err());
    reads.join_next().await.unwrap().unwrap().expect(200);
    assert_eq!(desk.simulator.calls().len(), 1);
}
