//! Nobody sees, guesses or influences what is another application's.

use std::time::{Duration, Instant};

use deskgate::access_token::Scope;
use deskgate::model::id::AccountId;
use deskgate::store::applications::ApplicationId;
use deskgate::store::keys::KeyTerms;
use http::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::desks::freshdesk::Freshdesk;
use crate::support::document::DOCUMENT;
use crate::support::request::{Answer, Request};
use crate::support::upstream::{always, answering, reply};
use crate::support::{TestApp, connect, issue};

/// An account that never was.
const NEVER: &str = "4503599627370497";

/// Another application on the same gateway.
struct Stranger {
    /// Its id.
    application: ApplicationId,
    /// Its key.
    key: SecretString,
    /// Its account.
    account: AccountId,
    /// A token for it.
    token: SecretString,
}

impl Stranger {
    /// Comes along.
    async fn to(app: &TestApp) -> Self {
        let created = app.edge.store.create_key("stranger", KeyTerms::default());
        let created = created.await.unwrap();
        let account = connect::<Freshdesk>(&app.edge.store, &created.application_id).await;
        let scopes = Scope::OF_TOKENS;
        let hour = Duration::from_hours(1);
        let token = issue(&app.edge, &created.application_id, account, &scopes, hour).await;
        Self {
            application: created.application_id,
            key: created.api_key,
            account,
            token,
        }
    }

    /// Its credentials, as they are sent.
    fn credentials(&self) -> [String; 2] {
        [
            format!("APIKey {}", self.key.expose_secret()),
            format!("Bearer {}", self.token.expose_secret()),
        ]
    }
}

/// Every operation of the document that names an account.
fn operations() -> Vec<(Method, String)> {
    let mut operations = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for verb in item.as_object().unwrap().keys() {
            let verb: Method = verb.to_ascii_uppercase().parse().unwrap();
            if path.contains("{account_id}") {
                operations.push((verb, path.clone()));
            }
        }
    }
    operations
}

/// One of them for this account, and a ticket and comment that it has.
fn request(app: &TestApp, method: &Method, path: &str, account: &str) -> Request {
    let path = path
        .replace("{account_id}", account)
        .replace("{ticket_id}", "ticket_MQ")
        .replace("{comment_id}", "comment_MQ");
    let request = app
        .request(method.clone(), &path)
        .header("x-kloudless-raw-uri", "/api/v2/tickets");
    match *method {
        Method::POST | Method::PATCH => request.json(json!({})),
        _ => request,
    }
}

/// What tells two answers apart, but for what is random in each.
fn seen(answer: Answer) -> (u16, Vec<String>, Value) {
    let status = answer.status.as_u16();
    let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    let mut body = answer.body;
    body.as_object_mut().unwrap().remove("id");
    (status, names, body)
}

#[tokio::test]
async fn on_no_route_an_account_of_somebody_else_differs_from_one_that_never_was() {
    let (transport, received) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let stranger = Stranger::to(&app).await;
    let operations = operations();
    assert!(operations.len() >= 16, "{operations:?}");
    for (method, path) in &operations {
        let foreign = app.account.to_string();
        for credential in stranger.credentials() {
            let ask = async |account: &str| {
                let request = request(&app, method, path, account);
                seen(request.header("authorization", &credential).await)
            };
            let (status, names, body) = ask(&foreign).await;
            assert_eq!((status, names, body), ask(NEVER).await, "{method} {path}");
            // A token may lack the right to do it anywhere.
            assert!(
                status == 404 || (status == 403 && credential.starts_with("Bearer")),
                "{method} {path}: {status}"
            );
        }
        let nobody = request(&app, method, path, &foreign).await;
        assert_eq!(nobody.refused(401), "authentication_required");
    }
    assert_eq!(received.count(), 0);
    // It is all still there.
    let own = format!("/v1/accounts/{}", app.account);
    app.as_application(Method::GET, &own).await.expect(200);
}

#[tokio::test]
async fn also_the_time_that_it_takes_tells_nothing() {
    let (transport, _) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let stranger = Stranger::to(&app).await;
    let [key, _] = stranger.credentials();
    let path = "/v1/accounts/{account_id}/helpdesk/tickets/{ticket_id}";
    let own = app.account.to_string();
    // At hand, as an account in use is.
    app.get("/tickets/ticket_MQ").await;
    let (mut foreign, mut never) = (Vec::new(), Vec::new());
    for _ in 0..150 {
        for (account, times) in [(&*own, &mut foreign), (NEVER, &mut never)] {
            let request = request(&app, &Method::GET, path, account);
            let begun = Instant::now();
            request
                .header("authorization", &key)
                .unchecked()
                .await
                .expect(404);
            times.push(begun.elapsed());
        }
    }
    foreign.sort_unstable();
    never.sort_unstable();
    let (foreign, never) = (foreign[75], never[75]);
    let ratio = foreign.as_secs_f64() / never.as_secs_f64();
    assert!((0.5..2.0).contains(&ratio), "{foreign:?} and {never:?}");
}

#[tokio::test]
async fn what_one_has_kept_is_nothing_to_another() {
    let (app, _) = TestApp::freshdesk().await;
    let stranger = Stranger::to(&app).await;
    let [key, token] = stranger.credentials();
    let tickets = "/v1/accounts/me/helpdesk/tickets";
    let ask = |method, path: &str, credential: &str| {
        app.request(method, path)
            .header("authorization", credential)
    };

    // Page tokens.
    let page = app.get("/tickets?page_size=10").await.expect(200);
    let page = page["next_page"].as_str().unwrap();
    app.get(&format!("/tickets?page={page}")).await.expect(200);
    let foreign = ask(Method::GET, &format!("{tickets}?page={page}"), &token).await;
    let garbage = ask(Method::GET, &format!("{tickets}?page=AAAA"), &token).await;
    assert_eq!(seen(foreign), seen(garbage));
    let mut accounts = Vec::new();
    for _ in 0..3 {
        accounts.push(connect::<Freshdesk>(&app.edge.store, &app.application).await);
    }
    let page = app
        .as_application(Method::GET, "/v1/accounts?page_size=2")
        .await;
    let page = page.expect(200)["next_page"].as_str().unwrap().to_owned();
    let foreign = ask(Method::GET, &format!("/v1/accounts?page={page}"), &key).await;
    assert_eq!(foreign.refused(400), "bad_request");

    // Idempotency keys: the same one is another's own.
    let body =
        json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } });
    let make = |credential: &str| {
        ask(Method::POST, tickets, credential)
            .header("idempotency-key", "one")
            .json(&body)
    };
    let own = format!("Bearer {}", app.token.expose_secret());
    let first = make(&own).await.expect(201);
    let again = make(&own).await;
    assert!(again.headers.contains_key("idempotency-replayed"));
    let other = make(&token).await;
    assert!(!other.headers.contains_key("idempotency-replayed"));
    assert_ne!(other.expect(201)["id"], first["id"]);

    // Lists.
    let listed = ask(Method::GET, "/v1/accounts", &key).await.expect(200);
    let ids: Vec<_> = listed["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| object["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, [stranger.account.get()]);
}

/// Two applications with an account each of help desks that have the same ids: what one reads is never the other's, in whatever
/// order and however many at once.
#[tokio::test]
async fn reads_of_two_tenants_never_cross() {
    use futures_util::future::join_all;
    let (transport, _) = answering(|request| {
        let key = request.headers()["authorization"]
            .to_str()
            .unwrap()
            .to_owned();
        let id = request.uri().path().rsplit('/').next().unwrap().to_owned();
        let ticket = json!({
            "id": id.parse::<u64>().unwrap_or(1), "subject": key, "status": 2, "priority": 1, "source": 2,
            "created_at": "2026-11-20T19:00:00Z", "updated_at": "2026-11-20T19:00:00Z", "description_text": "d",
            "requester_id": 1, "spam": false, "cc_emails": [], "fwd_emails": [], "reply_cc_emails": [],
            "tags": [], "custom_fields": {}, "to_emails": null, "fr_escalated": false, "is_escalated": false,
        });
        Ok(reply(200, ticket.to_string()))
    });
    let app = TestApp::over(transport).await;
    let stranger = Stranger::to(&app).await;
    // Another credential for the same address: that is all that differs upstream.
    let change = deskgate::store::accounts::AccountChange {
        credentials: Some(
            json!({ "url": crate::support::UPSTREAM_URL, "api_key": "another-key-of-a-stranger" })
                .to_string()
                .into(),
        ),
        ..Default::default()
    };
    let changed = app
        .edge
        .store
        .update_account(&stranger.application, stranger.account, change)
        .await;
    changed.unwrap().unwrap();
    let [_, foreign] = stranger.credentials();
    let own = format!("Bearer {}", app.token.expose_secret());
    let read = async |credential: &str, id: u64| {
        use base64::Engine as _;
        let id = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(id.to_string());
        let path = format!("/v1/accounts/me/helpdesk/tickets/ticket_{id}");
        let request = app
            .request(Method::GET, &path)
            .header("authorization", credential);
        request.unchecked().await.expect(200)["subject"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (mine, theirs) = (read(&own, 1).await, read(&foreign, 1).await);
    assert_ne!(mine, theirs);
    for round in 0..100_u64 {
        let asked = (0..50_u64).map(|place| {
            // A few ids, so that many reads of both are under way at the same time.
            let (is_own, id) = ((round * 7 + place * 13) % 3 != 0, 1 + (round + place) % 4);
            let (credential, expected) = if is_own {
                (&own, &mine)
            } else {
                (&foreign, &theirs)
            };
            let read = read(credential, id);
            async move { assert_eq!(read.await, *expected) }
        });
        join_all(asked).await;
    }
}

#[tokio::test]
async fn lists_never_show_another_tenants_rows_while_both_change() {
    let (app, _) = TestApp::freshdesk().await;
    let stranger = Stranger::to(&app).await;
    let [key, _] = stranger.credentials();
    let store = app.edge.store.clone();
    let (own, other) = (app.application.clone(), stranger.application.clone());
    let changes = TaskTracker::new().spawn(async move {
        for round in 0..40 {
            let owner = if round % 2 == 0 { &own } else { &other };
            let account = connect::<Freshdesk>(&store, owner).await;
            if round % 3 == 0 {
                store.delete_account(owner, account).await.unwrap();
            }
        }
    });
    let mut seen = Vec::new();
    while !changes.is_finished() {
        let listed = app
            .request(Method::GET, "/v1/accounts?page_size=1000")
            .header("authorization", &key)
            .unchecked()
            .await;
        let listed = listed.expect(200);
        seen.extend(
            listed["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|object| object["id"].as_u64().unwrap()),
        );
    }
    changes.await.unwrap();
    seen.sort_unstable();
    seen.dedup();
    assert!(seen.contains(&stranger.account.get()));
    for id in seen {
        let found = app
            .edge
            .store
            .inspect_account(AccountId::new(id).unwrap())
            .await
            .unwrap();
        assert!(found.is_none_or(|account| account.application_id == stranger.application));
    }
}
