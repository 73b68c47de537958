//! Who may call.

use std::time::Duration;

use deskgate::access_token::Scope;
use deskgate::store::keys::KeyTerms;
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::desks::freshdesk::Freshdesk;
use crate::support::upstream::always;
use crate::support::{TestApp, connect, issue};

#[tokio::test]
async fn without_a_valid_credential_nothing_is_read_and_nothing_is_called() {
    let (transport, received) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let account = app.account;
    let paths = [
        (Method::GET, "/v1/accounts".to_owned()),
        (Method::POST, "/v1/accounts".to_owned()),
        (Method::GET, format!("/v1/accounts/{account}")),
        (
            Method::GET,
            format!("/v1/accounts/{account}/helpdesk/tickets"),
        ),
        (
            Method::POST,
            format!("/v1/accounts/{account}/helpdesk/tickets"),
        ),
        (
            Method::DELETE,
            format!("/v1/accounts/{account}/helpdesk/tickets/ticket_MQ/comments/comment_MQ"),
        ),
    ];
    for (method, path) in paths {
        let request = |value: &str| {
            app.request(method.clone(), &path)
                .header("authorization", value)
        };
        assert_eq!(
            app.request(method.clone(), &path).await.refused(401),
            "authentication_required"
        );
        let (key, token) = (app.api_key.expose_secret(), app.token.expose_secret());
        for value in [
            "",
            "Bearer",
            "Bearer ",
            "Basic YTpi",
            "Bearer x.y.z",
            "APIKey x",
            "APIKey dg_x_y",
            "Token x",
            &format!("Bearer {key}"),
            &format!("APIKey {token}"),
            &format!("APIKey {key}x"),
            &format!("Bearer {token}x"),
            &format!("Bearer {token},{token}"),
            &format!("Bearer {}", "x".repeat(9000)),
        ] {
            assert_eq!(
                request(value).await.refused(401),
                "unauthorized",
                "{value:.40}"
            );
        }
        let twice =
            request(&format!("APIKey {key}")).header("authorization", &format!("APIKey {key}"));
        assert_eq!(twice.await.refused(401), "unauthorized");
    }
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn the_scheme_is_taken_in_any_letter_case() {
    let (app, _) = TestApp::freshdesk().await;
    let path = format!("/v1/accounts/{}/helpdesk/tickets", app.account);
    for scheme in ["APIKey", "ApiKey", "apikey", "APIKEY"] {
        let value = format!("{scheme} {}", app.api_key.expose_secret());
        app.request(Method::GET, &path)
            .header("authorization", &value)
            .await
            .expect(200);
    }
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let value = format!("{scheme} {}", app.token.expose_secret());
        app.request(Method::GET, &path)
            .header("authorization", &value)
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn an_account_of_somebody_else_is_like_one_that_never_was() {
    let (transport, received) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let stranger = app
        .edge
        .store
        .create_key("stranger", KeyTerms::default())
        .await
        .unwrap();
    let foreign = connect::<Freshdesk>(&app.edge.store, &stranger.application_id).await;
    let second = connect::<Freshdesk>(&app.edge.store, &app.application).await;
    let never = 4711;
    for (method, below) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::GET, "/budget"),
        (Method::GET, "/helpdesk/tickets"),
        (Method::POST, "/helpdesk/tickets"),
        (Method::GET, "/helpdesk/tickets/ticket_MQ"),
        (Method::PATCH, "/helpdesk/tickets/ticket_MQ"),
        (Method::DELETE, "/helpdesk/tickets/ticket_MQ"),
        (Method::GET, "/helpdesk/tickets/ticket_MQ/comments"),
        (Method::POST, "/helpdesk/tickets/ticket_MQ/comments"),
        (
            Method::GET,
            "/helpdesk/tickets/ticket_MQ/comments/comment_MQ",
        ),
        (
            Method::PATCH,
            "/helpdesk/tickets/ticket_MQ/comments/comment_MQ",
        ),
        (
            Method::DELETE,
            "/helpdesk/tickets/ticket_MQ/comments/comment_MQ",
        ),
    ] {
        let ask = async |id: String, by_key: bool| {
            let path = format!("/v1/accounts/{id}{below}");
            let request = if by_key {
                app.as_application(method.clone(), &path)
            } else {
                app.as_account(method.clone(), &path)
            };
            let body = json!({ "subject": "s", "description": "d", "content": "c", "requester": { "email": "a@b.c" } });
            let mut answer = request.json(body).await.expect(404);
            answer.as_object_mut().unwrap().remove("id");
            answer
        };
        let unknown = ask(never.to_string(), true).await;
        assert_eq!(ask(foreign.to_string(), true).await, unknown);
        assert_eq!(ask(foreign.to_string(), false).await, unknown);
        assert_eq!(ask(second.to_string(), false).await, unknown);
        assert_eq!(ask(never.to_string(), false).await, unknown);
    }
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn a_token_reads_and_writes_only_with_the_scope_and_until_it_expires() {
    let (app, _) = TestApp::freshdesk().await;
    let minute = Duration::from_mins(1);
    let issued = async |scopes: &[Scope]| {
        issue(&app.edge, &app.application, app.account, scopes, minute).await
    };
    let path = "/v1/accounts/me/helpdesk/tickets";
    let call = |method, token: &str| {
        let body = json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } });
        app.request(method, path)
            .header("authorization", &format!("Bearer {token}"))
            .json(body)
    };
    let (reader, writer) = (issued(&[Scope::Read]).await, issued(&[Scope::Write]).await);

    call(Method::GET, reader.expose_secret()).await.expect(200);
    assert_eq!(
        call(Method::POST, reader.expose_secret())
            .await
            .refused(403),
        "forbidden"
    );
    call(Method::POST, writer.expose_secret()).await.expect(201);
    assert_eq!(
        call(Method::GET, writer.expose_secret()).await.refused(403),
        "forbidden"
    );
    app.clock.advance(Duration::from_secs(59));
    call(Method::GET, reader.expose_secret()).await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    assert_eq!(
        call(Method::GET, reader.expose_secret()).await.refused(401),
        "unauthorized"
    );
}

#[tokio::test]
async fn an_application_issues_tokens_for_its_own_accounts() {
    let (app, _) = TestApp::freshdesk().await;
    let stranger = app
        .edge
        .store
        .create_key("stranger", KeyTerms::default())
        .await
        .unwrap();
    let foreign = connect::<Freshdesk>(&app.edge.store, &stranger.application_id).await;
    let ask = |account: &str, body: Value| {
        let path = format!("/v1/accounts/{account}/tokens");
        app.as_application(Method::POST, &path).json(body)
    };
    let own = app.account.to_string();

    let issued = ask(&own, json!({})).await;
    assert_eq!(issued.headers["cache-control"], "no-store");
    let issued = issued.expect(201);
    assert_eq!(issued["scope"], "helpdesk:read helpdesk:write");
    assert_eq!(issued["expires_in"], 3600);
    assert_eq!(issued["account_id"], app.account.get());
    let reader = json!({ "scopes": ["helpdesk:read"], "expires_in": 60 });
    let reader = ask(&own, reader).await.expect(201);
    let token = format!("Bearer {}", reader["access_token"].as_str().unwrap());
    let call = |method, path: &str| {
        app.request(method, path)
            .header("authorization", &token)
            .json(json!({ "subject": "s", "description": "d", "requester": { "email": "a@example.com" } }))
    };
    let tickets = "/v1/accounts/me/helpdesk/tickets";
    call(Method::GET, tickets).await.expect(200);
    assert_eq!(call(Method::POST, tickets).await.refused(403), "forbidden");
    // A token makes no tokens.
    let again = app
        .request(Method::POST, "/v1/accounts/me/tokens")
        .header("authorization", &token)
        .json(json!({}))
        .await;
    assert_eq!(again.refused(403), "forbidden");
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(
        call(Method::GET, tickets).await.refused(401),
        "unauthorized"
    );

    let mut unknown = ask("4711", json!({})).await.expect(404);
    let mut others = ask(&foreign.to_string(), json!({})).await.expect(404);
    for answer in [&mut unknown, &mut others] {
        answer.as_object_mut().unwrap().remove("id");
    }
    assert_eq!(unknown, others);
    for body in [
        json!({ "scopes": [] }),
        json!({ "scopes": ["accounts"] }),
        json!({ "scopes": ["helpdesk:read", "all"] }),
        json!({ "expires_in": 0 }),
        json!({ "expires_in": 86_401 }),
    ] {
        let refused = ask(&own, body).await;
        assert_eq!(refused.refused(400), "invalid_parameters");
    }
    // Not a token that may do everything.
    let misspelt = json!({ "scope": "helpdesk:read" });
    ask(&own, misspelt).await.expect(400);
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    let (app, simulator) = TestApp::freshdesk().await;
    let good = app.token.expose_secret();
    let mut parts = good.split('.');
    let (header, claims, signature) = (
        parts.next().unwrap(),
        parts.next().unwrap(),
        parts.next().unwrap(),
    );
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let claims_text = String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    let (elsewhere, _) = TestApp::freshdesk().await;
    let forged = [
        format!("{}.{claims}.", encode(r#"{"alg":"none"}"#)),
        format!(
            "{}.{claims}.{signature}",
            encode(r#"{"alg":"None","typ":"JWT"}"#)
        ),
        format!(
            "{}.{claims}.{signature}",
            encode(r#"{"alg":"HS512","typ":"JWT"}"#)
        ),
        format!(
            "{}.{claims}.{signature}",
            encode(r#"{"alg":"RS256","typ":"JWT"}"#)
        ),
        format!(
            "{header}.{}.{signature}",
            encode(&claims_text.replace("helpdesk:read", "helpdesk:admin"))
        ),
        format!("{header}.{claims}"),
        format!("{header}.{claims}.{signature}.{signature}"),
        format!("{header}.{claims}.{signature}="),
        format!("{header}.{claims}."),
        elsewhere.token.expose_secret().to_owned(),
    ];
    for token in forged {
        let request = app.request(Method::GET, "/v1/accounts/me/helpdesk/tickets");
        assert_eq!(
            request
                .header("authorization", &format!("Bearer {token}"))
                .await
                .refused(401),
            "unauthorized",
            "{token}"
        );
    }
    assert_eq!(simulator.calls().len(), 0);
}

#[tokio::test]
async fn the_token_check_tells_application_and_account_and_is_400_for_a_bad_token() {
    let (app, _) = TestApp::freshdesk().await;
    for path in ["/v1/oauth/token", "/v1/oauth/token/"] {
        let told = app.as_account(Method::GET, path).await.expect(200);
        assert_eq!(told["client_id"], app.application.as_str());
        assert_eq!(told["account_id"], app.account.get());
        assert!(told["expires_in"].as_i64().unwrap() > 3600);
        let bad = app
            .request(Method::GET, path)
            .header("authorization", "Bearer nope");
        assert_eq!(bad.await.refused(400), "invalid_token");
        assert_eq!(
            app.as_application(Method::GET, path).await.refused(400),
            "invalid_token"
        );
    }
    app.as_application(Method::DELETE, &format!("/v1/accounts/{}", app.account))
        .await
        .expect(204);
    assert_eq!(
        app.as_account(Method::GET, "/v1/oauth/token")
            .await
            .refused(400),
        "invalid_token"
    );
}

#[tokio::test]
async fn what_is_not_done_is_refused_before_any_call() {
    let (app, simulator) = TestApp::freshdesk().await;
    for header in ["x-kloudless-as-user", "x-kloudless-raw-headers"] {
        assert_eq!(
            app.get("/tickets").header(header, "1").await.refused(501),
            "not_implemented"
        );
        let account = app
            .as_account(Method::GET, "/v1/accounts/me")
            .header(header, "{}");
        assert_eq!(account.await.refused(501), "not_implemented");
    }
    assert_eq!(simulator.calls().len(), 0);
}
