//! `/v1/accounts/{account_id}/budget`.

use std::sync::Arc;
use std::time::Duration;

use deskgate::providers::freshdesk::sim::Plan;
use deskgate::providers::freshdesk::sim::switches::Window;
use deskgate::store::keys::KeyTerms;
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::calm::stage::{Vendor, figure, gateway, get, running, stand_still};
use crate::contract::lab::public;
use crate::desks::freshdesk::Freshdesk;
use crate::support::request::Answer;
use crate::support::upstream::answering;
use crate::support::{TestApp, clock, connect};

#[tokio::test]
async fn the_budget_shows_what_is_left_and_costs_nothing() {
    let clock = clock();
    let vendor = Vendor::freshdesk(Plan::Trial, Window::Fixed, running(&clock));
    let app = gateway::<Freshdesk>(vendor.transport(), clock).await;
    let own = format!("/v1/accounts/{}/budget", app.account);
    let empty = app.as_application(Method::GET, &own).await.expect(200);
    assert_eq!(empty["limits"], json!([]));
    get(&app, &app.token, &vendor.tickets()[0])
        .await
        .expect(200);
    let spent: u32 = vendor.calls().iter().map(|call| call.credits).sum();
    let calls = vendor.calls().len();

    let by_token = app.as_account(Method::GET, "/v1/accounts/me/budget").await;
    let by_key = app.as_application(Method::GET, &own).await;

    assert_eq!(vendor.calls().len(), calls);
    for answer in [by_token, by_key] {
        assert_eq!(figure(&answer, "x-deskgate-upstream-calls"), Some(0));
        let mut body = answer.expect(200);
        let reset = body["limits"][0]["reset"].take();
        assert!((1..=60).contains(&reset.as_u64().unwrap()), "{reset}");
        assert_eq!(
            body,
            json!({
                "api": "core", "type": "budget",
                "limits": [
                    { "name": "account", "of": null, "limit": 50, "remaining": 50 - spent, "reset": null },
                ],
                "queue": { "interactive": 0, "batch": 0 },
                "in_flight": 0,
                "paused_for": null,
            })
        );
    }
}

#[tokio::test]
async fn the_budget_tells_of_a_pause_that_the_help_desk_asked_for() {
    let (transport, _) = answering(|_| {
        let reply = http::Response::builder()
            .status(429)
            .header("retry-after", "40")
            .body(bytes::Bytes::new());
        Ok(reply.unwrap())
    });
    let app = gateway::<Freshdesk>(transport, clock()).await;
    stand_still(&app).await;
    let refused = get(&app, &app.token, "/tickets/ticket_MQ").await;
    assert_eq!(refused.refused(429), "too_many_service_requests");

    let budget = app.as_account(Method::GET, "/v1/accounts/me/budget").await;

    // The read has waited for the names of the statuses, which were not to be had either.
    let paused_for = budget.expect(200)["paused_for"].as_u64().unwrap();
    assert!((37..=40).contains(&paused_for), "{paused_for}");
}

#[tokio::test]
async fn another_tenants_budget_is_as_unknown_as_none() {
    let clock = clock();
    let vendor = Vendor::freshdesk(Plan::Trial, Window::Fixed, running(&clock));
    let app = gateway::<Freshdesk>(vendor.transport(), clock).await;
    let stranger = app
        .edge
        .store
        .create_key("strangers", KeyTerms::default())
        .await
        .unwrap();
    let theirs = connect::<Freshdesk>(&app.edge.store, &stranger.application_id).await;
    let gone = connect::<Freshdesk>(&app.edge.store, &stranger.application_id).await;
    let strangers_key = format!("APIKey {}", stranger.api_key.expose_secret());
    app.request(Method::DELETE, &format!("/v1/accounts/{gone}"))
        .header("authorization", &strangers_key)
        .await
        .expect(204);

    for account in [theirs, gone] {
        let path = format!("/v1/accounts/{account}/budget");
        for request in [
            app.as_application(Method::GET, &path),
            app.as_account(Method::GET, &path),
        ] {
            let mut body = request.await.expect(404);
            body["id"].take();
            assert_eq!(body["error_code"], "not_found");
            assert!(!body.to_string().contains(&account.to_string()), "{body}");
        }
        let bare = app.request(Method::GET, &path).await;
        assert_eq!(bare.refused(401), "authentication_required");
    }
    assert_eq!(vendor.calls().len(), 0);
}

/// Sends reads of so many tickets at once, each of its own.
pub(crate) fn reads(app: &Arc<TestApp>, count: u32) -> JoinSet<(Answer, Duration)> {
    let mut reads = JoinSet::new();
    for number in 0..count {
        let app = Arc::clone(app);
        let path = format!("/tickets/{}", public(&(1_000_000 + number).to_string()));
        reads.spawn(async move {
            let begun = Instant::now();
            let answer = get(&app, &app.token, &path).await;
            (answer, begun.elapsed())
        });
    }
    reads
}

#[tokio::test]
async fn the_budget_is_told_while_the_queue_is_full_and_nobody_is_kept_who_cannot_stand_in_it() {
    let clock = clock();
    let vendor = Vendor::freshdesk(Plan::Unlimited, Window::Fixed, running(&clock));
    let line = vendor.transport();
    let slow = tower::service_fn(move |request| {
        let line = line.clone();
        async move {
            sleep(Duration::from_secs(3)).await;
            tower::ServiceExt::oneshot(line, request).await
        }
    });
    let slow = tower::util::BoxCloneSyncService::new(slow);
    let app = gateway::<Freshdesk>(slow, clock).await;
    stand_still(&app).await;
    get(&app, &app.token, &vendor.tickets()[0])
        .await
        .expect(200);
    let calls = vendor.calls().len();
    let waiting = reads(&app, 1064);
    sleep(Duration::from_millis(1)).await;

    let begun = Instant::now();
    let budget = app.as_account(Method::GET, "/v1/accounts/me/budget").await;
    let budget = budget.expect(200);
    assert_eq!(budget["queue"], json!({ "interactive": 1000, "batch": 0 }));
    assert_eq!(budget["in_flight"], 64);
    let refused = get(&app, &app.token, &vendor.tickets()[1]).await;
    assert_eq!(figure(&refused, "retry-after"), Some(1));
    assert_eq!(refused.refused(503), "service_not_available");
    assert_eq!(begun.elapsed(), Duration::ZERO);
    assert_eq!(vendor.calls().len(), calls);

    drop(waiting);
    sleep(Duration::from_secs(4)).await;
    let budget = app.as_account(Method::GET, "/v1/accounts/me/budget").await;
    let budget = budget.expect(200);
    assert_eq!(budget["queue"], json!({ "interactive": 0, "batch": 0 }));
    assert_eq!(budget["in_flight"], 0);
}
