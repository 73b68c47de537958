//! Accounts.

use deskgate::providers::freshdesk::sim::Fault;
use http::Method;
use serde_json::json;

use crate::support::upstream::always;
use crate::support::{PUBLIC_URL, TestApp, UPSTREAM_KEY, UPSTREAM_URL};

#[tokio::test]
async fn a_credential_is_tried_before_it_is_stored() {
    let (app, simulator) = TestApp::freshdesk().await;
    let connect = |query: &str, key: &str| {
        let body =
            json!({ "service": "freshdesk", "url": UPSTREAM_URL, "api_key": key, "name": "Mine" });
        app.as_application(Method::POST, &format!("/v1/accounts{query}"))
            .json(body)
    };

    let account = connect("", UPSTREAM_KEY).await.expect(201);
    assert_eq!(
        connect("", "wrong").await.refused(401),
        "service_unauthorized"
    );
    assert_eq!(simulator.calls().len(), 2);
    let untried = connect("?verify=false", "wrong").await.expect(201);
    assert_eq!(simulator.calls().len(), 2);

    assert_eq!(
        (&account["service"], &account["name"], &account["active"]),
        (&json!("freshdesk"), &json!("Mine"), &json!(true))
    );
    assert!(account["account"].as_str().unwrap().contains('@'));
    assert_eq!(
        account["href"],
        format!("{PUBLIC_URL}/v1/accounts/{}", account["id"])
    );
    assert!(account["id"].as_u64().unwrap() < 1 << 53);
    let tickets = |id: &serde_json::Value| {
        app.as_application(Method::GET, &format!("/v1/accounts/{id}/helpdesk/tickets"))
    };
    tickets(&account["id"]).await.expect(200);
    assert_eq!(
        tickets(&untried["id"]).await.refused(401),
        "service_unauthorized"
    );
    assert_eq!(
        connect("?verify=maybe", "x").await.refused(400),
        "bad_request"
    );
}

#[tokio::test]
async fn an_address_that_may_not_be_called_is_refused_before_any_call() {
    let (transport, received) = always(200, r#"{"contact":{}}"#);
    let app = TestApp::over(transport).await;
    let connect = |body| app.as_application(Method::POST, "/v1/accounts").json(body);
    for domain in [
        "",
        "a.b",
        "evil.example/",
        "acme.freshdesk.com.evil.example",
        "127.0.0.1",
        "acme:8443",
        "a@b",
        "-a",
        "ACME",
        "é",
    ] {
        let body = json!({ "service": "freshdesk", "domain": domain, "api_key": "k" });
        assert_eq!(
            connect(body).await.refused(400),
            "invalid_parameters",
            "{domain}"
        );
    }
    for url in [
        "http://169.254.169.254",
        "http://127.0.0.1:8080",
        "https://evil.example",
        "http://acme.freshdesk.com",
        "https://freshdesk.test:81",
        "http://u:p@freshdesk.test",
        "http://freshdesk.test/path",
        "file:///etc/passwd",
        "nonsense",
    ] {
        let body = json!({ "service": "freshdesk", "url": url, "api_key": "k" });
        assert_eq!(
            connect(body).await.refused(400),
            "invalid_parameters",
            "{url}"
        );
    }
    for body in [
        json!({ "service": "nosuch", "api_key": "k" }),
        json!({ "service": "freshdesk", "domain": "acme" }),
        json!({ "service": "freshdesk", "domain": "acme", "url": UPSTREAM_URL, "api_key": "k" }),
        json!({ "service": "freshdesk", "domain": "acme", "api_key": "k", "token": "t" }),
        json!({ "service": "freshdesk", "domain": "acme", "api_key": 5 }),
        json!({ "service": "freshdesk", "domain": "acme", "api_key": "a:b" }),
        json!({ "service": "freshdesk", "domain": "acme", "api_key": "a\r\nX: y" }),
    ] {
        assert_eq!(connect(body).await.refused(400), "invalid_parameters");
    }
    assert_eq!(
        connect(json!({ "api_key": "k" })).await.refused(400),
        "bad_request"
    );
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn a_refused_credential_is_never_repeated_in_the_answer() {
    let (app, simulator) = TestApp::freshdesk().await;
    let canary = "CANARY-5c2a";
    let echo =
        json!({ "code": "invalid_credentials", "message": format!("key {canary} is wrong") })
            .to_string();
    simulator.fail_next([Fault::Status(401, echo, Vec::new())]);
    for body in [
        json!({ "service": "freshdesk", "url": UPSTREAM_URL, "api_key": canary }),
        json!({ "service": "freshdesk", "domain": "acme", "api_key": [canary] }),
        json!({ "service": "freshdesk", "domain": 7, "api_key": canary }),
    ] {
        let answer = app
            .as_application(Method::POST, "/v1/accounts")
            .json(body)
            .await;
        assert!(answer.status.is_client_error());
        assert!(!answer.body.to_string().contains(canary), "{answer}");
    }
}

#[tokio::test]
async fn accounts_are_listed_in_pages_and_with_a_token_its_own() {
    let (app, _) = TestApp::freshdesk().await;
    for name in ["b", "c"] {
        app.clock.advance(std::time::Duration::from_secs(1));
        let body = json!({ "service": "freshdesk", "url": UPSTREAM_URL, "api_key": UPSTREAM_KEY, "name": name });
        app.as_application(Method::POST, "/v1/accounts")
            .json(body)
            .await
            .expect(201);
    }
    let mut names = Vec::new();
    let mut page = String::new();
    loop {
        let list = app
            .as_application(
                Method::GET,
                &format!("/v1/accounts?page_size=1&enabled=True{page}"),
            )
            .await
            .expect(200);
        names.extend(
            list["objects"]
                .as_array()
                .unwrap()
                .iter()
                .map(|account| account["name"].clone()),
        );
        let Some(next) = list["next_page"].as_str() else {
            break;
        };
        page = format!("&page={next}");
    }
    assert_eq!(names, [json!(null), json!("b"), json!("c")]);
    let own = app
        .as_account(Method::GET, "/v1/accounts")
        .await
        .expect(200);
    assert_eq!(
        app.as_account(Method::GET, "/v1/accounts?page=x")
            .await
            .refused(400),
        "bad_request"
    );
    assert_eq!(
        (&own["count"], &own["objects"][0]["id"]),
        (&json!(1), &json!(app.account.get()))
    );
}

#[tokio::test]
async fn a_new_credential_counts_at_once_and_belongs_to_the_same_help_desk() {
    let (app, simulator) = TestApp::freshdesk().await;
    app.get("/tickets").await.expect(200);
    let address = format!("/v1/accounts/{}", app.account);
    let change = |query: &str, body| {
        app.as_application(Method::PATCH, &format!("{address}{query}"))
            .json(body)
    };

    assert_eq!(
        change("", json!({ "name": "Renamed" })).await.expect(200)["name"],
        "Renamed"
    );
    assert_eq!(
        change("", json!({ "api_key": "wrong" })).await.refused(401),
        "service_unauthorized"
    );
    app.get("/tickets").await.expect(200);
    change("?verify=false", json!({ "api_key": "wrong" }))
        .await
        .expect(200);
    assert_eq!(
        app.get("/tickets").await.refused(401),
        "service_unauthorized"
    );
    assert_eq!(
        change("?verify=false", json!({ "url": "http://other.test" }))
            .await
            .refused(400),
        "invalid_parameters"
    );
    change("", json!({ "api_key": UPSTREAM_KEY }))
        .await
        .expect(200);
    app.get("/tickets").await.expect(200);
    change("", json!({ "active": false })).await.expect(200);
    simulator.clear_calls();
    assert_eq!(app.get("/tickets").await.refused(403), "forbidden");
    assert_eq!(simulator.calls().len(), 0);
}

#[tokio::test]
async fn a_removed_account_is_gone_at_once_and_only_an_application_removes_one() {
    let (app, _) = TestApp::freshdesk().await;
    app.get("/tickets").await.expect(200);
    let path = format!("/v1/accounts/{}", app.account);

    assert_eq!(
        app.as_account(Method::DELETE, &path).await.refused(403),
        "forbidden"
    );
    assert_eq!(
        app.as_account(Method::PATCH, &path)
            .json(json!({}))
            .await
            .refused(403),
        "forbidden"
    );
    assert_eq!(
        app.as_account(Method::POST, "/v1/accounts")
            .json(json!({}))
            .await
            .refused(403),
        "forbidden"
    );
    app.as_application(Method::DELETE, &path).await.expect(204);

    assert_eq!(app.get("/tickets").await.refused(404), "not_found");
    assert_eq!(
        app.as_application(Method::GET, &path).await.refused(404),
        "not_found"
    );
}

#[tokio::test]
async fn me_is_for_tokens() {
    let (app, _) = TestApp::freshdesk().await;
    assert_eq!(
        app.as_account(Method::GET, "/v1/accounts/me")
            .await
            .expect(200)["id"],
        app.account.get()
    );
    assert_eq!(
        app.as_application(Method::GET, "/v1/accounts/me")
            .await
            .refused(400),
        "bad_request"
    );
}

#[tokio::test]
async fn a_stored_credential_is_not_sent_to_another_help_desk() {
    let (transport, received) = always(200, r#"{"contact":{}}"#);
    let app = TestApp::over(transport).await;
    let path = format!("/v1/accounts/{}", app.account);
    for body in [
        json!({ "url": "http://other.test" }),
        json!({ "domain": "acme", "url": null }),
        json!({ "url": "http://freshdesk.test:81" }),
    ] {
        let refused = app.as_application(Method::PATCH, &path).json(body).await;
        assert_eq!(refused.refused(400), "invalid_parameters");
    }
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn a_short_api_key_is_just_a_wrong_one() {
    let (app, _) = TestApp::freshdesk().await;
    for key in ["e", "redacted", "[redacted]", "d"] {
        let body = json!({ "service": "freshdesk", "url": UPSTREAM_URL, "api_key": key });
        assert_eq!(
            app.as_application(Method::POST, "/v1/accounts")
                .json(body)
                .await
                .refused(401),
            "service_unauthorized"
        );
    }
}
