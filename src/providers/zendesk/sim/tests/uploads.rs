//! Files: what is sent up comes down.

use axum::body::Body;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http::Request;
use serde_json::json;

use super::{Seen, Stage};

/// An image of one pixel.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// Sends a file.
async fn upload(stage: &Stage, query: &str, body: Vec<u8>) -> Seen {
    let pair = BASE64_STANDARD.encode("me@desk.example/token:secret");
    let request = Request::post(format!("/api/v2/uploads.json?{query}"))
        .header("host", "sim.test")
        .header("authorization", format!("Basic {pair}"))
        .header("content-type", "application/binary");
    stage.ask(request.body(Body::from(body)).unwrap()).await
}

/// Fetches a file, without credentials.
async fn fetch(stage: &Stage, url: &str) -> Seen {
    let path = url.strip_prefix("http://sim.test").unwrap();
    let request = Request::get(path).header("host", "sim.test");
    stage.ask(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn an_upload_calls_itself_text_and_can_be_fetched() {
    let stage = Stage::plain();
    let sent = upload(&stage, "filename=a%20b.txt", b"hello".to_vec()).await;
    let token = sent.body["upload"]["token"].as_str().unwrap();
    let more = upload(
        &stage,
        &format!("filename=p.png&token={token}"),
        BASE64_STANDARD.decode(PIXEL).unwrap(),
    )
    .await;
    let file = &sent.body["upload"]["attachment"];
    let content = fetch(&stage, file["content_url"].as_str().unwrap()).await;
    let id = stage
        .ticket(json!({"comment": {"body": "b", "uploads": token}}))
        .await;
    let comments = stage.get(&format!("tickets/{id}/comments")).await;
    let empty = upload(&stage, "filename=x", Vec::new()).await;

    assert_eq!(
        (sent.status.as_u16(), sent.header("content-type")),
        (201, "text/plain; charset=utf-8")
    );
    assert_eq!(sent.header("location"), file["url"].as_str().unwrap());
    assert_eq!(file["content_type"], "text/plain");
    let image = &more.body["upload"]["attachments"][1];
    assert_eq!(
        (&image["width"], &image["content_type"]),
        (&json!(1), &json!("image/png"))
    );
    assert_eq!(image["thumbnails"][0]["file_name"], "p_thumb.png");
    assert_eq!(content.text, "hello");
    let attached = comments.body["comments"][0]["attachments"]
        .as_array()
        .unwrap();
    assert_eq!(attached.len(), 2);
    assert_eq!(empty.body["error"], "AttachmentUnprocessable");
}

#[tokio::test]
async fn a_redirected_download_takes_no_credentials() {
    let stage = Stage::new(|options| options.switches.files_redirect = true);
    let sent = upload(&stage, "filename=a.txt", b"hello".to_vec()).await;
    let file = &sent.body["upload"]["attachment"];
    let moved = fetch(&stage, file["content_url"].as_str().unwrap()).await;
    let content = fetch(&stage, moved.header("location")).await;
    let path = moved
        .header("location")
        .strip_prefix("http://sim.test")
        .unwrap()
        .to_owned();
    let pair = BASE64_STANDARD.encode("me@desk.example/token:secret");
    let request = Request::get(path).header("authorization", format!("Basic {pair}"));
    let refused = stage.ask(request.body(Body::empty()).unwrap()).await;

    assert_eq!(
        (moved.status.as_u16(), content.text.as_str()),
        (302, "hello")
    );
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn files_may_need_credentials() {
    let stage = Stage::new(|options| options.switches.files_need_credentials = true);
    let sent = upload(&stage, "filename=a.txt", b"hello".to_vec()).await;
    let file = &sent.body["upload"]["attachment"];

    assert_eq!(
        fetch(&stage, file["content_url"].as_str().unwrap())
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn a_dropped_upload_cannot_be_used() {
    let stage = Stage::plain();
    let sent = upload(&stage, "filename=a.txt", b"hello".to_vec()).await;
    let token = sent.body["upload"]["token"].as_str().unwrap();
    let dropped = stage.delete(&format!("uploads/{token}")).await;
    let again = stage.delete(&format!("uploads/{token}")).await;

    assert_eq!((dropped.status.as_u16(), again.status.as_u16()), (204, 404));
}
