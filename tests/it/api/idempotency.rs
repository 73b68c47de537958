//! Idempotency keys: one request under one key is done once.

use std::future::IntoFuture as _;
use std::time::Duration;

use deskgate::store::keys::KeyTerms;
use deskgate::transport::http::TransportError;
use futures_util::future::join_all;
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::contract::lab::{Lab, address, new_ticket};
use crate::desks::HelpDesk as _;
use crate::desks::freshdesk::Freshdesk;
use crate::support::request::{Answer, Request};
use crate::support::upstream::{Fault, reply};

/// The header.
const KEY: &str = "idempotency-key";

/// Whether an answer says that it was given before.
fn is_replay(answer: &Answer) -> bool {
    answer
        .headers
        .get("idempotency-replayed")
        .is_some_and(|value| value == "true")
}

/// A ticket to be made, under a key.
fn create(lab: &Lab<Freshdesk>, key: &str) -> Request {
    lab.app.post("/tickets", new_ticket()).header(KEY, key)
}

#[tokio::test]
async fn the_first_answer_is_given_again_byte_for_byte() {
    let lab: Lab<Freshdesk> = Lab::start().await;

    let first = create(&lab, "k").await;
    let calls = lab.wire.received.count();
    let again = create(&lab, "\"k\"").await;

    assert!(!is_replay(&first) && is_replay(&again));
    assert_eq!(again.headers["x-deskgate-upstream-calls"], "0");
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(lab.wire.received.count(), calls);
}

#[tokio::test]
async fn of_many_at_once_one_is_done() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let before = lab.desk.tickets().await.len();
    for round in 0..50 {
        let key = format!("key-{round}");
        let answers = join_all((0..20).map(|_| create(&lab, &key).into_future())).await;

        let made: Vec<_> = answers
            .iter()
            .filter(|answer| answer.status == 201)
            .collect();
        assert!(!made.is_empty());
        assert!(made.iter().all(|answer| answer.body == made[0].body));
        assert_eq!(made.iter().filter(|answer| !is_replay(answer)).count(), 1);
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            assert!(answer.headers.contains_key("retry-after"));
            assert_eq!(answer.refused(409), "request_in_progress");
        }
    }

    assert_eq!(lab.desk.tickets().await.len(), before + 50);
}

#[tokio::test]
async fn a_key_stands_for_one_request() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let made = create(&lab, "k").await.expect(201);
    let ticket = address(&made);
    let calls = lab.wire.received.count();
    let other = json!({ "subject": "other", "description": "d", "requester": { "email": "a@example.com" } });
    let comment = json!({ "content": "c" });
    let others = [
        lab.app.post("/tickets", other),
        lab.app.post(&format!("{ticket}/comments"), comment),
        lab.app.patch(&ticket, new_ticket()),
        lab.app.delete(&ticket),
    ];

    for request in others {
        assert_eq!(
            request.header(KEY, "k").await.refused(422),
            "idempotency_key_reused"
        );
    }
    // White space, the order of members and the account's other name make no other request.
    let text = serde_json::to_string_pretty(&new_ticket()).unwrap();
    let path = format!("/v1/accounts/{}/tickets/", lab.app.account);
    let same = lab.app.as_application(Method::POST, &path);
    let same = same.text("application/json", text).header(KEY, "k").await;
    assert!(is_replay(&same), "{same}");
    assert_eq!(lab.wire.received.count(), calls);
}

#[tokio::test]
async fn a_key_is_one_application_s_and_one_account_s() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let second =
        crate::support::connect::<Freshdesk>(&lab.app.edge.store, &lab.app.application).await;
    let first = create(&lab, "k").await.expect(201);

    let path = format!("/v1/accounts/{second}/helpdesk/tickets");
    let other = lab
        .app
        .as_application(Method::POST, &path)
        .json(new_ticket());
    let other = other.header(KEY, "k").await;

    assert!(!is_replay(&other));
    assert_ne!(other.expect(201)["id"], first["id"]);
}

#[tokio::test]
async fn what_makes_something_has_a_key_in_any_case() {
    let lab: Lab<Freshdesk> = Lab::start().await;

    let made = lab.app.post("/tickets", new_ticket()).await;
    let key = made.headers[KEY].to_str().unwrap().to_owned();
    let again = create(&lab, &key).await;

    assert!(is_replay(&again));
    assert_eq!(again.body, made.body);
}

#[tokio::test]
async fn what_was_not_done_leaves_the_key_free() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    // Refused before any call.
    let bad = lab.app.post("/tickets", json!({ "subject": "s" }));
    bad.header(KEY, "k").await.expect(400);
    lab.ticket().await;
    // Not carried out, and may pass.
    let refusals = [429, 429, 429, 401, 403].map(|status| Fault::Instead(Ok(reply(status, ""))));
    lab.wire.disturb(refusals);
    let lab = lab.in_still_time();
    create(&lab, "k").await.expect(429);
    create(&lab, "k").await.expect(401);
    create(&lab, "k").await.expect(403);

    create(&lab, "k").await.expect(201);
}

#[tokio::test]
async fn a_refusal_of_the_help_desk_s_is_an_answer_too() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let mut ticket = new_ticket();
    ticket["group"] = json!("4711");
    let refused = lab
        .app
        .post("/tickets", ticket.clone())
        .header(KEY, "k")
        .await;
    let again = lab.app.post("/tickets", ticket).header(KEY, "k").await;

    assert!(is_replay(&again));
    assert_eq!((refused.status, &refused.body), (again.status, &again.body));
    assert_eq!(again.refused(400), "request_failed");
}

#[tokio::test]
async fn changes_and_removals_are_done_once_too() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let (ticket, _) = lab.ticket().await;
    let patch = json!({ "subject": "changed" });

    let first = lab.app.patch(&ticket, patch.clone()).header(KEY, "p").await;
    let again = lab.app.patch(&ticket, patch).header(KEY, "p").await;
    lab.app.delete(&ticket).header(KEY, "d").await.expect(204);
    let gone = lab.app.delete(&ticket).header(KEY, "d").await;

    assert!(is_replay(&again));
    assert_eq!(first.body, again.body);
    assert!(is_replay(&gone));
    gone.expect(204);
    lab.app.delete(&ticket).header(KEY, "e").await.expect(404);
}

#[tokio::test]
async fn keys_that_are_none_are_refused() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let calls = lab.wire.received.count();
    for key in ["", "\"\"", "a b", &"x".repeat(256)] {
        assert_eq!(create(&lab, key).await.refused(400), "bad_request");
    }
    let twice = create(&lab, "a").header(KEY, "b").await;
    assert_eq!(twice.refused(400), "bad_request");
    assert_eq!(lab.wire.received.count(), calls);

    create(&lab, &"x".repeat(255)).await.expect(201);
}

#[tokio::test]
async fn a_key_is_no_way_around_who_may_ask() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    create(&lab, "k").await.expect(201);
    let path = "/v1/accounts/me/helpdesk/tickets";
    let nobody = lab
        .app
        .request(Method::POST, path)
        .json(new_ticket())
        .header(KEY, "k");
    assert_eq!(nobody.await.refused(401), "authentication_required");
    let stranger = lab
        .app
        .edge
        .store
        .create_key("stranger", KeyTerms::default())
        .await
        .unwrap();
    let path = format!("/v1/accounts/{}/helpdesk/tickets", lab.app.account);
    let stranger = format!("APIKey {}", stranger.api_key.expose_secret());
    let request = lab.app.request(Method::POST, &path).json(new_ticket());

    let foreign = request
        .header("authorization", &stranger)
        .header(KEY, "k")
        .await;

    assert_eq!(foreign.refused(404), "not_found");
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_sent() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let (ticket, _) = lab.ticket().await;
    lab.app.edge.store.close().await;
    lab.wire.received.clear();

    let create = lab.app.post("/tickets", new_ticket()).await;

    assert!(create.headers.contains_key("retry-after"));
    assert_eq!(create.refused(503), "service_not_available");
    assert_eq!(lab.wire.received.count(), 0);
    lab.app.get(&ticket).await.expect(200);
}

#[tokio::test]
async fn two_intended_identical_replies_both_happen() {
    let lab: Lab<Freshdesk> = Lab::start().await;
    let (ticket, made) = lab.ticket().await;
    let comments = format!("{ticket}/comments");
    let answer = |key: &str| {
        let request = lab.app.post(&comments, json!({ "content": "Any news?" }));
        request.header(KEY, key)
    };
    // The answer to the first is lost, and so are those to the looks at what became of it.
    let lost = || Fault::After(Err(TransportError::Interrupted("reset".into())));
    lab.wire
        .disturb(std::iter::once(Fault::Pass).chain((0..10).map(|_| lost())));
    assert_eq!(answer("one").await.refused(504), "outcome_unknown");
    lab.wire.disturb([]);

    let two = answer("two").await.expect(201);
    lab.app.clock.advance(Duration::from_secs(121));
    let one = answer("one").await.expect(201);

    assert_ne!(one["id"], two["id"]);
    let stored = lab
        .desk
        .comments(&crate::contract::lab::upstream(&made))
        .await;
    assert_eq!(stored.len(), 2);
    let ids: Vec<Value> = [one, two].map(|comment| comment["id"].clone()).into();
    let listed = lab.app.get(&comments).await.expect(200);
    assert!(ids.iter().all(|id| {
        listed["objects"]
            .as_array()
            .unwrap()
            .iter()
            .any(|o| o["id"] == *id)
    }));
}
