//! Access tokens that look right and are not.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use deskgate::access_token::Scope;
use deskgate::store::signing_keys::SigningKey;
use http::Method;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::support::request::Answer;
use crate::support::upstream::always;
use crate::support::{TestApp, issue};

/// Reads with this token.
async fn read(app: &TestApp, token: &str) -> Answer {
    let path = "/v1/accounts/me/helpdesk/tickets/ticket_MQ";
    let request = app.request(Method::GET, path);
    request
        .header("authorization", &format!("Bearer {token}"))
        .await
}

/// The claims of a good token.
fn claims(app: &TestApp) -> Value {
    let token = app.token.expose_secret();
    let claims = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap()
}

/// The key that signs.
async fn key(app: &TestApp) -> SigningKey {
    app.edge.store.signing_keys().await.unwrap().remove(0)
}

/// A token of this header and these claims, signed with this secret.
fn signed(header: &Header, claims: &Value, secret: &[u8]) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret)).unwrap()
}

/// A header that names this key.
fn header(key: &SigningKey) -> Header {
    Header {
        kid: Some(key.id.clone()),
        ..Header::new(Algorithm::HS256)
    }
}

#[tokio::test]
async fn what_is_signed_right_but_says_something_wrong_is_refused() {
    let (transport, received) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let key = key(&app).await;
    let secret = key.secret.expose_secret();
    let (header, good) = (header(&key), claims(&app));
    let now = app.clock.now().as_second();
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let without = |name: &str| {
        let mut claims = good.clone();
        claims.as_object_mut().unwrap().remove(name);
        claims
    };
    // It does work if nothing is wrong.
    let answer = read(&app, &signed(&header, &good, secret)).await;
    assert_ne!(answer.status, 401, "{answer}");
    received.clear();

    let mut wrong: Vec<Value> = ["iss", "aud", "sub", "app", "scope", "exp", "jti"]
        .map(without)
        .into();
    wrong.extend([
        with("iss", json!("https://evil.example")),
        with("iss", json!(["deskgate"])),
        with("aud", json!("another")),
        with("exp", json!(now)),
        with("exp", json!(now - 1)),
        with("exp", json!("2099")),
        with("exp", json!(-1)),
        with("exp", json!(1e300)),
        with("nbf", json!(now + 1)),
        with("nbf", json!("soon")),
        with("sub", json!("0")),
        with("sub", json!("-1")),
        with("sub", json!("1 or 1=1")),
        with("sub", json!("１")),
        with("app", json!("' or ''='")),
        with("app", json!("")),
    ]);
    for claims in wrong {
        let answer = read(&app, &signed(&header, &claims, secret)).await;
        assert_eq!(answer.refused(401), "unauthorized", "{claims}");
    }

    // A header that asks for something else.
    let mut headers = vec![
        Header {
            kid: None,
            ..header.clone()
        },
        Header {
            alg: Algorithm::HS384,
            ..header.clone()
        },
        Header {
            alg: Algorithm::HS512,
            ..header.clone()
        },
    ];
    for kid in [
        "",
        "../../dev/null",
        "' or '1'='1",
        "x\u{0}",
        "aaaaaaaaaaaa",
        &format!("{} ", key.id),
    ] {
        headers.push(Header {
            kid: Some(kid.into()),
            ..header.clone()
        });
    }
    for header in headers {
        let answer = read(&app, &signed(&header, &good, secret)).await;
        assert_eq!(answer.refused(401), "unauthorized", "{header:?}");
    }
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn a_token_brings_no_key_of_its_own() {
    let (transport, received) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let key = key(&app).await;
    let good = claims(&app).to_string();
    let mine = b"a secret of my own, 32 bytes long";
    let encoded = URL_SAFE_NO_PAD.encode(mine);
    let sign = |header: &Value, secret: &[u8]| {
        let text = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(&good)
        );
        let hmac = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
        let signature = aws_lc_rs::hmac::sign(&hmac, text.as_bytes());
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    // The way of signing is right.
    let right = sign(
        &json!({ "alg": "HS256", "kid": key.id }),
        key.secret.expose_secret(),
    );
    assert_ne!(read(&app, &right).await.status, 401);
    received.clear();
    let jwk = json!({ "kty": "oct", "k": encoded, "alg": "HS256", "kid": key.id });
    for header in [
        json!({ "alg": "HS256" }),
        json!({ "alg": "HS256", "kid": key.id }),
        json!({ "alg": "HS256", "kid": key.id, "jwk": jwk }),
        json!({ "alg": "HS256", "kid": "mine", "jwk": jwk }),
        json!({ "alg": "HS256", "kid": key.id, "jku": "https://evil.example/jwks.json" }),
        json!({ "alg": "HS256", "kid": key.id, "x5u": "https://evil.example/cert.pem", "x5c": [encoded] }),
        json!({ "alg": "hs256", "kid": key.id }),
        json!({ "alg": ["HS256"], "kid": key.id }),
        json!({ "kid": key.id }),
    ] {
        for secret in [&mine[..], b"", key.id.as_bytes()] {
            let answer = read(&app, &sign(&header, secret)).await;
            assert_eq!(answer.refused(401), "unauthorized", "{header}");
        }
    }
    // Without a signature, or with one of another algorithm's name.
    let claims = URL_SAFE_NO_PAD.encode(&good);
    for algorithm in [
        "none", "None", "NONE", "nOnE", "RS256", "ES256", "EdDSA", "PS256", "",
    ] {
        let header = json!({ "alg": algorithm, "kid": key.id, "typ": "JWT" });
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let signature = right.rsplit('.').next().unwrap();
        for token in [
            format!("{header}.{claims}."),
            format!("{header}.{claims}"),
            format!("{header}.{claims}.{signature}"),
        ] {
            assert_eq!(
                read(&app, &token).await.refused(401),
                "unauthorized",
                "{algorithm}"
            );
        }
    }
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn every_cut_and_every_changed_character_is_refused() {
    let (transport, received) = always(200, "{}");
    let app = TestApp::over(transport).await;
    let good = app.token.expose_secret().to_owned();
    for place in 0..good.len() {
        let (cut, _) = good.split_at(place);
        let cut = read(&app, cut).await;
        assert_eq!(cut.status, 401, "cut at {place}");
        for other in ["A", "-", "."] {
            let mut changed = good.clone();
            changed.replace_range(place..=place, other);
            // The last character has bits that mean nothing: some decoders take any there, ours takes none.
            if changed != good {
                let answer = read(&app, &changed).await;
                assert_eq!(answer.status, 401, "{other} at {place}");
            }
        }
    }
    assert_eq!(received.count(), 0);
}

#[tokio::test]
async fn signing_keys_are_replaced_without_a_refused_token_and_retire() {
    let (app, _) = TestApp::freshdesk().await;
    let store = &app.edge.store;
    let hour = Duration::from_hours(1);
    let tokens = &app.edge.access_tokens;
    let account = store.inspect_account(app.account).await.unwrap().unwrap();
    let before = tokens.issue(&account, &Scope::USUAL, hour).await.unwrap();

    store
        .rotate_signing_key(Duration::from_mins(10))
        .await
        .unwrap();

    // Another gateway that has noticed: its tokens are known here at once.
    let elsewhere =
        deskgate::access_token::AccessTokens::open(store.clone(), app.clock.clone(), hour);
    let elsewhere = elsewhere.await.unwrap();
    let after = elsewhere
        .issue(&account, &Scope::USUAL, hour)
        .await
        .unwrap();
    let works = async |token: &secrecy::SecretString| {
        let path = "/v1/accounts/me/helpdesk/tickets";
        let bearer = format!("Bearer {}", token.expose_secret());
        app.request(Method::GET, path)
            .header("authorization", &bearer)
            .await
            .status
            == 200
    };
    let unknown_for = tokio::time::Instant::now();
    while !works(&after).await {
        assert!(unknown_for.elapsed() < Duration::from_secs(5));
    }
    assert!(works(&before).await);

    app.clock.advance(Duration::from_mins(10));
    let again = deskgate::access_token::AccessTokens::open(store.clone(), app.clock.clone(), hour);
    let again = again.await.unwrap();
    assert!(again.check(before.expose_secret()).await.is_err());
    assert!(again.check(after.expose_secret()).await.is_ok());
}

#[tokio::test]
async fn the_tokens_of_an_account_are_revoked_together_and_at_once() {
    let (app, _) = TestApp::freshdesk().await;
    let path = format!("/v1/accounts/{}/tokens", app.account);
    let second = crate::support::connect::<crate::desks::freshdesk::Freshdesk>(
        &app.edge.store,
        &app.application,
    )
    .await;
    let hour = Duration::from_hours(1);
    let other = issue(&app.edge, &app.application, second, &Scope::USUAL, hour).await;
    app.get("/tickets").await.expect(200);

    app.as_application(Method::DELETE, &path).await.expect(204);

    for below in ["", "/budget", "/helpdesk/tickets"] {
        let path = format!("/v1/accounts/me{below}");
        assert_eq!(
            app.as_account(Method::GET, &path).await.refused(401),
            "unauthorized",
            "{path}"
        );
    }
    let listed = app.as_account(Method::GET, "/v1/accounts").await;
    assert_eq!(listed.refused(401), "unauthorized");
    let checked = app.as_account(Method::GET, "/v1/oauth/token").await;
    assert_eq!(checked.refused(400), "invalid_token");
    // Others go on, and new ones count at once.
    let bearer = format!("Bearer {}", other.expose_secret());
    let budget = app.request(Method::GET, "/v1/accounts/me/budget");
    budget.header("authorization", &bearer).await.expect(200);
    for _ in 0..2 {
        let fresh = app
            .as_application(Method::POST, &path)
            .json(json!({}))
            .await
            .expect(201);
        let bearer = format!("Bearer {}", fresh["access_token"].as_str().unwrap());
        let read = || {
            app.request(Method::GET, "/v1/accounts/me/helpdesk/tickets")
                .header("authorization", &bearer)
        };
        read().await.expect(200);
        app.as_application(Method::DELETE, &path).await.expect(204);
        assert_eq!(read().await.refused(401), "unauthorized");
    }
    // A token ends no tokens.
    let bearer = format!("Bearer {}", other.expose_secret());
    let own = app.request(Method::DELETE, "/v1/accounts/me/tokens");
    assert_eq!(
        own.header("authorization", &bearer).await.refused(403),
        "forbidden"
    );
}
