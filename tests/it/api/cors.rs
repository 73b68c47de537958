//! Web pages that call the API from a browser.

use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, VARY,
};
use http::{HeaderName, Method};

use crate::support::TestApp;
use crate::support::request::Answer;
use crate::support::upstream::always;

/// The origin of pages that may call.
const OURS: &str = "https://app.example.com";
/// Those of pages that may not.
const OTHERS: [&str; 6] = [
    "https://evil.example",
    "http://app.example.com",
    "https://app.example.com:8443",
    "https://app.example.com.evil.example",
    "https://sub.app.example.com",
    "null",
];
/// What the SDKs for browsers send.
const SENT: &str = "authorization,content-type,x-kloudless-source,x-kloudless-raw-data,\
                    x-kloudless-raw-headers,x-kloudless-raw-method,x-kloudless-raw-uri,x-kloudless-as-user";

/// A gateway that lets the pages of these origins in.
async fn gateway(origins: &[&str]) -> TestApp {
    let (transport, _) = always(200, "{}");
    let mut app = TestApp::over(transport).await;
    let origins = origins.iter().map(|origin| origin.parse().unwrap());
    app.edge.cors_origins = origins.collect();
    app.restart();
    app
}

/// What a browser asks before it sends a page's request.
async fn ask(app: &TestApp, origin: &str) -> Answer {
    app.request(Method::OPTIONS, "/v1/accounts/me/helpdesk/tickets")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", SENT)
        .unchecked()
        .await
}

/// A header of an answer, in lower case.
fn header(answer: &Answer, name: HeaderName) -> Option<String> {
    let value = answer.headers.get(name)?;
    Some(value.to_str().unwrap().to_lowercase())
}

#[tokio::test]
async fn pages_of_configured_origins_may_call_and_no_others() {
    let app = gateway(&[OURS, "http://localhost:3000"]).await;

    for origin in [OURS, "http://localhost:3000"] {
        let asked = ask(&app, origin).await;
        assert_eq!(header(&asked, ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(), origin);
        let allowed = header(&asked, ACCESS_CONTROL_ALLOW_HEADERS).unwrap();
        for name in SENT.split(',') {
            assert!(
                allowed.split(',').any(|one| one == name),
                "{name}: {allowed}"
            );
        }
        let verbs = header(&asked, ACCESS_CONTROL_ALLOW_METHODS).unwrap();
        assert_eq!(verbs, "get,post,patch,delete");
        assert!(header(&asked, ACCESS_CONTROL_ALLOW_CREDENTIALS).is_none());

        // Also what is refused is shown to the page.
        let answer = app
            .request(Method::GET, "/v1/accounts")
            .header("origin", origin)
            .await;
        assert_eq!(answer.status, 401);
        assert_eq!(
            header(&answer, ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(),
            origin
        );
        let shown = header(&answer, ACCESS_CONTROL_EXPOSE_HEADERS).unwrap();
        for name in ["etag", "retry-after", "idempotency-key", "x-request-id"] {
            assert!(shown.split(',').any(|one| one == name), "{name}: {shown}");
        }
        assert!(header(&answer, VARY).unwrap().contains("origin"));
    }
    for origin in OTHERS {
        let asked = ask(&app, origin).await;
        assert!(
            header(&asked, ACCESS_CONTROL_ALLOW_ORIGIN).is_none(),
            "{origin}"
        );
        let answer = app
            .request(Method::GET, "/v1/accounts")
            .header("origin", origin)
            .await;
        assert!(
            header(&answer, ACCESS_CONTROL_ALLOW_ORIGIN).is_none(),
            "{origin}"
        );
    }
}

#[tokio::test]
async fn without_configured_origins_no_page_may_call() {
    let app = gateway(&[]).await;
    for origin in [OURS].into_iter().chain(OTHERS) {
        let asked = ask(&app, origin).await;
        assert!(
            asked
                .headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control-"))
        );
    }
}
