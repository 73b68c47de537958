//! `/openapi.json`, and `/docs` to browse it. Nothing is fetched from outside.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::RawPathParams;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use utoipa_swagger_ui::{Config, SwaggerFile};

use crate::error::{Error, Result};
use crate::http::Shared;
use crate::http::extract::JSON;

/// The page. Its parts are served below `/docs/`, so that it works with and without a final slash.
const PAGE: &str = r#"<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>deskgate: Help Desk API</title>
  <link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/swagger-ui-bundle.js"></script>
  <script src="/docs/swagger-ui-standalone-preset.js"></script>
  <script src="/docs/swagger-initializer.js"></script>
</body>
</html>
"#;

/// Scripts and styles from here only; the page itself makes styles and inline pictures.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// The document as it is served, and as `openapi/openapi.json` has it.
static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
    let mut text = crate::http::document().to_pretty_json().unwrap_or_default();
    text.push('\n');
    text
});

/// The document in the form in which it is committed.
pub fn document_text() -> &'static str {
    &DOCUMENT
}

/// The routes of the documentation.
pub fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/openapi.json",
            get(|| async { ([(CONTENT_TYPE, JSON)], document_text()) }),
        )
        .route("/docs", get(page))
        .route("/docs/{file}", get(file))
}

/// The page itself.
async fn page() -> Response {
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    (
        [
            (CONTENT_TYPE, html),
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_CONTENT_TYPE_OPTIONS, NOSNIFF),
        ],
        PAGE,
    )
        .into_response()
}

/// Browsers are to believe the media type.
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// A part of the page.
async fn file(params: RawPathParams) -> Result<Response> {
    let name = params
        .iter()
        .next()
        .map(|(_, value)| value.to_owned())
        .unwrap_or_default();
    let config = Arc::new(
        Config::from("/openapi.json")
            .try_it_out_enabled(false)
            .validator_url("none"),
    );
    let found = utoipa_swagger_ui::serve(&name, config)
        .map_err(|error| Error::Internal(error.to_string().into()))?;
    let Some(SwaggerFile {
        bytes,
        content_type,
        gzpipped,
        ..
    }) = found
    else {
        return Err(Error::NotFound("this address"));
    };
    let mut response = (StatusCode::OK, bytes.into_owned()).into_response();
    let headers = response.headers_mut();
    if let Ok(content_type) = HeaderValue::try_from(content_type) {
        headers.insert(CONTENT_TYPE, content_type);
    }
    if gzpipped {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=3600"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    Ok(response)
}
